"""River stages against official classes, known crossings, known typing errors, silences and the official red alert."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec
import numpy as np
import pyarrow.parquet as pq

from tocsin.app.replay.dataset import stream_id
from tocsin.app.replay.report import Check, Score, Table
from tocsin.app.replay.run import Replayed
from tocsin.app.replay.scoring.truth import HOUR_US, hours, local, moment_us, needs, read_rows
from tocsin.app.replay.signals import SignalSpan, level_at, of_rule
from tocsin.terms.moment import iso

__all__ = ["score_river"]

_STAGE = "river_stage"


class TypingError(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One reading known to be mistyped: its station and the minute (RFC 3339, UTC) in which it was entered."""

    station: str
    minute: str


class RiverNeeds(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the layout must say: the rules to look at, the files of truth, and the names the README gives."""

    stage_rule: str
    bulletin_rule: str
    spike_rule: str
    silent_rule: str
    silent_limit_h: float
    crossings: str
    bulletins: str
    warnings: str
    official_red: str
    classes: dict[str, str]
    typing_errors: tuple[TypingError, ...]
    named_silent: tuple[str, ...]
    upstream: tuple[str, ...]
    downstream: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Gap:
    """A stretch without readings that began while the stream stood at or above its alert stage; ``until_us`` None = no
    reading came back before the file ended."""

    station: str
    last_us: int
    until_us: int | None
    value: float


def score_river(run: Replayed) -> Score:
    """All checks and tables of the river data set."""
    want = needs(RiverNeeds, run.dataset.layout.score, run.dataset.layout.path)
    ranks = {word: run.scheme.rank(code) if code else 0 for word, code in want.classes.items()}
    score = Score()
    _bulletins(run, want, ranks, score)
    _crossings(run, want, ranks, score)
    _typing_errors(run, want, score)
    _silences(run, want, score)
    _leads(run, want, ranks, score)
    score.sentences.append(
        "Eight days with a flood in them allow no false-alarm figure: there is no long quiet stretch in which a false "
        "alarm could have been counted."
    )
    return score


# ---------------------------------------------------------------- official classes
def _bulletins(run: Replayed, want: RiverNeeds, ranks: dict[str, int], score: Score) -> None:
    """Each officially classed bulletin row against the level the engine held at that bulletin."""
    held = of_rule(run.signals, want.bulletin_rule)
    words = {rank: word for word, rank in ranks.items()}
    rows = pq.read_table(run.dataset.folder / want.bulletins).to_pylist()
    judged, wrong, unclassed = 0, [], 0
    for row in rows:
        if row["stage_m"] is None or row["official_class"] is None:
            unclassed += 1
            continue
        judged += 1
        at = int(np.datetime64(row["bulletin_at"].replace(tzinfo=None), "us").astype(np.int64))
        ours = level_at(held.get(stream_id(row["station"], "river_stage_bulletin"), []), at)
        if ours != ranks[row["official_class"]]:
            wrong.append((row["station"], iso(at), row["stage_m"], row["official_class"], words[ours]))
    said = f"{judged - len(wrong)} of {judged} officially classed rows reproduced by {want.bulletin_rule}; "
    said += f"{unclassed} rows have no stage or no class and were not judged"
    score.checks.append(Check("official classes", not wrong and judged > 0, said))
    if wrong:
        score.tables.append(
            Table("Bulletin rows not reproduced", ("station", "at (UTC)", "stage m", "official", "ours"), tuple(wrong))
        )


# ---------------------------------------------------------------- crossings
def _crossings(run: Replayed, want: RiverNeeds, ranks: dict[str, int], score: Score) -> None:
    """Each first crossing of a stage: raised, and at the first reading at or above."""
    held = of_rule(run.signals, want.stage_rule)
    rows, counts = [], {}
    for word, rank in ranks.items():
        if not rank:
            continue
        column = word.lower().replace(" ", "_")
        due = raised = exact = unconfirmed = 0
        for row in read_rows(run.dataset.folder / want.crossings):
            first, confirmed = moment_us(row[f"{column}_first_at"]), moment_us(row[f"{column}_confirmed_at"])
            ours = _first_at(held.get(stream_id(row["station"], _STAGE), []), rank)
            if first is None:
                if ours is not None:
                    rows.append((row["station"], word, "", local(ours), "raised, but no crossing is known"))
                continue
            due += 1
            raised += ours is not None
            exact += ours == first
            unconfirmed += confirmed != first
            if ours != first:
                rows.append((row["station"], word, iso(first), local(ours), "differs"))
            elif confirmed != first:
                note = (
                    "no second reading above followed" if confirmed is None else f"pair above only at {iso(confirmed)}"
                )
                rows.append((row["station"], word, iso(first), local(ours), f"raised at the first reading; {note}"))
        counts[word] = (due, raised, exact, unconfirmed)
        extra = sum(r[1] == word and r[4].startswith("raised, but") for r in rows)
        score.checks.append(
            Check(
                f"{word} crossings",
                due == raised == exact and extra == 0 and due > 0,
                f"{raised} of {due} raised, {exact} at the very first reading at or above ({unconfirmed} of them without "
                f"an equal second reading), {extra} raised without a known crossing",
            )
        )
    score.tables.append(
        Table(
            "Crossings: raised, and at the first reading",
            ("stage", "known", "raised", "same moment", "not confirmed by the next reading"),
            tuple((w, *c) for w, c in counts.items()),
        )
    )
    if rows:
        score.tables.append(
            Table("Crossings worth a look", ("station", "stage", "first at", "ours", "note"), tuple(rows))
        )


def _first_at(signals: list[SignalSpan], rank: int) -> int | None:
    return next((at for signal in signals if (at := signal.first_at(rank)) is not None), None)


# ---------------------------------------------------------------- typing errors
def _typing_errors(run: Replayed, want: RiverNeeds, score: Score) -> None:
    """The known mistyped readings: flagged at the next reading, and no signal or event differs without them."""
    flags = of_rule(run.signals, want.spike_rule)
    rows, positions, flagged = [], [], 0
    known: set[tuple[str, int]] = set()
    for error in want.typing_errors:
        times, values = run.dataset.series(error.station, _STAGE)
        minute = moment_us(error.minute)
        at = int(np.flatnonzero(times // 60_000_000 == (minute or 0) // 60_000_000)[0])
        after = int(times[at + 1])
        hit = any(s.onset_us == after for s in flags.get(stream_id(error.station, _STAGE), []))
        flagged += hit
        known.add((stream_id(error.station, _STAGE), after))
        positions.append((stream_id(error.station, _STAGE), int(times[at])))
        rows.append(
            (
                error.station,
                iso(int(times[at])),
                float(values[at - 1]),
                float(values[at]),
                float(values[at + 1]),
                iso(after) if hit else "not flagged",
            )
        )
    others = [(s.subject.key, s.onset_us) for ss in flags.values() for s in ss]
    others = sorted({(key, at) for key, at in others} - known)
    score.checks.append(
        Check(
            "typing errors flagged",
            flagged == len(rows) > 0,
            f"{flagged} of {len(rows)} flagged by {want.spike_rule}; other readings it flagged: "
            + (", ".join(f"{k.rpartition('/')[0]} {iso(a)}" for k, a in others) or "none"),
        )
    )
    clean = run.without(positions)
    same_signals = _hazard_signals(run) == _hazard_signals(clean)
    same_events = _plain_events(run) == _plain_events(clean)
    score.checks.append(
        Check(
            "typing errors change no event",
            same_signals and same_events,
            f"replayed again without the {len(positions)} readings: {len(_hazard_signals(run))} hazard signals "
            f"{'identical' if same_signals else 'DIFFER'}, {len(_plain_events(run))} events "
            f"{'identical' if same_events else 'DIFFER'}",
        )
    )
    score.tables.append(
        Table(
            "Typing errors named in the data's README",
            ("station", "entered", "before m", "typed m", "after m", "flagged at"),
            tuple(rows),
        )
    )


def _hazard_signals(run: Replayed) -> set[tuple[object, ...]]:
    return {(s.id, s.steps, s.cleared_us) for s in run.signals if not s.quality}


def _plain_events(run: Replayed) -> set[tuple[object, ...]]:
    return {(e.id, e.hazard, e.state, e.level, e.began_us, e.ended_us, e.signals, e.no_data) for e in run.events}


# ---------------------------------------------------------------- silences
def _silences(run: Replayed, want: RiverNeeds, score: Score) -> None:
    """Every gauge that fell silent in flood: "no data in danger" within the limit, never normal in between."""
    stages, silent = of_rule(run.signals, want.stage_rule), of_rule(run.signals, want.silent_rule)
    limit = int(want.silent_limit_h * HOUR_US)
    gaps = [gap for station in _gauges(run) for gap in _gaps(run, station, limit)]
    rows, late, normal, unmarked = [], [], [], []
    for gap in gaps:
        key = stream_id(gap.station, _STAGE)
        rank = level_at(stages.get(key, []), gap.last_us)
        flag = next((s for s in silent.get(key, []) if gap.last_us < s.onset_us <= gap.last_us + limit), None)
        until = gap.until_us if gap.until_us is not None else run.ended_us + 1
        if flag is None or (flag.cleared_us is not None and flag.cleared_us < until):
            late.append(gap.station)
        if min(_levels_between(stages.get(key, []), gap.last_us, until)) < 1:
            normal.append(gap.station)
        if not _marked(run, stages.get(key, []), flag, until):
            unmarked.append(gap.station)
        rows.append(
            (
                gap.station,
                iso(gap.last_us),
                gap.value,
                run.scheme.level(rank).code if rank else "",
                iso(flag.onset_us) if flag else "never",
                hours(until - gap.last_us),
                "did not come back" if gap.until_us is None else iso(gap.until_us),
            )
        )
    stations = sorted({gap.station for gap in gaps})
    unnamed = [name for name in want.named_silent if name not in stations]
    score.checks += [
        Check(
            "silent in flood is no data in danger",
            not late and not unnamed and bool(gaps),
            f"{len(gaps) - len(late)} of {len(gaps)} silences of {len(stations)} gauges flagged within "
            f"{want.silent_limit_h:g} h of the last reading; named in the README: "
            f"{len(want.named_silent) - len(unnamed)} of {len(want.named_silent)} among them"
            + _but(late)
            + _but(unnamed),
        ),
        Check(
            "silent in flood is never normal",
            not normal and bool(gaps),
            f"{len(gaps) - len(normal)} of {len(gaps)} silences kept their level to the next reading" + _but(normal),
        ),
        Check(
            "their events say so",
            not unmarked and bool(gaps),
            f'{len(gaps) - len(unmarked)} of {len(gaps)} silences mark the event of the gauge "no data"'
            + _but(unmarked),
        ),
    ]
    rows.sort(key=lambda r: (r[6] != "did not come back", -(r[5] or 0.0)))
    score.tables.append(
        Table(
            "Gauges silent in flood: no data in danger",
            ("station", "last reading", "m", "level", "no data since", "silent h", "came back"),
            tuple(rows),
        )
    )


def _gauges(run: Replayed) -> list[str]:
    return sorted(stream.feature for stream in run.dataset.catalogue if stream.property == _STAGE)


def _gaps(run: Replayed, station: str, limit_us: int) -> list[Gap]:
    """Silences longer than the limit whose last reading stood at or above the alert stage, from the data alone."""
    times, values = run.dataset.series(station, _STAGE)
    stages = sorted(
        run.dataset.catalogue.streams[run.dataset.catalogue.index(stream_id(station, _STAGE))].stages.values()
    )
    until: list[int | None] = [*times[1:].tolist(), None]
    gaps = []
    for last, value, back in zip(times.tolist(), values.tolist(), until, strict=True):
        length = (back if back is not None else run.ended_us) - last
        if length > limit_us and stages and value >= stages[0]:
            gaps.append(Gap(station, last, back, value))
    return gaps


def _levels_between(signals: list[SignalSpan], from_us: int, until_us: int) -> list[int]:
    """Levels in force at the beginning and after every change before ``until_us``."""
    moments = {from_us}
    for signal in signals:
        changes = [at for at, _ in signal.steps] + ([signal.cleared_us] if signal.cleared_us is not None else [])
        moments |= {at for at in changes if from_us <= at < until_us}
    return [level_at(signals, at) for at in sorted(moments)]


def _marked(run: Replayed, stages: list[SignalSpan], flag: SignalSpan | None, until_us: int) -> bool:
    """Did the silence join the event that holds the gauge's own signal, and mark it "no data", while it lasted?"""
    if flag is None:
        return False
    mine = {s.id for s in stages}
    return any(
        change.event.no_data and flag.id in change.event.signals and mine & set(change.event.signals)
        for change in run.changes
        if flag.onset_us <= change.at_us < until_us
    )


def _but(names: list[str]) -> str:
    return f"; NOT: {', '.join(sorted(set(names)))}" if names else ""


# ---------------------------------------------------------------- leads
def _leads(run: Replayed, want: RiverNeeds, ranks: dict[str, int], score: Score) -> None:
    """How long upstream gauges stood at their stages before the places downstream reached their major stage."""
    held = of_rule(run.signals, want.stage_rule)
    top = max(ranks.values())
    warning = next(w for w in read_rows(run.dataset.folder / want.warnings) if w["warning_id"] == want.official_red)
    official = moment_us(warning["issued_at_utc"])
    reached = {name: _first_at(held.get(stream_id(name, _STAGE), []), top) for name in want.downstream}
    crossed = min((at for at in reached.values() if at is not None), default=run.ended_us)
    rows: list[tuple[object, ...]] = []
    for name in want.upstream:
        for word, rank in sorted(ranks.items(), key=lambda pair: -pair[1]):
            if rank:
                at = _wave_at(held.get(stream_id(name, _STAGE), []), rank, crossed)
                rows.append(
                    (name, word, "" if at is None else iso(at), *(_lead(at, reached[d]) for d in want.downstream))
                )
    rows.append(
        (
            f"OFFICIAL {warning['colour_or_class']} ({want.official_red})",
            warning["precision"],
            iso(official or 0),
            *(_lead(official, reached[d]) for d in want.downstream),
        )
    )
    score.tables.append(
        Table(
            "Lead of upstream signals over the major stage downstream, hours, beside the official red "
            "(of each gauge the last signal before the first crossing downstream)",
            (
                "gauge",
                "stage",
                "first at (UTC)",
                *(f"over {d} ({'never' if at is None else iso(at)})" for d, at in reached.items()),
            ),
            tuple(rows),
        )
    )
    first_red = [
        at for n in want.upstream if (at := _wave_at(held.get(stream_id(n, _STAGE), []), top, crossed)) is not None
    ]
    ahead = min(first_red) < (official or 0) if first_red else False
    said = f"first major stage upstream {iso(min(first_red))}" if first_red else "no major stage upstream"
    said += f", official red {iso(official or 0)} at the latest"
    score.checks.append(Check("upstream before the official red", ahead and all(reached.values()), said))


def _wave_at(signals: list[SignalSpan], rank: int, before_us: int) -> int | None:
    """When the last signal before a crossing downstream reached a rank: an earlier rise, long cleared, is no lead."""
    reached = [at for signal in signals if (at := signal.first_at(rank)) is not None and at < before_us]
    return max(reached, default=None)


def _lead(at: int | None, reached: int | None) -> float | None:
    return hours(reached - at) if at is not None and reached is not None else None
