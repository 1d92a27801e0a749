"""What a deployment says of itself, so that the rules of good practice can be judged: its OID, box, languages, offices."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["NOBODY", "Box", "Producer"]


@dataclass(frozen=True, slots=True)
class Box:
    """The rectangle around a jurisdiction, in degrees."""

    south: float
    west: float
    north: float
    east: float

    def holds(self, lat: float, lon: float) -> bool:
        """Whether a point lies in it."""
        return self.south <= lat <= self.north and self.west <= lon <= self.east


@dataclass(frozen=True, slots=True)
class Producer:
    """Who writes. What is left empty is not checked: ``oid`` such as 2.49.0.1.156 (P1), ``box`` (R40), ``languages`` that
    every warning must have (P3), ``offices`` that may be a senderName (P12), ``short_lived`` eventCode values of hazards
    that last at most six hours (P7)."""

    oid: str = ""
    box: Box | None = None
    languages: tuple[str, ...] = ()
    offices: frozenset[str] = frozenset()
    short_lived: frozenset[str] = frozenset()


NOBODY = Producer()  # nothing configured
