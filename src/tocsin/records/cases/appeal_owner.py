"""Who would decide an appeal: a post of its role that covers the place and has not decided the matter before."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from tocsin.packkit.lifecycle import Desk
from tocsin.records.cases.models import CaseRow
from tocsin.records.org import queries as org
from tocsin.records.org.roles import Role
from tocsin.records.org.scope import EVERYWHERE, Scope
from tocsin.records.org.services import PostLine

__all__ = ["appeal_owner", "nearest"]


def appeal_owner(row: CaseRow, desk: Desk, decided: Sequence[str], *, now: datetime) -> PostLine | None:
    """The post, None where nobody may. ``decided``: owners of the appeals before it, oldest first. With ``desk.above`` it is
    that of the nearest area above who decided last (the next higher body); else who is on duty comes first."""
    there = nearest(desk.role, row.jurisdiction, now=now, but=(row.owner, *decided))
    if not desk.above:
        return there[0] if there else None
    below = org.post(decided[-1] if decided else row.owner).jurisdiction
    higher = [post for post in there if post.jurisdiction != below and Scope(post.jurisdiction, "").covers(below)]
    return max(higher, key=lambda post: len(post.jurisdiction), default=None)


def nearest(role: str, jurisdiction: str, *, now: datetime, but: Sequence[str] = ()) -> list[PostLine]:
    """Posts of a role that cover a place: those on duty first, then the nearest."""
    there = [post for post in org.posts(EVERYWHERE)
             if post.role == role and Scope(post.jurisdiction, "").covers(jurisdiction)]  # fmt: skip
    near = [*org.on_duty(Role(role), jurisdiction, now=now),
            *sorted(there, key=lambda post: (-len(post.jurisdiction), post.id))]  # fmt: skip
    return [post for post in {post.id: post for post in near}.values() if post.id not in but]
