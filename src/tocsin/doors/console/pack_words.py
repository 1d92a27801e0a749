"""What packs say: the scheme of levels, titles of hazards and rules, and the sentence of a transition, in the reader's
language.

Read from the packs that were put in force (TOCSIN_HOME/packs, one folder a sha), else from the packs that the settings
name. A word that no pack has is shown as its code, a transition in a plain sentence, never hidden.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from django.conf import settings

from tocsin.engine.hazard import HazardSpec
from tocsin.engine.language.rule import Rule
from tocsin.terms.errors import TocsinError
from tocsin.terms.level import CHINA_FOUR_COLOUR, Scheme
from tocsin.terms.signal import Transition

if TYPE_CHECKING:
    from tocsin.packkit import Pack
    from tocsin.packkit.pack import Property

__all__ = ["PackWords", "pack_words"]

_lock = threading.Lock()


@dataclass(frozen=True, eq=False)
class PackWords:
    """``hazards`` and ``properties`` by code, ``rules`` by name (``pack/id``), the scheme of the first pack; ``speakers``
    the pack that has a rule in a version."""

    scheme: Scheme = CHINA_FOUR_COLOUR
    hazards: Mapping[str, HazardSpec] = field(default_factory=dict)
    properties: Mapping[str, Property] = field(default_factory=dict)
    rules: Mapping[str, Rule] = field(default_factory=dict)
    speakers: Mapping[tuple[str, int], Pack] = field(default_factory=dict)

    def hazard(self, code: str, language: str) -> str:
        """The hazard's title, else its code."""
        spec = self.hazards.get(code)
        return _in_language(spec.title, language, code) if spec else code.replace("_", " ")

    def measured(self, code: str, language: str) -> str:
        """What is measured: the property's title, else its code."""
        known = self.properties.get(code)
        return _in_language(known.title, language, code) if known else code.replace("_", " ")

    def rule(self, name: str, language: str) -> str:
        """The rule's title, else its name without the pack."""
        rule = self.rules.get(name)
        return _in_language(rule.title, language, name) if rule else name.partition("/")[2].replace("_", " ") or name

    def why(self, name: str, language: str) -> str:
        """Why the rule is there, in its author's words; empty where nobody said."""
        rule = self.rules.get(name)
        return _in_language(rule.why, language, "") if rule else ""

    def said(self, transition: Transition, place: str, language: str) -> str:
        """What a duty officer reads of a transition: its pack's sentence; a plain one where no pack has that version of
        its rule any more."""
        return _said(self, transition, place, language)

    @property
    def pinned_rank(self) -> int:
        """Events of this rank or higher are pinned: the upper half of the scheme (orange and red of four)."""
        return len(self.scheme.levels) // 2 + 1


@lru_cache(maxsize=8192)
def _said(words: PackWords, transition: Transition, place: str, language: str) -> str:
    from tocsin.packkit import explain_transition, plain_sentence  # noqa: PLC0415

    pack = words.speakers.get((transition.rule, transition.rule_version))
    if pack is None:
        return plain_sentence(transition, place, language)
    return explain_transition(pack, transition, place, language)


def pack_words() -> PackWords:
    """The words in force; read anew when another pack is put in force. Kept packs speak before those of the settings."""
    folders = (*_named(settings.CONFIGURATION.packs), *_folders(settings.HOME.packs))
    with _lock:
        return _load(folders)


@lru_cache(maxsize=4)
def _load(folders: tuple[Path, ...]) -> PackWords:
    if not folders:
        return PackWords()
    from tocsin.packkit import load_pack  # noqa: PLC0415 - reading packs takes long; pages that need none do not wait

    hazards: dict[str, HazardSpec] = {}
    properties: dict[str, Property] = {}
    rules: dict[str, Rule] = {}
    speakers: dict[tuple[str, int], Pack] = {}
    scheme: Scheme | None = None
    for folder in folders:
        try:
            pack = load_pack(folder)
        except TocsinError:  # its words are missing, the page is not; `tocsin pack check` says what is wrong
            continue
        hazards |= pack.hazards
        properties |= pack.properties
        rules |= {rule.name: rule for rule in pack.rules}
        speakers |= {(rule.name, rule.version): pack for rule in pack.rules}
        scheme = scheme or pack.scheme
    return PackWords(scheme or CHINA_FOUR_COLOUR, hazards, properties, rules, speakers)


def _folders(kept: Path) -> Iterator[Path]:
    """Kept packs, oldest first, so that the newest words win."""
    if kept.is_dir():
        by_age = sorted(
            (path for path in kept.iterdir() if not path.name.startswith(".")), key=lambda p: p.stat().st_mtime_ns
        )
        for sha in by_age:
            yield from (path for path in sorted(sha.iterdir()) if path.is_dir())


def _named(names: tuple[str, ...]) -> Iterator[Path]:
    if not names:
        return
    from tocsin.packkit import builtin_pack_paths  # noqa: PLC0415

    built_in = {path.name: path for path in builtin_pack_paths()}
    for name in names:
        yield built_in.get(name, Path(name))


def _in_language(words: Mapping[str, str], language: str, otherwise: str) -> str:
    return words.get(language) or words.get("en") or otherwise
