"""What a pack calls what its conditions name: properties by name, others as ``rule:``, ``report:``, ``hazard:``, ``level:``."""

from __future__ import annotations

from collections.abc import Mapping

from tocsin.packkit.pack import Pack

__all__ = ["titles_of"]


def titles_of(pack: Pack, language: str) -> Mapping[str, str]:
    """Titles in one language."""
    out = {name: known.title.get(language, name) for name, known in pack.properties.items()}
    out |= {f"rule:{rule.name}": rule.title.get(language, rule.name) for rule in pack.rules}
    out |= {f"report:{name}": known.title.get(language, name) for name, known in pack.reports.items()}
    out |= {f"hazard:{code}": known.title.get(language, code) for code, known in pack.hazards.items()}
    out |= {f"level:{level.code}": level.word(language) for level in pack.scheme.levels}
    return out
