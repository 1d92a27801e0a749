"""What a receiver checks, written from the published standard and not from our code (Standard Webhooks 1.0)."""

from __future__ import annotations

import base64
import hashlib
import hmac

from tests.contracts.channels.web_house import WebHouse

from tocsin.doors.channels.webhook import Webhook, secret_of
from tocsin.doors.outward.client import Outward
from tocsin.doors.outward.guard import Guard
from tocsin.records.dispatch.message import Letter


def receiver_accepts(headers: dict[str, str], body: bytes, secret: bytes) -> bool:
    signed = b".".join([headers["webhook-id"].encode(), headers["webhook-timestamp"].encode(), body])
    expected = base64.b64encode(hmac.new(secret, signed, hashlib.sha256).digest()).decode()
    return any(hmac.compare_digest(f"v1,{expected}", one) for one in headers["webhook-signature"].split(" "))


def test_the_receiver_can_tell_who_wrote_and_old_and_new_key_hold_together() -> None:
    house = WebHouse()
    house.open()
    try:
        hook = Webhook(Outward(Guard(["127.0.0.1"])), [b"new", b"old"], now_s=lambda: 1_764_000_000, patience_s=5)
        address = f"{house.url}/in"
        (outcome,) = hook.send([Letter("dsp-1", "target:a", address, "Rain", "Go up.", "en", 4, True)])
        assert outcome.accepted
        (post,) = house.posts
    finally:
        house.close()
    assert post.headers["webhook-timestamp"] == "1764000000"
    for key in (b"new", b"old"):
        assert receiver_accepts(post.headers, post.body, secret_of(key, address))
    assert not receiver_accepts(post.headers, post.body, secret_of(b"other", address))
    assert not receiver_accepts(post.headers, post.body, secret_of(b"new", f"{house.url}/elsewhere"))
    assert not receiver_accepts(post.headers, post.body.replace(b"Go up", b"Go in"), secret_of(b"new", address))
