"""Bulletins as JSON: what a door takes, and the body of a record of the log.

{"id": "urn:x:1", "issuer": "met.example", "hazard": "rainstorm", "rank": 3, "sent": "2026-07-20T01:00:00Z",
 "from": "2026-07-20T01:00:00Z", "until": "2026-07-20T07:00:00Z", "jurisdictions": ["simcity/east"]}
"""

from __future__ import annotations

import math

import msgspec

from tocsin.formats.reports import read_moment, require_cell
from tocsin.terms.bulletin import Bulletin
from tocsin.terms.errors import BadForm, BadTime, BadValue, TooBig
from tocsin.terms.moment import iso

__all__ = ["bulletin_body", "read_bulletin_body"]

MOST_AREAS = 10_000
LONGEST_US = 31 * 86_400_000_000
_NAME = 200


class _Row(msgspec.Struct, forbid_unknown_fields=True, rename={"from_": "from"}):
    id: str
    issuer: str
    hazard: str
    rank: int
    sent: str
    from_: str
    until: str
    jurisdictions: list[str] = []
    cells: list[str] = []
    circle: tuple[float, float, float] | None = None


def bulletin_body(bulletin: Bulletin) -> bytes:
    """The JSON of a bulletin."""
    return msgspec.json.encode(
        _Row(
            bulletin.id, bulletin.issuer, bulletin.hazard, bulletin.rank, iso(bulletin.sent_us), iso(bulletin.from_us),
            iso(bulletin.until_us), list(bulletin.jurisdictions), list(bulletin.cells), bulletin.circle,
        )
    )  # fmt: skip


def read_bulletin_body(body: bytes) -> Bulletin:
    """The bulletin of a body. Raises BadForm, BadTime, BadValue, TooBig."""
    if len(body) > 1_000_000:
        raise TooBig("bulletin", "at most 1,000,000 bytes", "send a coarser area")
    try:
        row = msgspec.json.decode(body, type=_Row)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
        raise BadForm("bulletin", str(error), "send id, issuer, hazard, rank, sent, from, until and an area") from None
    thing = f"bulletin {row.id[:60]}"
    if not row.id or max(map(len, (row.id, row.issuer, row.hazard))) > _NAME:
        raise BadValue(thing, f"id, issuer and hazard have 1 to {_NAME} characters", "shorten them")
    if not 1 <= row.rank <= 9:
        raise BadValue(thing, f"rank must be 1 to 9, got {row.rank}", "send the rank of its level")
    if len(row.jurisdictions) + len(row.cells) > MOST_AREAS:
        raise TooBig(thing, f"at most {MOST_AREAS} jurisdictions and cells", "send a coarser area")
    for cell in row.cells:
        require_cell(thing, cell)
    sent, begins, ends = (read_moment(thing, text) for text in (row.sent, row.from_, row.until))
    if ends - begins > LONGEST_US:
        raise BadTime(thing, "it is in force for more than 31 days", "correct its period")
    return Bulletin(row.id, row.issuer, row.hazard, row.rank, sent, begins, ends, tuple(row.jurisdictions),
                    tuple(row.cells), _circle(thing, row.circle))  # fmt: skip


def _circle(thing: str, circle: tuple[float, float, float] | None) -> tuple[float, float, float] | None:
    if circle is None:
        return None
    lon, lat, km = circle
    if not (all(map(math.isfinite, circle)) and -180 <= lon <= 180 and -90 <= lat <= 90 and 0 < km <= 1000):
        raise BadValue(thing, "a circle is longitude, latitude and a radius up to 1000 km", "correct it")
    return circle
