"""UCUM codes convert exactly; what is no unit is refused with the nearest."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.formats.units import convert_factor, known_units
from tocsin.terms.errors import BadUnit


@pytest.mark.parametrize(
    ("sent", "own", "value", "expected"),
    [
        ("mm", "m", 1, 0.001), ("[ft_i]", "m", 1, 0.3048), ("km/h", "m/s", 36, 10), ("hPa", "kPa", 1013.25, 101.325),
        ("mbar", "hPa", 5, 5), ("[degF]", "Cel", 212, 100), ("[degF]", "Cel", -40, -40), ("Cel", "K", 0, 273.15),
        ("K", "Cel", 0, -273.15), ("Cel", "[degF]", 37, 98.6), ("ug/m3", "mg/m3", 150, 0.15), ("μg/m³", "ug/m3", 7, 7),
        ("%", "1", 55, 0.55), ("[ppm]", "%", 10_000, 1), ("ppm", "[ppb]", 1, 1000), ("deg", "rad", 180, math.pi),
        ("m3/s", "L/min", 1, 60_000), ("m3.s-1", "m3/s", 1, 1), ("mm/h", "m/s", 3_600_000, 1), ("/h", "/d", 1, 24),
        ("{vehicle}/h", "{person}/h", 3, 3), ("[kn_i]", "km/h", 1, 1.852), ("kW.h", "MJ", 1, 3.6), ("uSv/h", "nSv/h", 1, 1000),
        ("cm", "mm", 1.5, 15), ("ha", "m2", 1, 10_000), ("℃", "Cel", 21, 21), ("kg/m2", "g/cm2", 10, 1),
    ],
)  # fmt: skip
def test_conversions(sent, own, value, expected):
    scale, offset = convert_factor(sent, own)
    assert value * scale + offset == pytest.approx(expected, rel=1e-14, abs=1e-12)


@given(st.sampled_from(known_units()), st.sampled_from(known_units()), st.floats(-1e6, 1e6))
def test_there_and_back(one, other, value):
    try:
        scale, offset = convert_factor(one, other)
    except BadUnit:
        with pytest.raises(BadUnit):
            convert_factor(other, one)
        return
    back_scale, back_offset = convert_factor(other, one)
    assert (value * scale + offset) * back_scale + back_offset == pytest.approx(value, rel=1e-12, abs=1e-9)


@pytest.mark.parametrize("code", known_units())
def test_every_code_that_is_suggested_is_known(code):
    assert convert_factor(code, code) == (1.0, 0.0)


@pytest.mark.parametrize(
    ("code", "nearest"),
    [("celsius", "Cel"), ("mm/hr", "mm/h"), ("Hpa", "hPa"), ("ug/m^3", "ug/m3"),
     ("milimeter", "mm"), ("毫米", "mm"), ("PPM", "[ppm]")],
)  # fmt: skip
def test_an_unknown_code_is_refused_with_the_nearest(code, nearest):
    with pytest.raises(BadUnit) as caught:
        convert_factor(code, "mm")
    assert repr(code) in caught.value.thing
    assert repr(nearest) in caught.value.remedy


@pytest.mark.parametrize(
    "pair", [("mm", "Cel"), ("deg", "1"), ("[ppm]", "ug/m3"), ("m", "m2"), ("Pa", "J"), ("Cel", "Pa")]
)
def test_other_dimensions_do_not_convert(pair):
    with pytest.raises(BadUnit, match="measure different things"):
        convert_factor(*pair)


@given(st.text(max_size=60))
def test_any_text_is_a_unit_or_a_bad_unit(code):
    try:
        scale, offset = convert_factor(code, code)
    except BadUnit:
        return
    assert (scale, offset) == (1.0, 0.0)
