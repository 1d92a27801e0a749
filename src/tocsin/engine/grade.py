"""The level of an event: intensity + exposure + certainty by its hazard's tables, and every part said.

The parts' ``because`` are keys that pages render in the reader's language:
``signal:<id>:<level code>`` (the member of the highest rank), ``facility:<id>`` (why a kind of exposure counts),
``streams:<n>`` (independent members), ``cascade:<event id>:<facility id>`` (a proposal) and ``sum:<n>`` (before the cut).
"""

from __future__ import annotations

from collections.abc import Mapping

from tocsin.engine.hazard import HazardSpec
from tocsin.terms.event import LevelPart
from tocsin.terms.level import Scheme

__all__ = ["grade", "grade_proposal"]


def grade(
    spec: HazardSpec, scheme: Scheme, signal: str, rank: int, exposed: Mapping[str, str], independent: int
) -> tuple[int, tuple[LevelPart, ...]]:
    """Level and explanation of an event whose highest member is ``signal`` at ``rank``.

    ``exposed``: facility kind -> id of one such facility near a member; ``independent``: how many independent streams
    are members. A part that adds nothing is still listed, so that the reader sees it was considered."""
    parts = [LevelPart("intensity", str(rank), f"signal:{signal}:{_code(scheme, rank)}")]
    total = rank
    for kind in sorted(spec.exposure):
        if kind in exposed:
            total += spec.exposure[kind]
            parts.append(LevelPart("exposure", f"{spec.exposure[kind]:+d}", f"facility:{exposed[kind]}"))
    if spec.certainty:
        added = spec.certainty[max(known)] if (known := [n for n in spec.certainty if n <= independent]) else 0
        total += added
        parts.append(LevelPart("certainty", f"{added:+d}", f"streams:{independent}"))
    level = _cut(scheme, total)
    return level, (*parts, LevelPart("result", str(level), f"sum:{total}"))


def grade_proposal(scheme: Scheme, rank: int, parent: str, facility: str) -> tuple[int, tuple[LevelPart, ...]]:
    """Level and explanation of an event that a cascade proposes and nothing has observed."""
    level = _cut(scheme, rank)
    because = f"cascade:{parent}:{facility}"
    return level, (LevelPart("intensity", str(rank), because), LevelPart("result", str(level), f"sum:{rank}"))


def _cut(scheme: Scheme, total: int) -> int:
    return min(max(total, 1), len(scheme.levels))


def _code(scheme: Scheme, rank: int) -> str:
    return scheme.level(_cut(scheme, rank)).code
