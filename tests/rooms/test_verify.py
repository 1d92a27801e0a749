"""Verify: who is asked, what they answer, what passes its deadline; one event's file from opening to closing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.rooms.verifying import facts, verbs, verifying_town
from tocsin.engine.event_change import EventChange
from tocsin.loop.detect import queries as detect_queries
from tocsin.loop.detect import services as detect
from tocsin.loop.verify import queries, services
from tocsin.loop.verify.lifecycle import Verdict, VerificationState
from tocsin.loop.verify.models import DossierArea, Verification
from tocsin.loop.verify.services import Position
from tocsin.records.blobs import Photo
from tocsin.records.ledger import queries as ledger
from tocsin.records.org.roles import Role
from tocsin.records.org.scope import EVERYWHERE, Scope
from tocsin.records.tasks import queries as tasks
from tocsin.terms.errors import BadValue, NotAllowed, Stale, UnknownName
from tocsin.terms.event import EventState
from tocsin.terms.moment import to_us
from tocsin.testing.town import CITY, EAST, WEST, Storm, Town

pytestmark = pytest.mark.django_db
ORANGE, RED, YELLOW = 3, 4, 2
PHOTO = Photo("a" * 64, "b" * 64, 640, 480, 12_345)


@pytest.fixture
def town() -> Iterator[Town]:
    with verifying_town() as built:
        yield built


def only(town: Town, event: str) -> queries.VerificationLine:
    (line,) = queries.verifications(EVERYWHERE, event)
    return line


def asked_storm(town: Town, level: int = ORANGE, at: str = EAST) -> tuple[Storm, str]:
    """An event whose verification was asked by rule, all of it heard."""
    storm = town.storm(at=at, level=level)
    town.phone("duty").expects("New", "unverified")
    town.phone("inspector-east" if at == EAST else "inspector-west").expects("verify by")
    return storm, only(town, storm.event).id


# ---------------------------------------------------------------- asking
def test_an_orange_event_opens_a_file_tells_the_duty_officer_and_sends_the_nearest_inspector(town: Town) -> None:
    storm = town.storm(level=ORANGE)
    told = town.phone("duty").expects("New", "Orange II", "Rainstorm", "unverified")
    assert f"/events/{storm.event}/" in told.body
    letter = town.phone("inspector-east").expects("Verify by", "1. Is water standing")
    town.phone("inspector-west").is_silent()

    line = only(town, storm.event)
    assert f"/field/task/{line.id}" in letter.body
    assert (line.state, line.post, line.due_at - line.asked_at) == ("asked", "inspector-east", timedelta(minutes=30))
    assert line.distance_km == pytest.approx(0.0, abs=0.1)
    assert not line.minutes_verified
    assert len(line.checks) == 3
    (task,) = tasks.of_event(EVERYWHERE, storm.event)
    assert (task.kind, task.about, task.due_at) == ("verification", line.id, line.due_at)
    file = queries.dossier(EVERYWHERE, storm.event)
    assert (file.verdict, file.level, file.unacknowledged_since) == (Verdict.UNVERIFIED, ORANGE, line.asked_at)
    assert verbs(storm.event) == ["dossier_opened", "verification_asked"]


def test_below_the_packs_level_nobody_is_disturbed_and_a_duty_officer_may_ask(town: Town) -> None:
    storm = town.storm(level=YELLOW)
    town.phone("duty").is_silent()
    assert queries.verifications(EVERYWHERE, storm.event) == []
    duty = town.as_("duty")
    first = services.ask(storm.event, once="k1", actor=duty, now=town.now)
    assert services.ask(storm.event, once="k1", actor=duty, now=town.now) == first  # the button was pressed twice
    town.phone("inspector-east").expects("Verify by")
    assert only(town, storm.event).due_at == town.now + timedelta(minutes=60)


def test_nearest_is_measured_from_the_duty_post_and_equals_are_parted_by_their_open_tasks(town: Town) -> None:
    town.hire("inspector-far", Role.INSPECTOR, CITY, lon=120.95, lat=30.45)
    town.hire("inspector-next", Role.INSPECTOR, CITY, lon=120.75, lat=30.25)
    first = town.storm(level=YELLOW)
    duty = town.as_("duty")
    services.ask(first.event, actor=duty, now=town.now)
    town.phone("inspector-east").expects("Verify by")  # both are there: the first by id
    second = town.storm(level=YELLOW)
    assert [c.post.id for c in queries.candidates(EVERYWHERE_DUTY, second.event, now=town.now)] == []
    town.carry()
    order = [c.post.id for c in queries.candidates(EVERYWHERE_DUTY, second.event, now=town.now)]
    assert order == ["inspector-next", "inspector-east", "inspector-far"]  # east has a task by now
    services.ask(second.event, actor=duty, now=town.now)
    town.phone("inspector-next").expects("Verify by")


EVERYWHERE_DUTY = Scope("", "duty_officer")


def test_a_duty_officer_may_choose_who_goes_and_only_somebody_on_duty(town: Town) -> None:
    town.hire("inspector-far", Role.INSPECTOR, CITY, lon=120.95, lat=30.45)
    storm = town.storm(level=YELLOW)
    duty = town.as_("duty")
    services.ask(storm.event, post="inspector-far", actor=duty, now=town.now)
    town.phone("inspector-far").expects("Verify by")
    for post in ("inspector-west", "signer", "nobody", "inspector-far"):  # another area, role, none, asked already
        with pytest.raises(BadValue, match="not on duty"):
            services.ask(storm.event, post=post, actor=duty, now=town.now)


def test_nobody_is_sent_into_gas_without_the_skill(town: Town) -> None:
    leak = town.storm(level=YELLOW, hazard="gas_leak", rule="gas_leak/gas_leak")
    town.phone("duty").expects("Nobody on duty to verify", "skills needed: gas", "stays unverified")
    town.phone("inspector-east").is_silent()
    assert only(town, leak.event).state is VerificationState.WAITING
    services.ask(leak.event, post="inspector-east", actor=town.as_("duty"), now=town.now)  # somebody decides otherwise
    town.phone("inspector-east").expects("Verify by", "gas")
    assert only(town, leak.event).post == "inspector-east"


# ---------------------------------------------------------------- nobody on duty
def test_with_nobody_on_duty_it_waits_is_told_once_and_goes_to_whoever_comes_next(town: Town) -> None:
    town.goes_home("inspector-east")
    storm = town.storm(level=ORANGE)
    town.phone("duty").expects("New")
    town.phone("duty").expects("Nobody on duty to verify")
    duty = town.as_("duty")
    waiting = only(town, storm.event)
    assert waiting.state is VerificationState.WAITING
    assert services.ask(storm.event, actor=duty, now=town.now) == waiting.id  # asking again makes no second one
    town.after(minutes=20)
    town.comes_to_work("inspector-east")
    town.phone("inspector-east").expects("Verify by")
    given = only(town, storm.event)
    assert (given.state, given.post) == (VerificationState.ASKED, "inspector-east")
    assert given.due_at == town.now + timedelta(minutes=30)  # the whole time from when somebody has it
    assert verbs(storm.event) == ["dossier_opened", "verification_waiting", "verification_asked"]


def test_waiting_past_its_deadline_is_told_once_and_whoever_comes_then_begins_anew(town: Town) -> None:
    town.goes_home("inspector-east")
    storm = town.storm(level=ORANGE)
    town.phone("duty").expects("New")
    town.phone("duty").expects("Nobody on duty")
    town.after(hours=3)
    town.phone("duty").expects("No answer in time", "stays unverified")
    town.comes_to_work("inspector-east")
    town.phone("inspector-east").expects("Verify by")
    old, fresh = queries.verifications(EVERYWHERE, storm.event)
    assert (old.state, fresh.state, fresh.overdue_at) == (VerificationState.WITHDRAWN, VerificationState.ASKED, None)
    assert len(facts("verification_overdue")) == 1


# ---------------------------------------------------------------- answering
@pytest.mark.parametrize(
    ("answer", "verdict", "word"),
    [("confirmed", Verdict.CONFIRMED, "Confirmed"), ("refuted", Verdict.REFUTED, "Not confirmed"),
     ("cannot_tell", Verdict.UNVERIFIED, "stays unverified")],
)  # fmt: skip
def test_the_answer_is_the_verdict_and_the_duty_officer_hears_it(
    town: Town, answer: str, verdict: Verdict, word: str
) -> None:
    storm, task = asked_storm(town)
    inspector = town.as_("inspector-east")
    services.arrive(task, position=Position(120.7501, 30.2502, 12.0), actor=inspector, now=town.now)
    town.after(minutes=5)
    state = services.answer(
        task, answer, "Kerb deep, two lorries stand.", [PHOTO], once="o1", actor=inspector, now=town.now
    )
    assert state == "answered"
    assert services.answer(task, answer, "again", once="o1", actor=inspector, now=town.now) == "answered"  # a repeat
    town.phone("duty").expects(word, "Photographs: 1")

    line = only(town, storm.event)
    assert (line.answer, line.note, line.is_open) == (answer, "Kerb deep, two lorries stand.", False)
    assert [(e.digest, e.lon) for e in line.evidence] == [("a" * 64, None)]
    assert queries.dossier(EVERYWHERE, storm.event).verdict is verdict
    assert tasks.task(EVERYWHERE, line.task).outcome == {"answer": answer, "photographs": 1}
    told = ["dossier_opened", "verification_asked", "inspector_arrived", "verification_answered"]
    assert verbs(storm.event) == told + ([] if answer == "cannot_tell" else [f"event_{answer}"])
    assert len(facts("event_confirmed") + facts("event_refuted")) == (answer != "cannot_tell")
    with pytest.raises(Stale, match="answered already"):
        services.answer(task, "refuted", once="o2", actor=inspector, now=town.now)


def test_the_ledger_holds_neither_the_note_nor_the_place_of_the_inspector(town: Town) -> None:
    storm, task = asked_storm(town)
    here = Position(120.7501, 30.2502, 12.0)
    services.answer(task, "confirmed", "Mrs Lin at number 7", [PHOTO], position=here, actor=town.as_("inspector-east"),
                    now=town.now)  # fmt: skip
    town.phone("duty").expects("Confirmed")
    written = "".join(str(line.body) for line in ledger.chain(storm.event))
    assert "Lin" not in written
    assert "120.7501" not in written
    assert "a" * 64 in written


def test_what_was_written_without_network_keeps_both_moments_and_a_wrong_phone_clock_is_not_believed(
    town: Town,
) -> None:
    storm, task = asked_storm(town)
    town.after(minutes=20)
    written = town.now
    town.after(minutes=5)
    services.answer(task, "confirmed", made_at=written, actor=town.as_("inspector-east"), now=town.now)
    town.phone("duty").expects("Confirmed")
    line = only(town, storm.event)
    assert (line.made_at, line.answered_at) == (written, town.now)
    _other, second = asked_storm(town, at=WEST)
    services.answer(
        second, "confirmed", made_at=town.now + timedelta(days=1), actor=town.as_("inspector-west"), now=town.now
    )
    town.phone("duty").expects("Confirmed")
    assert queries.verification(EVERYWHERE, second).made_at is None


@pytest.mark.parametrize(
    "bad",
    [{"verdict": "maybe"}, {"note": "x" * 2001}, {"photos": [PHOTO] * 7}, {"position": Position(200.0, 30.0)},
     {"position": Position(float("nan"), 30.0)}],
)  # fmt: skip
def test_bad_answers_are_refused_in_words_and_change_nothing(town: Town, bad: dict[str, object]) -> None:
    storm, task = asked_storm(town)
    values = {"verdict": "confirmed"} | bad
    with pytest.raises(BadValue) as caught:
        services.answer(task, actor=town.as_("inspector-east"), now=town.now, **values)  # type: ignore[arg-type]
    assert caught.value.remedy
    assert only(town, storm.event).state is VerificationState.ASKED
    assert verbs(storm.event)[-1] == "verification_asked"


def test_only_the_post_that_was_asked_may_answer(town: Town) -> None:
    _storm, task = asked_storm(town)
    with pytest.raises(NotAllowed, match="another post"):
        services.answer(task, "refuted", actor=town.as_("inspector-west"), now=town.now)
    for post in ("duty", "commander", "administrator"):
        with pytest.raises(NotAllowed):
            services.answer(task, "refuted", actor=town.as_(post), now=town.now)


def test_an_answer_after_the_task_was_taken_back_is_kept_and_decides_nothing(town: Town) -> None:
    storm, task = asked_storm(town)
    services.withdraw(task, actor=town.as_("duty"), now=town.now)
    town.phone("inspector-east").expects("No longer needed")
    assert (
        services.answer(task, "confirmed", "I was there", [PHOTO], actor=town.as_("inspector-east"), now=town.now)
        == "kept"
    )
    assert queries.dossier(EVERYWHERE, storm.event).verdict is Verdict.UNVERIFIED
    assert only(town, storm.event).note == "I was there"
    assert verbs(storm.event)[-1] == "answer_kept"


# ---------------------------------------------------------------- overdue
@pytest.mark.parametrize("stopped", [False, True])
def test_overdue_is_told_once_and_a_second_inspector_is_asked_also_after_a_stop(town: Town, stopped: bool) -> None:
    town.hire("inspector-city", Role.INSPECTOR, CITY, lon=120.6, lat=30.3)
    storm, first = asked_storm(town)
    if stopped:
        town.after_downtime(hours=26)
    else:
        town.after(minutes=31)
    town.phone("duty").expects("No answer in time", "inspector city was asked as well")
    town.phone("inspector-city").expects("Verify by")
    for _ in range(3):
        town.carry()
    late, second = queries.verifications(EVERYWHERE, storm.event)
    assert (late.id, late.state, second.post) == (first, VerificationState.ASKED, "inspector-city")
    assert late.overdue_at is not None
    assert len(facts("verification_overdue")) == 1
    assert to_us(late.due_at) == detect_queries_us(facts("verification_overdue")[0])

    services.answer(second.id, "refuted", actor=town.as_("inspector-city"), now=town.now)
    town.phone("duty").expects("Not confirmed")
    town.phone("inspector-east").expects("No longer needed")
    assert queries.dossier(EVERYWHERE, storm.event).verdict is Verdict.REFUTED


def detect_queries_us(body: str) -> int:
    import json

    return int(json.loads(body)["at_us"])


def test_overdue_ends_with_the_last_inspector_on_duty(town: Town) -> None:
    storm, first = asked_storm(town)
    town.after(days=1)
    town.phone("duty").expects("No answer in time", "Nobody else on duty")
    town.after(days=2)
    town.phone("duty").is_silent()
    services.answer(first, "confirmed", actor=town.as_("inspector-east"), now=town.now)
    town.phone("duty").expects("Confirmed", "after the deadline")
    assert only(town, storm.event).is_late(town.now)


# ---------------------------------------------------------------- levels, acknowledging
def test_acknowledging_is_for_a_level_and_a_higher_one_is_nobodys_again(town: Town) -> None:
    storm, task = asked_storm(town)
    duty = town.as_("duty")
    services.acknowledge(storm.event, actor=duty, now=town.now)
    services.acknowledge(storm.event, actor=duty, now=town.now)
    assert queries.dossier(EVERYWHERE, storm.event).unacknowledged_since is None
    storm.changes_to(YELLOW)
    town.carry()
    storm.changes_to(ORANGE)
    town.carry()
    assert queries.dossier(EVERYWHERE, storm.event).unacknowledged_since is None  # not above what was acknowledged
    town.after(minutes=3)
    storm.changes_to(RED)
    town.phone("duty").expects("Now Red I")
    town.phone("inspector-east").expects("Sooner")
    file = queries.dossier(EVERYWHERE, storm.event)
    assert (file.unacknowledged_since, file.level, file.peak_level) == (town.now, RED, RED)
    assert file.first_acknowledged_at is not None
    assert queries.verification(EVERYWHERE, task).due_at == town.now + timedelta(minutes=20)
    assert len(facts("event_acknowledged")) == 1
    assert "acknowledgement_lapsed" in verbs(storm.event)
    open_tasks = [t for t in tasks.of_event(EVERYWHERE, storm.event) if t.is_open]
    assert [t.due_at for t in open_tasks] == [town.now + timedelta(minutes=20)]


def test_a_file_may_be_acknowledged_before_the_fact_of_its_opening_was_carried(town: Town) -> None:
    storm = town.storm(level=YELLOW)
    services.acknowledge(storm.event, actor=town.as_("duty"), now=town.now)
    town.carry()
    assert queries.dossier(EVERYWHERE, storm.event).acknowledged_by.startswith("duty/")
    assert verbs(storm.event) == ["dossier_opened", "event_acknowledged"]


def test_what_was_refuted_is_unverified_again_when_it_rises_and_somebody_is_sent_again(town: Town) -> None:
    storm = town.storm(level=YELLOW)
    duty = town.as_("duty")
    services.ask(storm.event, actor=duty, now=town.now)
    town.phone("inspector-east").expects("Verify by")
    task = only(town, storm.event).id
    services.answer(task, "refuted", actor=town.as_("inspector-east"), now=town.now)
    town.phone("duty").expects("Not confirmed")
    storm.changes_to(ORANGE)
    town.phone("duty").expects("New", "unverified")
    town.phone("inspector-east").expects("Verify by")
    assert queries.dossier(EVERYWHERE, storm.event).verdict is Verdict.UNVERIFIED
    assert verbs(storm.event)[-3:] == ["level_changed", "verdict_lapsed", "verification_asked"]


# ---------------------------------------------------------------- merging, ending, closing
def merge(town: Town, gone: Storm, lives: Storm) -> None:
    """The engine finds that two events are one."""
    event = replace(gone._event, state=EventState.MERGED, merged_into=lives.event, changed_us=to_us(town.now))
    seq = detect_queries.consumed_seq() + 1
    change = EventChange("merged", event, event.changed_us, seq, "")
    detect.record_batch(
        transitions=(), event_changes=(change,), consumed_seq=seq, log_digest="m", actor="engine", now=town.now
    )


def test_a_merge_moves_the_open_verification_and_its_answer_counts_for_the_one_that_lives_on(town: Town) -> None:
    lives = town.storm(level=YELLOW)
    gone, task = asked_storm(town)
    merge(town, gone, lives)
    town.carry()
    assert queries.verifications(EVERYWHERE, gone.event) == []
    moved = only(town, lives.event)
    assert (moved.id, moved.asked_about, moved.state) == (task, gone.event, VerificationState.ASKED)
    services.answer(task, "confirmed", actor=town.as_("inspector-east"), now=town.now)
    town.phone("duty").expects("Confirmed")
    assert queries.dossier(EVERYWHERE, lives.event).verdict is Verdict.CONFIRMED
    assert queries.dossier(EVERYWHERE, gone.event).merged_into == lives.event
    services.acknowledge(gone.event, actor=town.as_("duty"), now=town.now)  # an old link leads to the one that lives on
    assert queries.dossier(EVERYWHERE, lives.event).unacknowledged_since is None


def test_in_a_merge_confirmed_wins_and_a_refutation_does_not_spread(town: Town) -> None:
    first, second, third = (town.storm(level=YELLOW) for _ in range(3))
    duty, inspector = town.as_("duty"), town.as_("inspector-east")
    for storm, said in ((first, "refuted"), (third, "confirmed")):
        task = services.ask(storm.event, actor=duty, now=town.now)
        town.phone("inspector-east").expects("Verify by")
        services.answer(task, said, actor=inspector, now=town.now)
        town.phone("duty").expects("confirmed")
    merge(town, second, first)
    town.carry()
    assert queries.dossier(EVERYWHERE, first.event).verdict is Verdict.UNVERIFIED
    merge(town, third, first)
    town.carry()
    assert queries.dossier(EVERYWHERE, first.event).verdict is Verdict.CONFIRMED
    assert len(facts("event_confirmed")) == 2


def test_two_open_verifications_of_merged_events_become_one(town: Town) -> None:
    town.hire("inspector-city", Role.INSPECTOR, CITY, lon=120.6, lat=30.3)
    lives, kept = asked_storm(town)
    gone = town.storm(level=ORANGE)
    town.phone("duty").expects("New")
    town.phone("inspector-east").expects("Verify by")
    merge(town, gone, lives)
    town.phone("inspector-east").expects("No longer needed")
    assert [v.id for v in queries.verifications(EVERYWHERE, lives.event) if v.is_open] == [kept]


def test_an_ended_event_is_still_looked_at_and_closing_takes_the_task_back(town: Town) -> None:
    storm, task = asked_storm(town)
    storm.ends()
    town.carry()
    assert queries.verification(EVERYWHERE, task).is_open
    assert queries.dossier(EVERYWHERE, storm.event).ended_at == town.now
    duty = town.as_("duty")
    for reason in ("", "x" * 501):
        with pytest.raises(BadValue):
            services.close(storm.event, reason, actor=duty, now=town.now)
    services.close(storm.event, "Rain stopped, nothing found", actor=duty, now=town.now)
    town.phone("inspector-east").expects("No longer needed")
    for late in (services.acknowledge, services.ask):
        with pytest.raises(Stale, match="closed"):
            late(storm.event, actor=duty, now=town.now)
    with pytest.raises(Stale):
        services.close(storm.event, "again", actor=duty, now=town.now)
    assert queries.open_dossiers(EVERYWHERE) == []
    assert len(facts("event_closed")) == 1


def test_what_the_cascade_only_expects_sends_nobody_by_itself(town: Town) -> None:
    rain, _task = asked_storm(town)
    event = replace(rain._event, id="evt_underpass", hazard="waterlogging", state=EventState.PROPOSED, signals=(),
                    place="Station underpass", parent=rain.event)  # fmt: skip
    seq = detect_queries.consumed_seq() + 1
    change = EventChange("proposed", event, event.changed_us, seq, "")
    detect.record_batch(
        transitions=(), event_changes=(change,), consumed_seq=seq, log_digest="p", actor="engine", now=town.now
    )
    town.phone("duty").expects("Expected as a consequence", "nothing of it was observed")
    assert queries.verifications(EVERYWHERE, "evt_underpass") == []
    services.ask("evt_underpass", actor=town.as_("duty"), now=town.now)
    town.phone("inspector-east").expects("underpass")


# ---------------------------------------------------------------- who may, who sees
def test_nobody_acts_or_reads_outside_their_area(town: Town) -> None:
    town.hire("duty-west", Role.DUTY_OFFICER, WEST)
    storm, task = asked_storm(town)
    town.phone("duty-west").is_silent()
    west = town.as_("duty-west")
    for verb in (services.acknowledge, services.ask):
        with pytest.raises(UnknownName):
            verb(storm.event, actor=west, now=town.now)
    with pytest.raises(UnknownName):
        services.withdraw(task, actor=west, now=town.now)
    assert queries.dossiers(west.scope, [storm.event]) == {}
    assert queries.verifications(west.scope, storm.event) == []
    with pytest.raises(UnknownName):
        queries.verification(west.scope, task)
    assert set(queries.dossiers(Scope(EAST, "duty_officer"), [storm.event])) == {storm.event}


def test_an_event_across_a_border_is_everybodys_on_both_sides(town: Town) -> None:
    town.hire("duty-west", Role.DUTY_OFFICER, WEST)
    storm, _task = asked_storm(town)
    DossierArea.objects.create(dossier_id=storm.event, jurisdiction=WEST)
    west = town.as_("duty-west")
    services.acknowledge(storm.event, actor=west, now=town.now)
    services.ask(storm.event, actor=west, now=town.now)
    town.phone("inspector-west").expects("Verify by")
    line = next(v for v in queries.verifications(west.scope, storm.event) if v.post == "inspector-west")
    assert [t.id for t in tasks.of_post(town.as_("inspector-west").scope, "inspector-west")] == [line.task]


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.SYSTEM])
def test_each_role_may_do_only_what_its_post_is_there_for(town: Town, role: Role) -> None:
    storm, task = asked_storm(town)
    post = next(p for p in town._people if p.startswith({"facility_operator": "operator", "duty_officer": "duty"}.get(
        role.value, role.value.replace("_", "-"))))  # fmt: skip
    actor = town.as_(post)
    may = {
        "acknowledge": lambda: services.acknowledge(storm.event, actor=actor, now=town.now),
        "ask": lambda: services.ask(storm.event, actor=actor, now=town.now),
        "withdraw": lambda: services.withdraw(task, actor=actor, now=town.now),
        "close": lambda: services.close(storm.event, "over", actor=actor, now=town.now),
        "read": lambda: queries.dossier(actor.scope, storm.event),
    }
    allowed = {
        "duty_officer": {"acknowledge", "ask", "withdraw", "close", "read"},
        "commander": {"ask", "withdraw", "close", "read"},
        "facility_operator": set(),
        "administrator": set(),
    }
    for name, verb in may.items():
        if name in allowed.get(role.value, {"read"}):
            verb()
        else:
            with pytest.raises(NotAllowed):
                verb()
    for phone in ("inspector-east", "duty"):
        while any(True for one in town._ring() if one[1].recipient == f"post:{phone}"):
            town.phone(phone).expects()


def test_unknown_things_are_refused(town: Town) -> None:
    duty, inspector = town.as_("duty"), town.as_("inspector-east")
    for verb in (services.acknowledge, services.ask):
        with pytest.raises(UnknownName):
            verb("evt_none", actor=duty, now=town.now)
    with pytest.raises(UnknownName):
        services.answer("vrf_none", "refuted", actor=inspector, now=town.now)
    with pytest.raises(UnknownName):
        queries.dossier(EVERYWHERE, "evt_none")


def test_letters_are_written_in_the_language_of_the_post() -> None:
    with verifying_town(language="zh-hans") as town:
        town.storm(level=RED)
        town.phone("duty").expects("红色 I级", "暴雨", "未核查")
        town.phone("inspector-east").expects("核查", "积水")


def test_the_ledger_holds_after_all_of_it(town: Town) -> None:
    storm, task = asked_storm(town)
    services.answer(task, "confirmed", actor=town.as_("inspector-east"), now=town.now)
    town.phone("duty").expects("Confirmed")
    assert storm.event
    assert ledger.verify() == []
    assert Verification.objects.get(id=task).salt
