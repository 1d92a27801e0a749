"""Settings are checked as a whole; whatever is wrong is named with its remedy."""

from __future__ import annotations

from pathlib import Path

import pytest

from tocsin.app.configuration import load, postgresql_settings
from tocsin.app.home import Home
from tocsin.terms.errors import BadForm, BadValue, TocsinError, UnknownName


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


def test_without_any_setting_the_defaults_stand(home: Home) -> None:
    got = load(home, {})
    assert (got.database, got.host, got.port, got.language, got.packs) == (
        "",
        "127.0.0.1",
        8000,
        "en",
        ("natural_hazards",),
    )
    assert not got.cookies_are_secure


def test_the_environment_overrules_the_file(home: Home) -> None:
    home.toml.write_text('language = "zh-hans"\nlisten = "0.0.0.0:9000"\npacks = ["a", "b"]\n')
    got = load(home, {"TOCSIN_LISTEN": "[::1]:9001", "TOCSIN_ALLOWED_HOSTS": "a.example, b.example"})
    assert (got.language, got.host, got.port, got.packs) == ("zh-hans", "::1", 9001, ("a", "b"))
    assert got.allowed_hosts == ("a.example", "b.example")


@pytest.mark.parametrize(
    ("listen", "said", "secure"),
    [
        ("127.0.0.1:8000", None, False),
        ("localhost:8000", None, False),
        ("[::1]:8000", None, False),
        ("0.0.0.0:8000", None, True),
        ("10.0.0.5:8000", None, True),
        ("127.0.0.1:8000", "true", True),
        ("0.0.0.0:8000", "false", False),
    ],
)
def test_cookies_are_secure_unless_on_loopback(home: Home, listen: str, said: str | None, secure: bool) -> None:
    environment = {"TOCSIN_LISTEN": listen} | ({"TOCSIN_SECURE_COOKIES": said} if said else {})
    assert load(home, environment).cookies_are_secure is secure


@pytest.mark.parametrize(
    ("toml", "kind", "thing", "remedy"),
    [
        ('databse = "x"', UnknownName, "databse", "'database'"),
        ("zzz = 1", UnknownName, "zzz", "known are allow_out_of_date_rules"),
        ('home = "/"', UnknownName, "home", "known are"),
        ("listen = 8000", BadValue, "listen", "a text"),
        ('listen = "8000"', BadValue, "listen", "127.0.0.1:8000"),
        ('listen = "127.0.0.1:99999"', BadValue, "listen", "127.0.0.1:8000"),
        ('packs = "natural_hazards"', BadValue, "packs", "a list of texts"),
        ("packs = [1]", BadValue, "packs", "a list of texts"),
        ("debug = 1", BadValue, "debug", "true or false"),
        ("max_body_bytes = true", BadValue, "max_body_bytes", "a whole number"),
        ("max_body_bytes = 0", BadValue, "max_body_bytes", "67108864"),
        ('language = "fr"', BadValue, "language", "en"),
        ('log_level = "loud"', BadValue, "log_level", "debug"),
        ('time_zone = "Mars/Olympus"', BadValue, "time_zone", "Asia/Shanghai"),
        ('time_zone = "../etc/passwd"', BadValue, "time_zone", "Asia/Shanghai"),
        ('database = "mysql://x/y"', BadValue, "database", "postgresql://"),
        ('database = "postgresql://host"', BadValue, "database", "postgresql://"),
        ('debug = true\nlisten = "0.0.0.0:80"', BadValue, "debug", "debug = false"),
        ("language = ", BadForm, "tocsin.toml", "correct that place"),
        ("\x00", BadForm, "tocsin.toml", "correct that place"),
    ],
)
def test_what_is_wrong_in_the_file_is_named(
    home: Home, toml: str, kind: type[TocsinError], thing: str, remedy: str
) -> None:
    home.toml.write_text(toml)
    with pytest.raises(kind) as refusal:
        load(home, {})
    assert type(refusal.value) is kind
    assert thing in refusal.value.thing
    assert remedy in refusal.value.remedy


def test_a_file_in_another_encoding_is_refused(home: Home) -> None:
    home.toml.write_bytes('language = "中文"'.encode("gbk"))
    with pytest.raises(BadForm):
        load(home, {})


@pytest.mark.parametrize(
    ("name", "value", "kind"),
    [
        ("TOCSIN_DATABSE", "postgresql://h/d", UnknownName),
        ("TOCSIN_LISTENS", "x", UnknownName),
        ("TOCSIN_DEBUG", "maybe", BadValue),
        ("TOCSIN_MAX_BODY_BYTES", "64M", BadValue),
    ],
)
def test_what_is_wrong_in_the_environment_is_named(home: Home, name: str, value: str, kind: type[TocsinError]) -> None:
    with pytest.raises(kind) as refusal:
        load(home, {name: value})
    assert name in refusal.value.thing


@pytest.mark.parametrize(
    "name", ["TOCSIN_SERVICE_HOST", "TOCSIN_PORT", "TOCSIN_DEMO", "TOCSIN_HOME", "TOCSIN_TEST_POSTGRES"]
)
def test_names_that_platforms_and_scripts_add_are_let_be(home: Home, name: str) -> None:
    load(home, {name: "tcp://10.0.0.1:80"})


def test_secrets_are_not_shown(home: Home) -> None:
    shown = load(home, {"TOCSIN_DATABASE": "postgresql://u:hunter2@h/d"}).shown()
    assert "hunter2" not in repr(shown)
    assert shown["language"] == "en"
    assert load(home, {}).shown()["database"] == ""


@pytest.mark.parametrize(
    ("name", "value"),
    [("TOCSIN_SMTP", "mail.example"), ("TOCSIN_SMTP", "smtps://u:hunter2@mail.example?verify=no"),
     ("TOCSIN_MAIL_FROM", "Tocsin <t@office.example>")],
)  # fmt: skip
def test_a_mail_server_that_is_none_stops_the_start(home: Home, name: str, value: str) -> None:
    with pytest.raises(BadValue, match=r"setting (smtp|mail_from)") as refusal:
        load(home, {name: value})
    assert "hunter2" not in str(refusal.value)


def test_a_database_url_becomes_djangos_settings() -> None:
    got = postgresql_settings("postgresql://u%40x:p%2Fw@db.example:5433/toc%20sin?sslmode=require")
    assert (got["USER"], got["PASSWORD"], got["HOST"], got["PORT"], got["NAME"]) == (
        "u@x", "p/w", "db.example", "5433", "toc sin")  # fmt: skip
    assert got["OPTIONS"] == {"sslmode": "require"}
    socket = postgresql_settings("postgresql:///tocsin?host=/run/postgresql&port=5432")
    assert (socket["HOST"], socket["PORT"], socket["USER"], socket["OPTIONS"]) == ("/run/postgresql", "5432", "", {})


def test_a_refused_url_does_not_repeat_its_password(home: Home) -> None:
    with pytest.raises(BadValue) as refusal:
        load(home, {"TOCSIN_DATABASE": "mysql://u:hunter2@h/d"})
    assert "hunter2" not in str(refusal.value)
