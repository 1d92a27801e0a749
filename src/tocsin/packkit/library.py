"""The law library: everything in packs that holds people to something, with where its numbers come from, and whether somebody
has read that. One reader for the page and the command."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from tocsin.clocks import Period
from tocsin.packkit.clocks import ClockSpec
from tocsin.packkit.document import LANGUAGES
from tocsin.packkit.durations import duration_words
from tocsin.packkit.explain import property_words
from tocsin.packkit.grades import Grade, GradeTable
from tocsin.packkit.pack import Pack
from tocsin.terms.response_level import RESPONSE_LEVELS

__all__ = ["KINDS", "LawLine", "laws", "library"]

KINDS = (
    "rule", "index", "clock", "verification", "mapping", "action", "report", "hazard", "cascade", "warning", "case", "seal",
    "matrix", "inspection", "checklist", "grade",
)  # fmt: skip

_DAY_US = 86_400_000_000


@dataclass(frozen=True, slots=True)
class LawLine:
    """One line. ``kind``: one of KINDS; ``title`` and ``says`` by
    language; ``clause``: the place in the law, where it is a clock; ``valid_to`` is the first day after, None = no end is
    known."""

    pack: str
    kind: str
    id: str
    title: Mapping[str, str]
    says: Mapping[str, str]
    source: str
    clause: str
    verified: bool
    valid_from: date
    valid_to: date | None
    note: str = ""

    def in_force(self, on: date) -> bool:
        """Whether a day lies within its validity."""
        return self.valid_from <= on and (self.valid_to is None or on < self.valid_to)


def laws(packs: Iterable[Pack], *, kind: str = "", unread: bool = False, on: date | None = None) -> list[LawLine]:
    """The lines of packs, a pack given twice once: all, or those of one kind, those whose source nobody has read, those that
    are valid on a day."""
    by_name = {pack.name: pack for pack in packs}
    return [
        line for pack in by_name.values() for line in library(pack)
        if kind in ("", line.kind) and not (unread and line.verified) and (on is None or line.in_force(on))
    ]  # fmt: skip


def library(pack: Pack) -> tuple[LawLine, ...]:
    """All lines of a pack, in the order of its files."""
    return (
        *_rules(pack), *_indexes(pack), *_clocks(pack), *_verifications(pack), *_playbook(pack), *_hazards(pack), *_cases(pack),
        *_risks(pack), *_checklists(pack),
    )  # fmt: skip


def _rules(pack: Pack) -> Iterator[LawLine]:
    for rule in pack.rules:
        found = pack.provenance[rule.name]
        says = "; ".join(f"{_level(pack, rung.rank)}: {rung.text}" for rung in rule.rungs)
        title = {
            language: _word(rule.title, language) or property_words(pack, rule, language) for language in LANGUAGES
        }
        yield LawLine(pack.name, "rule", rule.name, title, _same(says), found.source, "", found.verified, found.valid_from,
                      found.valid_to, found.note)  # fmt: skip


def _indexes(pack: Pack) -> Iterator[LawLine]:
    for name, table in pack.tables.items():
        says = ", ".join(f"{x:g} -> {y:g}" for x, y in table.points)
        yield _line(pack, "index", name, table.title, _same(f"{says} ({table.unit})"), table.source, table.verified)


def _clocks(pack: Pack) -> Iterator[LawLine]:
    for code, clock in pack.clocks.items():
        says = {
            language: " · ".join(
                [_period(clock.period, language), _word(clock.starts_on, language), *_grants(clock, language)]
            )
            for language in LANGUAGES
        }
        yield _line(pack, "clock", f"{pack.name}/{code}", clock.title, says, clock.source, clock.verified, clock.clause)


def _grants(clock: ClockSpec, language: str) -> Iterator[str]:
    """What may be done to it while it runs, each with its clause."""
    extended, paused = ("extended by {period}", "may stand still") if language == "en" else ("可延长{period}", "可中止")
    if clock.extension and clock.extension.period:
        times = f" × {clock.extension.times}" if clock.extension.times > 1 else ""
        yield f"{extended.format(period=_period(clock.extension.period, language))}{times} ({clock.extension.clause})"
    if clock.pause:
        yield f"{paused} ({clock.pause.clause})"


def _hazards(pack: Pack) -> Iterator[LawLine]:
    """The distances, gaps and hours by which events are grouped, follow from each other, and are warned of."""
    for code, spec in pack.hazards.items():
        says = {
            language: f"{spec.distance_km:g} km, {duration_words(round(spec.gap_s * 1e6), language)}"
            for language in LANGUAGES
        }
        yield _stands(pack, "hazard", code, spec.title or _same(code), says, f"hazards/hazard/{code}")
    for number, one in enumerate(pack.cascades):
        follows = f"{_level(pack, one.rank)} -> {one.child} {_level(pack, one.child_rank)}, {one.distance_km:g} km"
        name = f"{one.parent}/{one.child}/{number + 1}"
        yield _stands(pack, "cascade", name, _hazard(pack, one.parent), _same(follows), f"cascades/cascade/{number}")
    for code, warning in pack.warnings.items():
        says = {language: ", ".join(f"{_level(pack, rank)} {duration_words(words.lasts_us, language)}"
                                    for rank, words in sorted(warning.levels.items())) for language in LANGUAGES}  # fmt: skip
        yield _stands(pack, "warning", code, _hazard(pack, code), says, f"warnings/hazard/{code}")


def _cases(pack: Pack) -> Iterator[LawLine]:
    """The ways that cases go, and how long what lies under seal is kept."""
    for code, kind in pack.cases.items():
        says = {
            language: ", ".join(_word(state.title, language) for state in kind.states.values())
            for language in LANGUAGES
        }
        yield _stands(pack, "case", kind.name, kind.title, says, f"lifecycle/case/{code}")
        if kind.seal:
            yield _stands(pack, "seal", kind.name, kind.title, _within(kind.seal.keep_us), f"lifecycle/case/{code}/seal",
                          kind.seal.clause)  # fmt: skip
        if kind.grade:
            yield from _grades(pack, kind.name, kind.grade, f"lifecycle/case/{code}/grade")


def _grades(pack: Pack, name: str, table: GradeTable, path: str) -> Iterator[LawLine]:
    """The figures of a ladder, who is told by it, and what lets a grade fall."""
    says = {
        language: "; ".join(f"{_word(one.title, language)}: {_figures(one)}" for one in table.grades)
        for language in LANGUAGES
    }
    yield _stands(pack, "grade", name, table.title, says, path)
    if table.chain:
        up = {language: " -> ".join(_word(body.title, language) for body in table.bodies) for language in LANGUAGES}
        yield _stands(pack, "grade", f"{name}/chain", table.title, up, f"{path}/chain")
    if table.falls:
        falls = ", ".join(f"{asked} = {value}" for asked, value in table.falls.items())
        yield _stands(pack, "grade", f"{name}/falls", table.title, _same(falls), f"{path}/falls")


def _figures(grade: Grade) -> str:
    figures = " / ".join(f"{measure} >= {least:,.15g}" for measure, least in grade.at_least.items()) or "-"
    return f"{figures} ({grade.report_to}, {grade.investigated_by})" if grade.report_to else figures


def _verifications(pack: Pack) -> Iterator[LawLine]:
    for hazard, spec in pack.verifications.items():
        says = ", ".join(f"{_level(pack, rank)} {minutes} min" for rank, minutes in sorted(spec.minutes.items()))
        yield _line(pack, "verification", hazard, _hazard(pack, hazard), _same(says), spec.source, spec.verified)


def _playbook(pack: Pack) -> Iterator[LawLine]:
    for mapping in pack.playbook.mappings:
        says = f"{mapping.on} {_level(pack, mapping.level)} -> {_response(mapping.response)}"
        yield _line(
            pack,
            "mapping",
            mapping.hazard,
            _hazard(pack, mapping.hazard),
            _same(says),
            mapping.source,
            mapping.verified,
        )
    for action in pack.playbook.actions:
        yield _line(pack, "action", action.id, action.title, _within(action.done_us), action.source, action.verified)
    for report in pack.playbook.reports:
        yield _line(pack, "report", report.id, report.title, _within(report.done_us), report.source, report.verified)


def _risks(pack: Pack) -> Iterator[LawLine]:
    if pack.risks:
        says = {
            language: ", ".join(
                f"{_word(one.title, language)} ({_level(pack, one.level)})" for one in pack.risks.classes
            )
            for language in LANGUAGES
        }
        yield _line(pack, "matrix", pack.name, pack.risks.title, says, pack.risks.source, pack.risks.verified)
        if plan := pack.risks.plan:
            kind = pack.cases[plan.case.partition("/")[2]]
            ahead = {language: duration_words(plan.ahead_days * _DAY_US, language) for language in LANGUAGES}
            yield _stands(pack, "inspection", plan.case, kind.title, ahead, "risks/inspection")


def _checklists(pack: Pack) -> Iterator[LawLine]:
    """Each item of each checklist, with the finding that it leads to."""
    for kind in pack.cases.values():
        for one in kind.checklists.lists.values() if kind.checklists else ():
            for item in one.items:
                says = {
                    language: f"{_word(one.title, language)} · {_word(item.finding, language)}"
                    for language in LANGUAGES
                }
                yield _line(pack, "checklist", f"{kind.name}/{item.code}", item.asks, says, item.source, item.verified)


def _stands(
    pack: Pack, kind: str, name: str, title: Mapping[str, str], says: Mapping[str, str], path: str, clause: str = ""
) -> LawLine:
    """A line of a declaration whose source stands in its table."""
    found = pack.origins[path]
    return LawLine(pack.name, kind, name, title, says, found.source, clause, found.verified, found.valid_from, found.valid_to,
                   found.note)  # fmt: skip


def _line(
    pack: Pack, kind: str, name: str, title: Mapping[str, str], says: Mapping[str, str], source: str, verified: bool,
    clause: str = "",
) -> LawLine:  # fmt: skip
    """A line that is valid as long as its pack."""
    return LawLine(pack.name, kind, name, title, says, source, clause, verified, pack.valid_from, pack.valid_to)


def _same(text: str) -> Mapping[str, str]:
    return dict.fromkeys(LANGUAGES, text)


def _within(done_us: int) -> Mapping[str, str]:
    return {language: duration_words(done_us, language) if done_us else "" for language in LANGUAGES}


def _period(period: Period, language: str) -> str:
    unit = str(period.unit).replace("_", " ")
    return (
        f"{period.n} {_UNITS.get(unit, unit)}"
        if language.startswith("zh")
        else f"{period.n} {unit}{'s' * (period.n != 1)}"
    )


_UNITS = {
    "minute": "分钟",
    "hour": "小时",
    "calendar day": "日",
    "working day": "工作日",
    "month": "个月",
    "year": "年",
}


def _word(words: Mapping[str, str], language: str) -> str:
    return words.get(language) or words.get("en", "")


def _hazard(pack: Pack, code: str) -> Mapping[str, str]:
    spec = pack.spoken_of.get(code)
    return spec.title if spec else _same(code)


def _level(pack: Pack, rank: int) -> str:
    return pack.scheme.levels[rank - 1].code if 1 <= rank <= len(pack.scheme.levels) else str(rank)


def _response(rank: int) -> str:
    return next((level.code for level in RESPONSE_LEVELS if level.rank == rank), str(rank))
