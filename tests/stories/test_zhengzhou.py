"""The rainstorm of Zhengzhou, July 2021, as a story: from the first red signal to the response level and to each act of the
playbook, the minutes that clocks and call-outs put on screen beside those on record. What is recorded, what is uncertain and
what is invented: docs/zhengzhou.md."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.contracts.replay.conftest import data_folder
from tests.stories import zhengzhou, zhengzhou_table, zhengzhou_town
from tests.stories.zhengzhou import MINUTE, Village
from tests.stories.zhengzhou_facts import ZONE, Recorded, read_facts

pytestmark = pytest.mark.data

MINE = "Guojiaju reservoir: it may overflow. Go to high ground now. Take those who cannot walk with you. Do not wait for water."
AT_RED = {  # what a red rainstorm proposes before anything has failed, and how many minutes are granted for the decision
    "close_tunnel@jingguang": 10, "watch_tunnel@jingguang": 20, "slow_metro@line-5": 10, "look_at_metro@line-5": 20,
    "look_at_metro@wulongkou": 20, "keep_power_dry@substation": 20, "keep_power_dry@pumps": 20,
    "watch_reservoir@guojiaju": 20, "move_downstream@guojiaju": 20, "stop_school_and_work": 30,
}  # fmt: skip
AT_CLOUDBURST = {"clear_tunnel@jingguang": 5, "stop_metro@line-5": 5, "switch_off_power@substation": 10}


@pytest.fixture(scope="module")
def recorded() -> Recorded:
    return read_facts(data_folder("zhengzhou_2021") / "facts.yaml")


def at(text: str) -> datetime:
    return datetime.strptime(f"2021 {text}", "%Y %d %b %H:%M").replace(tzinfo=ZONE)


# ---------------------------------------------------------------- what is on record
def test_facts_that_nobody_read_cannot_be_used_and_uncertain_ones_say_so(recorded: Recorded) -> None:
    assert recorded.left_out == ("P17", "S7")
    assert not set(recorded.left_out) & (set(recorded.facts) | {fact for fact, _what, _names in zhengzhou_table.ROWS})
    assert {recorded[name].mark for name in ("S2", "S6", "M7")} == {""}
    assert recorded["S4"].mark == "one source"
    assert (recorded["L5"].mark, recorded["L5"].minute) == ("sources disagree", "20 Jul 16:30 or 17:00")
    assert (recorded["L4"].at, recorded["S5"].at) == (
        None,
        None,
    )  # "before 16:30", "morning": no minute, so none is played
    assert recorded.minutes_from("S2", "L5") == recorded.leads_min["first_red_to_level_I"]
    assert recorded.minutes_from("L5", "M7") == recorded.leads_min["level_I_to_metro_stop_order"]
    assert recorded.minutes_from("S6", "L5") == recorded.leads_min["last_red_to_level_I"]


@pytest.mark.parametrize("spread", zhengzhou_town.SPREADS)
def test_every_spread_of_the_rain_gives_the_recorded_sums_and_the_gauge_alone_is_never_late_for_the_metro(
    recorded: Recorded, spread: str
) -> None:
    rain = zhengzhou_town.hourly(recorded, spread)
    for name in ("P1", "P2", "P3"):
        begins, ends = (datetime.fromisoformat(text).replace(tzinfo=ZONE) for text in recorded[name].said["window"])
        fell = sum(round(mm * 10) for ended, mm in rain if begins < ended <= ends)
        assert fell == round(recorded[name].said["mm"] * 10), name
    first = zhengzhou_town.gauge_alone(recorded, spread)
    # the one hour on record is known when it is over; whatever the spread, that is before water entered the metro
    assert first["urban_flood/cloudburst", 4] == at("20 Jul 17:00") < recorded.at("M6") < recorded.at("M7")
    assert first["urban_flood/rain_day", 4] <= at("20 Jul 15:00")


@given(total=st.integers(0, 100_000), weights=st.lists(st.integers(0, 9), min_size=1, max_size=60).filter(any))
def test_tenths_are_shared_without_losing_one(total: int, weights: list[int]) -> None:
    shared = zhengzhou_town._shared(total, weights)
    assert sum(shared) == total
    assert all(
        0 <= tenths - total * weight / sum(weights) + 1 <= 2 for tenths, weight in zip(shared, weights, strict=True)
    )


# ---------------------------------------------------------------- the day as it is on record
def test_nobody_does_more_than_is_on_record(db: None, recorded: Recorded) -> None:
    run = zhengzhou.as_recorded(recorded)
    red, screen = recorded.at("S2"), run.shown
    assert screen["rainstorm at 4"].at - red < MINUTE

    # Rain alone: tunnel, metro, power, reservoir and villages are proposed with the first red signal, before any of them fails.
    for name, minutes in AT_RED.items():
        assert screen[name].at - red < MINUTE, name
        assert timedelta(0) <= screen[name].wanting - red - minutes * MINUTE < MINUTE, name
    assert recorded.at("M4") - screen["close_tunnel@jingguang"].at > timedelta(
        hours=16
    )  # water in the tunnel: one source
    assert recorded.at("M6") - screen["slow_metro@line-5"].at > timedelta(hours=20)
    for name, minutes in AT_CLOUDBURST.items():  # the measured hour alone: an hour before water enters the metro
        assert screen[name].at - at("20 Jul 17:00") < MINUTE, name
        assert timedelta(0) <= screen[name].wanting - at("20 Jul 17:00") - minutes * MINUTE < MINUTE, name

    # The response level: on screen from the first red signal, wanting a quarter of an hour later, told again and again.
    level = screen["rainstorm response 3"]
    assert (level.at - red < MINUTE, level.decided) == (True, recorded.at("L5"))
    assert round((level.wanting - red) / MINUTE) == 15
    assert level.told == 8  # at doubling intervals over 18 hours, not every quarter of an hour
    # The red lapsed at 04:16 (one source): nothing that waited lapsed with it, and it is said anew when red comes back.
    assert screen["rainstorm at 3"].at - recorded.at("S3") < MINUTE
    assert all(screen[name].decided is None or screen[name].decided >= recorded.at("L5") for name in AT_RED)

    # What opened at 16:30 is given and overdue, since no act of anybody is on record; the metro's is.
    assert screen["close_tunnel@jingguang"].overdue == at("20 Jul 16:45")
    assert screen["stop_metro@line-5"].done == recorded.at("M7")
    assert run.still_waiting == ("clear_tunnel@jingguang", "move_downstream@guojiaju", "stop_school_and_work",
                                 "switch_off_power@substation")  # fmt: skip
    assert [(one.asked, one.reached, one.late, one.not_reached) for one in run.villages] == [
        (recorded.at("L5"), None, at("20 Jul 16:40"), at("20 Jul 17:00"))
    ] * 3
    assert run.ledger_holds
    assert run.messages == expected(AS_RECORDED)


# ---------------------------------------------------------------- the day as it was on screen
def test_people_do_what_is_on_screen_within_four_fifths_of_what_it_grants(db: None, recorded: Recorded) -> None:
    run = zhengzhou.as_shown(recorded)
    red, screen = recorded.at("S2"), run.shown
    assert minutes(red, screen["rainstorm response 3"].decided) == 12
    assert minutes(red, screen["close_tunnel@jingguang"].done) == 20
    assert minutes(red, screen["slow_metro@line-5"].done) == 20
    assert minutes(red, screen["keep_power_dry@substation"].done) == 48
    assert minutes(at("20 Jul 17:00"), screen["stop_metro@line-5"].done) == 20
    assert recorded.at("M6") - screen["stop_metro@line-5"].done == 40 * MINUTE
    assert recorded.at("M7") - screen["stop_metro@line-5"].done == 50 * MINUTE
    # The hour that cleared the tunnel is only known when it is over: by then nobody drove out any more (M5, about, one source).
    assert screen["clear_tunnel@jingguang"].done > recorded.at("M5")

    late = [name for name, shown in screen.items() if shown.wanting or shown.overdue]
    assert late == []
    assert run.still_waiting == ()
    first = {one.path.rpartition("/")[2]: one for one in run.villages if one.asked < at("20 Jul 12:00")}
    assert reached(first["upper-village"]) == (2, "key")
    assert reached(first["mill-village"]) == (7, "key")
    assert reached(first["lower-village"]) == (35, "by_hand")
    assert minutes(first["lower-village"].asked, first["lower-village"].late) == 10
    assert minutes(first["lower-village"].asked, first["lower-village"].not_reached) == 30
    assert run.ledger_holds
    assert run.messages == expected(AS_SHOWN)


def minutes(since: datetime, until: datetime | None) -> int:
    assert until is not None
    return round((until - since) / MINUTE)


def reached(one: Village) -> tuple[int, str]:
    return minutes(one.asked, one.reached), one.how


def expected(lines: str) -> Counter[tuple[str, str]]:
    """``count recipient: subject`` a line; a message that does not stand there fails the story."""
    out: Counter[tuple[str, str]] = Counter()
    for line in lines.strip().splitlines():
        count, _space, rest = line.strip().partition(" ")
        recipient, _colon, subject = rest.partition(": ")
        out[recipient, subject] = int(count)
    return out


AS_RECORDED = """
20 commander: A decision is wanting
1 commander: Early actions wait for your decision
1 commander: NOT REACHED: Lower village, Mill village, Upper village
17 commander: No receipt for a task
17 commander: Overdue task
1 commander: Response I waits for your decision
1 commander: Response II waits for your decision
1 commander: Response IV waits for your decision
1 commander: Tasks for you
20 duty: A decision is wanting
1 duty: New: Red I, Zhengzhou station, Cloudburst over the city
1 duty: New: Red I, Zhengzhou station, Rainstorm
1 duty: No answer in time: Red I, Zhengzhou station, Cloudburst over the city
1 duty: No answer in time: Red I, Zhengzhou station, Rainstorm
1 duty: No answer yet: Lower village, Mill village, Upper village
61 duty: Response I for Rainstorm, Zhengzhou
1 duty: Tasks for you
1 inspector: Tasks for you
1 inspector: Verify by 07-19 22:19: Red I, Zhengzhou station, Rainstorm
1 inspector: Verify by 07-20 17:15: Red I, Zhengzhou station, Cloudburst over the city
1 operator-guojiaju: Tasks for you
1 operator-jingguang: Tasks for you
2 operator-line-5: Tasks for you
1 operator-pumps: Tasks for you
1 operator-substation: Tasks for you
1 operator-wulongkou: Tasks for you
66 warden-lower-village: Response I for Rainstorm, Zhengzhou
66 warden-mill-village: Response I for Rainstorm, Zhengzhou
66 warden-upper-village: Response I for Rainstorm, Zhengzhou
"""

AS_SHOWN = f"""
1 commander: Early actions wait for your decision
2 commander: NOT REACHED: Lower village
1 commander: Response I waits for your decision
1 commander: Response IV waits for your decision
3 commander: Tasks for you
1 commander: The playbook declares another response level
1 duty: Confirmed: Red I, Zhengzhou station, Cloudburst over the city
1 duty: Confirmed: Red I, Zhengzhou station, Rainstorm
7 duty: {MINE}
1 duty: New: Red I, Zhengzhou station, Cloudburst over the city
1 duty: New: Red I, Zhengzhou station, Rainstorm
2 duty: No answer yet: Lower village
7 duty: Response I for Cloudburst over the city, Zhengzhou
5 duty: Tasks for you
3 inspector: Tasks for you
1 inspector: Verify by 07-19 22:19: Red I, Zhengzhou station, Rainstorm
1 inspector: Verify by 07-20 17:15: Red I, Zhengzhou station, Cloudburst over the city
1 operator-guojiaju: Tasks for you
3 operator-jingguang: Tasks for you
3 operator-line-5: Tasks for you
1 operator-pumps: Tasks for you
2 operator-substation: Tasks for you
1 operator-wulongkou: Tasks for you
12 warden-lower-village: {MINE}
12 warden-lower-village: Response I for Cloudburst over the city, Zhengzhou
4 warden-mill-village: {MINE}
4 warden-mill-village: Response I for Cloudburst over the city, Zhengzhou
2 warden-upper-village: {MINE}
2 warden-upper-village: Response I for Cloudburst over the city, Zhengzhou
"""
