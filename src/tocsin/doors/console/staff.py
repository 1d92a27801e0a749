"""The administrator's page: who holds which post when, accounts, posts and departments. Plain forms, each one service.

It shows nothing of any case: the administrator holds no case role.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from tocsin.doors.access import acting
from tocsin.doors.console.assets import asset_url
from tocsin.doors.console.frame import Frame, open_frame
from tocsin.doors.console.typed_moment import typed_moment
from tocsin.doors.refusals import status_of
from tocsin.records import clock
from tocsin.records.org import queries, services
from tocsin.records.org.actor import Actor
from tocsin.records.org.roles import Act, Role, role_title
from tocsin.records.org.services import DUTIES, DepartmentLine, PostLine
from tocsin.records.places import queries as places
from tocsin.terms.errors import BadValue, Refused, UnknownName
from tocsin.terms.moment import to_us

__all__ = ["VERBS", "change_staff", "staff"]

LANGUAGES = ("zh-hans", "en")


@dataclass(frozen=True, slots=True)
class OneTime:
    """A password that is shown this once."""

    username: str
    password: str


@dataclass(frozen=True, slots=True)
class Entry:
    """What one form sent: texts without blanks around them, at most 200 characters each."""

    request: HttpRequest
    actor: Actor
    now: datetime

    def text(self, name: str) -> str:
        """A field; empty where it was not sent."""
        return self.request.POST.get(name, "").strip()[:200]

    def moment(self, name: str) -> datetime | None:
        """A local time as browsers send it, in the deployment's zone; None where it is empty. Raises BadTime."""
        return typed_moment(self.text(name))

    def degrees(self, name: str, most: float) -> float | None:
        """A coordinate; None where it is empty. Raises BadValue."""
        text = self.text(name)
        try:
            found = float(text) if text else None
        except ValueError:
            found = most + 1
        if found is not None and not -most <= found <= most:
            raise BadValue(text[:40], _("this is no coordinate"), _("write decimal degrees, like 120.5"))
        return found


@never_cache
@require_safe
@acting(Act.MANAGE_STAFF)
def staff(request: HttpRequest) -> HttpResponse:
    """Everything on one page."""
    return _page(request)


@never_cache
@require_POST
@acting(Act.MANAGE_STAFF)
def change_staff(request: HttpRequest, verb: str) -> HttpResponse:
    """Carry out one form. A refusal is shown above the page, with what was typed still in its form."""
    frame = open_frame(request)
    if verb not in VERBS:
        raise UnknownName(verb[:40], _("there is nothing here"), _("open the staff page"))
    act, part = VERBS[verb]
    try:
        made = act(Entry(request, frame.actor, clock.now()))
    except Refused as error:
        return _page(request, error=error, verb=verb, status=status_of(error))
    if made is not None:
        return _page(request, one_time=made)
    return HttpResponseRedirect(f"{reverse('console:staff')}#{part}")


def _open_account(entry: Entry) -> OneTime:
    username = entry.text("username").casefold()
    _id, password = services.open_account(username, entry.text("display_name")[:100], actor=entry.actor, now=entry.now)
    return OneTime(username, password)


def _reset_password(entry: Entry) -> OneTime:
    account = entry.text("account")
    password = services.set_password(account, actor=entry.actor, now=entry.now)
    return OneTime(_username(entry, account), password)


def _reopen_account(entry: Entry) -> OneTime:
    account = entry.text("account")
    password = services.reopen_account(account, actor=entry.actor, now=entry.now)
    return OneTime(_username(entry, account), password)


def _close_account(entry: Entry) -> None:
    services.close_account(entry.text("account"), actor=entry.actor, now=entry.now)


def _start_shift(entry: Entry) -> None:
    services.start_shift(
        entry.text("post"), entry.text("account"), from_at=entry.moment("from_at") or entry.now,
        until_at=entry.moment("until_at"), actor=entry.actor, now=entry.now,
    )  # fmt: skip


def _end_shift(entry: Entry) -> None:
    number = entry.text("shift")
    services.end_shift(int(number) if number.isdecimal() and len(number) < 16 else 0, actor=entry.actor, now=entry.now)


def _put_department(entry: Entry) -> None:
    line = DepartmentLine(entry.text("id"), _titles(entry), _area(entry))
    services.put_departments([line], actor=entry.actor, now=entry.now)


def _put_post(entry: Entry) -> None:
    facility = entry.text("facility")
    known = {line.id for line in places.facilities(entry.actor.scope)}
    if facility and known and facility not in known:
        raise UnknownName(facility, _("no such facility in your area"), _("choose one of the list"))
    line = PostLine(
        entry.text("id"), _titles(entry), entry.text("department"), entry.text("role"), _area(entry), facility,
        entry.degrees("lon", 180), entry.degrees("lat", 90), entry.text("mail"),
        entry.text("language") if entry.text("language") in LANGUAGES else LANGUAGES[0],
        tuple(word.strip() for word in entry.text("skills").split(",") if word.strip()), entry.text("phone"),
        entry.text("duty") if entry.text("duty") in DUTIES else "",
    )  # fmt: skip
    services.put_posts([line], actor=entry.actor, now=entry.now)


def _close_post(entry: Entry) -> None:
    services.close_post(entry.text("post"), actor=entry.actor, now=entry.now)


VERBS: dict[str, tuple[Callable[[Entry], OneTime | None], str]] = {
    "open_account": (_open_account, "accounts"),
    "reset_password": (_reset_password, "accounts"),
    "close_account": (_close_account, "accounts"),
    "reopen_account": (_reopen_account, "accounts"),
    "start_shift": (_start_shift, "roster"),
    "end_shift": (_end_shift, "roster"),
    "put_department": (_put_department, "departments"),
    "put_post": (_put_post, "posts"),
    "close_post": (_close_post, "posts"),
}


_FORMS = {  # what each form with typed fields is made of: shown again where it was refused
    "start_shift": ("post", "account", "from_at", "until_at"),
    "open_account": ("username", "display_name"),
    "put_department": ("id", "title_en", "title_zh", "jurisdiction"),
    "put_post": (
        "id", "title_en", "title_zh", "department", "role", "jurisdiction", "facility", "mail", "phone", "language",
        "lon", "lat", "skills", "duty",
    ),
}  # fmt: skip


def _typed(request: HttpRequest, names: tuple[str, ...], refused: bool) -> dict[str, Any]:
    return {name: request.POST.get(name, "") if refused else "" for name in names} | {"refused": refused}


def _titles(entry: Entry) -> dict[str, str]:
    titles = {"en": entry.text("title_en"), "zh-hans": entry.text("title_zh")}
    if not all(titles.values()):
        raise BadValue(
            _("title"), _("it is missing in one of the two languages"), _("write it in English and in Chinese")
        )
    return titles


def _area(entry: Entry) -> str:
    path = entry.text("jurisdiction")
    known = {area.path for area in places.jurisdictions(entry.actor.scope)}
    if path and known and path not in known:
        raise UnknownName(path, _("no such area"), _("choose one of the list"))
    return path


def _username(entry: Entry, account: str) -> str:
    return next((line.username for line in queries.accounts(entry.actor.scope) if line.id == account), account)


def _page(
    request: HttpRequest, *, one_time: OneTime | None = None, error: Refused | None = None, verb: str = "",
    status: int = 200,
) -> HttpResponse:  # fmt: skip
    frame = open_frame(request)
    now, scope = clock.now(), frame.scope
    posts, accounts = queries.posts(scope), queries.accounts(scope)
    context = frame.context(request, "staff")
    context |= {
        "stylesheets": (*context["stylesheets"], asset_url("staff.css")),
        "accounts": accounts,
        "open_accounts": [line for line in accounts if line.is_active],
        "posts": [_post_row(frame, line) for line in posts],
        "departments": [(line.id, _title(frame, line.title), line.jurisdiction) for line in queries.departments(scope)],
        "shifts": _shift_rows(frame, posts, now),
        "roles": [(role.value, role_title(role)) for role in Role if role is not Role.SYSTEM],
        "areas": places.jurisdictions(scope),
        "facilities": places.facilities(scope),
        "languages": LANGUAGES,
        "one_time": one_time,
        "error": error,
        "typed": {form: _typed(request, names, form == verb and error is not None) for form, names in _FORMS.items()},
    }
    return render(request, "console/staff.html", context, status=status)


def _title(frame: Frame, title: dict[str, str]) -> str:
    return title.get(frame.language) or title.get("en") or ""


def _post_row(frame: Frame, line: PostLine) -> dict[str, Any]:
    return {"id": line.id, "title": _title(frame, line.title) or line.id, "role": role_title(line.role),
            "jurisdiction": line.jurisdiction, "facility": line.facility, "mail": line.mail, "phone": line.phone,
            "duty": line.duty}  # fmt: skip


def _shift_rows(frame: Frame, posts: list[PostLine], now: datetime) -> list[dict[str, Any]]:
    titles = {line.id: _title(frame, line.title) or line.id for line in posts}
    roles = {line.id: role_title(line.role) for line in posts}
    return [
        {
            "id": line.id, "post": titles.get(line.post, line.post), "role": roles.get(line.post, ""),
            "username": line.username, "from_us": to_us(line.from_at),
            "until_us": to_us(line.until_at) if line.until_at else None, "runs": line.from_at <= now,
        }
        for line in queries.shifts(frame.scope, now=now)
    ]  # fmt: skip
