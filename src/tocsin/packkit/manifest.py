"""pack.toml: who the pack is, for when, and by which scheme it grades."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from tocsin.engine.language.faults import nearest
from tocsin.packkit.document import Folder
from tocsin.packkit.fault import Faults
from tocsin.packkit.section import Section
from tocsin.terms.level import CHINA_FOUR_COLOUR, Scheme

__all__ = ["Manifest", "SCHEMES", "read_manifest"]

SCHEMES: Mapping[str, Scheme] = {CHINA_FOUR_COLOUR.code: CHINA_FOUR_COLOUR}
_KEYS = ("name", "version", "title", "owner", "scheme", "valid_from", "valid_to", "needs", "sealed")


@dataclass(frozen=True, slots=True)
class Manifest:
    """The contents of pack.toml."""

    name: str
    version: int
    title: Mapping[str, str]
    owner: str
    scheme: Scheme
    valid_from: date
    valid_to: date | None
    needs: tuple[str, ...] = ()  # packs whose hazards this one speaks of


def read_manifest(folder: Folder, faults: Faults) -> Manifest:
    """pack.toml with every fault reported."""
    document = folder.document("pack.toml", required=True)
    section = Section(document, (), document.data, faults)
    section.known(_KEYS)
    name = section.text("name", folder.path.name, need=bool(document.data))
    if name != folder.path.name:
        section.fault(
            f"the pack is called {name!r}, its folder {folder.path.name!r}", "give both the same name", "name"
        )
    code = section.text("scheme", CHINA_FOUR_COLOUR.code)
    if code not in SCHEMES:
        section.fault(f"no level scheme {code!r}", nearest(code, SCHEMES), "scheme")
    valid_from, valid_to = section.day("valid_from", need=bool(document.data)), section.day("valid_to")
    if valid_from and valid_to and valid_to <= valid_from:
        section.fault(
            "valid_to is not after valid_from", "valid_to is the first day the pack no longer holds", "valid_to"
        )
    return Manifest(
        name=name, version=section.whole("version", 1, need=bool(document.data), least=1),
        title=section.words("title", need=bool(document.data)), owner=section.text("owner", need=bool(document.data)),
        scheme=SCHEMES.get(code, CHINA_FOUR_COLOUR), valid_from=valid_from or date.min, valid_to=valid_to,
        needs=section.texts("needs"),
    )  # fmt: skip
