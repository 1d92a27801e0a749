"""Rules about files that come with a message (R32 to R37). Nothing is fetched."""

from __future__ import annotations

import base64
import binascii
import hashlib
import ipaddress
import re

from tocsin.formats.cap.message import Info, Resource
from tocsin.formats.cap.rules.checking import Checking
from tocsin.formats.cap.rules.info import ABSOLUTE
from tocsin.formats.cap.rules.text import check_text

__all__ = ["check_resources", "private_host"]

_MIME = re.compile(
    r"(?:application|audio|font|image|message|model|multipart|text|video)/[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]*(?:\s*;.*)?"
)
_SHA1 = re.compile(r"[0-9A-Fa-f]{40}")
_HOST = re.compile(r"(?i)(https?)://(?:[^/?#@]*@)?(\[[^\]]*\]|[^/?#:]*)")
_MAGIC = {
    "image/png": (b"\x89PNG\r\n\x1a\n",), "image/jpeg": (b"\xff\xd8\xff",), "image/gif": (b"GIF87a", b"GIF89a"),
    "application/pdf": (b"%PDF-",), "application/zip": (b"PK\x03\x04",),
    "audio/mpeg": (b"ID3", b"\xff\xfb", b"\xff\xf3", b"\xff\xf2"), "audio/ogg": (b"OggS",), "audio/wav": (b"RIFF",),
}  # fmt: skip


def check_resources(checking: Checking, info: Info, xpath: str) -> None:
    """Every resource of an info."""
    for number, resource in enumerate(info.resources, 1):
        _resource(checking, resource, f"{xpath}/cap:resource[{number}]")


def private_host(uri: str) -> bool:
    """Whether an http address names a machine by a name or number that is not public (loopback, private, link-local)."""
    found = _HOST.match(uri)
    if found is None:
        return False
    host = found.group(2).strip("[]").rstrip(".").lower()
    if host in ("", "localhost") or host.endswith((".localhost", ".local", ".internal", ".lan")):
        return True
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:  # a name, or a number in a form that only resolvers of C understand
        return re.fullmatch(r"(?:0x[0-9a-f]+|\d+)(?:\.(?:0x[0-9a-f]+|\d+))*", host) is not None


def _resource(checking: Checking, resource: Resource, xpath: str) -> None:
    if not resource.resource_desc.strip():
        checking.add("R32", f"{xpath}/cap:resourceDesc", "it is empty")
    check_text(checking, f"{xpath}/cap:resourceDesc", resource.resource_desc)
    if not _MIME.fullmatch(resource.mime_type.strip()):
        checking.add("R32", f"{xpath}/cap:mimeType", f"{resource.mime_type[:40]!r} is no MIME type")
    if resource.size is not None and resource.size < 0:
        checking.add("R33", f"{xpath}/cap:size", "it is negative")
    _uri(checking, resource, xpath)
    content = _content(checking, resource, xpath)
    if resource.digest and not _SHA1.fullmatch(resource.digest.strip()):
        checking.add("R36", f"{xpath}/cap:digest", "it is no SHA-1 in hex")
    elif resource.digest and content is not None and not _digest_holds(content, resource.digest):
        checking.add("R36", f"{xpath}/cap:digest", "it is not that of the content", "error")
    elif not resource.digest:
        checking.add("R36", xpath, "it has no digest")


def _uri(checking: Checking, resource: Resource, xpath: str) -> None:
    if not resource.uri:
        return
    check_text(checking, f"{xpath}/cap:uri", resource.uri)
    if not ABSOLUTE.fullmatch(resource.uri):
        if not resource.deref_uri:
            checking.add("R34", f"{xpath}/cap:uri", f"{resource.uri[:60]!r} is relative and there is no derefUri")
    elif not resource.uri.lower().startswith(("http://", "https://")) or private_host(resource.uri):
        checking.strict("R37", f"{xpath}/cap:uri", "it leads to no public web server")


def _content(checking: Checking, resource: Resource, xpath: str) -> bytes | None:
    if not resource.deref_uri:
        return None
    try:
        content = base64.b64decode("".join(resource.deref_uri.split()), validate=True)
    except (binascii.Error, ValueError):
        checking.add("R35", f"{xpath}/cap:derefUri", "it is no base64")
        return None
    if resource.size is not None and resource.size != len(content):
        checking.add("R33", f"{xpath}/cap:size", f"it says {resource.size}, the content has {len(content)} bytes")
    magic = _MAGIC.get(resource.mime_type.partition(";")[0].strip().lower())
    if magic and not content.startswith(magic):
        checking.add("R35", f"{xpath}/cap:derefUri", f"the content does not look like {resource.mime_type[:40]}")
    return content


def _digest_holds(content: bytes, digest: str) -> bool:
    return hashlib.sha1(content, usedforsecurity=False).hexdigest() == digest.strip().lower()  # the standard's choice
