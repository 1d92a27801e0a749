"""People for tests: accounts in posts, made through the services, and logged in."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache
from unittest import mock

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.auth.hashers import get_hasher, make_password
from django.contrib.sessions.backends.db import SessionStore
from django.test import Client

from tocsin.doors.access import POST_KEY
from tocsin.records.org import services as org
from tocsin.records.org.actor import SYSTEM
from tocsin.records.org.models import Account
from tocsin.records.org.services import DepartmentLine, PostLine

__all__ = ["PASSWORD", "log_in", "person", "session_of"]

PASSWORD = "rivers rise before noon"
BEGAN = datetime(2020, 1, 1, tzinfo=UTC)  # shifts begin long ago, so that tests may stand at any moment


@cache
def _hashed(algorithm: str) -> str:
    """Kept for each algorithm: a town has its own, and what it made opens nothing elsewhere."""
    return make_password(PASSWORD, hasher=algorithm)


def person(
    role: str, jurisdiction: str = "", *, name: str = "", facility: str = "", must_change: bool = False,
    display_name: str = "", until_at: datetime | None = None, post: str = "",
) -> tuple[str, str]:  # fmt: skip
    """An account with a shift in a post of this role and area; its log-in name (also the account's) and its post's id.
    Asked twice for the same, it gives the same."""
    area = jurisdiction.replace("/", "-") or "all"
    post = post or f"{role.replace('_', '-')}-{area}"
    username = name or post
    found = Account.objects.filter(username=username).first()
    now = datetime.now(UTC)
    if facility == "" and role == "facility_operator":
        facility = "plant-1"
    org.put_departments([DepartmentLine("office", {"en": "Office", "zh-hans": "办公室"})], actor=SYSTEM, now=now)
    title = {"en": f"{role.replace('_', ' ').capitalize()} of {area}", "zh-hans": f"{area}{role}"}
    org.put_posts([PostLine(post, title, "office", role, jurisdiction, facility)], actor=SYSTEM, now=now)
    if found is None:
        with mock.patch.object(
            org, "make_password", return_value=_hashed(get_hasher().algorithm)
        ):  # argon2 takes long, and on purpose
            account, _ = org.open_account(username, display_name or username, actor=SYSTEM, now=now)
        Account.objects.filter(id=account).update(must_change_password=must_change)
    else:
        account = found.id
    if not found or not found.shifts.filter(post_id=post).exists():
        org.start_shift(post, account, from_at=BEGAN, until_at=until_at, actor=SYSTEM, now=now)
    return username, post


def log_in(client: Client, role: str, jurisdiction: str = "", **named: str) -> str:
    """Log a test client in as somebody of a role; the account's id."""
    username, post = person(role, jurisdiction, **named)  # type: ignore[arg-type]
    account = Account.objects.get(username=username)
    client.cookies[settings.SESSION_COOKIE_NAME] = session_of(account, post)
    return account.id


def session_of(account: Account, post: str, *, age: timedelta = timedelta(hours=12)) -> str:
    """A new session of an account in a post; its key. ``age`` below zero: one that has ended."""
    session = SessionStore()
    session[SESSION_KEY] = account.pk
    session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
    session[HASH_SESSION_KEY] = account.get_session_auth_hash()
    session[POST_KEY] = post
    session.set_expiry(datetime.now(UTC) + age)
    session.save()
    return str(session.session_key)
