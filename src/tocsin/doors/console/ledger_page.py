"""The ledger's page for auditors: roots, a check of the whole, chains by subject. Each view of it is an entry of its own. And
the newest root for everybody, which says nothing of what it covers."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods, require_safe

from tocsin.doors.access import acting, actor_of_request
from tocsin.doors.console.frame import Frame, open_frame
from tocsin.doors.console.story_words import Teller, breach_words
from tocsin.doors.portal.files import published_folder
from tocsin.loop.detect import queries as detect
from tocsin.loop.review import services as review
from tocsin.loop.review.visible import may_see, visible_subjects
from tocsin.records import clock
from tocsin.records.ledger import queries as ledger
from tocsin.records.ledger.published import SIGNED_FILE
from tocsin.records.one_moment import one_moment
from tocsin.records.org.roles import Act
from tocsin.terms.moment import to_us

__all__ = ["ledger_page", "ledger_root", "ledger_roots", "ledger_signed"]

ENTRIES_AT_MOST = 500
ROOTS_AT_MOST = 1000


@require_http_methods(["GET", "HEAD", "POST"])
@acting(Act.READ_LEDGER)
def ledger_page(request: HttpRequest) -> HttpResponse:
    """GET: roots, chains, or one chain with ``subject``. POST: the same after a check of the whole ledger."""
    actor = actor_of_request(request)
    subject = request.GET.get("subject", "").strip()[:200]
    checked = request.method == "POST"
    if request.method in ("GET", "POST"):
        # What was typed is kept only where it names a chain: it may be somebody's name.
        known = subject if any(line.subject == subject for line in ledger.subjects(subject)) else ""
        review.note_read("ledger_read", {"subject": known, "verified": checked}, actor=actor, now=clock.now())
    with one_moment():
        frame = open_frame(request)
        context = frame.context(request, "ledger", "loop.css", "staff.css", "review.css") | _overview(frame)
        if subject:
            context |= _chain(frame, subject)
        if checked:
            breaches = [*ledger.verify(), *detect.verify_batches()]
            context |= {
                "checked": True,
                "breaches": [breach_words(breach) for breach in breaches[:100]],
                "n_breaches": len(breaches),
            }
    return render(request, "console/ledger.html", context)


@require_safe
def ledger_root(request: HttpRequest) -> HttpResponse:
    """The newest root as JSON, for anybody: number, hash, moment and how many entries it covers, and nothing of these. Null
    where nothing is sealed yet."""
    newest = ledger.roots(at_most=1)
    return _for_anybody(JsonResponse(newest[0].document() if newest else None, safe=False))


@require_safe
def ledger_roots(request: HttpRequest) -> HttpResponse:
    """For monitors: roots behind number ``after`` (0 = from the first), the oldest first, at most ``most``. Whoever has read
    all of them builds the tree, and needs to trust nobody."""
    given = [request.GET.get(name, default) for name, default in (("after", "0"), ("most", str(ROOTS_AT_MOST)))]
    if not all(text.isascii() and text.isdigit() and len(text) < 16 for text in given):
        return JsonResponse({"error": "after and most are whole numbers of 0 or more"}, status=400)
    after, most = (int(text) for text in given)
    found = ledger.roots_after(after, at_most=min(most, ROOTS_AT_MOST))
    return _for_anybody(JsonResponse([line.document() for line in found], safe=False))


@require_safe
def ledger_signed(request: HttpRequest) -> HttpResponse:
    """The newest root within the deployment's signature (CMS, DER), as it lies in ``published``."""
    try:
        signed = (published_folder() / SIGNED_FILE).read_bytes()
    except OSError:
        return _for_anybody(HttpResponse("no signed root: the deployment has no key, or nothing is sealed yet\n", status=404,
                                         content_type="text/plain; charset=utf-8"))  # fmt: skip
    return _for_anybody(HttpResponse(signed, content_type="application/pkcs7-mime"))


def _for_anybody(response: HttpResponse) -> HttpResponse:
    response["Cache-Control"] = "no-cache"
    response["Access-Control-Allow-Origin"] = "*"
    return response


def _overview(frame: Frame) -> dict[str, Any]:
    chains, entries, unsealed = ledger.extent()
    roots = [(line.number, to_us(line.at), line.entries, line.hash) for line in ledger.roots(at_most=10)]
    found = visible_subjects(frame.scope, ledger.subjects(at_most=200))[:25]
    return {
        "chains": chains, "entries": entries, "unsealed": unsealed, "roots": roots, "subject": "", "checked": False,
        "subjects": [(line.subject, line.length, to_us(line.newest_at)) for line in found],
    }  # fmt: skip


def _chain(frame: Frame, subject: str) -> dict[str, Any]:
    """The chain of that name, else the chains whose name contains it."""
    if not may_see(frame.scope, subject):
        return {"subject": subject, "state": None, "matches": []}
    state = ledger.chain_state(subject)
    if not state.length:
        found = visible_subjects(frame.scope, ledger.subjects(subject))
        return {
            "subject": subject,
            "state": None,
            "matches": [(line.subject, line.length, to_us(line.newest_at)) for line in found],
        }
    lines = ledger.chain(subject)[-ENTRIES_AT_MOST:]
    teller = Teller(frame)
    return {
        "subject": subject, "state": state, "state_us": to_us(state.verified_at) if state.verified_at else None,
        "chain_breaches": [breach_words(breach) for breach in state.breaches], "first": lines[0].number,
        "moments": [teller.line(line) for line in lines], "cut": state.length - len(lines),
    }  # fmt: skip
