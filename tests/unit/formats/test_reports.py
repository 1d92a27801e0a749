"""Reports and bulletins: read whole or refused with a reason, written and read back, few of a sealed category withheld."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.formats.bulletins import bulletin_body, read_bulletin_body
from tocsin.formats.reports import offered, read_reports, read_reports_body, reports_body
from tocsin.geo import cell_of
from tocsin.terms.bulletin import Bulletin
from tocsin.terms.errors import Refused
from tocsin.terms.report import BUCKET_US, Report

NOW = 1_784_511_000_000_000
CELL = cell_of(120.0, 30.0)
KNOWN = {"gas_smell": False, "rent_dispute": True}
BUCKET = NOW // BUCKET_US * BUCKET_US


def sent(**more: Any) -> bytes:
    return json.dumps({"reports": [{"category": "gas_smell", "cell": CELL, "bucket": BUCKET} | more]}).encode()


def test_a_count_is_read() -> None:
    assert read_reports(sent(count=3), KNOWN, now_us=NOW) == [Report("gas_smell", CELL, BUCKET, 3)]
    assert read_reports(sent(bucket="2026-07-20T01:25:00Z"), KNOWN, now_us=NOW)[0].bucket_us % BUCKET_US == 0


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (sent(category="smells"), "unknown_name"),
        (sent(cell="street 5"), "bad_value"),
        (sent(count=0), "bad_value"),
        (sent(bucket=BUCKET + 1), "bad_time"),
        (sent(bucket=NOW // BUCKET_US * BUCKET_US + 3 * BUCKET_US), "bad_time"),
        (sent(bucket="2026-07-20T01:25:00"), "bad_time"),
        (sent(text="my neighbour's kitchen"), "bad_form"),
        (sent(caller="139"), "bad_form"),
        (b"[" * 100_000, "bad_form"),
        (b"\xff", "bad_form"),
        (b"{}" + b" " * 5_000_000, "too_big"),
    ],
)
def test_what_has_no_place_is_refused(body: bytes, code: str) -> None:
    with pytest.raises(Refused) as caught:
        read_reports(body, KNOWN, now_us=NOW)
    assert (caught.value.code, bool(caught.value.remedy)) == (code, True)


def test_few_of_a_sealed_category_are_not_offered() -> None:
    few = [
        Report("rent_dispute", CELL, BUCKET, 2),
        Report("rent_dispute", CELL, BUCKET, 2),
        Report("gas_smell", CELL, BUCKET),
    ]
    assert offered(few, KNOWN) == few[2:]
    assert offered([*few, Report("rent_dispute", CELL, BUCKET, 1)], KNOWN)[:2] == few[:2]  # five together
    assert offered([Report("never_declared", CELL, BUCKET, 4)], KNOWN) == []


counts = st.builds(Report, st.sampled_from(sorted(KNOWN)), st.just(CELL), st.just(BUCKET), st.integers(1, 100))


@given(st.lists(counts, max_size=5))
def test_a_record_of_reports_is_read_as_it_was_written(reports: list[Report]) -> None:
    assert read_reports_body(reports_body("hotline", reports)) == ("hotline", reports)


moments = st.integers(NOW, NOW + 10 * BUCKET_US)


paths, cells = (st.lists(st.just(text), max_size=2).map(tuple) for text in ("a/b", CELL))
circles = st.one_of(st.none(), st.just((120.0, 30.0, 5.0)))
names = st.text(min_size=1, max_size=20)
bulletins = st.builds(
    Bulletin, names, st.just("met"), st.just("fog"), st.integers(1, 4), moments, moments, moments, paths, cells, circles
)


@given(bulletins)
def test_a_bulletin_is_read_as_it_was_written(bulletin: Bulletin) -> None:
    assert read_bulletin_body(bulletin_body(bulletin)) == bulletin


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    for read in (read_bulletin_body, read_reports_body, lambda data: read_reports(data, KNOWN, now_us=NOW)):
        try:
            read(body)
        except Refused as error:
            said = error.remedy
            assert said
