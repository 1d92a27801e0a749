"""Four Beijing years: heavy pollution and one rainstorm against official warnings, and the faults in the data."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

import msgspec
import numpy as np

from tocsin.app.replay.dataset import stream_id
from tocsin.app.replay.report import Check, Score, Table
from tocsin.app.replay.run import Replayed
from tocsin.app.replay.scoring.air_quality import CityAir, city_air, hourly, longest_run
from tocsin.app.replay.scoring.official import OfficialWarning, episodes_of, read_warnings, window_of
from tocsin.app.replay.scoring.truth import HOUR_US, hours, local, needs, read_rows
from tocsin.app.replay.signals import SignalSpan, level_at, of_rule
from tocsin.measure.contingency import Contingency
from tocsin.measure.episode import Episode, merge
from tocsin.measure.intervals import wilson
from tocsin.measure.lead import leads
from tocsin.measure.level_error import level_errors
from tocsin.measure.matching import Matching, match
from tocsin.terms.moment import from_us

__all__ = ["score_beijing_air"]

_DAY_US = 24 * HOUR_US


class Stretch(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A stretch of trouble that the data's README names: how many hours at which station and property."""

    station: str
    property: str
    hours: int


class AirNeeds(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the layout must say. ``pollution_rule`` is judged for the whole city; ``merge_gap_h`` joins its signals into
    episodes; ``tolerance_h`` is the doubt about the hour label; ``end_unknown_h`` stands in for an end no page gives;
    ``heavy_line`` is the plans' daily mean of PM2.5 above which a day is heavy; ``utc_offset_h`` is for printing."""

    pollution_rule: str
    rain_rule: str
    rain_area_rule: str
    stuck_rule: str
    inconsistent_rule: str
    silent_rule: str
    warnings: str
    heavy_days: str
    rain_episode: str
    merge_gap_h: float
    tolerance_h: float
    end_unknown_h: float
    heavy_line: float
    utc_offset_h: float
    stuck: tuple[Stretch, ...]
    missing: tuple[Stretch, ...]
    inconsistent_hours: int
    first_yellow_rain: dict[str, str]
    not_verified: dict[str, str]


def score_beijing_air(run: Replayed) -> Score:
    """All checks and tables of the Beijing data set."""
    want = needs(AirNeeds, run.dataset.layout.score, run.dataset.layout.path)
    ranks = {level.code: level.rank for level in run.scheme.levels}
    everything = read_warnings(read_rows(run.dataset.folder / want.warnings), ranks)
    air = [w for w in everything if w.episode != want.rain_episode]
    rain = [w for w in everything if w.episode == want.rain_episode]
    score = Score()
    _pollution(run, want, air, score)
    _rain(run, want, rain, score)
    _quality(run, want, score)
    return score


# ---------------------------------------------------------------- heavy pollution
def _pollution(run: Replayed, want: AirNeeds, warnings: list[OfficialWarning], score: Score) -> None:
    signals = [s for s in run.signals if s.rule == want.pollution_rule]
    ours = _our_episodes(run, signals, want)
    official = list(episodes_of(warnings, _us(want.end_unknown_h)).values())
    slack = _us(want.tolerance_h)
    found = match(official, ours, slack, slack)
    eyes = city_air(run.dataset, "pm25", _stations(run, "pm25"))
    _episode_table(run, want, warnings, official, ours, found, signals, eyes, score)
    _warning_table(run, want, warnings, signals, eyes, score)
    _upgrades(run, want, warnings, official, found, ours, signals, score)
    spells = _spells(run, want)
    _counts(run, want, warnings, official, ours, found, spells, score)
    _spell_table(run, want, official, ours, spells, eyes, score)


def _our_episodes(run: Replayed, signals: list[SignalSpan], want: AirNeeds) -> list[Episode]:
    """Our signals of the rule, those at most ``merge_gap_h`` apart joined into one episode."""
    plain = [Episode(s.onset_us, _end(run, s), s.level, key=s.id) for s in signals]
    return merge(plain, _us(want.merge_gap_h))


def _end(run: Replayed, signal: SignalSpan) -> int:
    return signal.cleared_us if signal.cleared_us is not None else run.ended_us


def _level_in(signals: list[SignalSpan], from_us: int, to_us: int) -> int:
    """The highest rank in force at some moment of a stretch (0 = none)."""
    inside = [level for s in signals for at, level in s.steps if from_us <= at <= to_us]
    return max([level_at(signals, from_us), *inside])


def _episode_table(
    run: Replayed,
    want: AirNeeds,
    warnings: list[OfficialWarning],
    official: list[Episode],
    ours: list[Episode],
    found: Matching,
    signals: list[SignalSpan],
    eyes: CityAir,
    score: Score,
) -> None:
    """Each official episode: found or not, first notice against ours, level error, and what could be seen at all."""
    slack, rows, given, deserved = _us(want.tolerance_h), [], [], []
    notices: list[tuple[int, int | None]] = []
    forces: list[tuple[int, int | None]] = []
    showable = shown = 0
    for at, episode in enumerate(official):
        members = [w for w in warnings if w.episode == episode.key]
        first = min(members, key=lambda w: window_of(w, members, _us(want.end_unknown_h)).from_us)
        touching = found.touching[at]
        onset = ours[touching[0]].start_us if touching else None
        highest = eyes.highest(episode.start_us - slack, episode.end_us + slack)
        could = highest > want.heavy_line
        showable += could
        shown += bool(could and touching)
        level = _level_in(signals, episode.start_us - slack, episode.end_us + slack)
        if touching:
            given.append(level)
            deserved.append(episode.level)
        if first.notice_us is not None:
            notices.append((first.notice_us, onset))
        if first.force_us is not None:
            forces.append((first.force_us, onset))
        rows.append(
            (
                episode.key,
                "+".join(episode.members),
                _code(run, episode.level),
                "found" if touching else "not found",
                local(first.notice_us, want.utc_offset_h) or "hour unknown",
                local(onset, want.utc_offset_h),
                hours(_minus(first.notice_us, onset)),
                hours(_minus(first.force_us, onset)),
                _code(run, level),
                level - episode.level if touching else None,
                round(highest),
                "" if could else _why_hidden(members, highest, want),
            )
        )
    score.tables.append(
        Table(
            f"Official heavy-pollution episodes (warnings of one episode are one; window widened by {want.tolerance_h:g} h; "
            "leads in hours, negative = we were later; level error in ranks)",
            (
                "episode",
                "warnings",
                "level",
                "result",
                "first notice",
                "our first signal",
                "lead over notice",
                "lead over force",
                "our level",
                "level error",
                "max 24 h mean",
                "remark",
            ),
            tuple(rows),
        )
    )
    score.checks.append(
        Check(
            "every episode that the air could show is found",
            shown == showable > 0,
            f"{shown} of the {showable} official episodes in which the 24 h city mean passed {want.heavy_line:g} ug/m3; "
            f"{len(official) - showable} of {len(official)} never did and could not be shown by any observation",
        )
    )
    errors = level_errors(given, deserved)
    score.tables.append(
        Table(
            "Level error over found episodes (ours minus official, ranks)",
            ("found", "exact", "mean", "mean distance", "too low twice as dear", "error: how often"),
            (
                (
                    len(given),
                    round(errors.exact, 2),
                    round(errors.mean, 2),
                    round(errors.mean_absolute, 2),
                    round(errors.penalty(), 2),
                    ", ".join(f"{e:+d}: {n}" for e, n in errors.counts.items()),
                ),
            ),
        )
    )
    rows_of_leads = []
    for name, pairs in (("first notice", notices), ("beginning of force", forces)):
        lead = leads([p[0] for p in pairs], [p[1] for p in pairs])
        rows_of_leads.append(
            (
                name,
                len(pairs),
                lead.misses,
                _h(lead.median_us()),
                _h(lead.quantile_us(0.1)),
                _h(lead.quantile_us(0.9)),
                _h(lead.median_with_misses_us()),
                round(lead.share_with_at_least(0), 2),
            )
        )
    score.tables.append(
        Table(
            "Lead of our first signal over (hours; only episodes whose hour is known; misses kept apart)",
            (
                "",
                "episodes",
                "missed",
                "median of found",
                "10 %",
                "90 %",
                "median, missed or late = 0",
                "share not late",
            ),
            tuple(rows_of_leads),
        )
    )
    score.sentences.append(
        "The city warned on forecast daily means; this replay sees observations only and is later by design. Leads and "
        "levels are therefore scored apart from found or not found."
    )


def _why_hidden(members: list[OfficialWarning], highest: float, want: AirNeeds) -> str:
    """Why no observation of these stations could show an episode, and what that hangs on."""
    said = f"no observation could show it: highest 24 h city mean {highest:.0f} <= {want.heavy_line:g}"
    assumed = any(window_of(w, members, _us(want.end_unknown_h)).note for w in members)
    return said + (f", if what no page says is taken as {want.end_unknown_h:g} h" if assumed else "")


def _warning_table(
    run: Replayed,
    want: AirNeeds,
    warnings: list[OfficialWarning],
    signals: list[SignalSpan],
    eyes: CityAir,
    score: Score,
) -> None:
    """Each warning by itself: window taken, level we held in it, and whether the air could show anything in it."""
    slack, rows, hidden = _us(want.tolerance_h), [], []
    for warning in warnings:
        window = window_of(warning, warnings, _us(want.end_unknown_h))
        level = _level_in(signals, window.from_us - slack, window.to_us + slack)
        highest = eyes.highest(window.from_us - slack, window.to_us + slack)
        reason = ""
        if highest <= want.heavy_line:
            reason = f"24 h city mean at most {highest:.0f} in its window: nothing to see"
        elif warning.from_us is None and warning.issued_us is None:
            reason = "its start is on no page: no lead can be stated"
        if reason:
            hidden.append(f"{warning.id} ({reason})")
        rows.append(
            (
                warning.id,
                warning.episode,
                _code(run, warning.rank),
                local(window.from_us, want.utc_offset_h),
                local(window.to_us, want.utc_offset_h),
                _code(run, level) or "none",
                round(highest),
                "; ".join(filter(None, (window.note, reason))),
            )
        )
    score.tables.append(
        Table(
            "Each of the official warnings by itself",
            (
                "warning",
                "episode",
                "level",
                "from",
                "to",
                "our level in it",
                "max 24 h mean",
                "what was assumed; what could be seen",
            ),
            tuple(rows),
        )
    )
    score.sentences.append(
        "Warnings that no observation could show, or that cannot be timed: " + "; ".join(hidden) + "."
    )


def _upgrades(
    run: Replayed,
    want: AirNeeds,
    warnings: list[OfficialWarning],
    official: list[Episode],
    found: Matching,
    ours: list[Episode],
    signals: list[SignalSpan],
    score: Score,
) -> None:
    """Each raise of level inside an episode, against the moment our signal first stood that high."""
    rows: list[tuple[object, ...]] = []
    pairs: list[tuple[int, int | None]] = []
    by_id = {s.id: s for s in signals}
    for at, episode in enumerate(official):
        members = [w for w in warnings if w.episode == episode.key]
        mine = [by_id[m] for w in found.touching[at] for m in ours[w].members]
        for before, after in pairwise(members):
            if after.rank <= before.rank:
                continue
            reached = min((t for s in mine if (t := s.first_at(after.rank)) is not None), default=None)
            issued = after.notice_us
            if issued is not None:
                pairs.append((issued, reached))
            rows.append(
                (
                    f"{before.id} to {after.id}",
                    episode.key,
                    f"{_code(run, before.rank)} to {_code(run, after.rank)}",
                    local(issued, want.utc_offset_h) or "hour unknown",
                    local(after.from_us, want.utc_offset_h),
                    local(reached, want.utc_offset_h) or "never",
                    hours(_minus(issued, reached)),
                    hours(_minus(after.from_us, reached)),
                )
            )
    score.tables.append(
        Table(
            "Upgrades inside an episode, scored apart",
            (
                "warnings",
                "episode",
                "levels",
                "issued",
                "in force from",
                "we stood that high at",
                "lead over issue h",
                "lead over force h",
            ),
            tuple(rows),
        )
    )


def _counts(
    run: Replayed,
    want: AirNeeds,
    warnings: list[OfficialWarning],
    official: list[Episode],
    ours: list[Episode],
    found: Matching,
    spells: list[Episode],
    score: Score,
) -> None:
    """Hits, misses and false alarms, three ways, with intervals, and how the unknown ends matter."""
    slack = _us(want.tolerance_h)
    years = (run.ended_us - run.began_us) / (365.25 * _DAY_US)
    table = found.table
    by_overlap = len(found.found)
    without_day = [i for i in found.false_alarms if not _on_heavy_day(run, want, ours[i])]
    rows: list[tuple[object, ...]] = [
        _skill("official episodes, overlap", by_overlap, len(official), len(found.false_alarms), years),
        _skill("official episodes, credit one-to-one", table.hits, len(official), len(found.false_alarms), years),
        _skill(
            "the same, false alarms only on days without a heavy day",
            by_overlap,
            len(official),
            len(without_day),
            years,
        ),
    ]
    spell_match = match(spells, ours, slack, _DAY_US)
    rows.append(
        _skill(
            "heavy spells of heavy_days.csv (derived from the same data)",
            len(spell_match.found),
            len(spells),
            len(spell_match.false_alarms),
            years,
        )
    )
    score.tables.append(
        Table(
            f"Hits, misses, false alarms ({len(ours)} episodes of ours, signals at most {want.merge_gap_h:g} h apart joined; "
            "correct silence is not countable, so no POFD, HSS or Peirce)",
            (
                "against",
                "hits",
                "misses",
                "false alarms",
                "POD",
                "POD 95 % (Wilson)",
                "FAR",
                "CSI",
                "bias",
                "false a year",
            ),
            tuple(rows),
        )
    )
    sensitivity = []
    for assumed in (24.0, 48.0, 72.0):
        other = match(list(episodes_of(warnings, _us(assumed)).values()), ours, slack, slack)
        more = ", ".join(official[at].key for at in other.found if at not in found.found)
        sensitivity.append((f"{assumed:g} h", len(other.found), len(official), len(other.false_alarms), more))
    score.tables.append(
        Table(
            "How the assumed length of warnings without a known end matters",
            ("assumed", "found", "of", "false alarms", "found in addition"),
            tuple(sensitivity),
        )
    )
    score.sentences.append(
        f"Only {len(warnings)} verified warnings ({len(official)} episodes) are in the file; the city issued more. "
        f"{len(found.false_alarms)} of our episodes lie outside all of them, {len(without_day)} of those on days on which no "
        "day of heavy_days.csv falls: the first number overstates false alarms, the second understates them."
    )


def _skill(name: str, hits: int, events: int, false_alarms: int, years: float) -> tuple[object, ...]:
    t = Contingency(hits, false_alarms, events - hits)
    low, high = wilson(hits, events)
    return (
        name,
        t.hits,
        t.misses,
        t.false_alarms,
        round(t.pod, 2),
        f"{low:.2f}-{high:.2f}",
        round(t.far, 2),
        round(t.csi, 2),
        round(t.bias, 2),
        round(false_alarms / years, 1),
    )


def _spells(run: Replayed, want: AirNeeds) -> list[Episode]:
    """Neighbouring local days of heavy_days.csv as spells, from local midnight to local midnight."""
    rows = read_rows(run.dataset.folder / want.heavy_days)
    days = [_day_episode(date.fromisoformat(row["date_local"]), want) for row in rows]
    return merge(days, 1)


def _day_episode(day: date, want: AirNeeds) -> Episode:
    start = (day - date(1970, 1, 1)).days * _DAY_US - _us(want.utc_offset_h)
    return Episode(start, start + _DAY_US - 1, key=day.isoformat())


def _on_heavy_day(run: Replayed, want: AirNeeds, episode: Episode) -> bool:
    heavy = {row["date_local"] for row in read_rows(run.dataset.folder / want.heavy_days)}
    day = from_us(episode.start_us + _us(want.utc_offset_h)).date()
    last = from_us(episode.end_us + _us(want.utc_offset_h)).date()
    return any((day + timedelta(n)).isoformat() in heavy for n in range((last - day).days + 1))


def _spell_table(
    run: Replayed,
    want: AirNeeds,
    official: list[Episode],
    ours: list[Episode],
    spells: list[Episode],
    eyes: CityAir,
    score: Score,
) -> None:
    """Heavy spells for which the file holds no verified warning: not false alarms of ours, not misses of theirs."""
    slack, rows = _us(want.tolerance_h), []
    for spell in spells:
        if any(episode.touches(spell, slack, slack) for episode in official):
            continue
        mine = next((e for e in ours if e.touches(spell, slack, _DAY_US)), None)
        days = f"{spell.members[0]} .. {spell.members[-1]}" if len(spell.members) > 1 else spell.key
        named = [word for day, word in want.not_verified.items() if any(m.startswith(day) for m in spell.members)]
        rows.append(
            (
                days,
                len(spell.members),
                round(eyes.highest(spell.start_us, spell.end_us + 1)),
                _code(run, mine.level) if mine else "none",
                "; ".join(named),
            )
        )
    signalled = sum(row[3] != "none" for row in rows)
    score.tables.append(
        Table(
            f"Heavy spells without a verified warning: {len(rows)} of {len(spells)}, {signalled} of them signalled by us",
            ("local days", "days", "max 24 h mean", "our level", "named in the README as not verified"),
            tuple(rows),
        )
    )


# ---------------------------------------------------------------- rain
def _rain(run: Replayed, want: AirNeeds, warnings: list[OfficialWarning], score: Score) -> None:
    """The rainstorm of July 2016: gauges counted once, our levels beside the three official signals."""
    signals = of_rule(run.signals, want.rain_rule)
    windows = [window_of(w, warnings, _us(want.end_unknown_h)) for w in warnings]
    first, last = min(w.from_us for w in windows), max(w.to_us for w in windows)
    storm = {
        key.rpartition("/")[0]: [s for s in held if s.onset_us <= last and _end(run, s) >= first]
        for key, held in signals.items()
    }
    stations = _stations(run, "precipitation")
    group = {s.feature: s.label("rain_group") for s in run.dataset.catalogue if s.property == "precipitation"}
    series = _distinct_series(run, stations, first, last)
    rows: list[tuple[object, ...]] = []
    for station in stations:
        held = storm.get(station, [])
        firsts = [
            min((t for s in held if (t := s.first_at(r.rank)) is not None), default=None) for r in run.scheme.levels
        ]
        rows.append((station, group[station], series[station], *(local(f, want.utc_offset_h) for f in firsts)))
    score.tables.append(
        Table(
            "Rainstorm of July 2016 by station (local time of the first signal at each level or above)",
            ("station", "rain gauge", "same series that day", *run.scheme.codes),
            tuple(rows),
        )
    )
    raised = [s for s in stations if storm.get(s)]
    area = [s for s in run.signals if s.rule == want.rain_area_rule and s.onset_us <= last and _end(run, s) >= first]
    counted, here, gauges = _area_count(storm, group, area)
    score.checks.append(
        Check(
            "stations sharing a rain gauge are counted once",
            0 < counted == gauges < here,
            f"when {want.rain_area_rule} was raised {here} stations stood at its level, {gauges} rain gauges behind them, and "
            f"it counted {counted}; on the whole {len(raised)} stations raised, {len({group[s] for s in raised})} rain gauges, "
            f"only {len({series[s] for s in raised})} different series that day",
        )
    )
    official = []
    for warning in warnings:
        mine = [t for held in storm.values() for s in held if (t := s.first_at(warning.rank)) is not None]
        reached = min(mine, default=None)
        official.append(
            (
                warning.id,
                _code(run, warning.rank),
                local(warning.issued_us, want.utc_offset_h),
                "known" if warning.precise else "placeholder hour",
                local(reached, want.utc_offset_h) or "never",
                hours(_minus(warning.issued_us, reached)),
            )
        )
    score.tables.append(
        Table(
            "Rainstorm of July 2016 beside the official signals (first notice R01, upgrades R02 and R03)",
            ("signal", "level", "issued", "hour", "ours, first station", "lead h"),
            tuple(official),
        )
    )
    top = max((s.level for held in storm.values() for s in held), default=0)
    deserved = max(w.rank for w in warnings)
    score.checks.append(
        Check(
            "the rainstorm is found",
            bool(raised),
            f"official highest {_code(run, deserved)}, ours {_code(run, top) or 'none'}, level error {top - deserved:+d}",
        )
    )
    yellow = run.scheme.rank("yellow")
    wrong = []
    for station, expected in want.first_yellow_rain.items():
        ours = min((t for s in storm.get(station, []) if (t := s.first_at(yellow)) is not None), default=None)
        if local(ours, want.utc_offset_h) != expected:
            wrong.append(f"{station} {local(ours, want.utc_offset_h) or 'never'} instead of {expected}")
    score.checks.append(
        Check(
            "50 mm in 6 h first reached as the README counts it",
            not wrong,
            f"{len(want.first_yellow_rain) - len(wrong)} of {len(want.first_yellow_rain)} stations at the same hour"
            + (f"; {', '.join(wrong)}" if wrong else ""),
        )
    )
    everyone = [s for held in signals.values() for s in held]
    score.sentences.append(
        f"Over the four years the rainstorm rule raised {len(everyone)} station signals; official rainstorm signals other than "
        "those of July 2016 are not in the file, so they are neither hits nor false alarms."
    )


def _area_count(
    storm: dict[str, list[SignalSpan]], group: dict[str, str], area: list[SignalSpan]
) -> tuple[int, int, int]:
    """At the onset of the first area signal: what it counted by its evidence, and the stations and rain gauges that the
    station rule itself held at that level (the two rules share their amounts)."""
    if not area:
        return 0, 0, 0
    onset, rank = area[0].steps[0]
    counted = next((int(m.value) for m in area[0].raised.evidence if m.what.startswith("how_many")), 0)
    held = [name for name, signals in storm.items() if level_at(signals, onset) >= rank]
    return counted, len(held), len({group[name] for name in held})


def _distinct_series(run: Replayed, stations: list[str], from_us: int, to_us: int) -> dict[str, int]:
    """Stations with exactly the same hourly rain in a stretch get the same number."""
    start, table = hourly(run.dataset, "precipitation", stations)
    low, high = (from_us - start) // HOUR_US, (to_us - start) // HOUR_US + 1
    numbers: dict[bytes, int] = {}
    return {s: numbers.setdefault(table[i, low:high].tobytes(), len(numbers) + 1) for i, s in enumerate(stations)}


# ---------------------------------------------------------------- faults in the data
def _quality(run: Replayed, want: AirNeeds, score: Score) -> None:
    """The stuck, inconsistent and missing stretches that the README names, each found in the data and flagged."""
    rows: list[tuple[object, ...]] = []
    stuck, silent = of_rule(run.signals, want.stuck_rule), of_rule(run.signals, want.silent_rule)
    for name, stretches, held in (("stuck", want.stuck, stuck), ("missing", want.missing, silent)):
        hits = 0
        for stretch in stretches:
            at, length, last = _longest(run, stretch, name == "stuck")
            flag = next(
                (
                    s
                    for s in held.get(stream_id(stretch.station, stretch.property), [])
                    if at < s.onset_us <= last and _end(run, s) >= last
                ),
                None,
            )
            good = flag is not None and length == stretch.hours
            hits += good
            rows.append(
                (
                    name,
                    stretch.station,
                    stretch.property,
                    stretch.hours,
                    length,
                    local(at, want.utc_offset_h),
                    local(flag.onset_us, want.utc_offset_h) if flag else "not flagged",
                )
            )
        score.checks.append(
            Check(
                f"{name} stretches flagged",
                hits == len(stretches) > 0,
                f"{hits} of {len(stretches)} named stretches, by their length in the data",
            )
        )
    score.tables.append(
        Table(
            "Faults in the data that its README names (longest of station and property)",
            ("fault", "station", "property", "README h", "in the data h", "from (local)", "flagged at"),
            tuple(rows),
        )
    )
    _inconsistent(run, want, score)


def _longest(run: Replayed, stretch: Stretch, stuck: bool) -> tuple[int, int, int]:
    """Start (us of the last good or first equal value), length in hours and last moment of the longest stretch: equal
    values in a row if ``stuck``, else hours without a value."""
    start, table = hourly(run.dataset, stretch.property, [stretch.station])
    values = table[0]
    if not stuck:
        at, length = longest_run(~np.isfinite(values))
        return start + (at - 1) * HOUR_US, length, start + (at + length - 1) * HOUR_US
    at, length = longest_run(values[1:] == values[:-1])
    return start + at * HOUR_US, length + 1, start + (at + length) * HOUR_US


def _inconsistent(run: Replayed, want: AirNeeds, score: Score) -> None:
    """PM10 below PM2.5, hour by hour: the hours our flag covers against the hours at which it is so."""
    stations = _stations(run, "pm10")
    start, coarse = hourly(run.dataset, "pm10", stations)
    _, fine = hourly(run.dataset, "pm25", stations)
    truly = coarse < fine
    both = np.isfinite(coarse) & np.isfinite(fine)
    flagged = np.zeros_like(truly)
    held = of_rule(run.signals, want.inconsistent_rule)
    for line, station in enumerate(stations):
        for signal in held.get(stream_id(station, "pm10"), []):
            end = _end(run, signal) + (0 if signal.cleared_us is not None else 1)
            flagged[line, (signal.onset_us - start) // HOUR_US : -(-(end - start) // HOUR_US)] = True
    flagged &= both
    same = bool(np.array_equal(flagged, truly))
    score.checks.append(
        Check(
            "PM10 below PM2.5 flagged",
            same and int(truly.sum()) == want.inconsistent_hours,
            f"{int((flagged & truly).sum())} of {int(truly.sum())} station-hours flagged, {int((flagged & ~truly).sum())} "
            f"consistent hours flagged; the README counts {want.inconsistent_hours}",
        )
    )


# ---------------------------------------------------------------- small
def _stations(run: Replayed, property_: str) -> list[str]:
    return sorted(s.feature for s in run.dataset.catalogue if s.property == property_)


def _us(value_h: float) -> int:
    return round(value_h * HOUR_US)


def _h(us: float) -> float | None:
    return None if np.isnan(us) else round(us / HOUR_US, 1)


def _minus(a: int | None, b: int | None) -> int | None:
    return a - b if a is not None and b is not None else None


def _code(run: Replayed, rank: int) -> str:
    return run.scheme.level(rank).code if rank else ""
