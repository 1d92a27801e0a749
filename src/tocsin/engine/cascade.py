"""Which facilities lie near a place, and so which child events a cascade proposes there."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from tocsin.engine.hazard import Cascade, Facility
from tocsin.geo import Place, distances_km
from tocsin.terms.ids import event_id

__all__ = ["FacilityMap", "cascade_key", "proposed_event_id"]


def proposed_event_id(parent: str, facility: str, child: str) -> str:
    """The id of the child event that ``parent`` proposes at a facility: one for each facility and child hazard."""
    return event_id(f"cascade:{parent}:{facility}:{child}")


def cascade_key(cascade: Cascade) -> str:
    """What makes a cascade this one, as text: its place in a list may change between snapshots, this does not."""
    labels = ",".join(f"{name}={value}" for name, value in sorted(cascade.facility_labels.items()))
    kinds = ",".join(sorted(cascade.facility_kinds))
    return f"{cascade.parent}>{cascade.rank}>{cascade.child}>{kinds}>{cascade.distance_km!r}>{labels}"


class FacilityMap:
    """The facilities with coordinates, as columns; answers "which lie near", nearest first."""

    def __init__(self, facilities: Iterable[Facility]) -> None:
        self._all = [facility for facility in facilities if np.isfinite(facility.lon) and np.isfinite(facility.lat)]
        self._lon = np.array([facility.lon for facility in self._all], dtype=np.float64)
        self._lat = np.array([facility.lat for facility in self._all], dtype=np.float64)
        self._kind = np.array([facility.kind for facility in self._all], dtype=object)

    def near(self, place: Place, km: float, kinds: Iterable[str]) -> list[Facility]:
        """Facilities of these kinds within ``km`` of the place, nearest first, then by id."""
        if not place.located or not self._all:
            return []
        away = distances_km(place.lon, place.lat, self._lon, self._lat)
        wanted = np.isin(self._kind, list(kinds)) & (away <= km)
        found = [(float(away[row]), self._all[row].id, row) for row in np.flatnonzero(wanted)]
        return [self._all[row] for _, _, row in sorted(found)]

    def proposed_by(self, cascade: Cascade, place: Place) -> list[Facility]:
        """Where a parent member at ``place`` proposes the child: facilities of its kinds that have all its labels."""
        wanted = cascade.facility_labels.items()
        near = self.near(place, cascade.distance_km, cascade.facility_kinds)
        return [facility for facility in near if all(facility.labels.get(name) == value for name, value in wanted)]
