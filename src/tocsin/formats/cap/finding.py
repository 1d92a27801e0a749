"""What a check found: a rule that a message breaks, where, and what to do."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Literal, TypeAlias

from tocsin.formats.cap.rules.table import RULES

__all__ = ["Finding", "Findings", "Grade"]

Grade: TypeAlias = Literal["error", "warning"]


@dataclass(frozen=True, slots=True)
class Finding:
    """``rule`` such as R15 or P4; ``xpath`` leads to the element (prefix ``cap``), or to its parent where it is missing."""

    rule: str
    grade: Grade
    xpath: str
    what: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.rule} {self.grade} {self.xpath}: {self.what}. Remedy: {self.remedy}."

    def as_document(self) -> dict[str, str]:
        """For JSON."""
        return asdict(self)


class Findings:
    """Collects findings; the same rule at the same place once."""

    __slots__ = ("_seen", "found", "schema_valid")

    def __init__(self) -> None:
        self.schema_valid = True
        self.found: list[Finding] = []
        self._seen: set[tuple[str, str]] = set()

    def add(self, rule: str, xpath: str, what: str, grade: Grade | None = None) -> None:
        """Note it; the grade and the remedy are the rule's own unless another grade is given."""
        if (rule, xpath) not in self._seen:
            self._seen.add((rule, xpath))
            self.note(rule, xpath, what, grade)

    def note(self, rule: str, xpath: str, what: str, grade: Grade | None = None) -> None:
        """Note it, whatever was noted before."""
        self.found.append(Finding(rule, grade or RULES[rule].grade, xpath, what, RULES[rule].remedy))

    def missing(self, rule: str, xpath: str, name: str) -> None:
        """Note that an element is not there; that it is therefore empty is not said again."""
        self.schema(rule, xpath, f"it has no {name}")
        self._seen.add((rule, f"{xpath}/cap:{name}"))

    def schema(self, rule: str, xpath: str, what: str) -> None:
        """Note what the schema of CAP 1.2 refuses, always an error."""
        self.schema_valid = False
        self.add(rule, xpath, what, "error")
