"""Ordinary, urgent, exercise; one click on what is in force; nothing in force is forgotten."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest

from tests.rooms.test_warn import TABLE, drafted, edited, facts, line, sign, signed, submitted
from tests.rooms.test_warn_pages import browser, text
from tocsin.formats.cap import read
from tocsin.loop.warn import queries, services
from tocsin.loop.warn.lifecycle import Kind, WarningState
from tocsin.loop.warn.models import WarningRow
from tocsin.loop.warn.names import Names
from tocsin.loop.warn.preview import preview
from tocsin.records.ledger import queries as ledger
from tocsin.records.org.actor import SYSTEM
from tocsin.records.org.models import Account
from tocsin.records.org.roles import Role
from tocsin.records.org.scope import EVERYWHERE
from tocsin.records.tasks import queries as tasks
from tocsin.terms.errors import NotAllowed, Stale
from tocsin.testing.town import CITY, Town

pytestmark = pytest.mark.django_db


@pytest.fixture
def town(db: None) -> Iterator[Town]:
    with Town() as built:
        services.put_authority(TABLE, actor=SYSTEM, now=built.now)
        Account.objects.update(must_change_password=False)
        yield built
        built._ring().clear()


# ---------------------------------------------------------------- urgent
def test_urgent_shortens_the_way_and_never_drops_the_second_person(town: Town) -> None:
    warning = drafted(town, flow="urgent")
    digest = submitted(town, warning)
    with pytest.raises(NotAllowed):
        services.sign(warning, version=1, digest=digest, actor=town.as_("duty"), now=town.now)
    assert services.sweep(now=town.now + timedelta(minutes=1)) == 0
    assert services.sweep(now=town.now + timedelta(minutes=2)) == 1  # ordinary: five
    sign(town, warning)
    [entry] = [e for e in ledger.chain(line(town, warning).event) if e.verb == "warning_signed"]
    assert entry.body["flow"] == "urgent"


def test_urgent_asks_every_signer_of_the_body_at_once(town: Town) -> None:
    town.hire("signer-night", Role.SIGNER, CITY)
    town.goes_home("signer-night")
    warning = drafted(town, flow="urgent")
    submitted(town, warning)
    town.phone("signer").expects("Urgent, to sign at once")
    town.phone("signer-night").expects("Urgent, to sign at once")
    town.read_all()
    ordinary = drafted(town)
    submitted(town, ordinary)
    town.phone("signer").expects("To sign")
    town.phone("signer-night").is_silent()


def test_what_went_out_urgently_is_read_again_within_half_an_hour(town: Town) -> None:
    town.hire("duty-2", Role.DUTY_OFFICER, CITY)
    warning = drafted(town, flow="urgent")
    signed(town, warning)
    [task] = [t for t in tasks.about(EVERYWHERE, warning) if t.kind == services.CHECK]
    assert task.post == "duty-2"  # not who wrote it, where there is somebody else
    assert task.due_at == town.now + timedelta(minutes=30)
    assert "Read what went out urgently" in task.title["en"]
    town.read_all()
    town.after(minutes=31)
    town.phone("commander").expects("Not checked")
    town.read_all()
    other = drafted(town)
    signed(town, other)
    assert not [t for t in tasks.about(EVERYWHERE, other) if t.kind == services.CHECK]


def test_one_press_sends_the_standard_text_to_every_signer(town: Town) -> None:
    duty = browser(town, "duty")
    event = town.storm(level=4).event
    page = text(duty.get(f"/console/warnings/compose?event={event}"))
    assert "Send the standard text for approval now" in page
    made = duty.post(f"/console/warnings/compose?event={event}", {"once": "u1", "flow": "urgent"})
    row = WarningRow.objects.get(id=made.url.rpartition("/")[2])
    assert (row.flow, row.state) == ("urgent", "submitted")
    shown = text(browser(town, "signer").get(f"{made.url}/sign"))
    assert "Urgent. The text is read again" in shown


def test_the_flow_is_part_of_what_is_signed(town: Town) -> None:
    warning = drafted(town)
    before = line(town, warning).content.digest
    edited(town, warning, flow="urgent")
    assert line(town, warning).content.digest != before
    update = services.draft_update(signed(town, warning), actor=town.as_("duty"), now=town.now)
    assert line(town, update).content.flow == "ordinary"  # each message goes its own way


# ---------------------------------------------------------------- one click
@pytest.mark.parametrize(("what", "kind", "level"), [
    ("update", Kind.UPDATE, 3), ("extend", Kind.UPDATE, 3), ("raise", Kind.UPDATE, 4), ("lower", Kind.UPDATE, 2),
    ("cancel", Kind.CANCEL, 3), ("withdraw", Kind.CANCEL, 3),
])  # fmt: skip
def test_one_click_opens_a_draft_that_is_ready_to_be_sent(town: Town, what: str, kind: Kind, level: int) -> None:
    duty = browser(town, "duty")
    first = signed(town, drafted(town))
    town.after(hours=1)
    made = duty.post(f"/console/warnings/{first}/follow", {"do": what, "once": what}).url.rpartition("/")[2]
    draft = line(town, made)
    assert (draft.kind, draft.level, draft.predecessor) == (kind, level, first)
    assert draft.state is WarningState.DRAFT
    assert preview(draft.content, made, Names.read(), now=town.now).is_ready
    if what == "extend":
        assert draft.expires_at > line(town, first).expires_at
    message = read(queries.alert(signed(town, made)).document).alert
    assert message is not None
    assert message.msg_type == ("Update" if kind is Kind.UPDATE else "Cancel")  # a downgrade too (P14)
    assert all(info.headline and info.description for info in message.infos)  # and why it ends, in every language (P11)


def test_a_letter_leads_there_and_reading_it_writes_nothing(town: Town) -> None:
    duty = browser(town, "duty")
    first = signed(town, drafted(town))
    town.read_all()
    until = line(town, first).expires_at
    town.after(minutes=(until - town.now).total_seconds() / 60 - 29)
    body = town.phone("duty").expects("Ends soon").body
    links = re.findall(r"https?://[^/\s]+(/console/warnings/\S+follow\?do=(\w+))", body)
    assert [name for _path, name in links] == ["extend", "cancel", "answer"]
    for path, _name in links:
        assert duty.get(path).status_code == 200
    assert WarningRow.objects.count() == 1
    sent = duty.post(links[0][0].partition("?")[0], {"do": "extend", "send": "1", "once": "x"})
    row = WarningRow.objects.get(id=sent.url.rpartition("/")[2])
    assert (row.state, row.kind) == ("submitted", "update")
    late = signed(town, drafted(town))
    signed(town, services.draft_cancel(late, actor=town.as_("duty"), now=town.now))
    assert duty.get(f"/console/warnings/{late}/follow?do=extend").status_code == 302  # read too late: what became of it
    assert duty.post(f"/console/warnings/{first}/follow", {"do": "nonsense"}).status_code == 422


# ---------------------------------------------------------------- nothing in force is forgotten
def test_a_reminder_that_nobody_answers_goes_to_the_commander_once(town: Town) -> None:
    warning = signed(town, drafted(town))
    until = line(town, warning).expires_at
    assert services.sweep(now=until - timedelta(minutes=30)) == 1
    assert services.sweep(now=until - timedelta(minutes=21)) == 0
    assert services.sweep(now=until - timedelta(minutes=20)) == 1
    assert services.sweep(now=until - timedelta(minutes=19)) == 0
    assert facts("warning_expiring", "warning_unanswered") == ["warning_expiring", "warning_unanswered"]
    assert [w.id for w in queries.ending(EVERYWHERE, now=until - timedelta(minutes=19))] == [warning]


@pytest.mark.parametrize("how", ["answer", "draft"])
def test_an_answer_or_a_draft_that_follows_keeps_the_commander_asleep(town: Town, how: str) -> None:
    warning = signed(town, drafted(town))
    soon = line(town, warning).expires_at - timedelta(minutes=30)
    services.sweep(now=soon)
    if how == "answer":
        for _twice in range(2):
            services.answer(warning, actor=town.as_("duty"), now=soon)
        assert [e.verb for e in ledger.chain(line(town, warning).event)].count("warning_looked_after") == 1
        with pytest.raises(NotAllowed):
            services.answer(warning, actor=town.as_("signer"), now=soon)
    else:
        services.draft_update(warning, actor=town.as_("duty"), now=soon)
    assert services.sweep(now=soon + timedelta(minutes=10)) == 0
    if how == "answer":
        with pytest.raises(Stale):
            services.answer(warning, actor=town.as_("duty"), now=soon + timedelta(hours=1))


def test_what_stands_for_long_without_a_word_is_asked_about_again_and_again(town: Town) -> None:
    """A short-lived hazard after six hours, another after a day (P7); an answer holds until the next time."""
    short, long = (drafted(town, hazard=hazard) for hazard in ("rainstorm", "heat"))
    begun = town.now
    for warning in (short, long):
        edited(town, warning, expires=begun + timedelta(days=3))
        signed(town, warning)
    assert services.sweep(now=begun + timedelta(hours=5, minutes=59)) == 0
    assert services.sweep(now=begun + timedelta(hours=6)) == 1
    services.answer(short, actor=town.as_("duty"), now=begun + timedelta(hours=6))
    assert services.sweep(now=begun + timedelta(hours=11)) == 0
    assert services.sweep(now=begun + timedelta(hours=12)) == 1
    assert services.sweep(now=begun + timedelta(hours=13)) == 1  # unanswered this time
    assert services.sweep(now=begun + timedelta(hours=24)) == 2
    asked = [line(town, warning).asked_at for warning in (short, long)]
    assert asked == [begun + timedelta(hours=24)] * 2


def test_the_composer_says_that_it_lasts_long(town: Town) -> None:
    for hazard, hours, said in (
        ("rainstorm", 6, False),
        ("rainstorm", 7, True),
        ("heat", 24, False),
        ("heat", 25, True),
    ):
        warning = drafted(town, hazard=hazard)
        edited(town, warning, onset=town.now, expires=town.now + timedelta(hours=hours))
        shown = preview(line(town, warning).content, warning, Names.read(), now=town.now)
        assert any(f.rule == "P7" for f in shown.findings) is said, (hazard, hours)


def test_pages_pin_what_ends_within_the_hour_and_what_nobody_answered(town: Town) -> None:
    duty = browser(town, "duty")
    signed(town, drafted(town))
    for address in ("/", "/console/warnings/"):
        assert "must not be forgotten" not in text(duty.get(address))
    soon = signed(town, drafted(town, expires=town.now + timedelta(minutes=50)))
    for address in ("/", "/console/warnings/"):
        page = text(duty.get(address))
        assert "Warnings that must not be forgotten" in page
        assert soon in page[page.index("must not be forgotten") :]


def test_after_a_stop_over_its_end_the_commander_hears_of_it_too(town: Town) -> None:
    signed(town, drafted(town))
    town.read_all()
    town.after_downtime(hours=8)
    town.phone("duty").expects("Ended")
    town.phone("commander").expects("Ended")
