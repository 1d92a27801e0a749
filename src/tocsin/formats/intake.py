"""Intake: judging a delivery row by row. Good rows go on, bad ones are refused one by one with the reason.

The order of judgement: stream known, stream of this source, time, value, unit, sane range. A row has one reason, the first.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from tocsin.formats.arrow import OBSERVATIONS
from tocsin.formats.columns import Columns, Rows, Times
from tocsin.formats.refused import REFUSED, Reason
from tocsin.formats.stream_table import StreamTable, stream_table
from tocsin.formats.units import convert_factor
from tocsin.terms.errors import BadTime, BadUnit, BadValue, NotAllowed, TooBig, UnknownName
from tocsin.terms.moment import SECOND_US
from tocsin.terms.observation import Quality
from tocsin.terms.stream import Catalogue

__all__ = ["Intake", "Parsed", "judge"]

_MOMENT = OBSERVATIONS.field("observed_at").type
_SUGGESTED_AMONG = (
    20_000  # seeking the nearest name looks at every stream; only for the first unknown one, and not among more
)

_NO_TIME = Reason(BadTime.code, "the row has no time", "send observed_at in every row")
_NO_NUMBER = Reason(BadValue.code, "the value is no number", "send a number, or null where there is no value")
_NAN = Reason(BadValue.code, "the value is not a finite number (NaN or infinite)", "send null where there is no value")
_NO_ISSUE = Reason(BadTime.code, "a forecast without its time of issue", "send issued_at with forecast streams")
_NOT_FORECAST = Reason(BadTime.code, "issued_at is given, but the stream holds no forecasts",
                       "register the stream with forecast = true, or leave issued_at empty")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Intake:
    """What a delivery is judged against: who sends it, what is registered, and when it came (``now_us``)."""

    catalogue: Catalogue
    source: str
    now_us: int
    future_s: float = 300.0
    max_rows: int = 1_000_000
    max_bytes: int = 64 << 20

    def check_bytes(self, body: bytes | memoryview | pa.Buffer) -> None:
        """Raises TooBig for a delivery over ``max_bytes``."""
        if len(body) > self.max_bytes:
            rule = f"{len(body)} bytes; at most {self.max_bytes} are taken at once"
            raise TooBig("body", rule, "send it in several parts")

    def check_rows(self, rows: int) -> None:
        """Raises TooBig for a delivery over ``max_rows``."""
        if rows > self.max_rows:
            raise TooBig("body", f"{rows} rows; at most {self.max_rows} are taken at once", "send it in several parts")


@dataclass(frozen=True, slots=True)
class Parsed:
    """A judged delivery. ``batch``: rows taken (``OBSERVATIONS``), missing values among them; ``refused``: the others
    (``REFUSED``); ``rows`` = both together; ``missing`` how many of ``batch`` are missing values."""

    batch: pa.RecordBatch
    refused: pa.Table
    rows: int
    missing: int


class _Verdicts:
    """One reason a row, 0 for none; the first reason stays."""

    def __init__(self, rows: int) -> None:
        self.reason = np.zeros(rows, np.int32)
        self.reasons: list[Reason] = []
        self._known: dict[Reason, int] = {}

    def refuse(self, mask: npt.NDArray[np.bool_], reason: Reason) -> None:
        """Give the rows of ``mask`` that have none yet this reason."""
        if mask.any():
            self.reason[mask & (self.reason == 0)] = self._code(reason)

    def refuse_by(
        self, mask: npt.NDArray[np.bool_], key: npt.NDArray[np.int32], reason: Callable[[int], Reason]
    ) -> None:
        """The same with a reason for each distinct ``key``."""
        rows = np.flatnonzero(mask & (self.reason == 0))
        if len(rows):
            distinct, which = np.unique(key[rows], return_inverse=True)
            codes = np.array([self._code(reason(int(value))) for value in distinct], np.int32)
            self.reason[rows] = codes[which]

    def _code(self, reason: Reason) -> int:
        if reason not in self._known:
            self.reasons.append(reason)
            self._known[reason] = len(self.reasons)
        return self._known[reason]


def judge(columns: Columns, intake: Intake) -> Parsed:
    """Sort the rows of a delivery into taken and refused. Raises UnknownName where the source is not registered."""
    table = stream_table(intake.catalogue)
    if intake.source not in intake.catalogue.sources:
        raise UnknownName(f"source {intake.source}", "not in the catalogue", "register the source first")
    verdicts = _Verdicts(columns.rows)
    index = _judge_streams(columns, table, intake.source, verdicts)
    _judge_times(columns, table.forecast[index] if len(table.forecast) else index.astype(np.bool_), intake, verdicts)
    value = _judge_values(columns, index, table, verdicts)
    return Parsed(
        batch := _batch(columns, index, value, intake.now_us, verdicts.reason == 0),
        _refused(columns, verdicts, intake),
        columns.rows,
        int(np.count_nonzero(batch.column("quality"))),
    )


def _judge_streams(columns: Columns, table: StreamTable, source: str, verdicts: _Verdicts) -> npt.NDArray[np.int32]:
    """Index of each row's stream; 0 where it is unknown (the row is refused, the number only has to be in range)."""
    index = columns.streams.index
    unknown = index < 0
    if unknown.any():
        rows = np.flatnonzero(unknown)
        names = columns.streams.text(rows)
        distinct = list(dict.fromkeys(names))
        place = {name: code for code, name in enumerate(distinct)}
        key = np.zeros(columns.rows, np.int32)
        key[rows] = [place[name] for name in names]
        verdicts.refuse_by(unknown, key, lambda code: _unknown_stream(distinct[code], code, table))
        index = np.where(unknown, np.int32(0), index)
    if len(table.source):
        foreign = table.source[index] != table.sources.index(source)
        streams = table.catalogue.streams
        verdicts.refuse_by(foreign & ~unknown, index, lambda code: Reason(
            NotAllowed.code, f"stream {streams[code].id} belongs to source {streams[code].source}, not to {source}",
            "send it with the token of its own source"))  # fmt: skip
    return index


def _unknown_stream(name: str, place: int, table: StreamTable) -> Reason:
    seek = place == 0 and len(table.catalogue) <= _SUGGESTED_AMONG
    near = difflib.get_close_matches(name, table.catalogue.indices(), 1, 0.8) if seek else []
    remedy = "register it or correct its id" + (f" (did you mean {near[0]}?)" if near else "")
    return Reason(UnknownName.code, f"stream {name!r} is not in the catalogue", remedy)


def _judge_times(columns: Columns, forecast: npt.NDArray[np.bool_], intake: Intake, verdicts: _Verdicts) -> None:
    observed, issued = columns.observed, columns.issued
    _judge_readable(observed, verdicts)
    verdicts.refuse(observed.absent, _NO_TIME)
    latest = intake.now_us + round(intake.future_s * SECOND_US)
    ahead = f"more than {intake.future_s:g} s ahead of our clock"
    verdicts.refuse((observed.us > latest) & ~forecast, Reason(
        BadTime.code, f"observed_at is {ahead}", "check the clock and the time zone of the source"))  # fmt: skip
    if issued is None:
        verdicts.refuse(forecast, _NO_ISSUE)
        return
    _judge_readable(issued, verdicts)
    verdicts.refuse(forecast & issued.absent, _NO_ISSUE)
    verdicts.refuse(~forecast & ~issued.absent, _NOT_FORECAST)
    verdicts.refuse(~issued.absent & (issued.us > latest), Reason(
        BadTime.code, f"issued_at is {ahead}", "check the clock and the time zone of the source"))  # fmt: skip


def _judge_readable(times: Times, verdicts: _Verdicts) -> None:
    for code in np.unique(times.fault[times.fault > 0]).tolist():
        verdicts.refuse(times.fault == code, times.faults[code - 1])


def _judge_values(
    columns: Columns, index: npt.NDArray[np.int32], table: StreamTable, verdicts: _Verdicts
) -> npt.NDArray[np.float64]:
    """Values in their streams' units."""
    numbers = columns.numbers
    present = ~numbers.missing
    verdicts.refuse(numbers.wrong, _NO_NUMBER)
    verdicts.refuse(present & ~np.isfinite(numbers.value), _NAN)
    value = _converted(columns, index, table, verdicts)
    if not len(table.low):
        return value
    with np.errstate(invalid="ignore"):
        outside = present & ((value < table.low[index]) | (value > table.high[index]) | np.isinf(value))
    streams = table.catalogue.streams
    verdicts.refuse_by(outside, index, lambda code: Reason(
        BadValue.code, f"outside the sane range {streams[code].low:g} to {streams[code].high:g} {streams[code].unit}"
        f" of stream {streams[code].id}", "check the instrument, or correct the range in the catalogue"))  # fmt: skip
    return value


def _converted(
    columns: Columns, index: npt.NDArray[np.int32], table: StreamTable, verdicts: _Verdicts
) -> npt.NDArray[np.float64]:
    value = columns.numbers.value
    if columns.unit is None or not len(table.unit):
        return value
    # One number for each pair of (sent unit, stream's unit); few are distinct, so each is converted once.
    pair = columns.unit.code * np.int32(len(table.units)) + table.unit[index]
    pair[columns.unit.code < 0] = -1
    count = max(1, len(columns.unit.words) * len(table.units))
    scale, offset, bad = np.ones(count + 1), np.zeros(count + 1), {}
    used = np.unique(pair[verdicts.reason == 0])
    for code in used[used >= 0].tolist():
        sent, own = columns.unit.words[code // len(table.units)], table.units[code % len(table.units)]
        try:
            scale[code], offset[code] = (1.0, 0.0) if sent == own else convert_factor(sent, own)
        except BadUnit as error:
            bad[code] = Reason.of(error)
    if bad:
        verdicts.refuse_by(np.isin(pair, list(bad)), pair, bad.__getitem__)
    if (scale == 1.0).all() and (offset == 0.0).all():
        return value
    with np.errstate(over="ignore"):  # infinite then, and refused as outside the range
        converted: npt.NDArray[np.float64] = value * scale[pair] + offset[pair]  # pair -1 is the last: as it is
    return converted


def _batch(
    columns: Columns,
    index: npt.NDArray[np.int32],
    value: npt.NDArray[np.float64],
    now_us: int,
    good: npt.NDArray[np.bool_],
) -> pa.RecordBatch:
    missing = columns.numbers.missing
    quality = np.where(missing, np.uint8(Quality.MISSING), np.uint8(Quality.GOOD))
    value = np.where(missing, np.nan, value)
    observed = columns.observed.us
    if not (everything := bool(good.all())):
        index, observed, value, quality = index[good], observed[good], value[good], quality[good]
    issued = pa.nulls(len(index), _MOMENT)
    if columns.issued is not None:
        us, absent = columns.issued.us, columns.issued.absent
        issued = pa.array(us, mask=absent) if everything else pa.array(us[good], mask=absent[good])
        issued = issued.cast(_MOMENT)
    arrays = [
        pa.array(index, pa.int32()), pa.array(observed).cast(_MOMENT), pa.array(value), pa.array(quality),
        pa.array(np.full(len(index), now_us, np.int64)).cast(_MOMENT), issued,
    ]  # fmt: skip
    return pa.RecordBatch.from_arrays(arrays, schema=OBSERVATIONS)


def _refused(columns: Columns, verdicts: _Verdicts, intake: Intake) -> pa.Table:
    rows: Rows = np.flatnonzero(verdicts.reason)
    if not len(rows):
        return REFUSED.empty_table()
    which = pa.array(verdicts.reason[rows] - 1)
    reasons = verdicts.reasons
    arrays = [
        pa.array(np.full(len(rows), intake.now_us, np.int64)).cast(_MOMENT),
        pa.array([intake.source], pa.string()).take(pa.array(np.zeros(len(rows), np.int32))),
        pa.array(rows.astype(np.int64)),
        pa.array(columns.streams.text(rows), pa.string()),
        pa.array(columns.observed.text(rows), pa.string()),
        pa.array(columns.numbers.text(rows), pa.string()),
        pa.array([reason.code for reason in reasons]).take(which),
        pa.array([reason.rule for reason in reasons]).take(which),
        pa.array([reason.remedy for reason in reasons]).take(which),
    ]
    return pa.Table.from_arrays(arrays, schema=REFUSED)
