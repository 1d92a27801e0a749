"""A web house for tests: a real HTTP server on loopback that keeps what it takes and can refuse, put off, be slow, hang up
and be closed."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

__all__ = ["Post", "WebHouse"]


@dataclass(frozen=True, slots=True)
class Post:
    """One request that was taken."""

    path: str
    headers: dict[str, str]
    body: bytes


class WebHouse:
    """``answers``: status by what ``name_of`` finds in a request; ``breaks_after`` so many requests it hangs up without a
    word; ``held``: names whose requests wait until ``release``."""

    def __init__(self, name_of: Callable[[str, bytes], str] = lambda path, body: path) -> None:
        self.posts: list[Post] = []
        self.answers: dict[str, int] = {}
        self.breaks_after: int | None = None
        self.held: set[str] = set()
        self.asked: list[str] = []  # everybody who asked, also in vain
        self.extra_headers: dict[str, str] = {}
        self.answer_body = b"taken"
        self._name_of = name_of
        self._release = threading.Event()
        self._lock = threading.Lock()
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        self._server: ThreadingHTTPServer | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def open(self) -> None:
        self._server = _Server(("127.0.0.1", self.port), _handler(self))
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def close(self) -> None:
        self.release()
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server.drop_all()
            self._server = None

    def release(self) -> None:
        self._release.set()

    def took(self, path: str, headers: dict[str, str], body: bytes) -> int | None:
        """Status to answer, None = hang up."""
        name = self._name_of(path, body)
        with self._lock:
            self.asked.append(name)
        if name in self.held:
            self._release.wait(30)
        with self._lock:
            if name in self.answers:
                return self.answers[name]
            if self.breaks_after is not None:
                if self.breaks_after == 0:
                    return None
                self.breaks_after -= 1
            self.posts.append(Post(path, headers, body))
            return 200


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, *args: object, **named: object) -> None:
        self.sockets: set[socket.socket] = set()
        super().__init__(*args, **named)  # type: ignore[arg-type]

    def process_request(self, request, client_address):  # type: ignore[no-untyped-def]
        self.sockets.add(request)
        super().process_request(request, client_address)

    def drop_all(self) -> None:
        for one in self.sockets:
            try:
                one.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue

    def handle_error(self, request, client_address):  # type: ignore[no-untyped-def]
        """A client that hangs up is no news."""


def _handler(house: WebHouse) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            status = house.took(self.path, {k.lower(): v for k, v in self.headers.items()}, body)
            if status is None:
                self.connection.shutdown(socket.SHUT_RDWR)
                self.close_connection = True
                return
            self.send_response(status)
            for name, value in house.extra_headers.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(house.answer_body)))
            self.end_headers()
            self.wfile.write(house.answer_body)

        do_GET = do_POST

        def log_message(self, *args: object) -> None:
            pass

    return Handler
