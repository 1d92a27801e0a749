"""Every threshold cites where it comes from, and says whether that was read."""

from __future__ import annotations

import re

from tocsin.packkit.document import Folder
from tocsin.packkit.fault import Faults
from tocsin.packkit.section import Section, sections, tables_of

__all__ = ["OWN", "check_sources"]

_IN_GRADE = ("chain", "falls")  # tables of a ladder that stand on something of their own
OWN = "own:"  # our own suggestion, never verified
_CITED = re.compile(r"(?:own: .{10,}|[A-Za-z0-9_./-]+\.(?:yaml|md|toml|csv)#[A-Za-z0-9_.-]+(?:; .*)?|https?://\S+)")


def check_sources(folder: Folder, faults: Faults) -> None:
    """Rules, hazards, cascades, index tables and playbooks."""
    for section in sections(folder.document("rules.toml"), "rule", faults):
        _cited(section, "rule")
    for name, section in tables_of(folder.document("tables.toml"), "table", faults):
        _cited(section, f"table {name}")
    for name, section in tables_of(folder.document("hazards.toml"), "hazard", faults):
        _cited(section, f"hazard {name}")
    for section in sections(folder.document("cascades.toml"), "cascade", faults):
        _cited(section, "cascade")
    for name, section in tables_of(folder.document("warnings.toml"), "hazard", faults):
        _cited(section, f"warning of {name}")
    for name, section in tables_of(folder.document("tasks.toml"), "verification", faults):
        _cited(section, f"verification {name}")
    for name, section in tables_of(folder.document("clocks.toml"), "clock", faults):
        _cited(section, f"clock {name}")
    for name, section in tables_of(folder.document("lifecycle.toml"), "case", faults):
        _cited(section, f"kind of case {name}")
        graded = Section(section.document, (*section.path, "grade"), section.table("grade"), faults)
        for inner in (
            graded,
            *(Section(section.document, (*graded.path, key), graded.table(key), faults) for key in _IN_GRADE),
        ):
            if inner.data:
                _cited(inner, f"{'.'.join(str(part) for part in inner.path[2:])} of {name}")
    for name, section in tables_of(folder.document("checklists.toml"), "case", faults):
        for code, table in section.table("list").items():
            if isinstance(table, dict):
                inner = Section(section.document, (*section.path, "list", code), table, faults)
                _cited(inner, f"checklist {code} of {name}")
                for number, one in enumerate(table.get("item", [])):
                    if isinstance(one, dict) and "source" in one:
                        _cited(
                            Section(section.document, (*inner.path, "item", number), one, faults),
                            f"item {one.get('code')}",
                        )
    for key in ("mapping", "action", "report"):
        for section in sections(folder.document("playbook.toml"), key, faults):
            _cited(section, f"playbook {key}")


def _cited(section: Section, what: str) -> None:
    source = section.data.get("source", "")
    verified = section.data.get("verified")
    if not isinstance(source, str) or not source.strip():
        section.fault(f"{what}: no source is cited for its numbers",
                      'cite one, or write source = "own: why we chose it" and verified = false', "source")  # fmt: skip
    elif not _CITED.fullmatch(source):
        section.fault(f"{what}: source {source[:60]!r} is neither a file with an anchor, an address, nor \"own: reason\"",
                      "write facts/natural_hazards.yaml#signal_rules.rainstorm", "source")  # fmt: skip
    elif source.startswith(OWN) and verified is True:
        section.fault(f"{what}: our own suggestion cannot be verified", "write verified = false", "verified")
    elif verified is False:
        section.faults.add(section.document.name, section.document.line(*section.path, "verified"),
                           f"{what}: not verified ({source[:80]})", "check it against the official text before relying on it",
                           "note")  # fmt: skip
