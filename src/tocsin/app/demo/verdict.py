"""Verdict: a record against the simulator's own truth. Every difference is one sentence; none means it was met."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from tocsin.app.demo.record import Record, SignalLeft
from tocsin.app.simulator.truth import Due, Flag, Silence, Truth
from tocsin.terms.moment import iso

__all__ = ["differences"]

MANY = 50


def differences(record: Record, truth: Truth) -> list[str]:
    """What the record lacks of the truth and what it has beyond it."""
    return [
        *_missed(record, truth),
        *_surplus(record, truth),
        *_silences(record, truth),
        *_flags(record, truth),
        *_refusals(record, truth),
        *_proposals(record, truth),
        *_counts(record, truth),
    ]


def _stream(signal: SignalLeft) -> str:
    return signal.subject.key if signal.subject.kind == "stream" else ""


def _hazard_signals(record: Record) -> list[SignalLeft]:
    return [signal for signal in record.signals if not signal.quality and not signal.says_no_data]


def _missed(record: Record, truth: Truth) -> Iterator[str]:
    for due in truth.due:
        moments = [
            step.at_us
            for signal in _hazard_signals(record)
            if signal.hazard == due.hazard and _stream(signal) == due.stream
            for step in signal.steps
            if step.level >= due.rank
        ]
        if not moments:
            yield f"missed: {_say(due)} was never reached"
        elif not any(due.earliest_us <= moment <= due.latest_us for moment in moments):
            yield f"wrong moment: {_say(due)}, but it was first reached {iso(min(moments))}"


def _say(due: Due) -> str:
    return f"{due.hazard} at {due.stream}, level {due.rank}, due {iso(due.earliest_us)} to {iso(due.latest_us)}"


def _surplus(record: Record, truth: Truth) -> Iterator[str]:
    limits = {(quiet.hazard, quiet.stream): quiet.rank for quiet in truth.quiet}
    for signal in _hazard_signals(record):
        limit = limits.get((signal.hazard, _stream(signal)), limits.get((signal.hazard, "*")))
        if limit is not None and signal.peak > limit:
            yield f"surplus: {signal.rule} at {signal.subject} reached level {signal.peak}, at most {limit} is true"


def _silences(record: Record, truth: Truth) -> Iterator[str]:
    due = {silence.stream: silence for silence in truth.silent}
    found = {_stream(signal): signal for signal in record.signals if signal.says_no_data}
    for stream, silence in due.items():
        yield from _silence(record, found.get(stream), silence)
    for stream in found.keys() - due.keys():
        yield f"surplus: {stream} was called silent in danger, and it was not"


def _silence(record: Record, signal: SignalLeft | None, silence: Silence) -> Iterator[str]:
    if signal is None:
        yield f"missed: {silence.stream} fell silent in danger at {iso(silence.last_us)} and nobody said so"
    elif not silence.last_us < signal.onset_us <= silence.latest_us:
        yield f"wrong moment: silence of {silence.stream} stamped {iso(signal.onset_us)}, due by {iso(silence.latest_us)}"
    elif not any(event.no_data for event in record.events):
        yield f"missed: no event says that it has no data in danger, though {silence.stream} has none"


def _flags(record: Record, truth: Truth) -> Iterator[str]:
    quality = [signal for signal in record.signals if signal.quality]
    for flag in truth.flags:
        if not any(_meets(signal, flag) for signal in quality):
            yield (
                f"missed: check {flag.check!r} never flagged {flag.stream} between {iso(flag.earliest_us)} and "
                + iso(flag.latest_us)
            )
    for signal in quality:
        if not any(_stream(signal) == flag.stream and flag.check in signal.rule for flag in truth.flags):
            yield f"surplus: {signal.rule} flagged {signal.subject} at {iso(signal.onset_us)}"


def _meets(signal: SignalLeft, flag: Flag) -> bool:
    return (
        flag.check in signal.rule
        and _stream(signal) == flag.stream
        and flag.earliest_us <= signal.onset_us <= flag.latest_us
    )


def _refusals(record: Record, truth: Truth) -> Iterator[str]:
    due = Counter({(refusal.stream, refusal.code): 0 for refusal in truth.refused})
    for refusal in truth.refused:
        due[refusal.stream, refusal.code] += refusal.rows
    found = Counter(record.refused)
    for (stream, code), rows in sorted((due - found).items()):
        yield f"missed: {rows} row(s) of {stream} should have been refused with {code}"
    for (stream, code), rows in sorted((found - due).items()):
        yield f"surplus: {rows} row(s) of {stream} were refused with {code}"


def _proposals(record: Record, truth: Truth) -> Iterator[str]:
    found: dict[str, int] = {}
    for event in record.events:
        if event.facility:
            first = min(step.at_us for step in event.steps)
            found[event.facility] = min(first, found.get(event.facility, first))
    for due in truth.proposed:
        if due.facility not in found:
            yield f"missed: nothing was proposed at {due.facility}"
        elif not due.earliest_us <= found[due.facility] <= due.latest_us:
            yield (
                f"wrong moment: {due.facility} was proposed {iso(found[due.facility])}, due {iso(due.earliest_us)} to "
                + iso(due.latest_us)
            )
    for facility in truth.never_proposed:
        if facility in found:
            yield f"surplus: a child event was proposed at {facility}"


def _counts(record: Record, truth: Truth) -> Iterator[str]:
    # The engine counts a row once: as evaluated, as a duplicate, as late, or as "the source has no value".
    evaluated = truth.accepted_rows - truth.duplicate_rows - truth.late_rows - truth.missing_rows
    for what, due, found in (
        ("evaluated", evaluated, record.accepted),
        ("duplicate", truth.duplicate_rows, record.duplicate),
        ("late", truth.late_rows, record.late),
        ("missing", truth.missing_rows, record.missing),
    ):
        if due != found:
            yield f"rows {what}: {found}, true are {due}"
