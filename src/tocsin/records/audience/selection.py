"""Selection: how ranges of subscribers become recipients, and how a sealed address is opened just before it is used."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _

from tocsin.geo.targeting import Polygon
from tocsin.records.audience.models import SubscriberRow
from tocsin.records.audience.seal import Seal
from tocsin.records.audience.wishes import About, Wish, wanted
from tocsin.records.dispatch.message import Recipient
from tocsin.records.dispatch.selection import SEALED, Revealed, Selection
from tocsin.records.places.models import Jurisdiction

__all__ = ["CONFIRMED", "SUBSCRIBERS", "borders_of", "leave_link", "leave_path", "seal", "subscribers"]

SUBSCRIBERS = "subscribers"
CONFIRMED = "confirmed"
_WITH_LINK = ("mail",)  # channels whose letters say how to leave; a short message has no room, its confirmation said it


def seal() -> Seal:
    """The deployment's."""
    return Seal(settings.CONFIGURATION.home.contact_keys())


def subscribers() -> Selection:
    """What audience registers with dispatch."""
    return Selection(_expand, _open)


def leave_link(kept: Seal, row_id: str) -> str:
    """Where a subscriber leaves with one click."""
    return f"{settings.CONFIGURATION.public_address}{leave_path(kept, row_id)}"


def leave_path(kept: Seal, row_id: str) -> str:
    """The same without this deployment's name."""
    return f"/subscribe/leave/{row_id}/{kept.proof('leave', row_id)}"


def _expand(criteria: Mapping[str, Any]) -> Iterator[Recipient]:
    """Confirmed subscribers of the range ``from`` .. ``to`` (numbers, the last not included) who want this warning."""
    about = About.of(criteria["about"])
    rows = list(
        SubscriberRow.objects.filter(
            state=CONFIRMED, channel=criteria["channel"], number__gte=criteria["from"], number__lt=criteria["to"]
        )
        .order_by("number")
        .values("id", "language", "places", "hazards", "least_level", "lon", "lat")
    )
    wishes = [Wish(r["places"], r["hazards"], r["least_level"], r["lon"], r["lat"]) for r in rows]
    for row, wants in zip(rows, wanted(wishes, about, borders_of(about)), strict=True):
        if wants:
            yield Recipient(f"subscriber:{row['id']}", f"{SEALED}{row['id']}", row["language"])


def borders_of(about: About) -> dict[str, list[Polygon]]:
    """Registered borders of the areas that the warning covers as a whole."""
    if about.polygons or about.circles:
        return {}
    rows = Jurisdiction.objects.filter(path__in=about.paths).values_list("path", "boundary")
    return {path: [[ring] for ring in boundary] for path, boundary in rows if boundary}


def _open(addresses: Sequence[tuple[str, str]]) -> dict[str, Revealed]:
    ids = [address.removeprefix(SEALED) for address, _language in addresses]
    rows = SubscriberRow.objects.filter(id__in=ids).values_list("id", "contact", "channel", "state")
    languages = {address.removeprefix(SEALED): language for address, language in addresses}
    kept, opened = seal(), {}
    for row_id, contact, channel, state in rows:
        link = leave_link(kept, row_id) if channel in _WITH_LINK and state == CONFIRMED else ""
        with translation.override(languages[row_id]):
            footer = _("No more such messages: {link}").format(link=link) if link else ""
        opened[f"{SEALED}{row_id}"] = Revealed(kept.open(contact), link, footer)
    return opened
