"""The auditor: each warning in force against its plan, and what is published against the database (N9 of warnings.md)."""

from __future__ import annotations

from datetime import datetime, timedelta

from tocsin.doors.portal.files import published_folder
from tocsin.loop.warn import queries as warn
from tocsin.records.dispatch.audit import breaches
from tocsin.records.org.scope import EVERYWHERE

__all__ = ["PUBLISHED_WITHIN", "audit"]

PUBLISHED_WITHIN = timedelta(seconds=30)


def audit(*, now: datetime) -> list[str]:
    """Every breach, in words that name the warning and no person; none where all is as it must be."""
    found: list[str] = []
    feed = _feed()
    for line in warn.in_force(EVERYWHERE, now=now):
        found += breaches(line.id, line.event or line.lineage, now=now)
        if line.issued_at is None or now - line.issued_at < PUBLISHED_WITHIN:
            continue
        found += _unpublished(line.id)
        if not line.exercise and line.id.encode() not in feed:
            found.append(f"{line.id}: is not in the published feed")
    return found


def _unpublished(identifier: str) -> list[str]:
    path = published_folder() / "warnings" / f"{identifier}.xml"
    try:
        same = path.read_bytes() == warn.alert(identifier).document
    except OSError:
        return [f"{identifier}: its published file is missing"]
    return [] if same else [f"{identifier}: its published file is not what was signed"]


def _feed() -> bytes:
    try:
        return (published_folder() / "warnings" / "feed.atom").read_bytes()
    except OSError:
        return b""
