"""The page from which somebody copies the few lines that show warnings on a page of their own."""

from __future__ import annotations

from urllib.parse import quote, urlencode

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.html import escape
from django.utils.translation import gettext as _

from tocsin.doors.portal.frame import frame_context
from tocsin.doors.portal.public import Public

__all__ = ["embed_page", "snippet"]


def snippet(area: str, hazard: str, theme: str, language: str, title: str) -> str:
    """The lines: one frame, nothing of anybody else. A frame that may not run scripts could not renew itself: browsers
    bar a sandboxed page from doing so without ``allow-scripts``."""
    chosen = {name: value for name, value in (("hazard", hazard), ("theme", theme), ("lang", language)) if value}
    address = f"{settings.CONFIGURATION.public_address}/widget{'/' + quote(area) if area else ''}?{urlencode(chosen)}"
    return (
        f'<iframe src="{escape(address)}" title="{escape(title)}" width="100%" height="320" style="border:0" '
        'loading="lazy" referrerpolicy="no-referrer" '
        'sandbox="allow-scripts allow-popups allow-popups-to-escape-sandbox allow-same-origin"></iframe>'
    )


def embed_page(public: Public, language: str, now_us: int, *, area: str, hazard: str, theme: str) -> bytes:
    """The form, the lines to copy, and how it looks. What is not on the lists means all."""
    area = area if area in {one.code for one in public.areas} else ""
    hazard = hazard if hazard in {one.code for one in public.hazards} else ""
    with translation.override(language):
        title = next((one.titles.get(language, one.code) for one in public.areas if one.code == area), "")
        said = _("Warnings in force: {area}").format(area=title) if title else _("Warnings in force")
        query = urlencode({k: v for k, v in (("hazard", hazard), ("theme", theme), ("lang", language)) if v})
        context = frame_context("/warnings/embed", language, now_us) | {
            "area": area, "hazard": hazard, "theme": theme,
            "areas": [(one.code, one.titles.get(language, one.code)) for one in public.areas],
            "hazards": [(one.code, one.titles.get(language, one.code)) for one in public.hazards],
            "snippet": snippet(area, hazard, theme, language, said), "frame_title": said,
            "widget": f"/widget{'/' + quote(area) if area else ''}?{query}",
        }  # fmt: skip
        return render_to_string("portal/embed.html", context).encode()
