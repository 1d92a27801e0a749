"""The bytes of somebody else's message as an answer: unchanged, with where they came from, and never a page of ours.

A message may hold foreign elements, scripts among them: it is handed out as a file, and where a browser shows it all the same,
nothing in it may run or be loaded.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from django.http import HttpResponse

from tocsin.formats.cap import CAP_TYPE
from tocsin.loop.observe.bulletins.queries import BulletinLine

__all__ = ["bulletin_response"]


def bulletin_response(line: BulletinLine, document: bytes) -> HttpResponse:
    """``Link`` names the source (rel=via, RFC 4287)."""
    response = HttpResponse(document, content_type=CAP_TYPE)
    response["Content-Disposition"] = f'attachment; filename="{line.id}.xml"'
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["X-Content-Type-Options"] = "nosniff"
    if via := _plain_address(line.href):
        response["Link"] = f'<{via}>; rel="via"'
    return response


def _plain_address(href: str) -> str:
    """An https or http address that a header can hold; "" for anything else."""
    if not href.isascii() or not href.isprintable() or any(c in href for c in "<> \"'"):
        return ""
    return href if urlsplit(href).scheme in ("https", "http") else ""
