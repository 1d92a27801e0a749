"""words/<language>.toml: the sentences a duty officer reads."""

from __future__ import annotations

import string
from collections.abc import Iterable, Mapping
from typing import Any

from tocsin.engine.language.faults import nearest
from tocsin.packkit.document import LANGUAGES, Document, Folder
from tocsin.packkit.fault import Faults
from tocsin.packkit.section import Section
from tocsin.terms.level import Scheme

__all__ = ["ANY", "LOWERED", "PLACEHOLDERS", "SENTENCES", "check_words", "read_words", "template"]

SENTENCES = ("raised", "changed", "cleared")
LOWERED = "lowered"  # optional: a change downwards, else ``changed``
ANY = "any"  # [any]: the sentence of every rule that has none of its own
PLACEHOLDERS = (
    "value", "unit", "threshold", "comparison", "window", "duration", "what", "evidence", "place", "level", "previous",
    "rule", "title", "version", "at",
)  # fmt: skip


def read_words(folder: Folder) -> Mapping[str, Mapping[str, Any]]:
    """The words by language, as written."""
    return {language: folder.document(f"words/{language}.toml", required=True).data for language in LANGUAGES}


def template(words: Mapping[str, Any], rule: str, sentence: str, level: str) -> str:
    """The sentence for a rule's change: that of the level, of the rule, or of any rule; "" if there is none."""
    rules = words.get("rule", {})
    for chosen in (rules.get(rule, {}) if isinstance(rules, Mapping) else {}, words.get(ANY, {})):
        found = chosen.get(sentence) if isinstance(chosen, Mapping) else None
        if isinstance(found, Mapping):
            found = found.get(level, found.get(ANY))
        if isinstance(found, str):
            return found
    return ""


def check_words(
    folder: Folder, rules: Iterable[str], levels: Mapping[str, Iterable[str]], scheme: Scheme, faults: Faults
) -> None:
    """Each rule has each sentence in each language, with placeholders that can be filled. ``levels`` by rule."""
    rules = tuple(rules)
    for language in LANGUAGES:
        document = folder.document(f"words/{language}.toml", required=True)
        top = Section(document, (), document.data, faults)
        top.known(("rule", ANY))
        entries = top.table("rule")
        for name in entries:
            if name not in rules:
                faults.add(document.name, document.line("rule", name), f"words for a rule {name!r} that does not exist",
                           nearest(name, rules))  # fmt: skip
        _placeholders(document, faults)
        for rule in rules:
            for sentence in SENTENCES:
                missing = [level for level in levels[rule] if not template(document.data, rule, sentence, level)]
                if missing:
                    which = f" for {', '.join(missing)}" if len(missing) < len(tuple(levels[rule])) else ""
                    faults.add(document.name, document.line("rule", rule),
                               f"rule {rule} has no sentence {sentence!r} in {language}{which}",
                               f"write {sentence} under [rule.{rule}] or [{ANY}]")  # fmt: skip


def _placeholders(document: Document, faults: Faults) -> None:
    for path, text in _sentences(document.data, ()):
        if any(part in (*SENTENCES, LOWERED) for part in path[-2:]):
            try:
                used = [name for _, name, _, _ in string.Formatter().parse(text) if name is not None]
            except ValueError as error:
                faults.add(
                    document.name, document.line(*path), f"the sentence cannot be read: {error}", "close every { with }"
                )
                continue
            for name in used:
                if name not in PLACEHOLDERS:
                    faults.add(
                        document.name, document.line(*path), f"no placeholder {{{name}}}", nearest(name, PLACEHOLDERS)
                    )
        else:
            faults.add(
                document.name,
                document.line(*path),
                f"unknown key {path[-1]!r}",
                nearest(str(path[-1]), (*SENTENCES, LOWERED)),
            )


def _sentences(data: Mapping[str, Any], path: tuple[str, ...]) -> Iterable[tuple[tuple[str, ...], str]]:
    for key, value in data.items():
        if isinstance(value, Mapping):
            yield from _sentences(value, (*path, key))
        elif isinstance(value, str):
            yield (*path, key), value
