"""Response level: how much of an office works on an incident. An axis of its own: it never compares with a warning level
or an event grade, and only a mapping that a pack declares leads from one to the other (Emergency Response Law, art. 3).

Rank 1 is the least (response IV), as with ``Level``.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["RESPONSE_LEVELS", "ResponseLevel", "response_level", "response_rank"]


@dataclass(frozen=True, slots=True)
class ResponseLevel:
    """One response level. ``code`` is what packs write and people say."""

    code: str
    rank: int
    words: tuple[tuple[str, str], ...]

    def word(self, language: str) -> str:
        """``Response III`` (``en``) or ``三级响应`` (``zh-hans``)."""
        return dict(self.words).get(language) or dict(self.words)["en"]


RESPONSE_LEVELS = (
    ResponseLevel("IV", 1, (("en", "Response IV"), ("zh-hans", "四级响应"))),
    ResponseLevel("III", 2, (("en", "Response III"), ("zh-hans", "三级响应"))),
    ResponseLevel("II", 3, (("en", "Response II"), ("zh-hans", "二级响应"))),
    ResponseLevel("I", 4, (("en", "Response I"), ("zh-hans", "一级响应"))),
)


def response_rank(code: str) -> int:
    """Rank of a code. Raises KeyError.

    >>> response_rank("IV"), response_rank("I")
    (1, 4)
    """
    return {level.code: level.rank for level in RESPONSE_LEVELS}[code]


def response_level(rank: int) -> ResponseLevel:
    """The response level of a rank from 1 to 4. Raises IndexError outside."""
    if not 1 <= rank <= len(RESPONSE_LEVELS):
        raise IndexError(f"response levels have ranks 1..{len(RESPONSE_LEVELS)}, not {rank}")
    return RESPONSE_LEVELS[rank - 1]
