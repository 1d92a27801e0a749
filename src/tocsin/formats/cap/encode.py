"""A message as bytes, unchecked: UTF-8 with declaration, elements in the order of the schema, texts escaped.

Publish with ``write``, which checks first.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from tocsin.formats.cap.codes import NAMESPACE
from tocsin.formats.cap.message import Alert, Area, Circle, Info, Pair, Reference, Resource, Ring
from tocsin.formats.cap.times import write_time

__all__ = ["attribute", "encode", "escaped", "number_text", "reference_text", "ring_text"]

_DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'
# A carriage return written bare would come back as a line feed. > is escaped for readers that look for ]]>.
_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;"})


def encode(alert: Alert) -> bytes:
    """The bytes. Raises BadTime for a time that CAP cannot write."""
    lines = [f'<alert xmlns="{NAMESPACE}">', *_alert(alert), "</alert>", ""]
    return (_DECLARATION + "\n".join(lines)).encode()


def escaped(text: str) -> str:
    """Text for the inside of an element."""
    return text.translate(_ESCAPES)


def attribute(text: str) -> str:
    """Text as the value of an attribute, with its quotes."""
    return '"' + text.translate(_ESCAPES).replace('"', "&quot;").replace("\n", "&#10;").replace("\t", "&#9;") + '"'


def number_text(value: float) -> str:
    """A number without exponent and with at most twelve decimals: less than a hair's breadth in degrees."""
    text = format(value, ".12f").rstrip("0").removesuffix(".")
    return "0" if text == "-0" else text


def ring_text(ring: Ring) -> str:
    """``lat,lon lat,lon ...``"""
    return " ".join(f"{number_text(lat)},{number_text(lon)}" for lat, lon in ring)


def reference_text(cited: Reference) -> str:
    """``sender,identifier,sent``"""
    return f"{cited.sender},{cited.identifier},{write_time(cited.sent) if cited.sent else ''}"


def _alert(alert: Alert) -> Iterator[str]:
    yield from _texts(1, ("identifier", alert.identifier), ("sender", alert.sender), ("sent", write_time(alert.sent)),
                      ("status", alert.status), ("msgType", alert.msg_type))  # fmt: skip
    yield from _optional(1, "source", alert.source)
    yield from _texts(1, ("scope", alert.scope))
    yield from _optional(1, "restriction", alert.restriction)
    yield from _optional(1, "addresses", _names(alert.addresses))
    yield from _texts(1, *(("code", code) for code in alert.codes))
    yield from _optional(1, "note", alert.note)
    yield from _optional(1, "references", " ".join(map(reference_text, alert.references)))
    yield from _optional(1, "incidents", _names(alert.incidents))
    for info in alert.infos:
        yield from _block(1, "info", _info(info))


def _info(info: Info) -> Iterator[str]:
    yield from _optional(2, "language", info.language)
    yield from _texts(2, *(("category", category) for category in info.categories), ("event", info.event))
    yield from _texts(2, *(("responseType", kind) for kind in info.response_types))
    yield from _texts(2, ("urgency", info.urgency), ("severity", info.severity), ("certainty", info.certainty))
    yield from _optional(2, "audience", info.audience)
    yield from _pairs(2, "eventCode", info.event_codes)
    for name, moment in (("effective", info.effective), ("onset", info.onset), ("expires", info.expires)):
        yield from _optional(2, name, _moment(moment))
    for name, text in (
        ("senderName", info.sender_name), ("headline", info.headline), ("description", info.description),
        ("instruction", info.instruction), ("web", info.web), ("contact", info.contact),
    ):  # fmt: skip
        yield from _optional(2, name, text)
    yield from _pairs(2, "parameter", info.parameters)
    for resource in info.resources:
        yield from _block(2, "resource", _resource(resource))
    for area in info.areas:
        yield from _block(2, "area", _area(area))


def _resource(resource: Resource) -> Iterator[str]:
    yield from _texts(3, ("resourceDesc", resource.resource_desc), ("mimeType", resource.mime_type))
    yield from _optional(3, "size", "" if resource.size is None else str(resource.size))
    for name, text in (("uri", resource.uri), ("derefUri", resource.deref_uri), ("digest", resource.digest)):
        yield from _optional(3, name, text)


def _area(area: Area) -> Iterator[str]:
    yield from _texts(3, ("areaDesc", area.area_desc))
    yield from _texts(3, *(("polygon", ring_text(ring)) for ring in area.polygons))
    yield from _texts(3, *(("circle", _circle(Circle(*circle))) for circle in area.circles))
    yield from _pairs(3, "geocode", area.geocodes)
    for name, height in (("altitude", area.altitude), ("ceiling", area.ceiling)):
        yield from _optional(3, name, "" if height is None else number_text(height))


def _circle(circle: Circle) -> str:
    return f"{number_text(circle.lat)},{number_text(circle.lon)} {number_text(circle.radius_km)}"


def _moment(moment: datetime | None) -> str:
    return "" if moment is None else write_time(moment)


def _names(names: Iterable[str]) -> str:
    """Names separated by spaces, those with white space in quotes."""
    return " ".join(f'"{name}"' if any(map(str.isspace, name)) else name for name in names)


def _pairs(depth: int, tag: str, pairs: Iterable[Pair]) -> Iterator[str]:
    for pair in pairs:
        yield from _block(depth, tag, _texts(depth + 1, ("valueName", pair.name), ("value", pair.value)))


def _block(depth: int, tag: str, inside: Iterable[str]) -> Iterator[str]:
    yield f"{'  ' * depth}<{tag}>"
    yield from inside
    yield f"{'  ' * depth}</{tag}>"


def _optional(depth: int, tag: str, text: str) -> Iterator[str]:
    return _texts(depth, (tag, text)) if text else iter(())


def _texts(depth: int, *told: tuple[str, str]) -> Iterator[str]:
    for tag, text in told:
        yield f"{'  ' * depth}<{tag}>{escaped(text)}</{tag}>"
