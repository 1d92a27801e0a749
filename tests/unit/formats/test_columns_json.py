"""JSON columns: what is taken, what is refused, and agreement with a slow reading of the same rules."""

from __future__ import annotations

import json
import math
from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.formats.conftest import CATALOGUE, NOW, NOW_US, codes

from tocsin.formats import Intake, read_columns_json
from tocsin.formats.arrow import OBSERVATIONS
from tocsin.terms.errors import BadForm, TooBig, UnknownName
from tocsin.terms.moment import iso, to_us
from tocsin.terms.observation import Quality
from tocsin.terms.stream import Catalogue


def body(**columns):
    return json.dumps(columns).encode()


def one(intake, value=1.0, stream="rain-1", observed_at=NOW, **more):
    more = {key: [given] if key == "issued_at" else given for key, given in more.items()}
    return read_columns_json(body(stream=[stream], observed_at=[observed_at], value=[value], **more), intake)


def test_a_good_body(intake):
    parsed = read_columns_json(
        body(
            stream=["rain-1", 1, "雨-2"],
            observed_at=[NOW, NOW_US - 1, "2026-07-20T16:00:00.123456+08:00"],
            value=[1, None, 2.5],
        ),
        intake,
    )
    assert parsed.batch.schema == OBSERVATIONS
    assert (parsed.rows, parsed.missing, parsed.refused.num_rows) == (3, 1, 0)
    assert parsed.batch["stream"].to_pylist() == [0, 1, 4]
    assert parsed.batch["observed_at"].cast("int64").to_pylist() == [NOW_US, NOW_US - 1, NOW_US + 123456]
    assert parsed.batch["quality"].to_pylist() == [Quality.GOOD, Quality.MISSING, Quality.GOOD]
    values = parsed.batch["value"].to_pylist()
    assert values[::2] == [1, 2.5]
    assert math.isnan(values[1])
    assert set(parsed.batch["received_at"].cast("int64").to_pylist()) == {NOW_US}
    assert parsed.batch["issued_at"].null_count == 3


def test_an_empty_body_is_no_error(intake):
    parsed = read_columns_json(body(stream=[], observed_at=[], value=[], unit="mm"), intake)
    assert (parsed.rows, parsed.batch.num_rows, parsed.refused.num_rows) == (0, 0, 0)


# -------------------------------------------------------------------- single rows
@pytest.mark.parametrize(
    ("row", "code", "words"),
    [
        ({"stream": "rain-9"}, "unknown_name", "did you mean rain-1?"),
        ({"stream": 5}, "unknown_name", "'5' is not in the catalogue"),
        ({"stream": -1}, "unknown_name", "'-1'"),
        ({"stream": 10**30}, "unknown_name", "not in the catalogue"),
        ({"stream": True}, "unknown_name", "'true'"),
        ({"stream": None}, "unknown_name", "''"),
        ({"stream": ["rain-1"]}, "unknown_name", "not in the catalogue"),
        ({"stream": "stage-1"}, "not_allowed", "belongs to source river, not to met"),
        ({"stream": 2}, "not_allowed", "stage-1"),
        ({"value": math.nan}, "bad_value", "NaN or infinite"),
        ({"value": math.inf}, "bad_value", "NaN or infinite"),
        ({"value": -math.inf}, "bad_value", "NaN or infinite"),
        ({"value": 10**400}, "bad_value", "NaN or infinite"),
        ({"value": "wet"}, "bad_value", "no number"),
        ({"value": "1.5"}, "bad_value", "no number"),
        ({"value": True}, "bad_value", "no number"),
        ({"value": []}, "bad_value", "no number"),
        ({"value": 501}, "bad_value", "0 to 500 mm of stream rain-1"),
        ({"value": -0.1}, "bad_value", "0 to 500 mm"),
        ({"value": 51, "unit": "cm"}, "bad_value", "0 to 500 mm"),
        ({"unit": "milimeter"}, "bad_unit", "did you mean 'mm'"),
        ({"unit": "Cel"}, "bad_unit", "'Cel' does not convert to 'mm'"),
        ({"observed_at": "2026-07-20T08:00:00"}, "bad_time", "no zone"),
        ({"observed_at": "2026-07-20"}, "bad_time", "no zone"),
        ({"observed_at": "20 July"}, "bad_time", "cannot be read"),
        ({"observed_at": "2026-02-30T08:00:00Z"}, "bad_time", "cannot be read"),
        ({"observed_at": "2025-02-29T08:00:00Z"}, "bad_time", "cannot be read"),
        ({"observed_at": "2026-07-20T08:00:60Z"}, "bad_time", "cannot be read"),
        ({"observed_at": "2026-07-20T08:00:00+25:00"}, "bad_time", "cannot be read"),
        ({"observed_at": None}, "bad_time", "has no time"),
        ({"observed_at": ""}, "bad_time", "has no time"),
        ({"observed_at": 1.5}, "bad_time", "cannot be read"),
        ({"observed_at": True}, "bad_time", "cannot be read"),
        ({"observed_at": 10**30}, "bad_time", "cannot be read"),
        ({"observed_at": NOW_US // 1000}, "bad_time", "seconds or milliseconds"),
        ({"observed_at": NOW_US // 1_000_000}, "bad_time", "seconds or milliseconds"),
        ({"observed_at": NOW_US + 300_000_001}, "bad_time", "more than 300 s ahead"),
        ({"observed_at": "2999-01-01T00:00:00Z"}, "bad_time", "more than 300 s ahead"),
        ({"stream": "rain-1-ahead"}, "bad_time", "without its time of issue"),
        ({"stream": "rain-1-ahead", "issued_at": None}, "bad_time", "without its time of issue"),
        ({"stream": "rain-1-ahead", "issued_at": "soon"}, "bad_time", "cannot be read"),
        ({"stream": "rain-1-ahead", "issued_at": "2026-07-21T08:00:00Z"}, "bad_time", "issued_at is more than"),
        ({"issued_at": NOW}, "bad_time", "holds no forecasts"),
    ],
)
def test_a_bad_row_is_refused_with_its_reason_and_the_rest_is_kept(intake, row, code, words):
    alone = one(intake, **row)
    assert codes(alone) == [(0, code)]
    (told,) = alone.refused.select(["rule", "remedy"]).to_pylist()
    assert words in f"{told['rule']}. {told['remedy']}"
    columns = {"stream": ["雨-2", row.get("stream", "rain-1"), 0],
               "observed_at": [NOW, row.get("observed_at", NOW), NOW],
               "value": [1, row.get("value", 1.0), None]}  # fmt: skip
    for key, neutral in (("unit", None), ("issued_at", None)):
        if key in row:
            columns[key] = [neutral, row[key], neutral]
    among = read_columns_json(body(**columns), intake)
    assert codes(among) == [(1, code)]
    assert (among.rows, among.missing, among.batch["stream"].to_pylist()) == (3, 1, [4, 0])


def test_refused_rows_keep_the_words_that_were_sent(intake):
    parsed = one(intake, value="wet", stream="rain-x", observed_at="soon")
    row = parsed.refused.to_pylist()[0]
    assert (row["stream"], row["observed_at"], row["value"], row["source"]) == ("rain-x", "soon", "wet", "met")
    assert to_us(row["received_at"]) == NOW_US


def test_half_a_surrogate_pair_is_no_crash(intake):
    raw = b'{"stream": ["\\ud800"], "observed_at": ["\\udfff"], "value": ["\\ud800"]}'
    try:
        parsed = read_columns_json(raw, intake)
    except BadForm:
        return
    assert codes(parsed) == [(0, "unknown_name")]


def test_units_convert_by_row(intake):
    parsed = read_columns_json(
        body(
            stream=["rain-1", "temp-1", "rain-1"],
            observed_at=[NOW] * 3,
            value=[1.5, 104, 7],
            unit=["cm", "[degF]", None],
        ),
        intake,
    )
    assert parsed.batch["value"].to_pylist() == pytest.approx([15, 40, 7])


def test_a_forecast_carries_both_times(intake):
    parsed = one(intake, stream="rain-1-ahead", observed_at="2026-07-22T00:00:00Z", issued_at="2026-07-20T06:00:00Z")
    assert parsed.batch["observed_at"][0].as_py() == datetime(2026, 7, 22, tzinfo=UTC)
    assert parsed.batch["issued_at"][0].as_py() == datetime(2026, 7, 20, 6, tzinfo=UTC)


@pytest.mark.parametrize("text", ["2026-07-20t08:00:00z", "2026-07-20 08:00:00Z", "2026-07-20T08:00:00.000000999Z",
                                  "2026-07-20T13:30:00+0530", " 2026-07-20T08:00Z "])  # fmt: skip
def test_readable_spellings_of_one_moment(intake, text):
    parsed = one(intake, observed_at=text)
    assert parsed.batch["observed_at"].cast("int64").to_pylist() == [NOW_US]


# -------------------------------------------------------------------- whole bodies
@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"", "truncated"),
        (b"{", "truncated"),
        (b'{"stream": ["a"', "truncated"),
        (b"\xff\xfe{}", "malformed"),
        (b"[]", "Expected `object`"),
        (b'{"stream": [], "value": []}', "missing required field `observed_at`"),
        (b'{"stream": "a", "observed_at": [], "value": []}', "Expected `array`"),
        (b'{"stream": [], "observed_at": [], "value": [], "valeu": []}', "unknown field `valeu`"),
        (b'{"stream": [0, 0], "observed_at": [1], "value": [1, 2]}', "stream 2, observed_at 1, value 2"),
        (b'{"stream": [0], "observed_at": [1], "value": [1], "unit": []}', "unit 0"),
        (b'{"stream": [0], "observed_at": [1], "value": [1], "unit": [5]}', "neither text nor null"),
        (b'{"stream": [0], "observed_at": [1], "value": [1], "value": [2]}', "column value comes twice"),
        (b'{"stream": [0], "observed_at": [1], "value": ' + b"[" * 100_000, "deep"),
        (b'{"stream": [0], "observed_at": [1], "value": [NaN', "malformed"),
    ],
)
def test_a_body_that_cannot_be_read(intake, raw, words):
    with pytest.raises(BadForm) as caught:
        read_columns_json(raw, intake)
    assert words in str(caught.value)
    assert caught.value.remedy


def test_a_stream_named_like_a_column_is_no_column(intake):
    assert codes(one(intake, stream="value")) == [(0, "unknown_name")]


def test_limits(intake):
    small = Intake(CATALOGUE, "met", NOW_US, max_rows=2, max_bytes=200)
    with pytest.raises(TooBig, match="3 rows; at most 2"):
        read_columns_json(body(stream=[0] * 3, observed_at=[NOW_US] * 3, value=[1] * 3), small)
    with pytest.raises(TooBig, match="at most 200"):
        read_columns_json(b" " * 201, small)


def test_a_source_that_nobody_registered():
    with pytest.raises(UnknownName, match="source ghost"):
        one(Intake(CATALOGUE, "ghost", NOW_US))


def test_an_empty_catalogue_knows_no_stream():
    empty = Catalogue(CATALOGUE.sources.values())
    parsed = read_columns_json(
        body(stream=["a", 0], observed_at=[NOW] * 2, value=[1, 2], unit="mm"), Intake(empty, "met", NOW_US)
    )
    assert codes(parsed) == [(0, "unknown_name"), (1, "unknown_name")]


# -------------------------------------------------------------------- against the slow twin
STREAMS = st.sampled_from(["rain-1", "temp-1", "stage-1", "rain-1-ahead", "雨-2", "nowhere", 0, 1, 2, 4, 9, -3, None])
TIMES = st.sampled_from([NOW, "2026-07-20T08:04:59+00:00", "2026-07-20T09:00:00Z", "2020-02-29T00:00:00Z",
                         "2021-02-29T00:00:00Z", "2026-07-20T08:00:00", "nonsense", None,
                         NOW_US, NOW_US + 10**9, 5, 2.5])  # fmt: skip
VALUES = st.one_of(st.floats(allow_nan=True), st.integers(-700, 700), st.none(), st.sampled_from(["wet", True]))
UNITS = st.sampled_from(["mm", "cm", "Cel", "[degF]", "nonsense", None])
ROWS = st.lists(st.tuples(STREAMS, TIMES, VALUES, UNITS), max_size=30)


def slow(stream, observed_at, value, unit):
    """The code by which a row is refused, or (index, us, value), one rule after the other."""
    known = {each.id: index for index, each in enumerate(CATALOGUE)} | {i: i for i in range(len(CATALOGUE))}
    if stream not in known:
        return "unknown_name"
    index = known[stream]
    declared = CATALOGUE.streams[index]
    if declared.source != "met":
        return "not_allowed"
    try:
        if isinstance(observed_at, int) and observed_at > 10**14:
            us = observed_at
        else:
            us = to_us(datetime.fromisoformat(observed_at))
    except (TypeError, ValueError):
        return "bad_time"
    if declared.forecast or us > NOW_US + 300_000_000:
        return "bad_time"
    if value is None:
        number = math.nan
    elif isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return "bad_value"
    else:
        number = float(value)
    to_own = {("mm", "mm"): lambda v: v, ("cm", "mm"): lambda v: v * 10, ("Cel", "Cel"): lambda v: v,
              ("[degF]", "Cel"): lambda v: (v - 32) / 1.8}  # fmt: skip
    if unit is not None:
        if (unit, declared.unit) not in to_own:
            return "bad_unit"
        number = to_own[unit, declared.unit](number)
    if number < declared.low or number > declared.high or math.isinf(number):
        return "bad_value"
    return index, us, number


@given(ROWS)
def test_judging_columns_equals_judging_rows(rows):
    stream, observed_at, value, unit = ([row[place] for row in rows] for place in range(4))
    parsed = read_columns_json(
        body(stream=stream, observed_at=observed_at, value=value, unit=unit), Intake(CATALOGUE, "met", NOW_US)
    )
    expected = [slow(*row) for row in rows]
    assert codes(parsed) == [(place, each) for place, each in enumerate(expected) if isinstance(each, str)]
    taken = [each for each in expected if not isinstance(each, str)]
    assert parsed.rows == len(rows) == parsed.batch.num_rows + parsed.refused.num_rows
    assert parsed.batch["stream"].to_pylist() == [each[0] for each in taken]
    assert parsed.batch["observed_at"].cast("int64").to_pylist() == [each[1] for each in taken]
    assert parsed.batch["value"].to_pylist() == pytest.approx([each[2] for each in taken], nan_ok=True, abs=1e-9)
    assert parsed.missing == sum(math.isnan(each[2]) for each in taken)


@given(st.lists(st.one_of(st.integers(-62_000_000_000_000_000, -(10**14)), st.integers(10**14, NOW_US)), max_size=20))
def test_a_moment_means_the_same_as_text_and_as_number(moments):
    intake = Intake(CATALOGUE, "met", NOW_US)
    count = len(moments)
    both = [
        read_columns_json(body(stream=[0] * count, observed_at=column, value=[1] * count), intake).batch["observed_at"]
        for column in (moments, [iso(us) for us in moments])
    ]
    assert both[0].equals(both[1])
    assert both[0].cast("int64").to_pylist() == moments


@given(st.binary(max_size=200))
def test_any_bytes_are_refused_or_read(raw):
    with suppress(BadForm):
        read_columns_json(raw, Intake(CATALOGUE, "met", NOW_US))
