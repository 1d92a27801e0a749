"""Pages of warnings on the console: the list, one warning, composing, and what follows one in force."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from tocsin.doors.access import acting
from tocsin.doors.console.assets import asset_url
from tocsin.doors.console.callout_shown import callouts_of
from tocsin.doors.console.frame import Frame, open_frame
from tocsin.doors.console.passkeys import signs_by_passkey
from tocsin.doors.console.release_shown import release_of
from tocsin.doors.console.sketch import sketch_of
from tocsin.doors.console.standing import post_title
from tocsin.doors.console.warn_follow import to_warning as _to
from tocsin.doors.console.warn_form import Composed, mark_of, read_form, texts_in_form, values_of
from tocsin.doors.console.warn_shown import (
    area_choices,
    body_choices,
    language_fields,
    presigned_on_page,
    preview_context,
    reach_of,
    texts_of,
)
from tocsin.doors.console.warn_words import kind_word
from tocsin.doors.refusals import status_of
from tocsin.loop.detect import queries as detect
from tocsin.loop.warn import drafting, queries, services
from tocsin.loop.warn.authority import ANY_HAZARD
from tocsin.loop.warn.content import Areas
from tocsin.loop.warn.item_words import state_word
from tocsin.loop.warn.lifecycle import Kind, WarningState
from tocsin.loop.warn.names import Names
from tocsin.loop.warn.presigned import fitting
from tocsin.loop.warn.preview import preview, with_changes
from tocsin.records import clock
from tocsin.records.one_moment import one_moment
from tocsin.records.org.roles import Act
from tocsin.terms.errors import Refused, Stale
from tocsin.terms.moment import to_us

__all__ = [
    "SHEETS", "WarningOnPage", "authority_page", "autosave", "compose", "ending_on_page", "on_page", "preview_part",
    "save", "warning_page", "warnings_page",
]  # fmt: skip

SHEETS = ("staff.css", "loop.css", "map.css", "warn.css")


@dataclass(frozen=True, slots=True)
class WarningOnPage:
    """A warning as a list shows it, with every word chosen."""

    id: str
    level: int
    headline: str
    body: str
    area: str
    state: str
    state_word: str
    kind_word: str
    exercise: bool
    until: str
    until_us: int
    changed_us: int
    is_first: bool
    is_cancel: bool
    author: str
    is_urgent: bool
    is_asked: bool
    countersign_us: int | None


def on_page(line: queries.WarningLine, names: Names, language: str, now: datetime) -> WarningOnPage:
    """A line with its words. What the clock has ended says so before the sweep does."""
    content = line.content
    state = line.state
    if state is WarningState.ISSUED and now >= line.expires_at:
        state = WarningState.EXPIRED
    issued_cancel = state is WarningState.ISSUED and line.kind is Kind.CANCEL
    paths = content.areas.paths
    return WarningOnPage(
        line.id, line.level, content.text(language).headline or names.hazard(line.hazard, language),
        names.body(line.body, language), names.area_list(paths, language), state.value,
        _("Issued") if issued_cancel else state_word(state), kind_word(line.kind), line.exercise,
        names.moment(line.expires_at, paths, language), to_us(line.expires_at), to_us(line.changed_at),
        line.kind is Kind.ALERT, line.kind is Kind.CANCEL, line.author_post, line.flow == "urgent", line.is_asked,
        to_us(line.countersign_by) if line.lacks_countersignature and line.countersign_by else None,
    )  # fmt: skip


def ending_on_page(frame: Frame) -> list[WarningOnPage]:
    """What must not be forgotten, for the top of pages; nothing for who reads no warnings."""
    if not frame.actor.may(Act.READ_WARNINGS):
        return []
    now = clock.now()
    lines = queries.ending(frame.scope, now=now)
    names = Names.read() if lines else None  # the duty page is opened often, and mostly there are none
    return [on_page(line, names, frame.language, now) for line in lines if names is not None]


# ---------------------------------------------------------------- the list
@require_safe
@acting(Act.READ_WARNINGS)
@one_moment()
def warnings_page(request: HttpRequest) -> HttpResponse:
    """What waits, what is in force, drafts, and what is over."""
    frame, now, names = open_frame(request), clock.now(), Names.read()

    def shown(lines: list[queries.WarningLine]) -> list[WarningOnPage]:
        return [on_page(line, names, frame.language, now) for line in lines]

    may_draft = frame.actor.may(Act.DRAFT_WARNING)
    context = frame.context(request, "warnings", *SHEETS) | {
        "waiting": shown(queries.waiting_for_signature(frame.scope)),
        "in_force": shown(queries.in_force(frame.scope, now=now)), "ending": ending_on_page(frame),
        "drafts": shown(queries.recent(frame.scope, drafts=True)),
        "past": shown(queries.recent(frame.scope, drafts=False, at_most=30)),
        "may_draft": may_draft, "may_sign": frame.actor.may(Act.SIGN_WARNING), "once": secrets.token_urlsafe(12),
        "hazards": [(code, names.hazard(code)) for code in names.hazards] if may_draft else [],
        "levels": [level.rank for level in reversed(names.scheme.levels)],
        "areas": area_choices(names, frame), "begins_as_exercise": drafting.begins_as_exercise(),
    }  # fmt: skip
    return render(request, "console/warnings.html", context)


@require_safe
@acting(Act.READ_WARNINGS)
@one_moment()
def authority_page(request: HttpRequest) -> HttpResponse:
    """The table of who may warn, for reading."""
    frame, names = open_frame(request), Names.read()
    rows = [
        {
            "hazard": _("every hazard") if line.hazard == ANY_HAZARD else names.hazard(line.hazard),
            "body": names.body(line.body),
            "area": names.area(line.jurisdiction) if line.jurisdiction else _("everywhere"), "source": line.source,
            "lowest": line.lowest, "highest": line.highest,
        }
        for line in queries.authority(frame.scope)
    ]  # fmt: skip
    return render(request, "console/warn_authority.html", frame.context(request, "warnings", *SHEETS) | {"rows": rows})


# ---------------------------------------------------------------- a new draft
@require_http_methods(["GET", "HEAD", "POST"])
@acting(Act.DRAFT_WARNING)
def compose(request: HttpRequest) -> HttpResponse:
    """From an event (``?event=``), or from hazard, level and area. Where the event has an open first draft, that one."""
    frame, now = open_frame(request), clock.now()
    event = request.GET.get("event", "") or request.POST.get("event", "")
    if event:
        detect.event(frame.scope, event)  # outside the scope it is not there
        drafts = [w for w in queries.warnings_of(frame.scope, event) if w.is_editable and w.kind is Kind.ALERT]
        if drafts:
            return _to(drafts[-1].id)
        if holding := queries.in_force_of_events(frame.scope, [event], now=now):
            return _to(holding[event].id)  # it is updated, never begun a second time
    if request.method != "POST":
        if not event:
            return HttpResponseRedirect(reverse("console:warnings") + "#new")
        names = Names.read()
        line = detect.event(frame.scope, event).event
        context = frame.context(request, "warnings", *SHEETS) | {
            "event": event, "hazard": names.hazard(line.hazard), "level": line.level, "once": secrets.token_urlsafe(12),
            "presigned": presigned_on_page(fitting(event, actor=frame.actor, now=now), names),
        }  # fmt: skip
        return render(request, "console/warn_begin.html", context)
    once = request.POST.get("once", "")
    if event:
        return _begun(request, event, once, frame, now)
    level = request.POST.get("level", "")
    return _to(services.draft(
        None, hazard=request.POST.get("hazard", ""), level=int(level) if level.isdigit() else 0,
        areas=Areas(tuple(request.POST.getlist("paths"))), exercise=_exercise(request),
        exercise_note=request.POST.get("exercise_note", ""), once=once, actor=frame.actor, now=now,
    ))  # fmt: skip


def _begun(request: HttpRequest, event: str, once: str, frame: Frame, now: datetime) -> HttpResponse:
    """A draft to be worked on; or by one press the standard text, urgent, on its way to every signer."""
    if request.POST.get("flow") != "urgent":
        return _to(services.draft(event, once=once, actor=frame.actor, now=now))
    made = services.draft(event, flow="urgent", once=once, actor=frame.actor, now=now)
    version = queries.warning(frame.scope, made).version
    services.submit(made, version=version, actor=frame.actor, now=now)
    return _to(made)


def _exercise(request: HttpRequest) -> bool | None:
    """What the box says; None where the form had none, then the data decide (ADR 8)."""
    return bool(request.POST.get("exercise")) if "exercise_asked" in request.POST else None


# ---------------------------------------------------------------- one warning
@require_safe
@acting(Act.READ_WARNINGS)
@one_moment()
def warning_page(request: HttpRequest, warning_id: str) -> HttpResponse:
    """The composer, for who may write a draft; else what it says and what became of it."""
    frame = open_frame(request)
    line = queries.warning(frame.scope, warning_id)
    if line.is_editable and frame.actor.may(Act.DRAFT_WARNING):
        names = Names.read()
        return _composer(request, frame, line, Composed(values_of(line.content, names.zone(line.content.areas.paths))))
    return _reading(request, frame, line)


@require_POST
@acting(Act.DRAFT_WARNING)
def save(request: HttpRequest, warning_id: str) -> HttpResponse:
    """What the composer's buttons do: keep it, check it, send it for approval, take the pack's texts again, discard it."""
    typed = _typed(request, warning_id)
    frame, now, line, made, version = typed.frame, typed.now, typed.line, typed.made, typed.version
    what = request.POST.get("do", "save")
    try:
        if what == "discard":
            services.discard(warning_id, version=version, actor=frame.actor, now=now)
            return HttpResponseRedirect(reverse("console:warnings"))
        if not made.errors:
            if line.is_editable or what != "submit":
                version = services.edit(warning_id, made.changes, version=version, actor=frame.actor, now=now)
            if what == "refill":
                services.refill(warning_id, version=version, actor=frame.actor, now=now)
            if what == "submit":
                services.submit(warning_id, version=version, actor=frame.actor, now=now)
            return _to(warning_id, "#checks" if what == "check" else "")
    except Refused as error:
        # What was typed is shown again: of a stale page with its old number, so that it can never overwrite the newer one.
        fresh = queries.warning(frame.scope, warning_id)
        if not fresh.is_editable:
            raise
        if isinstance(error, Stale):
            return _composer(request, frame, fresh, made, error, version=version)
        return _composer(request, frame, fresh, made, error)
    return _composer(request, frame, line, made)


@require_POST
@acting(Act.DRAFT_WARNING)
def autosave(request: HttpRequest, warning_id: str) -> HttpResponse:
    """The same from the script, every few seconds: the new version as JSON; a refusal as a problem that says what to do."""
    typed = _typed(request, warning_id)
    if typed.made.errors:
        return JsonResponse({"waits": True, "said": _("Not saved yet: something cannot be read.")}, status=422)
    if typed.line.state is WarningState.SUBMITTED:
        return JsonResponse(
            {"waits": True, "said": _("It waits for approval; press Save to take it back.")}, status=422
        )
    try:
        actor, now = typed.frame.actor, typed.now
        version = services.edit(warning_id, typed.made.changes, version=typed.version, actor=actor, now=now)
    except Refused as error:
        said = f"{error.thing}: {error.rule}. {_('What to do:')} {error.remedy}."
        return JsonResponse({"stale": isinstance(error, Stale), "said": said}, status=status_of(error))
    kept = queries.warning(typed.frame.scope, warning_id).content
    texts = {name: [words, mark_of(words)] for name, words in texts_in_form(kept).items()}
    return JsonResponse({"version": version, "said": _("Saved"), "texts": texts})


@require_POST
@acting(Act.DRAFT_WARNING)
def preview_part(request: HttpRequest, warning_id: str) -> HttpResponse:
    """Preview and checks of what is typed, nothing kept: a part of the page, for the script."""
    typed = _typed(request, warning_id)
    frame, line, names = typed.frame, typed.line, typed.names
    content = line.content
    refused: Refused | None = None
    try:
        content = with_changes(content, typed.made.changes, line.event, names)
    except Refused as error:
        refused = error
    shown = preview(content, line.id, names, now=typed.now)
    context = preview_context(shown, names, frame) | {"error": refused, "form": typed.made}
    return render(request, "console/parts/warn_preview.html", {**frame.context(request, "warnings"), **context})


@dataclass(frozen=True, slots=True)
class _Typed:
    """The composer's form as it came: whose it is, of which warning, what was typed at which version of it."""

    frame: Frame
    now: datetime
    line: queries.WarningLine
    names: Names
    made: Composed
    version: int


def _typed(request: HttpRequest, warning_id: str) -> _Typed:
    frame, now = open_frame(request), clock.now()
    line, names = queries.warning(frame.scope, warning_id), Names.read()
    made = read_form(request.POST, line.content, names.zone(line.content.areas.paths))
    return _Typed(frame, now, line, names, made, _version(request))


# ---------------------------------------------------------------- rendering
def _composer(
    request: HttpRequest, frame: Frame, line: queries.WarningLine, made: Composed, error: Refused | None = None, *,
    version: int | None = None,
) -> HttpResponse:  # fmt: skip
    now, names = clock.now(), Names.read()
    content = line.content
    if made.changes:
        try:
            content = with_changes(content, made.changes, line.event, names)
        except Refused as refused:
            error = error or refused
    shown = preview(content, line.id, names, now=now)
    chosen, choices = made.values, area_choices(names, frame, content.areas.paths)
    context = frame.context(request, "warnings", *SHEETS) | preview_context(shown, names, frame) | {
        "line": line, "warning": on_page(line, names, frame.language, now), "form": made, "values": chosen, "error": error,
        "version": line.version if version is None else version, "is_cancel": line.kind is Kind.CANCEL,
        "hazards": [(code, names.hazard(code)) for code in dict.fromkeys([*names.hazards, content.hazard])],
        "levels": [level.rank for level in reversed(names.scheme.levels)],
        "areas": choices, "bodies": body_choices(names, content.body),
        "languages": [language_fields(language, chosen, made.marks) for language in line.content.languages],
        "zone_name": str(names.zone(content.areas.paths)), "touched_by_other": _touched_by_other(line, frame, now),
        "sketch": sketch_of(content.areas, names, [area["path"] for area in choices]),
        "compose_script": asset_url("compose.js"), "draw_script": asset_url("draw.js"),
        "waits": line.state is WarningState.SUBMITTED,
    }  # fmt: skip
    status = status_of(error) if error else 422 if made.errors else 200
    return render(request, "console/compose.html", context, status=status)


def _reading(request: HttpRequest, frame: Frame, line: queries.WarningLine) -> HttpResponse:
    now, names = clock.now(), Names.read()
    signature = queries.signature(frame.scope, line.id)
    may_countersign = line.lacks_countersignature and queries.may_sign(frame.actor, line)
    lineage = [on_page(other, names, frame.language, now) for other in queries.lineage_of(frame.scope, line.lineage)]
    content = line.content
    context = frame.context(request, "warnings", *SHEETS) | {
        "line": line, "warning": on_page(line, names, frame.language, now), "lineage": lineage, "signature": signature,
        "author": post_title(line.author_post, frame.language),
        "signer": post_title(signature.post, frame.language) if signature else "",
        "reach": reach_of(line, frame) if signature else None, "callouts": callouts_of(line.lineage, frame),
        "release": release_of(line.id, frame) if signature else None,
        "signed_us": to_us(signature.at) if signature else None, "texts": texts_of(content, names),
        "areas_words": names.area_list(content.areas.paths), "hazard": names.hazard(content.hazard),
        "body": names.body(content.body), "from_words": names.moment(content.onset, content.areas.paths),
        "until_words": names.moment(content.expires, content.areas.paths), "is_in_force": line.in_force(now),
        "may_draft": frame.actor.may(Act.DRAFT_WARNING), "once": secrets.token_urlsafe(12),
        "may_sign": line.state is WarningState.SUBMITTED and queries.may_sign(frame.actor, line),
        "may_raise": line.level < len(names.scheme.levels), "may_lower": line.level > 1,
        "waits": line.state is WarningState.SUBMITTED,
        "aid": names.body(signature.aid) if signature and signature.aid else "",
        "passkey_script": asset_url("passkeys.js"), "by_passkey": may_countersign and signs_by_passkey(request),
        "may_countersign": may_countersign,
    }  # fmt: skip
    return render(request, "console/warning.html", context)


def _touched_by_other(line: queries.WarningLine, frame: Frame, now: datetime) -> str:
    """Who else wrote at it in the last ten minutes: a second editor is told before they begin."""
    recent = (now - line.changed_at).total_seconds() < 600
    return line.changed_by.partition("/")[0] if recent and line.changed_by != frame.actor.name else ""


def _version(request: HttpRequest) -> int:
    typed = request.POST.get("version", "")
    return int(typed) if typed.isdigit() and len(typed) < 9 else -1
