"""Official warnings with holes: what window each is taken to have been in force."""

from tocsin.app.replay.scoring.official import episodes_of, read_warnings, window_of
from tocsin.app.replay.scoring.truth import HOUR_US, moment_us

RANKS = {"blue": 1, "yellow": 2, "orange": 3, "red": 4}
DAY = 24 * HOUR_US


def row(id_, colour, issued="", begins="", ends="", precision="hour", episode="e"):
    return {
        "warning_id": id_, "episode": episode, "colour": colour, "issued_at": issued, "issued_precision": precision,
        "in_force_from": begins, "in_force_to": ends, "in_force_to_kind": "",
    }  # fmt: skip


def at(text):
    return moment_us(text + ":00+08:00")


def test_published_ends_are_taken_as_they_are():
    moments = "2015-12-07T18:00:00+08:00", "2015-12-08T07:00:00+08:00", "2015-12-10T12:00:00+08:00"
    (w,) = read_warnings([row("W", "red", *moments)], RANKS)
    window = window_of(w, [w], DAY)
    assert (window.from_us, window.to_us, window.note) == (at("2015-12-08T07:00"), at("2015-12-10T12:00"), "")


def test_an_unknown_end_lasts_the_stated_time():
    (w,) = read_warnings([row("W", "blue", "2013-11-01T17:00:00+08:00", "2013-11-01T17:00:00+08:00")], RANKS)
    window = window_of(w, [w], DAY)
    assert window.to_us - window.from_us == DAY
    assert window.note == "end unknown: 24 h assumed"


def test_an_unknown_start_is_when_the_next_level_was_issued_because_it_was_in_force_then():
    moments = "2015-12-07T18:00:00+08:00", "2015-12-08T07:00:00+08:00", "2015-12-10T12:00:00+08:00"
    orange = row("W09", "orange", ends="2015-12-08T07:00:00+08:00", precision="unknown")
    warnings = read_warnings([orange, row("W10", "red", *moments)], RANKS)
    assert window_of(warnings[0], warnings, DAY).from_us == at("2015-12-07T18:00")
    assert warnings[0].notice_us is None
    (episode,) = episodes_of(warnings, DAY).values()
    assert (episode.start_us, episode.end_us, episode.level) == (at("2015-12-07T18:00"), at("2015-12-10T12:00"), 4)
    assert episode.members == ("W09", "W10")


def test_an_unknown_start_without_a_successor_is_the_stated_time_before_its_end():
    (w,) = read_warnings([row("W23", "yellow", ends="2017-01-17T20:00:00+08:00", precision="unknown")], RANKS)
    assert window_of(w, [w], DAY).from_us == at("2017-01-16T20:00")


def test_a_day_without_an_hour_gives_no_notice_to_measure_a_lead_from():
    (w,) = read_warnings([row("W06", "yellow", "2015-11-13T00:00:00+08:00", precision="date")], RANKS)
    assert w.notice_us is None
    assert window_of(w, [w], DAY).note.startswith("start taken from its issue")
