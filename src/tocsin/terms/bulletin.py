"""Bulletin: another authority's warning, as the log keeps it: a hazard type, an area, a level, a period."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Bulletin"]


@dataclass(frozen=True, slots=True)
class Bulletin:
    """``id`` as its issuer calls it: a later ``sent_us`` with the same id replaces it (an earlier ``until_us`` cancels).

    ``rank`` on the warning axis. In force in [``from_us``, ``until_us``), not before it was sent, over its jurisdictions
    (paths, with all below), cells (H3) and circle (lon, lat in degrees, km); no area at all = nowhere."""

    id: str
    issuer: str
    hazard: str
    rank: int
    sent_us: int
    from_us: int
    until_us: int
    jurisdictions: tuple[str, ...] = ()
    cells: tuple[str, ...] = ()
    circle: tuple[float, float, float] | None = None
