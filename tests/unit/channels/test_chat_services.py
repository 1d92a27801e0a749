"""Chat services against real servers on loopback that answer as each service does: WeCom, DingTalk, Feishu, Lark, Slack,
Matrix. What the service took is accepted; what it refuses, also with 200, is not."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

import pytest
from apprise.plugins.dingtalk import NotifyDingTalk
from apprise.plugins.feishu import NotifyFeishu
from apprise.plugins.lark import NotifyLark
from apprise.plugins.slack import NotifySlack
from apprise.plugins.wecombot import NotifyWeComBot
from tests.contracts.channels.web_house import WebHouse

from tocsin.doors.channels.chat import Chat
from tocsin.records.dispatch.message import Letter

WORDS = "暴雨红色预警：东区"


@pytest.fixture
def house(monkeypatch: pytest.MonkeyPatch) -> Iterator[WebHouse]:
    made = WebHouse()
    made.open()
    monkeypatch.setattr(NotifyWeComBot, "notify_url", f"{made.url}/cgi-bin/webhook/send?key={{key}}")
    monkeypatch.setattr(NotifyDingTalk, "notify_url", f"{made.url}/robot/send?access_token={{token}}")
    monkeypatch.setattr(NotifyFeishu, "notify_url", f"{made.url}/open-apis/bot/v2/hook/{{token}}/")
    monkeypatch.setattr(NotifyLark, "notify_url", f"{made.url}/open-apis/bot/v2/hook/")
    monkeypatch.setattr(NotifySlack, "webhook_url", f"{made.url}/services")
    for service in (NotifyWeComBot, NotifyDingTalk, NotifyFeishu, NotifyLark, NotifySlack):
        monkeypatch.setattr(service, "request_rate_per_sec", 0)
    yield made
    made.close()


# service: address, what it answers to what it takes and to what it refuses, where the words stand in the request
SERVICES: dict[str, tuple[str, str, str, Callable[[Any], str]]] = {
    "wecom": ("wecombot://abcdef-1234", '{"errcode":0,"errmsg":"ok"}', '{"errcode":45009,"errmsg":"api freq out of limit"}',
              lambda sent: sent["text"]["content"]),
    "dingtalk": ("dingtalk://abcdef1234", '{"errcode":0,"errmsg":"ok"}', '{"errcode":130101,"errmsg":"send too fast"}',
                 lambda sent: sent["text"]["content"]),
    "feishu": ("feishu://abcdef-1234", '{"code":0,"msg":"success"}', '{"code":9499,"msg":"Bad Request"}',
               lambda sent: sent["content"]["text"]),
    "lark": ("lark://abcdef-1234", '{"code":0,"msg":"success"}', '{"code":19024,"msg":"Key Words Not Found"}',
             lambda sent: sent["content"]["text"]),
    "slack": ("slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/#duty", "ok", "invalid_payload",
              lambda sent: json.dumps(sent, ensure_ascii=False)),
}  # fmt: skip


def letter() -> Letter:
    return Letter("dsp_1-0", "target:room", "room", "Tocsin", WORDS, "zh-hans", 4)


@pytest.mark.parametrize("service", SERVICES)
def test_what_a_service_takes_is_accepted_as_it_was_written(house: WebHouse, service: str) -> None:
    address, taken, _refused, words = SERVICES[service]
    house.answer_body = taken.encode()
    (outcome,) = Chat({"room": address}, patience_s=10).send([letter()])
    assert outcome.accepted, outcome.said
    assert WORDS in words(json.loads(house.posts[0].body))


@pytest.mark.parametrize("service", SERVICES)
def test_what_a_service_refuses_with_200_is_not_accepted(house: WebHouse, service: str) -> None:
    address, _taken, refused, _words = SERVICES[service]
    house.answer_body = refused.encode()
    (outcome,) = Chat({"room": address}, patience_s=10).send([letter()])
    assert (outcome.accepted, outcome.final) == (False, False)


class _Homeserver(BaseHTTPRequestHandler):
    """As much of a Matrix homeserver as a bot meets: log-in, joining, and a message put into a room."""

    said: ClassVar[list[tuple[str, str, str]]] = []

    def answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length") or 0)).decode()
        self.said.append((self.command, self.path, body))
        answer = {"access_token": "t", "user_id": "@tocsin:town", "home_server": "town", "room_id": "!duty:town",
                  "event_id": "$1", "device_id": "d"}  # fmt: skip
        content = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = do_PUT = answer

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass


def test_a_matrix_room_gets_the_words_of_a_logged_in_user() -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Homeserver)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    _Homeserver.said.clear()
    try:
        address = f"matrix://tocsin:s3cret@127.0.0.1:{server.server_port}/!duty:town?e2ee=no"
        (outcome,) = Chat({"room": address}, patience_s=20).send([letter()])
    finally:
        server.shutdown()
        server.server_close()
    paths = [(verb, path.partition("?")[0]) for verb, path, _body in _Homeserver.said]
    assert outcome.accepted, paths
    sent = [
        json.loads(body) for verb, path, body in _Homeserver.said if verb == "PUT" and "/send/m.room.message/" in path
    ]
    assert any(WORDS in body.get("body", "") for body in sent), paths
