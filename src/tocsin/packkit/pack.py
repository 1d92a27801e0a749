"""Pack: a domain on the kernel, as data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from tocsin.engine.hazard import Cascade, HazardSpec
from tocsin.engine.language.rule import Rule
from tocsin.engine.language.vocabulary import IndexTable
from tocsin.packkit.clocks import ClockSpec
from tocsin.packkit.forms import Form
from tocsin.packkit.lifecycle import CaseKind
from tocsin.packkit.papers import PaperSpec
from tocsin.packkit.playbook import Playbook
from tocsin.packkit.reports import ReportCategory
from tocsin.packkit.risks import RiskMatrix
from tocsin.packkit.tasks import VerificationSpec
from tocsin.packkit.warnings import WarningSpec
from tocsin.terms.level import Scheme

__all__ = ["Pack", "Property", "Provenance"]


@dataclass(frozen=True, slots=True)
class Property:
    """What is observed: its UCUM unit, sane range (outside is refused at intake), usual spacing, and after how long
    without observations a stream counts as silent. ``stages``: names of the stream's own numbers, such as alert_level."""

    name: str
    unit: str
    low: float
    high: float
    cadence_us: int
    silence_us: int
    title: Mapping[str, str]
    stages: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where thresholds come from. ``verified``: the text of the source was read. ``valid_to`` is the first day after."""

    source: str
    verified: bool
    valid_from: date
    valid_to: date | None = None
    note: str = ""

    def in_force(self, on: date) -> bool:
        """Whether a day lies within the dates of validity."""
        return self.valid_from <= on and (self.valid_to is None or on < self.valid_to)


@dataclass(frozen=True, slots=True)
class Pack:
    """A loaded pack. ``rules`` are named ``pack/id``; ``provenance`` goes by that name. ``sha`` covers every file, so
    that old signals are always read with their own rules. ``replays`` are kept as written, for the replay command.
    ``borrowed``: hazards of the packs that this one needs. ``origins``: on what stands what is no rule, table or clock, by the
    path of its table (``hazards/hazard/flood``)."""

    name: str
    version: int
    sha: str
    path: Path
    title: Mapping[str, str]
    owner: str
    scheme: Scheme
    valid_from: date
    valid_to: date | None
    rules: tuple[Rule, ...]
    hazards: Mapping[str, HazardSpec]
    cascades: tuple[Cascade, ...]
    properties: Mapping[str, Property]
    tables: Mapping[str, IndexTable]
    words: Mapping[str, Mapping[str, Any]]
    provenance: Mapping[str, Provenance]
    tier: str = ""
    replays: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    verifications: Mapping[str, VerificationSpec] = field(default_factory=dict)
    playbook: Playbook = field(default_factory=Playbook)
    warnings: Mapping[str, WarningSpec] = field(default_factory=dict)
    papers: Mapping[str, PaperSpec] = field(default_factory=dict)
    reports: Mapping[str, ReportCategory] = field(default_factory=dict)
    clocks: Mapping[str, ClockSpec] = field(default_factory=dict)
    forms: Mapping[str, Form] = field(default_factory=dict)
    cases: Mapping[str, CaseKind] = field(default_factory=dict)
    risks: RiskMatrix | None = None
    borrowed: Mapping[str, HazardSpec] = field(default_factory=dict)
    origins: Mapping[str, Provenance] = field(default_factory=dict)

    @property
    def spoken_of(self) -> Mapping[str, HazardSpec]:
        """All hazards that the pack may name: its own, and those of the packs that it needs."""
        return {**self.borrowed, **self.hazards}

    def rule(self, name: str) -> Rule:
        """A rule by ``pack/id`` or ``id``. Raises KeyError."""
        full = name if "/" in name else f"{self.name}/{name}"
        for rule in self.rules:
            if rule.name == full:
                return rule
        raise KeyError(name)

    def rules_in_force(self, on: date) -> tuple[Rule, ...]:
        """The rules whose dates of validity cover a day; none outside the pack's own dates."""
        if not (self.valid_from <= on and (self.valid_to is None or on < self.valid_to)):
            return ()
        return tuple(rule for rule in self.rules if self.provenance[rule.name].in_force(on))
