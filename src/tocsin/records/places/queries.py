"""Reading places."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from django.utils import timezone

from tocsin.engine.hazard import Facility
from tocsin.geo.jurisdiction import lineage
from tocsin.records.org.scope import Scope
from tocsin.records.places.models import FacilityRow, Jurisdiction
from tocsin.records.places.services import Area

__all__ = ["area", "facilities", "facility_words", "jurisdictions", "local_time"]


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


def facility_words(scope: Scope, facility: str) -> dict[str, str]:
    """What one facility is called, by language; empty where nobody registered it or it lies outside."""
    found: dict[str, str] = (
        FacilityRow.objects.filter(scope.rows(), id=facility).values_list("title", flat=True).first() or {}
    )
    return found


def facilities(scope: Scope) -> list[Facility]:
    """The facilities of a scope, in order of id (what the grouping of signals takes)."""
    rows = FacilityRow.objects.filter(scope.rows()).order_by("id")
    return [Facility(row.id, row.kind, row.title, row.lon, row.lat, row.jurisdiction, row.labels) for row in rows]
