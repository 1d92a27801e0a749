"""Documents of a case at the door: taken from its form, given out to be stored, never to be shown."""

from __future__ import annotations

from urllib.parse import quote

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from tocsin.doors.access import acting, actor_of_request
from tocsin.doors.console.cases_drafts import done_once
from tocsin.doors.console.cases_pages import case_page
from tocsin.doors.photographs import oversized
from tocsin.records import clock
from tocsin.records.blobs import Picture
from tocsin.records.cases import queries as cases
from tocsin.records.cases import services as case_services
from tocsin.records.files import queries, services
from tocsin.records.files.taking import Given, take, too_big
from tocsin.records.org.roles import Act
from tocsin.terms.errors import BadForm, Refused, Stale, TooBig

__all__ = ["MOST_AT_ONCE", "add", "file"]

MOST_AT_ONCE = 6


@require_POST
@acting(Act.WORK_CASES)
def add(request: HttpRequest, case_id: str) -> HttpResponse:
    """Keep documents and pictures with a case: all that was sent, or none."""
    actor, now = actor_of_request(request), clock.now()
    cases.case_file(actor.scope, case_id)
    pictures, given, refused = _taken(request)
    if refused:
        return case_page(request, case_id, refused)
    version = request.POST.get("version", "")

    def act() -> None:
        if not version.isdecimal() or len(version) > 9:
            raise Stale(_("form"), _("it says not which state it was made for"), _("load the page again"))
        seen = int(version)
        if pictures:
            seen += bool(case_services.keep_documents(case_id, pictures, version=seen, actor=actor, now=now))
        if given:
            services.keep_files(case_id, given, version=seen, actor=actor, now=now)

    try:
        done_once(request, actor, now, act)
    except Refused as error:
        return case_page(request, case_id, [error])
    return HttpResponseRedirect(reverse("cases:case", args=[case_id]))


@require_safe
@acting(Act.READ_CASES)
def file(request: HttpRequest, case_id: str, number: int) -> HttpResponse:
    """A document, to be stored: no browser shows it as a page of ours, and none guesses what it might be."""
    found, content = queries.content(actor_of_request(request), case_id, number, now=clock.now())
    response = HttpResponse(content, content_type=found.kind.media_type)
    plain = f"document-{found.place}.{found.kind.value}"
    response["Content-Disposition"] = (
        f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(found.shown_name, safe='')}"
    )
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    response["Cache-Control"] = "private, no-store"
    return response


def _taken(request: HttpRequest) -> tuple[list[Picture], list[Given], list[Refused]]:
    pictures: list[Picture] = []
    given: list[Given] = []
    files = [one for one in request.FILES.getlist("document") if one.name]
    refused: list[Refused] = [too_big(name) for name in oversized(request)]  # known once the files were read
    if len(files) > MOST_AT_ONCE:
        most = ngettext("at most {n} document at once", "at most {n} documents at once", MOST_AT_ONCE)
        return [], [], [*refused, TooBig(_("documents"), most.format(n=MOST_AT_ONCE), _("choose fewer"))]
    for one in files:
        try:
            taken = take(one.chunks(), str(one.name))
        except Refused as error:
            refused.append(error)
            continue
        if isinstance(taken, Given):
            given.append(taken)
        else:
            pictures.append(taken)
    if not files and not refused:
        refused.append(BadForm(_("documents"), _("none was chosen"), _("choose the right file")))
    return pictures, given, refused
