"""A CAP message as frozen values: what the OASIS Common Alerting Protocol 1.2 says, in Python's names.

Names are those of the standard in snake_case; what may repeat is a tuple with a plural name. A text that is absent is
"", a time or number that is absent is None. Order and duplicates of name/value pairs are kept: they mean something.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, TypeAlias

__all__ = ["DEFAULT_LANGUAGE", "Alert", "Area", "Circle", "Info", "Pair", "Reference", "Resource", "Ring"]

DEFAULT_LANGUAGE = "en-US"  # what a message without <language> is written in (CAP 1.2, section 3.2.2)

Ring: TypeAlias = tuple[tuple[float, float], ...]
"""Points (latitude, longitude) in degrees of WGS 84, the first repeated at the end."""


class Circle(NamedTuple):
    """A circle: centre in degrees of WGS 84, radius in kilometres."""

    lat: float
    lon: float
    radius_km: float


@dataclass(frozen=True, slots=True)
class Pair:
    """One ``valueName``/``value`` pair of a parameter, geocode or eventCode."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class Reference:
    """An earlier message. ``sent`` is None only where a reader could not understand what was cited."""

    sender: str
    identifier: str
    sent: datetime | None


@dataclass(frozen=True, slots=True)
class Resource:
    """A file that belongs to an info: ``size`` in bytes, ``deref_uri`` its content in base64, ``digest`` SHA-1 in hex."""

    resource_desc: str
    mime_type: str
    size: int | None = None
    uri: str = ""
    deref_uri: str = ""
    digest: str = ""


@dataclass(frozen=True, slots=True)
class Area:
    """A part of what an info is about; the target is the union of all of them. Heights are feet above sea level."""

    area_desc: str
    polygons: tuple[Ring, ...] = ()
    circles: tuple[Circle, ...] = ()
    geocodes: tuple[Pair, ...] = ()
    altitude: float | None = None
    ceiling: float | None = None


@dataclass(frozen=True, slots=True)
class Info:
    """What is said in one language: what threatens, how bad, from when to when, what to do, and where."""

    language: str
    categories: tuple[str, ...]
    event: str
    urgency: str
    severity: str
    certainty: str
    response_types: tuple[str, ...] = ()
    audience: str = ""
    event_codes: tuple[Pair, ...] = ()
    effective: datetime | None = None
    onset: datetime | None = None
    expires: datetime | None = None
    sender_name: str = ""
    headline: str = ""
    description: str = ""
    instruction: str = ""
    web: str = ""
    contact: str = ""
    parameters: tuple[Pair, ...] = ()
    resources: tuple[Resource, ...] = ()
    areas: tuple[Area, ...] = ()

    @property
    def spoken(self) -> str:
        """The language it is written in; the standard's default where it does not say."""
        return self.language or DEFAULT_LANGUAGE


@dataclass(frozen=True, slots=True)
class Alert:
    """One message. ``sender``, ``identifier`` and ``sent`` together name it for ever."""

    identifier: str
    sender: str
    sent: datetime
    status: str
    msg_type: str
    scope: str
    source: str = ""
    restriction: str = ""
    addresses: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()
    note: str = ""
    references: tuple[Reference, ...] = ()
    incidents: tuple[str, ...] = ()
    infos: tuple[Info, ...] = ()

    @property
    def reference(self) -> Reference:
        """How a later message cites this one."""
        return Reference(self.sender, self.identifier, self.sent)
