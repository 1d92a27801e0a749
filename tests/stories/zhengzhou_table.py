"""The table of the day: what is on record, beside what was on screen and what came of it in either run. As Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from tests.stories.zhengzhou import Run, Shown, civil
from tests.stories.zhengzhou_facts import Recorded

# fact, what it is (own words), and under which names Tocsin shows what answers to it
ROWS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("S2", "first red rainstorm signal", ("rainstorm at 4",)),
    ("L5", "the city raises its response from II to I", ("rainstorm response 3", "cloudburst response 4")),
    ("M2", "exit of the south Jingguang tunnel impassable", ("watch_tunnel@jingguang",)),
    ("M3", "message to residents to go out less", ("advice_and_numbers", "stop_school_and_work")),
    ("M4", "water begins to run into the north Jingguang tunnel", ("close_tunnel@jingguang",)),
    ("M5", "no more cars come out of the tunnel, people walk", ("clear_tunnel@jingguang",)),
    ("M6", "water enters metro line 5 past the Wulongkou depot", ("look_at_metro@wulongkou", "slow_metro@line-5")),
    ("M7", "the metro orders its whole network to stop", ("stop_metro@line-5",)),
    ("", "power and pumps", ("keep_power_dry@substation", "keep_power_dry@pumps", "switch_off_power@substation")),
    ("M8", "Guojiaju reservoir overflows; people below it had been moved",
     ("watch_reservoir@guojiaju", "move_downstream@guojiaju")),
)  # fmt: skip
HEAD = (
    "on record",
    "minute",
    "how sure",
    "on screen",
    "since",
    "before the record",
    "as recorded: decision wanting since",
    "decided",
    "act overdue since",
    "as on screen: decided",
    "done",
    "done before the record",
)
WORDS = {
    "rainstorm at 4": "event at red", "rainstorm response 3": "response II", "cloudburst response 4": "response I",
    "watch_tunnel": "man and try the tunnel's pumps", "advice_and_numbers": "advice to the public",
    "stop_school_and_work": "end classes and work", "close_tunnel": "close the tunnel", "clear_tunnel": "clear the tunnel",
    "look_at_metro": "look at walls and entrances", "slow_metro": "slow the metro, hold in stations",
    "stop_metro": "stop the metro, bring people up", "keep_power_dry": "keep dry", "switch_off_power": "switch off",
    "watch_reservoir": "watch the reservoir", "move_downstream": "call out the villages below",
}  # fmt: skip


def table(recorded: Recorded, as_recorded: Run, as_shown: Run) -> Iterator[str]:
    """The lines of the table; a fact that is not sure says so in its row."""
    yield _line(HEAD)
    yield _line(["---"] * len(HEAD))
    for fact_id, what, names in ROWS:
        for n, name in enumerate(names):
            first, second = as_recorded.shown.get(name, Shown(name)), as_shown.shown.get(name, Shown(name))
            fact = recorded.facts.get(fact_id)
            at = fact.at if fact else None
            said = (f"{what} ({fact_id})", fact.minute, fact.mark or "yes") if fact else (what, "none on record", "-")
            yield _line((
                *(said if not n else ("", "", "")), _words(name), civil(first.at or second.at),
                _ahead(first.at or second.at, at), civil(first.wanting), civil(first.decided), civil(first.overdue),
                civil(second.decided), civil(second.done), _ahead(second.done, at),
            ))  # fmt: skip


def villages(run: Run) -> Iterator[str]:
    """Who was called out and reached when."""
    head = ("village", "called", "reached", "how", "told as late", "told as NOT REACHED")
    yield _line(head)
    yield _line(["---"] * len(head))
    for one in sorted(run.villages, key=lambda one: (one.asked, one.path)):
        yield _line((one.path.rpartition("/")[2], civil(one.asked), civil(one.reached), one.how or "-", civil(one.late),
                     civil(one.not_reached)))  # fmt: skip


def leads(recorded: Recorded, as_shown: Run) -> Iterator[str]:
    """The arithmetic that the facts file gives, beside the same minutes of the run in which people did what was on screen."""
    red, shown = recorded.at("S2"), as_shown.shown
    yield _line(("minutes from the first red signal (S2) to", "on record", "as on screen"))
    yield _line(["---"] * 3)
    yield _line(("response II open", "start not on record", _minutes(red, shown["rainstorm response 3"].decided)))
    first, other = recorded.leads_min["first_red_to_level_I"], recorded["L5"].other
    yield _line(("response I open", f"{first} (or {_minutes(red, other)}, sources disagree)",
                 _minutes(red, shown["cloudburst response 4"].decided)))  # fmt: skip
    yield _line(("tunnel closed", "none on record", _minutes(red, shown["close_tunnel@jingguang"].done)))
    yield _line(
        ("metro stopped", str(recorded.minutes_from("S2", "M7")), _minutes(red, shown["stop_metro@line-5"].done))
    )


def _words(name: str) -> str:
    action, _at, facility = name.partition("@")
    return f"{WORDS.get(action, action)} ({facility})" if facility else WORDS.get(action, action)


def _ahead(moment: datetime | None, recorded: datetime | None) -> str:
    if moment is None or recorded is None:
        return "-"
    minutes = round((recorded - moment) / timedelta(minutes=1))
    return f"{minutes} min" if minutes >= 0 else f"{-minutes} min after"


def _minutes(since: datetime, until: datetime | None) -> str:
    return str(round((until - since) / timedelta(minutes=1))) if until else "-"


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
