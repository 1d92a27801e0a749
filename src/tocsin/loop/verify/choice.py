"""Who is asked to go and look: the nearest by duty post, never by where somebody is. Pure but for the type of a post."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from tocsin.geo.distance import distance_km
from tocsin.records.org.services import PostLine

__all__ = ["Candidate", "ranked"]

_UNKNOWN = math.inf


@dataclass(frozen=True, slots=True)
class Candidate:
    """A post that could be asked. ``distance_km`` from the duty post to the place; None where either is not known."""

    post: PostLine
    distance_km: float | None
    open_tasks: int


def ranked(
    posts: Sequence[PostLine],
    lon: float | None,
    lat: float | None,
    *,
    skills: Collection[str],
    open_tasks: Mapping[str, int],
) -> list[Candidate]:
    """Posts that have all the skills: the nearest first; where two are equally near (to 100 m) who has fewer open tasks,
    then by id. A post whose own place is not known comes after those whose is."""
    fit = [post for post in posts if set(skills) <= set(post.skills)]
    candidates = [Candidate(post, _distance(post, lon, lat), open_tasks.get(post.id, 0)) for post in fit]
    return sorted(candidates, key=_order)


def _distance(post: PostLine, lon: float | None, lat: float | None) -> float | None:
    if lon is None or lat is None or post.lon is None or post.lat is None:
        return None
    return distance_km(post.lon, post.lat, lon, lat)


def _order(candidate: Candidate) -> tuple[float, int, str]:
    km = _UNKNOWN if candidate.distance_km is None else round(candidate.distance_km, 1)
    return km, candidate.open_tasks, candidate.post.id
