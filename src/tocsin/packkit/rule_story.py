"""A rule told in plain words, one language at a time: what it watches, when each level rises and falls, which units are
converted, which windows it shares with whom, what it will cost, and who says so."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from tocsin.engine.language.condition import tokens_of
from tocsin.engine.language.quantity import DURATION_UNITS, converts, number_text, quantity_parts, tidy
from tocsin.engine.language.rule import Rule
from tocsin.engine.plan_memory import IRREGULAR_US, Load, MemoryPart, MemoryPlan, plan_memory, selector_of
from tocsin.packkit.describe import describe
from tocsin.packkit.pack import Pack
from tocsin.packkit.speak import duration_words, unit_words
from tocsin.terms.errors import BadRule, BadUnit

__all__ = ["Asked", "RuleStory", "bytes_words", "plan_lines", "tell_rules"]

_WORDS = {
    "en": {
        "watches": "watches", "why": "why", "raised": "raised", "falls": "falls", "units": "units", "shares": "shares",
        "memory": "memory", "source": "source", "note": "note", "verified": "the text was read", "not verified": "NOT VERIFIED",
        "from": "in force from {a}", "until": "in force from {a} until before {b}",
        "with": "{what} with {names}", "converted": "{written} is compared as {as_} {unit}",
        "cost": "{total} for {n} streams that observe every {c}: {state} state ({each} a stream), "
                "{windows} windows; shared parts whole",
        "fits": "fits the budget of {b}", "over": "OVER the budget of {b}: an engine with this budget refuses it",
        "all": "all rules together", "together": "{total} for {n} streams of each kind: {state} state, {windows} windows",
    },
    "zh-hans": {
        "watches": "监视对象", "why": "缘由", "raised": "发出", "falls": "降级", "units": "单位换算", "shares": "共用窗口",
        "memory": "内存", "source": "依据", "note": "备注", "verified": "已核对原文", "not verified": "未核对原文",
        "from": "自{a}起施行", "until": "自{a}起施行，{b}前有效",
        "with": "{what}，与{names}共用", "converted": "{written} 按 {as_} {unit} 比较",
        "cost": "{n}条数据流、每{c}一次观测时需{total}：状态{state}（每条{each}），窗口{windows}；共用部分按整份计",
        "fits": "不超过预算{b}", "over": "超过预算{b}：设此预算的引擎将拒绝运行",
        "all": "全部规则合计", "together": "每类{n}条数据流共需{total}：状态{state}，窗口{windows}",
    },
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Asked:
    """For how many streams, how far apart their observations are (us, 0 = as the pack says), in how many areas, and how many
    bytes may be used."""

    streams: int = 1000
    cadence_us: int = 0
    areas: int = 10
    budget: int = 8 << 30
    budget_words: str = "8GiB"
    language: str = "en"


@dataclass(frozen=True, slots=True)
class RuleStory:
    """``lines``: (heading, sentence). ``parts``: what it keeps. ``bytes``: state and windows, shared parts whole."""

    name: str
    version: int
    title: str
    lines: tuple[tuple[str, str], ...]
    parts: tuple[MemoryPart, ...]
    shared: Mapping[str, tuple[str, ...]]
    state: int
    windows: int
    fits: bool
    verified: bool
    source: str


def tell_rules(pack: Pack, asked: Asked, only: Sequence[str] = ()) -> tuple[list[RuleStory], MemoryPlan]:
    """The stories of the rules named (all, if none is), and the memory of all rules of the pack together."""
    plan = plan_memory(pack.rules, {selector_of(rule): [_load(pack, rule, asked)] for rule in pack.rules})
    chosen = [rule for rule in pack.rules if not only or rule.name in only or rule.name.rpartition("/")[2] in only]
    return [_story(pack, rule, plan, asked) for rule in chosen], plan


def bytes_words(number: int) -> str:
    """``24.9 MB``: powers of a thousand, three digits."""
    size, unit = float(number), "B"
    for unit in ("B", "kB", "MB", "GB", "TB"):
        if size < 1000 or unit == "TB":
            break
        size /= 1000
    return f"{size:.0f} {unit}" if unit == "B" or size >= 100 else f"{size:.3g} {unit}"


def _load(pack: Pack, rule: Rule, asked: Asked) -> Load:
    usual = min(
        (pack.properties[name].cadence_us for name in rule.select.get("property", ()) if name in pack.properties),
        default=0,
    )
    return Load(asked.streams, asked.cadence_us or usual or IRREGULAR_US, min(asked.areas, asked.streams))


def _story(pack: Pack, rule: Rule, plan: MemoryPlan, asked: Asked) -> RuleStory:
    words, language = _WORDS[asked.language], asked.language
    told, load = describe(pack, rule), _load(pack, rule, asked)
    own = [part for part in plan.of_rule(rule.name) if len(part.rules) < len(pack.rules) or len(pack.rules) == 1]
    state = sum(part.bytes for part in own if not part.window)
    windows = sum(part.bytes for part in own if part.window)
    shared = {_short(part.name, language): tuple(_id(name) for name in part.rules if name != rule.name)
              for part in own if len(part.rules) > 1 and not part.name.startswith(("list of", "order"))}  # fmt: skip
    lines = [(words["watches"], told.where[language]), (words["why"], rule.why.get(language, ""))]
    lines += [(level, f"{said}   [{text}]") for level, text, said in told.levels[language]]
    lines += [(words["falls"], told.clear[language])]
    lines += [(words["units"], sentence) for sentence in _conversions(pack, rule, language)]
    for names in dict.fromkeys(shared.values()):
        what = ", ".join(what for what, others in shared.items() if others == names)
        lines.append((words["shares"], words["with"].format(what=what, names=", ".join(names))))
    total = state + windows
    cost = words["cost"].format(total=bytes_words(total), n=f"{load.streams:,}", c=duration_words(load.cadence_us, language),
                                state=bytes_words(state), each=bytes_words(round(state / max(load.streams, 1))),
                                windows=bytes_words(windows))  # fmt: skip
    fits = total <= asked.budget
    lines += [(words["memory"], cost), ("", words["fits" if fits else "over"].format(b=asked.budget_words))]
    origin = told.provenance
    dates = words["until" if origin.valid_to else "from"].format(a=origin.valid_from, b=origin.valid_to)
    checked = words["verified" if origin.verified else "not verified"]
    lines += [(words["source"], f"{origin.source} ({checked}); {dates}")]
    if origin.note:
        lines.append((words["note"], origin.note))
    return RuleStory(rule.name, rule.version, rule.title.get(language, rule.name), tuple(lines), tuple(own), shared, state,
                     windows, fits, origin.verified, origin.source)  # fmt: skip


def plan_lines(plan: MemoryPlan, asked: Asked) -> tuple[str, str]:
    """Heading and sentence about all rules together."""
    words = _WORDS[asked.language]
    said = words["together"].format(total=bytes_words(plan.bytes), n=f"{asked.streams:,}", state=bytes_words(plan.state),
                                    windows=bytes_words(plan.windows))  # fmt: skip
    fits = words["fits" if plan.bytes <= asked.budget else "over"].format(b=asked.budget_words)
    return words["all"], f"{said}; {fits}" if asked.language == "en" else f"{said}；{fits}"


def _conversions(pack: Pack, rule: Rule, language: str) -> Iterator[str]:
    """Literals that are written in another unit than the property's."""
    units = {pack.properties[name].unit for name in rule.select.get("property", ()) if name in pack.properties}
    if len(units) != 1:
        return
    unit, seen = units.pop(), set()
    texts = [rung.text for rung in rule.rungs] + ([rule.clear.text] if rule.clear.when is not None else [])
    for text in texts:
        for number, written in _quantities(text):
            if written in ("", unit, "1") or written in DURATION_UNITS or (number, written) in seen:
                continue
            seen.add((number, written))
            try:
                factor = converts(written, unit)
            except BadUnit:
                continue
            if factor is not None:
                yield _WORDS[language]["converted"].format(
                    written=f"{number} {written}", as_=number_text(tidy(float(number) * factor[0] + factor[1])),
                    unit=unit_words(unit, language))  # fmt: skip


def _quantities(text: str) -> list[tuple[str, str]]:
    try:
        return [quantity_parts(str(word)) for word in tokens_of(text.partition(" for ")[0]) if word.type == "QUANTITY"]
    except BadRule:
        return []


def _short(name: str, language: str) -> str:
    """``sum(3h) of rain: full windows`` is ``sum(3h)``."""
    window = name.partition(":")[0].partition(" of ")[0]
    return {"observations": "观测值"}.get(window, window) if language != "en" else window


def _id(name: str) -> str:
    return name.rpartition("/")[2]
