"""Fault: what is wrong in a pack, where, and what to do. All faults of a pack come in one list."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from tocsin.terms.limits import PACK_FAULTS

__all__ = ["Fault", "Faults"]


@dataclass(frozen=True, slots=True, order=True)
class Fault:
    """``file`` relative to the pack's folder, ``line`` from 1 (0 = about the whole file or folder), ``column`` from 1 (0 =
    about the whole line). ``concern`` names the module that found it. A ``note`` is no fault: something a reader of the pack
    should know."""

    file: str
    line: int
    what: str
    remedy: str
    concern: str = ""
    weight: Literal["fault", "note"] = "fault"
    column: int = 0

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}" if self.line else self.file
        return f"{where}: {self.what}. Remedy: {self.remedy}."


@dataclass(slots=True)
class Faults:
    """Collects faults; each concern adds to the same list and stops at none."""

    found: list[Fault] = field(default_factory=list)
    concern: str = ""

    def add(
        self, file: str, line: int, what: str, remedy: str, weight: Literal["fault", "note"] = "fault", column: int = 0
    ) -> None:
        """Add one, once. Of a pack with very many faults the first are kept: nobody reads the others, and hostile packs have
        them by the hundred thousand."""
        fault = Fault(file, line, what, remedy, self.concern, weight, column)
        if len(self.found) < PACK_FAULTS and fault not in self.found:
            self.found.append(fault)

    @property
    def faults(self) -> list[Fault]:
        """What must be repaired, by file and line."""
        return sorted(fault for fault in self.found if fault.weight == "fault")

    @property
    def notes(self) -> list[Fault]:
        """What should be known, by file and line."""
        return sorted(fault for fault in self.found if fault.weight == "note")
