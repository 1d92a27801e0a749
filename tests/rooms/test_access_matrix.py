"""Every address, every role, every method; and nobody reads what lies outside their area (architecture.md, promise 7)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from django.conf import settings
from django.db import transaction
from django.http import HttpResponseBase
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from tests.people import log_in
from tests.rooms.access_table import NOBODY, ROLES, ROWS, Row
from tests.rooms.town import EAST, WEST, change, event_of, record, register, transition
from tocsin.loop.detect import queries as detect
from tocsin.records.org import services as org
from tocsin.records.org.actor import SYSTEM
from tocsin.records.org.scope import Scope
from tocsin.records.org.services import DepartmentLine
from tocsin.records.places import services as places
from tocsin.terms.errors import NotAllowed
from tocsin.terms.stream import Stream

pytestmark = pytest.mark.django_db
# these take no form and change nothing, or answer a wrong address
UNGUARDED = {
    "healthz", "readyz", "metrics", "heartbeat", "^api/", "api/v1/", "api/v1/openapi.json", "warnings/",
    "subscribe/leave/<str:identifier>/<str:proof>",  # mail programs post without a page (RFC 8058): the proof stands for it
    "receipts/<str:key>/<str:proof>", "receipts/gateway/<str:channel>/<str:proof>",  # programs post; the proof decides
    "hub",  # a program asks, its callback confirms (W3C WebSub)
    "heard/<str:key>/<str:proof>",  # nor does this one need a cookie
}  # fmt: skip
MARK = "Secret-of-the-east"  # stands in every name of the east
OFFER_AREAS = ("subscribe", "warnings/embed")  # public: everybody may choose among the names of all areas


def routes(resolver: URLResolver | None = None, prefix: str = "") -> Iterator[str]:
    for pattern in (resolver or get_resolver()).url_patterns:
        if isinstance(pattern, URLResolver):
            yield from routes(pattern, prefix + str(pattern.pattern))
        elif isinstance(pattern, URLPattern):
            yield prefix + str(pattern.pattern)


def address(route: str, row: Row, ids: dict[str, str]) -> str:
    """The route with something in its parts."""
    if "path" in row.with_:
        return row.with_["path"]

    def part(found: re.Match[str]) -> str:
        kind, _colon, name = found[1].rpartition(":")
        return row.with_.get(name) or ids.get(name) or ("1" if kind == "int" else "none")

    return "/" + re.sub(r"<([^>]+)>", part, route)


def answer_of(response: HttpResponseBase) -> str:
    """``login``, ``refused``, ``not offered`` or ``in``."""
    if response.status_code == 405:
        return "not offered"
    if response.status_code == 401 or (response.status_code == 302 and response["Location"].startswith("/login?")):
        return "login"
    if response.status_code == 403:
        return "login" if b'id="username"' in getattr(response, "content", b"") else "refused"
    return "in"


def post(client: Client, path: str, row: Row, role: str) -> HttpResponseBase:
    if row.kind == "program":
        return client.post(path, data="[]", content_type="application/json")
    own = f"{role.replace('_', '-')}-all"
    return client.post(path, {name: value.format(post=own) for name, value in row.form.items()})


@pytest.fixture
def ids() -> dict[str, str]:
    """An event of the east with everything the rooms know of it, each of its names marked."""
    stream = Stream(**{name: getattr(EAST, name) for name in Stream.__dataclass_fields__} | {
        "feature": MARK, "labels": {"title": MARK}})  # type: ignore[arg-type]  # fmt: skip
    register(stream, WEST)
    raised = transition()
    event = event_of(raised, place=MARK)
    record(raised, changes=(change(event),))
    now = datetime.now(UTC)
    org.put_departments([DepartmentLine("office", {"en": "Office"}, "")], actor=SYSTEM, now=now)
    areas = [
        places.Area(path, {"en": path.replace("simcity/east", MARK)}, 3)
        for path in ("simcity", "simcity/east", "simcity/west")
    ]
    places.put_jurisdictions(areas, actor="test", now=now)
    return {"event_id": event.id, "signal_id": raised.signal}


def test_every_address_has_a_row_and_every_row_an_address() -> None:
    known = set(routes())
    assert sorted(known - ROWS.keys()) == [], "add a row to tests/rooms/access_table.py"
    assert sorted(ROWS.keys() - known) == [], "these rows have no address any more"


def test_an_address_lets_in_whom_the_table_names(ids: dict[str, str]) -> None:
    client = Client()
    keys = {}
    for role in ROLES:
        log_in(client, role)
        keys[role] = client.cookies[settings.SESSION_COOKIE_NAME].value
    wrong = []
    for route in sorted(ROWS.keys() & set(routes())):
        row = ROWS[route]
        path = address(route, row, ids)
        for role in (*ROLES, NOBODY):
            for method, allowed in (("get", row.get), ("post", row.post)):
                client = Client()
                if role != NOBODY:
                    client.cookies[settings.SESSION_COOKIE_NAME] = keys[role]
                with transaction.atomic():
                    response = client.get(path) if method == "get" else post(client, path, row, role)
                    transaction.set_rollback(True)
                found, expected = answer_of(response), expected_of(route, row, role, method, allowed)
                if found not in expected:
                    wrong.append(f"{method} {path} as {role}: {found} ({response.status_code}), not {expected}")
    assert wrong == []


def expected_of(route: str, row: Row, role: str, method: str, allowed: frozenset[str] | None) -> set[str]:
    if allowed is None:
        return {"not offered", "refused", "login"}
    if role in allowed:
        return {"in", "login"} if route == "login" else {"in"}
    if role == NOBODY or (row.kind == "program" and method == "post"):
        return {"login"}
    return {"refused"}


@pytest.mark.parametrize("role", ROLES)
def test_nobody_reads_outside_their_area(role: str, ids: dict[str, str]) -> None:
    """Every GET address, by every role of the west, with the ids of the east: not one name of the east in any answer.
    The same roles of the east do see it somewhere: else this test would see nothing."""
    seen = {area: _marks(role, area, ids) for area in ("simcity/west", "simcity/east")}
    assert seen["simcity/west"] == []
    if role not in ("facility_operator",):
        assert seen["simcity/east"], "the mark is nowhere: the test is blind"


def _marks(role: str, area: str, ids: dict[str, str]) -> list[str]:
    found = []
    client = Client()
    with transaction.atomic():
        log_in(client, role, area)
        for route, row in ROWS.items():
            if row.get is None or route in OFFER_AREAS or route.startswith("live/stream"):  # test_live_scopes listens
                continue
            response = client.get(address(route, row, ids))
            body = b"".join(response) if response.streaming else response.content
            if MARK.encode() in body:
                found.append(route)
        transaction.set_rollback(True)
    return found


def test_no_form_is_taken_without_its_token(ids: dict[str, str]) -> None:
    taken = []
    for route, row in ROWS.items():
        if not row.post or row.kind == "program" or route in UNGUARDED:
            continue
        client = Client(enforce_csrf_checks=True)
        log_in(client, next(role for role in ROLES if role in row.post))
        response = client.post(address(route, row, ids), {"next": "/"})
        if response.status_code != 403 or b"out of date" not in response.content:
            taken.append(f"{route}: {response.status_code}")
    assert taken == []


@pytest.mark.parametrize("role", ["administrator", "facility_operator", "nobody", ""])
def test_the_room_itself_refuses_events_to_whom_they_are_not_open(role: str, ids: dict[str, str]) -> None:
    """A door that forgot its guard would still be refused."""
    scope = Scope("", role)
    for ask in (
        lambda: detect.open_events(scope), lambda: detect.recent_events(scope), lambda: detect.event(scope, ids["event_id"]),
        lambda: detect.events(scope, [ids["event_id"]]), lambda: detect.changes_since(scope, 0),
        lambda: detect.open_signals(scope), lambda: detect.signals(scope), lambda: detect.signal(scope, ids["signal_id"]),
        lambda: detect.signal_changes(scope, [ids["signal_id"]]),
    ):  # fmt: skip
        with pytest.raises(NotAllowed):
            ask()
