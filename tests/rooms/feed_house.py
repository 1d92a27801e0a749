"""A feed house for tests: a real HTTP server on loopback that serves pages with ETags, and misbehaves where it is asked to."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

__all__ = ["FeedHouse"]

Talk = Callable[[socket.socket], None]


class FeedHouse:
    """``pages``: what is served under a path, a body or (status, headers, body); ``rude``: paths at which a function gets the
    naked connection; ``held``: paths that answer only after ``release``. ``asked``: every request with its headers."""

    def __init__(self) -> None:
        self.pages: dict[str, bytes | tuple[int, dict[str, str], bytes]] = {}
        self.rude: dict[str, Talk] = {}
        self.held: set[str] = set()
        self.etags: dict[str, str] = {}
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.stop = threading.Event()
        self._release = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def paths(self) -> list[str]:
        """What was asked for, in order."""
        return [path for path, _ in self.asked]

    def release(self) -> None:
        """Let those wait no more that are held."""
        self._release.set()

    def close(self) -> None:
        self.stop.set()
        self.release()
        self._server.shutdown()
        self._server.server_close()

    def waits(self) -> None:
        """Until ``release``."""
        self._release.wait(30)

    # ------------------------------------------------------------ bad manners
    def endless(self, peer: socket.socket) -> None:
        peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/atom+xml\r\n\r\n<feed>")
        while not self.stop.is_set():
            peer.sendall(b" " * 65536)

    def drips(self, peer: socket.socket) -> None:
        peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/atom+xml\r\n\r\n")
        while not self.stop.wait(0.02):
            peer.sendall(b" ")

    def mute(self, peer: socket.socket) -> None:
        self.stop.wait(30)

    def nonsense(self, peer: socket.socket) -> None:
        peer.sendall(b"\x00\x01\x02\r\n\r\n")


def _handler(house: FeedHouse) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            asked = {name.lower(): value for name, value in self.headers.items()}
            house.asked.append((self.path, asked))
            if self.path in house.rude:
                self.close_connection = True
                with contextlib.suppress(OSError):
                    house.rude[self.path](self.connection)
                return
            if self.path in house.held:
                house.waits()
            page = house.pages.get(self.path, (404, {}, b"nothing here"))
            status, headers, body = page if isinstance(page, tuple) else (200, {}, page)
            etag = house.etags.get(self.path, "")
            if etag and asked.get("if-none-match") == etag:
                status, body = 304, b""
            self.send_response(status)
            for name, value in (headers | ({"ETag": etag} if etag else {})).items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: object) -> None:
            pass

    return Handler
