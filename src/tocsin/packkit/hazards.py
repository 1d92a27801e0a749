"""hazards.toml and cascades.toml: how signals become events, and which hazard causes which."""

from __future__ import annotations

from collections.abc import Mapping

from tocsin.engine.hazard import Cascade, HazardSpec
from tocsin.engine.language.faults import nearest
from tocsin.packkit.document import Folder
from tocsin.packkit.fault import Faults
from tocsin.packkit.section import Section, sections, tables_of
from tocsin.terms.level import Scheme

__all__ = ["read_cascades", "read_hazards"]

_HAZARD_KEYS = ("distance_km", "gap", "title", "exposure", "certainty", "source", "verified", "note")
_CASCADE_KEYS = (
    "parent", "level", "child", "child_level", "facility_kinds", "facility_labels", "distance_km", "why", "source",
    "verified", "note",
)  # fmt: skip


def read_hazards(folder: Folder, faults: Faults) -> Mapping[str, HazardSpec]:
    """The hazard types by code, faults reported."""
    document = folder.document("hazards.toml", required=True)
    Section(document, (), document.data, faults).known(("hazard",))
    out = {}
    for code, section in tables_of(document, "hazard", faults):
        section.known(_HAZARD_KEYS)
        section.boolean("verified", need=True)
        out[code] = HazardSpec(
            code, section.number("distance_km", 0.0, need=True), section.duration_us("gap", need=True) / 1e6,
            section.words("title"), _ranks(section, "exposure"),
            {int(number): ranks for number, ranks in _ranks(section, "certainty").items() if number.isdigit()},
        )  # fmt: skip
        if out[code].distance_km < 0:
            section.fault("distance_km is below 0", "write how near signals of one event lie", "distance_km")
        for number in section.table("certainty"):
            if not number.isdigit():
                section.fault(
                    f"certainty {number!r} is no number of streams",
                    'write certainty = { "3" = 1 }',
                    "certainty",
                    number,
                )
    return out


def _ranks(section: Section, key: str) -> dict[str, int]:
    out = {}
    for name, ranks in section.table(key).items():
        if type(ranks) is not int or not -4 <= ranks <= 4:
            section.fault(f"{key}.{name} must add -4 to 4 ranks", f"write {key} = {{ {name} = 1 }}", key, name)
        else:
            out[str(name)] = ranks
    return out


def read_cascades(
    folder: Folder, hazards: Mapping[str, HazardSpec], scheme: Scheme, faults: Faults
) -> tuple[Cascade, ...]:
    """The cascades, faults reported."""
    document = folder.document("cascades.toml")
    Section(document, (), document.data, faults).known(("cascade",))
    out = []
    for section in sections(document, "cascade", faults):
        section.known(_CASCADE_KEYS)
        section.boolean("verified", need=True)
        parent, child = section.text("parent", need=True), section.text("child", need=True)
        for key, code in (("parent", parent), ("child", child)):
            if code and code not in hazards:
                section.fault(f"no hazard {code!r} in hazards.toml", nearest(code, hazards), key)
        kinds = section.texts("facility_kinds")
        if not kinds:
            section.fault(
                "facility_kinds names no kind of facility", 'write facility_kinds = ["underpass"]', "facility_kinds"
            )
        labels = {str(name): str(value) for name, value in section.table("facility_labels").items()}
        out.append(Cascade(parent, _rank(section, "level", scheme), child, kinds, section.number("distance_km", 0.0, need=True),
                           _rank(section, "child_level", scheme), labels, section.words("why")))  # fmt: skip
    return tuple(out)


def _rank(section: Section, key: str, scheme: Scheme) -> int:
    code = section.text(key, scheme.codes[0], need=True)
    if code not in scheme.codes:
        section.fault(f"scheme {scheme.code} has no level {code!r}", nearest(code, scheme.codes), key)
        return 1
    return scheme.rank(code)
