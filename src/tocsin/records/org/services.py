"""The only writer of org. Each verb: guard, change, ledger entry, outbox fact, return; atomic; ``actor``, ``now``
keyword-only. ``actor`` is an Actor with MANAGE_STAFF, or the product itself (set-up, demo, command line)."""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.contrib.auth.hashers import make_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q

from tocsin.records.ledger import services as ledger
from tocsin.records.org.actor import Actor
from tocsin.records.org.facts import ShiftChanged
from tocsin.records.org.models import Account, Department, Post, Shift
from tocsin.records.org.roles import Act, Role
from tocsin.records.outbox import services as outbox
from tocsin.terms.errors import BadValue, NotAllowed, UnknownName
from tocsin.terms.ids import uuid7_id
from tocsin.terms.moment import to_us

__all__ = [
    "CHAIN", "DepartmentLine", "PostLine", "change_password", "close_account", "end_shift", "first_administrator",
    "new_password", "open_account", "put_departments", "put_posts", "set_password", "start_shift",
]  # fmt: skip

CHAIN = "org"  # the ledger chain of everything here
_SLUG = re.compile(r"[a-z0-9][a-z0-9_-]{0,59}")
_USERNAME = re.compile(r"[a-z0-9][a-z0-9._-]{1,58}")


@dataclass(frozen=True, slots=True)
class DepartmentLine:
    """A department to be registered, and as it is read."""

    id: str
    title: dict[str, str]
    jurisdiction: str = ""


@dataclass(frozen=True, slots=True)
class PostLine:
    """A post to be registered, and as it is read."""

    id: str
    title: dict[str, str]
    department: str
    role: str
    jurisdiction: str = ""
    facility: str = ""
    lon: float | None = None
    lat: float | None = None
    mail: str = ""
    language: str = "zh-hans"
    skills: tuple[str, ...] = field(default=())


def put_departments(departments: Sequence[DepartmentLine], *, actor: Actor, now: datetime) -> None:
    """Add or correct departments. Raises BadValue for a bad id, NotAllowed."""
    _require_manager(actor)
    for line in departments:
        _require_slug("department", line.id)
    with transaction.atomic():
        rows = [Department(id=d.id, title=dict(d.title), jurisdiction=d.jurisdiction) for d in departments]
        Department.objects.bulk_create(
            rows, update_conflicts=True, unique_fields=["id"], update_fields=["title", "jurisdiction"]
        )
        ledger.append(CHAIN, "departments_put", {"departments": [d.id for d in departments]}, actor=actor.name, now=now)


def put_posts(posts: Sequence[PostLine], *, actor: Actor, now: datetime) -> None:
    """Add or correct posts. Raises BadValue for a bad id or role and for an operator's post without facility, UnknownName for
    a department that is not registered, NotAllowed."""
    _require_manager(actor)
    for line in posts:
        _require_slug("post", line.id)
        if line.role not in set(Role) - {Role.SYSTEM}:
            raise BadValue(f"post {line.id}", f"no role {line.role!r}", f"one of {', '.join(r for r in Role)}")
        if (line.role == Role.FACILITY_OPERATOR) != bool(line.facility):
            raise BadValue(f"post {line.id}", "an operator's post, and only that, names its facility",
                           "set facility for role facility_operator, leave it out otherwise")  # fmt: skip
    with transaction.atomic():
        known = set(Department.objects.values_list("id", flat=True))
        for line in posts:
            if line.department not in known:
                raise UnknownName(f"post {line.id}", f"department {line.department!r} is not registered",
                                  "register the department first")  # fmt: skip
        fields = [
            "title",
            "department_id",
            "role",
            "jurisdiction",
            "facility",
            "lon",
            "lat",
            "mail",
            "language",
            "skills",
        ]
        rows = [
            Post(id=p.id, title=dict(p.title), department_id=p.department, role=p.role, jurisdiction=p.jurisdiction,
                 facility=p.facility, lon=p.lon, lat=p.lat, mail=p.mail, language=p.language, skills=list(p.skills))
            for p in posts
        ]  # fmt: skip
        Post.objects.bulk_create(
            rows, update_conflicts=True, unique_fields=["id"],
            update_fields=[name.removesuffix("_id") for name in fields],
        )  # fmt: skip
        body = {"posts": [[p.id, p.role, p.jurisdiction] for p in posts]}
        ledger.append(CHAIN, "posts_put", body, actor=actor.name, now=now)


def open_account(
    username: str, display_name: str, *, password: str = "", language: str = "", actor: Actor, now: datetime
) -> tuple[str, str]:
    """A new account: its id and its one-time password (given, or made here); it must be changed at the first log-in.
    Raises BadValue for a bad or taken name or a weak password, NotAllowed."""
    _require_manager(actor)
    username = username.strip().casefold()
    if not _USERNAME.fullmatch(username):
        raise BadValue(f"account {username!r}", "a log-in name is 2 to 59 letters, digits, dots and dashes",
                       "write for example lin.mei")  # fmt: skip
    chosen = password or new_password()
    if password:
        _require_strong(username, password)
    with transaction.atomic():
        if Account.objects.filter(username=username).exists():
            raise BadValue(f"account {username}", "this log-in name is taken", "choose another")
        account = Account.objects.create(
            id=uuid7_id("acc", to_us(now) // 1000, secrets.randbits(74)), username=username, display_name=display_name,
            language=language, password=make_password(chosen), must_change_password=True, opened_at=now,
        )  # fmt: skip
        ledger.append(CHAIN, "account_opened", {"account": account.id}, actor=actor.name, now=now)
    return account.id, chosen


def set_password(account_id: str, *, actor: Actor, now: datetime) -> str:
    """A new one-time password for somebody who lost theirs. Raises UnknownName, NotAllowed."""
    _require_manager(actor)
    chosen = new_password()
    with transaction.atomic():
        account = _account(account_id)
        account.password, account.must_change_password = make_password(chosen), True
        account.save(update_fields=["password", "must_change_password"])
        ledger.append(CHAIN, "password_reset", {"account": account_id}, actor=actor.name, now=now)
    return chosen


def change_password(account_id: str, old: str, new: str, *, now: datetime) -> None:
    """By the holder. Raises NotAllowed for a wrong old password, BadValue for a weak new one."""
    with transaction.atomic():
        account = _account(account_id)
        if not account.check_password(old):
            raise NotAllowed("password", "the present password is another", "type it again")
        if old == new:
            raise BadValue("password", "the new password is the old one", "choose another")
        _require_strong(account.username, new)
        account.password, account.must_change_password = make_password(new), False
        account.save(update_fields=["password", "must_change_password"])
        ledger.append(CHAIN, "password_changed", {"account": account_id}, actor=f"account:{account_id}", now=now)


def close_account(account_id: str, *, actor: Actor, now: datetime) -> None:
    """No more log-in, and every shift ends. What the account did stays on the ledger. Raises UnknownName, NotAllowed."""
    _require_manager(actor)
    with transaction.atomic():
        account = _account(account_id)
        account.is_active = False
        account.save(update_fields=["is_active"])
        # A shift ends after it began (a constraint): one that lies ahead is taken back, one that runs is ended.
        Shift.objects.filter(account=account, from_at__gte=now).delete()
        Shift.objects.filter(account=account).filter(Q(until_at=None) | Q(until_at__gt=now)).update(until_at=now)
        ledger.append(CHAIN, "account_closed", {"account": account_id}, actor=actor.name, now=now)


def start_shift(
    post_id: str, account_id: str, *, from_at: datetime, until_at: datetime | None = None, actor: Actor, now: datetime
) -> int:
    """Put an account on a post. Raises BadValue where it ends before it begins, UnknownName, NotAllowed."""
    _require_manager(actor)
    if until_at is not None and until_at <= from_at:
        raise BadValue("shift", "ends before it begins", "give an end after the beginning")
    with transaction.atomic():
        post, account = Post.objects.filter(id=post_id, closed_at=None).first(), _account(account_id)
        if post is None:
            raise UnknownName(f"post {post_id}", "no such post", "register the post first")
        row = Shift.objects.create(post=post, account=account, from_at=from_at, until_at=until_at)
        body = {"post": post_id, "account": account_id, "from_us": to_us(from_at),
                "until_us": to_us(until_at) if until_at else None}  # fmt: skip
        ledger.append(CHAIN, "shift_started", body, actor=actor.name, now=now)
        outbox.put([ShiftChanged(post_id, account_id)], now=now)
    return row.pk


def end_shift(shift_id: int, *, actor: Actor, now: datetime) -> None:
    """Take somebody off a post from now on. Raises UnknownName, NotAllowed."""
    _require_manager(actor)
    with transaction.atomic():
        row = Shift.objects.select_for_update().filter(pk=shift_id).first()
        if row is None:
            raise UnknownName(f"shift {shift_id}", "no such shift", "open the roster")
        if row.from_at >= now:
            row.delete()
        else:
            row.until_at = now
            row.save(update_fields=["until_at"])
        ledger.append(CHAIN, "shift_ended", {"post": row.post_id, "account": row.account_id}, actor=actor.name, now=now)
        outbox.put([ShiftChanged(row.post_id, row.account_id)], now=now)


def first_administrator(*, now: datetime) -> tuple[str, str] | None:
    """On the first start: the administrator's log-in name and one-time password, to be printed once; None where any
    account exists. No default password exists anywhere."""
    from tocsin.records.org.actor import SYSTEM  # noqa: PLC0415

    with transaction.atomic():
        if Account.objects.exists():
            return None
        put_departments(
            [DepartmentLine("administration", {"en": "Administration", "zh-hans": "系统管理"})], actor=SYSTEM, now=now
        )
        title = {"en": "Administrator", "zh-hans": "系统管理员"}
        put_posts([PostLine("administrator", title, "administration", Role.ADMINISTRATOR)], actor=SYSTEM, now=now)
        account, password = open_account("admin", "Administrator", actor=SYSTEM, now=now)
        start_shift("administrator", account, from_at=now, actor=SYSTEM, now=now)
    return "admin", password


def new_password() -> str:
    """A one-time password: 100 random bits in five groups that can be read aloud."""
    letters = "abcdefghjkmnpqrstuvwxyz23456789"
    return "-".join("".join(secrets.choice(letters) for _ in range(4)) for _ in range(5))


def _require_manager(actor: Actor) -> None:
    if actor.role != Role.SYSTEM:
        actor.require(Act.MANAGE_STAFF)


def _require_slug(kind: str, name: str) -> None:
    if not _SLUG.fullmatch(name):
        raise BadValue(f"{kind} {name!r}", "an id is small letters, digits, - and _", "write for example water-bureau")


def _require_strong(username: str, password: str) -> None:
    try:
        validate_password(password, Account(username=username))
    except ValidationError as error:
        raise BadValue(
            "password", " ".join(error.messages).rstrip("."), "choose a longer one, not a common word"
        ) from None


def _account(account_id: str) -> Account:
    account = Account.objects.select_for_update().filter(id=account_id).first()
    if account is None:
        raise UnknownName(f"account {account_id}", "no such account", "open the list of accounts")
    return account
