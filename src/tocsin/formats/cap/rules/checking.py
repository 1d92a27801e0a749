"""One check under way: where findings go, and what is known of the one who writes."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from tocsin.formats.cap.finding import Findings, Grade
from tocsin.formats.cap.producer import Producer

__all__ = ["Checking"]


@dataclass(frozen=True, slots=True)
class Checking:
    """``producing``: we are about to publish this; rules of good practice count and gaps are errors. ``now``: the moment of
    publication, or None where it is not known."""

    producing: bool
    now: datetime | None
    producer: Producer
    findings: Findings = field(default_factory=Findings)

    def add(self, rule: str, xpath: str, what: str, grade: Grade | None = None) -> None:
        """Note a finding."""
        self.findings.add(rule, xpath, what, grade)

    def strict(self, rule: str, xpath: str, what: str) -> None:
        """Note what is an error in what we write and only the rule's own grade in what we read."""
        self.findings.add(rule, xpath, what, "error" if self.producing else None)
