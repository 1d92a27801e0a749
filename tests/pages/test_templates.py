"""No template asks for something that is not there: Django would print nothing, and nobody would notice."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.template import engines
from django.test import Client

from tests.people import log_in
from tocsin.engine.event_change import EventChange
from tocsin.loop.detect import services as detect
from tocsin.loop.observe import services as observe
from tocsin.terms.event import Event, EventState, LevelPart
from tocsin.terms.moment import to_us
from tocsin.terms.signal import Change, Measure, Subject, Transition
from tocsin.terms.stream import Source, Stream

NOW = datetime(2026, 11, 22, 4, tzinfo=UTC)
AT = to_us(NOW)
MARKER = "!! no such variable: %s !!"


@pytest.fixture
def officer(client: Client, db: None) -> Client:
    log_in(client, "duty_officer")
    return client


@pytest.fixture
def loud(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engines["django"].engine, "string_if_invalid", MARKER)


def recorded() -> str:
    """One open event with parent, child and merged event; the id of the event."""
    observe.apply_catalogue(
        sources=[Source("works", "Water works", "City", synthetic=True)],
        streams=[Stream("g1", "works", "st-1", "water_level", "m", lon=113.0, lat=30.0, cadence_s=60.0)],
        seq=0, actor="test", now=NOW,
    )  # fmt: skip
    raised = Transition(
        "natural_hazards/river_stage", 1, "river_flood", Subject("stream", "g1"), Change.RAISED, 3, 0, AT, AT, 1, False,
        (Measure("value", 5.3, "m", ">=", 5.0),),
    )  # fmt: skip
    parts = (LevelPart("intensity", "3", f"signal:{raised.signal}:orange"), LevelPart("result", "3", "sum:3"))
    main = Event("evt_a", "river_flood", EventState.OPEN, 3, AT, AT, lon=113.0, lat=30.0, place="st-1",
                 signals=(raised.signal,), parent="evt_p", no_data=True, explanation=parts)  # fmt: skip
    others = [
        Event("evt_p", "rainstorm", EventState.ENDED, 2, AT, AT, ended_us=AT, place="st-1"),
        Event("evt_c", "waterlogging", EventState.PROPOSED, 1, AT, AT, place="Underpass", parent="evt_a"),
        Event("evt_m", "river_flood", EventState.MERGED, 1, AT, AT, ended_us=AT, merged_into="evt_a"),
    ]
    changes = [EventChange("opened", main, AT, 1, f"signal:{raised.signal}")]
    changes += [EventChange("changed", other, AT, 1, "gap") for other in others]
    detect.record_batch(
        transitions=[raised], event_changes=changes, consumed_seq=1, log_digest="", actor="test", now=NOW
    )
    return main.id


@pytest.mark.django_db
@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_every_variable_of_every_page_exists(loud: None, officer: Client, language: str):
    officer.cookies["django_language"] = language
    paths = ["/", "/sources/", "/quarantine/", "/events/none/"]
    pages = [officer.get(path) for path in paths]  # empty first
    event = recorded()
    pages += [
        officer.get(path)
        for path in (*paths, f"/events/{event}/", "/events/evt_c/", "/events/evt_m/", "/events/evt_p/")
    ]
    assert {page.status_code for page in pages} == {200, 404}
    for page in pages:
        assert "no such variable" not in page.content.decode()
    assert "evt_a" in pages[4].content.decode()


@pytest.mark.django_db
def test_the_marker_is_loud(loud: None):
    assert "no such variable: absent" in engines["django"].from_string("{{ absent }}").render({})


@pytest.mark.django_db
@pytest.mark.parametrize("query", ["?start=-1", "?start=abc", "?start=99999999999", "?start=5", "?source=nobody"])
def test_odd_addresses_get_a_page(officer: Client, query: str):
    for path in ("/", "/sources/"):
        assert officer.get(path + query).status_code == 200


@pytest.mark.django_db
def test_the_theme_goes_back_only_to_our_own_pages(client: Client):
    answer = client.post("/theme", {"theme": "light", "next": "https://elsewhere.example/"})
    assert (answer.status_code, answer["Location"]) == (302, "/")
    assert client.post("/theme", {"theme": "pink"}).status_code == 400
    assert client.get("/theme").status_code == 405


@pytest.mark.django_db
def test_assets_are_ours_and_kept_only_under_their_own_digest(officer: Client):
    page = officer.get("/").content.decode()
    digest = page.split("/assets/")[1].split("/")[0]
    kept = officer.get(f"/assets/{digest}/duty.js")
    assert "immutable" in kept["Cache-Control"]
    assert officer.get("/assets/old/duty.js")["Cache-Control"] == "no-cache"
    assert officer.get(f"/assets/{digest}/scheme.css")["Content-Type"].startswith("text/css")
    for name in ("nothing.js", "..%2F__init__.py", "__init__.py"):
        assert officer.get(f"/assets/{digest}/{name}").status_code == 404
