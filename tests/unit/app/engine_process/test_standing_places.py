"""Where subjects lie, and what counts as one witness."""

from __future__ import annotations

import math

from tocsin.app.engine_process.standing_places import PlaceBook
from tocsin.terms.signal import Subject
from tocsin.terms.stream import Catalogue, Source, Stream


def a_stream(name: str, lon: float = math.nan, lat: float = math.nan, **more: object) -> Stream:
    return Stream(name, "s", f"gauge {name}", "precipitation", "mm", lon, lat, **more)  # type: ignore[arg-type]


def a_book(*streams: Stream, distinct: tuple[str, ...] = ()) -> PlaceBook:
    return PlaceBook(Catalogue([Source("s", "S", "o")], streams), distinct)


def test_a_stream_lies_where_it_is_registered() -> None:
    place = a_book(a_stream("a", 110.0, 30.0, cell="c", jurisdiction="simcity/east"))(Subject("stream", "a"))
    assert (place.lon, place.lat, place.cell, place.jurisdiction, place.title) == (
        110,
        30,
        "c",
        "simcity/east",
        "gauge a",
    )


def test_an_area_lies_in_the_middle_of_its_located_streams() -> None:
    book = a_book(
        a_stream("a", 110.0, 30.0, cell="c", jurisdiction="simcity/east", labels={"basin": "Han"}),
        a_stream("b", 112.0, 31.0, cell="d", jurisdiction="simcity/west", labels={"basin": "Han"}),
        a_stream("c", labels={"basin": "Han"}, jurisdiction="simcity"),
        a_stream("d", 0.0, 0.0, labels={"basin": "Huai"}),
    )
    place = book(Subject("basin", "Han"))
    assert (place.lon, place.lat, place.cell, place.jurisdiction, place.title) == (111, 30.5, "", "simcity", "Han")


def test_what_has_no_coordinates_is_not_located() -> None:
    book = a_book(a_stream("a", labels={"basin": "Han"}))
    assert not book(Subject("stream", "a")).located
    assert not book(Subject("basin", "Han")).located


def test_streams_that_share_a_gauge_are_one_witness() -> None:
    shared = {"rain_group": "g1"}
    book = a_book(a_stream("a", labels=shared), a_stream("b", labels=shared), a_stream("c"), distinct=("rain_group",))
    witnesses = [book.independent(Subject("stream", name)) for name in "abc"]
    assert witnesses == ["rain_group:g1", "rain_group:g1", "stream:c"]
    assert book.independent(Subject("basin", "Han")) == "basin:Han"
