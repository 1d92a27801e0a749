"""Pages of responses, statements and tasks: plain forms, each refusal in words, hostile texts plain characters everywhere."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from django.test import Client, RequestFactory

from tests.rooms.responding import quiet, responding_town
from tocsin.doors.access import POST_KEY
from tocsin.doors.console import rectify_panel, respond_panel
from tocsin.doors.console.frame import open_frame
from tocsin.doors.console.panels import Contributor, Panel
from tocsin.loop.detect import queries as detect
from tocsin.loop.respond import queries, services
from tocsin.records.org.models import Account
from tocsin.records.org.roles import Role
from tocsin.records.org.scope import EVERYWHERE
from tocsin.testing.town import EAST, Storm, Town

pytestmark = pytest.mark.django_db
HOSTILE = "<script>alert(1)</script> '\"> {{ 7*7 }}"


@pytest.fixture
def town() -> Iterator[Town]:
    with responding_town() as built:
        built.hire("commander-east", Role.COMMANDER, EAST)
        Account.objects.update(must_change_password=False)
        yield built
        quiet(built)


def browser(town: Town, post: str, language: str = "en") -> Client:
    client = Client(HTTP_HOST="localhost", HTTP_ACCEPT_LANGUAGE=language)
    client.force_login(Account.objects.get(id=town.account(post)), "django.contrib.auth.backends.ModelBackend")
    session = client.session
    session[POST_KEY] = post
    session.save()
    return client


def proposed(town: Town, level: int = 3) -> Storm:
    storm = town.storm(level=level)
    services.consider(storm.event, "warning", level, warning="wrn_1", now=town.now)
    return storm


def fields(page: str, action: str) -> dict[str, str]:
    """The hidden fields of the form with this action."""
    form = re.search(rf'<form[^>]*action="{re.escape(action)}".*?</form>', page, re.S)
    assert form, f"no form for {action}"
    return dict(re.findall(r'name="(\w+)" value="([^"]*)"', form[0]))


def test_the_commander_opens_with_one_click_and_reads_why(town: Town) -> None:
    storm = proposed(town)
    commander = browser(town, "commander")
    url = f"/events/{storm.event}/response/"
    page = commander.get(url).content.decode()
    assert "Open Response III" in page
    assert "declares Response III from Orange II on" in page
    assert "Normal mode" in page
    opened = commander.post(url + "open", fields(page, url + "open"))
    assert (opened.status_code, opened["Location"]) == (302, url)
    page = commander.get(url).content.decode()
    for words in ("Emergency mode", "Put rescue teams on standby", "Nobody on duty for this action", "Report upwards by",
                  "Draft the first report", "End the response"):  # fmt: skip
        assert words in page, words
    again = commander.post(url + "open", {"version": "1", "once": "other"})
    assert again.status_code == 409
    assert "it has changed since you saw it" in again.content.decode()
    assert "Emergency mode: 1 response runs" in commander.get("/responses/").content.decode()


def test_others_see_the_response_and_are_offered_nothing(town: Town) -> None:
    storm = proposed(town)
    url = f"/events/{storm.event}/response/"
    for post in ("duty", "auditor", "signer"):
        page = browser(town, post).get(url).content.decode()
        assert "A commander of the area decides" in page
        assert "response/open" not in page
        assert browser(town, post).post(url + "open", {"version": "1"}).status_code == 403
    assert browser(town, "operator-mill").get(url).status_code == 403
    assert browser(town, "inspector-west").get(url).status_code == 404


def test_no_mapping_says_so_and_the_commander_may_decide(town: Town) -> None:
    storm = town.storm(level=1)
    url = f"/events/{storm.event}/response/"
    commander = browser(town, "commander")
    assert "No response is declared for this event" in commander.get(url).content.decode()
    wrong = commander.post(url + "open", {"level": "2", "hours": "soon"})
    assert wrong.status_code == 422
    assert commander.post(url + "open", {"level": "2", "hours": "6", "once": "a"}).status_code == 302
    assert "own decision" in commander.get(url).content.decode()


def test_withdrawing_ending_and_hostile_words(town: Town) -> None:
    storm = proposed(town)
    commander, url = browser(town, "commander"), f"/events/{storm.event}/response/"
    commander.post(url + "open", {"version": "1", "once": "x"})
    incident = queries.incident_of(EVERYWHERE, storm.event)
    assert incident
    ended = commander.post(f"/responses/{incident.id}/end", {"version": incident.version, "why": HOSTILE})
    assert ended.status_code == 422
    body = ended.content.decode()
    assert "still open" in body
    assert "&lt;script&gt;alert(1)" in body  # what was typed is still there
    assert "<script>alert(1)" not in body
    for task in queries.open_task_ids(EVERYWHERE, incident.id):
        assert commander.post(f"/responses/{incident.id}/tasks/{task}/withdraw", {"why": HOSTILE}).status_code == 302
    assert "<script>alert(1)" not in commander.get(url).content.decode()
    done = commander.post(f"/responses/{incident.id}/end", {"version": incident.version, "why": "over"})
    assert done.status_code == 302
    page = commander.get(url, HTTP_ACCEPT_LANGUAGE="zh-hans").content.decode()
    assert "三级响应" in page


def test_a_report_by_one_click_and_a_second_person(town: Town) -> None:
    storm = proposed(town)
    commander = browser(town, "commander")
    commander.post(f"/events/{storm.event}/response/open", {"version": "1", "once": "x"})
    duty = browser(town, "duty")
    made = duty.post(f"/events/{storm.event}/statements/draft", {"once": "s"})
    assert made.status_code == 302
    page = duty.get(made["Location"]).content.decode()
    assert "First report, no. 1" in page
    assert "初报" in page or "首报" in page
    assert "Release the report" not in page
    duty.post(made["Location"] + "rewrite", {"revision": "1", "remark": HOSTILE})
    page = duty.get(made["Location"]).content.decode()
    assert "<script>alert(1)" not in page
    stale = commander.post(made["Location"] + "release", {"revision": "1"})
    assert stale.status_code == 409
    assert "Release the report" in commander.get(made["Location"]).content.decode()
    assert commander.post(made["Location"] + "release", {"revision": "2"}).status_code == 302
    assert "Released" in commander.get(made["Location"]).content.decode()
    assert duty.post(made["Location"] + "release", {"revision": "2"}).status_code == 403


def test_a_post_receives_and_finishes_its_tasks(town: Town) -> None:
    storm = proposed(town)
    browser(town, "commander").post(f"/events/{storm.event}/response/open", {"version": "1", "once": "x"})
    inspector = browser(town, "inspector-east")
    page = inspector.get("/tasks/").content.decode()
    assert "Go round the low places" in page
    (task,) = re.findall(r'action="/tasks/(tsk_\w+)/receive"', page)
    assert inspector.post(f"/tasks/{task}/receive").status_code == 302
    assert "Receipt came" in inspector.get("/tasks/").content.decode()
    assert inspector.post(f"/tasks/{task}/done", {"note": HOSTILE}).status_code == 302
    page = inspector.get("/tasks/").content.decode()
    assert "&lt;script&gt;" in page
    assert "<script>alert(1)" not in page
    assert inspector.post(f"/tasks/{task}/done", {"note": "again"}).status_code == 409
    assert browser(town, "inspector-west").post(f"/tasks/{task}/receive").status_code == 403
    assert inspector.get(f"/tasks/{task}/").status_code == 302


def panel(town: Town, post: str, contribute: Contributor, event: str) -> Panel:
    """What a room's panel says to a post."""
    request = RequestFactory().get("/")
    request.user = Account.objects.get(id=town.account(post))
    request.session = {POST_KEY: post}  # type: ignore[assignment]
    frame = open_frame(request)
    return contribute(request, frame, frame.actor, detect.event(frame.scope, event))


def test_the_panels_offer_the_next_step_to_whose_it_is(town: Town) -> None:
    storm = proposed(town)
    of_commander = panel(town, "commander", respond_panel.contribute, storm.event)
    assert of_commander.next
    assert (of_commander.state, of_commander.next.label, of_commander.next.key) == (
        "todo",
        "Decide on Response III",
        "d",
    )
    assert of_commander.next.method == "get"  # no single key opens a response
    assert "Open Response III" in of_commander.html
    assert panel(town, "duty", respond_panel.contribute, storm.event).next is None
    assert panel(town, "inspector-east", rectify_panel.contribute, storm.event).state == "none"
    assert "Record a finding" in panel(town, "inspector-east", rectify_panel.contribute, storm.event).html
    services.open_proposed(of_incident(storm), version=1, actor=town.as_("commander"), now=town.now)
    of_duty = panel(town, "duty", respond_panel.contribute, storm.event)
    assert of_duty.next
    assert (of_duty.state, of_duty.next.label, of_duty.next.method) == ("running", "Draft the first report", "post")
    town.after(minutes=31)
    assert panel(town, "duty", respond_panel.contribute, storm.event).state == "overdue"


def of_incident(storm: Storm) -> str:
    found = queries.incident_of(EVERYWHERE, storm.event)
    assert found
    return found.id
