"""streams.toml: what the pack observes."""

from __future__ import annotations

import math
from collections.abc import Mapping

from tocsin.engine.language.quantity import converts
from tocsin.packkit.document import Folder
from tocsin.packkit.fault import Faults
from tocsin.packkit.pack import Property
from tocsin.packkit.section import Section, tables_of
from tocsin.terms.errors import BadUnit

__all__ = ["read_properties"]

_KEYS = ("unit", "low", "high", "cadence", "silence", "title", "stages", "note")


def read_properties(folder: Folder, faults: Faults) -> Mapping[str, Property]:
    """The properties by name, faults reported."""
    document = folder.document("streams.toml", required=True)
    Section(document, (), document.data, faults).known(("property", "report"))
    return {name: _property(name, section) for name, section in tables_of(document, "property", faults)}


def _property(name: str, section: Section) -> Property:
    section.known(_KEYS)
    unit = section.text("unit", need=True)
    try:
        if unit:
            converts(unit, unit)
    except BadUnit as error:
        section.fault(f"{error.thing}: {error.rule}", error.remedy, "unit")
        unit = ""
    low, high = section.number("low", need=True), section.number("high", need=True)
    if low >= high:
        section.fault(
            f"low {low:g} is not below high {high:g}", "give the range outside which a value is impossible", "low"
        )
    cadence, silence = section.duration_us("cadence", need=True), section.duration_us("silence", need=True)
    if silence and cadence and silence < cadence:
        section.fault("silence is shorter than cadence: every stream would be silent between observations",
                      "make silence longer than cadence", "silence")  # fmt: skip
    return Property(
        name, unit, -math.inf if math.isnan(low) else low, math.inf if math.isnan(high) else high, cadence, silence,
        section.words("title"), section.texts("stages"),
    )  # fmt: skip
