"""Where receivers say what became of a letter: gateways, other systems, browsers. The proof in the address says who may."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from tocsin.doors.channels.receipt_form import OURS, ReceiptForm, fields_of
from tocsin.records import clock
from tocsin.records.dispatch import receipts
from tocsin.terms.errors import BadForm

__all__ = ["of_gateway", "of_letter"]

BODY_BYTES = 8192
GATEWAYS = ("sms", "voice")


@csrf_exempt  # the proof stands in the address
@require_POST
def of_letter(request: HttpRequest, key: str, proof: str) -> HttpResponse:
    """One letter's own address: nothing in the body means that it was acknowledged; else ``status``, or what the gateway's form
    says. 204 once it is written."""
    if not receipts.proves(key, proof):
        return _said("This address is not one of ours.", 404)
    form = _form_of(receipts.channel_of(key)) or OURS
    return _note(request, form, key)


@csrf_exempt
@require_POST
def of_gateway(request: HttpRequest, channel: str, proof: str) -> HttpResponse:
    """The one address of a gateway; its report names the letter."""
    form = _form_of(channel)
    if form is None or not form.id or not receipts.proves_gateway(channel, proof):
        return _said("This address is not one of ours.", 404)
    return _note(request, form, "")


def _form_of(channel: str) -> ReceiptForm | None:
    said = getattr(settings.CONFIGURATION, f"{channel}_receipt", "") if channel in GATEWAYS else ""
    return ReceiptForm.of(said, f"setting {channel}_receipt") if said else None


def _note(request: HttpRequest, form: ReceiptForm, key: str) -> HttpResponse:
    if int(request.headers.get("Content-Length") or 0) > BODY_BYTES:
        return _said("The report is over 8192 bytes.", 413)
    try:
        named, receipt, word = form.read(fields_of(request.body, request.content_type or ""))
    except BadForm as error:
        return _said(str(error), 400)
    if receipt is None:
        return HttpResponse(status=204)  # "queued" and the like: taken, and nothing follows from it
    if not receipts.note(key or named, receipt, said=word, now=clock.now()):
        return _said("No letter of this key is out yet. Report again.", 503 if key else 404)
    return HttpResponse(status=204)


def _said(words: str, status: int) -> HttpResponse:
    return HttpResponse(f"{words}\n", status=status, content_type="text/plain; charset=utf-8")
