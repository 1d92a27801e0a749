"""Sources and streams from files and bodies; every fault names the entry and the remedy."""

from __future__ import annotations

import json
import math
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.formats.catalogue import catalogue_body, read_catalogue, read_catalogue_body, read_catalogue_file
from tocsin.terms.errors import BadForm, BadTime, BadUnit, BadValue, Refused
from tocsin.terms.stream import Source, Stream

NAMES = st.text(st.characters(codec="utf-8", categories=["L", "N"]), min_size=1, max_size=8)
NUMBERS = st.floats(-1e6, 1e6)
SOURCES = st.builds(
    Source, NAMES, NAMES, NAMES, lateness_s=st.floats(0, 1e6), delay_s=st.floats(0, 1e6), synthetic=st.booleans()
)
STREAMS = st.builds(
    Stream, NAMES, NAMES, NAMES, NAMES, st.sampled_from(["mm", "Cel", "m3/s"]),
    lon=st.floats(-180, 180), lat=st.floats(-90, 90),
    cell=NAMES, jurisdiction=NAMES, zone=st.sampled_from(["UTC", "Asia/Shanghai"]),
    low=st.one_of(st.just(-math.inf), st.floats(-1e6, -1)),
    high=st.one_of(st.just(math.inf), st.floats(0, 1e6)), cadence_s=st.floats(0, 1e6), forecast=st.booleans(),
    stages=st.dictionaries(NAMES, NUMBERS, max_size=3), labels=st.dictionaries(NAMES, NAMES, max_size=3),
)  # fmt: skip


def unique(entries):
    return st.lists(entries, max_size=5, unique_by=lambda entry: entry.id)


@given(unique(SOURCES), unique(STREAMS))
def test_a_body_comes_back_as_it_was(sources, streams):
    assert read_catalogue_body(catalogue_body(sources, streams)) == (sources, streams)


def test_a_stream_without_place_or_range_comes_back():
    (stream,) = read_catalogue_body(catalogue_body([], [Stream("g", "s", "f", "p", "mm")]))[1]
    assert math.isnan(stream.lon)
    assert (stream.low, stream.high) == (-math.inf, math.inf)


TOML = """
[[source]]
id = "met"
title = "Weather service"
owner = "Weather bureau"
lateness_s = 60
[[stream]]
id = "g1"
source = "met"
feature = "gauge 1"
property = "precipitation"
unit = "mm"
lon = 116.4
lat = 39.9
low = 0
stages = { alert_level = 3 }
labels = { rain_group = "A" }
"""
CSV = """id,source,feature,property,unit,lon,lat,low,high,forecast,stage.alert_level,label.rain_group
g1,met,gauge 1,precipitation,mm,116.4,39.9,0,,,3,A
"""


def test_toml_json_and_csv_say_the_same(tmp_path):
    source = Source("met", "Weather service", "Weather bureau", lateness_s=60)
    stream = Stream("g1", "met", "gauge 1", "precipitation", "mm", lon=116.4, lat=39.9, low=0,
                    stages={"alert_level": 3.0}, labels={"rain_group": "A"})  # fmt: skip
    (tmp_path / "catalogue.toml").write_text(TOML)
    assert read_catalogue_file(tmp_path / "catalogue.toml") == ([source], [stream])
    assert read_catalogue(catalogue_body([source], [stream]), ".json") == ([source], [stream])
    assert read_catalogue(CSV.encode(), ".csv") == ([], [stream])
    assert read_catalogue("id,title,owner,synthetic\nmet,气象局,市气象局,yes\n".encode("gbk"), ".csv") == (
        [Source("met", "气象局", "市气象局", synthetic=True)],
        [],
    )


GOOD = {"id": "g1", "source": "met", "feature": "gauge", "property": "rain", "unit": "mm"}


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"unit": "milimeter"}, BadUnit, "did you mean 'mm'"),
        ({"lon": 181, "lat": 0}, BadValue, "no place"),
        ({"lon": 39.9, "lat": 116.4}, BadValue, "not exchanged"),
        ({"lon": 1.0}, BadValue, "no place"),
        ({"low": 5, "high": 5}, BadValue, "empty"),
        ({"low": 5, "high": 1}, BadValue, "empty"),
        ({"zone": "Asia/Shangai"}, BadTime, "no IANA time zone"),
        ({"zone": "../etc/passwd"}, BadTime, "no IANA time zone"),
        ({"cadence_s": -1}, BadValue, "cadence_s is -1"),
        ({"feature": ""}, BadForm, "is empty"),
        ({"lon": "east"}, BadForm, "Expected `float`"),
        ({"unti": "mm"}, BadForm, "no field 'unti'"),
        ({"stages": {"alert": "high"}}, BadForm, "Expected `float`"),
    ],
)
def test_a_faulty_stream_is_named(change, error, words):
    with pytest.raises(error) as caught:
        read_catalogue_body(json.dumps({"streams": [GOOD | {"id": "g0"}, GOOD | change]}).encode())
    assert "stream g1" in caught.value.thing
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ({"streams": [GOOD, GOOD]}, "stream g1: the id comes twice"),
        ({"sources": [{"id": "a", "title": "", "owner": ""}] * 2}, "source a: the id comes twice"),
        ({"streams": [GOOD | {"id": " g"}]}, "printable"),
        ({"streams": [GOOD | {"id": ""}]}, "printable"),
        ({"streams": [GOOD | {"id": "a\nb"}]}, "printable"),
        ({"streams": [{"id": "g1"}]}, "missing required field"),
        ({"streams": [5]}, "stream number 1"),
        ({"streams": {}}, "no list"),
        ({"stream": []}, "other parts"),
        ([], "other parts"),
    ],
)
def test_a_faulty_document_is_named(document, words):
    with pytest.raises(BadForm) as caught:
        read_catalogue_body(json.dumps(document).encode())
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("raw", "suffix"),
    [(b"{", ".json"), (b"[" * 100_000, ".json"), (b"\xff", ".json"), (b"[[", ".toml"), (b"\xff\xfe", ".toml"),
     (b"", ".xml"),
     (b"", ".csv"), (b"id,id\n", ".csv"), (b"id,feature\na\n", ".csv"), (b"id,feature,lon\na,b,east\n", ".csv"),
     (b"id,title,owner,synthetic\na,b,c,perhaps\n", ".csv"), (b'id,feature\n"a\x00\n', ".csv")],
)  # fmt: skip
def test_bytes_that_are_no_catalogue(raw, suffix):
    with pytest.raises(Refused):
        read_catalogue(raw, suffix)


@given(st.binary(max_size=100), st.sampled_from([".json", ".toml", ".csv"]))
def test_any_bytes_are_refused_or_read(raw, suffix):
    with suppress(Refused):
        read_catalogue(raw, suffix)
