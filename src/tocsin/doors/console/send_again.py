"""Nothing typed is lost: a form that came without a session, or with an outdated token, is answered by a page that carries
its fields on. After the log-in they are shown once more and sent with one press. Photographs cannot be carried; the page
says so. (With script, ``drafts.js`` has kept the text in the browser as well.)
"""

from __future__ import annotations

import json

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from tocsin.doors.console.plain import onward, plain_context
from tocsin.doors.refusals import refusal_page
from tocsin.terms.errors import NotAllowed

__all__ = ["carried_in", "form_out_of_date", "log_in_first", "send_again_page"]

Fields = list[tuple[str, str]]
_NEVER = {"csrfmiddlewaretoken", "carried"}
_CHARACTERS_AT_MOST = 1_000_000


def log_in_first(request: HttpRequest) -> HttpResponse:
    """The answer to a form that was sent after the session had ended: log in here, then it is sent."""
    from tocsin.doors.console.login import login_page  # noqa: PLC0415 - the two answer each other

    return login_page(
        request, onward(request, request.get_full_path()), status=403, ended=True, photos=bool(request.FILES),
        carried=json.dumps(_fields(request), ensure_ascii=False), username="",
    )  # fmt: skip


def form_out_of_date(request: HttpRequest, reason: str = "") -> HttpResponse:
    """The answer to a form whose token does not fit. From a page of ours - the browser says so - it is one that was open
    while somebody logged in anew: its fields are carried on. From anywhere else nothing of it is repeated."""
    if not _from_our_page(request) or request.path in ("/login", "/password"):
        return refusal_page(request, NotAllowed(
            _("this form"), _("it is out of date, or came from another site"), _("open the page again and send it from there")
        ))  # fmt: skip
    if request.user.is_authenticated:
        return send_again_page(request, onward(request, request.get_full_path()), _fields(request), status=403)
    return log_in_first(request)


def send_again_page(request: HttpRequest, path: str, fields: Fields, *, status: int = 200) -> HttpResponse:
    """What was typed, and the one press that sends it."""
    shown = [(name.replace("_", " "), value) for name, value in fields if value and name not in ("once", "version")]
    context = plain_context(request, "send_again") | {"path": path, "fields": fields, "shown": shown,
                                                      "photos": bool(request.FILES)}  # fmt: skip
    return render(request, "console/send_again.html", context, status=status)


def carried_in(text: str) -> Fields:
    """The fields that a log-in page carried; empty for anything else."""
    if not text or len(text) > _CHARACTERS_AT_MOST:
        return []
    try:
        pairs = json.loads(text)
        return [(str(name), str(value)) for name, value in pairs if str(name) not in _NEVER]
    except (ValueError, TypeError):
        return []


def _fields(request: HttpRequest) -> Fields:
    return [
        (name, str(value))
        for name, values in request.POST.lists()
        if name not in _NEVER and "password" not in name
        for value in values
    ]


def _from_our_page(request: HttpRequest) -> bool:
    origin = request.headers.get("Origin")
    if origin:
        return origin == f"{request.scheme}://{request.get_host()}"
    return request.headers.get("Sec-Fetch-Site") == "same-origin"
