"""The vault of an event: what it holds by kind, the form that puts something in, one kind opened for a purpose, who has read
it; and once the event is over, the certificate of its destruction, checked again at each look."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from tocsin.doors.access import acting, actor_of_request
from tocsin.doors.console.frame import Frame, open_frame
from tocsin.doors.console.lines import EventOnPage, events_on_page
from tocsin.doors.console.standing import post_title
from tocsin.doors.refusals import status_of
from tocsin.loop.detect import queries as detect
from tocsin.loop.respond import keeping
from tocsin.loop.review.story import post_of
from tocsin.records import clock
from tocsin.records.one_moment import one_moment
from tocsin.records.org.actor import Actor
from tocsin.records.org.roles import Act
from tocsin.records.seal import vault
from tocsin.records.seal.certificate import certificate_faults, certificate_lines, certificate_text
from tocsin.records.seal.vault import VaultItem, subject_of
from tocsin.records.seal.vault_kinds import KINDS, PURPOSES
from tocsin.records.seal.vault_queries import VaultLine, vault_of
from tocsin.terms.errors import BadValue, Refused, UnknownName
from tocsin.terms.moment import from_us, to_us

__all__ = ["VaultOnPage", "certificate", "change", "vault_on_page", "vault_page"]

SHEETS = ("loop.css", "staff.css", "response.css")


@dataclass(frozen=True, slots=True)
class VaultOnPage:
    """A vault with its words, nothing of what it holds. ``holdings``: title, how many, moment of the newest; ``kinds``: code,
    title, what it is read for. ``may_put``: the reader may write into it now."""

    line: VaultLine
    holdings: list[tuple[str, int, int | None]]
    kinds: list[tuple[str, str, str]]
    may_put: bool
    kept_until_us: int | None
    destroyed_us: int | None


def vault_on_page(actor: Actor, event: detect.EventLine) -> VaultOnPage:
    """The vault of an event that this reader has read."""
    line = vault_of(actor.scope, event.id)
    may = actor.may(Act.KEEP_VAULT) and actor.scope.covers(event.jurisdiction) and not event.merged_into
    may_put = may and (line.exists or line.destroyed_at is None) and keeping.still_kept(actor, event.id)
    held = [(str(KINDS[one.kind].title), one.n, _us(one.newest_at)) for one in line.holdings if one.n]
    kinds = [(code, str(kind.title), kind.for_words) for code, kind in KINDS.items()]
    return VaultOnPage(
        line, held, kinds, may_put, _us(line.kept_until), None if line.exists else _us(line.destroyed_at)
    )


@require_safe
@acting(Act.READ_EVENTS)
def vault_page(request: HttpRequest, event_id: str) -> HttpResponse:
    """The vault of one event."""
    return _page(request, event_id)


@require_POST
@acting(Act.KEEP_VAULT)
def change(request: HttpRequest, event_id: str, verb: str) -> HttpResponse:
    """Put something in, open a kind for a purpose, take an item out, keep the vault beyond the event."""
    actor, now = actor_of_request(request), clock.now()
    _event(actor, event_id)
    try:
        if verb == "read":
            return _page(request, event_id, items=_read(request, event_id, actor, now))
        _do(request, event_id, verb, actor, now)
    except Refused as error:
        return _page(request, event_id, error=error, verb=verb)
    return HttpResponseRedirect(reverse("console:vault", args=[event_id]))


@require_safe
@acting(Act.READ_EVENTS)
def certificate(request: HttpRequest, event_id: str) -> HttpResponse:
    """The certificate as a file: its lines, and the facts whose digest it is."""
    _event(actor_of_request(request), event_id)
    answer = HttpResponse(certificate_text(subject_of(event_id)) + "\n", content_type="text/plain; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{event_id}-vault.txt"'
    return answer


def _do(request: HttpRequest, event_id: str, verb: str, actor: Actor, now: datetime) -> None:
    if verb == "put":
        keeping.keep_words(event_id, request.POST.get("kind", "")[:40], _text(request, "words"), actor=actor, now=now)
    elif verb == "take-out":
        vault.take_out(event_id, _number(request, "item"), actor=actor, now=now)
    elif verb == "keep-on":
        vault.keep_on(event_id, _end_of_day(request), _text(request, "why"), actor=actor, now=now)
    else:
        raise UnknownName(_("step"), _("there is none of this name"), _("load the page again"))


def _read(request: HttpRequest, event_id: str, actor: Actor, now: datetime) -> list[VaultItem]:
    item = _number(request, "item") if request.POST.get("item", "").strip() else None
    after = _number(request, "after") if request.POST.get("after") else 0
    given = [request.POST.get(name, "")[:40] for name in ("purpose", "kind")]
    return vault.read(event_id, *given, item=item, after=after, actor=actor, now=now)


def _page(
    request: HttpRequest, event_id: str, *, items: list[VaultItem] | None = None, error: Refused | None = None, verb: str = "",
) -> HttpResponse:  # fmt: skip
    with one_moment():
        frame = open_frame(request)
        event = _event(frame.actor, event_id)
        shown = vault_on_page(frame.actor, event)
        context = frame.context(request, "event", *SHEETS) | _of(frame, shown, _titled(frame, event)) | {
            "error": error, "verb": verb, "typed": {name: _text(request, name) for name in ("words", "why", "kind", "until")},
            "items": _opened(frame, items or []), "read": items is not None,
            "opened_kind": request.POST.get("kind", "") if items else "", "opened_for": request.POST.get("purpose", ""),
            "more_after": items[-1].id if items and len(items) == vault.MOST_READ else 0,
        }  # fmt: skip
    answer = render(request, "console/vault.html", context, status=status_of(error) if error else 200)
    answer["Cache-Control"] = "no-store"  # neither what was opened nor what was typed stays in the browser
    return answer


def _of(frame: Frame, shown: VaultOnPage, event: EventOnPage) -> dict[str, Any]:
    gone = shown.destroyed_us is not None
    subject, now = subject_of(shown.line.event), from_us(frame.now_us)
    here = shown.line.exists and frame.scope.covers(shown.line.jurisdiction)
    return {
        "event": event, "vault": shown, "purposes": list(PURPOSES.items()),
        "may_read": here and frame.actor.may(Act.KEEP_VAULT), "may_keep_on": here and frame.actor.may(Act.DIRECT_RESPONSE),
        "last_day": timezone.localdate(now + vault.LONGEST_KEPT - timedelta(days=1)).isoformat(),
        "first_day": timezone.localdate(now).isoformat(),
        "reads": [(post_title(post_of(one.by), frame.language), PURPOSES.get(one.purpose, one.purpose),
                   KINDS[one.kind].title if one.kind in KINDS else "", one.n, to_us(one.at)) for one in shown.line.reads],
        "certificate": certificate_lines(subject) if gone else [], "faults": certificate_faults(subject) if gone else [],
    }  # fmt: skip


def _opened(frame: Frame, items: list[VaultItem]) -> list[tuple[int, str, str, int, str]]:
    return [(one.id, str(KINDS[one.kind].title), one.words, to_us(one.at), post_title(post_of(one.by), frame.language))
            for one in items]  # fmt: skip


def _event(actor: Actor, event_id: str) -> detect.EventLine:
    event = detect.events(actor.scope, [event_id]).get(event_id)
    if event is None:
        raise UnknownName(_("event"), _("there is none with this address in your area"), _("open the list of events"))
    return event


def _titled(frame: Frame, event: detect.EventLine) -> EventOnPage:
    return events_on_page([event], frame.words, frame.register, frame.language)[0]


def _end_of_day(request: HttpRequest) -> datetime:
    try:
        day = parse_date(request.POST.get("until", "").strip()[:20])
    except ValueError:
        day = None
    if day is None:
        raise BadValue(_("day"), _("it is none"), _("write it like 2026-11-26"))
    return timezone.make_aware(datetime.combine(day, time(23, 59)))


def _number(request: HttpRequest, name: str) -> int:
    text = request.POST.get(name, "").strip()
    if not (text.isascii() and text.isdecimal()) or len(text) > 15:
        raise BadValue(_("number of the item"), _("is no whole number"), _("write it in figures"))
    return int(text)


def _text(request: HttpRequest, name: str) -> str:
    return request.POST.get(name, "").replace("\r\n", "\n")[:5000]


def _us(moment: datetime | None) -> int | None:
    return None if moment is None else to_us(moment)
