"""Roles that a pack may name. They are those of posts (`records/org/roles`); a test holds the two lists together."""

from __future__ import annotations

from tocsin.engine.language.faults import nearest
from tocsin.packkit.section import Section

__all__ = ["OWNER", "ROLES", "roles_of"]

ROLES = ("duty_officer", "signer", "inspector", "commander", "case_handler", "facility_operator")
OWNER = "owner"  # whoever owns the case, whatever the role


def roles_of(section: Section, key: str, need: bool = False, *, owner: bool = False) -> tuple[str, ...]:
    """A list of roles; ``owner``: the owner of the case may be named too. Faults reported."""
    known = (*ROLES, OWNER) if owner else ROLES
    given = section.texts(key)
    if need and not given:
        section.fault(f"{key} is missing", f'write {key} = ["case_handler"]', key)
    for role in given:
        if role not in known:
            section.fault(f"no role {role!r} works on cases", nearest(role, known), key)
    return tuple(role for role in given if role in known)
