"""SMPP against a real SMSC on loopback: parts come together as they were written, and what the operator says is heard."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.contracts.channels.message_centre import QUEUE_FULL, MessageCentre

from tocsin.doors.channels.smpp import PARTS_AT_MOST, Smpp, parts_of
from tocsin.doors.channels.smsc import Smsc
from tocsin.formats.sms import segments, shown
from tocsin.records.dispatch.message import Letter
from tocsin.terms.errors import BadValue, Unavailable

NUMBER = "+8613800000001"


@pytest.fixture
def centre() -> Iterator[MessageCentre]:
    made = MessageCentre()
    made.open()
    yield made
    made.close()


def channel(centre: MessageCentre, password: str = "s3cret", sender: str = "10690000") -> Smpp:
    return Smpp(Smsc.of(f"smpp://tocsin:{password}@127.0.0.1:{centre.port}", sender), timeout_s=5)


def letter(body: str, number: str = NUMBER) -> Letter:
    return Letter("dsp_1-0", "post:duty", number, body, body, "en")


texts = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc", "Cf", "Cs", "Zl", "Zp"]), min_size=1, max_size=400
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=texts | st.text("abc {}€[]^", min_size=1, max_size=400) | st.text("暴雨🌧a", min_size=1, max_size=300))
def test_what_was_written_arrives_in_as_many_segments_as_are_counted(centre: MessageCentre, text: str) -> None:
    """Whatever the script: no character is cut in two, each part fits a segment, and as many go as ``segments`` says."""
    counted = segments(shown(text))
    centre.received.clear()
    centre.codings.clear()
    centre.lengths.clear()
    (outcome,) = channel(centre).send([letter(text)])
    assert outcome.accepted
    assert all(
        length <= (140 if coding == 8 else 160) for length, coding in zip(centre.lengths, centre.codings, strict=True)
    )
    if counted.count <= PARTS_AT_MOST:
        assert centre.received == [(NUMBER, shown(text))]
        if "§" not in text:  # the library has no such letter; it goes as UCS-2
            assert len(centre.lengths) == counted.count


def test_the_number_and_the_sender_are_what_was_set(centre: MessageCentre) -> None:
    channel(centre, sender="Tocsin").send([letter("Rain")])
    assert centre.senders == ["Tocsin"]
    assert centre.received == [(NUMBER, "Rain")]


def test_a_full_queue_is_tried_again_and_a_wrong_password_is_no_fault_of_the_letter(centre: MessageCentre) -> None:
    centre.statuses[NUMBER] = QUEUE_FULL
    (outcome,) = channel(centre).send([letter("Rain")])
    assert (outcome.accepted, outcome.final) == (False, False)
    assert outcome.said.startswith("0x0014")
    with pytest.raises(Unavailable):
        channel(centre, "wrong").send([letter("Rain")])


def test_a_setting_that_cannot_be_is_refused_without_its_password() -> None:
    for url, sender in (
        ("http://a:b@host", ""), ("smpp://host", ""), ("smpp://a:s3cret@sms.example", ""),
        ("smpps://a:b@host", "a name too long"),
        ("smpps://a:nine-long@host", ""), ("smpps://a:b@host:x", ""), ("smpps://a:b@host/path", ""),
    ):  # fmt: skip
        with pytest.raises(BadValue) as refused:
            Smsc.of(url, sender)
        assert "s3cret" not in str(refused.value)
    assert Smsc.of("smpp://a:b@10.1.2.3", inside=["10.1.0.0/16"]).port == 2775
    assert Smsc.of("smpps://a%40b:c%3Ad@sms.example").password == "c:d"


def test_parts_of_a_long_text_share_their_reference() -> None:
    coding, parts = parts_of("暴" * 135, 7)
    assert (coding, len(parts)) == (8, 3)
    assert [part[:6] for part in parts] == [bytes([5, 0, 3, 7, 3, n]) for n in (1, 2, 3)]
