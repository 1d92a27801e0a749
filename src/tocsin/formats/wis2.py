"""Notifications of WIS2, the WMO Information System 2.0: where a message is, what its bytes must be, sometimes the bytes.

The form is the WIS2 Notification Message (Manual on WIS, WMO-No. 1060, volume II; conformance class wnm/1/conf/core): a GeoJSON
feature with ``properties.data_id``, ``pubtime`` and links. A collection of them is read like a feed (R75).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import zlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from tocsin.terms.errors import BadForm, TooBig

__all__ = ["Notification", "is_notification", "read_notifications"]

MOST_BYTES = 2 << 20  # of the content of one notification, unpacked
MOST_NOTIFICATIONS = 2000
_METHODS = ("sha256", "sha384", "sha512", "sha3-256", "sha3-384", "sha3-512")
_RELATIONS = ("canonical", "update", "deletion")


@dataclass(frozen=True, slots=True)
class Notification:
    """``name``: its id; ``data_id`` names the data for ever. ``relation``: canonical, update (replaces the bytes) or deletion.
    ``content``: the bytes that it carries itself, None where they are only linked. ``fault``: why it cannot be used, ""
    where it can."""

    name: str
    data_id: str
    published: str
    href: str
    relation: str
    content: bytes | None
    method: str
    digest: str
    fault: str = ""

    def require_whole(self, data: bytes) -> bytes:
        """The bytes, where they are those that were announced. Raises BadForm where the digest is another."""
        if self.method:
            found = base64.b64encode(hashlib.new(self.method.replace("-", "_"), data).digest()).decode()
            if found != self.digest:
                raise BadForm(f"WIS2 data {self.data_id[:120]}", "R75: it is not what was announced", "fetch it again")
        return data


def is_notification(data: bytes) -> bool:
    """Whether bytes look like a notification or a collection of them: a JSON object with a GeoJSON type."""
    if data.lstrip()[:1] != b"{":
        return False
    try:
        document = msgspec.json.decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return False
    return isinstance(document, dict) and document.get("type") in ("Feature", "FeatureCollection")


def read_notifications(data: bytes) -> list[Notification]:
    """Each notification by itself: one that breaks the form has a ``fault`` and hides no other. Raises BadForm for what is
    neither a notification nor a collection, TooBig for too many."""
    try:
        document = msgspec.json.decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise BadForm("WIS2 notification", f"R75: it is no JSON ({error})"[:200], "send a GeoJSON feature") from None
    features = document.get("features") if isinstance(document, dict) else None
    if isinstance(document, dict) and document.get("type") == "Feature":
        features = [document]
    if not isinstance(features, list):
        raise BadForm("WIS2 notification", "R75: it is neither a feature nor a collection", "send a GeoJSON feature")
    if len(features) > MOST_NOTIFICATIONS:
        raise TooBig(
            "WIS2 notifications", f"R75: {len(features)} are sent, {MOST_NOTIFICATIONS} are taken", "send fewer"
        )
    return [_read(feature if isinstance(feature, dict) else {}) for feature in features]


def _read(feature: dict[str, Any]) -> Notification:
    given = feature.get("properties")
    properties: dict[str, Any] = given if isinstance(given, dict) else {}
    name, data_id, published = (
        _text(part) for part in (feature.get("id"), properties.get("data_id"), properties.get("pubtime"))
    )
    relation, href = _link(feature.get("links"))
    stated = properties.get("integrity")
    integrity: dict[str, Any] = stated if isinstance(stated, dict) else {}
    method, digest = _text(integrity.get("method")).lower(), _text(integrity.get("value"))
    missing = [
        key for key, text in (("id", name), ("data_id", data_id), ("pubtime", published), ("link", href)) if not text
    ]
    fault = f"it has no {', '.join(missing)}" if missing else ""
    if published and not _is_moment(published):
        fault = fault or "its pubtime is no moment"
    if method and method not in _METHODS:
        fault = fault or f"its integrity method {method[:40]} is not known"
    content: bytes | None = None
    try:
        content = _content(properties.get("content"))
    except BadForm as error:
        fault = fault or error.rule
    return Notification(name, data_id, published, href, relation, content, method, digest, fault)


def _link(links: Any) -> tuple[str, str]:
    """The relation and address that matter: a deletion before an update before the data itself."""
    found = (
        {str(link.get("rel")): _text(link.get("href")) for link in links if isinstance(link, dict)}
        if isinstance(links, list)
        else {}
    )
    for relation in reversed(_RELATIONS):
        if found.get(relation):
            return relation, found[relation]
    return "", ""


def _content(content: Any) -> bytes | None:
    """The bytes inside, unpacked within a limit. Raises BadForm."""
    if not isinstance(content, dict):
        return None
    value, encoding = content.get("value"), _text(content.get("encoding"))
    if not isinstance(value, str) or len(value) > 2 * MOST_BYTES:
        raise BadForm("WIS2 content", "R75: it has no value, or more than is taken", "link to it")
    try:
        data = value.encode() if encoding == "utf-8" else base64.b64decode(value, validate=True)
        if encoding == "gzip":
            unpacking = zlib.decompressobj(31)
            data = unpacking.decompress(data, MOST_BYTES)
            if unpacking.unconsumed_tail:
                raise BadForm("WIS2 content", "R75: it unpacks to more than is taken", "link to it")
    except (binascii.Error, ValueError, zlib.error):
        raise BadForm(
            "WIS2 content", f"R75: it is not {encoding[:20] or 'encoded'}", "send utf-8, base64 or gzip"
        ) from None
    if encoding not in ("utf-8", "base64", "gzip"):
        raise BadForm("WIS2 content", f"R75: the encoding {encoding[:20]!r} is not known", "send utf-8, base64 or gzip")
    return data


def _is_moment(text: str) -> bool:
    try:
        return datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        return False


def _text(value: Any) -> str:
    return value.strip()[:2000] if isinstance(value, str) else ""
