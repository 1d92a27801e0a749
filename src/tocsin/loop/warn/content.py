"""Content: everything a warning says, as one frozen value. A signature is about its digest. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from tocsin.geo import cell_ring
from tocsin.loop.warn.lifecycle import Kind
from tocsin.records.ledger.canonical import digest
from tocsin.terms.moment import from_us, to_us

__all__ = ["FLOWS", "LANGUAGES", "Areas", "Content", "Texts", "missing_items"]

LANGUAGES = ("zh-hans", "en")
FLOWS = ("ordinary", "urgent")  # how it goes from the draft to the signature (facts: release_flows)

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Areas:
    """Where. ``paths``: jurisdictions; whole where there is no shape, else only the part of them inside a shape.
    ``circles``: (latitude, longitude, km); ``polygons``: closed rings of (longitude, latitude), WGS 84; ``cells``: H3."""

    paths: tuple[str, ...] = ()
    circles: tuple[tuple[float, float, float], ...] = ()
    polygons: tuple[tuple[Point, ...], ...] = ()
    cells: tuple[str, ...] = ()

    @property
    def shaped(self) -> bool:
        """Whether it is a part of the jurisdictions only."""
        return bool(self.circles or self.polygons or self.cells)

    @property
    def rings(self) -> tuple[tuple[Point, ...], ...]:
        """Polygons and cells as closed rings of (longitude, latitude)."""
        return (*self.polygons, *map(cell_ring, self.cells))

    def as_document(self) -> dict[str, Any]:
        """For JSON."""
        told: dict[str, Any] = {"paths": list(self.paths), "circles": [list(c) for c in self.circles],
                                "polygons": [[list(p) for p in ring] for ring in self.polygons]}  # fmt: skip
        return told | ({"cells": list(self.cells)} if self.cells else {})  # what is not said leaves old digests alone

    @staticmethod
    def of(document: Mapping[str, Any]) -> Areas:
        """From JSON."""
        return Areas(
            tuple(document.get("paths", ())),
            tuple((float(lat), float(lon), float(km)) for lat, lon, km in document.get("circles", ())),
            tuple(tuple((float(x), float(y)) for x, y in ring) for ring in document.get("polygons", ())),
            tuple(document.get("cells", ())),
        )


@dataclass(frozen=True, slots=True)
class Texts:
    """What is said in one language. ``beware``: what to beware of; ``instruction``: what to do; ``short`` and ``brief``: the
    whole in 90 and 360 characters (P15 of warnings.md); ``speech``: as a telephone reads it aloud."""

    headline: str = ""
    description: str = ""
    beware: str = ""
    instruction: str = ""
    short: str = ""
    brief: str = ""
    speech: str = ""

    def as_document(self) -> dict[str, str]:
        """For JSON."""
        told = {name: getattr(self, name) for name in self.__slots__}
        return {name: words for name, words in told.items() if words or name not in ("brief", "speech")}

    @property
    def is_empty(self) -> bool:
        """Whether nothing is said."""
        return not any(getattr(self, name).strip() for name in self.__slots__)


@dataclass(frozen=True, slots=True)
class Content:
    """``level`` is a rank; ``body`` the department that issues; ``verdict``: what verification said of the event when it
    was written. ``exercise_note`` names the exercise. ``contact``: where the body can be asked. ``flow``: one of FLOWS."""

    kind: Kind
    predecessor: str
    hazard: str
    level: int
    onset: datetime
    expires: datetime
    areas: Areas
    body: str
    categories: tuple[str, ...]
    event_code: str
    responses: tuple[str, ...]
    urgency: str
    certainty: str
    verdict: str
    exercise: bool
    exercise_note: str = ""
    contact: str = ""
    place: str = ""
    texts: Mapping[str, Texts] = field(default_factory=dict)
    flow: str = "ordinary"

    @property
    def languages(self) -> tuple[str, ...]:
        """In which it speaks: our own, then those of packs in which it says something."""
        further = sorted(k for k, texts in self.texts.items() if k not in LANGUAGES and not texts.is_empty)
        return (*LANGUAGES, *further)

    def text(self, language: str) -> Texts:
        """What it says in a language; nothing where it says nothing."""
        return self.texts.get(language) or Texts()

    def with_text(self, language: str, **changed: str) -> Content:
        """The same with some texts changed."""
        return replace(self, texts={**self.texts, language: replace(self.text(language), **changed)})

    def as_document(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "kind": self.kind.value, "predecessor": self.predecessor, "hazard": self.hazard, "level": self.level,
            "onset_us": to_us(self.onset), "expires_us": to_us(self.expires), "areas": self.areas.as_document(),
            "body": self.body, "categories": list(self.categories), "event_code": self.event_code,
            "responses": list(self.responses), "urgency": self.urgency, "certainty": self.certainty,
            "verdict": self.verdict, "exercise": self.exercise, "exercise_note": self.exercise_note,
            "contact": self.contact, "place": self.place,
            "texts": {language: texts.as_document() for language, texts in self.texts.items()},
            **({"flow": self.flow} if self.flow != "ordinary" else {}),
        }  # fmt: skip

    @staticmethod
    def of(document: Mapping[str, Any]) -> Content:
        """From JSON."""
        told = dict(document)
        return Content(
            kind=Kind(told.pop("kind")), onset=from_us(told.pop("onset_us")), expires=from_us(told.pop("expires_us")),
            areas=Areas.of(told.pop("areas")), categories=tuple(told.pop("categories")),
            responses=tuple(told.pop("responses")),
            texts={language: Texts(**texts) for language, texts in told.pop("texts").items()}, **told,
        )  # fmt: skip

    @property
    def digest(self) -> str:
        """SHA-256 of all that it says: what a signer signs."""
        return digest(self.as_document())


def missing_items(content: Content) -> list[str]:
    """The obligatory items that are empty, in order: first those of the law, then headline and description, each text in
    every language (``beware.en``). A cancellation says why and needs no advice."""
    cancel = content.kind is Kind.CANCEL
    lacks = [
        name
        for name, there in (
            ("category", content.hazard and content.categories),
            ("level", content.level),
            ("start", True),
            ("area", content.areas.paths),
            ("body", content.body),
        )
        if not there
    ]
    for name in ("headline", "description") if cancel else ("beware", "instruction", "headline", "description"):
        lacks += [
            f"{name}.{language}" for language in content.languages if not getattr(content.text(language), name).strip()
        ]
    if content.exercise and not content.exercise_note.strip():
        lacks.append("exercise_note")
    return lacks
