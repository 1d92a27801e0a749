"""Readers of shadows, and the difference between a shadow and what is in force. Each takes a scope."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from tocsin.loop.detect.models import ShadowRow, ShadowSignalRow, SignalRow
from tocsin.loop.detect.shadow_services import PROMOTED, RUNNING
from tocsin.measure.episode import Episode
from tocsin.measure.matching import match
from tocsin.records.org.roles import Act
from tocsin.records.org.scope import Scope
from tocsin.terms.errors import UnknownName
from tocsin.terms.signal import Subject

__all__ = ["Difference", "DifferenceLine", "ShadowLine", "ShadowOrder", "difference", "orders", "shadow", "shadows"]

AT_MOST = 2000  # signals of each side that are compared
_FOREVER = 1 << 62


@dataclass(frozen=True, slots=True)
class ShadowLine:
    """A shadow as a list shows it. ``signals``: how many it has raised within the scope."""

    id: str
    pack: str
    version: str
    sha: str
    replaces: str
    rules: tuple[str, ...]
    state: str
    why: str
    added_at: datetime
    added_by: str
    ended_at: datetime | None
    ended_by: str
    ended_why: str
    began_us: int | None
    signals: int = 0


@dataclass(frozen=True, slots=True)
class DifferenceLine:
    """One signal of either side, or a pair: ``kind`` is same, level, lead, only_new or only_old. Peaks 0 = not raised.
    ``lead_us``: how much earlier the new version raised it (negative = later); None where only one side did."""

    kind: str
    rule: str
    subject: Subject
    onset_us: int
    peak_old: int
    peak_new: int
    lead_us: int | None


@dataclass(frozen=True, slots=True)
class Difference:
    """Old and new side by side since the shadow began; ``counts`` by kind, over all that was compared; ``cut``: more than
    ``AT_MOST`` signals on a side, so only the newest were compared."""

    lines: tuple[DifferenceLine, ...]
    counts: dict[str, int]
    median_lead_us: float | None
    cut: bool


@dataclass(frozen=True, slots=True)
class ShadowOrder:
    """What the engine process must see to it that the log says: a running shadow, or a promoted version."""

    id: str
    pack: str
    version: str
    sha: str
    replaces: str
    rules: tuple[str, ...]
    promoted: bool


def orders() -> list[ShadowOrder]:
    """Running shadows, and of each pack the version promoted last, in order of time; for the engine process, which has no
    scope of its own."""
    rows = ShadowRow.objects.filter(state__in=[RUNNING, PROMOTED]).order_by("added_at", "id")
    return [ShadowOrder(r.id, r.pack, r.version, r.sha, r.replaces, tuple(r.rules), r.state == PROMOTED) for r in rows]


def shadows(scope: Scope) -> list[ShadowLine]:
    """All shadows, running ones first, then the newest."""
    scope.require(Act.READ_SHADOWS)
    rows = sorted(ShadowRow.objects.order_by("-added_at", "-id")[:200], key=lambda row: row.state != RUNNING)
    return [_line(row, scope) for row in rows]


def shadow(scope: Scope, id_: str) -> ShadowLine:
    """One. Raises UnknownName."""
    scope.require(Act.READ_SHADOWS)
    row = ShadowRow.objects.filter(id=id_).first()
    if row is None:
        raise UnknownName(f"shadow {id_}", "there is none of this name", "open the list of shadows")
    return _line(row, scope)


def difference(scope: Scope, line: ShadowLine) -> Difference:
    """What both versions raised since the shadow began, paired one-to-one by rule and subject where they stood at the same
    time (``measure.matching``), newest first. Data-quality rules are compared as all others."""
    scope.require(Act.READ_SHADOWS)
    if line.began_us is None:
        return Difference((), {}, None, cut=False)
    until_us = _FOREVER if line.ended_at is None else round(line.ended_at.timestamp() * 1e6)
    new = list(ShadowSignalRow.objects.filter(scope.rows(), shadow_id=line.id, onset_us__lt=until_us)
               .order_by("-onset_us")[: AT_MOST + 1])  # fmt: skip
    # a signal that stood already when the shadow began may be raised by it anew: it counts from there on
    old = list(SignalRow.objects.filter(scope.rows(), rule__in=line.rules, onset_us__lt=until_us)
               .exclude(cleared_us__lt=line.began_us).order_by("-onset_us")[: AT_MOST + 1])  # fmt: skip
    cut = max(len(new), len(old)) > AT_MOST
    found = sorted(_lines(old[:AT_MOST], new[:AT_MOST], line.began_us), key=lambda each: (-each.onset_us, each.rule))
    leads = sorted(each.lead_us for each in found if each.lead_us is not None)
    counts = {
        kind: sum(each.kind == kind for each in found) for kind in ("same", "lead", "level", "only_new", "only_old")
    }
    middle = (leads[(len(leads) - 1) // 2] + leads[len(leads) // 2]) / 2 if leads else None
    return Difference(tuple(found), counts, middle, cut)


def _lines(old: Iterable[SignalRow], new: Iterable[ShadowSignalRow], began_us: int) -> Iterable[DifferenceLine]:
    before, after = list(old), list(new)
    found = match([_episode(row, began_us) for row in before], [_episode(row, began_us) for row in after])
    credited = {number: before[n] for n, number in enumerate(found.credit) if number is not None}
    for number, row in enumerate(after):
        twin = credited.get(number)
        if twin is None:
            yield DifferenceLine("only_new", row.rule, _subject(row), row.onset_us, 0, row.peak, None)
            continue
        lead = max(twin.onset_us, began_us) - max(row.onset_us, began_us)
        kind = "level" if twin.peak != row.peak else "lead" if lead else "same"
        yield DifferenceLine(kind, row.rule, _subject(row), min(row.onset_us, twin.onset_us), twin.peak, row.peak, lead)
    for n, row_of_old in enumerate(before):
        if found.credit[n] is None:
            yield DifferenceLine(
                "only_old", row_of_old.rule, _subject(row_of_old), row_of_old.onset_us, row_of_old.peak, 0, None
            )


def _episode(row: SignalRow | ShadowSignalRow, began_us: int) -> Episode:
    start = max(row.onset_us, began_us)
    end = _FOREVER if row.cleared_us is None else max(row.cleared_us, start)
    return Episode(start, end, row.peak, f"{row.rule}\n{_subject(row)}")


def _subject(row: SignalRow | ShadowSignalRow) -> Subject:
    return Subject(row.subject_kind, row.subject_key)


def _line(row: ShadowRow, scope: Scope) -> ShadowLine:
    count = ShadowSignalRow.objects.filter(scope.rows(), shadow=row).count()
    return ShadowLine(
        row.id, row.pack, row.version, row.sha, row.replaces, tuple(row.rules), row.state, row.why, row.added_at,
        row.added_by, row.ended_at, row.ended_by, row.ended_why, row.began_us, count,
    )  # fmt: skip
