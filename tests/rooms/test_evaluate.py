"""Evaluate: figures from the ledger alone, the same for anybody who holds the root, with nothing shown about few people."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, replace
from datetime import timedelta

import pytest

from tests.rooms import walking
from tests.rooms.town import NOW
from tests.rooms.walking import quick_town
from tocsin.loop.evaluate import handlers, queries, services
from tocsin.loop.evaluate.compute import Case, Figure, Period
from tocsin.loop.evaluate.models import Computation, IndicatorResult
from tocsin.loop.review import queries as review
from tocsin.loop.verify.facts import EventClosed
from tocsin.records.ledger import queries as ledger
from tocsin.records.ledger import services as ledger_services
from tocsin.records.org.scope import Scope
from tocsin.records.outbox.models import OutboxFact
from tocsin.terms.errors import NotAllowed, Stale, UnknownName
from tocsin.terms.moment import to_us
from tocsin.testing.town import Town

pytestmark = pytest.mark.django_db
ALL = Period()


@pytest.fixture
def town(db: None) -> Iterator[Town]:
    with quick_town() as built:
        yield built


def computed(town: Town, **more: object) -> int:
    return services.compute_indicators(ALL, actor=town.as_("analyst"), jurisdiction="simcity", now=town.now, **more)  # type: ignore[arg-type]


def by_id(figures: tuple[Figure, ...]) -> dict[str, Figure]:
    return {figure.id: figure for figure in figures}


def test_one_walk_gives_every_indicator_a_case(town: Town) -> None:
    walking.walk(town)
    ledger_services.seal(now=town.now)
    found = by_id(queries.figures(town.as_("analyst").scope, ALL).figures)
    assert set(found) == {
        "acknowledged",
        "verified",
        "refuted",
        "warned",
        "signed",
        "delivered",
        "receipted",
        "rectified",
    }
    assert (found["acknowledged"].n, found["acknowledged"].hits) == (1, 1)
    assert found["acknowledged"].median_us == 60e6
    assert (found["verified"].n, found["verified"].hits) == (1, 1)
    assert (found["refuted"].n, found["refuted"].hits) == (1, 0)
    assert (found["warned"].n, found["warned"].hits) == (1, None)
    assert (found["signed"].n, found["signed"].median_us) == (2, 120e6)
    assert found["delivered"].share == 1.0
    assert found["delivered"].median_us is not None
    assert found["receipted"].hits == found["receipted"].n > 1
    assert (found["rectified"].n, found["rectified"].waiting) == (0, 1)


def test_the_funnel_counts_events(town: Town) -> None:
    walking.walk(town)
    town.storm(level=2, at="simcity/west")
    town.carry()
    ledger_services.seal(now=town.now)
    steps = {step.id: step.n for step in queries.figures(town.as_("auditor").scope, ALL).steps}
    assert steps == {
        "opened": 2,
        "acknowledged": 1,
        "verified": 1,
        "warned": 1,
        "responded": 1,
        "closed": 1,
        "reviewed": 0,
    }


def test_every_case_names_the_entries_it_was_computed_from(town: Town) -> None:
    walking.walk(town)
    ledger_services.seal(now=town.now)
    for figure in queries.figures(town.as_("auditor").scope, ALL).figures:
        for case in figure.cases:
            assert case.entries
            for subject, number in case.entries:
                assert any(line.number == number for line in ledger.chain(subject))


def test_computing_again_gives_identical_figures_also_later(town: Town) -> None:
    walking.walk(town)
    kept = computed(town)
    results = list(
        IndicatorResult.objects.filter(computation=kept).order_by("id").values_list("indicator", "cases_digest")
    )
    walking.walk(town, level=3)  # the world goes on
    town.after(hours=30)
    ledger_services.seal(now=town.now)
    again = queries.recomputed(town.as_("auditor").scope, kept)
    assert [(figure.id, services.cases_digest(figure)) for figure in again.figures] == results
    known = {figure.id: figure for figure in queries.computations(town.as_("auditor").scope)[-1].results}
    for figure in again.figures:
        assert asdict(figure) | {"cases": ()} == asdict(known[figure.id])


def test_a_computation_is_kept_with_its_root_told_once_and_not_repeated(town: Town) -> None:
    walking.walk(town)
    kept = computed(town)
    row = Computation.objects.get(id=kept)
    assert ledger.root(row.root_number).hash == row.root_hash  # type: ignore[union-attr]
    assert [line.body["computation"] for line in ledger.chain(services.CHAIN)].count(kept) == 1
    assert [f'"computation": {kept},' in body for body in bodies()].count(True) == 1
    ledger_services.seal(now=town.now)  # covers the entry about the computing itself
    second = computed(town)
    assert second != kept
    assert queries.computations(town.as_("auditor").scope)[0].id == second


def bodies() -> list[str]:
    return list(OutboxFact.objects.filter(kind="indicators_computed").values_list("body", flat=True))


def test_nothing_written_nothing_computed(db: None) -> None:
    with pytest.raises(Stale):
        services.compute_indicators(ALL, actor=handlers.RULE, now=NOW)


def test_a_closed_event_ends_the_loop_with_a_computation(town: Town) -> None:
    storm = walking.walk(town)
    handlers.on_event_closed(
        [EventClosed(storm.event, "rainstorm", 0, "simcity/east", to_us(town.now), "confirmed")], town.now
    )
    states = {s.stage: s.state for s in review.loop_state(town.as_("duty").scope, storm.event, now=town.now)}
    assert states["evaluate"] == "done"
    assert {line.jurisdiction for line in queries.computations(Scope("", "auditor"))} == {"", "simcity"}
    assert [line.jurisdiction for line in queries.computations(town.as_("analyst").scope)][:1] == ["simcity"]


def test_a_district_sees_its_own_cases_only(town: Town) -> None:
    walking.walk(town)  # in the east
    ledger_services.seal(now=town.now)
    east = by_id(queries.figures(Scope("simcity/east", "auditor"), ALL).figures)
    west = by_id(queries.figures(Scope("simcity/west", "auditor"), ALL).figures)
    assert (east["acknowledged"].n, east["rectified"].waiting) == (1, 1)
    assert all(figure.n == 0 and not figure.cases for figure in west.values())
    kept = computed(town)
    with pytest.raises(UnknownName):
        queries.recomputed(Scope("simcity/west", "auditor"), kept)


def test_a_period_counts_what_began_in_it(town: Town) -> None:
    walking.walk(town)
    ledger_services.seal(now=town.now)
    scope, start = town.as_("auditor").scope, to_us(town.start)
    inside = by_id(queries.figures(scope, Period(start, start + 60_000_000)).figures)
    before = by_id(queries.figures(scope, Period(None, start)).figures)
    assert inside["acknowledged"].n == 1
    assert before["acknowledged"].n == 0


@pytest.mark.parametrize("post", ["duty", "signer", "inspector-east", "case-handler", "operator-mill", "administrator"])
def test_others_read_no_evaluation(town: Town, post: str) -> None:
    scope = town.as_(post).scope
    for read in (
        lambda: queries.figures(scope, ALL),
        lambda: queries.computations(scope),
        lambda: queries.recomputed(scope, 1),
    ):
        with pytest.raises(NotAllowed):
            read()
    with pytest.raises(NotAllowed):
        services.compute_indicators(ALL, "simcity", actor=town.as_(post), now=town.now)


def figure(*cases: Case) -> Figure:
    return Figure("receipted", len(cases), 0, None, None, None, None, None, 0, cases)


def case(post: str, account: int, ok: bool = True) -> Case:
    return Case(f"{post}{account}", (), 0, 1, ok, post=post, actor=f"{post}/acc_{account}")


def test_fewer_than_five_cases_are_not_shown_by_department(town: Town) -> None:
    few, enough = [case("duty", 1)] * 4, [case("operator-mill", 1, ok=n > 1) for n in range(5)]
    groups = {group.id: group for group in queries.by_department(figure(*few, *enough))}
    assert (groups["emergency"].shown, groups["emergency"].share, groups["emergency"].n) == (False, None, 4)
    assert (groups["mill"].shown, groups["mill"].share) == (True, 0.6)
    assert groups["mill"].low is not None


def test_a_role_is_shown_only_where_five_people_acted(town: Town) -> None:
    four = [case("duty", account % 4) for account in range(20)]
    assert [group.shown for group in queries.by_role(figure(*four))] == [False]
    five = [case("duty", account % 5) for account in range(20)]
    assert [(group.id, group.shown, group.people) for group in queries.by_role(figure(*five))] == [
        ("duty_officer", True, 5)
    ]


def test_groups_come_in_the_order_of_names_never_of_figures(town: Town) -> None:
    cases = [case("operator-mill", 1)] * 6 + [case("duty", 1, ok=False)] * 6
    assert [group.id for group in queries.by_department(figure(*cases))] == ["emergency", "mill"]


def test_as_of_is_the_moment_of_the_root_not_of_the_reader(town: Town) -> None:
    town.storm(level=4)
    town.carry()
    ledger_services.seal(now=town.now)
    first = by_id(queries.figures(town.as_("auditor").scope, ALL).figures)["acknowledged"]
    assert (first.n, first.waiting) == (0, 1)
    town.carrier = town.carrier.__class__({})  # nobody writes any more, and time passes
    assert by_id(queries.figures(town.as_("auditor").scope, ALL).figures)["acknowledged"] == first
    ledger_services.append("evt_x", "note", {}, actor="test", now=town.now)
    ledger_services.seal(now=town.now + timedelta(minutes=6))
    later = by_id(queries.figures(town.as_("auditor").scope, ALL).figures)["acknowledged"]
    assert (later.n, later.hits, later.waiting) == (1, 0, 0)


# ---------------------------------------------------------------- what is kept of the ledger
def read_of(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many entries each reading of the ledger brings from now on."""
    told: list[int] = []
    read = ledger.lines

    def counted(**wanted: object) -> list[ledger.Line]:
        found = read(**wanted)  # type: ignore[arg-type]
        told.append(len(found))
        return found

    monkeypatch.setattr(ledger, "lines", counted)
    return told


def test_the_board_reads_each_entry_once(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queries, "_lines", queries.KeptLines())
    monkeypatch.setattr(queries, "_boards", queries.KeptBoards())
    scope = town.as_("analyst").scope
    walking.walk(town)
    ledger_services.seal(now=town.now)
    told = read_of(monkeypatch)
    first = queries.figures(scope, ALL)
    (all_of_it,) = told
    assert queries.figures(scope, ALL) is first  # the same board, computed once
    assert queries.figures(scope, Period(since_us=to_us(NOW))).figures
    assert told == [all_of_it]
    town.storm(level=2, at="simcity/west")
    town.carry()
    assert queries.figures(scope, ALL) is first  # nothing is sealed yet
    ledger_services.seal(now=town.now)
    second = queries.figures(scope, ALL)
    assert 0 < sum(told[1:]) < all_of_it
    assert second.root is not None
    fresh = queries._board(queries.lines_of(scope.jurisdiction, sealed_by=second.root.number), ALL, second.root)
    assert second == fresh != first


def test_a_ledger_that_was_rewritten_is_read_anew(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = queries.KeptLines()
    walking.walk(town)
    ledger_services.seal(now=town.now)
    (root,) = ledger.roots(at_most=1)
    assert kept.up_to(root)
    told = read_of(monkeypatch)
    kept.up_to(replace(root, number=root.number + 1, hash="the next one"))
    assert told == [0]  # it stands on the one that was read up to: nothing new is covered
    kept.up_to(replace(root, hash="of another history"))
    assert told[-1] > 0
    monkeypatch.setattr(ledger, "root", lambda number: None)  # the root it was read up to is not there any more
    kept.up_to(replace(root, number=root.number + 5, hash="x"))
    assert told[-1] > 0


def test_a_large_ledger_is_not_kept(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = queries.KeptLines(most=1)
    walking.walk(town)
    ledger_services.seal(now=town.now)
    (root,) = ledger.roots(at_most=1)
    told = read_of(monkeypatch)
    assert kept.up_to(root) == kept.up_to(root)
    assert told[0] == told[1] > 1


def test_boards_that_nobody_asks_for_go_first() -> None:
    boards: queries.KeptBoards[str] = queries.KeptBoards(most=2)
    root = ledger.RootLine(1, NOW, 3, "h", "t")
    made: list[str] = []

    def ask(name: str) -> str:
        def make() -> str:
            made.append(name)
            return name

        return boards.get(root, name, make=make)

    for name in ("a", "b", "a", "c", "a", "b"):
        assert ask(name) == name
    assert made == ["a", "b", "c", "b"]
