"""Four Beijing years against 24 official warnings: what must hold, and that the honest figures are printed."""

import pytest

pytestmark = pytest.mark.data


def check(score, name):
    return next(c for c in score.checks if c.name == name)


def table(score, beginning):
    return next(t for t in score.tables if t.title.startswith(beginning))


def test_five_million_rows_are_taken_and_no_value_is_invented(beijing):
    run, _ = beijing
    assert run.counts["rows"] == 5_049_216
    assert run.counts["missing"] == 74_027
    assert run.counts["taken"] == 5_049_216 - 74_027
    assert (run.counts["refused"], run.counts["late"], run.counts["duplicate"]) == (0, 0, 0)


def test_every_episode_that_the_air_could_show_is_found(beijing):
    _, score = beijing
    assert check(score, "every episode that the air could show is found").held
    rows = table(score, "Official heavy-pollution episodes").rows
    assert len(rows) == 20
    assert sum(len(row[1].split("+")) for row in rows) == 24


def test_what_no_observation_could_show_is_named(beijing):
    _, score = beijing
    (named,) = [s for s in score.sentences if s.startswith("Warnings that no observation could show")]
    for warning in ("W09", "W18", "W21", "W23"):
        assert f"{warning} (" in named


def test_levels_leads_and_upgrades_are_scored_apart(beijing):
    _, score = beijing
    assert table(score, "Level error").rows
    assert {row[0] for row in table(score, "Lead of our first signal").rows} == {"first notice", "beginning of force"}
    upgrades = [row[0] for row in table(score, "Upgrades").rows]
    assert upgrades == ["W02 to W03", "W07 to W08", "W09 to W10", "W15 to W16"]


def test_false_alarms_are_counted_both_ways_with_their_caution(beijing):
    _, score = beijing
    rows = {row[0]: row for row in table(score, "Hits, misses, false alarms").rows}
    everything = rows["official episodes, overlap"]
    quiet_days = rows["the same, false alarms only on days without a heavy day"]
    assert everything[3] >= quiet_days[3]
    assert any("Only 24 verified warnings" in s for s in score.sentences)
    assert table(score, "Heavy spells without a verified warning").rows


def test_rain_gauges_are_counted_once(beijing):
    _, score = beijing
    assert check(score, "stations sharing a rain gauge are counted once").held
    assert check(score, "the rainstorm is found").held
    assert check(score, "50 mm in 6 h first reached as the README counts it").held


def test_faults_named_in_the_readme_are_flagged(beijing):
    _, score = beijing
    for name in ("stuck stretches flagged", "missing stretches flagged", "PM10 below PM2.5 flagged"):
        assert check(score, name).held, check(score, name).figures


def test_all_checks_hold(beijing):
    _, score = beijing
    assert [c for c in score.checks if not c.held] == []
