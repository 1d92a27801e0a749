"""What the packs in use declare for a hazard: one place that reads them, so that nothing else decides a response."""

from __future__ import annotations

from dataclasses import dataclass

from tocsin.packkit import Pack
from tocsin.packkit.playbook import Action, Report, ResponseMapping
from tocsin.records.packs import packs_in_use
from tocsin.terms.level import CHINA_FOUR_COLOUR

__all__ = ["Declared", "action", "actions", "declared", "early_actions", "hazard_title", "level_word", "reports"]


@dataclass(frozen=True, slots=True)
class Declared:
    """A mapping that fits, and the pack (name and version) that declares it."""

    mapping: ResponseMapping
    pack: str
    version: int
    sha: str


def declared(hazard: str, on: str, level: int) -> Declared | None:
    """The highest response that any pack in use declares; None where none does."""
    fit = [
        Declared(mapping, pack.name, pack.version, pack.sha)
        for pack in packs_in_use()
        if (mapping := pack.playbook.mapping(hazard, on, level)) is not None
    ]
    return max(fit, key=lambda found: found.mapping.response, default=None)


def action(name: str) -> Action | None:
    """An action by ``pack/id``; None where no pack in use has it any more."""
    every = (action for pack in packs_in_use() for action in pack.playbook.actions)
    return next((action for action in every if action.id == name), None)


def actions(hazard: str, response: int) -> list[Action]:
    """The first actions of a hazard at a response rank, of every pack in use."""
    return [action for pack in _books(hazard) for action in pack.playbook.actions_for(hazard, response)]


def early_actions(hazard: str, level: int) -> list[Action]:
    """What an event of a hazard at a warning rank proposes before any response, of every pack in use."""
    return [action for pack in _books(hazard) for action in pack.playbook.early_actions_for(hazard, level)]


def reports(hazard: str) -> list[Report]:
    """What must be reported of a hazard."""
    return [report for pack in _books(hazard) for report in pack.playbook.reports_for(hazard)]


def hazard_title(hazard: str, language: str) -> str:
    """What people call a hazard; its code where no pack says."""
    for pack in packs_in_use():
        if hazard in pack.spoken_of:
            title = pack.spoken_of[hazard].title
            return title.get(language) or title.get("en") or hazard
    return hazard.replace("_", " ")


def level_word(rank: int, language: str) -> str:
    """The word of a warning level in the scheme of the first pack; rank 0 is a dash."""
    scheme = next((pack.scheme for pack in packs_in_use()), CHINA_FOUR_COLOUR)
    return scheme.level(rank).word(language) if 1 <= rank <= len(scheme.levels) else "–"


def _books(hazard: str) -> list[Pack]:
    return [pack for pack in packs_in_use() if hazard in pack.spoken_of]
