"""Show: a record as tables for people and as one document for programs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from tocsin.app.commands.output import table
from tocsin.app.demo.loop_verdict import LoopLeft
from tocsin.app.demo.record import EventLeft, Record, SignalLeft
from tocsin.terms.level import Scheme
from tocsin.terms.moment import from_us, iso
from tocsin.terms.signal import Measure

__all__ = ["as_document", "as_tables"]

MOST = 60


def as_tables(record: Record, scheme: Scheme, zone: str, label: str, left: LoopLeft | None = None) -> RenderableType:
    """Events, signals, refused rows, counts; moments in the day's own zone."""
    civil = ZoneInfo(zone)
    hazard = [signal for signal in record.signals if not signal.quality]
    checks = [signal for signal in record.signals if signal.quality]
    return Group(
        Text(label, style="bold reverse"),
        "",
        _events(record.events, scheme, civil),
        "",
        _signals("Signals 信号", hazard, scheme, civil),
        "",
        _signals("Data-quality checks 数据质量", checks, scheme, civil),
        "",
        _refused(record),
        "",
        *([_loop(left), "", _counts(left), ""] if left else []),
        Text(f"observations evaluated {record.accepted:,}, duplicate {record.duplicate:,}, late {record.late:,}, "
             f"no value {record.missing:,}, refused {len(record.refused):,}"),
    )  # fmt: skip


def as_document(
    record: Record, differences: list[str] | None, label: str, left: LoopLeft | None = None
) -> dict[str, Any]:
    """The record with moments as text; ``truth_met`` is null where no truth is known."""
    return {
        "label": label,
        "events": [_plain(asdict(event)) for event in record.events],
        "signals": [_plain(asdict(signal)) for signal in record.signals],
        "refused": [{"stream": stream, "code": code} for stream, code in record.refused],
        "rows": {"evaluated": record.accepted, "duplicate": record.duplicate, "late": record.late, "missing": record.missing},
        "loop": asdict(left) if left else None,
        "truth_met": None if differences is None else not differences,
        "differences": differences or [],
    }  # fmt: skip


def _plain(row: Any) -> Any:
    if isinstance(row, dict):
        return {
            key.removesuffix("_us") + "_at" if key.endswith("_us") and key != "at_us" else key.removesuffix("_us"):
            iso(value) if key.endswith("_us") and value is not None else _plain(value)
            for key, value in row.items()
        }  # fmt: skip
    return [_plain(item) for item in row] if isinstance(row, list | tuple) else row


def _events(events: Iterable[EventLeft], scheme: Scheme, zone: ZoneInfo) -> Table:
    rows = [
        (_clock(event.steps[0].at_us, zone) if event.steps else "", event.hazard, _level(event.peak, scheme), event.state,
         event.facility or event.place, event.signals, "no data 险中失联" if event.no_data else "", event.id[-8:],
         (event.parent or "")[-8:])
        for event in events
    ]  # fmt: skip
    columns = ("from", "hazard", "highest", "state", "where", "signals", "", "event", "because of")
    return table(columns, rows[:MOST], title=f"Events 事件 ({len(rows)})")


def _signals(title: str, signals: list[SignalLeft], scheme: Scheme, zone: ZoneInfo) -> Table:
    rows = [
        (_clock(signal.onset_us, zone), signal.rule, signal.subject.key, _level(signal.peak, scheme),
         " ".join(f"{_clock(step.at_us, zone)}→{step.level or 'clear'}" for step in signal.steps[:6]),
         "; ".join(_measure(measure) for measure in signal.evidence[:2]))
        for signal in signals
    ]  # fmt: skip
    return table(
        ("onset", "rule", "where", "highest", "steps", "evidence"), rows[:MOST], title=f"{title} ({len(rows)})"
    )


def _refused(record: Record) -> Table:
    rows = [(stream, code, count) for (stream, code), count in sorted(Counter(record.refused).items())]
    return table(("stream as sent", "reason", "rows"), rows[:MOST], title=f"Refused rows 拒收 ({len(record.refused)})")


def _measure(measure: Measure) -> str:
    compared = f" {measure.comparison} {measure.threshold:g}" if measure.threshold is not None else ""
    return f"{measure.what} = {measure.value:.4g} {measure.unit}{compared}"


def _level(rank: int, scheme: Scheme) -> str:
    return (
        f"{scheme.level(rank).word('en')} {scheme.level(rank).word('zh-hans')}"
        if 1 <= rank <= len(scheme.levels)
        else "-"
    )


def _clock(at_us: int, zone: ZoneInfo) -> str:
    moment: datetime = from_us(at_us).astimezone(zone)
    return moment.strftime("%m-%d %H:%M")


def _loop(left: LoopLeft) -> RenderableType:
    rows = [
        (event.hazard.replace("_", " "), event.place[:40], event.verdict,
         "closed" if event.closed else "honestly open" if event.honest else "NOT CLOSED", "; ".join(event.open_ends)[:90])
        for event in left.events
    ]  # fmt: skip
    return table(("hazard", "place", "verdict", "loop", "what is still open"), rows, "Loop 闭环")


def _counts(left: LoopLeft) -> Text:
    counted = ", ".join(f"{what} {n:,}" for what, n in left.counts.items())
    verified = "verifies" if not left.breaches else f"DOES NOT VERIFY: {left.breaches} breaches"
    return Text(f"{counted}, letters {left.letters:,}; the ledger {verified}")
