"""The first start prints the administrator's one-time password, once, and with it one gets in; no default exists."""

from __future__ import annotations

import re
from pathlib import Path

import httpx

from tests.contracts.api.conftest import Served


def log_in(served: Served, password: str) -> httpx.Response:
    with httpx.Client(base_url=str(served.http.base_url), timeout=30) as browser:
        page = browser.get("/login").text
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)
        assert token
        return browser.post("/login", data={"csrfmiddlewaretoken": token[1], "username": "admin", "password": password})


def test_the_first_start_says_the_password_once(served: Served) -> None:
    said = re.findall(r"one-time password (\S+)", served.said())
    assert len(said) == 1
    for guess in ("admin", "password", "tocsin", ""):
        assert log_in(served, guess).status_code == 403
    answer = log_in(served, said[0])
    assert (answer.status_code, answer.headers["location"]) == (302, "/")
    for path in served.home.rglob("*"):
        if path.is_file() and "sqlite3" not in path.name:
            assert said[0].encode() not in path.read_bytes(), path
    assert said[0].encode() not in Path(served.home / "db.sqlite3").read_bytes()
