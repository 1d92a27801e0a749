"""Quarantine: refused rows, kept as sent with the reason, for inspection."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType

import pyarrow as pa
import pyarrow.compute as pc

from tocsin.formats.refused import REFUSED
from tocsin.loop.observe.log.reader import LogDamaged, LogReader
from tocsin.loop.observe.log.segments import Entry, SegmentLog
from tocsin.terms.errors import BadForm
from tocsin.terms.record import RecordKind

__all__ = ["Quarantine", "read_quarantine"]

_DAY_US = 86_400_000_000


class Quarantine:
    """Append-only files of refused rows, at least one a UTC day; the same frames, lock and recovery as the log."""

    def __init__(self, log: SegmentLog) -> None:
        self._log = log

    @classmethod
    def open(cls, root: Path) -> Quarantine:
        """Open or create for appending. Raises Unavailable where another process has it open."""
        return cls(SegmentLog.open(root, schema=REFUSED))

    @property
    def log(self) -> SegmentLog:
        """The segments behind it (``recovered``, ``damaged``, ``drop_before``)."""
        return self._log

    def append(self, refusals: pa.Table) -> None:
        """Keep refused rows (``formats.refused.REFUSED``); durable on return. Raises BadForm, Unavailable."""
        if not refusals.schema.equals(REFUSED):
            raise BadForm("refused rows", "columns are not those of the quarantine", "use Parsed.refused as it is")
        if refusals.num_rows == 0:
            return
        at_us = int(pc.max(refusals["received_at"]).cast(pa.int64()).as_py())
        if self._log.last_at_us is not None and self._log.last_at_us // _DAY_US != at_us // _DAY_US:
            self._log.seal()
        batches = refusals.combine_chunks().to_batches()
        self._log.append([Entry(RecordKind.OBSERVATIONS, at_us, batch) for batch in batches])

    def read(self, since_us: int | None = None) -> pa.Table:
        """Refused rows received at or after ``since_us``, oldest first; what fails its check is left out
        (``read_quarantine`` names it)."""
        return _since(self._log.reader(), since_us)

    def close(self) -> None:
        """Let go of the files."""
        self._log.close()

    def __enter__(self) -> Quarantine:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def read_quarantine(root: Path, since_us: int | None = None) -> tuple[pa.Table, list[LogDamaged]]:
    """The same without opening for appending: for doors, beside the process that appends. With what was unreadable."""
    reader = LogReader(root, schema=REFUSED)
    return _since(reader, since_us), reader.damaged


def _since(reader: LogReader, since_us: int | None) -> pa.Table:
    first = reader.first_seq if since_us is None else reader.seq_before(since_us)
    batches = [record.batch for record in reader.read(first, skip_damaged=True)]
    table = pa.Table.from_batches([batch for batch in batches if batch is not None], REFUSED)
    if since_us is None:
        return table
    return table.filter(pc.greater_equal(table["received_at"], pa.scalar(since_us, REFUSED.field("received_at").type)))
