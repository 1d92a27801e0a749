"""ColumnMapping: which column of a file is what."""

from __future__ import annotations

import msgspec

from tocsin.formats.toml import read_toml
from tocsin.terms.errors import BadForm

__all__ = ["ColumnMapping", "read_mapping"]


class ColumnMapping(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Names of columns; "" where a file has none. A stream is named by ``stream`` (its id), or by ``feature`` together
    with ``property`` (a column) or ``property_name`` (one for the whole file). A wide file has one column a property:
    ``values`` maps their headers to properties, and ``value`` is not used.

    ``properties`` and ``units`` translate the words of the file (``{"雨量": "precipitation"}``, ``{"毫米": "mm"}``).
    ``unit_name`` is one unit for the whole file. ``zone`` is the IANA zone of times that carry none (without it such
    rows are refused), ``time_format`` a strptime form for times that are not RFC 3339. ``missing``: words that mean "no
    value". ``encoding``: "" = UTF-8, else GB 18030 (which contains GBK) where it is not UTF-8.
    """

    stream: str = ""
    feature: str = ""
    property: str = ""
    property_name: str = ""
    observed_at: str = "observed_at"
    value: str = "value"
    values: dict[str, str] = {}
    unit: str = ""
    unit_name: str = ""
    issued_at: str = ""
    properties: dict[str, str] = {}
    units: dict[str, str] = {}
    zone: str = ""
    time_format: str = ""
    missing: tuple[str, ...] = ("", "NA")
    encoding: str = ""
    delimiter: str = ","

    def __post_init__(self) -> None:
        named = bool(self.stream) != bool(self.feature)
        property_given = bool(self.property or self.property_name or self.values)
        if not named or (self.feature and not property_given) or (self.stream and self.values):
            raise BadForm("mapping", "it does not say how rows name their stream",
                          "give stream, or feature with property, property_name or values")  # fmt: skip
        if len(self.delimiter) != 1:
            raise BadForm("mapping delimiter", f"{self.delimiter!r} is not one character", "write one, such as , or ;")

    def columns(self) -> tuple[str, ...]:
        """The columns that a file must have."""
        values = tuple(self.values) or (self.value,)
        names = (self.stream, self.feature, self.property, self.observed_at, self.unit, self.issued_at, *values)
        return tuple(dict.fromkeys(name for name in names if name))

    @classmethod
    def of_names(cls, names: list[str]) -> ColumnMapping:
        """The mapping of a file whose columns bear our own names: ``stream`` (or ``feature`` and ``property``),
        ``observed_at``, ``value``, and ``unit``, ``issued_at`` where there are such."""
        unit = "unit" if "unit" in names else ""
        issued_at = "issued_at" if "issued_at" in names else ""
        if "stream" in names:
            return cls(stream="stream", unit=unit, issued_at=issued_at)
        if "feature" in names and "property" in names:
            return cls(feature="feature", property="property", unit=unit, issued_at=issued_at)
        raise BadForm("columns", f"there is neither stream nor feature and property among {_listed(names)}",
                      "name the columns so, or give a mapping")  # fmt: skip


def _listed(names: list[str]) -> str:
    return ", ".join(names[:20]) + (", ..." if len(names) > 20 else "")


def read_mapping(data: bytes) -> ColumnMapping:
    """A mapping from TOML. Raises BadForm."""
    document, _ = read_toml(data, "mapping")
    try:
        return msgspec.convert(document, ColumnMapping)
    except ValueError as error:  # msgspec's errors are ValueErrors
        raise BadForm("mapping", str(error), "write TOML with the keys of ColumnMapping") from error
