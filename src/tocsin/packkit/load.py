"""Find and load packs: built in, installed by entry point, or a folder."""

from __future__ import annotations

from collections.abc import Iterable
from importlib.metadata import entry_points
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path

from tocsin.engine.hazard import HazardSpec
from tocsin.engine.language.faults import nearest
from tocsin.packkit.checklists import read_checklists
from tocsin.packkit.clocks import read_clocks
from tocsin.packkit.concerns.lifecycle import check_lifecycle
from tocsin.packkit.concerns.persons import check_persons
from tocsin.packkit.concerns.sealed import check_sealed
from tocsin.packkit.document import LANGUAGES, Document, Folder, digest_of
from tocsin.packkit.fault import Faults
from tocsin.packkit.forms import read_forms
from tocsin.packkit.hazards import read_cascades, read_hazards
from tocsin.packkit.lifecycle import read_lifecycle
from tocsin.packkit.manifest import read_manifest
from tocsin.packkit.origins import read_origins
from tocsin.packkit.pack import Pack, Provenance
from tocsin.packkit.papers import read_papers
from tocsin.packkit.playbook import read_playbook
from tocsin.packkit.reports import read_report_categories
from tocsin.packkit.risks import read_risks
from tocsin.packkit.rules import read_rules
from tocsin.packkit.streams import read_properties
from tocsin.packkit.tables import read_tables
from tocsin.packkit.tasks import read_tasks
from tocsin.packkit.warnings import read_warnings
from tocsin.packkit.words import read_words
from tocsin.terms.errors import BadPack, UnknownName

__all__ = [
    "ENTRY_POINTS",
    "builtin_pack_paths",
    "declarations",
    "find_pack",
    "installed_pack_paths",
    "load_pack",
    "read_pack",
]

ENTRY_POINTS = "tocsin.packs"  # each names a package whose folder is the pack


def load_pack(path: Path | str) -> Pack:
    """A pack from its folder. Raises BadPack naming the first fault and how many there are; what may never be loaded
    (person fields, sealed content in rules) is refused here too, also for packs from outside. Examples are not run."""
    faults = Faults()
    pack = read_pack(Path(path), faults)
    found = faults.faults
    if found:
        more = f" (and {len(found) - 1} more faults)" if len(found) > 1 else ""
        raise BadPack(f"pack {pack.name} {found[0].file}:{found[0].line}", found[0].what + more,
                      f"{found[0].remedy}; `tocsin pack check` lists all faults")  # fmt: skip
    return pack


def read_pack(path: Path, faults: Faults) -> Pack:
    """A pack with every fault of its declarations reported; what is faulty is left out."""
    if not (path / "pack.toml").is_file():
        raise BadPack(
            f"pack {path.name}", "the folder has no pack.toml", "give the folder of a pack; `tocsin pack new` makes one"
        )
    folder = Folder(path.resolve(), faults)
    faults.concern = "structure"
    manifest = read_manifest(folder, faults)
    properties = read_properties(folder, faults)
    reports = read_report_categories(folder, faults)
    tables = read_tables(folder, faults)
    faults.concern = "rules"
    borrowed = _needed(folder, manifest.needs, faults)
    rules, provenance = read_rules(folder, manifest, properties, tables, faults, borrowed=borrowed)
    faults.concern = "hazards"
    hazards = read_hazards(folder, faults)
    spoken_of = {**borrowed, **hazards}
    cascades = read_cascades(folder, spoken_of, manifest.scheme, faults)
    _hazards_declared(folder, spoken_of, faults)
    verifications = read_tasks(folder, spoken_of, manifest.scheme, faults)
    playbook = read_playbook(folder, manifest.name, spoken_of, manifest.scheme, faults)
    warnings = read_warnings(folder, hazards, manifest.scheme, faults)
    words = read_words(folder)
    faults.concern = "cases"
    clocks, forms = read_clocks(folder, faults), read_forms(folder, faults)
    cases = read_checklists(folder, read_lifecycle(folder, manifest.name, clocks, forms, faults), faults)
    risks = read_risks(folder, manifest.name, manifest.scheme, clocks, forms, cases, faults)
    papers = read_papers(folder, faults, cases)
    if not faults.faults:  # what was left out as faulty would be missed everywhere
        check_lifecycle(folder, cases.values(), faults)
    faults.concern = "persons"
    check_persons(declarations(folder), faults)
    faults.concern = "sealed"
    check_sealed(folder, rules, faults)
    quality = folder.document("quality.toml").data
    valid = Provenance("", False, manifest.valid_from, manifest.valid_to)
    return Pack(
        name=manifest.name, version=manifest.version, sha=digest_of(folder.path), path=folder.path, title=manifest.title,
        owner=manifest.owner, scheme=manifest.scheme, valid_from=manifest.valid_from, valid_to=manifest.valid_to, rules=rules,
        hazards=hazards, borrowed=borrowed, cascades=cascades, properties=properties, tables=tables, words=words,
        provenance=provenance,
        origins=read_origins(folder, valid),
        tier=str(quality.get("tier", "")),
        warnings=warnings,
        papers=papers,
        reports=reports,
        verifications=verifications,
        playbook=playbook,
        clocks=clocks,
        forms=forms,
        cases=cases,
        risks=risks,
        replays={Path(name).stem: folder.document(name).data for name in folder.names("replays/*.toml")},
    )  # fmt: skip


def _needed(folder: Folder, needs: Iterable[str], faults: Faults) -> dict[str, HazardSpec]:
    """The hazards of the packs that a pack needs, so that it may speak of them: a needed pack lies beside it, is installed or
    is built in. One that cannot be found, or has faults of its own, is a fault here."""
    out: dict[str, HazardSpec] = {}
    document = folder.document("pack.toml")
    for name in needs:
        beside = folder.path.parent / name
        theirs = Faults()
        try:
            where = beside if (beside / "pack.toml").is_file() else find_pack(name)
            out |= read_hazards(Folder(where.resolve(), theirs), theirs)
        except UnknownName as error:
            faults.add(document.name, document.line("needs"), f"needs {name!r}, which {error.rule}", error.remedy)
        if theirs.faults:
            faults.add(document.name, document.line("needs"), f"needs {name!r}, whose hazards.toml has faults",
                       f"run tocsin pack check {name}")  # fmt: skip
    return out


def declarations(folder: Folder) -> list[Document]:
    """The files a pack declares itself in (not its examples and replays, which hold data)."""
    names = ["pack.toml", "streams.toml", "tables.toml", "rules.toml", "hazards.toml", "cascades.toml", "warnings.toml",
             "playbook.toml", "papers.toml",
             "tasks.toml", "clocks.toml", "lifecycle.toml", "checklists.toml", "risks.toml", "quality.toml"]  # fmt: skip
    return [folder.document(name) for name in (*names, *(f"words/{language}.toml" for language in LANGUAGES))]


def builtin_pack_paths() -> tuple[Path, ...]:
    """The folders of the packs that ship with Tocsin, by name."""
    inside = Path(str(files("tocsin.packs")))
    return tuple(sorted(path for path in inside.iterdir() if (path / "pack.toml").is_file()))


def installed_pack_paths() -> tuple[Path, ...]:
    """The folders of packs that other distributions declare under the entry point group ``tocsin.packs``."""
    found = (find_spec(point.value) for point in entry_points(group=ENTRY_POINTS))
    # A pack needs no __init__.py, so its package may be a namespace: look at where it lies, import nothing.
    return tuple(sorted(Path(place) for spec in found if spec for place in spec.submodule_search_locations or ()))


def find_pack(name: str, among: Iterable[Path] | None = None) -> Path:
    """The folder of a pack by its name, or a folder itself. Raises UnknownName with the nearest known one."""
    known = {
        path.name: path for path in (among if among is not None else (*installed_pack_paths(), *builtin_pack_paths()))
    }
    if name in known:
        return known[name]
    if Path(name).is_dir():
        return Path(name)
    raise UnknownName(f"pack {name}", "is neither installed nor a folder", nearest(name, known))


def _hazards_declared(folder: Folder, hazards: Iterable[str], faults: Faults) -> None:
    document = folder.document("rules.toml")
    known = set(hazards)
    entries = document.data.get("rule", [])
    for index, entry in enumerate(entries if isinstance(entries, list) else []):
        if isinstance(entry, dict) and entry.get("quality") is not True and entry.get("hazard") not in known:
            code = str(entry.get("hazard", ""))
            line = document.line("rule", index, "hazard")
            faults.add(document.name, line, f"no hazard {code!r} in hazards.toml", nearest(code, known))
