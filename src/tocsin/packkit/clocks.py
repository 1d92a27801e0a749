"""clocks.toml: the statutory periods of a pack, each with its law. The unit belongs to the clock, never to the platform."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tocsin.clocks import Period, Unit
from tocsin.clocks.warn import is_exact
from tocsin.engine.language.faults import nearest
from tocsin.packkit.document import Folder
from tocsin.packkit.fault import Faults
from tocsin.packkit.roles import roles_of
from tocsin.packkit.section import Section, tables_of
from tocsin.terms.errors import BadValue

__all__ = ["ClockSpec", "Grant", "read_clocks", "variant_of"]

_CLOCK_KEYS = (
    "title", "starts_on", "at", "within", "extend", "pause", "roll", "warn", "calendar", "clause", "stays", "source",
    "lapses", "instead_of", "when", "verified", "note",
)  # fmt: skip
_PERIOD_KEYS = ("n", "unit")
_GRANT_KEYS = ("n", "unit", "who", "clause", "times")
CALENDARS = ("cn",)


@dataclass(frozen=True, slots=True)
class Grant:
    """What may be done to a running clock: by which roles, under which clause. Of an extension also how long it is and how
    often it may be granted; of a pause ``period`` is None."""

    who: tuple[str, ...]
    clause: str
    period: Period | None = None
    times: int = 1


@dataclass(frozen=True, slots=True)
class ClockSpec:
    """A statutory period. ``starts_on``: the fact that starts it, in words; ``at``: the field of the case in which that moment
    is written ("" = the moment of the move). ``roll``: the deadline moves off rest days; both ends are always kept. ``warn``:
    so long before the strict end somebody is told. ``stays``: when cases are merged it goes on for each of them (a reply).
    ``lapses``: the time of a right (to ask for a review, to object), not of a duty: at its end it is over, nobody is late.
    ``instead_of``: the clock in whose place it runs in cases with one of the answers of ``when``."""

    code: str
    title: Mapping[str, str]
    starts_on: Mapping[str, str]
    period: Period
    at: str = ""
    extension: Grant | None = None
    pause: Grant | None = None
    roll: bool = False
    warn: Period | None = None
    calendar: str = "cn"
    clause: str = ""
    stays: bool = False
    lapses: bool = False
    source: str = ""
    verified: bool = False
    instead_of: str = ""
    when: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def variant_of(
    clocks: Mapping[str, ClockSpec], variants: Mapping[str, tuple[str, ...]], code: str, values: Mapping[str, Any]
) -> str:
    """The clock that runs where ``code`` is named: the first of its ``variants`` that is for a case with these answers, else
    itself."""
    for name in variants.get(code, ()):
        if all(values.get(asked) in wanted for asked, wanted in clocks[name].when.items()):
            return name
    return code


def read_clocks(folder: Folder, faults: Faults) -> Mapping[str, ClockSpec]:
    """The clocks by code, faults reported."""
    document = folder.document("clocks.toml")
    Section(document, (), document.data, faults).known(("clock",))
    out = {}
    for code, section in tables_of(document, "clock", faults):
        section.known(_CLOCK_KEYS)
        period, warn = _period(section, "within", need=True), _period(section, "warn")
        if period and warn and is_exact(period.unit) != is_exact(warn.unit):
            section.fault("warn is in another kind of unit than within: a warning would fall into the night",
                          "warn of hours in hours, of days in days", "warn")  # fmt: skip
        if warn and warn.unit in (Unit.MONTH, Unit.YEAR):
            section.fault("warn cannot be in months or years", "write it in days", "warn")
            warn = None
        if warn and section.boolean("lapses"):
            section.fault(
                "it warns, and lapses: nobody is told of a right that runs out", "leave one of the two out", "warn"
            )
        clause = section.text("clause", need=True)
        calendar = section.text("calendar", "cn")
        if calendar not in CALENDARS:
            section.fault(f"no calendar {calendar!r}", nearest(calendar, CALENDARS), "calendar")
        out[code] = ClockSpec(
            code, section.words("title"), section.words("starts_on"), period or Period(0, Unit.HOUR), section.text("at"),
            _grant(section, "extend", timed=True), _grant(section, "pause", timed=False), section.boolean("roll"), warn,
            calendar, clause, section.boolean("stays"), section.boolean("lapses"),
            section.text("source"), section.boolean("verified", need=True), section.text("instead_of"), _when(section),
        )  # fmt: skip
    for code, section in tables_of(document, "clock", faults):
        other = out[code].instead_of
        if other and (other not in out or other == code or out[other].instead_of):
            section.fault(
                f"instead_of {other!r} is no other clock that stands for itself", nearest(other, out), "instead_of"
            )
    return out


def _when(section: Section) -> Mapping[str, tuple[str, ...]]:
    """The answers for which a clock runs in another's place."""
    given = section.table("when")
    inner = Section(section.document, (*section.path, "when"), given, section.faults)
    if bool(given) != bool(section.text("instead_of")):
        section.fault(
            "instead_of and when go together", 'write instead_of = "…" and when = { sort = ["road"] }', "when"
        )
    return {str(name): inner.texts(str(name)) for name in given}


def _period(section: Section, key: str, need: bool = False) -> Period | None:
    given = section.table(key)
    if not given:
        if need:
            section.fault(f"{key} is missing", f'write {key} = {{ n = 15, unit = "calendar_day" }}', key)
        return None
    inner = Section(section.document, (*section.path, key), given, section.faults)
    inner.known(_PERIOD_KEYS if key != "extend" else _GRANT_KEYS)
    n, unit = inner.whole("n", need=True), inner.text("unit", need=True)
    if unit not in tuple(Unit):
        inner.fault(f"unit {unit!r} is none of a clock", nearest(unit, list(Unit)), "unit")
        return None
    try:
        return Period(n, Unit(unit))
    except BadValue as error:
        inner.fault(error.rule, error.remedy, "n")
        return None


def _grant(section: Section, key: str, *, timed: bool) -> Grant | None:
    given = section.table(key)
    if not given:
        return None
    inner = Section(section.document, (*section.path, key), given, section.faults)
    inner.known(_GRANT_KEYS if timed else ("who", "clause"))
    clause = inner.text("clause", need=True)
    who = roles_of(inner, "who", need=True)
    return Grant(
        who, clause, _period(section, key) if timed else None, inner.whole("times", 1, least=1) if timed else 1
    )
