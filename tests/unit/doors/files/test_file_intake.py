"""Files: CSV and Parquet in parts, with what became of their rows."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tocsin.doors.intake.files import intake as file_intake
from tocsin.doors.intake.files.intake import FileIntake, mapping_of
from tocsin.terms.errors import BadForm, Unavailable
from tocsin.terms.moment import to_us
from tocsin.terms.stream import Catalogue, Source, Stream

NOW_US = to_us(datetime(2026, 1, 1, tzinfo=UTC))
CATALOGUE = Catalogue(
    [Source("gauges", "Gauges", "Water")], [Stream("rain", "gauges", "g1", "precipitation", "mm", low=0, high=500)]
)


class Engine:
    """Keeps what it is given, or is down."""

    def __init__(self, *, up: bool = True) -> None:
        self.up = up
        self.batches: list[pa.RecordBatch] = []
        self.refused: list[pa.Table] = []

    def observations(self, batch: pa.RecordBatch, *, source: str, refused: pa.Table | None = None) -> int | None:
        if not self.up:
            raise Unavailable("engine", "does not answer", "start it")
        assert refused is not None
        self.batches.append(batch)
        self.refused.append(refused)
        return len(self.batches) - 1 if batch.num_rows else None


def the_intake(engine: Engine, mapping: Path | None = None) -> FileIntake:
    return FileIntake(engine, CATALOGUE, "gauges", now_us=lambda: NOW_US, mapping=mapping_of(mapping))


def lines(count: int) -> str:
    rows = (f"rain,2025-01-01T{n // 60:02d}:{n % 60:02d}:00Z,{n % 7}" for n in range(count))
    return "\n".join(["stream,observed_at,value", *rows]) + "\n"


def test_a_csv_goes_in_parts_and_reports_progress(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_intake, "PART_ROWS", 40)
    file = tmp_path / "rain.csv"
    file.write_text(lines(100))
    engine = Engine()
    intake, heard = the_intake(engine), []
    intake.take(file, progress=lambda done, total: heard.append((done, total)))
    assert [batch.num_rows for batch in engine.batches] == [40, 40, 20]
    assert heard == [(40, None), (80, None), (100, None)]
    assert (intake.taken.rows, intake.taken.accepted, intake.taken.refused, intake.taken.seq) == (100, 100, 0, 2)


def test_parquet_says_how_much_there_is(tmp_path: Path) -> None:
    file = tmp_path / "rain.parquet"
    times = pa.array([NOW_US - n * 1_000_000 for n in range(10)]).cast(pa.timestamp("us", tz="UTC"))
    pq.write_table(pa.table({"stream": ["rain"] * 10, "observed_at": times, "value": [1.0] * 9 + [None]}), file)
    engine, heard = Engine(), []
    intake = the_intake(engine)
    intake.take(file, progress=lambda done, total: heard.append((done, total)))
    assert heard[-1] == (10, 10)
    assert (intake.taken.accepted, intake.taken.missing) == (10, 1)


def test_bad_rows_are_counted_by_reason_and_handed_over(tmp_path: Path) -> None:
    file = tmp_path / "rain.csv"
    file.write_text(lines(3) + "rain,2025-01-01T00:00:00Z,999\nnobody,2025-01-01T00:00:00Z,1\nrain,when,1\n")
    engine = Engine()
    intake = the_intake(engine)
    intake.take(file)
    assert (intake.taken.accepted, intake.taken.refused, sum(intake.taken.reasons.values())) == (3, 3, 3)
    assert sum(table.num_rows for table in engine.refused) == 3


def test_a_mapping_names_the_columns(tmp_path: Path) -> None:
    file, mapping = tmp_path / "雨量.csv", tmp_path / "mapping.toml"
    file.write_bytes("站点,时间,雨量\nrain,2025-01-01T08:00:00,2.5\n".encode("gb18030"))
    mapping.write_text('stream = "站点"\nobserved_at = "时间"\nvalue = "雨量"\nzone = "Asia/Shanghai"\n')
    engine = Engine()
    the_intake(engine, mapping).take(file)
    assert engine.batches[0].column("value").to_pylist() == [2.5]
    assert engine.batches[0].column("observed_at")[0].as_py() == datetime(2025, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(("name", "content"), [("a.xlsx", b"PK"), ("a.parquet", b"PAR1 no"), ("a.csv", b"\x00\x01")])
def test_other_files_are_refused(tmp_path: Path, name: str, content: bytes) -> None:
    file = tmp_path / name
    file.write_bytes(content)
    with pytest.raises(BadForm):
        the_intake(Engine()).take(file)


def test_an_engine_that_is_down_is_said(tmp_path: Path) -> None:
    file = tmp_path / "rain.csv"
    file.write_text(lines(3))
    with pytest.raises(Unavailable):
        the_intake(Engine(up=False)).take(file)
