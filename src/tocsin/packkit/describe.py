"""A rule told to a person: its conditions in words, where its numbers come from, and what it costs in memory."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from tocsin.engine.language import tree
from tocsin.engine.language.quantity import duration_text
from tocsin.engine.language.rule import Rule, Rung
from tocsin.engine.language.walk import rule_nodes
from tocsin.packkit.document import LANGUAGES
from tocsin.packkit.explain import property_words
from tocsin.packkit.pack import Pack, Provenance
from tocsin.packkit.speak import duration_words, hold_words, truth_words
from tocsin.packkit.titles import titles_of

__all__ = ["Description", "WindowCost", "describe"]

_ROW = 16  # bytes an observation kept in a window: its time and value
_FIXED = 160  # bytes of a stream and rule apart from windows: order, ladder, counters
_HOUR_CELL = 16  # bytes of one hour of one day
_EXTREME = 16  # bytes an observation in the queue that finds a lowest or highest


@dataclass(frozen=True, slots=True)
class WindowCost:
    """One window of a rule and how many observations it spans at the usual spacing."""

    text: str
    width_us: int
    observations: int
    bytes: int


@dataclass(frozen=True, slots=True)
class Description:
    """``levels``: by language, (level, text of the rule, in words). ``memory`` is predicted, in bytes a stream."""

    name: str
    version: int
    levels: Mapping[str, tuple[tuple[str, str, str], ...]]
    clear: Mapping[str, str]
    where: Mapping[str, str]
    provenance: Provenance
    windows: tuple[WindowCost, ...]
    memory: int


def describe(pack: Pack, rule: Rule) -> Description:
    """Everything `tocsin pack explain` prints of a rule."""
    windows = tuple(_windows(pack, rule))
    return Description(
        rule.name, rule.version, {language: tuple(_levels(pack, rule, language)) for language in LANGUAGES},
        {language: _clear(pack, rule, language) for language in LANGUAGES},
        {language: _where(pack, rule, language) for language in LANGUAGES}, pack.provenance[rule.name], windows,
        _FIXED + sum(cost.bytes for cost in windows),
    )  # fmt: skip


def _levels(pack: Pack, rule: Rule, language: str) -> Iterator[tuple[str, str, str]]:
    for rung in rule.rungs:
        name = "flag" if rule.quality and len(rule.rungs) == 1 else pack.scheme.level(rung.rank).word(language)
        words = _truth(pack, rule, rung.when, language)
        yield name, rung.text, _joined([words, hold_words(rung.hold, language), _kept(rung, language)], language)


def _clear(pack: Pack, rule: Rule, language: str) -> str:
    return _joined([_down(pack, rule, language), _cooling(pack, rule, language)], language)


def _joined(parts: list[str], language: str) -> str:
    return (", " if language == "en" else "，").join(part for part in parts if part)


def _kept(rung: Rung, language: str) -> str:
    if not rung.at_least_us:
        return ""
    time = duration_words(rung.at_least_us, language)
    return f"then kept for at least {time}" if language == "en" else f"达到后至少保持{time}"


def _cooling(pack: Pack, rule: Rule, language: str) -> str:
    if not rule.cool_down_us:
        return ""
    time, top = duration_words(rule.cool_down_us, language), pack.scheme.level(len(pack.scheme.levels)).word(language)
    if language == "en":
        return f"then not raised again up to the level it cleared from for {time} ({top} is never held back)"
    return f"解除后{time}内不再发出同级或更低等级（{top}不受此限）"


def _down(pack: Pack, rule: Rule, language: str) -> str:
    held = hold_words(rule.clear.hold, language)
    if rule.clear.when is not None:
        words = _truth(pack, rule, rule.clear.when, language)
        if language == "en":
            return f"down when {words}{f', {held}' if held else ''}"
        return f"{words}{f'，{held}' if held else ''}时降级或解除"
    if language == "en":
        return f"down when the condition of the level is known not to hold{f', {held}' if held else ''}"
    return f"已知本级条件不成立{f'，{held}' if held else ''}时降级或解除"


def _where(pack: Pack, rule: Rule, language: str) -> str:
    en = language == "en"
    chosen = (", " if en else "，").join(f"{label} = {' | '.join(values)}" for label, values in rule.select.items())
    if rule.per == "stream":
        return f"each stream with {chosen}" if en else f"每一条满足 {chosen} 的数据流"
    once = (
        (f", those with the same {rule.distinct} counted once" if en else f"，{rule.distinct} 相同者只计一次")
        if rule.distinct
        else ""
    )
    return (
        f"each {rule.per} over its streams with {chosen}{once}"
        if en
        else f"每个 {rule.per} 内满足 {chosen} 的数据流{once}"
    )


def _truth(pack: Pack, rule: Rule, truth: tree.Truth, language: str) -> str:
    titles = titles_of(pack, language)
    units = {pack.properties[name].unit for name in rule.select.get("property", ())}
    return truth_words(
        truth, property_words(pack, rule, language), titles, units.pop() if len(units) == 1 else "", language
    )


def _windows(pack: Pack, rule: Rule) -> Iterator[WindowCost]:
    """Distinct windows of a rule. All but the longest of one kind live inside the longest: a stream keeps one ring."""
    cadence = min(
        (pack.properties[name].cadence_us for name in rule.select.get("property", ()) if name in pack.properties),
        default=0,
    )
    found: dict[str, tuple[int, bool]] = {}
    fixed: dict[str, int] = {}
    for node in rule_nodes(rule, into_areas=True):
        match node:
            case tree.Window(how, width):
                found[f"{how}({duration_text(width)})"] = (width, how in ("min", "max"))
            case tree.Quantile(width, q):
                found[f"quantile({duration_text(width)}, {q:g})"] = (width, True)
            case tree.SameHour(days, how):
                fixed[f"same_hour({days}d, {how})"] = _HOUR_CELL * 24 * (days + 1)
            case tree.Stuck(width):
                found[f"stuck({duration_text(width)})"] = (0, False)
            case tree.Civil() | tree.ConsecutiveDays():
                found["days"] = (0, False)
            case tree.AreaNumber(how, width):
                found[f"{how}(…, {duration_text(width)})"] = (0, False)
    longest = max((width for width, _ in found.values()), default=0)
    for text, (width, extreme) in sorted(found.items(), key=lambda entry: (-entry[1][0], entry[0])):
        observations = -(-width // cadence) if cadence and width else 0
        ring = _power_of_two(observations) * _ROW if width == longest and width else 0
        longest = -1 if ring else longest
        queue = _power_of_two(observations) * _EXTREME if extreme else 0
        yield WindowCost(text, width, observations, ring + queue)
    for text, size in fixed.items():
        yield WindowCost(text, 0, 0, size)


def _power_of_two(number: int) -> int:
    return 1 << max(number - 1, 0).bit_length() if number else 0
