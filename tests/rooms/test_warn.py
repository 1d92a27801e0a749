"""Warnings: two people, one transaction, one message that cites exactly what it replaces."""

from __future__ import annotations

import hashlib
import os
import random
from collections.abc import Iterator
from datetime import timedelta
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from lxml import etree

from tocsin.formats.cap import check, read
from tocsin.loop.detect.facts import EventEnded
from tocsin.loop.warn import handlers, queries, services, telling
from tocsin.loop.warn.authority import AuthorityLine
from tocsin.loop.warn.cap_message import our_producer
from tocsin.loop.warn.content import LANGUAGES, Areas
from tocsin.loop.warn.lifecycle import MOVES, WarningState, allowed
from tocsin.loop.warn.models import AlertRow, SignatureRow, WarningRow
from tocsin.loop.warn.names import Names
from tocsin.records.dispatch.models import DispatchRow
from tocsin.records.ledger import queries as ledger
from tocsin.records.org import services as org
from tocsin.records.org.actor import SYSTEM
from tocsin.records.org.roles import Role
from tocsin.records.org.scope import Scope
from tocsin.records.org.services import DepartmentLine, PostLine
from tocsin.records.outbox.models import OutboxFact
from tocsin.terms.errors import BadTime, BadValue, NotAllowed, Refused, Stale, TooBig, UnknownName
from tocsin.testing.town import CITY, EAST, WEST, Town

pytestmark = pytest.mark.django_db

SOURCE = "test: the emergency office of Simcity"
TABLE = (AuthorityLine("emergency", "*", CITY, 1, 4, SOURCE),)


@pytest.fixture
def town(db: None) -> Iterator[Town]:
    with Town() as built:
        services.put_authority(TABLE, actor=SYSTEM, now=built.now)
        yield built
        built._ring().clear()  # what is told is read in the stories and in the tests about telling


def drafted(town: Town, level: int = 3, **given: Any) -> str:
    given = {"exercise": False} | given
    return services.draft(town.storm(level=level).event, actor=town.as_("duty"), now=town.now, **given)


def line(town: Town, warning: str) -> queries.WarningLine:
    return queries.warning(town.as_("duty").scope, warning)


def submitted(town: Town, warning: str) -> str:
    return services.submit(warning, version=line(town, warning).version, actor=town.as_("duty"), now=town.now)


def sign(town: Town, warning: str, post: str = "signer", **given: Any) -> str:
    shown = line(town, warning)
    given = {"version": shown.version, "digest": shown.content.digest} | given
    return services.sign(warning, actor=town.as_(post), now=town.now, **given)


def signed(town: Town, warning: str) -> str:
    submitted(town, warning)
    return sign(town, warning)


def edited(town: Town, warning: str, **changes: Any) -> int:
    return services.edit(warning, changes, version=line(town, warning).version, actor=town.as_("duty"), now=town.now)


def facts(*kinds: str) -> list[str]:
    rows = OutboxFact.objects.filter(kind__startswith="warning_").order_by("id").values_list("kind", flat=True)
    return [kind for kind in rows if not kinds or kind in kinds]


# ---------------------------------------------------------------- drafting
def test_a_draft_takes_everything_from_the_event_and_the_pack(town: Town) -> None:
    content = line(town, drafted(town)).content
    assert (content.hazard, content.level, content.body, content.areas) == ("rainstorm", 3, "emergency", Areas((EAST,)))
    assert (content.onset, content.expires) == (town.now, town.now + timedelta(hours=6))
    assert (content.certainty, content.urgency, content.categories) == ("Possible", "Immediate", ("Met",))
    assert content.text("en").headline == "Orange II rainstorm warning for East district"
    assert "171.2" in content.text("en").description
    assert content.text("zh-hans").headline == "东区暴雨橙色 II级预警"
    assert facts() == ["warning_drafted"]


def test_an_event_without_border_gives_a_circle_of_the_hazards_reach(town: Town) -> None:
    from tocsin.records.places import services as places
    from tocsin.records.places.services import Area

    places.put_jurisdictions([Area(EAST, {"en": "East"}, 3), Area(CITY, {"en": "City"}, 2)], actor="test", now=town.now)
    content = line(town, drafted(town)).content
    assert content.areas == Areas((EAST,), circles=((30.25, 120.75, 30),))
    message = read(queries.alert(signed(town, WarningRow.objects.get().id)).document).alert
    assert message is not None
    assert message.infos[1].areas[0].circles == ((30.25, 120.75, 30),)


def test_synthetic_data_make_an_exercise_unless_somebody_says_otherwise(town: Town) -> None:
    warning = drafted(town, exercise=None)
    assert line(town, warning).exercise
    message = read(queries.alert(signed(town, warning)).document).alert
    assert message is not None
    assert (message.status, message.note) == ("Exercise", "Synthetic data")
    assert all("EXERCISE" in i.headline or "演练" in i.headline for i in message.infos)


def test_the_same_form_twice_makes_one_draft(town: Town) -> None:
    event = town.storm(level=3).event
    first = services.draft(event, once="form-1", actor=town.as_("duty"), now=town.now)
    assert services.draft(event, once="form-1", actor=town.as_("duty"), now=town.now) == first
    assert WarningRow.objects.count() == 1


def test_who_may_not_draft(town: Town) -> None:
    event = town.storm(level=3).event
    with pytest.raises(NotAllowed):
        services.draft(event, actor=town.as_("signer"), now=town.now)
    town.hire("duty-west", Role.DUTY_OFFICER, WEST)
    with pytest.raises(UnknownName):
        services.draft(event, actor=town.as_("duty-west"), now=town.now)


def test_texts_nobody_touched_follow_the_level_and_those_somebody_wrote_stay(town: Town) -> None:
    warning = drafted(town)
    edited(town, warning, texts={"en": {"instruction": "Do as your teacher says."}})
    edited(town, warning, level=4)
    content = line(town, warning).content
    assert content.text("en").headline.startswith("Red I")
    assert content.text("en").instruction == "Do as your teacher says."
    assert "高处" in content.text("zh-hans").instruction
    assert content.responses == ("Shelter", "Evacuate")
    services.refill(warning, version=line(town, warning).version, actor=town.as_("duty"), now=town.now)
    assert "high, firm place" in line(town, warning).content.text("en").instruction


# ---------------------------------------------------------------- authority
def test_a_body_outside_the_table_is_refused_with_who_may(town: Town) -> None:
    org.put_departments([DepartmentLine("weather", {"en": "Weather bureau"}, CITY)], actor=SYSTEM, now=town.now)
    table = (
        AuthorityLine("emergency", "rainstorm", CITY, 1, 2, SOURCE),
        AuthorityLine("weather", "rainstorm", CITY, 1, 4, SOURCE),
    )
    services.put_authority(table, actor=SYSTEM, now=town.now)
    with pytest.raises(NotAllowed) as refused:
        drafted(town, body="emergency")
    assert "Orange II" in refused.value.rule
    assert "Weather bureau" in refused.value.remedy
    assert line(town, drafted(town)).body == "weather"  # the table chooses whoever may
    assert line(town, drafted(town, level=2)).body == "emergency"  # the officer's own body where it may


@pytest.mark.parametrize("row", [
    AuthorityLine("emergency", "heat", CITY, 1, 4, SOURCE),
    AuthorityLine("emergency", "rainstorm", WEST, 1, 4, SOURCE),
    AuthorityLine("emergency", "rainstorm", CITY, 1, 2, SOURCE),
    AuthorityLine("emergency", "rainstorm", CITY, 4, 4, SOURCE),
])  # fmt: skip
def test_hazard_area_and_level_are_each_checked_when_drafted_submitted_and_signed(
    town: Town, row: AuthorityLine
) -> None:
    waits, fresh = drafted(town), drafted(town)
    submitted(town, waits)
    services.put_authority([row], actor=SYSTEM, now=town.now)
    with pytest.raises(NotAllowed, match=r"may not issue|none is registered"):
        drafted(town)
    with pytest.raises(NotAllowed):
        submitted(town, fresh)
    with pytest.raises(NotAllowed):
        sign(town, waits)
    assert AlertRow.objects.count() == 0


def test_a_shape_that_reaches_into_a_neighbour_needs_authority_there(town: Town) -> None:
    services.put_authority([AuthorityLine("emergency", "*", EAST, 1, 4, SOURCE)], actor=SYSTEM, now=town.now)
    warning = drafted(town)
    edited(town, warning, areas=Areas((EAST,), circles=((30.25, 120.75, 5),)))
    submitted(town, warning)
    edited(town, warning, areas=Areas((EAST,), circles=((30.25, 120.51, 20),)))
    with pytest.raises(NotAllowed, match="West district"):
        submitted(town, warning)


@pytest.mark.parametrize(("row", "error"), [
    (AuthorityLine("nobody", "heat", CITY, 1, 4, SOURCE), UnknownName),
    (AuthorityLine("emergency", "heat", CITY, 3, 2, SOURCE), BadValue),
    (AuthorityLine("emergency", "heat", CITY, 0, 2, SOURCE), BadValue),
    (AuthorityLine("emergency", "heat", CITY, 1, 2, " "), BadValue),
])  # fmt: skip
def test_a_faulty_table_is_refused_whole(town: Town, row: AuthorityLine, error: type[Refused]) -> None:
    with pytest.raises(error):
        services.put_authority([*TABLE, row], actor=SYSTEM, now=town.now)
    with pytest.raises(NotAllowed):
        services.put_authority(TABLE, actor=town.as_("duty"), now=town.now)
    assert queries.authority(town.as_("duty").scope) == list(TABLE)


# ---------------------------------------------------------------- two people
def test_signing_is_one_transaction_with_everything_in_it(town: Town) -> None:
    warning = drafted(town)
    identifier = signed(town, warning)
    alert, signature = queries.alert(identifier), SignatureRow.objects.get()
    assert alert.sha256 == hashlib.sha256(alert.document).hexdigest()
    assert (signature.account, signature.version) == (town.account("signer"), line(town, warning).version)
    assert signature.digest == line(town, warning).content.digest
    assert [row.thread for row in DispatchRow.objects.filter(kind="warning_issued")] == [warning]
    told = {name for row in DispatchRow.objects.filter(kind="warning_issued") for name, _, _ in row.audience}
    assert {"post:duty", "post:commander", "post:inspector-east"} <= told
    assert not {"post:administrator", "post:inspector-west"} & told
    entry = next(e for e in ledger.chain(line(town, warning).event) if e.verb == "warning_signed")
    assert entry.body["sha256"] == alert.sha256
    assert entry.actor == town.as_("signer").name
    assert facts("warning_signed", "warning_issued") == ["warning_signed", "warning_issued"]
    assert line(town, warning).in_force(town.now)
    assert ledger.verify() == []


def test_whatever_fails_in_signing_leaves_nothing_behind(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    warning = drafted(town)
    submitted(town, warning)

    def broken(*args: object, **named: object) -> int:
        raise RuntimeError("the last step fails")

    monkeypatch.setattr(telling, "tell_everybody", broken)
    with pytest.raises(RuntimeError), transaction.atomic():
        sign(town, warning)
    assert (AlertRow.objects.count(), SignatureRow.objects.count()) == (0, 0)
    assert line(town, warning).state is WarningState.SUBMITTED


def test_nobody_who_wrote_any_of_it_signs_it(town: Town) -> None:
    """The author is an account: changing the post does not help, nor does it help to have changed one word only."""
    lines = [PostLine("signer-2", {"en": "second"}, "emergency", Role.SIGNER, CITY)]
    org.put_posts(lines, actor=SYSTEM, now=town.now)
    org.start_shift("signer-2", town.account("duty"), from_at=town.now, actor=SYSTEM, now=town.now)
    from tocsin.records.org import queries as org_queries

    warning = drafted(town)
    digest = submitted(town, warning)
    author = org_queries.actor_of(town.account("duty"), "signer-2", now=town.now)
    with pytest.raises(NotAllowed, match="wrote any of it"):
        services.sign(warning, version=1, digest=digest, actor=author, now=town.now)
    with pytest.raises(NotAllowed, match="wrote any of it"):
        services.send_back(warning, "no", version=1, actor=author, now=town.now)
    assert not queries.may_sign(author, line(town, warning))
    with pytest.raises(NotAllowed):
        sign(town, warning, "duty")


def test_only_the_issuing_body_signs(town: Town) -> None:
    org.put_departments([DepartmentLine("weather", {"en": "Weather bureau"}, CITY)], actor=SYSTEM, now=town.now)
    services.put_authority([*TABLE, AuthorityLine("weather", "*", CITY, 1, 4, SOURCE)], actor=SYSTEM, now=town.now)
    warning = drafted(town, body="weather")
    submitted(town, warning)
    with pytest.raises(NotAllowed, match="this warning is of Weather bureau"):
        sign(town, warning)


def test_a_signer_of_another_area_does_not_sign(town: Town) -> None:
    town.hire("signer-west", Role.SIGNER, WEST)
    warning = drafted(town)
    submitted(town, warning)
    with pytest.raises(NotAllowed, match="no authority in"):
        sign(town, warning, "signer-west")


def test_any_change_after_sending_takes_it_back(town: Town) -> None:
    warning = drafted(town)
    digest = submitted(town, warning)
    edited(town, warning, texts={"en": {"beware": "Deep water."}})
    assert line(town, warning).state is WarningState.DRAFT
    with pytest.raises(Stale):
        sign(town, warning, version=1, digest=digest)
    submitted(town, warning)
    with pytest.raises(Stale):
        sign(town, warning, version=1, digest=digest)  # the page of before
    with pytest.raises(Stale):
        sign(town, warning, digest=digest)  # the new number, the old words
    sign(town, warning)


def test_a_second_editor_is_told_who_was_quicker(town: Town) -> None:
    town.hire("duty-2", Role.DUTY_OFFICER, CITY)
    warning = drafted(town)
    services.edit(warning, {"level": 4}, version=1, actor=town.as_("duty-2"), now=town.now)
    with pytest.raises(Stale, match="duty-2 changed it"):
        services.edit(warning, {"level": 2}, version=1, actor=town.as_("duty"), now=town.now)
    assert line(town, warning).level == 4
    assert set(line(town, warning).authors) == {town.account("duty"), town.account("duty-2")}


def test_signing_twice_is_signing_once(town: Town) -> None:
    warning = drafted(town)
    identifier = signed(town, warning)
    assert sign(town, warning) == identifier
    assert AlertRow.objects.count() == 1
    assert facts("warning_issued") == ["warning_issued"]


def test_sending_back_needs_a_reason_and_returns_it(town: Town) -> None:
    warning = drafted(town)
    submitted(town, warning)
    with pytest.raises(BadValue, match="empty"):
        services.send_back(warning, "  ", version=1, actor=town.as_("signer"), now=town.now)
    services.send_back(warning, "Name the underpass.", version=1, actor=town.as_("signer"), now=town.now)
    assert (line(town, warning).state, line(town, warning).returned_why) == (
        WarningState.RETURNED,
        "Name the underpass.",
    )
    body = next(e.body for e in ledger.chain(line(town, warning).event) if e.verb == "warning_returned")
    assert "Name the underpass." not in str(body)
    signed(town, warning)


TEXTS = {"beware": "what to beware of", "instruction": "what to do", "headline": "headline"}
EMPTY = [("hazard", "hazard"), ("areas", "area"), ("body", "issuing body"),
         *((f"{name}.{language}", words) for language in LANGUAGES for name, words in TEXTS.items())]  # fmt: skip


@pytest.mark.parametrize(("item", "words"), EMPTY)
def test_every_obligatory_item_is_asked_for(town: Town, item: str, words: str) -> None:
    warning = drafted(town)
    name, _dot, language = item.partition(".")
    row = WarningRow.objects.get(id=warning)
    if language:
        row.content["texts"][language][name] = "  "
    elif name == "areas":
        row.content["areas"]["paths"] = []
    else:
        row.content[name] = ""
    row.save()
    with pytest.raises(BadValue, match=rf"empty: .*{words}"):
        submitted(town, warning)
    WarningRow.objects.filter(id=warning).update(state="submitted")
    with pytest.raises(BadValue, match="empty"):
        sign(town, warning)


def test_an_exercise_needs_a_name(town: Town) -> None:
    warning = drafted(town)
    edited(town, warning, exercise=True, exercise_note="")
    with pytest.raises(BadValue, match="name of the exercise"):
        submitted(town, warning)


def test_a_period_that_is_over_is_refused_also_when_it_ran_out_before_the_signature(town: Town) -> None:
    warning = drafted(town)
    digest = submitted(town, warning)
    late = town.now + timedelta(hours=7)
    with pytest.raises(BadTime, match="period is over"):
        services.sign(warning, version=1, digest=digest, actor=town.as_("signer"), now=late)
    edited(town, warning, expires=town.now - timedelta(hours=1))
    with pytest.raises(BadTime):
        submitted(town, warning)
    edited(town, warning, onset=town.now + timedelta(hours=2), expires=town.now + timedelta(hours=1))
    with pytest.raises(BadTime, match="before it begins"):
        submitted(town, warning)
    edited(town, warning, onset=town.now, expires=town.now + timedelta(days=40))
    with pytest.raises(BadTime, match="31 days"):
        submitted(town, warning)


def test_texts_are_plain_and_not_endless(town: Town) -> None:
    warning = drafted(town)
    with pytest.raises(BadValue, match=r"invisible character U\+202E"):
        edited(town, warning, texts={"en": {"headline": "safe \u202e txt"}})
    with pytest.raises(TooBig, match="161 characters"):
        edited(town, warning, texts={"en": {"headline": "x" * 161}})
    with pytest.raises(BadValue, match="nobody may change it"):
        edited(town, warning, predecessor="wrn_other")
    assert line(town, warning).version == 1


HOSTILE = "<script>alert('x')</script> & \"quoted\" ]]> {{ 1|add:1 }} %s {levels} '; DROP TABLE--"


def test_hostile_words_are_words_in_the_message(town: Town) -> None:
    warning = drafted(town)
    texts = dict.fromkeys(("headline", "description", "beware", "instruction", "short"), HOSTILE)
    edited(town, warning, texts={"en": texts, "zh-hans": texts}, contact=HOSTILE, place=HOSTILE,
           areas=Areas((EAST,), circles=((30.25, 120.75, 2),)))  # fmt: skip
    message = read(queries.alert(signed(town, warning)).document).alert
    assert message is not None
    assert all(info.instruction == HOSTILE and HOSTILE in info.description for info in message.infos)


# ---------------------------------------------------------------- the lifecycle
def _in_state(town: Town, state: WarningState) -> str:
    warning = drafted(town)
    if state is WarningState.DISCARDED:
        services.discard(warning, version=1, actor=town.as_("duty"), now=town.now)
    if state in (WarningState.DRAFT, WarningState.DISCARDED):
        return warning
    submitted(town, warning)
    if state is WarningState.RETURNED:
        services.send_back(warning, "why", version=1, actor=town.as_("signer"), now=town.now)
    if state in (WarningState.SUBMITTED, WarningState.RETURNED):
        return warning
    sign(town, warning)
    if state is WarningState.SUPERSEDED:
        signed(town, services.draft_update(warning, actor=town.as_("duty"), now=town.now))
    if state is WarningState.CANCELLED:
        signed(town, services.draft_cancel(warning, actor=town.as_("duty"), now=town.now))
    if state is WarningState.EXPIRED:
        services.sweep(now=town.now + timedelta(hours=6))
    return warning


@pytest.mark.parametrize("state", list(WarningState))
def test_every_verb_in_every_state(town: Town, state: WarningState) -> None:
    """What the table of moves does not allow is refused as stale, and changes nothing."""
    warning = _in_state(town, state)
    assert line(town, warning).state is state
    version, digest = line(town, warning).version, line(town, warning).content.digest
    duty, signer, now = town.as_("duty"), town.as_("signer"), town.now
    verbs = {
        "edit": (lambda: services.edit(warning, {"level": 4}, version=version, actor=duty, now=now),
                 state in (WarningState.DRAFT, WarningState.RETURNED, WarningState.SUBMITTED)),
        "submit": (lambda: services.submit(warning, version=version, actor=duty, now=now),
                   allowed(state, WarningState.SUBMITTED) or state is WarningState.SUBMITTED),
        "send_back": (lambda: services.send_back(warning, "why", version=version, actor=signer, now=now),
                      allowed(state, WarningState.RETURNED)),
        "discard": (lambda: services.discard(warning, version=version, actor=duty, now=now),
                    allowed(state, WarningState.DISCARDED) or state is WarningState.DISCARDED),
        "sign": (lambda: services.sign(warning, version=version, digest=digest, actor=signer, now=now),
                 # signing again what one has signed gives the same answer, whatever became of it since
                 state not in (WarningState.DRAFT, WarningState.RETURNED, WarningState.DISCARDED)),
        "update": (lambda: services.draft_update(warning, actor=duty, now=now), state is WarningState.ISSUED),
        "cancel": (lambda: services.draft_cancel(warning, actor=duty, now=now), state is WarningState.ISSUED),
    }  # fmt: skip
    for name, (verb, may) in verbs.items():
        before = WarningRow.objects.filter(id=warning).values().get()
        point = transaction.savepoint()
        try:
            verb()
            assert may, f"{name} went through in state {state}"
        except Stale:
            assert not may, f"{name} was refused in state {state}"
        transaction.savepoint_rollback(point)
        assert WarningRow.objects.filter(id=warning).values().get() == before


def test_final_states_are_final() -> None:
    final = {WarningState.SUPERSEDED, WarningState.CANCELLED, WarningState.EXPIRED, WarningState.DISCARDED}
    assert not {before for before, _ in MOVES} & final
    assert {after for _, after in MOVES} == set(WarningState)
    assert all(allowed(*pair) == (pair in MOVES) for pair in product(WarningState, repeat=2))


# ---------------------------------------------------------------- updates and cancellations
def test_an_update_replaces_and_a_cancellation_ends(town: Town) -> None:
    first = signed(town, drafted(town))
    second = services.draft_update(first, level=4, actor=town.as_("duty"), now=town.now)
    assert line(town, second).content.text("en").headline.startswith("Red I")
    town.after(minutes=1)
    signed(town, second)
    assert (line(town, first).state, line(town, first).successor) == (WarningState.SUPERSEDED, second)
    third = services.draft_cancel(second, actor=town.as_("duty"), now=town.now)
    assert "danger is over" in line(town, third).content.text("en").description
    signed(town, third)
    assert line(town, second).state is WarningState.CANCELLED
    assert queries.in_force(town.as_("duty").scope, now=town.now) == []
    told = [(a.msg_type, a.references) for a in reversed(queries.alerts())]
    assert told == [("Alert", ()), ("Update", (first,)), ("Cancel", (second,))]
    assert [w.id for w in queries.lineage_of(town.as_("duty").scope, first)] == [first, second, third]
    assert facts("warning_issued", "warning_updated", "warning_cancelled") == [
        "warning_issued", "warning_updated", "warning_cancelled",
    ]  # fmt: skip


def test_one_press_twice_gives_one_draft(town: Town) -> None:
    first = signed(town, drafted(town))
    update = services.draft_update(first, actor=town.as_("duty"), now=town.now)
    assert services.draft_update(first, level=4, actor=town.as_("duty"), now=town.now) == update
    cancel = services.draft_cancel(first, actor=town.as_("duty"), now=town.now)
    assert services.draft_cancel(first, over=False, actor=town.as_("duty"), now=town.now) == cancel


def test_a_second_first_message_for_the_same_event_and_area_is_refused(town: Town) -> None:
    event, duty = town.storm(level=3).event, town.as_("duty")
    one, other = (services.draft(event, exercise=False, actor=duty, now=town.now) for _ in range(2))
    submitted(town, other)
    signed(town, one)
    with pytest.raises(Stale, match="in force for this event and area already"):
        sign(town, other)
    with pytest.raises(Stale, match="update it instead"):
        services.draft(event, exercise=False, actor=duty, now=town.now)
    services.draft(
        event, exercise=False, areas=Areas((WEST,)), actor=duty, now=town.now
    )  # another area is another matter


def test_what_follows_is_about_the_same_warning(town: Town) -> None:
    first = signed(town, drafted(town))
    update = services.draft_update(first, actor=town.as_("duty"), now=town.now)
    for changes in ({"hazard": "gale"}, {"exercise": True, "exercise_note": "x"}):
        with pytest.raises(BadValue, match="keeps the hazard"):
            edited(town, update, **changes)
    cancel = services.draft_cancel(first, actor=town.as_("duty"), now=town.now)
    with pytest.raises(BadValue, match="keeps hazard, level, area"):
        edited(town, cancel, level=1)
    edited(town, cancel, texts={"en": {"description": "The river has fallen."}})


def test_of_two_that_follow_only_the_first_is_signed(town: Town) -> None:
    first = signed(town, drafted(town))
    update = services.draft_update(first, actor=town.as_("duty"), now=town.now)
    cancel = services.draft_cancel(first, actor=town.as_("duty"), now=town.now)
    submitted(town, update)
    submitted(town, cancel)
    sign(town, cancel)
    with pytest.raises(Stale, match="not in force any more"):
        sign(town, update)
    assert {a.msg_type for a in queries.alerts()} == {"Cancel", "Alert"}


def test_whoever_heard_the_first_hears_that_it_ended(town: Town) -> None:
    first = signed(town, drafted(town, areas=Areas((EAST, WEST))))
    update = services.draft_update(first, areas=Areas((EAST,)), actor=town.as_("duty"), now=town.now)
    signed(town, update)
    told = {name for row in DispatchRow.objects.filter(kind="warning_updated") for name, _, _ in row.audience}
    assert "post:inspector-west" in told


def test_more_than_a_shard_of_posts_go_in_shards(town: Town) -> None:
    posts = [
        PostLine(f"grid-{n}", {"en": "grid"}, "emergency", Role.INSPECTOR, EAST, mail=f"g{n}@town.example")
        for n in range(600)
    ]
    org.put_posts(posts, actor=SYSTEM, now=town.now)
    signed(town, drafted(town))
    sizes = [row.recipients for row in DispatchRow.objects.filter(kind="warning_issued").order_by("shard")]
    assert sizes[0] == 500
    assert len(sizes) == 2


# ---------------------------------------------------------------- time
def test_soon_over_and_over_are_told_once(town: Town) -> None:
    warning = signed(town, drafted(town))
    until = line(town, warning).expires_at
    assert services.sweep(now=until - timedelta(minutes=31)) == 0
    assert services.sweep(now=until - timedelta(minutes=30)) == 1
    assert services.sweep(now=until - timedelta(minutes=29)) == 0
    assert queries.in_force(town.as_("duty").scope, now=until) == []  # the clock decides, not the sweep
    assert services.sweep(now=until) == 1
    assert services.sweep(now=until + timedelta(hours=1)) == 0
    assert facts("warning_expiring", "warning_expired") == ["warning_expiring", "warning_expired"]
    assert line(town, warning).state is WarningState.EXPIRED


def test_after_a_long_stop_it_is_only_told_that_it_is_over(town: Town) -> None:
    signed(town, drafted(town))
    assert services.sweep(now=town.now + timedelta(days=2)) == 1
    assert facts("warning_expiring", "warning_expired") == ["warning_expired"]


def test_what_nobody_signs_is_told_once_a_submission(town: Town) -> None:
    warning = drafted(town)
    submitted(town, warning)
    assert services.sweep(now=town.now + timedelta(minutes=4)) == 0
    assert services.sweep(now=town.now + timedelta(minutes=5)) == 1
    assert services.sweep(now=town.now + timedelta(minutes=9)) == 0
    services.send_back(warning, "why", version=1, actor=town.as_("signer"), now=town.now)
    submitted(town, warning)
    assert services.sweep(now=town.now + timedelta(minutes=5)) == 1


def test_a_cancellation_never_expires_and_is_never_in_force(town: Town) -> None:
    first = signed(town, drafted(town))
    signed(town, services.draft_cancel(first, actor=town.as_("duty"), now=town.now))
    assert services.sweep(now=town.now + timedelta(days=3)) == 0


def test_an_event_that_ends_cancels_nothing_by_itself(town: Town) -> None:
    warning = signed(town, drafted(town))
    with transaction.atomic():
        handlers.on_event_ended([EventEnded(line(town, warning).event, "rainstorm", 0, 0)], town.now)
    assert line(town, warning).in_force(town.now)
    town.carry()
    assert any("Still in force" in letter.subject for letter in town.inboxes["mail"].letters)


# ---------------------------------------------------------------- who sees it
@pytest.mark.parametrize(
    ("area", "seen"), [(CITY, True), (EAST, True), (f"{EAST}/mill", True), (WEST, False), ("", True)]
)
def test_a_warning_is_seen_from_its_area_below_and_above(town: Town, area: str, seen: bool) -> None:
    warning = signed(town, drafted(town))
    scope = Scope(area, Role.DUTY_OFFICER)
    assert [w.id for w in queries.in_force(scope, now=town.now)] == ([warning] if seen else [])


@pytest.mark.parametrize("role", [Role.ADMINISTRATOR, Role.FACILITY_OPERATOR])
def test_roles_that_read_no_warnings_read_none(town: Town, role: Role) -> None:
    with pytest.raises(NotAllowed):
        queries.in_force(Scope("", role), now=town.now)


# ---------------------------------------------------------------- references, at random
def played(town: Town, seed: int) -> tuple[dict[str, tuple[str, ...]], set[str]]:
    """A random sequence of first messages, updates, cancellations and expiries, with a plain model beside it: what each
    message must cite, and what is in force at the end."""
    choose = random.Random(seed)
    in_force: set[str] = set()
    cited: dict[str, tuple[str, ...]] = {}
    for _step in range(14):
        town.after(minutes=choose.choice([1, 1, 5, 40]))
        in_force = {w for w in in_force if line(town, w).expires_at > town.now}
        what = choose.choice(["alert", "update", "update", "cancel"]) if in_force else "alert"
        old = choose.choice(sorted(in_force)) if what != "alert" else ""
        until, duty = town.now + timedelta(minutes=choose.randint(20, 90)), town.as_("duty")
        if what == "alert":
            made = drafted(town, level=choose.randint(1, 4), expires=until)
        elif what == "update":
            level = choose.choice([None, 1, 2, 3, 4])
            made = services.draft_update(old, level=level, expires=until, actor=duty, now=town.now)
        else:
            made = services.draft_cancel(old, over=choose.random() < 0.5, actor=duty, now=town.now)
        signed(town, made)
        cited[made] = () if what == "alert" else (old,)
        in_force -= {old}
        in_force |= set() if what == "cancel" else {made}
    return cited, in_force


@pytest.mark.parametrize("seed", range(5))
def test_every_message_cites_exactly_what_it_replaces(town: Town, seed: int) -> None:
    cited, in_force = played(town, seed)
    assert {w.id for w in queries.in_force(town.as_("duty").scope, now=town.now)} == in_force
    sent = {a.identifier: read(a.document).alert for a in queries.alerts()}
    producer = our_producer(Names.read())
    for identifier, references in cited.items():
        message = sent[identifier]
        assert message is not None
        assert tuple(r.identifier for r in message.references) == references
        assert all(r == sent[r.identifier].reference for r in message.references)  # type: ignore[union-attr]
        assert [f for f in check(message, producer=producer) if f.grade == "error"] == []
    assert ledger.verify() == []


@pytest.mark.data
@pytest.mark.parametrize("seed", [100, 101])
def test_every_message_obeys_the_schema(town: Town, seed: int) -> None:
    root = Path(os.environ.get("TOCSIN_DATA") or Path(__file__).parents[3] / "shared" / "data") / "cap" / "xsd"
    if not root.is_dir():
        pytest.skip("The corpus cap is not on this machine; set TOCSIN_DATA to the folder that holds it.")
    schema = etree.XMLSchema(etree.parse(str(root / "CAP-v1.2.xsd")))
    played(town, seed)
    signed(town, drafted(town, exercise=True, exercise_note="Autumn drill"))
    for alert in queries.alerts():
        assert schema.validate(etree.fromstring(alert.document)), schema.error_log
