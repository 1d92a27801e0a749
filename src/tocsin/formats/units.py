"""Units by their UCUM codes (https://ucum.org), converted by pint with exact fractions.

A code is read with UCUM's own grammar (prefix, atom, exponent, ``.`` and ``/``, annotations in braces) and looked up in
the table below; what is not there is refused with the nearest code we know. A few spellings that cannot be mistaken
(``℃``, ``µg/m³``, ``ppm``) are taken as what they mean. Plane angle is a dimension of its own, as in UCUM.
"""

from __future__ import annotations

import difflib
import re
from fractions import Fraction
from functools import lru_cache
from typing import Any

from tocsin.terms.errors import BadUnit

__all__ = ["convert_factor", "known_units"]

# code: (pint definition, takes metric prefixes). Exact values: UCUM 2.1.
_ATOMS: dict[str, tuple[str, bool]] = {
    "m": ("[length]", True),
    "g": ("[mass]", True),
    "s": ("[time]", True),
    "K": ("[temperature]", True),
    "A": ("[current]", True),
    "cd": ("[luminosity]", True),
    "mol": ("[substance]", True),
    "rad": ("[angle]", True),
    "deg": ("rad * 314159265358979323846 / 18000000000000000000000", False),
    "1": ("", False),
    "%": ("1 / 100", False),
    "[ppth]": ("1 / 1000", False),
    "[ppm]": ("1 / 1000000", False),
    "[ppb]": ("1 / 1000000000", False),
    "min": ("60 * s", False),
    "h": ("3600 * s", False),
    "d": ("86400 * s", False),
    "wk": ("604800 * s", False),
    "a": ("31557600 * s", False),
    "t": ("1000000 * g", True),
    "L": ("m ** 3 / 1000", True),
    "l": ("m ** 3 / 1000", True),
    "ar": ("100 * m ** 2", True),
    "Hz": ("1 / s", True),
    "N": ("1000 * g * m / s ** 2", True),
    "Pa": ("1000 * g / m / s ** 2", True),
    "bar": ("100000000 * g / m / s ** 2", True),
    "atm": ("101325000 * g / m / s ** 2", False),
    "m[Hg]": ("133322387.415 * g / m / s ** 2", True),
    "J": ("1000 * g * m ** 2 / s ** 2", True),
    "W": ("1000 * g * m ** 2 / s ** 3", True),
    "V": ("1000 * g * m ** 2 / s ** 3 / A", True),
    "C": ("A * s", True),
    "Ohm": ("1000 * g * m ** 2 / s ** 3 / A ** 2", True),
    "S": ("s ** 3 * A ** 2 / g / m ** 2 / 1000", True),
    "lm": ("cd", True),
    "lx": ("cd / m ** 2", True),
    "Bq": ("1 / s", True),
    "Gy": ("m ** 2 / s ** 2", True),
    "Sv": ("m ** 2 / s ** 2", True),
    "[in_i]": ("254 * m / 10000", False),
    "[ft_i]": ("3048 * m / 10000", False),
    "[mi_i]": ("1609344 * m / 1000", False),
    "[nmi_i]": ("1852 * m", False),
    "[kn_i]": ("1852 * m / 3600 / s", False),
    "[acr_us]": ("4046.872609874252 * m ** 2", False),
    "[lb_av]": ("453.59237 * g", False),
    "[psi]": ("6894757.293168361 * g / m / s ** 2", False),
    "[g]": ("980665 * m / 100000 / s ** 2", True),
    "[pH]": ("[acidity]", False),
    "[NTU]": ("[turbidity]", False),
    "B[SPL]": ("[sound_level]", True),
}
# Scales whose zero is not the zero of the quantity: kelvin = value * factor + zero. Only alone, never in a product.
_SCALES = {
    "Cel": (Fraction(1), Fraction("273.15")),
    "[degF]": (Fraction(5, 9), Fraction("273.15") - 32 * Fraction(5, 9)),
}
_PREFIXES = {
    "Y": 24, "Z": 21, "E": 18, "P": 15, "T": 12, "G": 9, "M": 6, "k": 3, "h": 2, "da": 1,
    "d": -1, "c": -2, "m": -3, "u": -6, "n": -9, "p": -12, "f": -15,
}  # fmt: skip
# Spellings of offices and instruments that mean one thing only.
_SPELLINGS = {
    "℃": "Cel", "°C": "Cel", "degC": "Cel", "℉": "[degF]", "°F": "[degF]", "degF": "[degF]", "°": "deg",
    "ppm": "[ppm]", "ppb": "[ppb]", "‰": "[ppth]", "％": "%", "kn": "[kn_i]", "kt": "[kn_i]", "ft": "[ft_i]",
    "in": "[in_i]", "mmHg": "mm[Hg]", "NTU": "[NTU]", "dB": "dB[SPL]", "dB(A)": "dB[SPL]", "ha": "har",
    "kmh": "km/h", "mps": "m/s", "Ω": "Ohm", "": "1",
}  # fmt: skip
_CHARACTERS = str.maketrans(
    {"µ": "u", "μ": "u", "²": "2", "³": "3", "㎡": "m2", "㎥": "m3", "㎜": "mm", "㎝": "cm", "㎞": "km", "·": "."}
)
# What people ask for; used to name the nearest.
_COMMON = (
    "mm", "cm", "m", "km", "mm/h", "mm/d", "m/s", "km/h", "Cel", "K", "[degF]", "hPa", "kPa", "Pa", "mbar", "%", "1", "ug/m3",
    "mg/m3", "g/m3", "ng/m3", "[ppm]", "[ppb]", "deg", "m3/s", "m3/h", "m3", "L/s", "L", "kg", "g", "t", "s", "min", "h", "d",
    "W/m2", "kW", "MW", "kW.h", "V", "A", "Hz", "J/m2", "J/kg", "m2", "har", "[ft_i]", "[in_i]", "[kn_i]", "[mi_i]/h", "uSv/h",
    "nSv/h", "Bq/m3", "lx", "mg/L", "ug/L", "uS/cm", "[pH]", "[NTU]", "dB[SPL]", "m/s2", "[g]", "cm/s", "mm[Hg]",
)  # fmt: skip
Dimension = tuple[tuple[str, int], ...]
_WORDS = {
    "millimeter": "mm", "millimetre": "mm", "centimeter": "cm", "meter": "m", "metre": "m", "kilometer": "km", "celsius": "Cel",
    "degrees celsius": "Cel", "fahrenheit": "[degF]", "kelvin": "K", "percent": "%", "hectopascal": "hPa", "millibar": "mbar",
    "knots": "[kn_i]", "feet": "[ft_i]", "inch": "[in_i]", "degree": "deg", "second": "s", "minute": "min", "hour": "h",
    "day": "d", "毫米": "mm", "厘米": "cm", "米": "m", "千米": "km", "公里": "km", "米/秒": "m/s",
    "摄氏度": "Cel",
    "百帕": "hPa", "度": "deg",
    "微克/立方米": "ug/m3", "毫克/立方米": "mg/m3", "立方米/秒": "m3/s",
}  # fmt: skip
_LONGEST = 40
_ANNOTATION = re.compile(r"\{[!-z|~]*\}")
_TERM = re.compile(r"(?P<code>.*?[^\d+-])(?P<power>[+-]?\d)?", re.DOTALL)


def known_units() -> tuple[str, ...]:
    """The codes suggested when one is not known; products and prefixes of the atoms work beside them."""
    return _COMMON


@lru_cache(maxsize=4096)
def convert_factor(from_unit: str, to_unit: str) -> tuple[float, float]:
    """(scale, offset) such that value in ``to_unit`` = value in ``from_unit`` * scale + offset.

    Raises BadUnit for a code that is not known (naming the nearest that is), or where the two measure different things.

    >>> convert_factor("km/h", "m/s")[0] * 36
    10.0
    >>> scale, offset = convert_factor("[degF]", "Cel")
    >>> round(212 * scale + offset, 9)
    100.0
    """
    if from_unit == to_unit and _is_known(_spelled(from_unit)):
        return 1.0, 0.0
    factor, zero, dimension = _meaning(from_unit)
    to_factor, to_zero, to_dimension = _meaning(to_unit)
    if dimension != to_dimension:
        rule = f"{from_unit!r} does not convert to {to_unit!r}: they measure different things"
        raise BadUnit(f"unit {from_unit!r}", rule, f"send {to_unit!r}, or a unit of the same kind")
    return float(factor / to_factor), float((zero - to_zero) / to_factor)


@lru_cache(maxsize=4096)
def _meaning(code: str) -> tuple[Fraction, Fraction, Dimension]:
    """(factor, zero, dimension): in coherent units it is value * factor + zero."""
    plain = _spelled(code)
    if plain in _SCALES:
        return *_SCALES[plain], (("[temperature]", 1),)
    if plain in _ATOMS and _ATOMS[plain][0].startswith("["):
        return Fraction(1), Fraction(0), ((_ATOMS[plain][0], 1),)
    try:
        quantity = _product(plain).to_base_units()
    except (KeyError, ValueError):
        raise _unknown(code) from None
    dimension = tuple(sorted((name, int(power)) for name, power in quantity.dimensionality.items()))
    return Fraction(quantity.magnitude), Fraction(0), dimension


def _is_known(plain: str) -> bool:
    """Whether it is a product of units that we know, or a scale."""
    parts = plain.removeprefix("/").replace("/", ".").split(".")
    return plain in _SCALES or all(part and _is_term(part) for part in parts)


def _is_term(code: str) -> bool:
    match = _TERM.fullmatch(code)
    atom = code if match is None or code in _ATOMS else match["code"]
    stem = (atom.removeprefix(prefix) for prefix in _PREFIXES if atom.startswith(prefix))
    return atom in _ATOMS or any(_ATOMS.get(each, ("", False))[1] for each in stem)


def _spelled(code: str) -> str:
    if len(code) > _LONGEST:
        raise _unknown(code[:_LONGEST] + "...")
    plain = code.strip()
    plain = _SPELLINGS.get(plain, plain)
    return _ANNOTATION.sub("", plain.translate(_CHARACTERS)) or "1"


def _product(code: str) -> Any:
    result = _registry().Quantity(Fraction(1))
    sign = 1
    for part in re.split(r"([./])", code):
        if part == "/":
            sign = -1
        elif part == ".":
            sign = 1
        elif part or code.startswith("/"):  # "/s" is UCUM for 1/s; an annotation alone leaves nothing between signs
            result *= _term(part or "1") ** sign
        else:
            raise ValueError(code)
    return result


def _term(code: str) -> Any:
    match = _TERM.fullmatch(code)
    if match is None or code in _ATOMS:
        return _atom(code)
    return _atom(match["code"]) ** int(match["power"] or 1)


def _atom(code: str) -> Any:
    if code in _ATOMS:
        return _unit(code)
    for prefix, power in _PREFIXES.items():
        atom = code.removeprefix(prefix)
        if code.startswith(prefix) and _ATOMS.get(atom, ("", False))[1]:
            return _unit(atom) * Fraction(10) ** power
    raise KeyError(code)


def _unit(atom: str) -> Any:
    return _registry().Quantity(Fraction(1), _names()[atom]) if atom != "1" else _registry().Quantity(Fraction(1))


@lru_cache(maxsize=1)
def _names() -> dict[str, str]:
    """Names that pint accepts: letters only."""
    return {atom: f"u{index}_" for index, atom in enumerate(_ATOMS)}


@lru_cache(maxsize=1)
def _registry() -> Any:
    import pint  # noqa: PLC0415 - takes long, and most rules and streams write the same unit: nothing to convert

    registry = pint.UnitRegistry(None, non_int_type=Fraction, cache_folder=None)
    names = _names()
    for atom, (definition, _) in _ATOMS.items():
        if atom != "1":
            meaning = re.sub(r"(?<![\w\[])[A-Za-z]+(?!\w|\])", lambda match: names[match[0]], definition)
            registry.define(f"{names[atom]} = {meaning}")
    return registry


def _unknown(code: str) -> BadUnit:
    candidates = {unit.casefold(): unit for unit in (*reversed(_COMMON), *_SPELLINGS) if unit} | _WORDS
    near = difflib.get_close_matches(code.strip().casefold(), candidates, 1, 0.6)
    remedy = "use a UCUM code such as mm, Cel, m/s, hPa, ug/m3"
    if near:
        nearest = candidates[near[0]]
        remedy = f"did you mean {_SPELLINGS.get(nearest, nearest)!r}? {remedy}"
    return BadUnit(f"unit {code!r}", "it is not a unit we know", remedy)
