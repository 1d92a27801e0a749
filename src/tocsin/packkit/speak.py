"""A rule's conditions in words, in each language, from the typed tree: nothing here that the engine does not compute."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Literal

from tocsin.engine.language import joint, tree
from tocsin.engine.language.quantity import DURATION_UNITS, number_text
from tocsin.engine.language.rule import Hold
from tocsin.packkit.durations import duration_words
from tocsin.packkit.speak_joint import joint_words

__all__ = ["duration_words", "figure", "hold_words", "number_words", "truth_words", "unit_words"]

Language = Literal["en", "zh-hans"]

_UNITS: Mapping[str, Mapping[str, str]] = {
    "Cel": {"en": "°C", "zh-hans": "℃"}, "ug/m3": {"en": "µg/m³", "zh-hans": "µg/m³"},
    "mg/m3": {"en": "mg/m³", "zh-hans": "mg/m³"},
    "m3/s": {"en": "m³/s", "zh-hans": "立方米/秒"}, "mm": {"en": "mm", "zh-hans": "毫米"}, "m": {"en": "m", "zh-hans": "米"},
    "m/s": {"en": "m/s", "zh-hans": "米/秒"}, "deg": {"en": "°", "zh-hans": "°"},
    "[ppm]": {"en": "ppm", "zh-hans": "ppm"}, "%[LEL]": {"en": "% LEL", "zh-hans": "% LEL"},
    "1": {"en": "", "zh-hans": ""},
}  # fmt: skip
_COMPARISONS = {
    "en": {">=": "at least", ">": "above", "<=": "at most", "<": "below", "==": "equal to", "!=": "other than"},
    "zh-hans": {">=": "不低于", ">": "高于", "<=": "不高于", "<": "低于", "==": "等于", "!=": "不等于"},
}
_WINDOWS = {
    "en": {
        "sum": "total {of} in {w}", "mean": "mean {of} over {w}", "min": "lowest {of} in {w}", "max": "highest {of} in {w}",
        "count": "number of observations in {w}", "delta": "change of {of} over {w}",
        "rate": "rise of {of} per second over {w}", "first": "{of} {w} ago",
        "stddev": "standard deviation of {of} over {w}",
    },
    "zh-hans": {
        "sum": "{w}累计{of}", "mean": "{w}平均{of}", "min": "{w}最低{of}", "max": "{w}最高{of}", "count": "{w}内观测次数",
        "delta": "{w}内{of}变化", "rate": "{w}内{of}每秒变化", "first": "{w}前的{of}", "stddev": "{w}内{of}标准差",
    },
}  # fmt: skip
_CIVIL = {
    "en": {"today": "{how} {of} since local midnight", "day": "{how} {of} of the last complete local day"},
    "zh-hans": {"today": "当地今日{of}{how}", "day": "上一完整日{of}{how}"},
}
_HOW = {
    "en": {"sum": "total", "mean": "mean", "min": "lowest", "max": "highest", "count": "number of observations of"},
    "zh-hans": {"sum": "累计值", "mean": "平均值", "min": "最低值", "max": "最高值", "count": "观测次数"},
}
_USUAL = {"en": {"mean": "mean", "median": "median"}, "zh-hans": {"mean": "平均值", "median": "中位数"}}


def unit_words(unit: str, language: str) -> str:
    """How a unit is printed."""
    return _UNITS.get(unit, {}).get(language, unit)


def figure(value: float, unit: str = "1", language: str = "en") -> str:
    """A measured number as people read it: at most two decimals (two digits where it is smaller), with its unit; not known
    is said."""
    if math.isnan(value):
        return "not known" if language == "en" else "未知"
    rounded = float(f"{value:.2g}") if abs(value) < 0.1 else round(value, 2 if abs(value) < 100 else 1)
    words = unit_words(unit, language)
    close = language == "zh-hans" or words in ("°", "%")
    return number_text(rounded + 0.0) + ("" if not words else words if close else f" {words}")


def hold_words(hold: Hold, language: str) -> str:
    """``for 10 min and at 2 observations in a row``; "" for at once."""
    parts = []
    if hold.time_us:
        parts.append(
            f"for {duration_words(hold.time_us, 'en')}"
            if language == "en"
            else f"持续{duration_words(hold.time_us, language)}"
        )
    if hold.observations > 1:
        parts.append(
            f"at {hold.observations} observations in a row" if language == "en" else f"连续{hold.observations}次观测"
        )
    return (" and " if language == "en" else "且").join(parts)


def truth_words(node: tree.Truth, of: str, titles: Mapping[str, str], unit: str, language: str) -> str:
    """A condition in words. ``of`` is what ``value`` is called, ``titles`` what other properties are called."""
    en = language == "en"

    def inner(part: tree.Truth) -> str:
        return truth_words(part, of, titles, unit, language)

    match node:
        case tree.Compare(comparison, left, right, _, own):
            said, gap = number_words(left, of, titles, unit, language), " " if en else ""
            is_ = " is " if en else ""
            if isinstance(right, tree.Constant):
                limit = figure(right.value, own, language)
            else:
                limit = number_words(right, of, titles, unit, language)
            return f"{said}{is_}{_COMPARISONS[language][comparison]}{gap}{limit}"
        case tree.And(left, right):
            return f"{inner(left)}{' and ' if en else '，且'}{inner(right)}"
        case tree.Or(left, right):
            return f"{inner(left)}{' or ' if en else '，或'}{inner(right)}"
        case tree.Not(of_):
            return f"not ({inner(of_)})" if en else f"并非（{inner(of_)}）"
        case tree.Silent(limit):
            w = duration_words(limit, language)
            return f"no observation for {w}" if en else f"已有{w}没有观测"
        case tree.Stuck(width):
            w = duration_words(width, language)
            return f"{of} exactly the same for {w}" if en else f"{of}连续{w}完全不变"
        case joint.Stands() | joint.Then():
            return joint_words(node, titles, language)
        case tree.Changed():
            return f"{of} differs from the observation before" if en else f"{of}与前一次不同"
        case tree.Spike(size):
            s = figure(size, unit, language)
            return (
                f"one observation departs from both neighbours by at least {s}"
                if en
                else f"单次观测与前后两次同向相差至少{s}"
            )


def number_words(node: tree.Number, of: str, titles: Mapping[str, str], unit: str, language: str) -> str:
    """A number in words."""
    en = language == "en"

    def inner(part: tree.Number) -> str:
        return number_words(part, of, titles, unit, language)

    match node:
        case tree.Constant(value, own):
            return figure(value, own, language)
        case tree.Value():
            return of
        case tree.Previous():
            return f"{of} one observation before" if en else f"前一次{of}"
        case tree.Attribute(name):
            return f"its own {name.replace('_', ' ')}" if en else f"本站{_STAGES.get(name, name)}"
        case tree.Window(how, width):
            return _WINDOWS[language][how].format(of=of, w=duration_words(width, language))
        case tree.Quantile(width, q):
            w, share = duration_words(width, language), number_text(100 * q)
            return f"{of} that {share} % of {w} lay below" if en else f"{w}内{of}的{share}%分位值"
        case tree.SameHour(days, how):
            w, usual = duration_words(days * DURATION_UNITS["d"], language), _USUAL[language][how]
            return f"{usual} {of} of this hour of the day over the last {w}" if en else f"过去{w}同一时段{of}的{usual}"
        case tree.Civil(how, which):
            return _CIVIL[language][which].format(how=_HOW[language][how], of=of)
        case tree.ConsecutiveDays(how, comparison, threshold):
            limit = f"{_COMPARISONS[language][comparison]}{' ' if en else ''}{figure(threshold, unit, language)}"
            if en:
                return f"number of days in a row with the {_HOW['en'][how]} {of} {limit}"
            return f"日{_HOW[language][how]}{of}{limit}的连续天数"
        case tree.Index(of_, table):
            return f"index {table} of {inner(of_)}" if en else f"{inner(of_)}的指数（{table}）"
        case joint.Reports() | joint.Signals():
            return joint_words(node, titles, language)
        case tree.Sister(name):
            title = titles.get(name, name)
            return f"{title} there at the same moment" if en else f"同站同时刻{title}"
        case tree.Arithmetic(_, left, tree.Constant(_, own)) if own.startswith("{"):
            return inner(left)
        case tree.Arithmetic(op, left, right):
            return f"({inner(left)} {op} {inner(right)})"
        case tree.AreaNumber(how, width, truth, number):
            w = duration_words(width, language)
            said = truth_words(truth, of, titles, unit, language) if truth is not None else ""
            told = inner(number) if number is not None else ""
            if how == "how_many":
                return f"number of stations where, within {w}, {said}" if en else f"{w}内“{said}”的站数"
            if how == "share":
                return f"share of reporting stations where, within {w}, {said}" if en else f"{w}内“{said}”的站数占比"
            if how == "highest":
                return f"highest {told} of the area within {w}" if en else f"{w}内区域最高的{told}"
            return f"average {told} of the area within {w}" if en else f"{w}内区域平均{told}"


_STAGES = {"alert_level": "警戒水位", "minor_flood_level": "小洪水水位", "major_flood_level": "大洪水水位"}
