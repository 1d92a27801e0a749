"""Routes: which address stands for which file, how long it may be kept, and how a page that is no file is made."""

from __future__ import annotations

import re
from dataclasses import dataclass

from django.conf import settings

from tocsin.doors.portal import files, made_pages
from tocsin.doors.portal.archive_pages import Asked, archive_page
from tocsin.doors.portal.embed import embed_page
from tocsin.doors.portal.headers import POLICY, WIDGET_POLICY, Wants, hub_links
from tocsin.doors.portal.public import Archive, Public
from tocsin.formats.cap import CAP_TYPE

__all__ = ["Route", "asked_of", "headers_of", "made", "route_of"]

SHORTLY_S = 15
_KINDS = {".xml": CAP_TYPE, ".atom": "application/atom+xml; charset=utf-8", ".geojson": "application/geo+json",
          ".pem": "application/x-pem-file"}  # fmt: skip
_HTML = "text/html; charset=utf-8"
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,59}")
_ARCHIVE = re.compile(r"/warnings/archive(?:/(\d{4}-\d{2})(?:/([1-9]\d{0,4}))?)?")
_THEMES = ("light", "dark")


@dataclass(frozen=True, slots=True)
class Route:
    """``what``: file, page, widget, archive or embed; ``name``: of the file, without a page's language."""

    what: str
    name: str
    for_good: bool = False
    month: str = ""
    number: int = 1

    def plain_name(self, asked: Wants) -> str | None:
        """Its file; None where what was chosen has none."""
        if self.what == "file":
            return self.name
        if self.what == "embed" or (self.what == "widget" and (asked.get("hazard") or asked.get("theme") in _THEMES)):
            return None
        if self.what == "archive" and not self.month and any(map(asked.get, ("month", "hazard", "level", "page"))):
            return None
        return files.page(self.name, asked.language)

    def key(self, asked: Wants) -> tuple[str, str]:
        """Under which a page that is no file is kept: only what it looks at counts."""
        looked_at = {"widget": ("hazard", "theme"), "archive": ("month", "hazard", "level", "page"),
                     "embed": ("area", "hazard", "theme", "wide")}.get(self.what, ())  # fmt: skip
        chosen = "&".join(f"{name}={asked.get(name)[:120]}" for name in looked_at)
        return f"{self.what} {self.name} {asked.language}", chosen

    def cache(self, left_s: int | None) -> bytes:
        """Cache-Control; ``left_s``: seconds until the first of what holds is over."""
        if self.for_good:
            return b"public, max-age=31536000, immutable"
        return b"public, max-age=%d" % (SHORTLY_S if left_s is None else min(SHORTLY_S, left_s))


def route_of(path: str) -> Route | None:
    """The route of an address (decoded path); None for what is not ours."""
    if not path.startswith(("/warnings", "/widget")) or not path.isprintable():
        return None
    match path:
        case "/warnings":
            return Route("page", "warnings/index")
        case "/warnings.geojson" | "/warnings/feed.atom" | "/warnings/certificate.pem":
            return Route("file", path[1:])
        case "/warnings/embed":
            return Route("embed", "warnings/embed")
        case "/widget":
            return Route("widget", "widget/index")
    if path.startswith("/widget/"):
        parts = path[1:].rstrip("/").split("/")
        sound = len(path) <= 220 and all(part and not part.startswith(".") and "\\" not in part for part in parts)
        return Route("widget", "/".join(parts)) if sound and len(parts) > 1 else None
    if (found := _ARCHIVE.fullmatch(path)) is not None:
        month, number = found[1] or "", int(found[2] or 1)
        name = f"warnings/archive/{month}" + (f"/{number}" if number > 1 else "") if month else "warnings/archive/index"
        return Route("archive", name, month=month, number=number)
    name = path.removeprefix("/warnings/")
    if name.endswith(".xml") and _ID.fullmatch(name[:-4]):
        return Route("file", f"warnings/{name}", for_good=True)
    return Route("page", f"warnings/{name}") if _ID.fullmatch(name) else None


def headers_of(route: Route, asked: Wants, coding: bytes) -> list[tuple[bytes, bytes]]:
    """All but those of caching."""
    kind = _KINDS.get("." + route.name.rpartition(".")[2], _HTML) if route.what == "file" else _HTML
    found = [(b"content-type", kind.encode()), (b"x-content-type-options", b"nosniff"),
             (b"referrer-policy", b"no-referrer" if route.what == "widget" else b"same-origin")]  # fmt: skip
    varies = b"Accept-Encoding"
    if kind == _HTML:
        varies = b"Accept-Encoding, Accept-Language, Cookie"
        found += [(b"content-language", asked.language.encode()), (b"cross-origin-opener-policy", b"same-origin")]
        if route.what == "widget":
            found.append((b"content-security-policy", WIDGET_POLICY))
        else:
            found += [(b"content-security-policy", POLICY), (b"x-frame-options", b"DENY")]
    else:
        found.append((b"access-control-allow-origin", b"*"))  # public words: any page may show them
    if route.name == files.FEED:
        found.append((b"link", ", ".join(f'<{address}>; rel="{rel}"' for rel, address in hub_links()).encode()))
    if settings.CONFIGURATION.cookies_are_secure:
        found.append((b"strict-transport-security", b"max-age=31536000"))
    if coding:
        found.append((b"content-encoding", coding))
    return [*found, (b"vary", varies)]


def asked_of(route: Route, asked: Wants) -> Asked:
    """What of the archive is asked for; what cannot be read means all."""
    month, level, number = asked.get("month"), asked.get("level"), asked.get("page")
    return Asked(
        route.month or (month if re.fullmatch(r"\d{4}-\d{2}", month) else ""), asked.get("hazard")[:100],
        int(level) if re.fullmatch(r"[1-9]", level) else 0,
        int(number) if re.fullmatch(r"[1-9]\d{0,4}", number) else route.number,
    )  # fmt: skip


def made(route: Route, asked: Wants, public: Public, archive: Archive, now_us: int) -> bytes | None:
    """A page that is no file; None where there is no such thing."""
    hazards = {one.code for one in public.hazards}
    hazard = asked.get("hazard")
    theme = asked.get("theme") if asked.get("theme") in _THEMES else ""
    if route.what == "widget":
        area = "" if route.name == "widget/index" else route.name.removeprefix("widget/")
        if (area and area not in {one.code for one in public.areas}) or (hazard and hazard not in hazards):
            return None
        return made_pages.widget_page(public, asked.language, now_us, area=area, hazard=hazard, theme=theme)
    if route.what == "archive":
        return archive_page(public, archive, asked_of(route, asked), asked.language, now_us)
    if route.what == "embed":
        return embed_page(public, asked.language, now_us, area=asked.get("area"), hazard=hazard, theme=theme)
    return None
