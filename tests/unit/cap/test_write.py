"""The strict writer: what leaves is right in form, escaped, and reads back as it was."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree
from tests.unit.cap.sample import PRODUCER, RING, SENT, alert, area, chinese, english, with_area, with_info

from tocsin.formats.cap import Alert, Circle, Pair, Reference, Resource, check, read, write
from tocsin.formats.cap.encode import encode
from tocsin.terms.errors import BadForm, BadValue, Refused

# XML holds no control characters; the reader takes white space at the ends away.
TEXT = st.text(st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="\ufffe\uffff"), max_size=30).map(
    str.strip
)
WORDS = TEXT.filter(bool)
SOME_PAIRS = st.lists(st.builds(Pair, WORDS, TEXT), max_size=3).map(tuple)


def test_the_sample_breaks_no_rule_and_reads_back():
    data = write(alert(), now=SENT, producer=PRODUCER)
    assert check(data, now=SENT, producer=PRODUCER) == []
    reading = read(data)
    assert reading.alert == alert()
    assert reading.schema_valid
    assert reading.raw is data


def test_the_bytes_are_utf8_with_declaration_and_numeric_offsets():
    data = write(alert(sent=SENT.astimezone(UTC)))
    assert data.startswith(
        b'<?xml version="1.0" encoding="UTF-8"?>\n<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2">'
    )
    assert "<sent>2025-07-20T06:35:00-00:00</sent>" in data.decode()
    assert not re.search(r"\d\dZ<", data.decode())


def full() -> Alert:
    """A message that uses every element."""
    resource = Resource("map", "image/png", 8, "https://dongshi.example/map.png", "iVBORw0KGgo=", "0" * 40)
    info = english(
        audience="drivers", resources=(resource,),
        areas=(area(circles=(Circle(39.9, 116.4, 2.5),), altitude=-3.25, ceiling=100.0),),
    )  # fmt: skip
    return alert(
        msg_type="Update", source="test", scope="Private", addresses=("a@b.example", "duty desk"), codes=("x", "y"),
        note="why", references=(Reference("cap@dongshi.example", "urn:oid:1", SENT - timedelta(hours=1)),),
        incidents=("storm", "wet town"), infos=(info,),
    )  # fmt: skip


def test_every_element_survives_in_the_order_of_the_schema():
    data = encode(full())
    reading = read(data)
    assert reading.alert == full()
    assert reading.schema_valid


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_any_text_comes_back_as_it_was(data):
    texts = {
        name: data.draw(WORDS) for name in ("event", "headline", "description", "instruction", "contact", "sender_name")
    }
    pairs = data.draw(SOME_PAIRS)
    message = alert(note=data.draw(TEXT), infos=(english(**texts, parameters=pairs, event_codes=pairs),))
    reading = read(encode(message))
    assert reading.alert == message
    assert reading.schema_valid


def numbers(low: int, high: int):
    return st.integers(low * 10**9, high * 10**9).map(lambda whole: whole / 10**9)


@given(numbers(-90, 90), numbers(-180, 180), numbers(0, 20000))
def test_any_number_comes_back_as_it_was(lat, lon, radius):
    message = with_area(circles=(Circle(lat, lon, radius),), altitude=lon, ceiling=radius)
    back = read(encode(message)).alert
    assert back is not None
    assert back.infos[0].areas == message.infos[0].areas


LONG = (*((90 - n / 1000, n / 1000) for n in range(101)), (0.0, 0.0), (90.0, 0.0))
TEXTS = ("event", "audience", "sender_name", "headline", "description", "instruction", "contact")
# Fields that are no free text: markup in them breaks the rule of their own form.
CODED = {"identifier": ["R4"], "sender": ["R4"], "language": ["R23"], "mimeType": ["R32"], "uri": ["R34", "R37"],
         "incidents": ["R18"], "addresses": ["R12"]}  # fmt: skip
ATTACKS = (
    "<script>alert(1)</script>",
    "]]><script>x</script>",
    "<img src=x onerror=x>",
    "&lt;b&gt;",
    "\"'><svg/onload=x>",
)


@pytest.mark.parametrize("attack", ATTACKS)
def test_markup_in_any_text_field_stays_text_and_is_named(attack):
    """Stored XSS: whatever field it is put into, it is one text when read, and the check says so."""
    for message, path in attacked(attack):
        data = encode(message)
        root = etree.fromstring(data)
        assert not root.xpath(
            "//*[local-name()='script' or local-name()='img' or local-name()='svg' or local-name()='b']"
        ), path
        assert read(data).alert == message, path
        named = {finding.rule for finding in check(data, producing=False)}
        assert named & {"R31", *CODED.get(path, ())}, path


def attacked(text: str) -> list[tuple[Alert, str]]:
    made = [(alert(infos=(english(**{name: text}),)), name) for name in TEXTS]
    made += [(alert(**{name: text}), name) for name in ("source", "note")]
    made += [(alert(codes=(text,)), "code"), (alert(scope="Restricted", restriction=text), "restriction")]
    made += [(with_area(area_desc=text), "areaDesc"), (with_info(web=f"http://x/{text}"), "web")]
    made += [
        (with_info(parameters=(Pair("p", text),)), "value"),
        (with_info(parameters=(Pair(text, "v"),)), "valueName"),
    ]
    made += [
        (with_info(event_codes=(Pair("p", text),)), "eventCode"),
        (with_area(geocodes=(Pair("p", text),)), "geocode"),
    ]
    made += [(with_info(resources=(Resource(text, "image/png"),)), "resourceDesc")]
    made += [(with_info(resources=(Resource("map", text),)), "mimeType"), (with_info(language=text), "language")]
    made += [(with_info(resources=(Resource("map", "image/png", uri=f"http://x/{text}"),)), "uri")]
    made += [(alert(incidents=(text,)), "incidents"), (alert(scope="Private", addresses=(text,)), "addresses")]
    made += [(alert(identifier=text), "identifier"), (alert(sender=text), "sender")]
    return made


@pytest.mark.parametrize(
    ("message", "rule"),
    [
        (alert(identifier=""), "R4"),
        (alert(sender="a b"), "R4"),
        (alert(sent=SENT.replace(tzinfo=None)), "R5"),
        (alert(sent=SENT.replace(microsecond=1)), "R5"),
        (alert(status="actual"), "R8"),
        (alert(msg_type="Update"), "R16"),
        (alert(msg_type="Cancel", infos=()), "R16"),
        (with_info(language=""), "R23"),
        (with_info(expires=None), "R27"),
        (with_info(expires=SENT), "R28"),
        (with_info(instruction=""), "P2"),
        (with_info(sender_name=""), "P12"),
        (with_info(areas=()), "R44"),
        (with_info(effective=SENT - timedelta(hours=1)), "P8"),
        (with_info(expires=SENT + timedelta(days=40)), "P7"),
        (with_area(polygons=(RING[:-1],)), "R39"),
        (with_area(polygons=((RING[0], RING[2], RING[1], RING[3], RING[0]),)), "R41"),
        (with_area(polygons=(LONG,)), "P4"),
        (alert(infos=(chinese(severity="Minor"), english())), "R24"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_breaks_a_rule_does_not_leave(message, rule):
    with pytest.raises(Refused) as refused:
        write(message)
    assert rule in {finding.rule for finding in check(message) if finding.grade == "error"}
    assert isinstance(refused.value, BadValue)
    assert refused.value.remedy


def test_what_xml_cannot_hold_does_not_leave():
    with pytest.raises(BadForm, match=r"U\+0000"):
        write(with_info(description="nul \x00"))


def test_a_cancel_may_be_bare():
    message = alert(
        msg_type="Cancel",
        infos=(),
        references=(alert().reference,),
        identifier="urn:oid:9",
        sent=SENT + timedelta(hours=1),
    )
    assert read(write(message)).alert == message


def test_the_writer_asks_for_the_deployments_own_rules():
    with pytest.raises(BadValue, match="P12"):
        write(with_info(sender_name="Yu Lei"), producer=PRODUCER)
    assert write(with_info(sender_name="Yu Lei"))  # without offices it is only a warning


def test_names_with_spaces_are_quoted():
    text = encode(replace(full(), infos=())).decode()
    assert '<addresses>a@b.example "duty desk"</addresses>' in text
    assert '<incidents>storm "wet town"</incidents>' in text
