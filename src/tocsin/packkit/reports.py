"""Categories of reports that a pack declares under ``[report]`` of streams.toml: the closed list of things people report."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tocsin.packkit.document import Folder
from tocsin.packkit.fault import Faults
from tocsin.packkit.section import tables_of

__all__ = ["ReportCategory", "read_report_categories"]


@dataclass(frozen=True, slots=True)
class ReportCategory:
    """A thing that is reported. ``sealed``: counts below five in a cell and five minutes are not offered to anyone."""

    name: str
    title: Mapping[str, str]
    sealed: bool = False


def read_report_categories(folder: Folder, faults: Faults) -> Mapping[str, ReportCategory]:
    """The categories by name, faults reported."""
    out = {}
    for name, section in tables_of(folder.document("streams.toml"), "report", faults):
        section.known(("title", "sealed", "note"))
        out[name] = ReportCategory(name, section.words("title"), section.boolean("sealed"))
    return out
