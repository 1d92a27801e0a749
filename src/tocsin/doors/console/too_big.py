"""A form that is too large, as a page that says what to do. It stands in front of Django, before anybody's session is known."""

from __future__ import annotations

import io
from collections.abc import MutableMapping
from typing import Any

from django.core.handlers.asgi import ASGIRequest
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import get_language_from_request
from django.utils.translation import gettext as _

from tocsin.doors.console.assets import asset_url
from tocsin.doors.console.plain import present_language, theme_of
from tocsin.terms.errors import TooBig

__all__ = ["too_big_page"]


def too_big_page(scope: MutableMapping[str, Any], limit: int) -> bytes:
    """The page in the reader's language; ``limit`` in bytes. Asks no database and no session."""
    request = ASGIRequest(scope, io.BytesIO())
    with translation.override(get_language_from_request(request)):
        error = TooBig(_("what you sent"), _("it is larger than {n} MB").format(n=max(1, limit >> 20)),
                       _("go back, choose fewer or smaller photographs, and send it again"))  # fmt: skip
        context = {"error": error, "language": present_language(), "theme": theme_of(request),
                   "stylesheets": (asset_url("console.css"), asset_url("staff.css"))}  # fmt: skip
        return render_to_string("console/too_big.html", context).encode()
