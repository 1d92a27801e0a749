"""Where gateways hand over what came back: the digits of a short message, the key that was pressed in a call. The setting
``answers_token`` proves who calls; without it there is no such door."""

from __future__ import annotations

import hmac
from typing import Any

import msgspec
from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from tocsin.doors.api.call_status import heard_of
from tocsin.records import clock
from tocsin.records.callout import services as callout
from tocsin.records.dispatch import answers as dispatch

__all__ = ["answers"]

BODY_BYTES = 4096


@csrf_exempt
@require_POST
def answers(request: HttpRequest) -> HttpResponse:
    """``{"from": "+8613...", "text": "4711"}`` for a short message, ``{"key": "dsp_...-0", "digit": "1"}`` for a call, with
    ``"status": "busy"`` where no key was pressed (``call_status``); JSON or a form. ``{"answered": true}`` where it answered a
    letter; false is no fault: somebody wrote something else, or a machine lifted the receiver."""
    if not _is_gateway(request):
        return JsonResponse({"error": "who calls is not known"}, status=401, headers={"WWW-Authenticate": "Bearer"})
    given = _given(request)
    if given is None:
        return JsonResponse({"error": "write from and text, or key and digit, as JSON or a form"}, status=400)
    now = clock.now()
    if "key" in given:
        done = dispatch.answer_by_digit(given["key"], given.get("digit", ""), now=now)
        heard = heard_of(given.get("digit", ""), given.get("status", ""))
        if not done and heard is not None:
            callout.note_call(given["key"], heard, given.get("status", ""), now=now)
    else:
        done = dispatch.answer_by_code(given["from"], given.get("text", ""), now=now)
    return JsonResponse({"answered": done})


def _is_gateway(request: HttpRequest) -> bool:
    token = settings.CONFIGURATION.answers_token
    said = request.headers.get("Authorization", "").removeprefix("Bearer ").strip()
    return bool(token) and hmac.compare_digest(said.encode(), token.encode())


def _given(request: HttpRequest) -> dict[str, str] | None:
    if int(request.headers.get("Content-Length") or 0) > BODY_BYTES:
        return None
    given: Any = request.POST.dict()
    if request.content_type == "application/json":
        try:
            given = msgspec.json.decode(request.body, type=dict[str, str])
        except (msgspec.MsgspecError, UnicodeDecodeError):
            return None
    return given if "key" in given or "from" in given else None
