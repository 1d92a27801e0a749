"""What people know and did about events, as lists show it: verdict, whose it is, and what is overdue."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from django.utils.translation import gettext as _

from tocsin.loop.review.story import post_of
from tocsin.loop.verify import queries as verify
from tocsin.records.org import queries as org
from tocsin.records.org.scope import Scope
from tocsin.records.tasks import queries as tasks
from tocsin.terms.errors import UnknownName
from tocsin.terms.moment import to_us

__all__ = ["UNKNOWN", "VERDICTS", "Standing", "post_title", "standings", "verdict_words"]

VERDICTS = ("unverified", "confirmed", "refuted")


@dataclass(frozen=True, slots=True)
class Standing:
    """``verdict``: one of VERDICTS; ``owner``: the post that acknowledged; ``unacknowledged_us``: since when nobody has it in
    hand, None where somebody has or the file is closed; ``overdue_us``: the earliest due time that passed, None = none."""

    verdict: str = "unverified"
    owner: str = ""
    acknowledged_us: int | None = None
    unacknowledged_us: int | None = None
    overdue_us: int | None = None
    has_file: bool = False
    closed: bool = False

    @property
    def is_unacknowledged(self) -> bool:
        """Whether nobody has it in hand: so it is, too, before the file is opened."""
        return not self.closed and self.acknowledged_us is None


UNKNOWN = Standing()  # an event opened this moment: unverified, nobody's


def standings(scope: Scope, event_ids: Collection[str], language: str) -> dict[str, Standing]:
    """By event; an event without a file yet is left out (see UNKNOWN)."""
    if not event_ids:
        return {}
    overdue = overdue_since(scope)
    files = verify.dossiers(scope, event_ids)
    owners = {line.acknowledged_by for line in files.values() if line.acknowledged_at}
    titles = {owner: post_title(post_of(owner), language) for owner in owners}  # few posts hold many events
    return {event: _standing(line, overdue.get(event), titles) for event, line in files.items()}


def overdue_since(scope: Scope) -> dict[str, int]:
    """Events with an overdue task, and since when."""
    found: dict[str, int] = {}
    for task in tasks.overdue(scope):
        found.setdefault(task.event, to_us(task.due_at))
    return found


def _standing(line: verify.DossierLine, overdue_us: int | None, titles: Mapping[str, str]) -> Standing:
    closed = line.closed_at is not None
    return Standing(
        verdict=line.verdict.value,
        owner=titles[line.acknowledged_by] if line.acknowledged_at else "",
        acknowledged_us=to_us(line.acknowledged_at) if line.acknowledged_at else None,
        unacknowledged_us=None if closed or line.unacknowledged_since is None else to_us(line.unacknowledged_since),
        overdue_us=overdue_us, has_file=True, closed=closed,
    )  # fmt: skip


def post_title(post: str, language: str) -> str:
    """What people call a post, else its id; "" for no post."""
    try:
        title: Mapping[str, str] = org.post(post).title if post else {}
    except UnknownName:
        return post
    return title.get(language) or title.get("en") or post


def verdict_words() -> dict[str, str]:
    """The verdicts in the reader's language."""
    return {"unverified": _("Unverified"), "confirmed": _("Confirmed"), "refuted": _("Refuted")}
