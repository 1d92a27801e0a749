"""The only writer of org. Each verb: guard, change, ledger entry, outbox fact, return; atomic; ``actor``, ``now``
keyword-only. ``actor`` is an Actor with MANAGE_STAFF, or the product itself (set-up, demo, command line)."""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from django.contrib.auth.hashers import make_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from tocsin.formats.addresses import TELEPHONE
from tocsin.records.ledger import services as ledger
from tocsin.records.org.actor import Actor
from tocsin.records.org.facts import ShiftChanged
from tocsin.records.org.models import Account, Department, Post, Shift
from tocsin.records.org.roles import Act, Role
from tocsin.records.outbox import services as outbox
from tocsin.terms.errors import BadValue, NotAllowed, UnknownName
from tocsin.terms.ids import uuid7_id
from tocsin.terms.moment import to_us

if TYPE_CHECKING:
    from tocsin.records.org.document import Staff

__all__ = [
    "CHAIN", "DUTIES", "DepartmentLine", "PostLine", "change_password", "close_account", "close_post", "end_shift",
    "first_administrator", "load_staff", "new_password", "open_account", "put_departments", "put_posts",
    "reopen_account", "require_one_side", "set_password", "start_shift",
]  # fmt: skip

CHAIN = "org"  # the ledger chain of everything here
DUTIES = ("warden", "deputy")  # who answers for an area when it is called out, and who does where that post does not
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
    phone: str = ""
    duty: str = ""


def put_departments(departments: Sequence[DepartmentLine], *, actor: Actor, now: datetime) -> None:
    """Add or correct departments. Raises BadValue for a bad id, NotAllowed."""
    for line in departments:
        _require_manager(actor, line.jurisdiction)
        _require_slug(_("department"), line.id)
    with transaction.atomic():
        for row in Department.objects.filter(id__in=[line.id for line in departments]):
            _require_manager(actor, row.jurisdiction)
        rows = [Department(id=d.id, title=dict(d.title), jurisdiction=d.jurisdiction) for d in departments]
        Department.objects.bulk_create(
            rows, update_conflicts=True, unique_fields=["id"], update_fields=["title", "jurisdiction"]
        )
        ledger.append(CHAIN, "departments_put", {"departments": [d.id for d in departments]}, actor=actor.name, now=now)


def put_posts(posts: Sequence[PostLine], *, actor: Actor, now: datetime) -> None:
    """Add or correct posts. Raises BadValue for a bad id or role and for an operator's post without facility, UnknownName for
    a department that is not registered, NotAllowed."""
    for line in posts:
        _require_manager(actor, line.jurisdiction)
        _require_slug(_("post"), line.id)
        if line.role not in set(Role) - {Role.SYSTEM}:
            raise BadValue(_("post {post}").format(post=line.id), _("there is no role {role}").format(role=repr(line.role)),
                           _("one of {names}").format(names=", ".join(sorted(set(Role) - {Role.SYSTEM}))))  # fmt: skip
        if line.mail:
            _require_mail(line)
        if line.phone and not TELEPHONE.fullmatch(line.phone):
            raise BadValue(_("post {post}").format(post=line.id), _("its telephone number has no country code"),
                           _("write the number with + and country code"))  # fmt: skip
        _require_duty(line)
        if (line.role == Role.FACILITY_OPERATOR) != bool(line.facility):
            raise BadValue(_("post {post}").format(post=line.id), _("an operator's post, and only that, names its facility"),
                           _("name the facility of a facility operator, of nobody else"))  # fmt: skip
    with transaction.atomic():
        for row in Post.objects.filter(id__in=[line.id for line in posts]):
            _require_manager(actor, row.jurisdiction)
            _require_same_side(row.id, next(line.role for line in posts if line.id == row.id), now=now)
        known = set(Department.objects.values_list("id", flat=True))
        for line in posts:
            if line.department not in known:
                raise UnknownName(_("post {post}").format(post=line.id),
                                  _("department {department} is not registered").format(department=repr(line.department)),
                                  _("register the department first"))  # fmt: skip
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
            "phone",
            "duty",
        ]
        rows = [
            Post(id=p.id, title=dict(p.title), department_id=p.department, role=p.role, jurisdiction=p.jurisdiction,
                 facility=p.facility, lon=p.lon, lat=p.lat, mail=p.mail, language=p.language, skills=list(p.skills),
                 phone=p.phone, duty=p.duty)
            for p in posts
        ]  # fmt: skip
        Post.objects.bulk_create(
            rows, update_conflicts=True, unique_fields=["id"],
            update_fields=[*(name.removesuffix("_id") for name in fields), "closed_at"],
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
        raise BadValue(_("account {account}").format(account=repr(username)),
                       _("a log-in name is 2 to 59 letters, digits, dots and dashes"),
                       _("write for example lin.mei"))  # fmt: skip
    chosen = password or new_password()
    if password:
        _require_strong(username, password)
    with transaction.atomic():
        if Account.objects.filter(username=username).exists():
            raise BadValue(_("account {account}").format(account=username), _("this log-in name is taken"),
                           _("choose another"))  # fmt: skip
        account = Account.objects.create(
            id=uuid7_id("acc", to_us(now) // 1000, secrets.randbits(74)), username=username, display_name=display_name,
            language=language, password=make_password(chosen), must_change_password=True, opened_at=now,
        )  # fmt: skip
        ledger.append(CHAIN, "account_opened", {"account": account.id}, actor=actor.name, now=now)
    return account.id, chosen


def set_password(account_id: str, *, actor: Actor, now: datetime) -> str:
    """A new one-time password for somebody who lost theirs. Raises UnknownName, NotAllowed."""
    chosen = new_password()
    with transaction.atomic():
        account = _account(account_id)
        _require_manager_of(actor, account, now=now)
        account.password, account.must_change_password = make_password(chosen), True
        account.save(update_fields=["password", "must_change_password"])
        ledger.append(CHAIN, "password_reset", {"account": account_id}, actor=actor.name, now=now)
    return chosen


def change_password(account_id: str, old: str, new: str, *, now: datetime) -> None:
    """By the holder. Raises NotAllowed for a wrong old password, BadValue for a weak new one."""
    with transaction.atomic():
        account = _account(account_id)
        if not account.check_password(old):
            raise NotAllowed(_("password"), _("the present password is another"), _("type it again"))
        if old == new:
            raise BadValue(_("password"), _("the new password is the old one"), _("choose another"))
        _require_strong(account.username, new)
        account.password, account.must_change_password = make_password(new), False
        account.save(update_fields=["password", "must_change_password"])
        ledger.append(CHAIN, "password_changed", {"account": account_id}, actor=f"account:{account_id}", now=now)


def close_account(account_id: str, *, actor: Actor, now: datetime) -> None:
    """No more log-in, and every shift ends. What the account did stays on the ledger. Raises UnknownName, NotAllowed."""
    with transaction.atomic():
        account = _account(account_id)
        _require_manager_of(actor, account, now=now)
        if account_id == actor.account:
            raise NotAllowed(_("your account"), _("nobody closes their own"), _("ask another administrator"))
        account.is_active = False
        account.save(update_fields=["is_active"])
        # A shift ends after it began (a constraint): one that lies ahead is taken back, one that runs is ended.
        Shift.objects.filter(account=account, from_at__gte=now).delete()
        Shift.objects.filter(account=account).filter(Q(until_at=None) | Q(until_at__gt=now)).update(until_at=now)
        ledger.append(CHAIN, "account_closed", {"account": account_id}, actor=actor.name, now=now)


def reopen_account(account_id: str, *, actor: Actor, now: datetime) -> str:
    """Log-in again for a closed account, with a new one-time password and no shift. Raises UnknownName, NotAllowed."""
    _require_manager(actor)
    chosen = new_password()
    with transaction.atomic():
        account = _account(account_id)
        account.is_active, account.must_change_password, account.password = True, True, make_password(chosen)
        account.save(update_fields=["is_active", "must_change_password", "password"])
        ledger.append(CHAIN, "account_reopened", {"account": account_id}, actor=actor.name, now=now)
    return chosen


def close_post(post_id: str, *, actor: Actor, now: datetime) -> None:
    """The post is no more; whoever holds it leaves it. Raises UnknownName, NotAllowed."""
    with transaction.atomic():
        post = _open_post(post_id)
        _require_manager(actor, post.jurisdiction)
        if post_id == actor.post:
            raise NotAllowed(_("post {post}").format(post=post_id), _("nobody closes their own"),
                             _("ask another administrator"))  # fmt: skip
        post.closed_at = now
        post.save(update_fields=["closed_at"])
        held = Shift.objects.filter(post=post).filter(Q(until_at=None) | Q(until_at__gt=now))
        accounts = sorted(set(held.values_list("account_id", flat=True)))
        held.filter(from_at__gte=now).delete()
        held.filter(from_at__lt=now).update(until_at=now)
        ledger.append(CHAIN, "post_closed", {"post": post_id, "accounts": accounts}, actor=actor.name, now=now)
        outbox.put([ShiftChanged(post_id, account) for account in accounts], now=now)


def start_shift(
    post_id: str, account_id: str, *, from_at: datetime, until_at: datetime | None = None, actor: Actor, now: datetime
) -> int:
    """Put an account on a post; its number. Asked again for a time that it already covers, it is the same shift. Raises
    BadValue where it ends before it begins or a closed account is meant, UnknownName, NotAllowed - also for an account that
    would be administrator and something else: the administrator holds no case role."""
    if until_at is not None and until_at <= from_at:
        raise BadValue(_("shift"), _("it ends before it begins"), _("give an end after the beginning"))
    with transaction.atomic():
        post, account = _open_post(post_id), _account(account_id)
        _require_manager(actor, post.jurisdiction)
        if not account.is_active:
            raise BadValue(_("account {account}").format(account=account.username), _("it is closed"),
                           _("open it again first"))  # fmt: skip
        require_one_side(account, post.role, now=now)
        same = Shift.objects.filter(post=post, account=account, from_at__lte=from_at)
        covering = same.filter(Q(until_at=None) | Q(until_at__gte=until_at)) if until_at else same.filter(until_at=None)
        found = covering.first()
        if found is not None:
            return found.pk
        row = Shift.objects.create(post=post, account=account, from_at=from_at, until_at=until_at)
        body = {"post": post_id, "account": account_id, "from_us": to_us(from_at),
                "until_us": to_us(until_at) if until_at else None}  # fmt: skip
        ledger.append(CHAIN, "shift_started", body, actor=actor.name, now=now)
        outbox.put([ShiftChanged(post_id, account_id)], now=now)
    return row.pk


def end_shift(shift_id: int, *, actor: Actor, now: datetime) -> None:
    """Take somebody off a post from now on. Raises UnknownName, NotAllowed."""
    with transaction.atomic():
        row = Shift.objects.select_for_update(of=("self",)).select_related("post").filter(pk=shift_id).first()
        if row is None:
            raise UnknownName(_("shift {shift}").format(shift=shift_id), _("no such shift"), _("open the roster"))
        _require_manager(actor, row.post.jurisdiction)
        if row.post_id == actor.post and row.account_id == actor.account:
            raise NotAllowed(_("your own shift"), _("nobody ends their own"), _("ask another administrator"))
        if row.until_at is not None and row.until_at <= now:
            return
        if row.from_at >= now:
            row.delete()
        else:
            row.until_at = now
            row.save(update_fields=["until_at"])
        ledger.append(CHAIN, "shift_ended", {"post": row.post_id, "account": row.account_id}, actor=actor.name, now=now)
        outbox.put([ShiftChanged(row.post_id, row.account_id)], now=now)


def load_staff(staff: Staff, *, actor: Actor, now: datetime) -> list[tuple[str, str]]:
    """A whole document, or nothing of it: departments and posts as it says, accounts that are not there yet, and their
    shifts. The new accounts' log-in names and one-time passwords. Asked twice, it changes nothing the second time. Raises what
    the single services raise."""
    made = []
    with transaction.atomic():
        if staff.departments:
            put_departments(staff.departments, actor=actor, now=now)
        if staff.posts:
            put_posts(staff.posts, actor=actor, now=now)
        for entry in staff.accounts:
            username = entry.username.strip().casefold()
            account = Account.objects.filter(username=username).values_list("id", flat=True).first()
            if account is None:
                account, password = open_account(
                    username, entry.display_name, language=entry.language, actor=actor, now=now
                )
                made.append((username, password))
            for shift in entry.shifts:
                start_shift(
                    shift.post, account, from_at=shift.from_at or now, until_at=shift.until_at, actor=actor, now=now
                )
    return made


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
    return "-".join("".join(secrets.choice(letters) for _letter in range(4)) for _group in range(5))


def _require_manager(actor: Actor, jurisdiction: str | None = None) -> None:
    if actor.role != Role.SYSTEM:
        actor.require(Act.MANAGE_STAFF, jurisdiction)


def _require_manager_of(actor: Actor, account: Account, *, now: datetime) -> None:
    """An account is managed by who manages all the posts that it holds or will hold."""
    _require_manager(actor)
    for shift in _lasting(account, now).select_related("post"):
        _require_manager(actor, shift.post.jurisdiction)


def require_one_side(account: Account, role: str, *, now: datetime) -> None:
    """An account is an administrator or has a part in the loop, never both. Raises NotAllowed."""
    for shift in _lasting(account, now).select_related("post"):
        if (shift.post.role == Role.ADMINISTRATOR) != (role == Role.ADMINISTRATOR):
            raise NotAllowed(
                _("account {account}").format(account=account.username),
                _("an administrator holds no other role at the same time"),
                _("end the other shift first, or open a second account"),
            )


def _require_same_side(post_id: str, role: str, *, now: datetime) -> None:
    """A post that somebody holds does not become an administrator's, nor the other way round, under their feet."""
    for shift in Shift.objects.filter(post_id=post_id).filter(Q(until_at=None) | Q(until_at__gt=now)):
        if (shift.post.role == Role.ADMINISTRATOR) != (role == Role.ADMINISTRATOR):
            raise NotAllowed(_("post {post}").format(post=post_id),
                             _("an administrator holds no other role at the same time"),
                             _("make another post"))  # fmt: skip


def _lasting(account: Account, now: datetime) -> QuerySet[Shift]:
    return Shift.objects.filter(Q(until_at=None) | Q(until_at__gt=now), account=account)


def _open_post(post_id: str) -> Post:
    post = Post.objects.select_for_update().filter(id=post_id, closed_at=None).first()
    if post is None:
        raise UnknownName(_("post {post}").format(post=post_id), _("no such post"), _("register the post first"))
    return post


def _require_slug(kind: str, name: str) -> None:
    if not _SLUG.fullmatch(name):
        raise BadValue(
            f"{kind} {name!r}", _("an id is small letters, digits, - and _"), _("write for example water-bureau")
        )


def _require_mail(line: PostLine) -> None:
    try:
        validate_email(line.mail)
    except ValidationError:
        raise BadValue(_("post {post}").format(post=line.id), _("{mail} is no mail address").format(mail=repr(line.mail)),
                       _("write for example duty@example.org")) from None  # fmt: skip


def _require_duty(line: PostLine) -> None:
    """A post that is called out has an area that it answers for, and can be reached."""
    if line.duty and line.duty not in DUTIES:
        raise BadValue(_("post {post}").format(post=line.id), _("there is no duty {duty}").format(duty=repr(line.duty)),
                       _("one of {names}").format(names=", ".join(DUTIES)))  # fmt: skip
    if line.duty and not (line.jurisdiction and (line.phone or line.mail)):
        raise BadValue(_("post {post}").format(post=line.id), _("a post that is called out has an area and a telephone"),
                       _("write its jurisdiction and its phone"))  # fmt: skip


def _require_strong(username: str, password: str) -> None:
    try:
        validate_password(password, Account(username=username))
    except ValidationError as error:
        words = " ".join(error.messages).rstrip(".")
        raise BadValue(_("password"), words, _("choose a longer one, not a common word")) from None


def _account(account_id: str) -> Account:
    account = Account.objects.select_for_update().filter(id=account_id).first()
    if account is None:
        raise UnknownName(_("account {account}").format(account=account_id), _("no such account"),
                          _("open the list of accounts"))  # fmt: skip
    return account
