"""Log-in: what is let in, what is slowed down, what a session is, and that nothing typed is lost."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any

import pytest
from axes.models import AccessAttempt
from django.conf import settings
from django.contrib.auth.hashers import Argon2PasswordHasher
from django.contrib.sessions.models import Session
from django.http import HttpResponse
from django.test import Client, RequestFactory, override_settings

from tests.people import PASSWORD, log_in, person, session_of
from tocsin.doors.client_address import client_address
from tocsin.records.org import services as org
from tocsin.records.org.actor import SYSTEM
from tocsin.records.org.models import Account
from tocsin.records.org.services import PostLine

pytestmark = pytest.mark.django_db
COOKIE = settings.SESSION_COOKIE_NAME
HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>"


def typed(client: Client, username: str, password: str, **more: Any) -> HttpResponse:
    extra = {name: more.pop(name) for name in list(more) if name.isupper()}
    return client.post("/login", {"username": username, "password": password} | more, **extra)


# ---------------------------------------------------------------- getting in
def test_log_in_goes_back_to_the_page_and_gives_a_new_session(client: Client) -> None:
    username, post = person("duty_officer")
    asked = client.get("/sources/?source=a")
    assert (asked.status_code, asked["Location"]) == (302, "/login?next=/sources/%3Fsource%3Da")
    planted = client.session  # a session key that somebody planted before the log-in
    planted["planted"] = "yes"
    planted.save()
    client.cookies[COOKIE] = planted.session_key
    client.get("/login")
    token = client.cookies["csrftoken"].value
    answer = typed(client, username.upper(), PASSWORD, next="/sources/?source=a")
    assert (answer.status_code, answer["Location"]) == (302, "/sources/?source=a")
    assert client.cookies[COOKIE].value != planted.session_key
    assert not Session.objects.filter(session_key=planted.session_key).exists()
    assert client.cookies["csrftoken"].value != token
    page = client.get("/sources/")
    assert page.status_code == 200
    assert b"Duty officer of all" in page.content
    assert username.encode() not in page.content  # the head shows the post, not the person
    assert client.session["post"] == post


@pytest.mark.parametrize("username", ["duty-officer-all", "nobody.at.all"])
def test_a_wrong_name_and_a_wrong_password_cost_and_say_the_same(
    client: Client, monkeypatch: pytest.MonkeyPatch, username: str
) -> None:
    person("duty_officer")
    runs: list[str] = []
    for name in ("encode", "verify"):
        plain = getattr(Argon2PasswordHasher, name)
        monkeypatch.setattr(
            Argon2PasswordHasher, name, lambda *args, _plain=plain, _name=name: (runs.append(_name), _plain(*args))[1]
        )
    answer = typed(client, username, "not the password")
    assert answer.status_code == 403
    assert b"The log-in name or the password is not right" in answer.content
    assert len(runs) == 1  # one argon2 run either way, so the time tells nothing


def test_a_closed_account_is_refused_like_any_other(client: Client) -> None:
    username, _post = person("duty_officer")
    org.close_account(Account.objects.get().id, actor=SYSTEM, now=datetime.now(UTC))
    assert b"is not right" in typed(client, username, PASSWORD).content


@pytest.mark.parametrize("username", ["", "a\x00b", "x" * 100_000, "' OR 1=1 --", HOSTILE, "\u202eadmin", "林梅"])
def test_odd_names_get_a_plain_refusal(client: Client, username: str) -> None:
    answer = typed(client, username, "x")
    assert answer.status_code == 403
    assert b"<script>alert" not in answer.content
    assert b"<img" not in answer.content


@pytest.mark.parametrize(
    "wanted",
    ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)", "\\\\evil.example", "http:evil",
     "///evil.example", "/login@evil.example:80//..//", " //evil.example", "\t//evil.example", "data:text/html,x"],
)  # fmt: skip
def test_nobody_is_sent_to_another_site(client: Client, wanted: str) -> None:
    username, _post = person("duty_officer")
    answer = typed(client, username, PASSWORD, next=wanted)
    assert answer["Location"] == "/" or answer["Location"].startswith("/login@")
    assert client.get("/login", {"next": wanted})["Location"] in ("/", wanted)
    assert not client.get("/login", {"next": wanted})["Location"].startswith(("//", "/\\", "h", "j", "d", "\\"))


# ---------------------------------------------------------------- too often
class Clock:
    """Moves the time that attempts are counted by."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = datetime.now(UTC)
        monkeypatch.setattr("axes.handlers.proxy.now", lambda: self.now)
        monkeypatch.setattr("django.utils.timezone.now", lambda: self.now)


def test_who_guesses_waits_and_nobody_else_does(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch)
    username, _post = person("duty_officer")
    other, _post = person("signer")
    monkeypatch.setattr(Argon2PasswordHasher, "verify", lambda self, given, kept: given == PASSWORD)
    said = [typed(client, username, f"guess {n}").status_code for n in range(5)]
    assert said == [403, 403, 403, 403, 429]
    locked = typed(client, username.upper(), PASSWORD)
    assert locked.status_code == 429
    assert locked["Retry-After"] == "900"
    assert b"Wait 15 minutes" in locked.content
    assert b'value="duty-officer-all"' in locked.content.lower()  # what was typed is kept, except the password
    assert PASSWORD.encode() not in locked.content
    assert typed(Client(), other, PASSWORD).status_code == 302  # the same address, another name
    assert typed(Client(), username, PASSWORD, REMOTE_ADDR="10.9.9.9").status_code == 302  # the same name, elsewhere
    assert (
        typed(Client(), username, PASSWORD, HTTP_X_FORWARDED_FOR="10.1.1.1").status_code == 429
    )  # an invented address
    assert typed(Client(), username, PASSWORD, HTTP_USER_AGENT="another browser").status_code == 429
    clock.now += timedelta(seconds=901)
    assert typed(Client(), username, PASSWORD).status_code == 302


def test_waiting_is_not_made_longer_by_trying(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch)
    username, _post = person("duty_officer")
    monkeypatch.setattr(Argon2PasswordHasher, "verify", lambda self, given, kept: given == PASSWORD)
    for n in range(5):
        typed(client, username, f"guess {n}")
    clock.now += timedelta(seconds=600)
    assert typed(client, username, "guess").status_code == 429
    clock.now += timedelta(seconds=301)
    assert typed(client, username, PASSWORD).status_code == 302


def test_one_address_does_not_try_all_names(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Argon2PasswordHasher, "encode", lambda self, *rest: "argon2$x")
    answers = [typed(client, f"name{n}", "winter2026").status_code for n in range(51)]
    assert answers[:49] == [403] * 49
    assert answers[-1] == 429


def test_attempts_are_kept_without_password_and_success_not_at_all(client: Client) -> None:
    username, _post = person("duty_officer")
    typed(client, username, "guess one two three", carried='[["note","private words"]]')
    kept = AccessAttempt.objects.get()
    assert "guess" not in kept.post_data + kept.get_data
    assert "private words" not in kept.post_data
    typed(client, username, PASSWORD)
    assert not AccessAttempt.objects.exists()
    assert "last_login" not in [column.name for column in Account._meta.fields]


@pytest.mark.parametrize(
    ("proxies", "passed", "address"),
    [
        (0, "6.6.6.6", "10.0.0.1"), (1, "6.6.6.6, 8.8.8.8", "8.8.8.8"), (2, "6.6.6.6, 8.8.8.8, 10.0.0.2", "8.8.8.8"),
        (2, "8.8.8.8", "10.0.0.1"), (1, "", "10.0.0.1"), (1, "nonsense", "10.0.0.1"), (1, "6.6.6.6,2001:DB8::1", "2001:db8::1"),
    ],
)  # fmt: skip
def test_addresses_are_believed_as_far_as_proxies_were_declared(proxies: int, passed: str, address: str) -> None:
    request = RequestFactory().get("/", REMOTE_ADDR="10.0.0.1", HTTP_X_FORWARDED_FOR=passed)
    with override_settings(TOCSIN_PROXIES=proxies):
        assert client_address(request) == address


# ---------------------------------------------------------------- sessions
def test_cookies_are_for_our_own_pages_only(client: Client) -> None:
    username, _post = person("duty_officer")
    with override_settings(SESSION_COOKIE_SECURE=True, CSRF_COOKIE_SECURE=True, SECURE_HSTS_SECONDS=31_536_000):
        secure = Client()
        page = secure.get("/login", secure=True)
        assert page["Strict-Transport-Security"] == "max-age=31536000"
        typed(secure, username, PASSWORD)
    session, token = secure.cookies[COOKIE], secure.cookies["csrftoken"]
    for cookie in (session, token):
        assert (cookie["httponly"], cookie["samesite"], cookie["secure"]) == (True, "Lax", True)
    assert session["max-age"] == 12 * 3600
    assert "no-store" in page["Cache-Control"]
    policy = page["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert not re.search(rb"<script(?![^>]*\bsrc=)|\son\w+=|\sstyle=", page.content)
    assert page["X-Frame-Options"] == "DENY"


def test_a_session_ends_after_a_shift_however_busy(client: Client) -> None:
    person("duty_officer")
    log_in(client, "duty_officer")
    ends = Session.objects.get().expire_date
    assert client.get("/sources/").status_code == 200
    assert Session.objects.get().expire_date == ends
    Session.objects.update(expire_date=datetime.now(UTC) - timedelta(seconds=1))
    assert client.get("/sources/").status_code == 302


def test_logging_out_is_a_post_and_ends_it(client: Client) -> None:
    log_in(client, "duty_officer")
    assert client.get("/logout").status_code == 405
    assert client.get("/sources/").status_code == 200
    assert client.post("/logout")["Location"] == "/login"
    assert client.get("/sources/").status_code == 302
    assert not Session.objects.exists()


def test_a_one_time_password_must_be_changed_first(client: Client) -> None:
    username, _post = person("duty_officer", must_change=True)
    typed(client, username, PASSWORD)
    assert client.get("/sources/")["Location"] == "/password?next=%2Fsources%2F"
    assert client.get("/api/v1/events").status_code == 403
    assert client.get("/live/stream").status_code == 403
    form = {"old": PASSWORD, "new": "clouds gather at dusk", "again": "clouds gather at noon", "next": "/sources/"}
    assert b"two different ways" in client.post("/password", form).content
    assert b"present password" in client.post("/password", form | {"old": "x", "again": form["new"]}).content
    assert b"too short" in client.post("/password", form | {"new": "short", "again": "short"}).content
    elsewhere = Client()
    typed(elsewhere, username, PASSWORD)
    done = client.post("/password", form | {"again": form["new"]})
    assert done["Location"] == "/sources/"
    assert client.get("/sources/").status_code == 200  # this session lasts
    assert elsewhere.get("/sources/")["Location"].startswith("/login")  # the others ended
    assert typed(Client(), username, PASSWORD).status_code == 403


def test_who_holds_two_posts_chooses_and_sees_only_that_one(client: Client) -> None:
    username, east = person("duty_officer", "simcity/east", name="lin.mei")
    _username, west = person("signer", "simcity/west", name="lin.mei")
    typed(client, username, PASSWORD)
    assert client.get("/")["Location"] == "/post?next=%2F"
    page = client.get("/post").content
    assert b"Duty officer of simcity-east" in page
    assert b"Signer of simcity-west" in page
    before = client.cookies[COOKIE].value
    assert client.post("/post", {"post": east, "next": "/sources/"})["Location"] == "/sources/"
    assert client.cookies[COOKIE].value != before
    assert client.get("/sources/").status_code == 200
    client.post("/post", {"post": west})
    assert client.get("/sources/").status_code == 403  # a signer reads no sources
    for other in ("", "administrator", HOSTILE):
        answer = client.post("/post", {"post": other})
        assert answer.status_code == 403
        assert b"<script>alert" not in answer.content


def test_who_holds_no_post_is_told_what_to_do(client: Client) -> None:
    username, _post = person("duty_officer", until_at=datetime.now(UTC) - timedelta(hours=1))
    typed(client, username, PASSWORD)
    for path in ("/", "/sources/", "/post"):
        answer = client.get(path)
        assert answer.status_code == 403
        assert b"ask the administrator for a shift" in answer.content
        assert b'action="/logout"' in answer.content


# ---------------------------------------------------------------- nothing typed is lost
def test_a_form_sent_after_the_session_ended_is_sent_after_the_log_in(client: Client) -> None:
    username, _post = person("administrator")
    form = {"username": "wang.wei", "display_name": HOSTILE, "next": "/x"}
    asked = client.post("/staff/open_account", form)
    assert asked.status_code == 403
    page = asked.content.decode()
    assert "Your session ended before this was sent" in page
    assert HOSTILE not in page
    carried = re.search(r'name="carried" value="([^"]*)"', page)
    assert carried
    wrong = typed(client, username, "mistyped", carried=unescape(carried[1]), next="/staff/open_account")
    assert unescape(carried[1]) in unescape(wrong.content.decode())  # kept through a mistyped password
    shown = typed(client, username, PASSWORD, carried=unescape(carried[1]), next="/staff/open_account")
    again = shown.content.decode()
    assert 'action="/staff/open_account"' in again
    assert HOSTILE not in again
    fields = {name: unescape(value) for name, value in re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', again)}
    fields.pop("csrfmiddlewaretoken")
    assert fields["display_name"] == HOSTILE
    done = client.post("/staff/open_account", fields)
    assert Account.objects.filter(username="wang.wei", display_name=HOSTILE).exists()
    assert HOSTILE not in done.content.decode()


@pytest.mark.parametrize(
    ("origin", "kept"), [("http://testserver", True), ("https://evil.example", False), ("null", False)]
)
def test_a_form_with_an_old_token_is_shown_again_only_to_our_own_page(origin: str, kept: bool) -> None:
    client = Client(enforce_csrf_checks=True)
    log_in(client, "administrator")
    answer = client.post("/staff/open_account", {"username": "wang.wei"}, HTTP_ORIGIN=origin)
    assert answer.status_code == 403
    assert (b"wang.wei" in answer.content) is kept
    assert not Account.objects.filter(username="wang.wei").exists()


def test_passwords_are_never_carried(client: Client) -> None:
    answer = client.post(
        "/staff/open_account", {"username": "wang.wei", "password": "secret words", "new_password": "too"}
    )
    assert b"secret words" not in answer.content
    assert b"too&quot;" not in answer.content


@pytest.mark.parametrize("carried", ["{}", "[1]", "null", "[[1,2,3]]", "x" * 2_000_000, '{"a":1}', "[[]]"])
def test_odd_carried_fields_are_dropped(client: Client, carried: str) -> None:
    username, _post = person("duty_officer")
    assert typed(client, username, PASSWORD, carried=carried)["Location"] == "/"


def test_hostile_names_stay_words_on_every_page(client: Client) -> None:
    log_in(client, "administrator")
    person("duty_officer", "simcity/east", name="wang.wei", display_name=HOSTILE)
    title = {"en": HOSTILE, "zh-hans": HOSTILE}
    org.put_posts([PostLine("duty-officer-simcity-east", title, "office", "duty_officer", "simcity/east")],
                  actor=SYSTEM, now=datetime.now(UTC))  # fmt: skip
    page = client.get("/staff").content.decode()
    assert "&lt;script&gt;" in page
    assert HOSTILE not in page
    officer = Client()
    account = Account.objects.get(username="wang.wei")
    officer.cookies[COOKIE] = session_of(account, "duty-officer-simcity-east")
    assert HOSTILE not in officer.get("/").content.decode()


# ---------------------------------------------------------------- the administrator's forms
def test_staff_forms_do_what_they_say(client: Client) -> None:
    log_in(client, "administrator")
    title = {"title_en": "Pumps", "title_zh": "泵站"}
    assert client.post("/staff/put_department", {"id": "pumps"} | title)["Location"] == "/staff#departments"
    post = {
        "id": "pump-duty",
        "department": "pumps",
        "role": "inspector",
        "lon": "120.5",
        "lat": "30",
        "mail": "p@example.org",
    }
    assert client.post("/staff/put_post", post | title)["Location"] == "/staff#posts"
    opened = client.post("/staff/open_account", {"username": "Wang.Wei", "display_name": "Wang Wei"})
    assert "no-store" in opened["Cache-Control"]
    password = re.search(r'class="one-time">([^<]+)<', opened.content.decode())
    assert password
    account = Account.objects.get(username="wang.wei")
    assert account.check_password(password[1])
    assert password[1] not in client.get("/staff").content.decode()
    client.post("/staff/start_shift", {"post": "pump-duty", "account": account.id, "from_at": "2026-01-01T08:00"})
    shift = account.shifts.get()
    for number in ("x", "-1", "9" * 30, ""):
        assert client.post("/staff/end_shift", {"shift": number}).status_code == 404
    assert client.post("/staff/end_shift", {"shift": shift.pk})["Location"] == "/staff#roster"
    assert client.post("/staff/close_post", {"post": "pump-duty"})["Location"] == "/staff#posts"
    assert client.post("/staff/close_account", {"account": account.id})["Location"] == "/staff#accounts"
    assert b"one-time" in client.post("/staff/reopen_account", {"account": account.id}).content


@pytest.mark.parametrize(
    ("verb", "form", "status"),
    [
        ("put_post", {"id": "Bad Id", "title_en": "a", "title_zh": "b"}, 422), ("put_post", {"id": "x"}, 422),
        ("put_post", {"id": "x", "title_en": "a", "title_zh": "b", "department": "office", "role": "system"}, 422),
        ("put_post", {"id": "x", "title_en": "a", "title_zh": "b", "lon": "1e9"}, 422),
        ("put_post", {"id": "x", "title_en": "a", "title_zh": "b", "lon": "nan"}, 422),
        ("put_post", {"id": "x", "title_en": "a", "title_zh": "b", "department": "office", "role": "signer",
                      "mail": "a@b\nBcc: c@d"}, 422),
        ("start_shift", {"post": "nobody", "account": "nobody"}, 404),
        ("start_shift", {"post": "administrator-all", "account": "x", "from_at": "yesterday"}, 422),
        ("start_shift", {"post": "administrator-all", "account": "x", "from_at": "2026-99-99T08:00"}, 422),
        ("open_account", {"username": "administrator-all"}, 422), ("open_account", {"username": HOSTILE}, 422),
        ("close_account", {"account": HOSTILE}, 404), ("nothing", {}, 404),
    ],
)  # fmt: skip
def test_bad_staff_forms_are_refused_in_words_and_keep_what_was_typed(
    client: Client, verb: str, form: dict[str, str], status: int
) -> None:
    log_in(client, "administrator")
    answer = client.post(f"/staff/{verb}", form)
    assert answer.status_code == status
    page = answer.content.decode()
    assert "What to do:" in page
    assert "<script>alert" not in page
    if form.get("id") == "Bad Id":
        assert 'value="Bad Id"' in page
