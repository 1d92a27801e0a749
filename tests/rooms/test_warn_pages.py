"""Pages of warnings: composing, signing, what the public reads; hostile texts are plain characters everywhere."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client

from tocsin.doors.access import POST_KEY
from tocsin.doors.console.text_changes import text_changes
from tocsin.formats.cap import read_feed
from tocsin.loop.warn import queries, services
from tocsin.loop.warn.authority import AuthorityLine
from tocsin.loop.warn.content import Areas
from tocsin.loop.warn.models import WarningRow
from tocsin.records import clock
from tocsin.records.org.actor import SYSTEM
from tocsin.records.org.models import Account
from tocsin.records.org.roles import Role
from tocsin.records.org.scope import EVERYWHERE
from tocsin.testing.town import CITY, EAST, Town

pytestmark = pytest.mark.django_db

TABLE = (AuthorityLine("emergency", "*", CITY, 1, 4, "test: the emergency office of Simcity"),)
HOSTILE = "<script>alert('x')</script><img src=x onerror=y> & \"q\" ]]> {{ 1 }} {levels}"


@pytest.fixture
def town(db: None) -> Iterator[Town]:
    with Town() as built:
        services.put_authority(TABLE, actor=SYSTEM, now=built.now)
        Account.objects.update(must_change_password=False)
        yield built
        built._ring().clear()


def browser(town: Town, post: str, language: str = "en") -> Client:
    client = Client(HTTP_HOST="localhost", HTTP_ACCEPT_LANGUAGE=language)
    client.force_login(Account.objects.get(id=town.account(post)), "django.contrib.auth.backends.ModelBackend")
    session = client.session
    session[POST_KEY] = post
    session.save()
    return client


def public(language: str = "en") -> Client:
    return Client(HTTP_HOST="localhost", HTTP_ACCEPT_LANGUAGE=language)


def text(response: HttpResponse) -> str:
    return response.content.decode()


def fields(page: str) -> dict[str, Any]:
    """What a browser would post of the composer as it stands."""
    form = page[page.index('<form id="compose"') : page.index("</form>", page.index('<form id="compose"'))]
    posted: dict[str, Any] = {}
    for tag in re.findall(r"<input[^>]*>", form):
        name, kind = re.search(r'name="([^"]*)"', tag), re.search(r'type="([^"]*)"', tag)
        value = html.unescape((re.search(r'value="([^"]*)"', tag) or [""] * 2)[1])
        if name and (kind is None or kind[1] not in ("checkbox", "radio") or " checked" in tag):
            posted.setdefault(name[1], []).append(value)
    for name, inside in re.findall(r'<textarea[^>]*name="([^"]*)"[^>]*>(.*?)</textarea>', form, re.S):
        posted[name] = [html.unescape(inside)]
    for name, inside in re.findall(r'<select[^>]*name="([^"]*)"[^>]*>(.*?)</select>', form, re.S):
        posted[name] = re.findall(r'value="([^"]*)" selected', inside)
    return posted


def composed(town: Town, duty: Client, level: int = 3, **changed: Any) -> str:
    """A draft made and saved by its forms; its address."""
    event = town.storm(level=level).event
    address = duty.post(f"/console/warnings/compose?event={event}", {"once": event}).url
    saved = duty.post(f"{address}/save", fields(text(duty.get(address))) | {"do": "save"} | changed)
    assert saved.status_code == 302, text(saved)
    return str(address)


def test_from_an_event_to_a_public_page_by_forms_alone(town: Town) -> None:
    duty, signer = browser(town, "duty"), browser(town, "signer")
    event = town.storm(level=3).event
    assert "Compose warning" in text(duty.get(f"/console/warnings/compose?event={event}"))
    assert WarningRow.objects.count() == 0  # reading a page writes nothing
    address = duty.post(f"/console/warnings/compose?event={event}", {"once": "f1"}).url
    assert duty.post(f"/console/warnings/compose?event={event}", {"once": "f2"}).url == address  # the open draft
    page = text(duty.get(address))
    assert "Notifies 8 posts in 1 area" in page
    assert "Ready to be sent for approval" in page
    posted = fields(page)
    posted.pop("exercise", None)
    for _pressed_twice in range(2):
        sent = duty.post(f"{address}/save", posted | {"do": "submit", "instruction_en": "Go upstairs now."})
        assert sent.status_code == 302, text(sent)
    warning = address.rpartition("/")[2]
    assert public().get(f"/warnings/{warning}").status_code == 404  # nobody signed it
    assert public().get(f"/warnings/{warning}.xml").status_code == 404

    review = text(signer.get(f"{address}/sign"))
    assert "Notifies 8 posts in 1 area" in review
    assert "<ins>" in review
    assert "<del>" in review
    hidden = dict(re.findall(r'<input type="hidden" name="(version|digest)" value="([^"]*)"', review))
    done = signer.post(f"{address}/sign", hidden | {"do": "sign"})
    assert done.status_code == 302, text(done)
    assert signer.post(f"{address}/sign", hidden | {"do": "sign"}).status_code == 302  # pressed twice
    assert len(queries.alerts()) == 1

    listed = text(public().get("/warnings"))
    assert "Go upstairs now." in listed
    assert "Orange II" in listed
    assert "Emergency office" in listed
    assert listed.index("Call 110, 119 or 120") < listed.index("Go upstairs now.")
    assert "橙色" in text(public("zh-CN").get("/warnings"))
    assert "橙色" in text(public().get("/warnings?lang=zh-hans"))


def test_the_author_sees_why_they_cannot_sign(town: Town) -> None:
    duty = browser(town, "duty")
    address = composed(town, duty)
    duty.post(f"{address}/save", fields(text(duty.get(address))) | {"do": "submit"})
    assert duty.get(f"{address}/sign").status_code == 403
    assert duty.post(f"{address}/sign", {"do": "sign"}).status_code == 403


def test_sending_back_needs_a_reason_and_shows_it_to_the_author(town: Town) -> None:
    duty, signer = browser(town, "duty"), browser(town, "signer")
    address = composed(town, duty)
    duty.post(f"{address}/save", fields(text(duty.get(address))) | {"do": "submit"})
    version = WarningRow.objects.get().version
    empty = signer.post(f"{address}/sign", {"do": "return", "reason": " ", "version": version})
    assert empty.status_code == 422
    assert "say what should be changed" in text(empty)
    assert signer.post(f"{address}/sign", {"do": "return", "reason": HOSTILE, "version": version}).status_code == 302
    page = text(duty.get(address))
    assert html.escape(HOSTILE) in page
    assert "<script>alert" not in page


def test_a_stale_page_is_refused_and_what_was_typed_stays(town: Town) -> None:
    town.hire("duty-2", Role.DUTY_OFFICER, CITY)
    Account.objects.update(must_change_password=False)
    duty, second = browser(town, "duty"), browser(town, "duty-2")
    address = composed(town, duty)
    mine, theirs = fields(text(duty.get(address))), fields(text(second.get(address)))
    assert second.post(f"{address}/save", theirs | {"do": "save", "headline_en": "Theirs"}).status_code == 302
    refused = duty.post(f"{address}/save", mine | {"do": "save", "headline_en": "Mine, typed late"})
    assert refused.status_code == 409
    page = text(refused)
    assert "changed it meanwhile" in page
    assert "Mine, typed late" in page
    assert duty.post(f"{address}/save", fields(page) | {"do": "save"}).status_code == 409  # and again
    assert queries.warning(EVERYWHERE, address.rpartition("/")[2]).content.text("en").headline == "Theirs"
    assert "wrote at this draft a moment ago" in text(duty.get(address))


def test_what_cannot_be_read_is_named_at_its_field(town: Town) -> None:
    duty = browser(town, "duty")
    address = composed(town, duty)
    posted = fields(text(duty.get(address)))
    bad = duty.post(f"{address}/save", posted | {"do": "submit", "onset": "tomorrow", "mode": "circle", "lat": "130",
                                                 "lon": "x", "km": "0", "headline_en": "Kept"})  # fmt: skip
    assert bad.status_code == 422
    page = text(bad)
    assert all(f'href="#{name}"' in page for name in ("onset", "lat", "lon", "km"))
    assert 'value="tomorrow"' in page
    assert 'value="Kept"' in page
    assert WarningRow.objects.get().state == "draft"


@pytest.mark.parametrize(("typed", "points"), [
    ("30.1,120.6 30.2,120.6 30.2,120.7", 4), ("30.1, 120.6\n30.2, 120.6\n30.2, 120.7\n30.1, 120.6", 4),
    ("30.1,120.6 30.2,120.6", 0), ("a,b c,d e,f", 0), ("", 0), ("91,120 92,120 93,120", 0),
])  # fmt: skip
def test_pasted_outlines(town: Town, typed: str, points: int) -> None:
    duty = browser(town, "duty")
    address = composed(town, duty)
    posted = fields(text(duty.get(address))) | {"do": "save", "mode": "polygon", "outline": typed}
    saved = duty.post(f"{address}/save", posted)
    assert saved.status_code == (302 if points else 422)
    polygons = queries.warning(EVERYWHERE, address.rpartition("/")[2]).content.areas.polygons
    assert [len(ring) for ring in polygons] == ([points] if points else [])


def test_autosave_and_preview(town: Town) -> None:
    duty = browser(town, "duty")
    address = composed(town, duty)
    posted = fields(text(duty.get(address))) | {"beware_en": "Deep <water>."}
    shown = text(duty.post(f"{address}/preview", posted))
    assert "Deep &lt;water&gt;." in shown
    assert "&amp;lt;water&amp;gt;" in shown  # the CAP message, as it will be written
    version = WarningRow.objects.get().version
    told = json.loads(duty.post(f"{address}/autosave", posted).content)
    assert told["version"] == version + 1
    assert json.loads(duty.post(f"{address}/autosave", posted).content)["version"] == version + 1  # the same again
    stale = duty.post(f"{address}/autosave", posted | {"beware_en": "Other words on the old page"})
    assert (stale.status_code, json.loads(stale.content)["stale"]) == (409, True)


def test_texts_that_follow_are_not_taken_for_typed_in_a_page_that_stays_open(town: Town) -> None:
    """The composer saves by itself while its fields show what was: the level goes up, the headline with it, and stays up."""
    duty = browser(town, "duty")
    address = composed(town, duty)
    posted = fields(text(duty.get(address))) | {"level": "4"}
    told = json.loads(duty.post(f"{address}/autosave", posted).content)
    headline, mark = told["texts"]["headline_en"]
    assert headline.startswith("Red I")
    later = posted | {"version": told["version"], "instruction_en": "Leave the cellar."}
    told = json.loads(duty.post(f"{address}/autosave", later).content)
    kept = queries.warning(EVERYWHERE, address.rpartition("/")[2]).content.text("en")
    assert kept.headline == headline
    assert "Leave the cellar." in kept.brief
    typed = later | {"version": told["version"], "headline_en": "Own headline", "was_headline_en": mark}
    told = json.loads(duty.post(f"{address}/autosave", typed).content)
    assert told["texts"]["headline_en"][0] == "Own headline"


def test_one_press_on_a_warning_in_force_makes_the_draft_that_follows(town: Town) -> None:
    duty = browser(town, "duty")
    warning = _signed(town)
    page = text(duty.get(f"/console/warnings/{warning}"))
    assert "Cancel: danger is over" in page
    for what, kind in (("raise", "update"), ("cancel", "cancel")):
        made = duty.post(f"/console/warnings/{warning}/follow", {"do": what, "once": what})
        row = WarningRow.objects.get(id=made.url.rpartition("/")[2])
        assert (row.kind, row.predecessor) == (kind, warning)
        assert duty.get(made.url).status_code == 200


def _signed(town: Town, **given: Any) -> str:
    made = services.draft(town.storm(level=given.pop("level", 3)).event, actor=town.as_("duty"), now=town.now,
                          **({"exercise": False} | given))  # fmt: skip
    return _sign(town, made)


def _sign(town: Town, made: str) -> str:
    version = WarningRow.objects.get(id=made).version
    digest = services.submit(made, version=version, actor=town.as_("duty"), now=town.now)
    return services.sign(made, version=version, digest=digest, actor=town.as_("signer"), now=town.now)


# ---------------------------------------------------------------- the public
def test_hostile_words_are_words_on_every_page(town: Town) -> None:
    made = services.draft(
        town.storm(level=4).event, exercise=True, exercise_note=HOSTILE, actor=town.as_("duty"), now=town.now
    )
    texts = dict.fromkeys(("headline", "description", "beware", "instruction", "short"), HOSTILE)
    services.edit(made, {"texts": {"en": texts, "zh-hans": texts}, "contact": HOSTILE}, version=1,
                  actor=town.as_("duty"), now=town.now)  # fmt: skip
    duty, signer = browser(town, "duty"), browser(town, "signer")
    pages = [duty.get("/console/warnings/"), duty.get(f"/console/warnings/{made}")]
    services.submit(made, version=2, actor=town.as_("duty"), now=town.now)
    pages.append(signer.get(f"/console/warnings/{made}/sign"))
    digest = queries.warning(EVERYWHERE, made).content.digest
    services.sign(made, version=2, digest=digest, actor=town.as_("signer"), now=town.now)
    pages += [duty.get(f"/console/warnings/{made}"), public().get("/warnings"), public().get(f"/warnings/{made}")]
    event = WarningRow.objects.get().event
    pages.append(duty.get(f"/events/{event}/"))
    for page in pages:
        assert page.status_code == 200
        assert "<script>alert" not in text(page)
        assert "<img src=x" not in text(page)
    assert HOSTILE in html.unescape(text(pages[-2]))


def test_exercises_are_marked_everywhere_and_never_in_the_feed(town: Town) -> None:
    drill = _signed(town, exercise=True, exercise_note="Autumn drill")
    listed = text(public().get("/warnings"))
    assert "No warning is in force" in listed
    assert (
        listed.index("No warning is in force")
        < listed.index("Exercise. Not a real warning")
        < listed.index("Autumn drill")
    )
    assert "EXERCISE" in text(public().get(f"/warnings/{drill}"))
    assert drill not in text(public().get("/warnings/feed.atom"))
    assert json.loads(public().get("/warnings.geojson").content)["features"] == []
    assert b"<status>Exercise</status>" in public().get(f"/warnings/{drill}.xml").content


def test_a_message_stays_readable_and_says_what_became_of_it(town: Town) -> None:
    first = _signed(town)
    assert "This warning is in force" in text(public().get(f"/warnings/{first}"))
    town.after(minutes=2)
    second = _sign(town, services.draft_update(first, level=4, actor=town.as_("duty"), now=town.now))
    page = text(public().get(f"/warnings/{first}"))
    assert "A newer one replaced it" in page
    assert f'href="/warnings/{second}?lang=en"' in page
    town.after(minutes=2)
    last = _sign(town, services.draft_cancel(second, actor=town.as_("duty"), now=town.now))
    assert "It was cancelled" in text(public().get(f"/warnings/{second}"))
    assert "ended an earlier warning" in text(public().get(f"/warnings/{last}"))
    other = _signed(town, level=1)
    services.sweep(now=town.now)
    from datetime import timedelta

    from tocsin.terms.moment import to_us

    clock.drive(town._hand, to_us(town.now + timedelta(hours=7)))
    assert "no all-clear" in text(public().get(f"/warnings/{other}"))  # before any sweep has looked
    assert other not in text(public().get("/warnings"))


def test_the_highest_level_stands_first(town: Town) -> None:
    low, high = _signed(town, level=1), _signed(town, level=4)
    listed = text(public().get("/warnings"))
    assert listed.index(high) < listed.index(low)


def test_cap_bytes_feed_and_their_conditions(town: Town) -> None:
    warning = _signed(town)
    got = public().get(f"/warnings/{warning}.xml")
    assert got["Content-Type"] == "application/cap+xml"
    assert got.content == queries.alert(warning).document
    assert "immutable" in got["Cache-Control"]
    feed = public().get("/warnings/feed.atom")
    again = public().get("/warnings/feed.atom", HTTP_IF_NONE_MATCH=feed["ETag"])
    assert (again.status_code, again.content) == (304, b"")
    assert public().get("/warnings/feed.atom", HTTP_IF_MODIFIED_SINCE=feed["Last-Modified"]).status_code == 304
    entries = read_feed(feed.content).entries
    assert [entry.href.endswith(f"/warnings/{warning}.xml") for entry in entries] == [True]
    town.after(minutes=2)
    _sign(town, services.draft_cancel(warning, actor=town.as_("duty"), now=town.now))
    newer = public().get("/warnings/feed.atom", HTTP_IF_NONE_MATCH=feed["ETag"])
    assert newer.status_code == 200
    assert newer.content.count(b"<entry") == 2


def test_areas_as_geojson(town: Town) -> None:
    made = services.draft(town.storm(level=3).event, exercise=False, actor=town.as_("duty"), now=town.now,
                          areas=Areas((EAST,), circles=((30.25, 120.75, 5),)))  # fmt: skip
    _sign(town, made)
    [feature] = json.loads(public().get("/warnings.geojson").content)["features"]
    assert feature["geometry"]["type"] == "MultiPolygon"
    assert feature["properties"]["identifier"] == made


def test_the_public_page_is_small_and_needs_no_script(town: Town) -> None:
    for level in (1, 2, 3, 4):
        _signed(town, level=level)
    page = public().get("/warnings")
    scripts = re.findall(r'<script type="module" src="([^"]+)"></script>', text(page))
    assert len(scripts) == text(page).count("<script") == 1  # the page is whole without it
    assert not page.cookies
    sheets = re.findall(r'<link rel="stylesheet" href="([^"]+)"', text(page))
    assert len(page.content) + sum(len(public().get(one).content) for one in sheets + scripts) < 60_000
    assert "Accept-Language" in page["Vary"]


def test_an_unknown_address_says_what_to_do() -> None:
    page = public().get("/warnings/wrn_nothing")
    assert page.status_code == 404
    assert "Warnings in force" in text(page)
    assert public().get("/warnings/").url == "/warnings"


# ---------------------------------------------------------------- small parts
def test_changes_between_texts_are_found_by_words_and_by_characters() -> None:
    assert [(r.kind, r.text) for r in text_changes("请远离河边", "请远离桥梁")] == [
        ("kept", "请远离"), ("removed", "河边"), ("added", "桥梁"),
    ]  # fmt: skip
    assert text_changes("", "") == []
    for before, after in (("a b c", "a c"), ("", "new"), ("old", "")):
        runs = text_changes(before, after)
        assert "".join(r.text for r in runs if r.kind != "removed") == after
