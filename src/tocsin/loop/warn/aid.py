"""Mutual aid: who may sign for a body of which no signer is on duty (small-office profile). Nobody is assumed: the table of
authority must name the helping body for the same hazard, level and area."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.conf import settings

from tocsin.loop.warn.authority import bodies_for, touched_paths
from tocsin.loop.warn.content import Content
from tocsin.loop.warn.names import Names
from tocsin.records.org import queries as org
from tocsin.records.org.roles import Role
from tocsin.records.org.scope import Scope
from tocsin.records.org.services import PostLine

__all__ = ["MUTUAL_AID", "helping_bodies", "helping_signers", "own_signers"]

MUTUAL_AID = "mutual_aid"


def helping_bodies(content: Content, names: Names) -> list[str]:
    """Other bodies that may issue this; none where the deployment does not let others help."""
    if MUTUAL_AID not in settings.CONFIGURATION.small_office:
        return []
    may = bodies_for(content.hazard, content.level, touched_paths(content.areas, names))
    return [body for body in may if body != content.body]


def own_signers(content: Content, authors: Collection[str], *, now: datetime) -> list[PostLine]:
    """Signers of the issuing body on duty who may sign it: their area covers all of it, they wrote none of it."""
    return [
        holder.post
        for holder in org.holders(now=now, role=Role.SIGNER)
        if holder.post.department == content.body
        and holder.account not in authors
        and all(Scope(holder.post.jurisdiction, Role.SIGNER).covers(path) for path in content.areas.paths)
    ]


def helping_signers(content: Content, authors: Collection[str], names: Names, *, now: datetime) -> list[PostLine]:
    """Signers of helping bodies on duty, while none of the issuing body is."""
    bodies = helping_bodies(content, names)
    if not bodies or own_signers(content, authors, now=now):
        return []
    return [
        h.post
        for h in org.holders(now=now, role=Role.SIGNER)
        if h.post.department in bodies and h.account not in authors
    ]
