"""A transition as one sentence that a duty officer can read, in either language. Pure; made when read, never stored."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from tocsin.terms.level import CHINA_FOUR_COLOUR, Scheme
from tocsin.terms.signal import Measure

__all__ = ["evidence_words", "sentence"]

_WINDOW = re.compile(r"(?P<how>\w+)\((?P<window>\d+(?:\.\d+)?(?:us|ms|s|min|h|d)|today|day)(?:,.*)?\)")
_DURATION = re.compile(r"(\d+(?:\.\d+)?)(us|ms|s|min|h|d)")
_HOW = {
    "en": {"sum": "{v} in {w}", "mean": "mean {v} over {w}", "min": "lowest {v} in {w}", "max": "highest {v} in {w}",
           "delta": "change of {v} in {w}", "rate": "rate {v} over {w}", "count": "{v} observations in {w}",
           "first": "{v} at the beginning of {w}", "silent": "no data for {w}", "stuck": "same value for {w}"},
    "zh-hans": {"sum": "{w}累计{v}", "mean": "{w}平均{v}", "min": "{w}最低{v}", "max": "{w}最高{v}",
                "delta": "{w}变化{v}", "rate": "{w}变化率{v}", "count": "{w}内{v}条观测", "first": "{w}起始值{v}",
                "silent": "{w}无数据", "stuck": "{w}数值不变"},
}  # fmt: skip
_NAMED = {
    "en": {"today": "the day so far", "day": "the last full day",
           "us": "µs", "ms": "ms", "s": "s", "min": "min", "h": "h", "d": "days"},
    "zh-hans": {"today": "当日", "day": "上一日",
                "us": "微秒", "ms": "毫秒", "s": "秒", "min": "分钟", "h": "小时", "d": "天"},
}  # fmt: skip
_UNITS = {"Cel": "°C", "1": "", "{#}": "", "%": "%", "ug/m3": "µg/m³", "m3/s": "m³/s", "mm/h": "mm/h"}
_NO_VALUE = {"en": "no value", "zh-hans": "无数值"}
_FRAME = {
    "en": {"raised": "{measures} at {place}{level}, rule {rule} v{version}",
           "changed": "{measures} at {place}{level}, rule {rule} v{version}",
           "cleared": "{measures} at {place}: over, rule {rule} v{version}",
           "limit": "threshold {limit}", "level": " ({level})", "join": ", ", "nothing": "condition"},
    "zh-hans": {"raised": "{place}{measures}{level}，规则“{rule}”第{version}版",
                "changed": "{place}{measures}{level}，规则“{rule}”第{version}版",
                "cleared": "{place}{measures}，已解除，规则“{rule}”第{version}版",
                "limit": "阈值{limit}", "level": "（{level}）", "join": "，", "nothing": "条件变化"},
}  # fmt: skip


def sentence(
    measures: Sequence[Measure],
    *,
    change: str,
    level: int,
    place: str,
    rule: str,
    version: int,
    language: str,
    titles: Mapping[str, str] | None = None,
    quality: bool = False,
    scheme: Scheme = CHINA_FOUR_COLOUR,
) -> str:
    """One sentence. ``titles`` are the rule's titles by language from its pack; without them the rule's id stands.

    >>> m = Measure("sum(3h)", 171.2, "mm", ">=", 100.0)
    >>> sentence([m], change="raised", level=4, place="gauge 57083", rule="natural_hazards/rainstorm", version=3,
    ...          language="en")
    '171.2 mm in 3 h, threshold 100 mm at gauge 57083 (Red I), rule rainstorm v3'
    """
    frame = _FRAME[language]
    words = frame["join"].join(evidence_words(m, language) for m in measures) or frame["nothing"]
    known = not quality and 1 <= level <= len(scheme.levels)
    return frame[change].format(
        measures=words,
        place=place,
        level=frame["level"].format(level=scheme.level(level).word(language)) if known else "",
        rule=(titles or {}).get(language) or rule.rpartition("/")[2],
        version=version,
    )


def evidence_words(measure: Measure, language: str) -> str:
    """One measure in words: what was computed, its value, the threshold it met."""
    value = _quantity(measure.value, measure.unit, language)
    match = _WINDOW.fullmatch(measure.what)
    how = _HOW[language].get(match["how"]) if match else None
    if match and how:
        words = how.format(v=value, w=_window(match["window"], language))
    elif measure.what in ("", "value"):
        words = value
    else:
        words = f"{measure.what} = {value}"
    if measure.threshold is None or (match and match["how"] in ("silent", "stuck")):
        return words
    limit = _quantity(measure.threshold, measure.unit, language)
    return words + _FRAME[language]["join"] + _FRAME[language]["limit"].format(limit=limit)


def _window(text: str, language: str) -> str:
    match = _DURATION.fullmatch(text)
    if not match:
        return _NAMED[language][text]
    gap = " " if language == "en" else ""
    return match[1] + gap + _NAMED[language][match[2]]


def _quantity(value: float, unit: str, language: str) -> str:
    if value != value:  # noqa: PLR0124 - NaN: the window had no data
        return _NO_VALUE[language]
    return f"{value:.6g} {_UNITS.get(unit, unit)}".strip()
