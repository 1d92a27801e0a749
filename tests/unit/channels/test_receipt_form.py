"""How gateways report: in fields and words of their own."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.doors.channels.broker import Broker
from tocsin.doors.channels.receipt_form import OURS, ReceiptForm, fields_of
from tocsin.records.dispatch.lifecycle import Receipt
from tocsin.terms.errors import BadForm, BadValue

SETTING = "id=message.id status=message.status delivered=DELIVRD,delivered acknowledged=read returned=UNDELIV,EXPIRED"


@pytest.mark.parametrize(
    ("word", "means"),
    [("DELIVRD", Receipt.DELIVERED), ("Delivered", Receipt.DELIVERED), ("READ", Receipt.ACKNOWLEDGED),
     ("expired", Receipt.RETURNED), ("ACCEPTD", None), ("", None)],
)  # fmt: skip
def test_words_mean_what_the_setting_says_in_any_case(word: str, means: Receipt | None) -> None:
    form = ReceiptForm.of(SETTING)
    assert form.read({"message": {"id": "dsp_1-0", "status": word}}) == ("dsp_1-0", means, word)


def test_nothing_at_all_at_a_letters_own_address_means_that_it_was_acknowledged() -> None:
    assert OURS.read(fields_of(b"", ""))[1] is Receipt.ACKNOWLEDGED
    assert OURS.read({"status": "delivered"})[1] is Receipt.DELIVERED


@pytest.mark.parametrize(
    "setting", ["", "id=a", "status=s", "status=s seen=x", "id=a delivered=x", "status= delivered=x", "hello world"]
)
def test_a_setting_that_says_too_little_is_refused(setting: str) -> None:
    with pytest.raises(BadValue) as caught:
        ReceiptForm.of(setting)
    assert "status=FIELD" in caught.value.remedy


@given(
    st.binary(max_size=200), st.sampled_from(["application/json", "application/x-www-form-urlencoded", "", "text/xml"])
)
def test_any_body_is_read_or_refused(body: bytes, kind: str) -> None:
    try:
        fields = fields_of(body, kind)
    except BadForm:
        return
    key, receipt, word = ReceiptForm.of(SETTING).read(fields)
    assert len(key) <= 200
    assert len(word) <= 200
    assert receipt is None or receipt in Receipt


def _deeper(inner: st.SearchStrategy[object]) -> st.SearchStrategy[object]:
    names = st.sampled_from(["message", "id", "status"])
    return st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3)


@given(st.recursive(st.none() | st.integers() | st.text(max_size=5), _deeper, max_leaves=8))
def test_any_document_is_read(document: object) -> None:
    if isinstance(document, dict):
        ReceiptForm.of(SETTING).read(document)


# ---------------------------------------------------------------- MQTT without encryption
@pytest.mark.parametrize(
    ("url", "inside"),
    [("mqtt://127.0.0.1", ()), ("mqtt://localhost:1884", ()), ("mqtt://[::1]", ()), ("mqtt://10.20.0.7", ("10.20.0.0/16",)),
     ("mqtt://siren.town.example", ("siren.town.example",)), ("mqtts://broker.example", ())],
)  # fmt: skip
def test_a_broker_is_spoken_to_in_plain_only_inside(url: str, inside: tuple[str, ...]) -> None:
    assert Broker.of(url, inside=inside).tls is url.startswith("mqtts")


@pytest.mark.parametrize(
    ("url", "inside"),
    [("mqtt://broker.example", ()), ("mqtt://u:secret@203.0.113.5", ()), ("mqtt://10.20.0.7", ()),
     ("mqtt://10.21.0.7", ("10.20.0.0/16",)), ("mqtt://siren.town.example.evil.example", ("siren.town.example",))],
)  # fmt: skip
def test_anywhere_else_it_is_refused_with_what_to_do(url: str, inside: tuple[str, ...]) -> None:
    with pytest.raises(BadValue, match="not encrypted") as caught:
        Broker.of(url, inside=inside)
    assert "outward_inside" in caught.value.remedy
    assert "secret" not in str(caught.value)
