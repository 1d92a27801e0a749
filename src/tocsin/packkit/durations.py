"""How long, in words."""

from __future__ import annotations

from tocsin.engine.language.quantity import DURATION_UNITS

__all__ = ["duration_words"]

_TIME = {
    "en": {"d": "d", "h": "h", "min": "min", "s": "s"},
    "zh-hans": {"d": "天", "h": "小时", "min": "分钟", "s": "秒"},
}


def duration_words(microseconds: int, language: str) -> str:
    """``3 h`` / ``3小时``."""
    for unit in ("d", "h", "min", "s"):
        if microseconds % DURATION_UNITS[unit] == 0 and (unit != "d" or microseconds > DURATION_UNITS["d"]):
            number = str(microseconds // DURATION_UNITS[unit])
            break
    else:
        number, unit = f"{microseconds / DURATION_UNITS['s']:g}", "s"
    return f"{number} {_TIME['en'][unit]}" if language == "en" else number + _TIME["zh-hans"][unit]
