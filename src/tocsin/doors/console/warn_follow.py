"""What follows a warning in force: one press makes the draft, another sends it; or nothing is to be done; or a signer
countersigns what was released. A letter's link only shows what a press would do: reading a page writes nothing."""

from __future__ import annotations

import secrets

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from tocsin.doors.access import acting
from tocsin.doors.console.frame import Frame, open_frame
from tocsin.doors.console.passkeys import used_passkey
from tocsin.loop.warn import queries, services
from tocsin.loop.warn.lifecycle import WarningState
from tocsin.loop.warn.names import Names
from tocsin.records import clock
from tocsin.records.org.roles import Act
from tocsin.terms.errors import BadValue

__all__ = ["countersign", "follow", "to_warning"]

STEPS = ("update", "extend", "raise", "lower", "cancel", "withdraw", "answer")


def to_warning(warning_id: str, anchor: str = "") -> HttpResponseRedirect:
    """The page of a warning."""
    return HttpResponseRedirect(reverse("console:warning", args=[warning_id]) + anchor)


@require_http_methods(["GET", "HEAD", "POST"])
@acting(Act.DRAFT_WARNING)
def follow(request: HttpRequest, warning_id: str) -> HttpResponse:
    """A draft that updates, extends, raises, lowers, cancels or withdraws a warning in force (``do``), sent for approval at
    once where ``send`` says so; or the answer that nothing is to be done."""
    frame, now = open_frame(request), clock.now()
    line = queries.warning(frame.scope, warning_id)
    asked = request.POST if request.method == "POST" else request.GET
    what = asked.get("do", "")
    if what not in STEPS:
        raise BadValue(_("form"), _("it does not say what to do"), _("press one of the buttons"))
    if request.method != "POST":
        if not line.in_force(now):  # a letter that is read late
            return to_warning(line.successor or line.id)
        return _ask(request, frame, line, what)
    if what == "answer":
        services.answer(warning_id, actor=frame.actor, now=now)
        return to_warning(warning_id)
    made = _draft(line, what, request.POST.get("once", ""), frame)
    if request.POST.get("send"):
        draft = queries.warning(frame.scope, made)
        if draft.state is WarningState.DRAFT:
            services.submit(made, version=draft.version, actor=frame.actor, now=now)
    return to_warning(made)


@require_POST
@acting(Act.SIGN_WARNING)
def countersign(request: HttpRequest, warning_id: str) -> HttpResponse:
    """A signer says that what the duty officer released stands."""
    frame = open_frame(request)
    queries.warning(frame.scope, warning_id)
    services.countersign(warning_id, passkey=used_passkey(request, f"countersign:{warning_id}"), actor=frame.actor,
                         now=clock.now())  # fmt: skip
    return to_warning(warning_id)


def _draft(line: queries.WarningLine, what: str, once: str, frame: Frame) -> str:
    now = clock.now()
    if what in ("cancel", "withdraw"):
        return services.draft_cancel(line.id, over=what == "cancel", once=once, actor=frame.actor, now=now)
    step = {"raise": 1, "lower": -1}.get(what, 0)
    return services.draft_update(
        line.id, level=line.level + step if step else None, once=once, actor=frame.actor, now=now
    )


def _ask(request: HttpRequest, frame: Frame, line: queries.WarningLine, what: str) -> HttpResponse:
    names = Names.read()
    step = {"raise": 1, "lower": -1}.get(what, 0)
    if not 1 <= line.level + step <= len(names.scheme.levels):
        return to_warning(line.id)
    words = {
        "update": _("Update it with what is measured now"), "extend": _("Extend it: the danger goes on"),
        "raise": _("Raise the level"), "lower": _("Lower the level"), "cancel": _("Cancel it: the danger is over"),
        "withdraw": _("Withdraw it: it was issued in error"), "answer": _("Leave it as it is"),
    }  # fmt: skip
    context = frame.context(request, "warnings", "staff.css", "loop.css", "warn.css") | {
        "line": line, "what": what, "what_words": words[what], "once": secrets.token_urlsafe(12),
        "headline": line.content.text(frame.language).headline, "level": line.level, "next_level": line.level + step,
        "until": names.moment(line.expires_at, line.content.areas.paths), "is_draft": what != "answer",
    }  # fmt: skip
    return render(request, "console/warn_follow.html", context)
