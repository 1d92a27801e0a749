"""Web Push: letters to browsers (RFC 8030), encrypted for the one browser (RFC 8291) and signed with the deployment's VAPID
key (RFC 8292). An address is the subscription that the browser gave, as JSON."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from urllib.parse import urlsplit

import http_ece
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from py_vapid import Vapid02

from tocsin.doors.channels.talks import Talks
from tocsin.doors.channels.webhook import as_document, outcome_of
from tocsin.doors.outward.client import Outward
from tocsin.records import clock
from tocsin.records.dispatch.channel import Outcome
from tocsin.records.dispatch.message import Letter
from tocsin.terms.errors import BadForm
from tocsin.terms.moment import to_us

__all__ = ["WebPush", "browser_key", "new_key", "read_key", "read_subscription"]

AT_MOST = 3072  # bytes of content; push services take 4,096 with what encryption adds
TTL_S = 3600
_TOKEN_S = 12 * 3600


def new_key() -> str:
    """A fresh VAPID key (P-256), PEM."""
    key = Vapid02()
    key.generate_keys()
    return str(key.private_pem().decode())


def read_key(pem: str) -> Vapid02:
    """The key from its PEM."""
    return Vapid02.from_pem(pem.encode())


def browser_key(key: Vapid02) -> str:
    """The public key as a browser takes it when it subscribes: an uncompressed point, base64url without padding."""
    point = key.public_key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return base64.urlsafe_b64encode(point).decode().rstrip("=")


def read_subscription(address: str) -> tuple[str, bytes, bytes]:
    """Endpoint, public key (65 bytes, uncompressed P-256) and shared secret (16 bytes). Raises BadForm."""
    try:
        given = json.loads(address)
        endpoint, keys = given["endpoint"], given["keys"]
        public, secret = (_unpadded(keys[name]) for name in ("p256dh", "auth"))
        ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), public)
    except (ValueError, KeyError, TypeError, binascii.Error):
        raise BadForm("push subscription", "is not what a browser gives", "subscribe again") from None
    if not (isinstance(endpoint, str) and len(public) == 65 and len(secret) == 16):
        raise BadForm("push subscription", "is not what a browser gives", "subscribe again")
    return endpoint, public, secret


class WebPush:
    """The channel ``web_push``. ``subject``: mailto: or https: address that a push service may complain to."""

    name = "web_push"

    def __init__(
        self, outward: Outward, key: Vapid02, subject: str, *, now_s: Callable[[], int] | None = None,
        patience_s: float = 1.0,
    ) -> None:  # fmt: skip
        self._outward, self._key, self._subject = outward, key, subject
        self._now_s = now_s or (lambda: to_us(clock.now()) // 1_000_000)
        self.talks = Talks(self._post, patience_s=patience_s)

    def send(self, letters: Sequence[Letter]) -> list[Outcome]:
        """As Channel says. A subscription that the service does not know any more (404, 410) has failed for good."""
        return self.talks.ask_all(letters)

    def _post(self, letter: Letter) -> Outcome:
        endpoint, public, secret = read_subscription(letter.address)
        content = _fitting(letter)
        body = http_ece.encrypt(
            content,
            private_key=ec.generate_private_key(ec.SECP256R1()),
            dh=public,
            auth_secret=secret,
            version="aes128gcm",
        )
        place = urlsplit(endpoint)
        claims = {"aud": f"{place.scheme}://{place.netloc}", "exp": self._now_s() + _TOKEN_S, "sub": self._subject}
        headers = {"content-encoding": "aes128gcm", "content-type": "application/octet-stream", "ttl": str(TTL_S),
                   "urgency": "high" if letter.level >= 3 else "normal",
                   "topic": base64.urlsafe_b64encode(letter.key.encode()).decode().rstrip("=")[-32:],
                   } | self._key.sign(claims)  # fmt: skip
        return outcome_of(letter, self._outward.call("POST", endpoint, headers=headers, content=body))


def _fitting(letter: Letter) -> bytes:
    """The document, its body cut where it is too long: the page behind the link holds the whole."""
    document = as_document(letter) | {"receipt": letter.receipt}
    body = letter.body
    while len(content := json.dumps(document | {"body": body}, ensure_ascii=False).encode()) > AT_MOST:
        body = body[: len(body) * 3 // 4].rstrip() + "…"
    return content


def _unpadded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
