"""A small catalogue and a moment."""

from __future__ import annotations

import pytest

from tocsin.formats import Intake
from tocsin.terms.stream import Catalogue, Source, Stream

NOW_US = 1_784_534_400_000_000  # 2026-07-20T08:00:00Z
NOW = "2026-07-20T08:00:00Z"

CATALOGUE = Catalogue(
    [Source("met", "Weather service", "met"), Source("river", "River authority", "river")],
    [
        Stream("rain-1", "met", "gauge 1", "precipitation", "mm", low=0, high=500),
        Stream("temp-1", "met", "gauge 1", "air_temperature", "Cel", low=-60, high=60),
        Stream("stage-1", "river", "gauge 1", "river_stage", "m"),
        Stream("rain-1-ahead", "met", "gauge 1", "precipitation_forecast", "mm", forecast=True),
        Stream("雨-2", "met", "站点二", "precipitation", "mm"),
    ],
)


@pytest.fixture
def intake():
    return Intake(CATALOGUE, "met", NOW_US)


def codes(parsed):
    """(row, code) of the refused rows."""
    return list(zip(parsed.refused["row"].to_pylist(), parsed.refused["code"].to_pylist(), strict=True))
