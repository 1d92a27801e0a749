"""A form that is larger than anything we read, sent by a real client to the real server: a page says what to do."""

from __future__ import annotations

import http.client
import json

import httpx
import pytest

from tests.browser.conftest import RunningTown

pytestmark = pytest.mark.browser
PAGE = {"accept": "text/html,application/xhtml+xml", "accept-language": "zh-CN"}


@pytest.mark.parametrize("announced", [True, False])
def test_a_form_over_64_mb_is_answered_with_a_page(town: RunningTown, announced: bool):
    megabyte = b"x" * (1 << 20)
    pieces = (megabyte for _number in range(66))
    content = b"".join(pieces) if announced else pieces
    answer = httpx.post(
        town.url + "/staff", content=content, headers=PAGE, cookies=town.cookies("administrator"), timeout=120
    )
    assert (answer.status_code, answer.headers["content-type"]) == (413, "text/html; charset=utf-8")
    assert "超过 64 MB" in answer.text
    assert "请返回" in answer.text
    assert 'lang="zh-Hans"' in answer.text
    assert "script" not in answer.text
    again = httpx.get(town.url + "/login", timeout=60)  # the server is as it was
    assert again.status_code == 200


def test_a_program_is_told_at_once(town: RunningTown):
    connection = http.client.HTTPConnection("127.0.0.1", town.port, timeout=60)
    connection.putrequest("POST", "/api/v1/sources")
    connection.putheader("content-length", str(65 << 20))
    connection.endheaders()  # not a byte of the body is sent, nor waited for
    answer = connection.getresponse()
    assert answer.status == 413
    assert json.loads(answer.read())["type"] == "urn:tocsin:problem:too_big"
    connection.close()
