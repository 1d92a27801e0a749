"""Sealed content is out of reach of rules (design: scope, sealed packs). Also asked at load, for packs from outside."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from tocsin.engine.language import joint, tree
from tocsin.engine.language.rule import Rule
from tocsin.engine.language.walk import rule_nodes
from tocsin.packkit.document import Folder
from tocsin.packkit.fault import Faults

__all__ = ["NEVER_INPUT", "SEALED_PACKS", "check_sealed", "sealed_selection"]

# Never rule input, not even as counts.
NEVER_INPUT = ("petition", "petitions", "mediation", "dispute", "psychological", "psych", "counselling", "tip", "tips")
# Sealed packs, whatever they are called in a selector. The hotline's open thing categories reach the engine as report
# records of the log, never as streams that a rule could select.
SEALED_PACKS = ("hotline", "petitions", "mediation", "psychological_support", "public_participation", "tips")
_SEALED_WORDS = frozenset((*NEVER_INPUT, "hotline", "sealed"))
_SEALED_LABELS = frozenset(("pack", "case", "case_id", "case_number", "receipt", "text", "description", "narrative"))
_PART = re.compile(r"[a-z]+")


def sealed_selection(select: Mapping[str, Iterable[str]]) -> str:
    """Why a selector reaches for sealed content; "" if it does not."""
    for label, values in select.items():
        if label in _SEALED_LABELS:
            return f"streams cannot be selected by {label!r}: cases and their texts are sealed"
        for word in (label, *values):
            for part in _PART.findall(word.lower()):
                if part in _SEALED_WORDS:
                    return f"{label} = {word!r} reaches for sealed content ({part})"
    return ""


def check_sealed(folder: Folder, rules: Iterable[Rule], faults: Faults) -> None:
    """No rule selects sealed streams, names them as sister or groups by them; no property is one."""
    remedy = "rules see hazards, places and things only; leave it out"
    streams = folder.document("streams.toml")
    properties = streams.data.get("property", {})
    for name in properties if isinstance(properties, Mapping) else ():
        if reason := sealed_selection({"property": [str(name)]}):
            faults.add(streams.name, streams.line("property", name), reason, remedy)
    for name in _names(streams.data.get("report", {})):
        if reason := sealed_selection({"report": [name]}):
            faults.add(streams.name, streams.line("report", name), reason, remedy)
    document = folder.document("rules.toml")
    entries = document.data.get("rule", [])
    for index, entry in enumerate(entries if isinstance(entries, list) else []):
        if not isinstance(entry, Mapping):
            continue
        selectors = entry.get("streams", {})
        select = (
            {str(label): _words(value) for label, value in selectors.items()} if isinstance(selectors, Mapping) else {}
        )
        for label, values in select.items():
            if reason := sealed_selection({label: values}):
                faults.add(document.name, document.line("rule", index, "streams", label), reason, remedy)
        for key in ("per", "distinct"):
            if reason := sealed_selection({str(entry.get(key, "")): []}):
                faults.add(document.name, document.line("rule", index, key), reason, remedy)
        for code, text in _levels(entry):
            for sister in re.findall(r'sister\(\s*"([^"]*)"', text):
                if reason := sealed_selection({"property": [sister]}):
                    faults.add(document.name, document.line("rule", index, "level", code), reason, remedy)
    for rule in rules:  # what was understood, whatever was written
        for word in _categories(rule):
            if reason := sealed_selection({"report": [word]}):
                faults.add(document.name, 0, f"{rule.name}: {reason}", remedy)
        for word in _sisters(rule):
            if reason := sealed_selection({**rule.select, "property": [word]}):
                faults.add(document.name, 0, f"{rule.name}: {reason}", remedy)


def _names(tables: object) -> list[str]:
    return [str(name) for name in tables] if isinstance(tables, Mapping) else []


def _words(value: object) -> list[str]:
    return [value] if isinstance(value, str) else [str(word) for word in value] if isinstance(value, list) else []


def _levels(entry: Mapping[str, object]) -> Iterable[tuple[str, str]]:
    levels = entry.get("level", {})
    return [(str(code), str(text)) for code, text in levels.items()] if isinstance(levels, Mapping) else []


def _categories(rule: Rule) -> set[str]:
    return {node.category for node in rule_nodes(rule) if isinstance(node, joint.Reports)}


def _sisters(rule: Rule) -> set[str]:
    return {node.property for node in rule_nodes(rule, into_areas=True) if isinstance(node, tree.Sister)}
