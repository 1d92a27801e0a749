"""Whatever comes, reading, checking, verifying and tracing end in findings or typed refusals, never in a crash."""

from __future__ import annotations

import random

from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree
from tests.unit.cap.keys import AT, certificate, ec_key, pem
from tests.unit.cap.mutants import damaged
from tests.unit.cap.sample import PRODUCER, SENT, alert, text

from tocsin.formats.cap import (
    Pin,
    check,
    ends_at,
    gravity,
    has_ended,
    read,
    recognise,
    sign,
    target_shape,
    trace,
    verify,
    write,
)
from tocsin.formats.cap.encode import encode
from tocsin.terms.errors import Refused

DAY = AT - AT.replace(hour=0)


def everything(data: bytes) -> None:
    """All that a recipient does with a message."""
    reading = read(data)
    check(data, now=SENT, producer=PRODUCER)
    recognise(data)
    trace([reading, read(text().encode())])
    if reading.alert is None:
        assert reading.errors
        return
    for info in reading.alert.infos:
        target_shape(info)
        gravity(info)
        ends_at(reading.alert, info, DAY)
    has_ended(reading.alert, SENT, DAY)
    try:
        write(reading.alert)
    except Refused:
        return
    assert read(encode(reading.alert)).alert == reading.alert


@settings(deadline=None, max_examples=200)
@given(st.integers(0, 10**9))
def test_damaged_trees(seed: int):
    tree = damaged(etree.fromstring(text().encode()), random.Random(seed))
    everything(etree.tostring(tree, with_tail=False))


@settings(deadline=None, max_examples=200)
@given(st.data())
def test_damaged_bytes(data):
    made = bytearray(text().encode())
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(made) - 1))
        made[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=4))
    everything(bytes(made))


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes(data: bytes):
    everything(data)


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 10**9))
def test_damaged_signed_messages_are_verified_or_reported(seed: int):
    """Damage of the Signature too: nothing but a typed refusal, and nothing verified that is not what was signed."""
    chance = random.Random(seed)
    root = etree.fromstring(sign(write(alert()), ec_key("us"), certificate(ec_key("us"))))
    target = chance.choice(list(root.iter(etree.Element)))
    if target is root or chance.random() < 0.3:
        target.text = chance.choice((None, "", "x", "AAAA", "\u00e4"))
    elif chance.random() < 0.5:
        target.getparent().remove(target)
    else:
        target.attrib.clear()
        target.set("Algorithm", chance.choice(("", "urn:x", "http://www.w3.org/2001/10/xml-exc-c14n#")))
    data = etree.tostring(root)
    pins = {alert().sender: [Pin.of(pem(certificate(ec_key("us"))))]}
    report = verify(data, pins, at=AT)
    assert not report.verified or report.alert == alert() == read(data).alert
