"""Pages of messages that are signed in advance: proposing, agreeing, withdrawing, releasing (ADR 16)."""

from __future__ import annotations

import secrets
from datetime import datetime

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from tocsin.doors.access import acting
from tocsin.doors.console.assets import asset_url
from tocsin.doors.console.frame import Frame, open_frame
from tocsin.doors.console.passkeys import signs_by_passkey, used_passkey
from tocsin.doors.console.standing import post_title
from tocsin.doors.console.warn_follow import to_warning
from tocsin.doors.console.warn_shown import area_choices, body_choices, presigned_on_page
from tocsin.doors.console.warn_words import text_label, tongue
from tocsin.doors.refusals import status_of
from tocsin.loop.warn import services
from tocsin.loop.warn.filling import LONG
from tocsin.loop.warn.names import Names
from tocsin.loop.warn.presigned import PRESIGNED, Presigned, presigned, presigned_lines
from tocsin.records import clock
from tocsin.records.org import queries as org
from tocsin.records.org.roles import Act
from tocsin.terms.errors import BadTime, BadValue, Refused

__all__ = ["presigned_one", "presigned_page", "release"]

SHEETS = ("staff.css", "loop.css", "warn.css")


@require_http_methods(["GET", "HEAD", "POST"])
@acting(Act.READ_WARNINGS)
def presigned_page(request: HttpRequest) -> HttpResponse:
    """Their list, and for duty officers the form that proposes one."""
    frame = open_frame(request)
    error: Refused | None = None
    if request.method == "POST":
        try:
            made = _propose(request, frame)
            return HttpResponseRedirect(reverse("console:presigned_one", args=[made]))
        except Refused as refused:
            error = refused
    names = Names.read()
    may_propose = frame.actor.may(Act.DRAFT_WARNING)
    context = frame.context(request, "warnings", *SHEETS) | {
        "lines": presigned_on_page(presigned_lines(frame.scope), names), "may_propose": may_propose, "error": error,
        "is_declared": PRESIGNED in settings.CONFIGURATION.small_office, "typed": request.POST,
        "once": secrets.token_urlsafe(12), "typed_paths": request.POST.getlist("paths"),
        "hazards": [(code, names.hazard(code)) for code in names.hazards if names.spec(code)],
        "levels": [level.rank for level in reversed(names.scheme.levels)],
        "areas": area_choices(names, frame), "bodies": body_choices(names, ""),
    }  # fmt: skip
    return render(request, "console/presigned.html", context, status=status_of(error) if error else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@acting(Act.READ_WARNINGS)
def presigned_one(request: HttpRequest, presigned_id: str) -> HttpResponse:
    """All that one says and asks for; a signer agrees to it or withdraws it."""
    frame = open_frame(request)
    error: Refused | None = None
    if request.method == "POST":
        try:
            return _decided(request, frame, presigned_id)
        except Refused as refused:
            error = refused
    line, names = presigned(frame.scope, presigned_id), Names.read()
    is_signer = frame.actor.may(Act.SIGN_WARNING) and org.post(frame.actor.post).department == line.body
    context = frame.context(request, "warnings", *SHEETS) | {
        "line": line, "one": presigned_on_page([line], names)[0], "error": error, "terms": _terms(line, names, frame),
        "tongues": [
            {"lang": tongue(k).lang, "name": tongue(k).name,
             "texts": [(text_label(name), texts.get(name, "")) for name in LONG]}
            for k, texts in line.texts.items()
        ],
        "may_presign": is_signer and line.state in ("proposed", "suspended") and frame.actor.account != line.author_account,
        "may_withdraw": is_signer and line.state != "withdrawn", "reason": request.POST.get("reason", ""),
        "by_passkey": is_signer and signs_by_passkey(request), "bound": f"presign:{line.id}:{line.digest}",
        "passkey_script": asset_url("passkeys.js"),
    }  # fmt: skip
    return render(request, "console/presigned_one.html", context, status=status_of(error) if error else 200)


@require_POST
@acting(Act.DRAFT_WARNING)
def release(request: HttpRequest, presigned_id: str) -> HttpResponse:
    """It goes out, on the duty officer's word."""
    frame = open_frame(request)
    return to_warning(services.release(
        presigned_id, request.POST.get("event", ""), once=request.POST.get("once", ""), actor=frame.actor, now=clock.now()
    ))  # fmt: skip


def _decided(request: HttpRequest, frame: Frame, presigned_id: str) -> HttpResponse:
    now, what = clock.now(), request.POST.get("do", "")
    if what == "presign":
        digest = request.POST.get("digest", "")
        passkey = used_passkey(request, f"presign:{presigned_id}:{digest}")
        services.presign(presigned_id, digest=digest, passkey=passkey, actor=frame.actor, now=now)
    elif what == "withdraw":
        services.withdraw_presigned(presigned_id, request.POST.get("reason", ""), actor=frame.actor, now=now)
    else:
        raise BadValue(_("form"), _("it does not say what to do"), _("press one of the buttons"))
    return HttpResponseRedirect(reverse("console:presigned_one", args=[presigned_id]))


def _propose(request: HttpRequest, frame: Frame) -> str:
    posted, names = request.POST, Names.read()
    paths = posted.getlist("paths")
    try:
        day = datetime.fromisoformat(posted.get("valid_until", "")).replace(tzinfo=names.zone(paths))
    except ValueError:
        raise BadTime(_("validity"), _("this is no day"), _("write it as 2026-07-20")) from None

    def rank(name: str) -> int:
        return int(posted[name]) if posted.get(name, "").isdigit() and len(posted[name]) < 3 else 0

    return services.propose_presigned(
        hazard=posted.get("hazard", ""), level=rank("level"), paths=paths, body=posted.get("body", ""),
        trigger_level=rank("trigger_level"), season=(posted.get("season_from", ""), posted.get("season_to", "")),
        valid_until=day, once=posted.get("once", ""), actor=frame.actor, now=clock.now(),
    )  # fmt: skip


def _terms(line: Presigned, names: Names, frame: Frame) -> list[tuple[str, str]]:
    terms = [
        (_("Hazard"), names.hazard(line.hazard)), (_("Level"), names.level(line.level)),
        (_("Area"), names.area_list(line.paths)), (_("Issuing body"), names.body(line.body)),
        (_("Trigger"), _("an open event of this hazard, {level} or higher, in this area, that nobody has refuted").format(
            level=names.level(line.trigger_level))),
        (_("Season"), _("{first} to {last}").format(first=line.season_from, last=line.season_to)),
        (_("Valid until"), f"{line.valid_until.astimezone(names.zone(line.paths)):%Y-%m-%d}"),
        (_("Each release holds"), _("{n} hours").format(n=f"{line.lasts.total_seconds() / 3600:g}")),
    ]  # fmt: skip
    if line.signer_post and line.signed_at:
        terms.append((_("Signed in advance by"), f"{post_title(line.signer_post, frame.language)}, "
                      f"{line.signed_at.astimezone(names.zone(line.paths)):%Y-%m-%d %H:%M}"))  # fmt: skip
    return terms
