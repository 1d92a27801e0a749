"""Reading org: who holds which post now, and which posts answer for a place."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q
from django.utils.translation import gettext as _

from tocsin.geo.jurisdiction import is_inside
from tocsin.records.org.actor import Actor
from tocsin.records.org.models import Account, Department, Post, Shift
from tocsin.records.org.roles import Act, Role
from tocsin.records.org.scope import EVERYWHERE, Scope
from tocsin.records.org.services import DepartmentLine, PostLine
from tocsin.terms.errors import NotAllowed, UnknownName

__all__ = [
    "AccountLine", "Holder", "ShiftLine", "account_named", "accounts", "actor_of", "departments", "held_spans", "holders",
    "on_duty", "open_accounts", "post", "posts", "posts_of", "posts_touched", "roster", "shifts", "with_one_time_password",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class AccountLine:
    """An account as the administrator's list shows it."""

    id: str
    username: str
    display_name: str
    is_active: bool
    must_change_password: bool


@dataclass(frozen=True, slots=True)
class Holder:
    """A post with the account that holds it at a moment."""

    post: PostLine
    account: str


@dataclass(frozen=True, slots=True)
class ShiftLine:
    """One row of the duty roster."""

    id: int
    post: str
    account: str
    username: str
    from_at: datetime
    until_at: datetime | None


def departments(scope: Scope) -> list[DepartmentLine]:
    """Departments of a scope (all of them for the administrator of the whole), by id."""
    rows = Department.objects.filter(scope.rows()).order_by("id")
    return [DepartmentLine(row.id, row.title, row.jurisdiction) for row in rows]


def posts(scope: Scope) -> list[PostLine]:
    """Posts of a scope, by id."""
    return [_post(row) for row in Post.objects.filter(scope.rows(), closed_at=None).order_by("id")]


def post(post_id: str) -> PostLine:
    """One post. Raises UnknownName."""
    row = Post.objects.filter(id=post_id).first()
    if row is None:
        raise UnknownName(_("post {post}").format(post=post_id), _("no such post"), _("open the list of posts"))
    return _post(row)


def posts_touched(paths: Iterable[str]) -> list[PostLine]:
    """Every post whose area is one of these, lies in one or holds one. The administrator holds no case role and is none."""
    named = list(paths)
    return [
        line for line in posts(EVERYWHERE)
        if line.role != Role.ADMINISTRATOR
        and any(is_inside(path, line.jurisdiction) or is_inside(line.jurisdiction, path) for path in named)
    ]  # fmt: skip


def accounts(scope: Scope) -> list[AccountLine]:
    """Accounts that hold or held no post outside the scope, for those who manage staff. Raises NotAllowed for everybody
    else."""
    scope.require(Act.MANAGE_STAFF)
    elsewhere = Shift.objects.exclude(scope.rows("post__jurisdiction")) if scope.jurisdiction else Shift.objects.none()
    rows = Account.objects.exclude(id__in=elsewhere.values("account_id")).order_by("username")
    return [_account(row) for row in rows]


def account_named(username: str) -> AccountLine | None:
    """An account by its log-in name, for the command line of who owns the installation."""
    row = Account.objects.filter(username=username.casefold()).first()
    return None if row is None else _account(row)


def with_one_time_password() -> list[str]:
    """Log-in names of open accounts whose one-time password was not changed yet, for `tocsin doctor`."""
    rows = Account.objects.filter(is_active=True, must_change_password=True)
    return list(rows.order_by("username").values_list("username", flat=True))


def shifts(scope: Scope, *, now: datetime) -> list[ShiftLine]:
    """The roster from now on, for those who manage staff. Raises NotAllowed for everybody else."""
    scope.require(Act.MANAGE_STAFF)
    rows = (
        Shift.objects.filter(scope.rows("post__jurisdiction"), Q(until_at=None) | Q(until_at__gt=now))
        .select_related("account")
        .order_by("from_at", "id")
    )
    return [ShiftLine(r.pk, r.post_id, r.account_id, r.account.username, r.from_at, r.until_at) for r in rows]


def holders(*, now: datetime, role: Role | None = None) -> list[Holder]:
    """Every post that somebody holds at ``now`` with the account, by post id; two rows where two share a post."""
    rows = _running(now).select_related("post").order_by("post_id", "from_at", "id")
    if role is not None:
        rows = rows.filter(post__role=role)
    return [Holder(_post(row.post), row.account_id) for row in rows]


def on_duty(role: Role, jurisdiction: str, *, now: datetime) -> list[PostLine]:
    """Posts of a role, held by somebody at ``now``, whose area covers ``jurisdiction``: the nearest area first
    (the street's own post before the district's), then by id."""
    held = {holder.post.id: holder.post for holder in holders(now=now, role=role)}
    fit = [line for line in held.values() if Scope(line.jurisdiction, role).covers(jurisdiction)]
    return sorted(fit, key=lambda line: (-len(line.jurisdiction), line.id))


def roster(scope: Scope, *, begin: datetime, end: datetime) -> list[ShiftLine]:
    """Shifts of the posts of a scope that touch a span, by beginning. Who is on duty is no secret to who works there."""
    rows = Shift.objects.filter(scope.rows("post__jurisdiction"), Q(until_at=None) | Q(until_at__gt=begin), from_at__lt=end,
                                account__is_active=True, post__closed_at=None)  # fmt: skip
    rows = rows.select_related("account").order_by("from_at", "id")
    return [ShiftLine(r.pk, r.post_id, r.account_id, r.account.username, r.from_at, r.until_at) for r in rows]


def held_spans(post_id: str, *, begin: datetime, end: datetime) -> list[tuple[datetime, datetime]]:
    """Spans between two moments in which an open account holds a post."""
    rows = Shift.objects.filter(Q(until_at=None) | Q(until_at__gt=begin), post=post_id, from_at__lt=end,
                                account__is_active=True)  # fmt: skip
    return [(from_at, until_at or end) for from_at, until_at in rows.values_list("from_at", "until_at")]


def open_accounts() -> dict[str, str]:
    """Log-in names of open accounts by id, for what is declared of them; they say nothing of any case."""
    return dict(Account.objects.filter(is_active=True).values_list("id", "username"))


def posts_of(account_id: str, *, now: datetime) -> list[PostLine]:
    """The posts that an account holds at ``now``, by id."""
    rows = _running(now).filter(account_id=account_id).select_related("post").order_by("post_id")
    return list({row.post_id: _post(row.post) for row in rows}.values())


def actor_of(account_id: str, post_id: str = "", *, now: datetime) -> Actor:
    """The actor that an account is in a post (its first one where none is named). Raises NotAllowed where it holds none, or
    not that one, at ``now``."""
    held = posts_of(account_id, now=now)
    chosen = next((line for line in held if not post_id or line.id == post_id), None)
    if chosen is None:
        what = _("post {post}").format(post=post_id) if post_id else _("your account")
        raise NotAllowed(what, _("no shift in it at this moment"), _("ask the administrator for a shift in a post"))
    return Actor(f"{chosen.id}/{account_id}", account_id, chosen.id, chosen.role, chosen.jurisdiction, chosen.facility)


def _running(now: datetime):  # type: ignore[no-untyped-def] # a QuerySet of Shift
    return Shift.objects.filter(
        Q(from_at__lte=now), Q(until_at=None) | Q(until_at__gt=now), account__is_active=True, post__closed_at=None
    )


def _account(row: Account) -> AccountLine:
    return AccountLine(row.id, row.username, row.display_name, row.is_active, row.must_change_password)


def _post(row: Post) -> PostLine:
    return PostLine(row.id, row.title, row.department_id, row.role, row.jurisdiction, row.facility, row.lon, row.lat,
                    row.mail, row.language, tuple(row.skills), row.phone, row.duty)  # fmt: skip
