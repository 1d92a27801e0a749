"""Letters about clocks: the owner at the warning point, the supervisor too at the deadline, once each, whatever happens."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import time

import pytest

from tests.rooms.casework import clock, verbs
from tests.rooms.petitions import (
    CARRIED,
    CITY_DESK,
    DESK,
    OPINION,
    ORGAN,
    PROVINCE,
    assigned,
    by,
    concluded,
    does,
    petition,
    petition_town,
)
from tocsin.app.wiring import WIRING
from tocsin.records.cases import letters, services
from tocsin.records.dispatch import silences
from tocsin.records.dispatch.models import DispatchRow
from tocsin.records.dispatch.queries import told_about
from tocsin.records.org.actor import SYSTEM
from tocsin.records.outbox.carrier import Carrier
from tocsin.testing.town import Town

pytestmark = pytest.mark.django_db
KINDS = (letters.NEAR, letters.PASSED)


@pytest.fixture
def town() -> Iterator[Town]:
    with petition_town() as built:
        yield built


def told(case: str) -> list[tuple[str, str]]:
    return sorted((line.kind, line.recipient) for line in told_about(case, KINDS))


def test_the_owner_is_told_near_the_end_and_the_supervisor_too_when_it_has_passed(town: Town) -> None:
    case = petition(town).id
    town.after(days=12)
    near = town.phone(DESK).expects("XF2026-000001: Sorting by the petition office is due by 2026-03-18 00:00")
    assert f"/cases/{case}/" in near.body
    assert "Canary" not in near.body + near.subject
    town.phone("commander").is_silent()
    town.after(days=3)
    town.phone(DESK).expects("is overdue", "arts 22-24")
    town.phone("commander").expects("is overdue")
    assert told(case) == [(letters.NEAR, "post:desk-east"), (letters.PASSED, "post:commander"),
                          (letters.PASSED, "post:desk-east")]  # fmt: skip
    town.after(days=20)  # and that was all


def test_letters_are_in_the_language_of_the_post() -> None:
    with petition_town(language="zh-hans") as town:
        petition(town)
        town.after(days=16)
        assert (
            town.phone(DESK).expects("XF2026-000001", "信访部门登记、甄别并转送交办", "2026-03-18 00:00").language
            == "zh-hans"
        )
        town.phone(DESK).expects("已逾期")
        town.phone("commander").expects("已逾期")


def test_a_worker_that_was_down_tells_once_and_only_what_still_matters(town: Town) -> None:
    case = petition(town).id
    town.after_downtime(hours=24 * 20)  # over the warning point and over the deadline
    town.carry()
    town.carry()
    town.phone(DESK).expects("is overdue")
    town.phone("commander").expects("is overdue")
    assert told(case) == [(letters.PASSED, "post:commander"), (letters.PASSED, "post:desk-east")]
    assert verbs(case).count("clock_nearing") == verbs(case).count("clock_run_out") == 1


def test_a_worker_killed_between_crossing_and_letter_writes_it_when_it_comes_back(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = petition(town).id
    town.after_downtime(hours=24 * 20)
    services.sweep(now=town.now)  # the facts are put; then it is killed

    def killed(*_args: object, **_given: object) -> None:
        told_before = letters.tell_posts
        assert told_before is killed
        real(*_args, **_given)  # type: ignore[arg-type]
        raise RuntimeError("killed after the letter was put")

    real = letters.tell_posts
    monkeypatch.setattr(letters, "tell_posts", killed)
    carried = Carrier({"clock_run_out": WIRING["clock_run_out"]}).carry(now=town.now)
    assert carried.failed == 1
    assert DispatchRow.objects.filter(about=case).count() == 0  # the letter went back with the rest
    monkeypatch.setattr(letters, "tell_posts", real)
    town.after(minutes=6)
    town.phone(DESK).expects("is overdue")
    town.phone("commander").expects("is overdue")
    again = Carrier({kind: WIRING[kind] for kind in CARRIED})  # a second worker
    assert again.carry(now=town.now).facts == 0


def test_two_workers_write_one_letter(town: Town) -> None:
    case = petition(town).id
    town.after_downtime(hours=24 * 20)
    assert services.sweep(now=town.now) == 2
    assert services.sweep(now=town.now) == 0
    for _worker in range(2):
        Carrier({"clock_run_out": WIRING["clock_run_out"]}).carry(now=town.now)
    town.phone(DESK).expects("is overdue")
    town.phone("commander").expects("is overdue")
    assert len(told(case)) == 2


def test_what_is_done_or_moved_before_the_worker_comes_is_not_told(town: Town) -> None:
    made = assigned(town)
    does(town, ORGAN, made.id, "accept", notice_by="letter")
    town.after_downtime(hours=24 * 55)  # near the end of the handling
    services.sweep(now=town.now)
    services.extend(made.id, clock(made.id, "conclude").pk, "an expert is ill", **by(town, "commander", made.id))
    town.carry()
    town.phone(ORGAN).is_silent()
    assert told(made.id) == []


def test_work_done_too_late_is_told_as_that(town: Town) -> None:
    made = petition(town)
    town.after_downtime(hours=24 * 20)
    does(town, DESK, made.id, "assign", next_body="Housing bureau")
    town.carry()
    town.phone(DESK).expects("came too late", "It has been done since.")
    town.phone("commander").expects("came too late")


def test_it_is_the_owner_of_now_who_is_told(town: Town) -> None:
    made = assigned(town)
    services.transfer(made.id, DESK, "they take it back", **by(town, ORGAN, made.id))
    town.after(days=12)
    town.phone(DESK).expects("Written notice")
    town.phone(ORGAN).is_silent()


def test_of_a_petition_that_was_merged_the_owner_of_the_one_that_goes_on_is_told(town: Town) -> None:
    first, second = assigned(town), assigned(town)
    for made in (first, second):
        does(town, ORGAN, made.id, "accept", notice_by="letter")
    services.merge(second.id, first.id, "one street, one matter", **by(town, ORGAN, second.id))
    services.transfer(first.id, DESK, "they take it over", **by(town, ORGAN, first.id))
    town.after(days=55)  # an opinion is owed to each of the two
    for made in (first, second):
        assert f"/cases/{first.id}/" in town.phone(DESK).expects(made.number, "Handling opinion", "is due by").body
    town.phone(ORGAN).is_silent()
    does(town, DESK, first.id, "conclude", **OPINION)
    town.after(days=20)


def test_the_owner_of_an_appeal_is_told_of_its_clock_and_a_right_that_lapses_is_told_to_nobody(town: Town) -> None:
    made, other = concluded(town), concluded(town)
    services.appeal(made.receipt, "unfair", now=town.now)
    town.phone(CITY_DESK).expects("Review asked for", "2026-04-03 00:00")
    does(town, ORGAN, other.id, "serve", served_on="2026-03-03")
    town.after(days=27)
    town.phone(CITY_DESK).expects("Review opinion", "due by 2026-04-03 00:00")
    town.after(days=10)
    town.phone(CITY_DESK).expects("Review opinion", "is overdue")
    town.phone("commander").expects("Review opinion")
    town.phone(PROVINCE).is_silent()
    assert clock(other.id, "ask_review").ended_how == "lapsed"


def test_quiet_hours_hold_a_letter_back_until_they_end(town: Town) -> None:
    quiet = silences.QuietHours(f"post:{DESK}", time(18), time(8), "Asia/Shanghai")
    silences.put_quiet_hours([quiet], actor=SYSTEM, now=town.now)
    case = petition(town).id
    town.after(days=14)
    town.phone(DESK).expects("is due by")
    town.at("23:50")
    town.at("00:05")  # 18 March: the deadline passed at midnight
    town.phone("commander").expects("is overdue")
    town.phone(DESK).is_silent()
    assert next(one.state for one in told_about(case, KINDS) if one.recipient == f"post:{DESK}") == "held"
    town.at("08:05")
    town.phone(DESK).expects("is overdue")
