"""Review: who knew what when, told from the ledger alone; closing only when nothing is open; a review stands once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from tests.rooms import walking
from tests.rooms.walking import quick_town
from tocsin.loop.detect.models import EventChangeRow
from tocsin.loop.review import queries, services
from tocsin.loop.review.services import MeasureForm
from tocsin.loop.verify import queries as verify_queries
from tocsin.loop.warn import services as warn
from tocsin.records.ledger import queries as ledger
from tocsin.records.ledger.models import LedgerEntry
from tocsin.records.org.scope import EVERYWHERE, Scope
from tocsin.records.outbox.models import OutboxFact
from tocsin.records.tasks import queries as tasks
from tocsin.terms.errors import BadValue, NotAllowed, Stale, UnknownName
from tocsin.testing.town import Town

pytestmark = pytest.mark.django_db


@pytest.fixture
def town(db: None) -> Iterator[Town]:
    with quick_town() as built:
        yield built


def timeline(town: Town, event: str) -> queries.Timeline:
    return queries.timeline(town.as_("auditor").scope, event, now=town.now)


def verbs(told: queries.Timeline) -> list[str]:
    return [moment.told.verb for moment in told.moments]


def test_the_timeline_tells_the_whole_loop_in_order(town: Town) -> None:
    storm = walking.walk(town)
    told = timeline(town, storm.event)
    wanted = ["event_opened", "dossier_opened", "event_acknowledged", "verification_answered", "event_confirmed",
              "warning_submitted", "warning_signed", "finding_recorded", "order_served", "response_ended", "event_ended",
              "event_closed"]  # fmt: skip
    assert [verb for verb in dict.fromkeys(verbs(told)) if verb in wanted] == wanted
    assert [m.told.at for m in told.moments] == sorted(m.told.at for m in told.moments)
    assert all(m.since_onset >= timedelta() for m in told.moments)
    assert told.integrity.sound
    assert told.integrity.verified_to == len(ledger.chain(storm.event))


def test_each_moment_says_what_was_known_then(town: Town) -> None:
    storm = walking.walk(town)
    known = {}
    for moment in timeline(town, storm.event).moments:
        known.setdefault(moment.told.verb, moment.known)
    assert (known["event_opened"].level, known["event_opened"].verdict) == (4, "")
    assert known["event_confirmed"].verdict == "confirmed"
    assert known["warning_submitted"].warned == 0
    assert known["warning_signed"].warned == 4
    assert known["response_opened"].response > 0
    assert known["response_ended"].response == 0
    assert known["event_ended"].warned == 0  # cancelled by then
    assert known["event_ended"].level == 0


def test_decisions_are_what_people_did_in_a_post(town: Town) -> None:
    storm = walking.walk(town)
    decided = timeline(town, storm.event).decisions
    assert {"event_acknowledged", "verification_answered", "warning_signed", "event_closed"} <= {
        d.told.verb for d in decided
    }
    assert not {"event_opened", "dossier_opened", "message_settled"} & {d.told.verb for d in decided}
    assert all("/" in d.told.actor for d in decided)


def test_a_missed_deadline_is_a_gap_and_a_kept_one_is_named_too(town: Town) -> None:
    storm = town.storm(level=4)
    walking.acknowledge(town, storm.event)
    town.after(hours=5)
    walking.answer(town, storm.event)
    gaps = timeline(town, storm.event).gaps
    assert any(gap.missed and gap.kind == "verification" for gap in gaps)
    done = [gap for gap in gaps if gap.done_at is not None]
    assert done
    assert all(gap.late == gap.done_at - gap.due_at for gap in done if gap.done_at)


def test_what_merged_into_an_event_is_told_with_it(town: Town) -> None:
    storm = walking.walk(town)
    EventChangeRow.objects.filter(event_id=storm.event).update(level=2)
    told = timeline(town, storm.event)
    assert {(breach.subject, breach.kind) for breach in told.integrity.breaches} == {("detect", "edited")}


def test_an_edited_entry_is_named_and_the_rest_is_still_told(town: Town) -> None:
    storm = walking.walk(town)
    before = verbs(timeline(town, storm.event))
    LedgerEntry.objects.filter(subject=storm.event, verb="event_acknowledged").update(actor="somebody/else")
    told = timeline(town, storm.event)
    assert verbs(told) == before
    assert not told.integrity.sound
    assert {breach.kind for breach in told.integrity.breaches} == {"edited"}
    number = LedgerEntry.objects.get(subject=storm.event, verb="event_acknowledged").number
    assert told.integrity.verified_to == number - 1


def test_only_those_who_review_or_audit_read_timelines_and_only_in_their_area(town: Town) -> None:
    event = town.storm(level=2).event
    town.carry()
    for post in ("auditor", "commander", "case-handler", "duty"):
        assert queries.timeline(town.as_(post).scope, event, now=town.now).moments
    for post in ("inspector-east", "operator-mill", "administrator", "analyst", "signer"):
        with pytest.raises(NotAllowed):
            queries.timeline(town.as_(post).scope, event, now=town.now)
    with pytest.raises(UnknownName):
        queries.timeline(Scope("simcity/west", "auditor"), event, now=town.now)


# ---------------------------------------------------------------- closing
def test_an_event_is_not_closed_while_anything_is_open_and_the_refusal_names_it(town: Town) -> None:
    storm = town.storm(level=4)
    walking.acknowledge(town, storm.event)
    said = refused(town, storm.event)
    assert "condition still holds" in said
    assert "verification is not answered" in said
    walking.answer(town, storm.event)
    warning = walking.issue_warning(town, storm.event)
    storm.ends()
    town.carry()
    said = refused(town, storm.event)
    assert "1 warning is in force" in said
    assert "condition" not in said
    cancel = warn.draft_cancel(warning, actor=town.as_("duty"), now=town.now)
    assert "drafted or waits" in refused(town, storm.event)
    walking.sign(town, cancel)
    walking.end_response(town, storm.event)
    services.close_event(storm.event, "over", actor=town.as_("duty"), now=town.now)
    assert queries.is_closed(EVERYWHERE, storm.event)
    with pytest.raises(Stale):
        services.close_event(storm.event, "over", actor=town.as_("duty"), now=town.now)


def refused(town: Town, event: str) -> str:
    before = OutboxFact.objects.count()
    with pytest.raises(Stale) as error:
        services.close_event(event, "over", actor=town.as_("duty"), now=town.now)
    assert OutboxFact.objects.count() == before
    return error.value.rule


def test_a_refuted_event_may_be_closed_while_its_gauge_still_says_otherwise(town: Town) -> None:
    storm = town.storm(level=3)
    walking.acknowledge(town, storm.event)
    walking.answer(town, storm.event, "refuted")
    services.close_event(storm.event, "a broken gauge", actor=town.as_("commander"), now=town.now)
    assert verify_queries.dossier(EVERYWHERE, storm.event).closed_at is not None


def test_findings_go_on_after_the_event_is_closed(town: Town) -> None:
    storm = town.storm(level=4)
    found = walking.to_closing(town, storm)
    services.close_event(storm.event, "over", actor=town.as_("duty"), now=town.now)
    assert queries.findings_going_on(storm.event) == [found]


def test_only_the_duty_officer_and_the_commander_close(town: Town) -> None:
    event = town.storm(level=2).event
    town.carry()
    for post in ("signer", "inspector-east", "case-handler", "administrator"):
        with pytest.raises((NotAllowed, UnknownName)):
            services.close_event(event, "over", actor=town.as_(post), now=town.now)


# ---------------------------------------------------------------- the review
def measure(town: Town, words: str = "Raise the kerb at the underpass", post: str = "case-handler") -> MeasureForm:
    return MeasureForm(words, post, town.now + timedelta(days=30))


def test_a_review_is_drafted_published_once_and_its_measures_become_tasks(town: Town) -> None:
    storm = walking.walk(town)
    actor = town.as_("commander")
    version = services.save_draft(
        storm.event, "  The gauge was right.\r\n", [measure(town)], version=0, actor=actor, now=town.now
    )
    assert (
        services.save_draft(storm.event, "The gauge was right.", [measure(town)], version=0, actor=actor, now=town.now)
        == version
    )
    services.publish(storm.event, version=version, actor=actor, now=town.now)
    services.publish(storm.event, version=version, actor=actor, now=town.now)
    review = queries.review(actor.scope, storm.event)
    assert (review.state, review.lessons, review.published_by) == ("published", "The gauge was right.", actor.name)
    (task,) = tasks.of_event(EVERYWHERE, storm.event, kind="measure")
    assert (task.post, task.id, task.due_at) == ("case-handler", review.measures[0].task, review.measures[0].due_at)
    kinds = list(
        OutboxFact.objects.filter(kind__in=["review_published", "measure_adopted"]).values_list("kind", flat=True)
    )
    assert sorted(kinds) == ["measure_adopted", "review_published"]
    assert "The gauge was right" not in "".join(LedgerEntry.objects.values_list("body", flat=True))
    with pytest.raises(Stale):
        services.save_draft(storm.event, "no", [], version=version, actor=actor, now=town.now)


def test_the_published_digest_is_that_of_the_timeline_it_was_written_about(town: Town) -> None:
    storm = walking.walk(town)
    actor = town.as_("commander")
    services.save_draft(storm.event, "Learned.", [], version=0, actor=actor, now=town.now)
    before = timeline(town, storm.event)
    services.publish(storm.event, version=1, actor=actor, now=town.now)
    review = queries.review(actor.scope, storm.event)
    assert (review.digest, review.entries) == (before.digest, len(before.moments))


def test_publishing_in_one_step_saves_what_was_typed(town: Town) -> None:
    storm = walking.walk(town)
    actor = town.as_("case-handler")
    services.publish(storm.event, version=0, lessons="Learned.", measures=[measure(town)], actor=actor, now=town.now)
    assert queries.review(actor.scope, storm.event).state == "published"


def test_a_review_waits_for_the_closing_and_for_lessons(town: Town) -> None:
    event = town.storm(level=2).event
    town.carry()
    actor = town.as_("commander")
    with pytest.raises(Stale):
        services.publish(event, version=0, actor=actor, now=town.now)
    services.save_draft(event, "", [], version=0, actor=actor, now=town.now)
    with pytest.raises(BadValue):
        services.publish(event, version=1, actor=actor, now=town.now)
    services.save_draft(event, "Learned.", [], version=1, actor=actor, now=town.now)
    with pytest.raises(Stale) as error:
        services.publish(event, version=2, actor=actor, now=town.now)
    assert "not closed" in error.value.rule
    with pytest.raises(Stale):  # somebody saved in between
        services.save_draft(event, "Other.", [], version=1, actor=actor, now=town.now)


def test_a_measure_needs_words_a_working_post_and_a_day_ahead(town: Town) -> None:
    storm = walking.walk(town)
    actor = town.as_("commander")
    for bad in (measure(town, words="  "), measure(town, words="x" * 501), measure(town, post="auditor")):
        with pytest.raises(BadValue):
            services.save_draft(storm.event, "Learned.", [bad], version=0, actor=actor, now=town.now)
    with pytest.raises(UnknownName):
        services.save_draft(
            storm.event, "Learned.", [measure(town, post="nobody")], version=0, actor=actor, now=town.now
        )
    past = MeasureForm("Too late", "duty", town.now - timedelta(days=1))
    services.save_draft(storm.event, "Learned.", [past], version=0, actor=actor, now=town.now)
    with pytest.raises(BadValue):
        services.publish(storm.event, version=1, actor=actor, now=town.now)
    assert queries.review(actor.scope, storm.event).state == "drafted"


def test_looking_is_an_entry_of_its_own(town: Town) -> None:
    services.note_read("ledger_read", {"subject": "evt_1"}, actor=town.as_("auditor"), now=town.now)
    (line,) = ledger.chain(services.READ_CHAIN)
    assert (line.verb, line.body) == ("ledger_read", {"subject": "evt_1"})
    with pytest.raises(NotAllowed):
        services.note_read("ledger_read", {}, actor=town.as_("inspector-east"), now=town.now)


# ---------------------------------------------------------------- the loop
def states(town: Town, event: str) -> dict[str, str]:
    return {stage.stage: stage.state for stage in queries.loop_state(town.as_("duty").scope, event, now=town.now)}


def test_the_loop_state_follows_the_event(town: Town) -> None:
    storm = town.storm(level=4)
    town.carry()
    before = states(town, storm.event)
    assert list(before) == ["observe", "detect", "verify", "warn", "respond", "rectify", "review", "evaluate"]
    assert (before["observe"], before["detect"], before["review"], before["evaluate"]) == (
        "done",
        "running",
        "none",
        "none",
    )
    assert before["verify"] in ("running", "todo")
    walking.to_closing(town, storm)
    services.close_event(storm.event, "over", actor=town.as_("duty"), now=town.now)
    after = states(town, storm.event)
    assert (after["detect"], after["verify"], after["warn"], after["rectify"], after["review"]) == (
        "done", "done", "done", "running", "todo")  # fmt: skip
    assert after["respond"] in ("done", "none")
    services.publish(storm.event, version=0, lessons="Learned.", actor=town.as_("commander"), now=town.now)
    assert states(town, storm.event)["review"] == "done"


def test_an_overdue_verification_shows(town: Town) -> None:
    storm = town.storm(level=4)
    walking.acknowledge(town, storm.event)
    if not [line for line in verify_queries.verifications(EVERYWHERE, storm.event) if line.is_open]:
        from tocsin.loop.verify import services as verify

        verify.ask(storm.event, actor=town.as_("duty"), now=town.now)
    town.after(hours=6)
    assert states(town, storm.event)["verify"] == "overdue"
