"""Whatever people, weather and clock do to one event, its file stays true: moves are those of the table, nothing is told
twice, what was confirmed stays so."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from tests.rooms.verifying import Storm, facts, verifying_town
from tocsin.loop.verify import queries, services
from tocsin.loop.verify.lifecycle import VERDICT_MOVES, VERIFICATION_MOVES, Answer, Verdict, after_answer, merged
from tocsin.loop.verify.queries import DossierLine, VerificationLine
from tocsin.records.ledger import queries as ledger
from tocsin.records.org.roles import Role
from tocsin.records.org.scope import EVERYWHERE
from tocsin.records.tasks import queries as tasks
from tocsin.terms.errors import Refused
from tocsin.testing.town import EAST, Town

INSPECTORS = ("inspector-east", "inspector-next")
STEPS = st.one_of(
    st.tuples(st.just("level"), st.integers(1, 4)),
    st.tuples(st.just("answer"), st.tuples(st.sampled_from(INSPECTORS), st.sampled_from(list(Answer)))),
    st.tuples(st.just("wait"), st.sampled_from([1, 25, 90, 1500])),
    st.tuples(st.sampled_from(["ask", "acknowledge", "withdraw", "end", "close"]), st.none()),
    st.tuples(st.just("shift"), st.sampled_from(INSPECTORS)),
)


class EventFile(TestCase):
    @settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(st.integers(1, 4), st.lists(STEPS, max_size=12))
    def test_it_stays_true(self, level: int, steps: list[tuple[str, object]]) -> None:
        with verifying_town() as town:
            town.hire("inspector-next", Role.INSPECTOR, EAST, lon=120.8, lat=30.3)
            storm = town.storm(level=level)
            town.carry()
            file, lines = standing(storm)
            for verb, what in steps:
                act(town, storm, verb, what)
                town.carry()
                town.carry()  # carrying again changes nothing
                before, before_lines = file, lines
                file, lines = standing(storm)
                judge(before, before_lines, file, lines)
            assert ledger.verify() == []
            town._ring().clear()


def standing(storm: Storm) -> tuple[DossierLine, list[VerificationLine]]:
    return queries.dossier(EVERYWHERE, storm.event), queries.verifications(EVERYWHERE, storm.event)


def act(town: Town, storm: Storm, verb: str, what: object) -> None:
    """One step; what the house refuses is refused with thing, rule and remedy, and changes nothing."""
    try:
        _act(town, storm, verb, what)
        return
    except Refused as error:
        said = (error.thing, error.rule, error.remedy)
    assert all(said)


def _act(town: Town, storm: Storm, verb: str, what: object) -> None:
    duty, now = town.as_("duty"), town.now
    lines = queries.verifications(EVERYWHERE, storm.event)
    if verb == "level" and storm.level not in (0, what):
        assert isinstance(what, int)
        storm.changes_to(what)
    elif verb == "answer":
        assert isinstance(what, tuple)
        post, said = what
        for line in [line for line in lines if line.post == post][-1:]:
            services.answer(line.id, said, actor=town.as_(post), now=now)
    elif verb == "wait":
        assert isinstance(what, int)
        town.after_downtime(minutes=what)
    elif verb == "ask":
        services.ask(storm.event, actor=duty, now=now)
    elif verb == "acknowledge":
        services.acknowledge(storm.event, actor=duty, now=now)
    elif verb == "withdraw":
        for line in lines[-1:]:
            services.withdraw(line.id, actor=duty, now=now)
    elif verb == "end" and storm.level:
        storm.ends()
    elif verb == "close":
        services.close(storm.event, "test", actor=duty, now=now)
    elif verb == "shift":
        assert isinstance(what, str)
        if what in town._shifts:
            town.after_downtime(minutes=1)  # a shift ends after it began
            town.goes_home(what)
        else:
            town.comes_to_work(what)


def judge(
    before: DossierLine, before_lines: list[VerificationLine], file: DossierLine, lines: list[VerificationLine]
) -> None:
    """What must hold after every step."""
    assert before.verdict is file.verdict or (before.verdict, file.verdict) in VERDICT_MOVES
    assert file.peak_level >= max(file.level, before.peak_level)
    if file.unacknowledged_since is None:
        assert file.acknowledged_level >= file.level or file.closed_at is not None or file.ended_at is not None
    known = {line.id: line for line in lines}
    for old in before_lines:
        new = known[old.id]  # nothing is ever lost
        assert old.state is new.state or (old.state, new.state) in VERIFICATION_MOVES
        assert old.overdue_at in (None, new.overdue_at)  # the mark stays
        assert old.answer in ("", new.answer)
    posts = [line.post for line in lines if line.is_open and line.post]
    assert len(posts) == len(set(posts))
    assert sum(line.state == "waiting" for line in lines) <= 1
    assert len(facts("verification_overdue")) == sum(line.overdue_at is not None for line in lines)
    assert len(facts("verification_answered")) == sum(line.state == "answered" for line in lines)
    open_tasks = {task.about for task in tasks.of_event(EVERYWHERE, file.event) if task.is_open}
    assert open_tasks == {line.id for line in lines if line.state == "asked"}
    if file.closed_at is not None:
        assert not [line for line in lines if line.is_open]
    if file.verdict is Verdict.CONFIRMED:
        assert "confirmed" in [line.answer for line in lines if line.state == "answered"]
        assert facts("event_confirmed")


@given(st.sampled_from(list(Verdict)), st.sampled_from(list(Verdict)), st.sampled_from(list(Verdict)))
def test_merging_does_not_depend_on_the_order(one: Verdict, two: Verdict, three: Verdict) -> None:
    assert merged(one, two) is merged(two, one)
    assert merged(merged(one, two), three) is merged(one, merged(two, three))
    assert merged(one, one) is one


@given(st.sampled_from(list(Verdict)), st.sampled_from(list(Answer)))
def test_an_answer_moves_a_verdict_only_along_the_table(verdict: Verdict, answer: Answer) -> None:
    after = after_answer(verdict, answer)
    assert after is verdict or (verdict, after) in VERDICT_MOVES
