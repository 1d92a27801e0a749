"""The only writer of places."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils.translation import gettext as _

from tocsin.engine.hazard import Facility
from tocsin.records.ledger import services as ledger
from tocsin.records.ledger.canonical import digest
from tocsin.records.places.models import FacilityRow, Jurisdiction
from tocsin.terms.errors import BadValue, UnknownName

__all__ = ["NEVER", "Area", "put_facilities", "put_jurisdictions"]

# scope.md, "Where it stops": a facility has an operator. Where people live is not a facility, and no person is a place.
NEVER = frozenset({"dwelling", "home", "house", "household", "apartment", "flat", "residence", "person", "family"})
_OPERATED = frozenset(
    {"care", "nursing", "childrens", "retirement", "funeral"}
)  # a home with one of these has an operator
_PATH = re.compile(r"[a-z0-9][a-z0-9_-]*(/[a-z0-9][a-z0-9_-]*)*")
_KIND = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")


@dataclass(frozen=True, slots=True)
class Area:
    """A jurisdiction to be registered. ``rank``: 1 province, 2 city, 3 district, 4 street, 5 community grid.
    ``boundary``: closed rings of [longitude, latitude], WGS 84; ``geocode``: the code a warning names the area by;
    ``population``: how many people live there, 0 = not registered."""

    path: str
    title: dict[str, str] = field(default_factory=dict)
    rank: int = 2
    zone: str = "UTC"
    boundary: list[list[list[float]]] = field(default_factory=list)
    geocode: str = ""
    population: int = 0


def put_jurisdictions(areas: Sequence[Area], *, actor: str, now: datetime) -> None:
    """Add or correct areas. Raises BadValue for a bad path, an unknown time zone or a boundary that does not close,
    UnknownName for an area whose parent is not registered."""
    for area in areas:
        if not _PATH.fullmatch(area.path):
            raise BadValue(_area(area.path), _("a path is lower-case names joined by /"),
                           _("write for example simcity/east"))  # fmt: skip
        _require_zone(area)
        _require_closed(area)
    with transaction.atomic():
        known = {*Jurisdiction.objects.values_list("path", flat=True), *(area.path for area in areas)}
        for area in areas:
            parent = area.path.rpartition("/")[0]
            if parent and parent not in known:
                raise UnknownName(_area(area.path), _("its parent %(parent)s is not registered") % {"parent": parent},
                                  _("register the parent first, or with it"))  # fmt: skip
        rows = [Jurisdiction(**asdict(area)) for area in {area.path: area for area in areas}.values()]
        Jurisdiction.objects.bulk_create(
            rows,
            update_conflicts=True,
            unique_fields=["path"],
            update_fields=["title", "rank", "zone", "boundary", "geocode", "population"],
        )
        content = digest({"areas": [asdict(area) for area in areas]})
        ledger.append("places", "jurisdictions_put", {"areas": len(rows), "content": content}, actor=actor, now=now)


def put_facilities(facilities: Sequence[Facility], *, actor: str, now: datetime) -> None:
    """Add or correct facilities. Raises BadValue for a kind that is no code, and for a dwelling or a person."""
    for facility in facilities:
        if not _KIND.fullmatch(facility.kind):
            raise BadValue(_facility(facility), _("kind %(kind)s is no code of small letters and _") % {"kind": facility.kind},
                           _("write for example care_home; titles are for words"))  # fmt: skip
        words = set(facility.kind.split("_"))
        if words & NEVER and not (words & NEVER == {"home"} and words & _OPERATED):
            raise BadValue(_facility(facility), _("kind %(kind)s is a dwelling or a person") % {"kind": facility.kind},
                           _("register only places with an operator"))  # fmt: skip
    with transaction.atomic():
        rows = [
            FacilityRow(id=f.id, kind=f.kind, title=dict(f.title), lon=f.lon, lat=f.lat, jurisdiction=f.jurisdiction,
                        labels=dict(f.labels))
            for f in {facility.id: facility for facility in facilities}.values()
        ]  # fmt: skip
        FacilityRow.objects.bulk_create(
            rows, update_conflicts=True, unique_fields=["id"],
            update_fields=["kind", "title", "lon", "lat", "jurisdiction", "labels"],
        )  # fmt: skip
        content = digest({"facilities": [[row.id, row.kind, row.lon, row.lat, row.jurisdiction] for row in rows]})
        ledger.append("places", "facilities_put", {"facilities": len(rows), "content": content}, actor=actor, now=now)


def _require_zone(area: Area) -> None:
    try:
        ZoneInfo(area.zone)
    except (ValueError, KeyError, OSError):
        raise BadValue(_area(area.path), _("%(zone)s is no time zone") % {"zone": area.zone},
                       _("write for example Asia/Shanghai")) from None  # fmt: skip


def _require_closed(area: Area) -> None:
    for ring in area.boundary:
        inside = all(len(point) == 2 and -180 <= point[0] <= 180 and -90 <= point[1] <= 90 for point in ring)
        if len(ring) < 4 or ring[0] != ring[-1] or not inside:
            raise BadValue(_area(area.path), _("its boundary is no closed ring of longitude and latitude"),
                           _("write each ring as [longitude, latitude] in WGS 84, the last point like the first"))  # fmt: skip


def _area(path: str) -> str:
    return _("area %(path)s") % {"path": path}


def _facility(facility: Facility) -> str:
    return _("facility %(facility)s") % {"facility": facility.id}
