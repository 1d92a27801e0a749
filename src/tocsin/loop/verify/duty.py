"""Who is on duty for an event: the duty officers to tell, the inspectors to ask. An event that touches several areas is
everybody's whose area covers one of them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from tocsin.loop.verify.choice import Candidate, ranked
from tocsin.loop.verify.lifecycle import OPEN
from tocsin.loop.verify.models import Dossier, Verification
from tocsin.loop.verify.wanted import spec_of
from tocsin.records.org import queries as org
from tocsin.records.org.roles import Role
from tocsin.records.org.scope import EVERYWHERE
from tocsin.records.org.services import PostLine
from tocsin.records.tasks import queries as tasks

__all__ = ["areas_of", "candidates_of", "on_duty_of"]


def areas_of(row: Dossier) -> list[str]:
    """The jurisdictions that the event touches; its own where none is known."""
    return list(row.areas.order_by("jurisdiction").values_list("jurisdiction", flat=True)) or [row.jurisdiction]


def on_duty_of(row: Dossier, role: Role, *, now: datetime) -> list[PostLine]:
    """Posts of a role that somebody holds now and that answer for a part of the event; each once."""
    found: dict[str, PostLine] = {}
    for area in areas_of(row):
        found |= {post.id: post for post in org.on_duty(role, area, now=now) if post.id not in found}
    return list(found.values())


def candidates_of(row: Dossier, *, now: datetime, skilled: bool = True, without: Iterable[str] = ()) -> list[Candidate]:
    """Inspectors that could be asked now, the best first. Left out: who is asked about this event already, and ``without``.
    ``skilled``: only those with the skills that the pack wants."""
    busy = Verification.objects.filter(dossier=row, state__in=OPEN).exclude(post="").values_list("post", flat=True)
    left_out = {*busy, *without}
    spec = spec_of(row.hazard)
    posts = [post for post in on_duty_of(row, Role(spec.role), now=now) if post.id not in left_out]
    open_tasks = {post.id: len(tasks.of_post(EVERYWHERE, post.id)) for post in posts}
    return ranked(posts, row.lon, row.lat, skills=spec.skills if skilled else (), open_tasks=open_tasks)
