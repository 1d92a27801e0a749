"""What the duty lists say of a case: whose it is at its opening, and to whom it does not go down."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from tocsin.geo.jurisdiction import is_inside
from tocsin.packkit.lifecycle import CaseKind
from tocsin.records.cases.kinds import kind_of
from tocsin.records.cases.models import CaseRow
from tocsin.records.duties import queries as duties
from tocsin.records.duties.matter import matters_of
from tocsin.records.duties.queries import DutyLine
from tocsin.records.org import queries as org
from tocsin.records.org.roles import Role
from tocsin.records.org.scope import EVERYWHERE
from tocsin.records.org.services import PostLine
from tocsin.terms.errors import NotAllowed

__all__ = ["listed_owner", "require_not_pushed_down"]


def listed_owner(
    kind: CaseKind, area: str, facility: str, values: Mapping[str, Any], *, now: datetime
) -> tuple[PostLine | None, int]:
    """The post that owns a new case by the duty lists, and the line that says so; (None, 0) where no list names anybody, and
    (None, the line) where it names a department without a post of the owning role: its lack is told, not hidden."""
    line = _line_of(kind, values, facility, area, now)
    if line is None:
        return None, 0
    fit = [
        post for post in org.posts(EVERYWHERE)
        if post.department == line.department and post.role == kind.owner and is_inside(area, post.jurisdiction)
    ]  # fmt: skip
    held = {post.id for post in org.on_duty(Role(kind.owner), area, now=now)}
    fit.sort(key=lambda post: (post.id != line.post, post.id not in held, -len(post.jurisdiction), post.id))
    return (fit[0] if fit else None), line.id


def require_not_pushed_down(row: CaseRow, post: PostLine, *, now: datetime) -> None:
    """Raises NotAllowed where the duty list keeps such a case with a department and the post belongs to a lower body."""
    line = _line_of(kind_of(row.kind, row.declaration_id), row.values, row.facility, row.jurisdiction, now)
    if line is None or not line.keeps or post.department == line.department:
        return
    department = next((one for one in org.departments(EVERYWHERE) if one.id == post.department), None)
    areas = (post.jurisdiction, department.jurisdiction if department else "")
    if any(area != line.jurisdiction and is_inside(area, line.jurisdiction) for area in areas):
        raise NotAllowed(
            _("post {post}").format(post=post.id),
            _("the duty list keeps this matter with {department}; it does not go down").format(department=line.department),
            _("work on it, ask that post to help, or have the duty list changed first"),
        )  # fmt: skip


def _line_of(kind: CaseKind, values: Mapping[str, Any], facility: str, area: str, now: datetime) -> DutyLine | None:
    """Only choices that are not under seal are asked for: what somebody wrote never becomes part of a question."""
    choices = {
        question.name for form in kind.forms.values() for question in form.questions
        if question.kind == "choice" and not question.sealed
    }  # fmt: skip
    matters = matters_of(kind.name, {name: value for name, value in values.items() if name in choices})
    return duties.whose(EVERYWHERE, at=now, facility=facility, matters=matters, area=area)
