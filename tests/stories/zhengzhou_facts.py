"""What is on record of the Zhengzhou rainstorm of July 2021, read from a facts file with its sources and how sure each fact is.

A fact with ``verified: no`` was recalled and read by nobody: it is left out here, so that nothing below can use it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import yaml

ZONE = ZoneInfo("Asia/Shanghai")
SURE = {"yes": "", "single": "one source", "conflict": "sources disagree"}
_LISTS = ("rain", "signals", "responses", "moments")
_MINUTE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d")


@dataclass(frozen=True)
class Fact:
    """One recorded fact. ``at``: None where the record gives no minute; ``other``: the minute that another source gives."""

    id: str
    at: datetime | None
    other: datetime | None
    verified: str
    about: bool
    sources: tuple[str, ...]
    said: Mapping[str, Any]

    @property
    def mark(self) -> str:
        """How sure it is, in words; "" where it was read on an official page or on two independent ones."""
        return SURE[self.verified]

    @property
    def minute(self) -> str:
        """The minute as the record has it, with what makes it uncertain."""
        if self.at is None:
            return str(self.said.get("at", ""))
        words = f"{'about ' if self.about else ''}{self.at:%d %b %H:%M}"
        return f"{words} or {self.other:%H:%M}" if self.other else words


@dataclass(frozen=True)
class Recorded:
    """All usable facts by id, the addresses of their sources, and the arithmetic that the file itself gives."""

    facts: Mapping[str, Fact]
    left_out: tuple[str, ...]
    sources: Mapping[str, str]
    leads_min: Mapping[str, int]

    def __getitem__(self, name: str) -> Fact:
        return self.facts[name]

    def at(self, name: str) -> datetime:
        """The minute of a fact that has one."""
        moment = self.facts[name].at
        assert moment is not None, name
        return moment

    def minutes_from(self, first: str, then: str) -> int:
        """Minutes from one fact to another."""
        return int((self.at(then) - self.at(first)) / timedelta(minutes=1))


def read_facts(path: Path) -> Recorded:
    """The facts file of the shared data."""
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    every = [entry for name in _LISTS for entry in document[name]]
    usable = [entry for entry in every if entry["verified"] != "no"]
    sources = {name: str(entry.get("url") or entry["what"]) for name, entry in document["sources"].items()}
    return Recorded(
        {entry["id"]: _fact(entry) for entry in usable}, tuple(e["id"] for e in every if e["verified"] == "no"),
        sources, document["derived_leads_min"],
    )  # fmt: skip


def _fact(entry: Mapping[str, Any]) -> Fact:
    at = _moment(entry.get("at") or (entry.get("window") or [None])[0])
    return Fact(entry["id"], at, _moment(entry.get("alt")), entry["verified"], entry.get("precision") in ("about", "hour"),
                tuple(entry["src"]), entry)  # fmt: skip


def _moment(text: object) -> datetime | None:
    """An exact minute of civil time; None for "before ...", "morning" and what no page gives."""
    if not isinstance(text, str) or not _MINUTE.fullmatch(text):
        return None
    return datetime.fromisoformat(text).replace(tzinfo=ZONE)
