"""Arrow, CSV and Parquet deliveries give what JSON columns give, and name what is wrong with them."""

from __future__ import annotations

import io
import json
import math
from contextlib import suppress

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.formats.conftest import CATALOGUE, NOW, NOW_US, codes

from tocsin.formats import (
    ColumnMapping,
    Intake,
    csv_parts,
    parquet_parts,
    read_arrow,
    read_columns_json,
    read_csv,
    read_mapping,
    read_parquet,
)
from tocsin.terms.errors import BadForm, BadTime, TooBig

MOMENT = pa.timestamp("us", tz="UTC")


def table(stream=("rain-1", "temp-1"), value=(1.5, None), observed_at=(NOW_US, NOW_US), **more):
    columns = {
        "stream": pa.array(stream),
        "observed_at": pa.array(observed_at).cast(MOMENT),
        "value": pa.array(value, pa.float64()),
    }
    return pa.table(columns | more)


def ipc(data, *, file=False, compression=None):
    sink = io.BytesIO()
    options = pa.ipc.IpcWriteOptions(compression=compression)
    with (pa.ipc.new_file if file else pa.ipc.new_stream)(sink, data.schema, options=options) as writer:
        writer.write_table(data)
    return sink.getvalue()


def parquet(data, **options):
    sink = io.BytesIO()
    pq.write_table(data, sink, **options)
    return sink.getvalue()


# -------------------------------------------------------------------- agreement
WORDS = st.sampled_from(["rain-1", "temp-1", "stage-1", "雨-2", "nowhere", ""])
VALUES = st.one_of(st.floats(), st.none())
ROWS = st.lists(
    st.tuples(WORDS, st.integers(10**15, NOW_US + 10**9), VALUES, st.sampled_from(["mm", "cm", "[degF]", "x", None])),
    max_size=20,
)


@settings(max_examples=40, deadline=None)
@given(ROWS)
def test_every_form_is_judged_alike(rows):
    intake = Intake(CATALOGUE, "met", NOW_US)
    stream, at, value, unit = ([row[place] for row in rows] for place in range(4))
    data = table(pa.array(stream, pa.string()), value, pa.array(at, pa.int64()), unit=pa.array(unit, pa.string()))
    encoded = data.set_column(0, "stream", data["stream"].dictionary_encode()).set_column(
        3, "unit", data["unit"].dictionary_encode()
    )
    words = data["stream"].combine_chunks().dictionary_encode()
    as_polars_writes_it = pa.DictionaryArray.from_arrays(words.indices.cast(pa.uint32()), words.dictionary)
    unsigned = data.set_column(0, "stream", as_polars_writes_it)
    reference = read_columns_json(
        json.dumps({"stream": stream, "observed_at": at, "value": value, "unit": unit}).encode(), intake
    )
    lines = ["stream,observed_at,value,unit"]
    for a, b, c, d in rows:
        lines.append(f"{a},{pa.scalar(b, MOMENT).as_py().isoformat()},{'' if c is None else repr(c)},{d or ''}")
    text = "\n".join(lines).encode()
    for parsed in (
        read_arrow(ipc(data), intake),
        read_arrow(ipc(encoded, compression="zstd"), intake),
        read_arrow(ipc(unsigned), intake),
        read_arrow(ipc(data, file=True, compression="lz4"), intake),
        read_parquet(parquet(data), intake),
        read_parquet(parquet(encoded), intake),
        read_csv(text, intake),
        read_csv(b"\xef\xbb\xbf" + text.replace(b"\n", b"\r\n"), intake),
    ):
        assert (parsed.rows, parsed.missing) == (reference.rows, reference.missing)
        assert codes(parsed) == codes(reference)
        for name in ("stream", "observed_at", "quality"):
            assert parsed.batch[name].equals(reference.batch[name])
        np.testing.assert_array_equal(parsed.batch["value"].to_numpy(), reference.batch["value"].to_numpy())


# -------------------------------------------------------------------- Arrow
def test_arrow_takes_indices_other_clocks_and_other_numbers(intake):
    data = pa.table(
        {
            "stream": pa.array([0, 1, 99], pa.uint16()),
            "observed_at": pa.array([NOW_US // 1_000_000] * 3).cast(pa.timestamp("s", tz="Asia/Shanghai")),
            "value": pa.array([1, 2, 3], pa.int8()),
        }
    )
    parsed = read_arrow(ipc(data), intake)
    assert parsed.batch["observed_at"].cast("int64").to_pylist() == [NOW_US] * 2
    assert parsed.batch["value"].to_pylist() == [1, 2]
    assert codes(parsed) == [(2, "unknown_name")]


def test_arrow_times_without_zone_are_refused(intake):
    data = table().set_column(1, "observed_at", pa.array([NOW_US] * 2).cast(pa.timestamp("us")))
    assert codes(read_arrow(ipc(data), intake)) == [(0, "bad_time"), (1, "bad_time")]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (table().set_column(2, "value", pa.array([True, False])), "values cannot be of type bool"),
        (table().set_column(1, "observed_at", pa.array([1.0, 2.0])), "times cannot be of type double"),
        (table().set_column(0, "stream", pa.array([1.0, 2.0])), "holds double, not text"),
        (table(extra=pa.array([1, 2])), "column extra: it is not known"),
        (table().append_column("value", pa.array([1.0, 2.0])), "column value: it comes twice"),
        (table().drop_columns("value"), "column value: it is missing"),
        (table().drop_columns("stream"), "neither stream nor feature"),
        (table(unit=pa.array([1, 2])), "column unit"),
    ],
)
def test_arrow_of_wrong_columns(intake, data, words):
    with pytest.raises(BadForm) as caught:
        read_arrow(ipc(data), intake)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    "raw", [b"", b"ARROW1", b"{}", b"\xff" * 8, b"\xff\xff\xff\xff\x10\x00\x00\x00" + b"\0" * 16, b"\xff" * 500]
)
def test_bytes_that_are_no_arrow(intake, raw):
    with pytest.raises(BadForm):
        read_arrow(raw, intake)


@pytest.mark.parametrize("compression", [None, "zstd"])
def test_arrow_cut_at_any_byte_is_refused_or_empty(intake, compression):
    raw = ipc(table(stream=pa.array(["rain-1", "temp-1"]).dictionary_encode()), compression=compression)
    for size in range(len(raw) - 8):  # the last eight bytes only say "end"
        with suppress(BadForm):
            assert read_arrow(raw[:size], intake).rows == 0


@given(st.data())
def test_arrow_with_flipped_bytes_never_crashes(data):
    raw = bytearray(
        ipc(
            table(stream=pa.array(["rain-1", "temp-1"]).dictionary_encode()),
            compression=data.draw(st.sampled_from([None, "zstd"])),
        )
    )
    for _ in range(data.draw(st.integers(1, 4))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    with suppress(BadForm, TooBig):
        read_arrow(bytes(raw), Intake(CATALOGUE, "met", NOW_US))


def test_a_small_body_that_unpacks_to_gigabytes_is_refused_before_it_does(intake):
    zeros = pa.array(np.zeros(40_000_000))
    bomb = pa.table(
        {"stream": pa.nulls(len(zeros), pa.string()), "observed_at": zeros.cast(pa.int64()), "value": zeros}
    )
    raw = ipc(bomb, compression="zstd")
    assert len(raw) < 1 << 20
    before = pa.total_allocated_bytes()
    peak_before = pa.default_memory_pool().max_memory()
    with pytest.raises(TooBig, match="unpacks to over"):
        read_arrow(raw, intake)
    assert pa.total_allocated_bytes() == before
    assert pa.default_memory_pool().max_memory() == peak_before


def test_arrow_over_the_row_limit(intake):
    data = table(stream=["rain-1"] * 3, value=[1.0] * 3, observed_at=[NOW_US] * 3)
    with pytest.raises(TooBig):
        read_arrow(ipc(data), Intake(CATALOGUE, "met", NOW_US, max_rows=2))


# -------------------------------------------------------------------- CSV
OFFICE = """站号,要素,时间,数值,单位
站点二,雨量,2026/7/20 15:30,12.5,毫米
站点二,雨量,2026/7/20 16:00,,毫米
站点二,风,2026/7/20 16:00,3,米/秒
站点二,雨量,昨天,1,毫米
"""
OFFICE_MAPPING = ColumnMapping(
    feature="站号", property="要素", observed_at="时间", value="数值", unit="单位", zone="Asia/Shanghai",
    time_format="%Y/%m/%d %H:%M", properties={"雨量": "precipitation"}, units={"毫米": "mm", "米/秒": "m/s"},
)  # fmt: skip


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030"])
@pytest.mark.parametrize("named", [True, False])
def test_a_file_as_an_office_has_it(intake, encoding, named):
    mapping = ColumnMapping(**{**{name: getattr(OFFICE_MAPPING, name) for name in OFFICE_MAPPING.__struct_fields__},
                               "encoding": encoding if named else ""})  # fmt: skip
    parsed = read_csv(OFFICE.encode(encoding), intake, mapping)
    assert parsed.batch["stream"].to_pylist() == [4, 4]
    assert parsed.batch["observed_at"].cast("int64").to_pylist() == [NOW_US - 1_800_000_000, NOW_US]
    assert parsed.missing == 1
    assert codes(parsed) == [(2, "unknown_name"), (3, "bad_time")]
    assert parsed.refused["stream"].to_pylist() == ["站点二/风", "站点二/precipitation"]
    assert parsed.refused["observed_at"].to_pylist() == ["2026/7/20 16:00", "昨天"]


def test_naive_times_need_the_zone(intake):
    raw = b"stream,observed_at,value\nrain-1,2026-07-20 15:00:00,1\nrain-1,2026-07-20T07:00:00Z,2\n"
    assert codes(read_csv(raw, intake)) == [(0, "bad_time")]
    parsed = read_csv(raw, intake, ColumnMapping(stream="stream", zone="Asia/Shanghai"))
    assert parsed.batch["observed_at"].cast("int64").to_pylist() == [NOW_US - 3_600_000_000] * 2
    with pytest.raises(BadTime, match="Asia/Shangai"):
        read_csv(raw, intake, ColumnMapping(stream="stream", zone="Asia/Shangai"))


def test_local_times_that_come_twice_or_never_are_refused(intake):
    raw = b"""stream,observed_at,value
rain-1,2025-03-30 02:30,1
rain-1,2025-10-26 02:30,1
rain-1,2025-10-26 03:00,1
rain-1,2025-10-26 01:59:59.5,1
"""
    parsed = read_csv(raw, intake, ColumnMapping(stream="stream", zone="Europe/Berlin"))
    assert codes(parsed) == [(0, "bad_time"), (1, "bad_time")]
    assert "twice or never" in parsed.refused["rule"][0].as_py()
    assert [each.isoformat()[:22] for each in parsed.batch["observed_at"].to_pylist()] == [
        "2025-10-26T02:00:00+00",
        "2025-10-25T23:59:59.50",
    ]


def test_a_wide_file_has_one_column_a_property(intake):
    lines = [
        "站,at,rain,t",
        "gauge 1,2026-07-20T07:00Z,1,20",
        "gauge 1,2026-07-20T07:30Z,x,",
        "nowhere,2026-07-20T07:30Z,1,2",
    ]
    raw = "\n".join(lines).encode()
    mapping = ColumnMapping(feature="站", observed_at="at", values={"rain": "precipitation", "t": "air_temperature"})
    parsed = read_csv(raw, intake, mapping)
    assert (parsed.rows, parsed.missing) == (6, 1)
    assert parsed.batch["stream"].to_pylist() == [0, 1, 1]
    assert parsed.refused["value"].to_pylist() == ["x", "1", "2"]
    assert parsed.refused["stream"].to_pylist() == [
        "gauge 1/precipitation",
        "nowhere/precipitation",
        "nowhere/air_temperature",
    ]


def test_lines_with_other_columns_are_set_aside(intake):
    raw = b"""stream,observed_at,value
rain-1,2026-07-20T07:00:00Z,1
rain-1,2026-07-20T07:01:00Z
rain-1,2026-07-20T07:02:00Z,2,3,4
rain-1,2026-07-20T07:03:00Z,+.5e1
"""
    parsed = read_csv(raw, intake)
    assert parsed.batch["value"].to_pylist() == [1, 5]
    assert parsed.rows == 4
    assert codes(parsed) == [(1, "bad_form"), (2, "bad_form")]
    assert "2 columns, the headers 3" in parsed.refused["rule"][0].as_py()
    assert parsed.refused["value"][1].as_py() == "rain-1,2026-07-20T07:02:00Z,2,3,4"


@pytest.mark.parametrize(
    ("text", "code"),
    [("nan", "bad_value"), ("-inf", "bad_value"), ("1,5", "bad_value"), ("0x10", "bad_value"), ("1e400", "bad_value"),
     ("NA", None), ("", None), (" 7 ", None), ("+3", None)],
)  # fmt: skip
def test_words_for_values(intake, text, code):
    parsed = read_csv(f'stream,observed_at,value\nrain-1,{NOW},"{text}"\n'.encode(), intake)
    assert [each for _, each in codes(parsed)] == ([code] if code else [])


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"", "first line is empty"),
        (b"\n\n", "first line is empty"),
        (b"stream,observed_at,wert\n", "column value: it is missing"),
        (b"stream,observed_at,value,value\n", "column value: it comes twice"),
        (b"a,b,c\n1,2,3\n", "neither stream nor feature"),
        (b"\xff\xfe\x00", "no text"),
        (b"stream,observed_at,value\n\x80\x80\xff\n", "no text"),
        (b"PAR1\x00\x00", "no text"),
    ],
)
def test_files_that_are_no_csv(intake, raw, words):
    with pytest.raises(BadForm) as caught:
        read_csv(raw, intake)
    assert words in str(caught.value)


def test_an_empty_csv_and_spare_columns(intake):
    assert read_csv(b"stream,observed_at,value,,\n", intake).rows == 0
    assert read_csv(f"stream,observed_at,value,,\nrain-1,{NOW},1,,\n".encode(), intake).batch.num_rows == 1


@given(st.binary(max_size=120))
def test_any_bytes_as_csv_are_refused_or_read(raw):
    intake = Intake(CATALOGUE, "met", NOW_US)
    for data in (raw, b"stream,observed_at,value\n" + raw):
        try:
            parsed = read_csv(data, intake)
            assert parsed.rows == parsed.batch.num_rows + parsed.refused.num_rows
        except BadForm:
            pass


# -------------------------------------------------------------------- in parts
def test_parts_add_up(intake):
    count = 25
    data = table(
        stream=["rain-1"] * count,
        value=[float(i) for i in range(count)],
        observed_at=[NOW_US - i for i in range(count)],
    )
    raw = "stream,observed_at,value\n" + "".join(f"rain-1,{NOW},{i}\n" for i in range(count))
    for parts in (
        parquet_parts(pa.py_buffer(parquet(data)), intake, rows=10),
        csv_parts(raw.encode(), intake, rows=10),
    ):
        batches = [part.batch for part in parts]
        assert [batch.num_rows for batch in batches] == [10, 10, 5]
        assert pa.Table.from_batches(batches)["value"].to_pylist() == [float(i) for i in range(count)]


# -------------------------------------------------------------------- Parquet
def test_parquet_by_feature_with_dictionaries(intake):
    data = pa.table(
        {
            "station": pa.array(["gauge 1", "站点二", "gauge 1", None]).dictionary_encode(),
            "property": pa.array(
                ["precipitation", "precipitation", "air_temperature", "precipitation"]
            ).dictionary_encode(),
            "observed_at": pa.array([NOW_US] * 4).cast(MOMENT).cast(pa.timestamp("ns", tz="UTC")),
            "value": pa.array([1.0, math.nan, None, 1.0], pa.float32()),
            "unit": pa.array(["mm", "mm", "Cel", "mm"]).dictionary_encode(),
            "not asked for": pa.array([1, 2, 3, 4]),
        }
    )
    parsed = read_parquet(parquet(data), intake, ColumnMapping(feature="station", property="property", unit="unit"))
    assert parsed.batch["stream"].to_pylist() == [0, 1]
    assert parsed.missing == 1
    assert codes(parsed) == [(1, "bad_value"), (3, "unknown_name")]


@pytest.mark.parametrize("raw", [b"", b"PAR1", b"PAR1" + b"\0" * 100 + b"PAR1", b"x" * 1000])
def test_bytes_that_are_no_parquet(intake, raw):
    with pytest.raises(BadForm, match="no whole Parquet file"):
        read_parquet(raw, intake)


def test_parquet_cut_short(intake):
    raw = parquet(table())
    for size in range(0, len(raw), 7):
        with pytest.raises(BadForm):
            read_parquet(raw[:size], intake)


@given(st.data())
def test_parquet_with_flipped_bytes_never_crashes(data):
    raw = bytearray(parquet(table()))
    raw[data.draw(st.integers(0, len(raw) - 1))] ^= data.draw(st.integers(1, 255))
    with suppress(BadForm, TooBig):
        read_parquet(bytes(raw), Intake(CATALOGUE, "met", NOW_US))


# -------------------------------------------------------------------- the mapping
def test_a_mapping_from_toml():
    mapping = read_mapping(
        'feature = "站"\nproperty_name = "rain"\nzone = "Asia/Shanghai"\nunits = { "毫米" = "mm" }\n'.encode()
    )
    assert (mapping.feature, mapping.property_name, mapping.zone, mapping.units) == (
        "站",
        "rain",
        "Asia/Shanghai",
        {"毫米": "mm"},
    )


@pytest.mark.parametrize("raw", [b"stream = 5", b"strem = 'x'", b"[", b"\xff", b"", b"feature = 'x'",
                                 b"stream = 'a'\nfeature = 'b'",
                                 b"stream = 'a'\ndelimiter = ''"])  # fmt: skip
def test_a_mapping_that_says_too_little_or_too_much(raw):
    with pytest.raises(BadForm):
        read_mapping(raw)
