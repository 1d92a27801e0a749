"""What a duty officer reads of a transition: one sentence from the pack's words and the evidence."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from tocsin.engine.language import joint
from tocsin.engine.language.condition import parse_condition
from tocsin.engine.language.rule import Rule
from tocsin.engine.language.tree import Compare, Number, Silent, Stuck
from tocsin.engine.language.vocabulary import Vocabulary
from tocsin.engine.language.walk import is_joint, rule_nodes
from tocsin.engine.language.write_joint import write_joint
from tocsin.packkit.pack import Pack
from tocsin.packkit.speak import duration_words, figure, number_words, unit_words
from tocsin.packkit.speak_joint import joint_words
from tocsin.packkit.titles import titles_of
from tocsin.packkit.words import LOWERED, template
from tocsin.terms.errors import BadRule
from tocsin.terms.level import CHINA_FOUR_COLOUR
from tocsin.terms.moment import iso
from tocsin.terms.signal import WITHDRAWN, Change, Measure, Transition

if TYPE_CHECKING:
    from tocsin.geo import Place

__all__ = ["explain_transition", "measure_words", "plain_sentence", "property_words"]

_WINDOW = re.compile(r"(\d+(?:\.\d+)?)\s*(s|min|h|d)\b")
_HOLDS = {
    ">=": lambda a, b: a >= b, ">": lambda a, b: a > b, "<=": lambda a, b: a <= b, "<": lambda a, b: a < b,
    "==": lambda a, b: a == b, "!=": lambda a, b: a != b,
}  # fmt: skip
_TRUTHS = ("silent", "stuck", "spike", "changed")


def explain_transition(pack: Pack, transition: Transition, place: Place | str, language: str) -> str:
    """One sentence: "171.2 mm in 3 h at gauge 57083, threshold 100 mm (Red I), rule Rainstorm v3".

    ``place`` is a Place or what to call it; ``language`` ``en`` or ``zh-hans`` (another falls back to ``en``). A rule
    that the pack no longer has is said by its name. A transition without evidence, or that ended with its rule, is said
    plainly, for a pack's sentence speaks of figures."""
    language = language if language in pack.words else "en"
    called = place if isinstance(place, str) else place.title or str(transition.subject)
    if (
        transition.change is Change.RETRACTED
        or _main(transition.evidence) is None
        or transition.evidence[0].what == WITHDRAWN
    ):
        return plain_sentence(transition, called, language)
    try:
        rule: Rule | None = pack.rule(transition.rule)
    except KeyError:
        rule = None
    short = transition.rule.rpartition("/")[2]
    level = _level(pack, rule, transition.level, language)
    previous = _level(pack, rule, transition.previous, language)
    main = _main(transition.evidence)
    filled = {
        "place": called,
        "level": level if transition.level else previous, "previous": previous, "rule": short,
        "title": _title(rule, short, language), "version": str(transition.rule_version), "at": iso(transition.at_us),
        "evidence": _evidence(pack, rule, transition, language), **_measure(pack, rule, main, language),
    }  # fmt: skip
    code = _code(pack, rule, transition.level or transition.previous)
    words = pack.words[language]
    sentence = template(words, short, transition.change.value, code)
    if transition.change is Change.CHANGED and transition.level < transition.previous:
        sentence = template(words, short, LOWERED, code) or sentence
    said = sentence.format_map(filled) or filled["evidence"]
    return said[:1].upper() + said[1:] if sentence.startswith(("{evidence}", "{what}")) else said


def plain_sentence(transition: Transition, place: str, language: str) -> str:
    """The short sentence of any transition, for which no pack is needed: "gauge 57083: sum(3h) 171.2 mm (>= 100 mm), rule
    natural_hazards/rainstorm v3"."""
    en = language == "en"
    name, version = transition.rule, transition.rule_version
    rule = f"rule {name} v{version}" if en else f"规则 {name} 第{version}版"
    if transition.change is Change.RETRACTED:
        said = (
            "what was said provisionally does not hold on the data that came late" if en else "迟到数据不支持此前的初判"
        )
    elif any(measure.what == WITHDRAWN for measure in transition.evidence):
        said = "ended with its rule, which was withdrawn or changed" if en else "规则已撤回或更改，随之结束"
    else:
        said = _evidence(None, None, transition, language)
    return f"{place}: {said}, {rule}" if en else f"{place}：{said}，{rule}"


def measure_words(pack: Pack | None, rule: Rule | None, measure: Measure, language: str) -> str:
    """A measure in words (its author's own without a pack): what, its value, and the limit it met: "total rain in 3 h
    171.2 mm (>= 100 mm)"."""
    if measure.what in _TRUTHS:
        limit = _limit(measure, rule, pack, language)
        en = {
            "silent": f"no observation for {limit}",
            "stuck": f"the same value for {limit}",
            "spike": f"a departure of at least {limit}",
            "changed": f"a change by {figure(measure.value, _unit_of(pack, rule), language)}",
        }
        zh = {
            "silent": f"{limit}无观测", "stuck": f"{limit}数值不变", "spike": f"突跳至少{limit}",
            "changed": f"变化{figure(measure.value, _unit_of(pack, rule), language)}",
        }  # fmt: skip
        return (en if language == "en" else zh)[measure.what]
    if measure.unit == "level":
        return _level_words(pack, rule, measure, language)
    said = f"{_what(pack, rule, measure.what, language)} {figure(measure.value, measure.unit, language)}"
    if measure.threshold is None:
        return said
    limit = f"{measure.comparison} {figure(measure.threshold, measure.unit, language)}"
    return f"{said} ({limit})" if language == "en" else f"{said}（{limit}）"


def _level_words(pack: Pack | None, rule: Rule | None, measure: Measure, language: str) -> str:
    """What was found of a signal or bulletin: its highest level, or that there is none."""
    what, rank = _what(pack, rule, measure.what, language), int(measure.value)
    if rank == 0:
        return f"{what}: none" if language == "en" else f"{what}：无"
    scheme = pack.scheme if pack is not None else CHINA_FOUR_COLOUR
    level = scheme.level(rank).word(language) if rank <= len(scheme.levels) else str(rank)
    return f"{what}: {level}" if language == "en" else f"{what}：{level}"


def property_words(pack: Pack, rule: Rule, language: str) -> str:
    """What the rule's ``value`` is called."""
    names = [pack.properties[name] for name in rule.select.get("property", ()) if name in pack.properties]
    joined = (" or " if language == "en" else "或").join(known.title.get(language, known.name) for known in names)
    return joined or ("the value" if language == "en" else "数值")


def _evidence(pack: Pack | None, rule: Rule | None, transition: Transition, language: str) -> str:
    parts = [measure_words(pack, rule, measure, language) for measure in transition.evidence]
    if not parts:
        return "no figures" if language == "en" else "无数据"
    return (", " if language == "en" else "，").join(parts)


def _main(evidence: tuple[Measure, ...]) -> Measure | None:
    """The measure to speak of: the first whose comparison holds, numbers before silences; else the first."""
    numbers = [measure for measure in evidence if measure.what not in _TRUTHS]
    for measure in numbers:
        if measure.threshold is not None and _HOLDS[measure.comparison](measure.value, measure.threshold):
            return measure
    return numbers[0] if numbers else evidence[0] if evidence else None


def _measure(pack: Pack, rule: Rule | None, main: Measure | None, language: str) -> Mapping[str, str]:
    if main is None:
        unknown = figure(float("nan"), "1", language)
        return dict.fromkeys(("value", "unit", "threshold", "comparison", "window", "what", "duration"), unknown)
    window = _WINDOW.search(main.what)
    spoken = duration_words(round(float(window[1]) * _SIZES[window[2]]), language) if window else ""
    limit = _limit(main, rule, pack, language)
    return {
        "value": figure(main.value), "unit": unit_words(main.unit, language), "comparison": main.comparison,
        "threshold": limit if main.what in _TRUTHS else figure(main.threshold) if main.threshold is not None else "",
        "window": spoken, "duration": _duration(rule, language),
        "what": _what(pack, rule, main.what, language),
    }  # fmt: skip


def _limit(measure: Measure, rule: Rule | None, pack: Pack | None, language: str) -> str:
    if measure.threshold is None:
        return ""
    if measure.what in ("silent", "stuck"):
        return duration_words(round(measure.threshold * 1e6), language)
    unit = measure.unit if measure.what != "spike" or rule is None or pack is None else _unit(pack, rule)
    return figure(measure.threshold, unit, language)


def _duration(rule: Rule | None, language: str) -> str:
    """The limit of the rule's silence or sameness."""
    todo: list[object] = [rung.when for rung in rule.rungs] if rule else []
    while todo:
        node = todo.pop(0)
        if isinstance(node, Silent):
            return duration_words(node.limit_us, language)
        if isinstance(node, Stuck):
            return duration_words(node.width_us, language)
        todo += [part for name in ("left", "right", "of") if (part := getattr(node, name, None)) is not None]
    return ""


def _what(pack: Pack | None, rule: Rule | None, text: str, language: str) -> str:
    """The author's text of a measure in words; the text itself where it cannot be read."""
    if rule is None or pack is None:
        return text
    node = _node_of(pack, rule, text)
    if node is None:
        return text
    titles = titles_of(pack, language)
    if isinstance(node, joint.JointTruth):
        return joint_words(node, titles, language)
    return number_words(node, property_words(pack, rule, language), titles, _unit(pack, rule), language)


def _node_of(pack: Pack, rule: Rule, text: str) -> Number | joint.JointTruth | None:
    words = Vocabulary(
        unit=_unit(pack, rule), units={name: known.unit for name, known in pack.properties.items()}, tables=pack.tables,
        area=rule.per != "stream",
    )  # fmt: skip
    try:
        if is_joint(rule):
            return next((node for node in rule_nodes(rule) if _written(node) == text), None)  # type: ignore[return-value]
        read = parse_condition(f"({text}) != ({text})", words)
    except BadRule:
        return None
    return read.left if isinstance(read, Compare) else None


def _written(node: object) -> str:
    return write_joint(node) if isinstance(node, joint.JointTruth | joint.JointNumber) else ""


def _unit(pack: Pack, rule: Rule) -> str:
    units = {pack.properties[name].unit for name in rule.select.get("property", ()) if name in pack.properties}
    return units.pop() if len(units) == 1 else ""


def _unit_of(pack: Pack | None, rule: Rule | None) -> str:
    return _unit(pack, rule) if pack is not None and rule is not None else "1"


def _level(pack: Pack, rule: Rule | None, rank: int, language: str) -> str:
    if rank == 0:
        return "none" if language == "en" else "无"
    if _is_flag(rule):
        return "flag" if language == "en" else "质量标记"
    return pack.scheme.level(rank).word(language)


def _code(pack: Pack, rule: Rule | None, rank: int) -> str:
    return "flag" if _is_flag(rule) else pack.scheme.level(rank).code if rank else ""


def _is_flag(rule: Rule | None) -> bool:
    return rule is not None and rule.quality and len(rule.rungs) == 1


def _title(rule: Rule | None, short: str, language: str) -> str:
    return (rule.title.get(language) if rule else None) or short


_SIZES = {"s": 1_000_000, "min": 60_000_000, "h": 3_600_000_000, "d": 86_400_000_000}
