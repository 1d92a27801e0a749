"""The replay in print and as one JSON document: what was read, what was raised, which checks held."""

from __future__ import annotations

from collections import Counter
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from tocsin.app.commands.output import table
from tocsin.app.replay.ahead import ahead
from tocsin.app.replay.report import Score, Table
from tocsin.app.replay.run import Replayed
from tocsin.terms.moment import iso

__all__ = ["as_document", "as_text"]


def as_document(run: Replayed, score: Score) -> dict[str, Any]:
    """Plain data: the same figures as in print, signals and events in full."""
    return {
        "dataset": {"folder": str(run.dataset.folder), "layout": run.dataset.layout.name,
                    "title": run.dataset.layout.title},
        "packs": [{"name": pack.name, "version": pack.version, "sha": pack.sha} for pack in run.packs],
        "period": [iso(run.began_us), iso(run.ended_us)],
        "counts": run.counts,
        "refused": run.refused.group_by(["code", "rule"]).aggregate([([], "count_all")]).to_pylist(),
        "never_observed": _never_observed(run),
        "signals": [
            {
                "id": s.id, "rule": s.rule, "hazard": s.hazard, "subject": str(s.subject), "quality": s.quality,
                "steps": [{"at": iso(at), "level": run.scheme.level(rank).code} for at, rank in s.steps],
                "cleared": None if s.cleared_us is None else iso(s.cleared_us),
            }
            for s in run.signals
        ],
        "provisional": [
            {"rule": a.rule, "raised": a.raised, "confirmed": a.confirmed, "amended": a.amended, "retracted": a.retracted,
             "open": a.open}
            for a in ahead(run)
        ],
        "events": [
            {
                "id": e.id, "hazard": e.hazard, "state": str(e.state), "level": _code(run, e.level),
                "highest": _code(run, run.highest(e)),
                "began": iso(e.began_us), "ended": None if e.ended_us is None else iso(e.ended_us),
                "place": e.place, "no_data": e.no_data, "signals": list(e.signals),
            }
            for e in run.events
        ],
        "checks": score.as_json()["checks"],
        "tables": score.as_json()["tables"],
        "sentences": score.sentences,
        "held": score.held,
        "seconds": {name: round(value, 3) for name, value in run.seconds.items()},
    }  # fmt: skip


def as_text(run: Replayed, score: Score, most_events: int) -> RenderableType:
    """Tables for people."""
    title = run.dataset.layout.title.get("en", run.dataset.layout.name)
    parts: list[RenderableType] = [
        Text(title, style="bold"),
        f"{iso(run.began_us)} to {iso(run.ended_us)}, {len(run.dataset.catalogue):,} streams, "
        + ", ".join(f"pack {pack.name} {pack.version}" for pack in run.packs),
        _read(run),
        _rules(run),
        *_ahead(run),
        _events(run, most_events),
    ]
    for part in score.tables:
        parts += ["", _table(part)]
    if score.sentences:
        parts += ["", *(Text(sentence) for sentence in score.sentences)]
    if score.checks:
        parts += ["", table(("check", "", "figures"),
                            [(c.name, "held" if c.held else "DID NOT HOLD", c.figures) for c in score.checks])]  # fmt: skip
    parts += ["", _seconds(run)]
    return Group(*parts)


def _read(run: Replayed) -> str:
    c = run.counts
    lines = [f"{c['rows']:,} rows: {c['taken']:,} observations judged, {c['missing']:,} without a value (no data), "
             f"{c['refused']:,} refused, {c['late']:,} late, {c['duplicate']:,} duplicate"]  # fmt: skip
    reasons = Counter(run.refused.column("rule").to_pylist())
    lines += [f"  refused {n:,}: {rule}" for rule, n in reasons.most_common(10)]
    silent = _never_observed(run)
    if silent:
        lines.append(f"  in the file of stations, but never observed: {', '.join(silent)}")
    return "\n".join(lines)


def _never_observed(run: Replayed) -> list[str]:
    return sorted(set(run.dataset.stations) - {stream.feature for stream in run.dataset.catalogue})


def _rules(run: Replayed) -> RenderableType:
    rows = []
    for rule in sorted({s.rule for s in run.signals}):
        held = [s for s in run.signals if s.rule == rule]
        levels = Counter(s.level for s in held)
        by_level = "flag" if held[0].quality else ", ".join(f"{_code(run, r)} {levels[r]:,}" for r in sorted(levels))
        rows.append((rule, f"{len(held):,}", len({s.subject for s in held}), by_level,
                     iso(held[0].onset_us), sum(s.cleared_us is None for s in held)))  # fmt: skip
    title = "\nSignals, final" if run.said else "\nSignals"
    return table(("rule", "signals", "places", "highest level reached", "first", "still held"), rows, title)


def _ahead(run: Replayed) -> list[RenderableType]:
    rows = [
        (a.rule, f"{a.raised:,}", f"{a.confirmed:,}", f"{a.amended:,}", f"{a.retracted:,}", a.open) for a in ahead(run)
    ]
    if not rows:
        return []
    names = ("rule", "raised provisionally", "confirmed as said", "amended", "retracted", "not decided yet")
    return [table(names, rows, "\nSaid before the late data were in")]


def _events(run: Replayed, most: int) -> RenderableType:
    peak = {event.id: run.highest(event) for event in run.events}
    chosen = sorted(run.events, key=lambda e: (-peak[e.id], e.began_us))[:most]
    rows = [
        (e.hazard, _code(run, peak[e.id]), str(e.state), iso(e.began_us), iso(e.ended_us) if e.ended_us else "",
         e.place, len(e.signals), "no data" if e.no_data else "")
        for e in sorted(chosen, key=lambda e: e.began_us)
    ]  # fmt: skip
    title = f"\nEvents: {len(run.events):,}" + (f", the {most} highest" if len(run.events) > most else "")
    return table(("hazard", "highest", "state", "began", "ended", "place", "signals", ""), rows, title)


def _table(part: Table) -> RenderableType:
    return table(part.columns, [["" if cell is None else cell for cell in row] for row in part.rows], part.title)


def _seconds(run: Replayed) -> str:
    total = sum(run.seconds.values())
    parts = ", ".join(f"{name} {value:.1f}" for name, value in run.seconds.items())
    return f"{run.counts['rows']:,} observations in {total:.1f} s ({parts})"


def _code(run: Replayed, rank: int) -> str:
    return run.scheme.level(rank).code if rank else ""
