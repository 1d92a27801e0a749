"""The client: whatever the other side does, a call ends in time, within its size, at an address that was judged."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from tests.contracts.channels.web_house import WebHouse

from tocsin.doors.outward.client import Outward
from tocsin.doors.outward.guard import Guard
from tocsin.terms.errors import BadValue, TooBig, Unavailable


@pytest.fixture
def house() -> Iterator[WebHouse]:
    made = WebHouse()
    made.open()
    yield made
    made.close()


def client(**how: object) -> Outward:
    return Outward(Guard(["127.0.0.1"]), **({"timeout_s": 5.0} | how))  # type: ignore[arg-type]


@contextmanager
def rude(talk: Callable[[socket.socket], None]) -> Iterator[str]:
    """A server that speaks without manners."""
    server = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        try:
            peer, _ = server.accept()
            with peer:
                peer.recv(65536)
                talk(peer)
        except OSError:
            pass

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.getsockname()[1]}/"
    finally:
        server.close()
        thread.join(10)


def test_an_answer_comes_whole(house: WebHouse) -> None:
    house.answers["/b"] = 418
    house.extra_headers = {"ETag": '"x"'}
    assert (client().call("GET", f"{house.url}/a").status, client().call("GET", f"{house.url}/b").status) == (200, 418)
    assert client().call("GET", f"{house.url}/a").headers["etag"] == '"x"'


def test_a_redirect_is_an_answer_and_is_not_followed(house: WebHouse) -> None:
    house.answers["/a"] = 302
    house.extra_headers = {"Location": "http://169.254.169.254/latest/meta-data/"}
    assert client().call("GET", f"{house.url}/a").status == 302
    assert house.asked == ["/a"]


def test_an_answer_over_the_limit_is_refused(house: WebHouse) -> None:
    house.answer_body = b"x" * 2000
    with pytest.raises(TooBig):
        client(at_most_bytes=1000).call("GET", f"{house.url}/a")


def test_an_answer_without_end_is_refused() -> None:
    def endless(peer: socket.socket) -> None:
        peer.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            peer.sendall(b"x" * 65536)

    with rude(endless) as url, pytest.raises(TooBig):
        client().call("GET", url)


@pytest.mark.parametrize("begin", [b"HTTP/1.1 200 OK\r\nX: ", b"HTTP/1.1 200 OK\r\n\r\n"])
def test_a_server_that_drips_ends_with_the_call(begin: bytes) -> None:
    stop = threading.Event()

    def drip(peer: socket.socket) -> None:
        peer.sendall(begin)
        while not stop.wait(0.02):
            peer.sendall(b"x")

    with rude(drip) as url:
        with pytest.raises(Unavailable, match="no answer within"):
            client(timeout_s=0.3).call("GET", url)
        stop.set()


@pytest.mark.parametrize(
    "nonsense", [b"", b"hello\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx", b"\x00" * 900]
)
def test_nonsense_is_no_answer(nonsense: bytes) -> None:
    with rude(lambda peer: peer.sendall(nonsense)) as url, pytest.raises(Unavailable):
        client().call("GET", url)


def test_nobody_there_is_said() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with pytest.raises(Unavailable, match="does not answer"):
        client().call("GET", f"http://127.0.0.1:{port}/")


def test_a_name_that_changes_its_mind_is_judged_where_it_is_called(house: WebHouse) -> None:
    """DNS rebinding: public when it was registered, ours when it is called."""
    answers = iter([["8.8.8.8"], ["127.0.0.1"]])
    guard = Guard(resolve=lambda host, port: next(answers))
    guard.addresses("rebind.example", 443)
    with pytest.raises(BadValue, match="not public"):
        Outward(guard).call("GET", f"https://rebind.example:{house.port}/")
    assert house.asked == []


@pytest.mark.parametrize("bad", ["x\r\nInjected: 1", "x\nInjected: 1"])
def test_a_header_cannot_be_smuggled_in(house: WebHouse, bad: str) -> None:
    with pytest.raises(Unavailable):
        client().call("POST", f"{house.url}/a", headers={"X-Name": bad}, content=b"1")
    assert house.asked == []
