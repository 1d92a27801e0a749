"""The calendar at its secret address: the shifts of an account or a post, for any calendar program. No log-in; whoever has the
address sees these shifts and nothing else, until a new one is made."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseNotFound
from django.utils.cache import get_conditional_response
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from tocsin.formats.icalendar import CALENDAR_TYPE, CalendarEntry, as_icalendar
from tocsin.records import clock
from tocsin.records.org import queries as org
from tocsin.records.org.scope import EVERYWHERE
from tocsin.records.places import queries as places
from tocsin.records.roster import queries as roster
from tocsin.records.roster.queries import TurnLine

__all__ = ["roster_calendar"]

_BACK, _AHEAD = timedelta(days=31), timedelta(days=92)


@require_safe
def roster_calendar(request: HttpRequest, secret: str) -> HttpResponseBase:
    """The file; 304 where the program has it already; 404 for an address that is not, or no longer, ours."""
    owner = roster.owner_of(secret)
    if not owner:
        return HttpResponseNotFound("There is no calendar here.\n", content_type="text/plain; charset=utf-8")
    body = _document(owner)
    etag = f'"{hashlib.sha256(body).hexdigest()}"'
    response = HttpResponse(body, content_type=CALENDAR_TYPE)
    response["ETag"], response["Cache-Control"] = etag, "private, no-cache"
    response["Referrer-Policy"], response["X-Robots-Tag"] = "no-referrer", "noindex"
    response["Content-Disposition"] = 'inline; filename="duty.ics"'
    answer = get_conditional_response(request, etag=etag, response=response)
    return answer if answer is not None else response


def _document(owner: str) -> bytes:
    kind, _colon, name = owner.partition(":")
    now = clock.now()
    found = roster.turns_of(EVERYWHERE, begin=now - _BACK, end=now + _AHEAD, **{kind: name})
    names, posts = org.open_accounts(), {post.id: post for post in org.posts(EVERYWHERE)}
    host = urlsplit(settings.CONFIGURATION.public_address).hostname or "tocsin"
    home = posts[name] if kind == "post" else next((posts[turn.post] for turn in found if turn.post in posts), None)
    zone = str(places.local_time(now, home.jurisdiction if home else "").tzinfo)

    def summary(turn: TurnLine) -> str:
        titles = posts[turn.post].title if turn.post in posts else {}
        title = titles.get(settings.LANGUAGE_CODE) or titles.get("en") or turn.post
        if kind == "account":
            return title
        return f"{title}: {names.get(turn.account) or _('nobody')}"

    entries = [
        CalendarEntry(f"{turn.post}/{turn.key}@{host}", summary(turn), turn.from_at, turn.until_at, turn.sequence,
                      turn.changed_at)
        for turn in found
    ]  # fmt: skip
    return as_icalendar(_("Duty roster"), entries, zone)
