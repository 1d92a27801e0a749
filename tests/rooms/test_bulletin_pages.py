"""Pages of bulletins: what they say, to whom, and that no text of a stranger becomes a part of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from xml.sax.saxutils import escape

import pytest
from django.conf import settings
from django.test import Client

from tests.people import log_in
from tests.rooms.bulletins import (
    ELSEWHERE,
    MET,
    bulletin_of,
    declare,
    feed,
    message,
    pinned,
    recorded,
    reference,
    signed,
    take,
)
from tocsin.app.feed_findings import feed_findings
from tocsin.loop.observe.bulletins import queries, services
from tocsin.loop.observe.bulletins.services import Heard, Listed
from tocsin.testing.town import EAST, WEST, Town

pytestmark = pytest.mark.django_db
EVIL = '"><script>alert(1)</script><img src=x onerror=alert(1)>\u202e'
TEXTS = ("headline", "event", "description", "instruction", "office")


@pytest.fixture
def town(db: None) -> Iterator[Town]:
    with Town() as built:
        declare(feed(relay=True, senders=(pinned(),)), now=built.now)
        yield built
        built.read_all()


def page(client: Client, path: str, language: str = "en") -> str:
    response = client.get(path, headers={"accept-language": language})
    assert response.status_code == 200, path
    return response.content.decode()


def test_the_list_and_the_page_say_whose_it_is_and_whether_it_was_verified(town: Town, client: Client) -> None:
    log_in(client, "duty_officer", "simcity")
    plain, good = take(
        message(sent=town.now), signed(message("m-2", sent=town.now, headline="Signed one")), now=town.now
    )
    told = page(client, "/console/bulletins/")
    assert "Heavy rain expected" in told
    assert "Not verified" in told
    assert "Signature verified" in told
    unsigned = page(client, f"/console/bulletins/{plain.id}")
    assert "Not verified: it is not signed" in unsigned
    assert "Severe · Immediate · Observed" in unsigned  # the authority's own grading, beside our level
    assert "Orange II" in unsigned
    assert '<path class="target"' in unsigned
    assert "Signature verified" in page(client, f"/console/bulletins/{good.id}")
    chinese = page(client, f"/console/bulletins/{plain.id}", "zh-hans")
    assert "未核实" in chinese
    assert 'lang="en"' in chinese


def test_lineage_defects_conflicts_and_reasons_are_shown(town: Town, client: Client) -> None:
    """R50, R51, R53, R56, R65."""
    log_in(client, "duty_officer", "simcity")
    sent = town.now
    update = message(
        "m-2", sent=sent + timedelta(minutes=1), kind="Update", cites=reference("m-1", sent - timedelta(days=1))
    )
    take(message(sent=sent), message(sent=sent, headline="Other text"), update, message("s", sent=sent, sender=ELSEWHERE),
         now=town.now)  # fmt: skip
    first = page(client, f"/console/bulletins/{bulletin_of('m-1').id}")
    assert "Another message came under the same name" in first
    assert "Replaced" in first
    assert "Messages of this line" in first
    second = page(client, f"/console/bulletins/{bulletin_of('m-2').id}")
    assert "<b>R51</b>" in second
    told = page(client, "/console/bulletins/")
    assert "Held back" in told


def test_a_duty_officer_says_whether_a_repeat_is_new(town: Town, client: Client) -> None:
    """R54."""
    until = town.now + timedelta(hours=6)
    take(message(sent=town.now, expires=until), now=town.now)
    take(message("r-1", sent=town.now + timedelta(minutes=1), expires=until), now=town.now)
    row = bulletin_of("r-1")
    log_in(client, "signer", "simcity")
    assert "A new warning</button>" not in page(client, f"/console/bulletins/{row.id}")
    assert client.post(f"/console/bulletins/{row.id}/judge", {"is": "new"}).status_code == 403
    log_in(client, "duty_officer", "simcity")
    assert "A new warning</button>" in page(client, f"/console/bulletins/{row.id}")
    assert client.post(f"/console/bulletins/{row.id}/judge", {"is": "new"}).status_code == 302
    assert bulletin_of("r-1").state == "in force"


def test_only_posts_of_the_area_see_it(town: Town, client: Client) -> None:
    [row] = take(message(sent=town.now), now=town.now)
    for area, status in ((EAST, 200), (WEST, 404)):
        log_in(client, "inspector", area)
        assert client.get(f"/console/bulletins/{row.id}").status_code == status
        assert client.get(f"/console/bulletins/{row.id}.xml").status_code == status


@pytest.mark.parametrize("status", ["Exercise", "Test", "System", "Draft"])
def test_r57_what_is_not_actual_is_marked_and_never_public(town: Town, client: Client, status: str) -> None:
    """R57."""
    [row] = take(message(sent=town.now, status=status, headline="Blue sky drill", note="Drill"), now=town.now)
    log_in(client, "duty_officer", "simcity")
    for path in ("/console/bulletins/", f"/console/bulletins/{row.id}"):
        told = page(client, path)
        assert {"Exercise": "EXERCISE", "Test": "TEST", "System": "SYSTEM MESSAGE", "Draft": "DRAFT"}[status] in told
    assert "No real warning" in page(client, f"/console/bulletins/{row.id}")
    for path in ("/bulletins", "/bulletins/feed.atom"):
        assert "Blue sky drill" not in page(client, path)
    assert client.get(f"/bulletins/{row.id}.xml").status_code == 404


def test_r63_relayed_bytes_are_unchanged_and_say_where_they_came_from(town: Town, client: Client) -> None:
    """R63, R70: byte for byte, with an ETag, and 304 for who has it."""
    document = signed(message(sent=town.now))
    [row] = take(document, now=town.now)
    answer = client.get(f"/bulletins/{row.id}.xml")
    assert answer.content == document
    assert answer["Content-Type"] == "application/cap+xml"
    assert answer["Link"] == '<https://weather.example/m.xml>; rel="via"'
    again = client.get(f"/bulletins/{row.id}.xml", headers={"if-none-match": answer["ETag"]})
    assert again.status_code == 304
    told = page(client, "/bulletins?lang=en")
    assert "Issued by Met Office, not by us" in told
    assert "Signature verified" in told
    feed_text = page(client, "/bulletins/feed.atom")
    assert f"[{MET}, verified]" in feed_text
    assert f"/bulletins/{row.id}.xml" in feed_text
    assert "由Met Office发布" in page(client, "/bulletins?lang=zh-hans")


def test_our_own_page_has_a_section_from_other_authorities(town: Town, client: Client) -> None:
    """Clearly marked, with whose it is and that it is not verified; gone when its time is over (R55), marked for the publisher
    when anything changes."""
    before = queries.relayed_mark()
    assert "From other authorities" not in page(client, "/warnings?lang=en")
    take(message(sent=town.now), now=town.now)
    assert queries.relayed_mark() != before
    told = page(client, "/warnings?lang=en")
    assert "From other authorities" in told
    assert "No warning of ours is in force; other authorities warn" in told
    assert "Issued by Met Office, not by us" in told
    assert "Not verified: nothing proves" in told
    assert "其他部门" in page(client, "/warnings?lang=zh-hans")
    town.read_all()
    town.after(hours=7)
    assert "From other authorities" not in page(client, "/warnings?lang=en")


def test_what_is_not_relayed_is_not_public(town: Town, client: Client) -> None:
    declare(feed(relay=False), now=town.now)
    [row] = take(message(sent=town.now), now=town.now)
    assert client.get(f"/bulletins/{row.id}.xml").status_code == 404
    assert "Heavy rain" not in page(client, "/bulletins")
    assert "That is no all-clear" in page(client, "/bulletins?lang=en")


def test_an_unverified_relayed_message_says_so(town: Town, client: Client) -> None:
    """R65."""
    take(message(sent=town.now), now=town.now)
    assert "Not verified: nothing proves" in page(client, "/bulletins?lang=en")
    assert ", not verified]" in page(client, "/bulletins/feed.atom")


@pytest.mark.parametrize("field", [*TEXTS, "note", "area", "language", "more"])
def test_r31_no_text_of_a_message_becomes_a_part_of_a_page(town: Town, client: Client, field: str) -> None:
    """R31: stored cross-site scripting, in every text field, on every page, in the feed and in letters."""
    if field == "area":
        document = message(sent=town.now).replace(b"East of the town", escape(EVIL).encode())
    elif field == "language":
        document = message(sent=town.now, language=escape(EVIL))
    elif field == "more":
        document = message(sent=town.now, more=f"<web>https://x.example/{escape(EVIL)}</web><contact>{escape(EVIL)}</contact>"
                           f"<parameter><valueName>colour</valueName><value>{escape(EVIL)}</value></parameter>")  # fmt: skip
    elif field == "note":
        document = message(sent=town.now, note=EVIL, status="Exercise")
    else:
        document = message(sent=town.now, **{field: EVIL})  # type: ignore[arg-type]
    [row] = take(document, now=town.now)
    log_in(client, "duty_officer", "simcity")
    for path in (
        "/console/bulletins/",
        f"/console/bulletins/{row.id}",
        "/bulletins?lang=en",
        "/warnings?lang=en",
        "/bulletins/feed.atom",
    ):
        told = page(client, path)
        assert "<script>alert(1)" not in told, path
        assert "<img src=x" not in told, path
        assert "\u202e" not in told, path
    for letter in town.read_all():
        assert "\u202e" not in letter.subject + letter.body


def test_r31_a_feeds_own_words_are_text_too(town: Town, client: Client) -> None:
    log_in(client, "duty_officer", "simcity")
    declare(feed(title={"en": EVIL}), now=town.now)
    services.hear("met", Heard([Listed("k", EVIL, f"javascript:{EVIL}", EVIL, "", "R69", EVIL)]), now=town.now)
    services.note_failure("met", EVIL, now=town.now)
    told = page(client, "/sources/")
    assert "&lt;script&gt;" in told
    assert "<script>alert(1)" not in told
    assert 'href="javascript' not in told


def test_r37_the_bytes_of_a_message_cannot_run_on_our_address(town: Town, client: Client) -> None:
    """A message may hold XHTML of a foreign namespace: it is a download, under a policy that lets nothing run."""
    evil = b'<x:script xmlns:x="http://www.w3.org/1999/xhtml">alert(1)</x:script></alert>'
    document = message(sent=town.now).replace(b"</alert>", evil)
    [row] = take(document, now=town.now)
    log_in(client, "duty_officer", "simcity")
    for path in (f"/bulletins/{row.id}.xml", f"/console/bulletins/{row.id}.xml"):
        answer = client.get(path)
        assert answer.content == document
        assert answer["Content-Security-Policy"] == "default-src 'none'; sandbox"
        assert answer["Content-Disposition"].startswith("attachment")


def test_r48_an_outline_of_41009_points_is_drawn_and_never_dropped(town: Town, client: Client) -> None:
    """R48, R27: the real message of a national service, placed, drawn with few points, its bytes as they came."""
    document = recorded("signed/bf-valid-41009pt-polygon.xml")
    [row] = take(document, now=town.now)
    assert bytes(row.document) == document
    log_in(client, "duty_officer", "simcity")
    told = page(client, f"/console/bulletins/{row.id}")
    outline = told.split('class="target" d="')[1].split('"')[0]
    assert 3 <= outline.count("L") < 2000


def test_doctor_and_health_name_a_feed_that_fails(town: Town, client: Client) -> None:
    """R72."""
    services.note_failure("met", "server weather.example: does not answer", now=town.now)
    here = replace(settings.CONFIGURATION, database="the one of the test")
    assert "tocsin_failing_feeds 1" in client.get("/metrics").content.decode()
    [finding] = [one for one in feed_findings(here) if one.state == "fault"]
    assert "met gives no readable answer" in finding.what
    services.hear("met", Heard(unchanged=True), now=town.now)
    assert "tocsin_failing_feeds 0" in client.get("/metrics").content.decode()
    assert [one.state for one in feed_findings(here)] == ["ok"]


def test_feeds_and_their_faults_stand_on_the_sources_page(town: Town, client: Client) -> None:
    """R71, R72: what could not be taken, with its rule; a failing feed is "no data", never normal."""
    log_in(client, "duty_officer", "simcity")
    services.hear(
        "met", Heard([Listed("k", "urn:1", "https://x", "Bad one", "", "R69", "it has no link")]), now=town.now
    )
    told = page(client, "/sources/")
    assert "it has no link" in told
    assert "Weather service" in told
    services.note_failure("met", "server weather.example: does not answer", now=town.now)
    assert "No readable answer" in page(client, "/sources/")
