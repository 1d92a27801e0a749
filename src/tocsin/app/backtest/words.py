"""The words of a report, by language."""

from __future__ import annotations

import tomllib
from functools import lru_cache
from importlib.resources import files

from tocsin.terms.errors import UnknownName

__all__ = ["LANGUAGES", "Words"]

LANGUAGES = ("en", "zh-hans")


class Words:
    """``words("pod")``; names in braces are filled in by keyword. Raises UnknownName for a language that is not there."""

    def __init__(self, language: str) -> None:
        if language not in LANGUAGES:
            raise UnknownName(f"language {language}", "the report does not speak it", f"use {' or '.join(LANGUAGES)}")
        self.language = language

    def __call__(self, key: str, **filled: object) -> str:
        text: str = _words()[self.language][key]
        return text.format(**filled) if filled else text


@lru_cache(maxsize=1)
def _words() -> dict[str, dict[str, str]]:
    return tomllib.loads(files("tocsin.app.backtest").joinpath("words.toml").read_text("utf-8"))
