"""Conditions of the second stage in words."""

from __future__ import annotations

from collections.abc import Mapping

from tocsin.engine.language import joint
from tocsin.engine.language.quantity import number_text
from tocsin.packkit.durations import duration_words

__all__ = ["joint_words"]


def joint_words(node: joint.JointTruth | joint.JointNumber, titles: Mapping[str, str], language: str) -> str:
    """``signal "Gas leak" at Yellow III or above within 500 m in the last 30 min``."""
    en = language == "en"
    match node:
        case joint.Stands(term, window):
            said = _term(term, titles, language)
            return f"{said} {_lately(window, language)}".rstrip() if en else f"{_lately(window, language)}{said}"
        case joint.Then(first, second, window):
            one, other = _term(first, titles, language), _term(second, titles, language)
            time = duration_words(window, language)
            return f"{one}, then within {time} {other}" if en else f"先有{one}，{time}内又有{other}"
        case joint.Reports(category, within, window):
            name, time = titles.get(f"report:{category}", category), duration_words(window, language)
            near = _near(within, language)
            return f'number of reports of "{name}" {near} in {time}' if en else f"{time}内{near}“{name}”的上报数"
        case joint.Signals(how, term, window):
            said, lately = _term(term, titles, language), _lately(window, language)
            if how == "how_many":
                return f"number of places with {said} {lately}".rstrip() if en else f"{lately}{said}的点数"
            return f"share of places with {said} {lately}".rstrip() if en else f"{lately}{said}的点数占比"


def _term(term: joint.Term, titles: Mapping[str, str], language: str) -> str:
    level = titles.get(f"level:{term.level}", term.level)
    if isinstance(term, joint.BulletinTerm):
        hazard = titles.get(f"hazard:{term.hazard}", term.hazard)
        return f"a bulletin of {hazard} at {level} or above" if language == "en" else f"{level}及以上“{hazard}”外部预警"
    name, near = titles.get(f"rule:{term.rule}", term.rule), _near(term.within_m, language)
    return f'signal "{name}" at {level} or above {near}' if language == "en" else f"{near}“{name}”{level}及以上信号"


def _near(metres: float, language: str) -> str:
    if not metres:
        return "here" if language == "en" else "本处"
    far = f"{number_text(metres / 1000)} km" if metres % 1000 == 0 else f"{number_text(metres)} m"
    if language == "en":
        return f"within {far}"
    return f"{far.replace(' km', '公里').replace(' m', '米')}范围内"


def _lately(window_us: int, language: str) -> str:
    if not window_us:
        return ""
    time = duration_words(window_us, language)
    return f"in the last {time}" if language == "en" else f"过去{time}内"
