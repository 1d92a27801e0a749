"""Reading places."""

from __future__ import annotations

from tocsin.engine.hazard import Facility
from tocsin.records.org.scope import Scope
from tocsin.records.places.models import FacilityRow, Jurisdiction
from tocsin.records.places.services import Area

__all__ = ["area", "facilities", "jurisdictions"]


def jurisdictions(scope: Scope) -> list[Area]:
    """The areas of a scope, parents before children."""
    rows = Jurisdiction.objects.filter(scope.rows("path")).order_by("path")
    return [Area(row.path, row.title, row.rank, row.zone, row.boundary, row.geocode) for row in rows]


def area(scope: Scope, path: str) -> Area | None:
    """One area of a scope; None where it is not registered or lies outside."""
    row = Jurisdiction.objects.filter(scope.rows("path"), path=path).first()
    return Area(row.path, row.title, row.rank, row.zone, row.boundary, row.geocode) if row else None


def facilities(scope: Scope) -> list[Facility]:
    """The facilities of a scope, in order of id (what the grouping of signals takes)."""
    rows = FacilityRow.objects.filter(scope.rows()).order_by("id")
    return [Facility(row.id, row.kind, row.title, row.lon, row.lat, row.jurisdiction, row.labels) for row in rows]
