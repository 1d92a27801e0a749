"""Reading the roster."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from tocsin.records.org import queries as org
from tocsin.records.org.scope import EVERYWHERE, Scope
from tocsin.records.roster.models import CalendarRow, GapRow, HandOverRow, OverrideRow, RotationRow, TurnRow
from tocsin.records.roster.services import RotationLine, digest_of

__all__ = [
    "Gap", "HandOver", "OverrideLine", "TurnLine", "gap_is_open", "gaps", "has_calendar", "newest_hand_over", "overrides",
    "owner_of", "rotations", "turns_of",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class TurnLine:
    """One made turn; ``account`` "": nobody holds it."""

    post: str
    key: str
    account: str
    from_at: datetime
    until_at: datetime
    sequence: int
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class Gap:
    """A span in which nobody holds a post that should be held."""

    id: int
    post: str
    from_at: datetime
    until_at: datetime


@dataclass(frozen=True, slots=True)
class OverrideLine:
    """See ``OverrideRow``."""

    id: int
    post: str
    from_at: datetime
    until_at: datetime
    absent: str
    instead: str
    reason: str


@dataclass(frozen=True, slots=True)
class HandOver:
    """See ``HandOverRow``."""

    id: int
    post: str
    account: str
    note: str
    items: tuple[str, ...]
    at: datetime
    acknowledged_at: datetime | None
    acknowledged_by: str


def rotations() -> list[RotationLine]:
    """As declared. They name posts and accounts, no case."""
    from tocsin.records.roster.making import rotation_of  # noqa: PLC0415 - beside the rows

    found = []
    for row in RotationRow.objects.order_by("number", "id"):
        known = rotation_of(row)
        found.append(RotationLine(row.id, row.post, known.accounts, known.start, known.shifts, known.turn_days,
                                  tuple(sorted(known.weekdays)), known.days, known.end, known.zone))  # fmt: skip
    return found


def turns_of(scope: Scope, *, begin: datetime, end: datetime, post: str = "", account: str = "") -> list[TurnLine]:
    """Made turns that touch a span, of the posts of a scope, by beginning."""
    posts = {line.id for line in org.posts(scope)}
    rows = TurnRow.objects.filter(until_at__gt=begin, from_at__lt=end, post__in=posts)
    if post:
        rows = rows.filter(post=post)
    if account:
        rows = rows.filter(account=account)
    return [TurnLine(r.post, r.key, r.account, r.from_at, r.until_at, r.sequence, r.changed_at)
            for r in rows.order_by("from_at", "post", "key")]  # fmt: skip


def gaps(scope: Scope, *, now: datetime, within: timedelta = timedelta(days=7)) -> list[Gap]:
    """Spans of the coming days in which nobody holds a post of the scope that should be held, the first one first."""
    posts = {line.id for line in org.posts(scope)}
    rows = GapRow.objects.filter(filled_at=None, until_at__gt=now, from_at__lt=now + within, post__in=posts)
    return [Gap(row.pk, row.post, row.from_at, row.until_at) for row in rows.order_by("from_at", "post")]


def gap_is_open(gap: int) -> bool:
    """Whether nobody has filled it yet."""
    return GapRow.objects.filter(pk=gap, filled_at=None).exists()


def overrides(scope: Scope, *, now: datetime) -> list[OverrideLine]:
    """Those that hold or lie ahead, of posts of a scope."""
    posts = {line.id for line in org.posts(scope)}
    rows = OverrideRow.objects.filter(withdrawn_at=None, until_at__gt=now, post__in=posts).order_by("from_at", "id")
    return [OverrideLine(r.pk, r.post, r.from_at, r.until_at, r.absent, r.instead, r.reason) for r in rows]


def newest_hand_over(post: str) -> HandOver | None:
    """The last note of a post, for who holds that post."""
    row = HandOverRow.objects.filter(post=post).order_by("-at", "-id").first()
    if row is None:
        return None
    return HandOver(row.pk, row.post, row.account, row.note, tuple(row.items), row.at, row.acknowledged_at,
                    row.acknowledged_by)  # fmt: skip


def has_calendar(owner: str) -> datetime | None:
    """When the secret address of a calendar was made; None where there is none."""
    return CalendarRow.objects.filter(owner=owner).values_list("made_at", flat=True).first()


def owner_of(secret: str) -> str:
    """Whose calendar a secret opens; "" where it opens none, or the account or post is closed."""
    owner = CalendarRow.objects.filter(digest=digest_of(secret)).values_list("owner", flat=True).first() or ""
    kind, _colon, name = owner.partition(":")
    if kind == "account" and name in org.open_accounts():
        return owner
    return owner if kind == "post" and any(post.id == name for post in org.posts(EVERYWHERE)) else ""
