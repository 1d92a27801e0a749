"""Check a whole pack: every concern looks, nobody stops at the first fault."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tocsin.packkit.case_example import check_case_examples
from tocsin.packkit.concerns.quality import check_quality
from tocsin.packkit.concerns.sources import check_sources
from tocsin.packkit.document import Folder
from tocsin.packkit.fault import Fault, Faults
from tocsin.packkit.load import read_pack
from tocsin.packkit.pack import Pack
from tocsin.packkit.words import check_words
from tocsin.terms.errors import BadPack

__all__ = ["Examination", "check_pack", "examine_pack"]

# At the top of a pack: anything else is a misspelt file that would silently say nothing.
_FILES = (
    "pack.toml", "streams.toml", "rules.toml", "hazards.toml", "cascades.toml", "warnings.toml", "playbook.toml",
    "papers.toml",
    "tables.toml", "tasks.toml", "clocks.toml", "lifecycle.toml", "checklists.toml",
    "risks.toml", "forms", "cases", "quality.toml", "words",
    "examples", "tests", "replays", "functions.py", "README.md",
    "__init__.py",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Examination:
    """A pack as far as it could be read, what must be repaired, and what should be known."""

    pack: Pack
    faults: list[Fault]
    notes: list[Fault]


def check_pack(path: Path | str) -> list[Fault]:
    """All faults of a pack with file, line and remedy; an empty list says that it is fit for use."""
    return examine_pack(path).faults


def examine_pack(path: Path | str, run_examples: bool = True) -> Examination:
    """Check a pack and keep what was read. Raises BadPack only for a folder that is no pack at all."""
    path = Path(path)
    if not path.is_dir():
        raise BadPack(f"pack {path.name}", "there is no such folder", "give the folder of a pack")
    faults = Faults()
    pack = read_pack(path, faults)
    folder = Folder(pack.path, Faults())
    faults.concern = "structure"
    _files(folder, faults)
    faults.concern = "sources"
    check_sources(folder, faults)
    faults.concern = "words"
    levels = {rule.name.rpartition("/")[2]: [_code(pack, rung.rank, rule.quality and len(rule.rungs) == 1)
                                              for rung in rule.rungs] for rule in pack.rules}  # fmt: skip
    check_words(Folder(pack.path, faults), _declared(folder, levels), levels, pack.scheme, faults)
    outcomes = []
    if run_examples and not faults.faults:
        from tocsin.packkit.concerns.examples import check_examples  # noqa: PLC0415 - compiles kernels
        from tocsin.packkit.concerns.rule_tests import check_rule_tests  # noqa: PLC0415

        faults.concern = "examples"
        outcomes = check_examples(pack, Folder(pack.path, faults), faults)
        faults.concern = "tests"
        check_rule_tests(pack, Folder(pack.path, faults), faults)
        faults.concern = "cases"
        outcomes += check_case_examples(Folder(pack.path, faults), pack.cases, faults)
    failed = {fault.concern for fault in faults.faults}
    faults.concern = "quality"
    if run_examples:
        check_quality(Folder(pack.path, faults), failed, outcomes, faults)
    return Examination(pack, faults.faults, faults.notes)


def _files(folder: Folder, faults: Faults) -> None:
    for entry in sorted(folder.path.iterdir()):
        if entry.name not in _FILES and not entry.name.startswith((".", "__pycache__")):
            faults.add(entry.name, 0, f"{entry.name} is no file of a pack", "correct its name or take it away")


def _declared(folder: Folder, read: dict[str, list[str]]) -> list[str]:
    """Rules that could be read, and those that could not with the levels they name: their words are not strangers."""
    entries = folder.document("rules.toml").data.get("rule", [])
    for entry in entries if isinstance(entries, list) else []:
        if isinstance(entry, dict):
            levels = entry.get("level")
            read.setdefault(str(entry.get("id")), [str(code) for code in levels] if isinstance(levels, dict) else [])
    return list(read)


def _code(pack: Pack, rank: int, flag: bool) -> str:
    return "flag" if flag else pack.scheme.level(rank).code
