"""Bad input at the real doors: each is refused in words that say what to do, and nothing that was typed is lost.

What stands elsewhere:

- the same form twice, a stale page: ``test_warn_pages`` (from_an_event_to_a_public_page, a_stale_page), ``test_field``
  (from_the_list_to_the_receipt), ``test_respond_pages``, ``test_review_pages``;
- photographs of the wrong type and of 50 MB: ``test_field``, ``test_rectify_pages`` (a_photograph_that_is), ``test_blobs``;
- hostile words in every text: ``test_warn_pages``, ``test_field``, ``test_respond_pages``, ``test_rectify_pages``,
  ``test_review_pages``, ``test_log_in``;
- a session that ended while typing: ``test_log_in`` (a_form_sent_after_the_session_ended), ``browser/test_log_in`` with script
  and without, ``browser/test_field`` on the telephone;
- a form of 64 MB: ``unit/doors/http/test_body_limit``, ``browser/test_bad_input``.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.test import Client

from tests.rooms.test_warn_pages import HOSTILE, TABLE, browser, composed, fields, text
from tocsin.loop.respond import queries as respond
from tocsin.loop.respond import services as responding
from tocsin.loop.verify import queries as verify
from tocsin.loop.warn import queries, services
from tocsin.loop.warn.authority import AuthorityLine
from tocsin.loop.warn.models import WarningRow
from tocsin.records.org import services as org
from tocsin.records.org.actor import SYSTEM
from tocsin.records.org.models import Account
from tocsin.records.org.scope import EVERYWHERE
from tocsin.testing.town import CITY, Town

pytestmark = pytest.mark.django_db


@pytest.fixture
def town(db: None) -> Iterator[Town]:
    with Town() as built:
        services.put_authority(TABLE, actor=SYSTEM, now=built.now)
        Account.objects.update(must_change_password=False)
        yield built
        built._ring().clear()


def waiting(town: Town, duty: Client, **changed: str) -> str:
    """A warning that waits for its second person; its address."""
    address = composed(town, duty, **changed)
    assert duty.post(f"{address}/save", fields(text(duty.get(address))) | {"do": "submit"}).status_code == 302
    return address


def signing(signer: Client, address: str) -> dict[str, str]:
    """What a browser would post of the signing page."""
    page = text(signer.get(f"{address}/sign"))
    return dict(re.findall(r'<input type="hidden" name="(version|digest)" value="([^"]*)"', page)) | {"do": "sign"}


def said(answer: object, status: int, *words: str) -> str:
    """The page of a refusal: its status, the rule in words, and what to do."""
    page = html.unescape(text(answer))  # type: ignore[arg-type]
    assert answer.status_code == status, page[-2000:]  # type: ignore[attr-defined]
    assert "What to do:" in page
    for word in words:
        assert word in page, word
    return page


# ---------------------------------------------------------------- signing
def test_nobody_signs_their_own_draft_also_in_another_post(town: Town) -> None:
    duty = browser(town, "duty")
    address = waiting(town, duty)
    org.start_shift("signer", town.account("duty"), from_at=town.now, actor=SYSTEM, now=town.now)
    author = browser(town, "duty")
    session = author.session
    from tocsin.doors.access import POST_KEY

    session[POST_KEY] = "signer"
    session.save()
    page = text(author.get(f"{address}/sign"))
    assert "The author cannot approve this warning" in page
    assert 'value="sign"' not in page
    form = signing(browser(town, "signer"), address)
    said(author.post(f"{address}/sign", form), 403, "whoever wrote any of it cannot sign it", "ask another signer")
    assert queries.alerts() == []


def test_a_signature_that_comes_twice_or_of_another_version_issues_once(town: Town) -> None:
    duty, signer = browser(town, "duty"), browser(town, "signer")
    address = waiting(town, duty)
    form = signing(signer, address)
    said(signer.post(f"{address}/sign", form | {"version": "99"}), 409, "load the page again")
    said(signer.post(f"{address}/sign", form | {"digest": "0" * 64}), 409, "what you saw is not what it says now")
    said(signer.post(f"{address}/sign", form | {"do": "burn"}), 422, "press one of the buttons")
    for _pressed_twice in range(2):
        assert signer.post(f"{address}/sign", form).status_code == 302
    assert len(queries.alerts()) == 1


# ---------------------------------------------------------------- a draft that is not sound
@pytest.mark.parametrize(("typed", "rule"), [
    ({"instruction_en": "", "instruction_zh-hans": ""}, "empty:"), ({"body": ""}, "empty:"),
    ({"headline_en": " \n "}, "empty:"),
    ({"onset": "2020-01-01T00:00", "expires": "2020-01-02T00:00"}, "its period is over"),
    ({"expires": "2020-01-01T00:00"}, "its period is over"), ({"expires": "2099-01-01T00:00"}, "more than 31 days"),
])  # fmt: skip
def test_an_empty_item_or_a_period_that_is_over_is_named(town: Town, typed: dict[str, str], rule: str) -> None:
    duty = browser(town, "duty")
    address = composed(town, duty)
    mine = {"beware_en": "Kept <as it was typed>"} | typed
    page = said(duty.post(f"{address}/save", fields(text(duty.get(address))) | {"do": "submit"} | mine), 422, rule)
    assert "Kept <as it was typed>" in page
    assert WarningRow.objects.get().state == "draft"
    assert WarningRow.objects.get().content["texts"]["en"]["beware"] == "Kept <as it was typed>"  # nothing is lost


def test_a_body_without_authority_is_refused_with_who_has_it(town: Town) -> None:
    duty = browser(town, "duty")
    address = composed(town, duty)
    services.put_authority([AuthorityLine("emergency", "gale", CITY, 1, 4, "test")], actor=SYSTEM, now=town.now)
    form = fields(text(duty.get(address))) | {"do": "submit", "headline_en": "Kept"}
    page = said(duty.post(f"{address}/save", form), 403)
    assert 'value="Kept"' in page
    assert WarningRow.objects.get().state == "draft"
    said(duty.post("/console/warnings/compose", {"hazard": "rainstorm", "level": "3", "paths": CITY, "once": "x"}), 403)
    assert WarningRow.objects.count() == 1


def test_a_body_that_lost_its_authority_meanwhile_is_refused_at_the_signature(town: Town) -> None:
    duty, signer = browser(town, "duty"), browser(town, "signer")
    address = waiting(town, duty)
    form = signing(signer, address)
    services.put_authority([AuthorityLine("emergency", "gale", CITY, 1, 4, "test")], actor=SYSTEM, now=town.now)
    said(signer.post(f"{address}/sign", form), 403)
    assert queries.alerts() == []


@pytest.mark.parametrize("form", [
    {"hazard": "nothing", "level": "3"}, {"hazard": "rainstorm", "level": "9"}, {"hazard": "rainstorm", "level": "x"},
    {"hazard": HOSTILE, "level": "3"}, {},
])  # fmt: skip
def test_a_warning_of_nothing_is_refused(town: Town, form: dict[str, str]) -> None:
    answer = browser(town, "duty").post("/console/warnings/compose", form | {"paths": CITY, "once": "once"})
    assert "<script>alert" not in text(answer)
    said(answer, answer.status_code, "choose one from the list")
    assert answer.status_code in (404, 422)
    assert WarningRow.objects.count() == 0


# ---------------------------------------------------------------- an exercise, when nobody says
def test_without_an_event_the_data_say_whether_it_is_an_exercise(town: Town) -> None:
    duty = browser(town, "duty")
    page = text(duty.get("/console/warnings/"))
    assert re.search(r'name="exercise" value="1" checked', page)
    form = {"hazard": "rainstorm", "level": "3", "paths": CITY}
    made = {once: duty.post("/console/warnings/compose", form | more | {"once": once}).url.rpartition("/")[2]
            for once, more in (("program", {}), ("cleared", {"exercise_asked": "1"}),
                               ("ticked", {"exercise_asked": "1", "exercise": "1", "exercise_note": "Drill"}))}  # fmt: skip
    lines = {once: queries.warning(EVERYWHERE, warning).content for once, warning in made.items()}
    assert {once: (c.exercise, c.exercise_note) for once, c in lines.items()} == {
        "program": (True, "Synthetic data"), "cleared": (False, ""), "ticked": (True, "Drill")}  # fmt: skip


# ---------------------------------------------------------------- moves that a lifecycle does not allow
def test_moves_that_no_lifecycle_allows(town: Town) -> None:
    duty, signer = browser(town, "duty"), browser(town, "signer")
    address = composed(town, duty)
    warning = address.rpartition("/")[2]
    said(duty.post(f"/console/warnings/{warning}/follow", {"do": "raise", "once": "1"}), 409, "not in force")
    assert signer.post(f"{address}/sign", {"do": "sign", "version": "2", "digest": "x"}).status_code == 409
    form = fields(text(duty.get(address)))
    assert duty.post(f"{address}/save", form | {"do": "discard"}).status_code == 302
    said(duty.post(f"{address}/save", form | {"do": "submit"}), 409)
    said(duty.post(f"{address}/save", form | {"do": "save", "headline_en": "x"}), 409)
    assert WarningRow.objects.get().state == "discarded"


def test_a_verification_is_taken_back_once_and_a_closed_file_asks_nobody(town: Town) -> None:
    duty, inspector = browser(town, "duty"), browser(town, "inspector-east")
    event = town.storm(level=3).event
    town.carry()
    (line,) = verify.verifications(EVERYWHERE, event)
    assert duty.post(f"/verifications/{line.id}/withdraw").status_code == 302
    said(duty.post(f"/verifications/{line.id}/withdraw"), 409, "taken back")
    kept = inspector.post(f"/field/task/{line.id}/answer", {"verdict": "refuted", "note": "dry", "once": "k"})
    assert kept.status_code == 302  # what was seen is kept beside
    said(inspector.post(f"/field/task/{line.id}/answer", {"verdict": "confirmed", "once": "other"}), 409)
    assert verify.verification(EVERYWHERE, line.id).answer == "refuted"


def test_a_response_is_decided_once(town: Town) -> None:
    commander = browser(town, "commander")
    event = town.storm(level=3).event
    incident = responding.open_by_hand(event, 3, actor=town.as_("commander"), now=town.now)
    version = str(respond.incident(EVERYWHERE, incident).version)
    said(
        commander.post(f"/responses/{incident}/decline", {"why": HOSTILE, "version": version}),
        409,
        "load the page again",
    )
    answer = commander.post(f"/responses/{incident}/end", {"why": HOSTILE, "version": version})
    assert "<script>alert" not in text(answer)
    said(answer, 422, "still open")  # its tasks are
    said(commander.post(f"/events/{event}/response/open", {"level": "2", "once": "again"}), 409, "one already")


def test_a_period_may_run_out_between_two_people(town: Town) -> None:
    duty, signer = browser(town, "duty"), browser(town, "signer")
    address = waiting(town, duty)
    form = signing(signer, address)
    expires = queries.warning(EVERYWHERE, address.rpartition("/")[2]).content.expires
    hours = (expires - town.now) / timedelta(hours=1)
    town.after(hours=hours)
    said(signer.post(f"{address}/sign", form), 422, "its period is over", "set a later end")
    assert queries.alerts() == []


# ---------------------------------------------------------------- muting
def test_a_mute_is_on_the_ledger(town: Town) -> None:
    from tocsin.records.ledger import queries as ledger

    duty = browser(town, "duty")
    for muted in ("1", "0"):
        assert duty.post("/console/sound", {"muted": muted}).status_code == 204
    first, second = ledger.chain("sound:duty")
    assert (first.verb, second.verb) == ("sound_muted", "sound_unmuted")
    assert first.body["until_us"] - first.at.timestamp() * 1e6 == pytest.approx(300e6)
    assert duty.get("/console/sound").status_code == 405


# ---------------------------------------------------------------- emergency mode
def test_every_page_says_that_a_response_runs(town: Town) -> None:
    duty, inspector = browser(town, "duty"), browser(town, "inspector-east")
    event = town.storm(level=3).event
    pages = ("/", "/console/warnings/", f"/events/{event}/", "/findings/", "/console/map/", "/tasks/")
    assert all("Emergency mode" not in text(duty.get(path)) for path in pages)
    responding.open_by_hand(event, 3, actor=town.as_("commander"), now=town.now)
    for path in pages:
        assert "Emergency mode: 1 response runs." in text(duty.get(path)), path
    assert "Emergency mode: 1 response runs." in text(inspector.get("/field"))
    assert "Emergency mode" not in text(browser(town, "administrator").get("/staff"))
