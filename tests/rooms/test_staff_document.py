"""`tocsin staff load`: a document is read whole or refused with all its faults; asked twice it changes nothing."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tocsin.records.org import queries, services
from tocsin.records.org.actor import SYSTEM
from tocsin.records.org.document import StaffFaults, read_staff
from tocsin.records.org.models import Account, Shift
from tocsin.records.org.scope import EVERYWHERE
from tocsin.terms.errors import BadForm, UnknownName

NOW = datetime(2026, 11, 26, 8, tzinfo=UTC)
GOOD = """
[[departments]]
id = "water-bureau"
title = { en = "Water bureau", zh-hans = "水务局" }
jurisdiction = "simcity"

[[posts]]
id = "duty-east"
title = { en = "Duty officer, east", zh-hans = "东区值班员" }
department = "water-bureau"
role = "duty_officer"
jurisdiction = "simcity/east"
lon = 120.5
lat = 30.2
mail = "duty-east@example.org"
skills = ["flood"]

[[accounts]]
username = "Lin.Mei"
display_name = "<b>Lin Mei</b>"
[[accounts.shifts]]
post = "duty-east"
from = 2026-11-26T08:00:00+08:00
until = 2026-12-26T20:00:00+08:00
"""


def load(text: str) -> list[tuple[str, str]]:
    return services.load_staff(read_staff(text.encode(), "staff.toml"), actor=SYSTEM, now=NOW)


@pytest.mark.django_db
def test_a_document_makes_departments_posts_accounts_and_shifts() -> None:
    ((name, password),) = load(GOOD)
    assert name == "lin.mei"
    account = Account.objects.get()
    assert account.check_password(password)
    assert account.must_change_password
    (post,) = queries.posts_of(account.id, now=NOW)
    assert (post.role, post.lon, post.skills, post.title["zh-hans"]) == (
        "duty_officer",
        120.5,
        ("flood",),
        "东区值班员",
    )
    assert load(GOOD) == []
    assert Shift.objects.count() == 1
    assert Account.objects.get().check_password(password)


@pytest.mark.django_db
def test_nothing_of_a_document_is_kept_where_a_part_is_refused() -> None:
    with pytest.raises(UnknownName):
        load(GOOD.replace('post = "duty-east"', 'post = "duty-west"'))
    assert not Account.objects.exists()
    assert queries.posts(EVERYWHERE) == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[[posts]]\nid = 3", "posts 1: id: must be a text"),
        ("posts = 1", "posts: write [[posts]]"),
        ("posts = [1]", "posts 1: must be a table"),
        ("[x]", "x: no such table"),
        (GOOD.replace("lon = 120.5", "lon = 1205"), "posts 1: lon: must be degrees"),
        (GOOD.replace("lon = 120.5", "lon = true"), "posts 1: lon: must be degrees"),
        (GOOD.replace("lon =", "long ="), "posts 1: long: no such key"),
        (GOOD.replace("+08:00", ""), "from: must be a moment with zone"),
        (GOOD.replace("2026-12-26T20", "2026-11-26T07"), "until: ends before it begins"),
        (
            GOOD.replace('{ en = "Water bureau", zh-hans = "水务局" }', '"Water"'),
            "departments 1: title: must be titles",
        ),
        (GOOD.replace('["flood"]', '"flood"'), "skills: must be a list"),
        (GOOD.replace("[[accounts.shifts]]", "[accounts.shifts]"), "shifts: write [[accounts.shifts]]"),
    ],
)
def test_faults_are_named(text: str, said: str) -> None:
    with pytest.raises(StaffFaults) as refused:
        read_staff(text.encode(), "staff.toml")
    assert said in str(refused.value)


def test_all_faults_are_named_at_once() -> None:
    with pytest.raises(StaffFaults) as refused:
        read_staff(GOOD.replace("lon =", "long =").replace("username =", "user =").encode(), "staff.toml")
    assert "long: no such key" in str(refused.value)
    assert "username: is missing" in str(refused.value)


@pytest.mark.parametrize("content", [b"\xff\xfe", b"[[", b"a = "])
def test_what_is_no_toml_is_said(content: bytes) -> None:
    with pytest.raises(BadForm, match=r"line 1 column \d+: (it is not UTF-8 text|not TOML: )"):
        read_staff(content, "staff.toml")
