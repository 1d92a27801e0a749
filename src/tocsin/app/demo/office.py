"""Office: put Simhaven's departments, posts, people, districts and authorities into a fresh home; the log-ins to print."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from tocsin.app.simulator.borders import CITY, DISTRICTS, boundary_of, name_of
from tocsin.app.simulator.city import ZONE
from tocsin.app.simulator.office import AUTHORITIES, DEPARTMENTS, POSTS, STAFF
from tocsin.loop.warn import services as warn
from tocsin.loop.warn.authority import AuthorityLine
from tocsin.records.org import services as org
from tocsin.records.org.actor import SYSTEM
from tocsin.records.org.roles import Role
from tocsin.records.org.services import DepartmentLine, PostLine
from tocsin.records.places.services import Area, put_jurisdictions

__all__ = ["LogIn", "open_desk", "open_office"]


@dataclass(frozen=True, slots=True)
class LogIn:
    """Somebody who can log in: made for this demo, thrown away with it."""

    username: str
    password: str
    posts: tuple[str, ...]
    role: str


def open_office(streets: set[str], *, now: datetime) -> list[LogIn]:
    """Register everything and give everybody a password of their own. ``streets``: paths below the districts that streams
    and facilities name."""
    put_jurisdictions(_areas(streets), actor=SYSTEM.name, now=now)
    org.put_departments(DEPARTMENTS, actor=SYSTEM, now=now)
    org.put_posts(POSTS, actor=SYSTEM, now=now)
    warn.put_authority(
        [AuthorityLine(*line, "the simulator (invented)") for line in AUTHORITIES], actor=SYSTEM, now=now
    )
    roles = {post.id: post.role for post in POSTS}
    return [_hired(member.username, member.name, member.posts, roles[member.posts[0]], now) for member in STAFF]


def open_desk(*, now: datetime) -> LogIn:
    """Recorded data and benchmarks have no offices: one duty officer over all of it, to look."""
    title = {"en": "Duty officer (demo)", "zh-hans": "值班员（演示）"}
    org.put_departments([DepartmentLine("demo", title)], actor=SYSTEM, now=now)
    org.put_posts([PostLine("duty", title, "demo", Role.DUTY_OFFICER)], actor=SYSTEM, now=now)
    return _hired("duty", "Duty officer", ("duty",), Role.DUTY_OFFICER, now)


def _hired(username: str, name: str, posts: tuple[str, ...], role: str, now: datetime) -> LogIn:
    account, first = org.open_account(username, name, actor=SYSTEM, now=now)
    password = org.new_password()
    org.change_password(account, first, password, now=now)
    for post in posts:
        org.start_shift(post, account, from_at=now, actor=SYSTEM, now=now)
    return LogIn(username, password, posts, role)


PEOPLE_IN_A_DISTRICT = 120_000  # made up, as everything of this city


def _areas(streets: set[str]) -> list[Area]:
    areas = [
        Area("simprovince", {"en": "Simprovince (synthetic)", "zh-hans": "模拟省"}, 1, ZONE, [], "990000"),
        Area(CITY, {"en": "Simhaven (synthetic)", "zh-hans": "汐港市（模拟）"}, 2, ZONE, boundary_of(""), "990100"),
    ]
    for name, (en, zh, code) in DISTRICTS.items():
        title = {"en": f"{en} district (synthetic)", "zh-hans": f"{zh}（模拟）"}
        areas.append(Area(f"{CITY}/{name}", title, 3, ZONE, boundary_of(name), code, PEOPLE_IN_A_DISTRICT))
    known = {area.path for area in areas}
    for path in sorted(streets - known):
        areas.append(Area(path, name_of(path), path.count("/") + 1, ZONE))
    return areas
