"""rules.toml: the rules with their sources and dates."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from tocsin.engine.language.joint import named_rules
from tocsin.engine.language.parse import RULE_KEYS, RuleFault, parse_rule
from tocsin.engine.language.rule import Rule
from tocsin.engine.language.vocabulary import IndexTable, JointNames
from tocsin.engine.language.walk import is_joint, rule_nodes
from tocsin.packkit.document import Document, Folder
from tocsin.packkit.fault import Faults
from tocsin.packkit.manifest import Manifest
from tocsin.packkit.pack import Property, Provenance
from tocsin.packkit.section import Section, sections
from tocsin.terms.limits import PACK_RULES

__all__ = ["entry_text", "read_rules"]

_KEYS = (*RULE_KEYS, "valid_from", "valid_to", "note")


def read_rules(
    folder: Folder,
    manifest: Manifest,
    properties: Mapping[str, Property],
    tables: Mapping[str, IndexTable],
    faults: Faults,
    *,
    borrowed: Iterable[str] = (),
) -> tuple[tuple[Rule, ...], Mapping[str, Provenance]]:
    """The rules and where each comes from, faults reported; a rule with faults is left out. ``borrowed``: hazards of the
    packs that this one needs."""
    document = folder.document("rules.toml", required=True)
    Section(document, (), document.data, faults).known(("rule",))
    names = _names(folder, manifest, document, borrowed)
    rules: dict[str, Rule] = {}
    declared = document.data.get("rule", [])
    if isinstance(declared, list) and len(declared) > PACK_RULES:
        line, column = document.place("rule", PACK_RULES)
        faults.add(document.name, line, f"it has more than {PACK_RULES} rules", "split the pack", column=column)
        return (), {}
    provenance = {}
    for section in sections(document, "rule", faults):
        section.known(_KEYS)
        before = len(faults.found)
        rule = _rule(section, manifest, properties, tables, names)
        origin = _provenance(section, manifest)
        if rule.name in rules:
            section.fault(f"two rules are called {rule.name}", "give each its own id", "id")
        elif not any(fault.weight == "fault" for fault in faults.found[before:]):
            rules[rule.name], provenance[rule.name] = rule, origin
    _refuse_joint_of_joint(document, rules, faults)
    if not any(document.data.get("rule", ())) and document.data:
        faults.add(document.name, 1, "the pack has no rule", "write a [[rule]]")
    return tuple(rules.values()), provenance


def _rule(
    section: Section, manifest: Manifest, properties: Mapping[str, Property], tables: Mapping[str, IndexTable],
    names: JointNames,
) -> Rule:  # fmt: skip
    found: list[RuleFault] = []
    rule = parse_rule(
        section.data, pack=manifest.name, scheme=manifest.scheme, tables=tables, faults=found,
        units={name: known.unit for name, known in properties.items() if known.unit},
        stages=frozenset(stage for known in properties.values() for stage in known.stages),
        nonnegative=frozenset(name for name, known in properties.items() if known.low >= 0), names=names,
    )  # fmt: skip
    for fault in found:
        path = (*section.path, *fault.key)
        (line, column), what = section.document.place(*path), fault.error.rule
        if fault.error.line:
            what = f"{'.'.join(fault.key)}: {what}"
            position = _position(entry_text(section.data, fault.key), fault.error.line, fault.error.column)
            line, column = section.document.text_place(position, *path)
        section.faults.add(section.document.name, line, what, fault.error.remedy,
                           "note" if fault.note else "fault", column)  # fmt: skip
    return rule


def _names(folder: Folder, manifest: Manifest, document: Document, borrowed: Iterable[str]) -> JointNames:
    """What joint conditions may name: rules of this file, reports of streams.toml, hazards of hazards.toml (any, where a
    rules file stands alone)."""
    entries = document.data.get("rule", [])
    ids = [str(entry.get("id")) for entry in entries if isinstance(entry, dict)] if isinstance(entries, list) else []
    reports, hazards = (
        folder.document("streams.toml").data.get("report", {}),
        folder.document("hazards.toml").data.get("hazard"),
    )
    return JointNames(
        {name: f"{manifest.name}/{name}" for name in ids}, frozenset(reports if isinstance(reports, dict) else ()),
        frozenset((*borrowed, *hazards)) if isinstance(hazards, dict) else None,
    )  # fmt: skip


def _refuse_joint_of_joint(document: Document, rules: Mapping[str, Rule], faults: Faults) -> None:
    """A joint rule looks at rules over observations only: no chains, no circles."""
    for rule in rules.values():
        for node in rule_nodes(rule):
            for name in named_rules(node):
                if name in rules and is_joint(rules[name]):
                    faults.add(document.name, 0, f"{rule.name} looks at {name}, which is joint itself",
                               "name a rule that judges observations")  # fmt: skip


def entry_text(entry: Mapping[str, Any], key: tuple[str, ...]) -> str:
    """The text that stands at a key of a declared rule; "" if none does."""
    value: Any = entry
    for part in key:
        value = value.get(part) if isinstance(value, Mapping) else None
    return value if isinstance(value, str) else ""


def _position(text: str, line: int, column: int) -> int:
    """Line and column inside a text as a position."""
    return sum(len(part) + 1 for part in text.split("\n")[: line - 1]) + column - 1


def _provenance(section: Section, manifest: Manifest) -> Provenance:
    section.words("title")
    section.words("why")
    if "verified" not in section.data:  # its type is judged with the rule
        section.fault("verified is missing", "write verified = false until the text of the source was read")
    valid_from, valid_to = section.day("valid_from", need=True), section.day("valid_to")
    if valid_from and valid_to and valid_to <= valid_from:
        section.fault(
            "valid_to is not after valid_from", "valid_to is the first day the rule no longer holds", "valid_to"
        )
    return Provenance(section.text("source"), section.data.get("verified") is True, valid_from or date.min, valid_to,
                      section.text("note"))  # fmt: skip
