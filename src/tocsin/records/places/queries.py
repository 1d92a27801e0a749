"""Reading places."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from zoneinfo import ZoneInfo

from django.utils import timezone

from tocsin.engine.hazard import Facility
from tocsin.geo.jurisdiction import lineage
from tocsin.records.org.scope import Scope
from tocsin.records.places.models import FacilityRow, Jurisdiction
from tocsin.records.places.services import Area

__all__ = ["area", "facilities", "facility", "jurisdictions", "local_time"]


def jurisdictions(scope: Scope) -> list[Area]:
    """The areas of a scope, parents before children."""
    rows = Jurisdiction.objects.filter(scope.rows("path")).order_by("path")
    return [Area(row.path, row.title, row.rank, row.zone, row.boundary, row.geocode, row.population) for row in rows]


def area(scope: Scope, path: str) -> Area | None:
    """One area of a scope; None where it is not registered or lies outside."""
    row = Jurisdiction.objects.filter(scope.rows("path"), path=path).first()
    if row is None:
        return None
    return Area(row.path, row.title, row.rank, row.zone, row.boundary, row.geocode, row.population)


def local_time(moment: datetime, jurisdiction: str) -> datetime:
    """A moment by the clocks of a place: the zone of its area, or of the nearest one above that is registered, else the
    deployment's. (No scope: a zone is no secret.)"""
    zones = dict(Jurisdiction.objects.filter(path__in=lineage(jurisdiction)).values_list("path", "zone"))
    zone = next((zones[path] for path in sorted(zones, key=len, reverse=True)), None)
    return timezone.localtime(moment, ZoneInfo(zone) if zone else None)


def facility(scope: Scope, facility_id: str) -> Facility | None:
    """One facility of a scope; None where it is not registered or lies outside."""
    return next(iter(_facilities(FacilityRow.objects.filter(scope.rows(), id=facility_id))), None)


def facilities(scope: Scope) -> list[Facility]:
    """The facilities of a scope, in order of id (what the grouping of signals takes)."""
    return _facilities(FacilityRow.objects.filter(scope.rows()).order_by("id"))


def _facilities(rows: Iterable[FacilityRow]) -> list[Facility]:
    return [Facility(row.id, row.kind, row.title, row.lon, row.lat, row.jurisdiction, row.labels) for row in rows]
