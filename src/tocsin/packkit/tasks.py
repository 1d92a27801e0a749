"""tasks.toml: what an inspector is asked when an event of a hazard is to be verified, and within which time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from tocsin.engine.hazard import HazardSpec
from tocsin.engine.language.faults import nearest
from tocsin.packkit.document import Folder
from tocsin.packkit.fault import Faults
from tocsin.packkit.section import Section, tables_of
from tocsin.terms.level import Scheme

__all__ = ["MOST_CHECKS", "VerificationSpec", "read_tasks"]

MOST_CHECKS = 3  # what somebody in the rain can keep in mind
_KEYS = ("role", "skills", "check", "minutes", "automatic", "automatic_from", "source", "verified", "note")
_ROLES = ("inspector",)


@dataclass(frozen=True, slots=True)
class VerificationSpec:
    """``checks``: at most three things to look at, each by language. ``minutes`` from asking to the deadline, by rank.
    ``automatic_from``: the rank from which it is asked without a duty officer; None = never. ``skills``: what the post
    must be able to do, all of them. ``source`` and ``verified``: where the minutes come from."""

    hazard: str
    checks: tuple[Mapping[str, str], ...]
    minutes: Mapping[int, int]
    automatic_from: int | None = None
    role: str = "inspector"
    skills: tuple[str, ...] = field(default=())
    source: str = ""
    verified: bool = False

    def minutes_at(self, rank: int) -> int:
        """The time for an event of this rank; of the lowest rank where it has none."""
        return self.minutes[min(max(rank, 1), max(self.minutes))]


def read_tasks(
    folder: Folder, hazards: Mapping[str, HazardSpec], scheme: Scheme, faults: Faults
) -> Mapping[str, VerificationSpec]:
    """What is asked, by hazard, faults reported. A hazard without an entry is verified when a duty officer asks."""
    document = folder.document("tasks.toml")
    Section(document, (), document.data, faults).known(("verification",))
    out = {}
    for code, section in tables_of(document, "verification", faults):
        section.known(_KEYS)
        if code not in hazards:
            section.fault(f"no hazard {code!r} in hazards.toml", nearest(code, hazards))
        role = section.text("role", "inspector")
        if role not in _ROLES:
            section.fault(f"role {role!r} does not verify", nearest(role, _ROLES), "role")
        out[code] = VerificationSpec(
            code, _checks(section), _minutes(section, scheme), _automatic_from(section, scheme), role,
            section.texts("skills"), section.text("source"), section.boolean("verified", need=True),
        )  # fmt: skip
    return out


def _checks(section: Section) -> tuple[Mapping[str, str], ...]:
    given = section.data.get("check", [])
    if not isinstance(given, list) or not 1 <= len(given) <= MOST_CHECKS:
        section.fault(f"check needs one to {MOST_CHECKS} things to look at",
                      'write check = [{ en = "…", zh-hans = "…" }]', "check")  # fmt: skip
        return ()
    each = Section(
        section.document, (*section.path, "check"), {str(n): words for n, words in enumerate(given)}, section.faults
    )
    return tuple(each.words(str(n)) for n in range(len(given)))


def _minutes(section: Section, scheme: Scheme) -> dict[int, int]:
    """One time for each level, never longer for a higher one."""
    given = section.table("minutes")
    for code in given:
        if code not in scheme.codes:
            section.fault(f"scheme {scheme.code} has no level {code!r}", nearest(code, scheme.codes), "minutes", code)
    out: dict[int, int] = {}
    for code in scheme.codes:
        minutes = given.get(code)
        if type(minutes) is not int or not 1 <= minutes <= 7 * 24 * 60:
            section.fault(
                f"minutes.{code} must be a whole number from 1 to 10080", f"write {code} = 60", "minutes", code
            )
            minutes = min(out.values(), default=60)
        elif minutes > min(out.values(), default=minutes):
            section.fault(f"minutes.{code} is longer than for a lower level", "a higher level is never slower",
                          "minutes", code)  # fmt: skip
        out[scheme.rank(code)] = minutes
    return out


def _automatic_from(section: Section, scheme: Scheme) -> int | None:
    automatic = section.boolean("automatic", need=True)
    code = section.text("automatic_from", need=automatic)
    if not automatic:
        if code:
            section.fault("automatic_from without automatic = true says nothing", "take it away", "automatic_from")
        return None
    if code and code not in scheme.codes:
        section.fault(f"scheme {scheme.code} has no level {code!r}", nearest(code, scheme.codes), "automatic_from")
    return scheme.rank(code) if code in scheme.codes else len(scheme.levels)
