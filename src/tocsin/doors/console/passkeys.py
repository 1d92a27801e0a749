"""Passkeys: a signer signs on the own telephone (WebAuthn level 3, by the library fido2). What is signed is bound into the
challenge: SHA-256 of a number that is used once and of the very version and digest that the page shows."""

from __future__ import annotations

import hashlib
import json
import secrets
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST
from fido2.server import Fido2Server
from fido2.utils import websafe_encode
from fido2.webauthn import (
    AttestedCredentialData,
    AuthenticationResponse,
    PublicKeyCredentialRpEntity,
    PublicKeyCredentialUserEntity,
    UserVerificationRequirement,
)

from tocsin.doors.access import acting, actor_of_request
from tocsin.doors.console.assets import asset_url
from tocsin.doors.console.frame import open_frame
from tocsin.doors.refusals import status_of
from tocsin.loop.warn.services.passkeys import PasskeyLine, add_passkey, note_use, passkeys_of, remove_passkey
from tocsin.records import clock
from tocsin.records.org.roles import Act
from tocsin.terms.errors import BadForm, BadValue, Refused, Stale, UnknownName
from tocsin.terms.moment import to_us

__all__ = ["add", "begin", "challenge", "passkeys_page", "signs_by_passkey", "used_passkey"]

_KEPT = "passkey"  # where the session keeps what was asked
_FOR_US = 5 * 60 * 1_000_000  # how long it may be answered
_VERIFIED = UserVerificationRequirement.REQUIRED  # whoever holds the telephone is asked for finger, face or number
_LARGEST = 20_000


def signs_by_passkey(request: HttpRequest) -> bool:
    """Whether this signer is asked for a passkey: the deployment wants it, or the signer has one."""
    account = actor_of_request(request).account
    return settings.CONFIGURATION.signing == "passkey" or bool(passkeys_of(account))


@require_http_methods(["GET", "HEAD", "POST"])
@acting(Act.SIGN_WARNING)
def passkeys_page(request: HttpRequest) -> HttpResponse:
    """The signer's own; making one, removing one."""
    frame = open_frame(request)
    if request.method == "POST":
        remove_passkey(request.POST.get("remove", ""), actor=frame.actor, now=clock.now())
        return HttpResponseRedirect(reverse("console:passkeys"))
    lines = [
        {"fingerprint": k.fingerprint, "name": k.name, "made_us": to_us(k.made_at),
         "used_us": to_us(k.used_at) if k.used_at else None}
        for k in passkeys_of(frame.actor.account)
    ]  # fmt: skip
    context = frame.context(request, "warnings", "staff.css", "loop.css", "warn.css") | {
        "passkeys": lines, "is_needed": settings.CONFIGURATION.signing == "passkey",
        "passkey_script": asset_url("passkeys.js"),
    }  # fmt: skip
    return render(request, "console/passkeys.html", context)


@require_POST
@acting(Act.SIGN_WARNING)
def begin(request: HttpRequest) -> JsonResponse:
    """What the browser needs to make one."""
    actor = actor_of_request(request)
    user = PublicKeyCredentialUserEntity(
        id=actor.account.encode(), name=request.user.get_username(), display_name=actor.post
    )
    known = [AttestedCredentialData(line.credential) for line in passkeys_of(actor.account)]
    options, state = _server(request).register_begin(user, known, user_verification=_VERIFIED)
    request.session[_KEPT] = {"state": state, "at_us": to_us(clock.now())}
    return JsonResponse(dict(options))


@require_POST
@acting(Act.SIGN_WARNING)
def add(request: HttpRequest) -> JsonResponse:
    """The browser made one."""
    try:
        kept = _kept(request)
        sent = _posted(request.body)
        name = str(sent.pop("name", ""))
        made = _server(request).register_complete(kept["state"], sent)
        if made.credential_data is None:
            raise ValueError("no credential")
        add_passkey(made.credential_data.credential_id, bytes(made.credential_data), name,
                    count=made.counter, actor=actor_of_request(request), now=clock.now())  # fmt: skip
    except (ValueError, KeyError, TypeError):
        return _problem(
            BadForm(_("passkey"), _("what the browser sent is no answer to what was asked"), _("try again"))
        )
    except Refused as error:
        return _problem(error)
    return JsonResponse({"to": reverse("console:passkeys")})


@require_POST
@acting(Act.SIGN_WARNING)
def challenge(request: HttpRequest) -> JsonResponse:
    """What the browser needs to sign ``bound``: ``sign:warning:version:digest``, ``presign:...`` or ``countersign:warning``."""
    bound = request.POST.get("bound", "")[:300]
    known = passkeys_of(actor_of_request(request).account)
    if not known:
        return _problem(UnknownName(_("signature"), _("you have no passkey here yet"), _("add one under Passkeys")))
    number = secrets.token_hex(32)
    options, state = _server(request).authenticate_begin(
        [AttestedCredentialData(line.credential) for line in known], user_verification=_VERIFIED,
        challenge=_challenge(number, bound),
    )  # fmt: skip
    request.session[_KEPT] = {"state": state, "number": number, "bound": bound, "at_us": to_us(clock.now())}
    return JsonResponse(dict(options))


def used_passkey(request: HttpRequest, bound: str) -> str:
    """The fingerprint of the passkey that signed exactly this; "" where the form brings none. Raises BadValue for one that did
    not sign it, Stale for one that was asked for too long ago."""
    sent = request.POST.get("assertion", "")
    if not sent:
        return ""
    wrong = BadValue(
        _("passkey"), _("it did not sign what this page shows"), _("load the page again and sign once more")
    )
    try:
        kept = _kept(request)
        state = {**kept["state"], "challenge": websafe_encode(_challenge(kept["number"], bound))}
        answer = AuthenticationResponse.from_dict(_posted(sent.encode()))
        known = passkeys_of(actor_of_request(request).account)
        lines: dict[bytes, PasskeyLine] = {AttestedCredentialData(k.credential).credential_id: k for k in known}
        used = _server(request).authenticate_complete(
            state, [AttestedCredentialData(k.credential) for k in known], answer
        )
        line = lines[used.credential_id]
    except (ValueError, KeyError, TypeError):
        raise wrong from None
    note_use(line.fingerprint, answer.response.authenticator_data.counter, now=clock.now())
    return line.fingerprint


# ---------------------------------------------------------------- small parts
def _server(request: HttpRequest) -> Fido2Server:
    """Bound to the host under which this page was opened: a passkey of another name does not fit (and ALLOWED_HOSTS says
    which names are ours)."""
    host = request.get_host()
    origin = f"{request.scheme}://{host}"
    name = host.rpartition(":")[0] or host
    return Fido2Server(PublicKeyCredentialRpEntity(id=name, name="Tocsin"), verify_origin=lambda said: said == origin)


def _kept(request: HttpRequest) -> dict[str, Any]:
    """What was asked, once. Raises Stale where nothing was, or too long ago."""
    kept = request.session.pop(_KEPT, None)
    if not isinstance(kept, dict) or to_us(clock.now()) - kept["at_us"] > _FOR_US:
        raise Stale(_("passkey"), _("it was asked for too long ago, or used already"), _("sign once more"))
    return kept


def _challenge(number: str, bound: str) -> bytes:
    return hashlib.sha256(f"{number}\n{bound}".encode()).digest()


def _posted(body: bytes) -> dict[str, Any]:
    if len(body) > _LARGEST:
        raise ValueError("too long")
    document = json.loads(body)
    if not isinstance(document, dict):
        raise TypeError("no object")
    return document


def _problem(error: Refused) -> JsonResponse:
    said = f"{error.thing}: {error.rule}. {_('What to do:')} {error.remedy}."
    return JsonResponse({"said": said}, status=status_of(error))
