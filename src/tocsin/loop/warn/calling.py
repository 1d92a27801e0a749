"""Calling out: which villages a warning concerns, and what is said to their posts. A handler of signed warnings."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from tocsin.geo import is_inside, lineage
from tocsin.loop.warn.authority import touched_paths
from tocsin.loop.warn.content import LANGUAGES, Areas, Content
from tocsin.loop.warn.facts import WarningSigned
from tocsin.loop.warn.lifecycle import Kind
from tocsin.loop.warn.models import WarningRow
from tocsin.loop.warn.names import Names
from tocsin.loop.warn.outline import circle_shape, rings_shape, share_inside
from tocsin.records.callout import services as callout
from tocsin.records.callout.cause import Cause, Spoken
from tocsin.records.org.actor import service

__all__ = ["CAUSE", "RULE", "on_warning_signed", "villages"]

RULE = service("rule:callout")
CAUSE = "warning"
_ROUNDING = 0.01  # a shape that covers less of a village than this share touches its border only


def on_warning_signed(told: Sequence[WarningSigned], now: datetime) -> None:
    """Begin, carry on or end the call-out of each of these warnings; what is below the plan's level calls nobody. A message
    that another has followed meanwhile calls nobody either: its follower does."""
    names = Names.read()
    rows = {row.id: row for row in WarningRow.objects.filter(id__in=[fact.warning for fact in told])}
    for row in (rows[fact.warning] for fact in told if fact.warning in rows):
        content = Content.of(row.content)
        if content.kind is Kind.CANCEL:
            callout.stop_callout(CAUSE, row.lineage, _texts(content, names), actor=RULE, now=now)
        elif not row.successor and row.expires_at > now and row.issued_at is not None:
            callout.start_callout(_cause(row, content, names), villages(content.areas, names), actor=RULE, now=now)


def villages(areas: Areas, names: Names) -> list[str]:
    """The smallest registered areas that the warning concerns: those below what it names, and of a drawn one those that the
    shape reaches into."""
    named = touched_paths(areas, names)
    inside = [path for path in names.areas if any(is_inside(path, one) for one in named)]
    holding = {above for path in inside for above in lineage(path)[1:]}
    smallest = [path for path in inside if path not in holding]
    if areas.shaped:
        shapes = [*(circle_shape(*circle) for circle in areas.circles), *(rings_shape([ring]) for ring in areas.rings)]
        smallest = [path for path in smallest if _concerned(path, shapes, names)] or smallest
    return sorted(smallest or named)


def _concerned(path: str, shapes: Sequence[Any], names: Names) -> bool:
    """Whether a shape covers a part of the village that is no rounding. One without a border is called, not forgotten."""
    border = names.areas[path].boundary
    if not border:
        return True
    village = rings_shape(border)
    return any(max(share_inside(village, shape), share_inside(shape, village)) > _ROUNDING for shape in shapes)


def _cause(row: WarningRow, content: Content, names: Names) -> Cause:
    return Cause(
        CAUSE, row.id, row.lineage, row.event or row.lineage, content.hazard, content.level, content.exercise,
        row.issued_at or row.changed_at, content.expires, _texts(content, names), f"/warnings/{row.id}",
    )  # fmt: skip


def _texts(content: Content, names: Names) -> dict[str, Spoken]:
    texts = {}
    for language in LANGUAGES:
        said = content.text(language)
        stop = "。" if language == "zh-hans" else ". "
        spoken = (
            said.speech
            or stop.join(part.rstrip("。. ") for part in (said.headline, said.instruction) if part) + stop.strip()
        )
        texts[language] = Spoken(said.headline, spoken, said.short or said.headline)
    return texts
