"""Names of Simhaven's areas: what a warning calls a place must say which place."""

from __future__ import annotations

import pytest

from tocsin.app.simulator.borders import CITY, name_of
from tocsin.app.simulator.city import FACILITIES
from tocsin.app.simulator.storm_day import storm_day


def _paths() -> set[str]:
    day = storm_day()
    named = {stream.jurisdiction for stream in day.streams} | {facility.jurisdiction for facility in FACILITIES}
    return {
        path if grid else path.rpartition("/")[0] for path in named for grid in (True, False) if path.count("/") == 4
    }


def test_no_two_areas_share_a_name_in_either_language() -> None:
    paths = _paths()
    for language in ("en", "zh-hans"):
        names = [name_of(path)[language] for path in paths]
        assert len(names) > 30
        assert len(set(names)) == len(names)


def test_a_grid_is_called_by_its_street() -> None:
    assert name_of(f"{CITY}/centre/harbour/grid-04")["en"] == "Harbour Street, grid 4 (synthetic)"
    assert name_of(f"{CITY}/centre/harbour")["zh-hans"] == "港口街道（模拟）"


def test_an_unknown_street_is_refused() -> None:
    with pytest.raises(KeyError):
        name_of(f"{CITY}/centre/nowhere/grid-01")
