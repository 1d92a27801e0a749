"""Org: posts, accounts and shifts; who may do what where; what a password must be; nothing without a ledger entry."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.backends import ModelBackend
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from tocsin.records.ledger import queries as ledger
from tocsin.records.org import queries, services
from tocsin.records.org.actor import SYSTEM, Actor
from tocsin.records.org.models import Account, Shift
from tocsin.records.org.roles import MAY, TOKEN_MAY, Act, Role, act_words, may, role_title
from tocsin.records.org.scope import EVERYWHERE, Scope
from tocsin.records.org.services import DepartmentLine, PostLine
from tocsin.records.outbox.models import OutboxFact
from tocsin.terms.errors import BadValue, NotAllowed, UnknownName

NOW = datetime(2026, 11, 26, 8, tzinfo=UTC)
HOUR = timedelta(hours=1)
WORDS = "rivers rise before noon"
OFFICE = DepartmentLine("water-bureau", {"en": "Water bureau", "zh-hans": "水务局"}, "simcity")


def post(name: str = "duty-east", role: str = "duty_officer", area: str = "simcity/east", **more: str) -> PostLine:
    return PostLine(name, {"en": name.title(), "zh-hans": name}, OFFICE.id, role, area, **more)  # type: ignore[arg-type]


def account(name: str = "lin.mei", **more: str) -> str:
    return services.open_account(name, "Lin Mei", password=WORDS, actor=SYSTEM, now=NOW, **more)[0]


def shift(post_id: str, account_id: str, **more: object) -> int:
    given_ = {"from_at": NOW - HOUR, "actor": SYSTEM, "now": NOW} | more
    return services.start_shift(post_id, account_id, **given_)  # type: ignore[arg-type]


def lets_in(username: str, password: str) -> Account | None:
    found = ModelBackend().authenticate(None, username=username, password=password)
    return found if isinstance(found, Account) else None


@pytest.fixture
def town(db: None) -> None:
    services.put_departments([OFFICE], actor=SYSTEM, now=NOW)
    services.put_posts([post(), post("duty-city", area="simcity"), post("admin-east", "administrator")],
                       actor=SYSTEM, now=NOW)  # fmt: skip


def administrator(area: str = "", account_id: str = "") -> Actor:
    return Actor("admin/x", account_id, "admin-east", "administrator", area)


# ---------------------------------------------------------------- acts and scopes
def test_every_act_has_a_role_and_the_administrator_only_manages_staff() -> None:
    assert set(MAY) == set(Act)
    assert all(MAY.values())
    assert [act for act in Act if may("administrator", act)] == [Act.MANAGE_STAFF]
    assert not any(may("administrator", act) for act in Act if act is not Act.MANAGE_STAFF)


def test_the_product_reads_everything_and_decides_nothing_and_tokens_only_read() -> None:
    assert {act for act in Act if may("system", act)} == {act for act in Act if act.value.startswith("read_")}
    for role in TOKEN_MAY:
        assert all(act.value.startswith("read_") for act in Act if may(role, act))
        assert role not in set(Role)


def test_nobody_signs_and_drafts_in_one_role() -> None:
    assert not MAY[Act.SIGN_WARNING] & MAY[Act.DRAFT_WARNING]


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_roles_and_acts_have_words(language: str) -> None:
    with translation.override(language):
        said = [act_words(act) for act in Act] + [role_title(role) for role in Role if role is not Role.SYSTEM]
    assert all(said)
    assert len(set(said)) == len(said)
    if language == "zh-hans":
        assert all(any("\u4e00" <= character <= "\u9fff" for character in word) for word in said)


PATHS = st.lists(st.sampled_from(["a", "b", "ab", "A", "a%", "a_"]), min_size=0, max_size=4).map("/".join)


@pytest.mark.django_db
@given(PATHS, PATHS)
def test_a_filter_of_rows_says_what_covers_says(own: str, path: str) -> None:
    """The same answer in Python and in the database, for names that differ in case or hold wildcards."""
    scope = Scope(own, "duty_officer")
    services.put_departments([DepartmentLine("d", {}, path)], actor=SYSTEM, now=NOW)
    assert bool(queries.departments(scope)) == scope.covers(path)


# ---------------------------------------------------------------- posts and shifts
def test_who_holds_which_post_when(town: None) -> None:
    mei, wei = account(), account("wang.wei")
    shift("duty-east", mei, until_at=NOW + HOUR)
    shift("duty-city", wei)
    on_duty = [line.id for line in queries.on_duty(Role.DUTY_OFFICER, "simcity/east/old-town", now=NOW)]
    assert on_duty == ["duty-east", "duty-city"]  # the nearest area first
    assert [line.id for line in queries.on_duty(Role.DUTY_OFFICER, "simcity/east", now=NOW + HOUR)] == ["duty-city"]
    assert queries.on_duty(Role.DUTY_OFFICER, "simcity2", now=NOW) == []
    actor = queries.actor_of(mei, now=NOW)
    assert (actor.name, actor.post, actor.scope) == (
        f"duty-east/{mei}",
        "duty-east",
        Scope("simcity/east", "duty_officer"),
    )
    for moment, chosen in ((NOW + HOUR, ""), (NOW, "duty-city"), (NOW - 2 * HOUR, "duty-east")):
        with pytest.raises(NotAllowed, match="no shift in it"):
            queries.actor_of(mei, chosen, now=moment)


def test_a_shift_asked_for_twice_is_one(town: None) -> None:
    mei = account()
    first = shift("duty-east", mei, until_at=NOW + 8 * HOUR)
    assert shift("duty-east", mei, until_at=NOW + 8 * HOUR) == first
    assert shift("duty-east", mei, until_at=NOW + HOUR) == first
    assert shift("duty-east", mei) != first  # until further notice is more than what is there
    assert [fact.kind for fact in OutboxFact.objects.all()] == ["shift_changed"] * 2


@pytest.mark.parametrize(
    ("end", "left"), [(-HOUR, 0), (HOUR, 1)], ids=["one that lies ahead is taken back", "one that runs is ended"]
)
def test_ending_a_shift(town: None, end: timedelta, left: int) -> None:
    mei = account()
    number = shift("duty-east", mei, from_at=NOW)
    services.end_shift(number, actor=SYSTEM, now=NOW + end)
    assert Shift.objects.count() == left
    assert queries.posts_of(mei, now=NOW + 2 * HOUR) == []
    if left:
        services.end_shift(number, actor=SYSTEM, now=NOW + 3 * HOUR)  # once more: nothing moves
        assert Shift.objects.get().until_at == NOW + end


def test_a_closed_post_and_a_closed_account_let_nobody_in(town: None) -> None:
    mei, wei = account(), account("wang.wei")
    for who, where in ((mei, "duty-east"), (wei, "duty-city")):
        shift(where, who)
    services.close_post("duty-east", actor=SYSTEM, now=NOW)
    services.close_account(wei, actor=SYSTEM, now=NOW)
    assert queries.holders(now=NOW) == []
    with pytest.raises(UnknownName):
        shift("duty-east", mei)
    with pytest.raises(BadValue, match="closed"):
        shift("duty-city", wei)
    assert lets_in("wang.wei", WORDS) is None
    one_time = services.reopen_account(wei, actor=SYSTEM, now=NOW)
    assert lets_in("wang.wei", one_time).must_change_password
    assert queries.posts_of(wei, now=NOW) == []
    services.put_posts([post()], actor=SYSTEM, now=NOW)
    assert shift("duty-east", mei)


def test_the_administrator_holds_no_case_role(town: None) -> None:
    mei, wei = account(), account("wang.wei")
    shift("admin-east", mei)
    shift("duty-east", wei)
    for who, where in ((mei, "duty-east"), (wei, "admin-east")):
        with pytest.raises(NotAllowed, match="no other role"):
            shift(where, who)
    with pytest.raises(NotAllowed, match="no other role"):
        services.put_posts([post("duty-east", "administrator")], actor=SYSTEM, now=NOW)
    services.end_shift(Shift.objects.get(account_id=wei).pk, actor=SYSTEM, now=NOW)
    assert shift("admin-east", wei, from_at=NOW)


# ---------------------------------------------------------------- who manages whom
def test_only_an_administrator_manages_staff(town: None) -> None:
    mei = account()
    number = shift("duty-east", mei)
    for role in set(Role) - {Role.ADMINISTRATOR, Role.SYSTEM}:
        actor = Actor("x/y", "y", "x", role, "")
        for write in (
            lambda a=actor: services.put_departments([OFFICE], actor=a, now=NOW),
            lambda a=actor: services.put_posts([post()], actor=a, now=NOW),
            lambda a=actor: services.open_account("new.name", "", actor=a, now=NOW),
            lambda a=actor: services.set_password(mei, actor=a, now=NOW),
            lambda a=actor: services.close_account(mei, actor=a, now=NOW),
            lambda a=actor: services.reopen_account(mei, actor=a, now=NOW),
            lambda a=actor: services.close_post("duty-east", actor=a, now=NOW),
            lambda a=actor: services.start_shift("duty-east", mei, from_at=NOW, actor=a, now=NOW),
            lambda a=actor: services.end_shift(number, actor=a, now=NOW),
            lambda a=actor: queries.accounts(a.scope),
            lambda a=actor: queries.shifts(a.scope, now=NOW),
        ):
            with pytest.raises(NotAllowed):
                write()


def test_an_administrator_of_a_district_reaches_no_further(town: None) -> None:
    mei, wei = account(), account("wang.wei")
    shift("duty-east", mei)
    city = shift("duty-city", wei)
    east = administrator("simcity/east")
    services.put_posts([post("duty-east-2")], actor=east, now=NOW)
    services.set_password(mei, actor=east, now=NOW)
    for write in (
        lambda: services.put_posts([post("mayor", "commander", "simcity")], actor=east, now=NOW),
        lambda: services.put_posts(
            [post("duty-city", area="simcity/east")], actor=east, now=NOW
        ),  # taken from the city
        lambda: services.put_departments([OFFICE], actor=east, now=NOW),
        lambda: services.start_shift("duty-city", mei, from_at=NOW, actor=east, now=NOW),
        lambda: services.end_shift(city, actor=east, now=NOW),
        lambda: services.close_post("duty-city", actor=east, now=NOW),
        lambda: services.set_password(wei, actor=east, now=NOW),
        lambda: services.close_account(wei, actor=east, now=NOW),
    ):
        with pytest.raises(NotAllowed, match="no authority in"):
            write()
    assert [line.username for line in queries.accounts(east.scope)] == ["lin.mei"]
    assert [line.post for line in queries.shifts(east.scope, now=NOW)] == ["duty-east"]
    assert [line.id for line in queries.posts(east.scope)] == ["admin-east", "duty-east", "duty-east-2"]


def test_nobody_locks_themselves_out(town: None) -> None:
    mei = account()
    number = shift("admin-east", mei)
    own = Actor(f"admin-east/{mei}", mei, "admin-east", "administrator", "")
    for write in (
        lambda: services.close_account(mei, actor=own, now=NOW),
        lambda: services.close_post("admin-east", actor=own, now=NOW),
        lambda: services.end_shift(number, actor=own, now=NOW),
    ):
        with pytest.raises(NotAllowed, match="their own"):
            write()


# ---------------------------------------------------------------- passwords
@pytest.mark.django_db
def test_the_first_administrator_is_made_once_and_no_default_exists() -> None:
    name, password = services.first_administrator(now=NOW) or ("", "")
    assert services.first_administrator(now=NOW) is None
    assert lets_in(name, password).must_change_password
    assert len(password.replace("-", "")) == 20
    assert queries.actor_of(Account.objects.get().id, now=NOW).role == "administrator"
    kept = Account.objects.get().password
    assert kept.startswith("argon2")
    assert password not in kept
    assert password not in str([line.body for line in ledger.chain(services.CHAIN)])


def test_one_time_passwords_are_never_the_same() -> None:
    made = {services.new_password() for _ in range(200)}
    assert len(made) == 200
    assert not set("".join(made)) & set("0o1il")  # read aloud, these are mixed up


@pytest.mark.django_db
@pytest.mark.parametrize("weak", ["short", "password1234", "linmeisimcity", "aaaaaaaaaaa"])
def test_weak_passwords_are_refused(weak: str) -> None:
    mei = account("linmei.simcity")
    with pytest.raises(BadValue):
        services.change_password(mei, WORDS, weak, now=NOW)
    with pytest.raises(BadValue):
        services.open_account(
            "other.name" if weak != "linmeisimcity" else "linmei.simcit2", "", password=weak, actor=SYSTEM, now=NOW
        )


@pytest.mark.django_db
def test_changing_a_password() -> None:
    mei = account()
    with pytest.raises(NotAllowed, match="present password"):
        services.change_password(mei, "wrong wrong wrong", "clouds gather at dusk", now=NOW)
    with pytest.raises(BadValue, match="the old one"):
        services.change_password(mei, WORDS, WORDS, now=NOW)
    services.change_password(mei, WORDS, "clouds gather at dusk", now=NOW)
    assert not Account.objects.get().must_change_password
    assert lets_in("LIN.MEI", "clouds gather at dusk")
    services.set_password(mei, actor=SYSTEM, now=NOW)
    assert Account.objects.get().must_change_password


# ---------------------------------------------------------------- bad input, records
@pytest.mark.parametrize("name", ["", "a", "-a", "a" * 60, "a b", "a\x00b", "<script>", "林梅", "a/b", "a'--"])
def test_odd_log_in_names_are_refused(db: None, name: str) -> None:
    with pytest.raises(BadValue):
        services.open_account(name, "x", actor=SYSTEM, now=NOW)
    assert not Account.objects.exists()


def test_odd_posts_are_refused_whole(town: None) -> None:
    for bad in (
        post("Duty East"), post("x", "system"), post("x", "mayor"), post("x", "facility_operator"),
        post("x", facility="plant-1"), PostLine("x", {}, "nobody", "signer"), post("../x"),
    ):  # fmt: skip
        with pytest.raises((BadValue, UnknownName)):
            services.put_posts([post("good"), bad], actor=SYSTEM, now=NOW)
    assert "good" not in [line.id for line in queries.posts(EVERYWHERE)]


def test_a_name_is_taken_in_any_case(db: None) -> None:
    account()
    with pytest.raises(BadValue, match="taken"):
        account("Lin.Mei")


def test_every_write_is_in_the_ledger_and_names_no_person(town: None) -> None:
    mei = account()
    number = shift("duty-east", mei)
    services.set_password(mei, actor=SYSTEM, now=NOW)
    services.end_shift(number, actor=SYSTEM, now=NOW)
    services.close_account(mei, actor=SYSTEM, now=NOW)
    services.reopen_account(mei, actor=SYSTEM, now=NOW)
    services.close_post("duty-east", actor=SYSTEM, now=NOW)
    lines = ledger.chain(services.CHAIN)
    assert [line.verb for line in lines] == [
        "departments_put", "posts_put", "account_opened", "shift_started", "password_reset", "shift_ended",
        "account_closed", "account_reopened", "post_closed",
    ]  # fmt: skip
    assert "Lin Mei" not in str(lines)
    assert "lin.mei" not in str(lines)
    assert ledger.verify() == []
