"""Who does it: the post on duty, of a role, nearest by its duty post. Never by where anybody is."""

from __future__ import annotations

import math
from collections.abc import Collection
from datetime import datetime

from tocsin.engine.hazard import Facility
from tocsin.geo import distance_km
from tocsin.packkit.playbook import Action
from tocsin.records.org import queries as org
from tocsin.records.org.roles import Role
from tocsin.records.org.scope import EVERYWHERE, Scope
from tocsin.records.org.services import PostLine
from tocsin.records.places import queries as places

__all__ = [
    "PLACES_AT_MOST",
    "commanders",
    "facilities_for",
    "facility_title",
    "named_areas",
    "nearest_on_duty",
    "operator_post",
    "posts_above",
]

PLACES_AT_MOST = 12


def nearest_on_duty(
    role: str, jurisdiction: str, lon: float | None, lat: float | None, *, now: datetime,
    not_accounts: Collection[str] = (),
) -> PostLine | None:  # fmt: skip
    """The post of a role that somebody (not one of ``not_accounts``) holds now, whose area holds the place or lies in its
    area: the nearest by its duty post, then the smallest area, then by id. None: nobody is on duty."""
    held = org.holders(now=now, role=Role(role))
    fit = {h.post.id: h.post for h in held if h.account not in not_accounts and _answers(h.post, jurisdiction)}
    return min(fit.values(), key=lambda post: (_km(post, lon, lat), -len(post.jurisdiction), post.id), default=None)


def commanders(jurisdiction: str, *, now: datetime) -> list[PostLine]:
    """The commanders on duty whose area holds this one, the nearest area first."""
    return org.on_duty(Role.COMMANDER, jurisdiction, now=now)


def operator_post(facility: str, *, now: datetime, must_be_held: bool = True) -> PostLine | None:
    """The post that operates a facility; one that somebody holds now comes first."""
    held = {h.post.id: h.post for h in org.holders(now=now, role=Role.FACILITY_OPERATOR) if h.post.facility == facility}
    if held or must_be_held:
        return min(held.values(), key=lambda post: post.id, default=None)
    return next((p for p in org.posts(EVERYWHERE) if p.facility == facility and p.role == Role.FACILITY_OPERATOR), None)


def facilities_for(action: Action, jurisdiction: str, lon: float | None, lat: float | None) -> list[Facility]:
    """The facilities at which an action is done, the nearest first; those of the area where the event has no position."""
    kinds = [f for f in places.facilities(EVERYWHERE) if f.kind in action.at]
    if lon is None or lat is None:
        inside = [f for f in kinds if Scope(jurisdiction, Role.SYSTEM).covers(f.jurisdiction)]
        return inside[:PLACES_AT_MOST]
    apart = sorted((distance_km(lon, lat, f.lon, f.lat), f.id, f) for f in kinds)
    return [f for km, _id, f in apart if km <= action.within_km][:PLACES_AT_MOST]


def posts_above(jurisdiction: str, *, bypass: bool = False) -> list[PostLine]:
    """The duty officers of the next higher area that has any: whom a statement goes to. ``bypass``: and those of every area
    above it, over its head (facts/kernel_warning_response.yaml#bypass)."""
    officers = [post for post in org.posts(EVERYWHERE) if post.role == Role.DUTY_OFFICER]
    found: list[PostLine] = []
    above = jurisdiction
    while above and (bypass or not found):
        above = above.rpartition("/")[0]
        found += [post for post in officers if post.jurisdiction == above]
    return found


def named_areas(facility: str, label: str) -> list[str]:
    """The areas (paths) that a label of a facility names."""
    found = places.facility(EVERYWHERE, facility)
    return found.labels.get(label, "").split() if found else []


def facility_title(facility: str, language: str) -> str:
    """What people call a facility; its id where nobody registered it."""
    found = places.facility(EVERYWHERE, facility) if facility else None
    return (found.title.get(language) or found.title.get("en") or facility) if found else facility


def _answers(post: PostLine, jurisdiction: str) -> bool:
    holds = Scope(post.jurisdiction, post.role).covers(jurisdiction)
    return holds or Scope(jurisdiction, post.role).covers(post.jurisdiction)


def _km(post: PostLine, lon: float | None, lat: float | None) -> float:
    if lon is None or lat is None or post.lon is None or post.lat is None:
        return math.inf
    return distance_km(lon, lat, post.lon, post.lat)
