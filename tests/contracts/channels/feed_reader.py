"""A subscriber to a feed (W3C WebSub, 5.2 to 8), written from the Recommendation and not from our code: a real HTTP server on
loopback that confirms what it meant, and takes only a feed that is signed with its secret."""

from __future__ import annotations

import hashlib
import hmac
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

__all__ = ["FeedReader"]


@dataclass
class FeedReader:
    """``meant``: what it confirms, as mode and topic; ``lies``: it echoes something else; ``status``: what it answers to a
    feed. ``feeds``: bodies whose signature was right, ``forged`` the others; ``asked``: every question, as a dict."""

    topic: str
    secret: bytes = b""
    meant: set[str] = field(default_factory=lambda: {"subscribe"})
    lies: bool = False
    status: int = 204
    ask_status: int = 200
    feeds: list[bytes] = field(default_factory=list)
    forged: list[bytes] = field(default_factory=list)
    asked: list[dict[str, str]] = field(default_factory=list)
    links: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        reader = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                given = {name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()}
                reader.asked.append(given)
                right = given.get("hub.mode") in reader.meant and given.get("hub.topic") == reader.topic
                if reader.ask_status != 200 or not right:
                    self._answer(reader.ask_status if reader.ask_status != 200 else 404, b"")
                else:
                    self._answer(200, b"something else" if reader.lies else given["hub.challenge"].encode())

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length", 0)))
                said = self.headers.get("x-hub-signature", "")
                wanted = f"sha256={hmac.new(reader.secret, body, hashlib.sha256).hexdigest()}" if reader.secret else ""
                reader.links.append(self.headers.get("link", ""))
                (reader.feeds if hmac.compare_digest(said, wanted) else reader.forged).append(body)
                self._answer(reader.status, b"")

            def _answer(self, status: int, body: bytes) -> None:
                self.send_response(status)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    @property
    def callback(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}/heard?of=tocsin"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
