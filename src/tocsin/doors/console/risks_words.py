"""Risks as pages show them: words for codes, moments as microseconds."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from tocsin.doors.console.standing import post_title
from tocsin.loop.respond.doers import facility_title
from tocsin.packkit.risks import RiskMatrix
from tocsin.records.cases.refusals import in_words
from tocsin.records.risks.matrices import matrices
from tocsin.records.risks.queries import AssessmentLine, InspectionLine, RiskLine
from tocsin.terms.moment import to_us

__all__ = ["inspection_on_page", "of_words", "risk_on_page", "steps", "treatment_words"]


def of_words() -> dict[str, str]:
    """What a risk may be of."""
    return {"place": _("Place"), "facility": _("Facility"), "process": _("Process"), "project": _("Project")}


def treatment_words() -> dict[str, str]:
    """What may be done about a risk."""
    return {"avoid": _("Avoid it"), "lower": _("Lower it"), "share": _("Share it"), "accept": _("Accept it")}


def steps(matrix: RiskMatrix | None) -> list[tuple[str, str, list[tuple[str, str]]]]:
    """The two questions of a matrix: field, title, choices."""
    if matrix is None:
        return []
    return [
        ("likelihood", _("How likely"), [(step.code, in_words(step.title)) for step in matrix.likelihood]),
        ("consequence", _("How bad it would be"), [(step.code, in_words(step.title)) for step in matrix.consequence]),
    ]


def risk_on_page(line: RiskLine | AssessmentLine, language: str, now: datetime, pack: str = "") -> dict[str, Any]:
    """A risk, or one of its assessments, in words."""
    matrix = matrices().get(line.pack if isinstance(line, RiskLine) else pack)
    words = {
        "line": line, "grade": _named(matrix.classes, line.grade) if matrix else line.grade,
        "likelihood": _named(matrix.likelihood, line.likelihood) if matrix else line.likelihood,
        "consequence": _named(matrix.consequence, line.consequence) if matrix else line.consequence,
        "treatment": treatment_words().get(line.treatment, line.treatment),
    }  # fmt: skip
    if isinstance(line, AssessmentLine):
        return words | {"at_us": to_us(line.at), "by": post_title(line.by.partition("/")[0], language)}
    return words | {
        "of": of_words().get(line.of, line.of), "owner": post_title(line.owner, language), "where": _where(line, language),
        "due_us": to_us(line.due_at), "opened_us": to_us(line.opened_at), "assessed_us": to_us(line.assessed_at),
        "closed_us": to_us(line.closed_at) if line.closed_at else None,
        "overdue": line.closed_at is None and line.due_at <= now,
        "near": line.closed_at is None and line.warn_at is not None and line.warn_at <= now < line.due_at,
    }  # fmt: skip


def inspection_on_page(line: InspectionLine, language: str, now: datetime) -> dict[str, Any]:
    """When a facility is inspected next, in words."""
    matrix = matrices().get(line.pack)
    return {
        "line": line, "facility": facility_title(line.facility, language),
        "grade": _named(matrix.classes, line.grade) if matrix else line.grade,
        "since_us": to_us(line.since), "due_us": to_us(line.due_at), "overdue": line.due_at <= now,
        "called_off_us": to_us(line.called_off) if line.called_off else None,
    }  # fmt: skip


def _where(line: RiskLine, language: str) -> str:
    return ", ".join(part for part in (facility_title(line.facility, language), line.place) if part)


def _named(steps_of: Any, code: str) -> str:
    found = next((step for step in steps_of if step.code == code), None)
    return in_words(found.title) if found else code
