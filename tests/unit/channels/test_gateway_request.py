"""How a gateway is asked: any form that a service wants, and no text can break out of it."""

from __future__ import annotations

import json
from urllib.parse import parse_qs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.doors.channels.gateway_request import GatewayRequest
from tocsin.terms.errors import BadValue

TEXT = st.text(st.characters(exclude_categories=("Cs",)), max_size=80)


def values(text: str) -> dict[str, str]:
    return {"to": "+8613800000000", "text": text, "key": "dsp-1", "language": "en", "level": "4"}


@given(TEXT)
def test_json_stays_json(text: str) -> None:
    request = GatewayRequest("https://g.example", '{"messages": [{"to": "{to}", "body": "{text}"}], "v": {"a": 1}}')
    assert json.loads(request.filled(values(text)))["messages"][0] == {"to": "+8613800000000", "body": text}


@given(TEXT.filter(bool))
def test_a_form_stays_a_form(text: str) -> None:
    request = GatewayRequest("https://g.example", "To={to}&Body={text}&Key={key}")
    assert parse_qs(request.filled(values(text)).decode()) == {
        "To": ["+8613800000000"],
        "Body": [text],
        "Key": ["dsp-1"],
    }
    assert request.headers["content-type"] == "application/x-www-form-urlencoded"


@pytest.mark.parametrize(
    "body", ["", "hello", '{"to": "{to}"}', '{"to": {to}, "text": "{text}"}', "To={to}&Body={text}&x={password}"]
)
def test_a_request_that_cannot_work_is_refused_when_it_is_set(body: str) -> None:
    with pytest.raises(BadValue):
        GatewayRequest("https://g.example", body)


def test_a_header_is_name_and_value_and_is_never_shown() -> None:
    request = GatewayRequest("https://g.example", "To={to}&Body={text}", "Authorization: Bearer secret")
    assert request.headers["Authorization"] == "Bearer secret"
    assert "secret" not in repr(request)
    with pytest.raises(BadValue):
        GatewayRequest("https://g.example", "To={to}&Body={text}", "secret")
