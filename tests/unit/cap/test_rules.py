"""Every numbered rule with messages that keep it and messages that break it; each finding leads to its place."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from lxml import etree
from tests.unit.cap.sample import PRODUCER, RING, SENT, alert, area, chinese, english, text, with_area, with_info

from tocsin.formats.cap import RULES, Alert, Box, Circle, Pair, Producer, Reference, Resource, check
from tocsin.formats.cap.codes import NAMESPACE
from tocsin.formats.cap.encode import encode

HOUR = timedelta(hours=1)
PNG = b"\x89PNG\r\n\x1a\n0000"
EARLIER = Reference("cap@dongshi.example", "urn:oid:2.49.0.1.156.0.1", SENT - HOUR)
UPDATE = alert(msg_type="Update", references=(EARLIER,))
CANCEL = alert(msg_type="Cancel", references=(EARLIER,))


@dataclass
class Case:
    """``good`` and ``bad``: messages, or bytes. ``producing``: judged as ours."""

    rule: str
    good: tuple[Any, ...]
    bad: tuple[Any, ...]
    producing: bool = False
    producer: Producer = PRODUCER


def bent(*changes: tuple[str, str]) -> bytes:
    """The sample's text with some of it replaced, everywhere."""
    made = text()
    for old, new in changes:
        assert old in made, old
        made = made.replace(old, new)
    return made.encode()


def image(**changed: Any) -> Alert:
    """The sample with a picture in it."""
    content = base64.b64encode(PNG).decode()
    told: dict[str, Any] = {"resource_desc": "map", "mime_type": "image/png", "size": len(PNG), "uri": "map.png",
                            "deref_uri": content, "digest": hashlib.sha1(PNG).hexdigest(), **changed}  # fmt: skip
    return with_info(resources=(Resource(**told),))


def ring(*points: tuple[float, float]) -> Alert:
    return with_area(polygons=(points,))


NAN = float("nan")
CIRCLE = "</polygon>\n      <circle>{}</circle>"
ZIGZAG = tuple((39.8 + (n % 2) / 10, 116.2 + n / 1000) for n in range(101))
LONG = (*ZIGZAG, (39.0, 116.3), (39.0, 116.2), ZIGZAG[0])

CASES = [
    Case("R1", (bent(), bent(("<sender>", "<!-- c --><sender>")), bent(("暴雨", "<![CDATA[暴雨]]>"))),
         (b"", b"no xml", b"<alert/>", bent(("</alert>", "")), bent(("<alert xmlns", '<alert id="x" xmlns')),
          bent(("<sender>", "<note/><sender>")), bent(("<scope>", "stray<scope>")), bent(("cap:1.2", "cap:1.3")),
          bent(("<sent>", "<severity>Minor</severity><sent>")), bent(("<event>", "<event>x</event><event>")),
          with_info(description="\x01"), bent(("<headline>", "<headline><b/>")))),
    Case("R2", (bent(),), (bent(('<?xml version="1.0" encoding="UTF-8"?>\n', "")),
                           text().replace("UTF-8", "UTF-16").encode("utf-16"),
                           text().replace("UTF-8", "GB18030").encode("gb18030")), producing=True),
    Case("R3", (bent(), bent(("暴雨", "<![CDATA[<!DOCTYPE x>]]>"))),
         (bent(("<alert", "<!DOCTYPE alert><alert")), bent(("<alert", "<!-- x --><!DOCTYPE alert [<!ENTITY a 'b'>]><alert")),
          bent(("<scope>", "<d>" * 40 + "</d>" * 40 + "<scope>")),
          b" " * 8_000_001)),
    Case("R4", (alert(),), (alert(identifier=""), alert(sender=""), alert(identifier="a b"), alert(sender="a,b"),
                            alert(identifier="a<b"), alert(sender="a&b"), alert(identifier="a\u3000b"),
                            bent(("<identifier>urn", "<identifier> urn")), bent(("<sender>cap@dongshi.example</sender>", "")))),
    Case("R5", (alert(), bent(("2025-07-20T20:35:00", "2025-07-20T24:00:00"))),
         (bent(("+08:00<", "Z<")), bent(("14:35:00+", "14:35:00.5+")), bent(("14:35:00+08:00", "14:35:00")),
          bent(("2025-07-20T20:35:00+08:00", "20 July 2025")), bent(("<sent>2025-07-20T14:35:00+08:00</sent>", "")),
          alert(sent=SENT.replace(tzinfo=None)), with_info(onset=SENT.replace(microsecond=5)))),
    Case("R6", (bent(("14:35:00+08:00", "14:35:00-00:00")),), (bent(("14:35:00+08:00", "06:35:00+00:00")),)),
    Case("R7", (bent(("+08:00", "+14:00")),),
         (bent(("+08:00", "+14:01")), bent(("07-20T20", "02-31T20")), bent(("20:35:00", "20:35:60")),
          bent(("+08:00", ",08:00")),
          bent(("<sent>2025-07-20", "<sent>2025-02-29")))),
    Case("R8", (alert(status="Test"),), (alert(status="Life"), bent(("<status>Actual", "<status> Actual")),
                                         bent(("<status>Actual</status>", "")))),
    Case("R9", (UPDATE,), (alert(msg_type="Warning"), bent((">Alert<", ">alert<")), bent(("<msgType>Alert</msgType>", "")))),
    Case("R10", (alert(scope="Private", addresses=("a",)),), (alert(scope=""), bent(("<scope>Public</scope>", "")))),
    Case("R11", (alert(scope="Restricted", restriction="staff"),), (alert(scope="Restricted"), alert(restriction="staff"))),
    Case("R12", (alert(scope="Private", addresses=("a b", "c")),),
         (alert(scope="Private"), alert(scope="Private", addresses=("",)), alert(scope="Private", addresses=('a"b',)),
          bent(("<scope>Public</scope>", '<scope>Private</scope><addresses>"a b c</addresses>')))),
    Case("R13", (alert(status="Exercise", note="Storm 2025"),), (alert(status="Exercise"),
                                                              alert(msg_type="Error", references=(EARLIER,)))),
    Case("R15", (UPDATE,), (alert(references=(Reference("", "i", SENT - HOUR),)),
                            alert(references=(Reference("s", "i", None),)),
                            alert(references=(Reference("s t", "i", SENT - HOUR),)),
                            *(bent(("<info>\n    <language>zh", f"<references>{cited}</references><info>\n    <language>zh"))
                              for cited in ("zzz", "a,b", "a,b,c", "a,b,c,2025-07-20T10:00:00+08:00",
                                            ",b,2025-07-20T10:00:00+08:00",
                                            "a,b,2025-07-20T10:00:00Z")))),
    Case("R16", (UPDATE, CANCEL), (alert(msg_type="Update"), alert(msg_type="Cancel"), alert(msg_type="Ack"),
                                   alert(msg_type="Error"), bent((">Alert<", ">Update<")))),
    Case("R17", (UPDATE,), (alert(msg_type="Update", references=(alert().reference,)),
                            alert(msg_type="Update", references=(Reference("s", "i", SENT + HOUR),)))),
    Case("R18", (alert(incidents=("a", "b c")),), (alert(incidents=('a"',)), alert(incidents=("",)))),
    Case("R19", (CANCEL, alert(msg_type="Cancel", references=(EARLIER,), infos=())),
         (alert(infos=()), alert(msg_type="Update", references=(EARLIER,), infos=()))),
    Case("R20", (alert(),), (with_info(categories=()), with_info(categories=("met",)), with_info(event=""),
                             with_info(event=" "),
                             with_info(urgency="Now"), with_info(severity=""), with_info(certainty="likely"),
                             bent(("<urgency>Immediate</urgency>\n", "")), bent(("<category>Met</category>\n", "")))),
    Case("R21", (alert(),), (bent((">Likely<", ">Very Likely<")),)),
    Case("R22", (with_info(response_types=("None", "Avoid")),), (with_info(response_types=("Run",)),)),
    Case("R23", (with_info(language="zh-Hans-CN"), with_info(language="")),
         (with_info(language="zh_CN"), with_info(language="chinese language"), with_info(language="toolonglang"))),
    Case("R23", (alert(),), (with_info(language=""),), producing=True),
    Case("R24", (alert(), alert(infos=(english(), english(severity="Minor", event="Flood")))),
         (alert(infos=(chinese(severity="Minor"), english())), alert(infos=(chinese(), english(categories=("Geo",)))),
          alert(infos=(chinese(), english(expires=SENT + 2 * HOUR))), alert(infos=(chinese(), english(onset=None))),
          alert(infos=(chinese(event_codes=()), english())), alert(infos=(chinese(response_types=()), english())),
          alert(infos=(chinese(areas=()), english())), alert(infos=(chinese(areas=(area(geocodes=()),)), english())),
          alert(infos=(english(), english(severity="Minor"))))),
    Case("R25", (alert(),), (alert(infos=(chinese(description="same"), english(description="same"))),)),
    Case("R26", (with_info(parameters=(Pair("a", ""), Pair("a", ""))),),
         (with_info(parameters=(Pair("", "x"),)), with_area(geocodes=(Pair(" ", "x"),)), with_info(event_codes=(Pair("", ""),)),
          bent(("<value>110105</value>", "")), bent(("<valueName>GB</valueName>", "")),
          bent(("<value>orange</value>", "<value>orange</value><value>red</value>")))),
    Case("R27", (alert(),), (with_info(expires=None),)),
    Case("R28", (with_info(expires=SENT + 2 * HOUR),),
         (with_info(expires=SENT), with_info(expires=SENT - HOUR), with_info(onset=SENT + 7 * HOUR),
          with_info(effective=SENT + 6 * HOUR))),
    Case("R30", (with_info(web="mailto:a@b.example", headline="x" * 160),), (with_info(web="www.example"), with_info(web="/a"),
                                                                            with_info(headline="x" * 161))),
    Case("R31", (with_info(description="rain < 5 mm & wind > 3"),),
         (with_info(description="<p>"), with_info(headline="a &amp; b"), with_info(instruction="x\x85y"),
          with_info(contact="\u202eevil"), alert(note="<br/>"), with_area(area_desc="</td>"))),
    Case("R32", (image(),), (image(resource_desc=""), image(mime_type=""), image(mime_type="png"), image(mime_type="x/y z"),
                             image(mime_type="paper/plain"))),
    Case("R33", (image(),), (image(size=5), image(size=-1))),
    Case("R34", (image(), image(uri="https://dongshi.example/a", deref_uri="")), (image(deref_uri=""),)),
    Case("R35", (image(),), (image(deref_uri="###"), image(deref_uri="AAA"), image(mime_type="image/jpeg"))),
    Case("R36", (image(),), (image(digest=""), image(digest="abc"), image(digest="0" * 40))),
    Case("R37", (image(uri="https://dongshi.example/a"), image(uri="https://8.8.8.8/a")),
         (image(uri="http://localhost/"), image(uri="http://10.0.0.1/"), image(uri="http://169.254.169.254/latest"),
          image(uri="http://[::1]/"), image(uri="http://2130706433/"), image(uri="http://0x7f.1/"), image(uri="file://localhost/x"),
          image(uri="gopher://x/"), image(uri="http://a@127.0.0.1:80/"), image(uri="http://printer.local/"),
          image(uri="http://[::ffff:10.0.0.1]/"), image(uri="http://localhost./"))),
    Case("R38", (alert(),), (with_area(area_desc=""), with_area(area_desc=" "), bent(("<areaDesc>东市</areaDesc>", "")))),
    Case("R39", (alert(), bent((" 39.8,116.6 ", "\n\t39.8,116.6\n"))),
         (ring(*RING[:-1]), ring(*RING[:2], RING[0]), bent(("39.8,116.6", "39.8;116.6")), bent(("39.8,116.6", "nan,116.6")),
          bent(("39.8,116.6", "39.8,116.6,5")), bent(("39.8,116.6", "39.8,1e2")), bent(("39.8,116.6", "north,east")),
          bent(("39.8,116.6", "39.8.1,116.6")), bent(("39.8,116.6 ", "39.8,116.6,5 6 ")))),
    Case("R40", (alert(),), (ring(*((lon, lat) for lat, lon in RING)), ring((0, 0), (0, 181), (1, 0), (0, 0)),
                             with_area(circles=(Circle(91, 0, 1),)), ring((NAN, 0), (0, 1), (1, 0), (NAN, 0)),
                             )),
    Case("R40", (alert(),), (ring((40, 80), (40, 81), (41, 81), (41, 80), (40, 80)),),
         producer=Producer(box=Box(79, 39, 82, 42))),
    Case("R41", (alert(),), (ring(RING[0], RING[2], RING[1], RING[3], RING[0]), ring((1, 1), (2, 2), (3, 3), (1, 1)),
                             ring(RING[0], RING[0], *RING[1:]), ring((1, 1), (1, 2), (5, 2), (1, 2), (2, 1), (1, 1)))),
    Case("R42", (alert(),), (ring((0, 179), (0, -179), (1, -179), (1, 179), (0, 179)),)),
    Case("R43", (with_area(circles=(Circle(39.9, 116.4, 0),)), bent(("</polygon>", CIRCLE.format("39.9,116.4 2")))),
         (with_area(circles=(Circle(39.9, 116.4, -1),)), with_area(circles=(Circle(39.9, 116.4, float("inf")),)),
          *(bent(("</polygon>", CIRCLE.format(wrong))) for wrong in ("39.9,116.4", "39.9 116.4", "x", "", "39.9,116.4 2 km")))),
    Case("R44", (alert(), alert(msg_type="Cancel", references=(EARLIER,), infos=(english(areas=()),))), (with_info(areas=()),)),
    Case("R45", (alert(), with_area(polygons=(), circles=(Circle(39.9, 116.4, 2),))), (with_area(polygons=()),)),
    Case("R46", (with_area(altitude=0.0, ceiling=0.0), with_area(altitude=5.0)),
         (with_area(ceiling=5.0), with_area(altitude=6.0, ceiling=5.0), with_area(altitude=float("nan")),
          bent(("</geocode>\n    </area>", "</geocode>\n      <altitude>high</altitude>\n    </area>")))),
    Case("R47", (alert(),), (bent(("39.8,116.6", "39.8, 116.6")), bent(("</polygon>", CIRCLE.format("39.9, 116.4 2"))))),
    Case("R49", (alert(),), (with_area(geocodes=(Pair("EXCLUDE_POLYGON", "1,1 1,2 2,2 1,1"),)),)),
    Case("R76", (bent(),), (bent(("cap:1.2", "cap:1.1")),)),
    Case("P1", (alert(),), (alert(identifier="2.49.0.1.156.1"), alert(identifier="urn:oid:2.49.0.1.1.9")), producing=True),
    Case("P2", (alert(),), (*(with_info(**{name: ""}) for name in ("headline", "description", "instruction", "web", "contact")),
                            with_info(effective=None), with_info(onset=None), with_info(response_types=())), producing=True),
    Case("P3", (alert(), alert(infos=(chinese(), english(language="en")))),
         (alert(infos=(english(),)), alert(infos=(chinese(),))),
         producing=True),
    Case("P4", (alert(),), (with_area(geocodes=()), with_area(polygons=()), ring(*LONG)), producing=True),
    Case("P5", (alert(),), (with_info(event="x" * 36), with_info(event_codes=())), producing=True),
    Case("P6", (alert(),), (with_info(urgency="Unknown"), with_info(severity="Unknown"), with_info(certainty="Unknown"),
                            alert(msg_type="Ack", references=(EARLIER,))), producing=True),
    Case("P7", (with_info(expires=SENT + 24 * HOUR), with_info(event_codes=(Pair("OET:v1.2", "OET-193"),))),
         (with_info(expires=SENT + 25 * HOUR), with_info(expires=SENT + 800 * HOUR),
          with_info(event_codes=(Pair("OET:v1.2", "OET-193"),), expires=SENT + 8 * HOUR)), producing=True),
    Case("P8", (alert(), alert(status="Draft", infos=(english(effective=SENT - HOUR),))),
         (with_info(effective=SENT - HOUR), with_info(onset=SENT - HOUR), alert(sent=SENT + HOUR)), producing=True),
    Case("P9", (alert(),), (alert(infos=(chinese(description="Heavy rain is expected soon."), english())),
                            alert(infos=(chinese(), english(headline="东市暴雨橙色预警信号")))), producing=True),
    Case("P10", (alert(), with_info(parameters=(Pair("awareness_level", "3; orange; Severe"),)),
                 with_info(headline="Storm", parameters=())),
         (with_info(parameters=()), with_info(parameters=(Pair("colour", "red"),)),
          with_info(parameters=(Pair("颜色", "蓝色"),))),
         producing=True),
    Case("P11", (CANCEL, alert(msg_type="Cancel", references=(EARLIER,), infos=(english(response_types=("AllClear",)),))),
         (alert(msg_type="Cancel", references=(EARLIER,), infos=()), with_info(response_types=("AllClear",))), producing=True),
    Case("P12", (alert(),), (with_info(sender_name="Yu Lei"), with_info(sender_name=""), with_info(sender_name="于雷")),
         producing=True),
    Case("P12", (alert(), with_info(sender_name="Météo-France"), with_info(sender_name="Environment Canada"),
                 with_info(sender_name="NWS GreatFalls (Central Montana)"), with_info(sender_name="市应急管理局")),
         (with_info(sender_name="Yu Lei"), with_info(sender_name="于雷"), with_info(sender_name="duty@dongshi.example"),
          with_info(sender_name="")), producing=True, producer=Producer()),
    Case("P15", (with_info(parameters=(Pair("CMAMtext", "x" * 90),
                                       Pair("CMAMlongtext", "x" * 360), Pair("colour", "orange"))),),
         (with_info(parameters=(Pair("CMAMtext", "x" * 91),)), with_info(parameters=(Pair("cmamlongtext", "x" * 361),))),
         producing=True),
]  # fmt: skip

# Judged elsewhere: of sets of messages (test_lineage), of signatures (test_signature), of feeds (test_feeds).
ELSEWHERE = {"R51", "R53", "R54", "R60", "R67", "R69"}


def found(message: Any, case: Case) -> list[Any]:
    return check(message, now=SENT if case.producing else None, producing=case.producing, producer=case.producer)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.rule)
def test_good_messages_keep_the_rule(case):
    assert case.good
    for message in case.good:
        assert case.rule not in {finding.rule for finding in found(message, case)}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.rule)
def test_bad_messages_break_it(case):
    assert case.bad
    for number, message in enumerate(case.bad):
        broken = [finding for finding in found(message, case) if finding.rule == case.rule]
        assert broken, f"{case.rule}: bad message {number} passes"
        assert all(finding.what and finding.remedy and finding.grade in ("error", "warning") for finding in broken)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.rule)
def test_findings_lead_to_their_place(case):
    """The XPath finds one element in the very bytes, whether bytes were given or a message that is then written."""
    for message in case.bad:
        try:
            data = message if isinstance(message, bytes) else encode(message)
            root = etree.fromstring(data)
        except Exception:
            continue
        space = etree.QName(root).namespace or NAMESPACE
        for finding in found(message, case):
            places = root.xpath(finding.xpath, namespaces={"cap": space})
            assert len(places) == 1, f"{finding} leads to {len(places)} places"


def test_every_rule_has_its_cases():
    assert {case.rule for case in CASES} | ELSEWHERE == set(RULES)
    for number, rule in RULES.items():
        assert rule.number == number
        assert rule.says.endswith(".")
        assert not rule.remedy.endswith(".")


def test_the_standard_part_is_never_wrong_about_the_sample():
    for message in (alert(), text().encode(), UPDATE, CANCEL):
        assert check(message, producing=False, producer=PRODUCER) == []


def test_a_place_is_reported_once():
    findings = check(bent(("<sender>cap@dongshi.example</sender>", "")), producing=False)
    assert [(finding.rule, finding.xpath) for finding in findings] == [("R4", "/cap:alert")]


def test_reading_and_building_agree():
    """A message is judged alike as values and as bytes."""
    for case in CASES:
        for message in (*case.good, *case.bad):
            if isinstance(message, Alert):
                try:
                    data = encode(message)
                    etree.fromstring(data)
                except Exception:
                    continue
                ours = {(f.rule, f.xpath) for f in found(message, case)}
                theirs = {(f.rule, f.xpath) for f in found(data, case)}
                assert ours == theirs or case.rule in ("R5", "R12", "R18", "R26", "R4", "R15", "R43", "R39", "R40"), (
                    case.rule
                )
