"""WIS2 notification messages (WMO Manual on WIS, volume II, appendix E; WNM 1, conformance class core): the word of a national
service, over a broker, that a message has been published, with its address and its checksum.

A notice is 8,192 bytes at most. Each CAP message is data of its own, so that an Update or a Cancel is announced as new data.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import shapely

from tocsin.formats.cap.atom import CAP_TYPE
from tocsin.formats.cap.message import Alert
from tocsin.formats.cap.target import target_shape
from tocsin.terms.errors import BadForm, BadValue, TooBig

__all__ = ["WIS2_TOPIC", "Wis2Notice", "read_wis2", "wis2_notice"]

WIS2_TOPIC = "data/core/weather/advisories-warnings"  # below the centre's id, in the topic hierarchy of WIS2
MOST_BYTES = 8_192
CORE = "http://wis.wmo.int/spec/wnm/1/conf/core"
DELETION = "http://def.wmo.int/def/rel/wnm/-/deletion"
_GOOD = ("canonical", "http://def.wmo.int/def/rel/wnm/-/update")
_SCHEMES = ("https://", "http://", "ftp://", "sftp://")
_HASHES = {"sha256": "sha256", "sha384": "sha384", "sha512": "sha512", "sha3-256": "sha3_256", "sha3-384": "sha3_384",
           "sha3-512": "sha3_512"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Wis2Notice:
    """What a notice says. ``href``: the preferred address of the data; ``is_deleted``: it was taken away; ``digest``: method
    and base64 value of its checksum, None where it has none."""

    id: str
    data_id: str
    published: datetime
    href: str
    is_deleted: bool = False
    digest: tuple[str, str] | None = None

    def fits(self, data: bytes) -> bool:
        """Whether these bytes are the ones that were announced; True where the notice has no checksum that we know."""
        if self.digest is None or self.digest[0] not in _HASHES:
            return True
        made = base64.b64encode(hashlib.new(_HASHES[self.digest[0]], data).digest())
        return hmac.compare_digest(made, self.digest[1].encode())


def wis2_notice(alert: Alert, document: bytes, *, href: str, centre: str, published: datetime) -> bytes:
    """The notice of a message that stands under ``href``, for the broker of a WIS2 ``centre`` (``cn-cma``): JSON. The same
    message gives the same id. Raises BadValue for an address that is none or a moment without zone."""
    if not href.startswith(_SCHEMES) or published.tzinfo is None or alert.sent is None:
        raise BadValue("WIS2 notice", "needs an absolute address and moments with their zone", "give both")
    ends = [info.expires for info in alert.infos if info.expires is not None]
    when = (
        {"start_datetime": _zulu(alert.sent), "end_datetime": _zulu(max(ends))}
        if ends
        else {"datetime": _zulu(alert.sent)}
    )
    name = base64.urlsafe_b64encode(hashlib.sha256(alert.identifier.encode()).digest()[:12]).decode()
    notice = {
        "id": str(uuid.uuid5(uuid.NAMESPACE_URL, f"{alert.sender},{alert.identifier},{_zulu(alert.sent)}")),
        "conformsTo": [CORE],
        "type": "Feature",
        "geometry": _geometry(alert),
        "properties": {
            "data_id": f"{centre}/{WIS2_TOPIC}/{name}",
            "pubtime": _zulu(published),
            **when,
            "integrity": {"method": "sha512", "value": base64.b64encode(hashlib.sha512(document).digest()).decode()},
        },
        "links": [{"href": href, "rel": "canonical", "type": CAP_TYPE, "length": len(document)}],
    }
    return json.dumps(notice, separators=(",", ":")).encode()


def read_wis2(data: bytes) -> Wis2Notice:
    """The notice that somebody sent. Raises TooBig, BadForm naming what the specification asks for and is not there."""
    if len(data) > MOST_BYTES:
        raise TooBig("WIS2 notice", f"has more than {MOST_BYTES} bytes", "announce the data by a link")
    try:
        read = json.loads(data)
        return _read(read)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise BadForm("WIS2 notice", f"is not one of WNM 1 ({error or type(error).__name__})",
                      "see the WIS2 notification message specification") from None  # fmt: skip


def _read(read: Mapping[str, Any]) -> Wis2Notice:
    uuid.UUID(read["id"])
    if read["type"] != "Feature" or not any(
        str(one).startswith(CORE.rpartition("/1/")[0]) for one in read["conformsTo"]
    ):
        raise ValueError("not a Feature that conforms to its core")
    if read["geometry"] is not None and read["geometry"]["type"] not in ("Point", "Polygon"):
        raise ValueError("geometry is neither point, polygon nor null")
    told = read["properties"]
    if "datetime" not in told and not {"start_datetime", "end_datetime"} <= told.keys():
        raise ValueError("no datetime")
    links = {str(link["rel"]): str(link["href"]) for link in reversed(read["links"])}
    rel = next((rel for rel in (*_GOOD, DELETION) if rel in links), None)
    if rel is None or not (rel == DELETION or links[rel].startswith(_SCHEMES)):
        raise ValueError("no link to the data")
    whole = told.get("integrity")
    digest = (str(whole["method"]), str(whole["value"])) if whole else None
    return Wis2Notice(read["id"], str(told["data_id"]), _moment(told["pubtime"]), links[rel], rel == DELETION, digest)


def _geometry(alert: Alert) -> dict[str, Any] | None:
    """The box around all areas: the specification takes one point or polygon."""
    whole = shapely.union_all([target_shape(info) for info in alert.infos])
    if whole.is_empty:
        return None
    west, south, east, north = (round(float(value), 4) for value in whole.bounds)
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return {"type": "Polygon", "coordinates": [ring]}


def _zulu(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _moment(text: str) -> datetime:
    """RFC 3339, in UTC."""
    if not text.endswith("Z"):
        raise ValueError("pubtime is not in UTC")
    return datetime.fromisoformat(text.replace("Z", "+00:00"))
