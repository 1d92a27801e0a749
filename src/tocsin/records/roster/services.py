"""The only writer of the roster. Each verb: guard, change, ledger entry, outbox fact, return."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from tocsin.clocks.rota import empty_parts
from tocsin.records.dispatch.message import Text
from tocsin.records.dispatch.notify import tell_posts
from tocsin.records.ledger import services as ledger
from tocsin.records.org import queries as org
from tocsin.records.org.actor import SYSTEM, Actor
from tocsin.records.org.facts import ShiftChanged
from tocsin.records.org.roles import Act, Role
from tocsin.records.org.scope import EVERYWHERE
from tocsin.records.outbox import services as outbox
from tocsin.records.places import queries as places
from tocsin.records.roster.facts import ShiftEmpty
from tocsin.records.roster.making import AHEAD, make_post, wanted
from tocsin.records.roster.models import CalendarRow, GapRow, HandOverRow, OverrideRow, RotationRow
from tocsin.terms.errors import BadValue, NotAllowed, Stale, UnknownName
from tocsin.terms.moment import to_us

__all__ = [
    "EMPTY_WITHIN", "NOTE_AT_MOST", "RotationLine", "acknowledge_hand_over", "digest_of", "hand_over", "new_calendar_address",
    "override", "put_rotations", "sweep", "withdraw_override",
]  # fmt: skip

EMPTY_WITHIN = timedelta(days=7)
NOTE_AT_MOST = 4000
REASON_AT_MOST = 300
_MADE_AGAIN, _LOOKED_AGAIN = timedelta(days=13), timedelta(minutes=15)
_CHAIN = "org"


@dataclass(frozen=True, slots=True)
class RotationLine:
    """A rotation to be declared; ``accounts`` are ids, ``zone`` "" that of the post's area."""

    id: str
    post: str
    accounts: tuple[str, ...]
    start: date
    shifts: tuple[tuple[time, time], ...]
    turn_days: int = 7
    weekdays: tuple[int, ...] = field(default=tuple(range(7)))
    days: str = "all"
    end: date | None = None
    zone: str = ""


# ---------------------------------------------------------------- declaring
def put_rotations(rotations: Sequence[RotationLine], *, actor: Actor, now: datetime) -> None:
    """Replace all rotations and lay out the coming days. Turns that are over stay. Raises NotAllowed, BadValue, UnknownName."""
    _require_manager(actor)
    posts = {post.id: post for post in org.posts(EVERYWHERE)}
    seen: set[str] = set()
    for line in rotations:
        _check(line, set(posts), seen)
        seen.add(line.id)
    with transaction.atomic():
        concerned = set(RotationRow.objects.values_list("post", flat=True)) | {line.post for line in rotations}
        RotationRow.objects.all().delete()
        RotationRow.objects.bulk_create(
            RotationRow(
                id=line.id, number=number, post=line.post, accounts=list(line.accounts), start=line.start, end=line.end,
                shifts=[[f"{begin:%H:%M}", f"{end:%H:%M}"] for begin, end in line.shifts],
                zone=line.zone or str(places.local_time(now, posts[line.post].jurisdiction).tzinfo),
                turn_days=line.turn_days, weekdays=sorted(set(line.weekdays)), days=line.days,
            )
            for number, line in enumerate(rotations)
        )  # fmt: skip
        body = {"rotations": [[line.id, line.post] for line in rotations]}
        ledger.append(_CHAIN, "rotations_put", body, actor=actor.name, now=now)
        _make(sorted(concerned), now)


def override(
    post: str, *, from_at: datetime, until_at: datetime, absent: str = "", instead: str = "", reason: str, actor: Actor,
    now: datetime,
) -> int:  # fmt: skip
    """Somebody else, or nobody, holds a post for a while; its number. ``absent`` "": whoever it is. Raises NotAllowed,
    BadValue, UnknownName."""
    line = org.post(post)
    _require_manager(actor, line.jurisdiction)
    if not max(from_at, now) < until_at <= from_at + timedelta(days=92):
        raise BadValue(
            _("override"), _("it is over, or longer than three months"), _("give an end after the beginning")
        )
    if not reason.strip() or len(reason) > REASON_AT_MOST:
        raise BadValue(_("override"), _("it has no reason, or a long one"),
                       _("write why, in at most {n} characters").format(n=REASON_AT_MOST))  # fmt: skip
    known = set(org.open_accounts())
    for account in (absent, instead):
        if account and account not in known:
            raise UnknownName(_("account {account}").format(account=account), _("no such account"),
                              _("open the list of accounts"))  # fmt: skip
    with transaction.atomic():
        row = OverrideRow.objects.create(post=post, from_at=from_at, until_at=until_at, absent=absent, instead=instead,
                                         reason=reason.strip(), made_at=now, made_by=actor.name)  # fmt: skip
        body = {"override": row.pk, "post": post, "absent": absent, "instead": instead, "from_us": to_us(from_at),
                "until_us": to_us(until_at)}  # fmt: skip
        ledger.append(_CHAIN, "override_put", body, actor=actor.name, now=now)
        _make([post], now)
    return row.pk


def withdraw_override(number: int, *, actor: Actor, now: datetime) -> None:
    """It does not hold any more. Repeating changes nothing. Raises UnknownName, NotAllowed."""
    with transaction.atomic():
        row = OverrideRow.objects.select_for_update().filter(pk=number).first()
        if row is None:
            raise UnknownName(_("override"), _("there is no such one"), _("open the roster"))
        _require_manager(actor, org.post(row.post).jurisdiction)
        if row.withdrawn_at is None:
            row.withdrawn_at = now
            row.save(update_fields=["withdrawn_at"])
            body = {"override": row.pk, "post": row.post}
            ledger.append(_CHAIN, "override_withdrawn", body, actor=actor.name, now=now)
            _make([row.post], now)


# ---------------------------------------------------------------- the clock
def sweep(*, now: datetime) -> int:
    """Lay out what has come within fourteen days, and say aloud which of the next seven are empty. Idempotent; how many gaps
    were new."""
    late = Q(made_until=None) | Q(made_until__lt=now + _MADE_AGAIN)
    stale = Q(checked_at=None) | Q(checked_at__lte=now - _LOOKED_AGAIN)
    if not RotationRow.objects.filter(late | stale).exists():
        return 0
    with transaction.atomic():
        posts = sorted(set(RotationRow.objects.select_for_update().values_list("post", flat=True)))
        return _make(posts, now)


def _make(posts: Sequence[str], now: datetime) -> int:
    """Lay out these posts and look for gaps."""
    new = 0
    open_posts = {post.id: post for post in org.posts(EVERYWHERE)}
    for post in posts:
        changed = make_post(post, now=now) if post in open_posts else []
        if changed:
            ledger.append(_CHAIN, "shifts_laid_out", {"post": post, "accounts": changed}, actor=SYSTEM.name, now=now)
            outbox.put([ShiftChanged(post, account) for account in changed], now=now)
        new += _note_gaps(post, open_posts[post].jurisdiction, now) if post in open_posts else 0
    RotationRow.objects.filter(post__in=posts).update(made_until=now + AHEAD, checked_at=now)
    return new


def _note_gaps(post: str, jurisdiction: str, now: datetime) -> int:
    end = now + EMPTY_WITHIN
    held = org.held_spans(post, begin=now, end=end)
    found = empty_parts(wanted(post, begin=now, end=end), held, now, end)
    known = {(row.from_at, row.until_at): row for row in GapRow.objects.filter(post=post, filled_at=None)}
    for row in known.values():
        if not any(first < row.until_at and row.from_at < last for first, last in found):
            row.filled_at = now
            row.save(update_fields=["filled_at"])
    new = 0
    for first, last in found:
        touching = [
            row for row in known.values() if row.filled_at is None and row.from_at < last and first < row.until_at
        ]
        if touching:  # told already; only nearer by now, or seen further
            _move_gap(touching[0], first, last)
            continue
        row = GapRow.objects.create(post=post, from_at=first, until_at=last, told_at=now)
        body = {"gap": row.pk, "post": post, "from_us": to_us(first), "until_us": to_us(last)}
        ledger.append(_CHAIN, "shift_empty", body, actor=SYSTEM.name, now=now)
        outbox.put([ShiftEmpty(row.pk, post, jurisdiction, to_us(first), to_us(last))], now=now)
        _tell_gap(row, jurisdiction, now)
        new += 1
    return new


def _move_gap(row: GapRow, first: datetime, last: datetime) -> None:
    if (row.from_at, row.until_at) != (first, last):
        row.from_at, row.until_at = first, last
        row.save(update_fields=["from_at", "until_at"])


def _tell_gap(row: GapRow, jurisdiction: str, now: datetime) -> None:
    """To the administrators on duty and to the post itself."""
    line = org.post(row.post)
    told = [holder.post for holder in org.holders(now=now, role=Role.ADMINISTRATOR)
            if not holder.post.jurisdiction or holder.post.jurisdiction == jurisdiction]  # fmt: skip

    def write(language: str) -> Text:
        first, last = (
            places.local_time(at, jurisdiction).strftime("%m-%d %H:%M") for at in (row.from_at, row.until_at)
        )
        title = line.title.get(language) or line.title.get("en") or line.id
        return Text(_("Nobody on duty: {post}, {first} to {last}").format(post=title, first=first, last=last),
                    _("Somebody should hold this post then and nobody does. Put somebody on it."))  # fmt: skip

    tell_posts("shift_empty", [*told, line], write, about=f"gap:{row.pk}", link="/roster", actor=SYSTEM, now=now)


# ---------------------------------------------------------------- handing over
def hand_over(note: str, items: Sequence[str], *, actor: Actor, now: datetime) -> int:
    """Whoever leaves tells whoever comes; its number. ``items``: ids of what was open. The ledger holds that it was written,
    its length and digest. Raises NotAllowed outside a post, BadValue for an empty or long note."""
    if not (actor.post and actor.account):
        raise NotAllowed(_("hand-over"), _("you hold no post"), _("ask the administrator for a shift in a post"))
    if not note.strip() or len(note) > NOTE_AT_MOST:
        raise BadValue(_("hand-over"), _("its note is empty, or longer than {n} characters").format(n=NOTE_AT_MOST),
                       _("write what whoever comes must know"))  # fmt: skip
    with transaction.atomic():
        row = HandOverRow.objects.create(post=actor.post, account=actor.account, note=note.strip(), items=list(items)[:200],
                                         at=now)  # fmt: skip
        body = {"hand_over": row.pk, "post": actor.post, "items": len(row.items), "length": len(row.note),
                "sha256": hashlib.sha256(row.note.encode()).hexdigest()}  # fmt: skip
        ledger.append(f"post:{actor.post}", "handed_over", body, actor=actor.name, now=now)
    return row.pk


def acknowledge_hand_over(number: int, *, actor: Actor, now: datetime) -> None:
    """Whoever came has read it. Raises UnknownName for another post's, NotAllowed for the writer, Stale where somebody was
    first."""
    with transaction.atomic():
        row = HandOverRow.objects.select_for_update().filter(pk=number).first()
        if row is None or row.post != actor.post:
            raise UnknownName(_("hand-over"), _("there is no such one of your post"), _("open the roster"))
        if row.account == actor.account:
            raise NotAllowed(_("hand-over"), _("you wrote it yourself"), _("leave it to whoever comes"))
        if row.acknowledged_at is not None:
            if row.acknowledged_by == actor.account:
                return
            raise Stale(_("hand-over"), _("somebody has acknowledged it already"), _("load the page again"))
        row.acknowledged_at, row.acknowledged_by = now, actor.account
        row.save(update_fields=["acknowledged_at", "acknowledged_by"])
        ledger.append(
            f"post:{row.post}", "taken_over", {"hand_over": row.pk, "post": row.post}, actor=actor.name, now=now
        )


# ---------------------------------------------------------------- calendars
def new_calendar_address(owner: str, *, actor: Actor, now: datetime) -> str:
    """A new secret for the calendar of one's own account (``account:...``) or post (``post:...``), shown once; the old one
    ends. Raises NotAllowed."""
    if owner not in (f"account:{actor.account}", f"post:{actor.post}") or not actor.account:
        raise NotAllowed(_("calendar"), _("it is not yours"), _("make one of your own account or post"))
    secret = secrets.token_urlsafe(24)
    with transaction.atomic():
        CalendarRow.objects.update_or_create(owner=owner, defaults={"digest": digest_of(secret), "made_at": now})
        ledger.append(_CHAIN, "calendar_address_made", {"owner": owner}, actor=actor.name, now=now)
    return secret


def digest_of(secret: str) -> str:
    """Under which a secret is found again."""
    return hashlib.sha256(b"tocsin calendar\0" + secret.encode()).hexdigest()


# ---------------------------------------------------------------- small parts
def _check(line: RotationLine, posts: set[str], seen: set[str]) -> None:
    thing = _("rotation {id}").format(id=line.id[:60])
    if not line.id or len(line.id) > 60 or line.id in seen:
        raise BadValue(thing, _("it has no id of its own"), _("give each rotation another id"))
    if line.post not in posts:
        raise UnknownName(thing, _("{name} is not registered").format(name=line.post), _("register the post first"))
    if not 1 <= len(line.accounts) <= 200 or not 1 <= len(line.shifts) <= 12:
        raise BadValue(thing, _("it has no accounts or no shifts"), _("name at least one of each"))
    if any(begin == end and len(line.shifts) > 1 for begin, end in line.shifts):
        raise BadValue(thing, _("a shift begins and ends at the same time"), _("give two times"))
    if not 0 <= line.turn_days <= 366 or not line.weekdays or set(line.weekdays) - set(range(7)):
        raise BadValue(thing, _("its turns or weekdays are none"), _("turn_days 0 to 366, weekdays mon to sun"))
    if line.days not in ("all", "working", "rest"):
        raise BadValue(thing, _("days is none of all, working, rest"), _("write one of them"))
    if line.zone:
        try:
            ZoneInfo(line.zone)
        except (ValueError, KeyError, OSError):
            raise BadValue(thing, _("there is no such time zone"), _("write for example Asia/Shanghai")) from None


def _require_manager(actor: Actor, jurisdiction: str | None = None) -> None:
    if actor.role != Role.SYSTEM:
        actor.require(Act.MANAGE_STAFF, jurisdiction)
