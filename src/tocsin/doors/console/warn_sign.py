"""Signing: the second person sees what changed, whom it tells, and decides: approve and publish, or send back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from tocsin.doors.access import acting
from tocsin.doors.console.assets import asset_url
from tocsin.doors.console.frame import Frame, open_frame
from tocsin.doors.console.passkeys import signs_by_passkey, used_passkey
from tocsin.doors.console.standing import post_title
from tocsin.doors.console.text_changes import Run, text_changes
from tocsin.doors.console.warn_pages import SHEETS, on_page
from tocsin.doors.console.warn_shown import reach_words
from tocsin.doors.console.warn_words import finding_on_page, text_label, tongue
from tocsin.doors.refusals import status_of
from tocsin.loop.warn import queries, services
from tocsin.loop.warn.content import Content
from tocsin.loop.warn.lifecycle import WarningState
from tocsin.loop.warn.names import Names
from tocsin.loop.warn.preview import preview
from tocsin.packkit.warnings import TEXTS
from tocsin.records import clock
from tocsin.records.org.roles import Act
from tocsin.records.org.scope import EVERYWHERE
from tocsin.terms.errors import BadValue, Refused
from tocsin.terms.moment import to_us

__all__ = ["sign_page"]


@dataclass(frozen=True, slots=True)
class Compared:
    """One text of one language beside what it was: the pack's words, and the message it replaces."""

    label: str
    lang: str
    text: str
    from_template: list[Run]
    from_before: list[Run]


@require_http_methods(["GET", "HEAD", "POST"])
@acting(Act.SIGN_WARNING)
def sign_page(request: HttpRequest, warning_id: str) -> HttpResponse:
    """Approve and publish, or send back with a reason. A page that is not the newest is refused and shown anew."""
    frame = open_frame(request)
    error: Refused | None = None
    if request.method == "POST":
        try:
            return _done(request, frame, warning_id)
        except Refused as refused:
            error = refused
    line = queries.to_sign(frame.actor, warning_id)
    if line.state is not WarningState.SUBMITTED:
        if error is not None:
            raise error
        return HttpResponseRedirect(reverse("console:warning", args=[warning_id]))
    return _page(request, frame, line, error)


def _done(request: HttpRequest, frame: Frame, warning_id: str) -> HttpResponse:
    typed = request.POST.get("version", "")
    version = int(typed) if typed.isdigit() and len(typed) < 9 else -1
    now = clock.now()
    if request.POST.get("do") == "return":
        services.send_back(warning_id, request.POST.get("reason", ""), version=version, actor=frame.actor, now=now)
    elif request.POST.get("do") == "sign":
        digest = request.POST.get("digest", "")
        passkey = used_passkey(request, f"sign:{warning_id}:{version}:{digest}")
        services.sign(warning_id, version=version, digest=digest, passkey=passkey, actor=frame.actor, now=now)
    else:
        raise BadValue(_("form"), _("it does not say what to do"), _("press one of the buttons"))
    return HttpResponseRedirect(reverse("console:warning", args=[warning_id]))


def _page(request: HttpRequest, frame: Frame, line: queries.WarningLine, error: Refused | None) -> HttpResponse:
    now, names = clock.now(), Names.read()
    content = line.content
    shown = preview(content, line.id, names, now=now)
    findings = {(f.rule, f.blocks): f for f in map(finding_on_page, shown.findings)}
    before = queries.warning(EVERYWHERE, line.predecessor).content if line.predecessor else None
    context = frame.context(request, "warnings", *SHEETS) | {
        "line": line, "warning": on_page(line, names, frame.language, now), "content": content, "error": error,
        "reason": request.POST.get("reason", ""), "digest": content.digest, "items": _items(content, before, names),
        "tongues": _compared(line, before), "author": post_title(line.author_post, frame.language),
        "has_before": before is not None, "preview": shown,
        "problems": shown.problems, "findings": sorted(findings.values(), key=lambda f: not f.blocks),
        "reach_words": reach_words(shown.reach), "may_sign": queries.may_sign(frame.actor, line),
        "by_passkey": signs_by_passkey(request), "bound": f"sign:{line.id}:{line.version}:{content.digest}",
        "passkey_script": asset_url("passkeys.js"), "is_urgent": content.flow == "urgent",
        "submitted_us": to_us(line.submitted_at) if line.submitted_at else None,
    }  # fmt: skip
    return render(request, "console/warn_sign.html", context, status=status_of(error) if error else 200)


def _items(content: Content, before: Content | None, names: Names) -> list[dict[str, Any]]:
    """The obligatory items in figures and names, each with what it was before."""

    def told(of: Content) -> dict[str, str]:
        paths = of.areas.paths
        shape = ""
        if of.areas.circles:
            lat, lon, km = of.areas.circles[0]
            shape = _("circle of {km} km around {lat}, {lon}").format(km=f"{km:g}", lat=f"{lat:g}", lon=f"{lon:g}")
        elif of.areas.polygons:
            shape = _("the part inside the outline")
        elif of.areas.cells:
            shape = ngettext("{n} cell", "{n} cells", len(of.areas.cells)).format(n=len(of.areas.cells))
        return {
            _("Hazard"): names.hazard(of.hazard), _("Level"): names.level(of.level),
            _("From"): names.moment(of.onset, paths), _("Until"): names.moment(of.expires, paths),
            _("Area"): "; ".join(part for part in (names.area_list(paths), shape) if part),
            _("Issuing body"): names.body(of.body),
            _("Flow"): _("urgent") if of.flow == "urgent" else _("ordinary"),
            _("Basis"): _("verified on the spot") if of.verdict == "confirmed" else _("measured, not yet verified"),
        }  # fmt: skip

    was = told(before) if before else {}
    return [
        {"label": label, "value": value, "was": was.get(label, "") if was.get(label) != value else ""}
        for label, value in told(content).items()
    ]


def _compared(line: queries.WarningLine, before: Content | None) -> list[dict[str, Any]]:
    """The texts of each language under its own name."""
    return [
        {"lang": tongue(language).lang, "name": tongue(language).name, "rows": _of_language(line, before, language)}
        for language in line.content.languages
    ]


def _of_language(line: queries.WarningLine, before: Content | None, language: str) -> list[Compared]:
    rows, template = [], line.template.get(language, {})
    for name in TEXTS:
        text = getattr(line.content.text(language), name)
        was = getattr(before.text(language), name) if before else ""
        if not (text or template.get(name) or was):
            continue
        rows.append(Compared(
            text_label(name), tongue(language).lang, text,
            text_changes(template.get(name, ""), text) if text != template.get(name, "") else [],
            text_changes(was, text) if before and text != was else [],
        ))  # fmt: skip
    return rows
