"""Whether a text can be in the language it claims (P9), by its script: Chinese is not written in Latin letters.

Languages that share a script are not told apart; what is found is certain enough to show to whoever is about to publish.
"""

from __future__ import annotations

import re

__all__ = ["foreign_script"]

_SCRIPTS = {
    "Han": re.compile(r"[\u3400-\u9fff\U00020000-\U0003ffff]"),
    "Kana": re.compile(r"[\u3040-\u30ff]"),
    "Hangul": re.compile(r"[\uac00-\ud7a3]"),
    "Latin": re.compile(r"[A-Za-z\u00c0-\u024f]"),
    "Cyrillic": re.compile(r"[\u0400-\u04ff]"),
    "Greek": re.compile(r"[\u0370-\u03ff]"),
    "Arabic": re.compile(r"[\u0600-\u06ff]"),
    "Hebrew": re.compile(r"[\u0590-\u05ff]"),
    "Thai": re.compile(r"[\u0e00-\u0e7f]"),
    "Devanagari": re.compile(r"[\u0900-\u097f]"),
    "Burmese": re.compile(r"[\u1000-\u109f]"),
    "Thaana": re.compile(r"[\u0780-\u07bf]"),
}
_WRITTEN_IN = {
    "zh": {"Han"}, "ja": {"Han", "Kana"}, "ko": {"Hangul", "Han"}, "ru": {"Cyrillic"}, "uk": {"Cyrillic"},
    "bg": {"Cyrillic"}, "el": {"Greek"}, "ar": {"Arabic"}, "fa": {"Arabic"}, "ur": {"Arabic"}, "ug": {"Arabic"},
    "he": {"Hebrew"}, "th": {"Thai"}, "hi": {"Devanagari"}, "ne": {"Devanagari"}, "my": {"Burmese"}, "dv": {"Thaana"},
    **{code: {"Latin"} for code in ("en", "fr", "de", "es", "pt", "it", "nl", "pl", "tr", "vi", "id", "ms", "tl", "sv",
                                    "da", "fi", "cs", "ro", "hu")},
}  # fmt: skip


def foreign_script(text: str, language: str) -> str:
    """The script that most of the text is written in, if the language is not; "" if all is well or not known.

    >>> foreign_script("Heavy rain is expected", "zh-CN"), foreign_script("预计有大雨", "zh-CN")
    ('Latin', '')
    """
    expected = _WRITTEN_IN.get(language.partition("-")[0].lower())
    if not expected or not text or (text.isascii() and "Latin" in expected):
        return ""
    counts = {name: len(pattern.findall(text)) for name, pattern in _SCRIPTS.items()}
    most = max(counts, key=lambda name: counts[name])
    total = sum(counts.values())
    at_home = sum(counts[name] for name in expected)
    return most if total >= 8 and most not in expected and at_home < 0.2 * total else ""
