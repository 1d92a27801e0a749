"""Signatures: what the pinned key signed is valid, and nothing that a forger can do is."""

from __future__ import annotations

import base64
import copy
import hashlib
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from lxml import etree
from signxml.algorithms import DigestAlgorithm, SignatureMethod
from signxml.signer import XMLSigner
from tests.unit.cap.keys import AT, certificate, ec_key, pem, rsa_key
from tests.unit.cap.sample import alert, text, with_info

from tocsin.formats.cap import Pin, SignatureReport, Verdict, check, read, sign, verify, write
from tocsin.formats.cap.codes import NAMESPACE
from tocsin.formats.cap.schema import DSIG
from tocsin.terms.errors import BadForm, BadTime, BadValue, Refused

SENDER = alert().sender
DS = f"{{{DSIG}}}"


@pytest.fixture(scope="module")
def pinned() -> Pin:
    return Pin.of(pem(certificate(ec_key("us"))))


@pytest.fixture(scope="module")
def signed() -> bytes:
    return sign(write(alert()), ec_key("us"), certificate(ec_key("us")))


def judged(data: bytes, pin: Pin, at: datetime = AT) -> SignatureReport:
    return verify(data, {SENDER: [pin]}, at=at)


def forged(data: bytes) -> bytes:
    """Signed anew by somebody else, who encloses his own certificate of the same name."""
    root = etree.fromstring(data)
    for old in root.iter(f"{DS}Signature"):
        root.remove(old)
    return sign(etree.tostring(root), ec_key("forger"), certificate(ec_key("forger")))


# ------------------------------------------------------------ what is right
@pytest.mark.parametrize("key", [ec_key("us"), rsa_key("us")], ids=["ec", "rsa"])
def test_what_we_sign_is_valid_and_still_a_clean_message(key):
    made = certificate(key)
    data = sign(write(alert()), key, made)
    report = judged(data, Pin.of(made.public_bytes(Encoding.DER)))
    assert report.verdict is Verdict.VALID
    assert report.verified
    assert report.alert == alert() == read(data).alert
    assert report.sender == SENDER
    assert not report.judgements[0].weak
    assert read(data).schema_valid
    assert check(data, producing=False) == []


def test_the_pin_of_a_rotated_key_is_found_among_several(signed, pinned):
    other = Pin.of(pem(certificate(ec_key("next"))))
    report = verify(signed, {SENDER: [other, pinned]}, at=AT)
    assert report.verified
    assert report.judgements[0].pin == pinned.fingerprint


def test_an_unsigned_message_is_absent_and_not_refused(pinned):
    report = judged(write(alert()), pinned)
    assert report.verdict is Verdict.ABSENT
    assert not report.verified
    assert report.alert is None


def test_pretty_printing_after_signing_is_told(pinned):
    compact = re.sub(rb">\s+<", b"><", write(alert()))
    data = sign(compact, ec_key("us"), certificate(ec_key("us")))
    assert judged(data, pinned).verdict is Verdict.VALID
    pretty = data.replace(b"><", b">\n\t  <")
    assert judged(pretty, pinned).verdict is Verdict.VALID_STRIPPED
    assert judged(pretty, pinned).alert == alert()
    assert judged(pretty.replace(b">Severe<", b">Extreme<"), pinned).verdict is Verdict.WRONG_DIGEST


def test_comments_change_nothing(signed, pinned):
    """They are not signed, and they are not read: the text on both sides of one is one text."""
    data = signed.replace("东市暴雨".encode(), "东市<!-- not -->暴雨".encode())
    report = judged(data, pinned)
    assert report.verified
    assert report.alert == alert() == read(data).alert


@pytest.mark.parametrize("moved", [timedelta(days=-31), timedelta(days=366)])
def test_outside_of_its_days_a_certificate_is_expired(signed, pinned, moved):
    report = judged(signed, pinned, AT + moved)
    assert report.verdict is Verdict.EXPIRED
    assert not report.verified
    assert report.alert is None


class Old(XMLSigner):
    def check_deprecated_methods(self) -> None:
        """Old services sign with SHA-1; the library refuses to."""


def signed_with_sha1(data: bytes, name: str) -> bytes:
    signer = Old(signature_algorithm=SignatureMethod.RSA_SHA1, digest_algorithm=DigestAlgorithm.SHA1)
    signed = signer.sign(etree.fromstring(data), key=rsa_key(name), cert=[certificate(rsa_key(name))])
    return bytes(etree.tostring(signed))


def test_sha1_is_taken_on_import_and_flagged():
    report = judged(signed_with_sha1(write(alert()), "us"), Pin.of(pem(certificate(rsa_key("us")))))
    assert report.verdict is Verdict.VALID
    assert report.judgements[0].weak


# ------------------------------------------------------------ authorities
def test_an_authority_counts_for_its_subject_only():
    ca = certificate(ec_key("ca"), "Test CA", authority=True)
    leaf = certificate(ec_key("leaf"), "warnings.dongshi.example", ca, ec_key("ca"))
    stranger = certificate(ec_key("stranger"), "stranger.example", ca, ec_key("ca"))
    pin = Pin.of(pem(ca), subject="warnings.dongshi.example")
    assert judged(sign(write(alert()), ec_key("leaf"), leaf), pin).verified
    for key, made in ((ec_key("stranger"), stranger), (ec_key("forger"), certificate(ec_key("forger")))):
        report = judged(sign(write(alert()), key, made), pin)
        assert report.verdict is Verdict.WRONG_KEY
    imitation = certificate(ec_key("other ca"), "Test CA", authority=True)
    fake = certificate(ec_key("forger"), "warnings.dongshi.example", imitation, ec_key("other ca"))
    assert judged(sign(write(alert()), ec_key("forger"), fake), pin).verdict is Verdict.WRONG_KEY
    assert (
        judged(sign(write(alert()), ec_key("leaf"), leaf), pin, AT + timedelta(days=4000)).verdict is not Verdict.VALID
    )


def test_a_leaf_may_not_issue_for_itself():
    leaf = certificate(ec_key("leaf"), "warnings.dongshi.example")
    with pytest.raises(BadValue, match="no authority"):
        Pin.of(pem(leaf), subject="warnings.dongshi.example")


@pytest.mark.parametrize("data", [b"", b"x", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"])
def test_what_is_no_certificate_is_no_pin(data):
    with pytest.raises(BadForm):
        Pin.of(data)


# ------------------------------------------------------------ forgeries
def changed(old: str, new: str) -> Callable[[bytes], bytes]:
    return lambda data: data.replace(old.encode(), new.encode())


def _tree(change: Callable[[etree._Element, etree._Element], etree._Element | None]) -> Callable[[bytes], bytes]:
    """An attack on the tree of a signed message; gets alert and Signature."""

    def attack(data: bytes) -> bytes:
        root = etree.fromstring(data)
        made = change(root, root.find(f"{DS}Signature"))
        return etree.tostring(root if made is None else made)

    return attack


@_tree
def add_an_info(root, signature):
    info = copy.deepcopy(root.find(f"{{{NAMESPACE}}}info"))
    info.find(f"{{{NAMESPACE}}}severity").text = "Extreme"
    signature.addprevious(info)


@_tree
def add_an_area_after(root, signature):
    signature.addnext(copy.deepcopy(root.find(f"{{{NAMESPACE}}}info")))


@_tree
def wrap_in_another_alert(root, signature):
    """The signed alert moves into an Object of its own signature; the outer one says something else."""
    outer = etree.fromstring(write(with_info(severity="Extreme", headline="Red", parameters=())))
    signature.getparent().remove(signature)
    etree.SubElement(signature, f"{DS}Object").append(root)
    outer.append(signature)
    return outer


@_tree
def wrap_by_id(root, signature):
    outer = etree.fromstring(write(with_info(severity="Extreme", headline="Red", parameters=())))
    signature.getparent().remove(signature)
    root.set("Id", "signed")
    etree.SubElement(signature, f"{DS}Object").append(root)
    signature.find(f".//{DS}Reference").set("URI", "#signed")
    outer.append(signature)
    return outer


@_tree
def two_alerts(root, signature):
    outer = etree.Element("alerts")
    outer.append(etree.fromstring(write(with_info(severity="Extreme", headline="Red", parameters=()))))
    outer.append(root)
    return outer


@_tree
def hide_in_a_transform(root, signature):
    """A filter would sign only what it selects."""
    transforms = signature.find(f".//{DS}Transforms")
    etree.SubElement(transforms, f"{DS}Transform", Algorithm="http://www.w3.org/TR/1999/REC-xpath-19991116")


@_tree
def no_reference_at_all(root, signature):
    reference = signature.find(f".//{DS}Reference")
    reference.getparent().remove(reference)


@_tree
def reference_to_nothing(root, signature):
    del signature.find(f".//{DS}Reference").attrib["URI"]


@_tree
def a_second_signed_info(root, signature):
    signature.insert(1, copy.deepcopy(signature[0]))


@_tree
def a_second_reference(root, signature):
    reference = signature.find(f".//{DS}Reference")
    reference.addnext(copy.deepcopy(reference))


@_tree
def hmac_with_the_public_key(root, signature):
    method = signature.find(f".//{DS}SignatureMethod")
    method.set("Algorithm", "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256")


@_tree
def signature_of_zeros(root, signature):
    signature.find(f"{DS}SignatureValue").text = base64.b64encode(b"\0" * 64).decode()


@_tree
def signature_in_an_info(root, signature):
    root.find(f"{{{NAMESPACE}}}info").append(signature)


@_tree
def signature_first(root, signature):
    root.insert(0, signature)


@_tree
def forger_signs_beside(root, signature):
    """A good signature of other content stays; the forger's own is added, with his certificate."""
    root.find(f"{{{NAMESPACE}}}info/{{{NAMESPACE}}}severity").text = "Extreme"
    beside = etree.fromstring(forged(write(with_info(severity="Extreme", parameters=()))))
    root.append(beside.find(f"{DS}Signature"))


@_tree
def weaker_digest(root, signature):
    """The digest of a changed message, in SHA-1, in the place of the good one; the signature's value stays."""
    root.find(f"{{{NAMESPACE}}}info/{{{NAMESPACE}}}severity").text = "Extreme"
    bare = copy.deepcopy(root)
    bare.remove(bare.find(f"{DS}Signature"))
    signature.find(f".//{DS}DigestMethod").set("Algorithm", "http://www.w3.org/2000/09/xmldsig#sha1")
    digest = hashlib.sha1(etree.tostring(bare, method="c14n")).digest()
    signature.find(f".//{DS}DigestValue").text = base64.b64encode(digest).decode()


def forged_with_sha1(data: bytes) -> bytes:
    """Changed, and signed anew by somebody else with RSA and SHA-1, which is taken on import."""
    root = etree.fromstring(data.replace(b">Severe<", b">Extreme<"))
    root.remove(root.find(f"{DS}Signature"))
    return signed_with_sha1(etree.tostring(root), "forger")


VALUE = re.compile(rb"<ds:SignatureValue>.*?</ds:SignatureValue>", re.DOTALL)


def of_another_message() -> bytes:
    return sign(write(alert(note="x")), ec_key("us"), certificate(ec_key("us")))


FORGERIES: dict[str, Callable[[bytes], bytes]] = {
    "another severity": changed("<severity>Severe", "<severity>Extreme"),
    "another area": changed("39.8,116.2", "39.7,116.2"),
    "another digit": changed("110105", "110106"),
    "another sent": changed("<sent>2025-07-20T14", "<sent>2025-07-20T13"),
    "a cancel": changed("<msgType>Alert", "<msgType>Cancel"),
    "an Actual test": changed("<status>Actual", "<status>Test"),
    "white space in a text": changed("Keep away", "Keep  away"),
    "another namespace": changed("cap:1.2", "cap:1.1"),
    "text cut out": lambda data: re.sub(rb"<instruction>.*?</instruction>", b"<instruction/>", data),
    "signed anew by a forger": forged,
    "changed and signed anew": lambda data: forged(data.replace(b">Severe<", b">Extreme<")),
    "add an info": add_an_info,
    "add an info after the signature": add_an_area_after,
    "wrapped in an Object": wrap_in_another_alert,
    "wrapped by Id": wrap_by_id,
    "two alerts": two_alerts,
    "an XPath transform": hide_in_a_transform,
    "no reference": no_reference_at_all,
    "a reference without URI": reference_to_nothing,
    "two SignedInfo": a_second_signed_info,
    "two references": a_second_reference,
    "HMAC with the public key": hmac_with_the_public_key,
    "zeros": signature_of_zeros,
    "in an info": signature_in_an_info,
    "before the infos": signature_first,
    "beside a forger's own": forger_signs_beside,
    "a weaker digest": weaker_digest,
    "signed anew with SHA-1": forged_with_sha1,
    "no signature value": lambda data: re.sub(rb"(<ds:SignatureValue>).*?(</ds:SignatureValue>)", rb"\1\2", data, flags=re.S),
    "value of another message": lambda data: VALUE.sub(VALUE.findall(of_another_message())[0], data),
}  # fmt: skip


@pytest.mark.parametrize("name", FORGERIES)
def test_no_forgery_is_accepted(name: str, signed: bytes, pinned: Pin):
    data = FORGERIES[name](signed)
    assert data != signed
    try:
        report = judged(data, pinned)
    except Refused:
        return
    assert not report.verified
    assert report.alert is None
    assert not any(one.verdict.good for one in report.judgements)


def test_no_single_changed_character_is_accepted(signed: bytes, pinned: Pin):
    """Every 13th byte of the message, one after the other: never good, unless what is read is the same."""
    original = read(signed).alert
    for at in range(0, len(signed), 13):
        data = signed[:at] + bytes([signed[at] ^ 1]) + signed[at + 1 :]
        try:
            report = judged(data, pinned)
        except Refused:
            continue
        if report.verified:
            assert report.alert == original == read(data).alert, at


def test_the_pin_of_another_sender_counts_nothing(signed: bytes, pinned: Pin):
    report = verify(signed, {"somebody@else.example": [pinned]}, at=AT)
    assert report.verdict is Verdict.WRONG_KEY
    assert "registered" in report.judgements[0].why


def test_a_sender_may_not_speak_as_another(pinned: Pin):
    """Our key, another sender's name: the pins of the sender that is named count."""
    data = sign(write(alert(sender="river@dongshi.example")), ec_key("us"), certificate(ec_key("us")))
    assert not verify(data, {SENDER: [pinned], "river@dongshi.example": []}, at=AT).verified


def test_several_signatures_are_judged_one_by_one(signed: bytes, pinned: Pin):
    root = etree.fromstring(signed)
    second = etree.fromstring(forged(write(alert()))).find(f"{DS}Signature")
    root.append(second)
    report = judged(etree.tostring(root), pinned)
    assert [one.verdict for one in report.judgements] == [Verdict.VALID, Verdict.WRONG_KEY]
    assert report.alert == alert()
    for _ in range(8):
        root.append(copy.deepcopy(second))
    assert judged(etree.tostring(root), pinned).verdict is Verdict.UNSUPPORTED


def test_signing_takes_an_unsigned_message_and_its_own_certificate(signed: bytes):
    with pytest.raises(BadForm, match="signed already"):
        sign(signed, ec_key("us"), certificate(ec_key("us")))
    with pytest.raises(BadValue, match="not that of the key"):
        sign(write(alert()), ec_key("us"), certificate(ec_key("forger")))
    with pytest.raises(BadTime):
        verify(signed, {}, at=datetime(2025, 7, 20))  # noqa: DTZ001 without zone on purpose


def test_the_check_sees_a_signature_in_the_wrong_place(signed: bytes):
    for attack, grade in ((signature_in_an_info, "error"), (signature_first, "error")):
        assert any(one.grade == grade and one.rule in ("R60", "R1") for one in check(attack(signed), producing=False))
    assert "R60" in {one.rule for one in check(reference_to_nothing(signed), producing=False)}
    root = etree.fromstring(signed)
    root.append(copy.deepcopy(root.find(f"{DS}Signature")))
    assert {one.rule for one in check(etree.tostring(root), producing=False)} == {"R67"}


# ------------------------------------------------------------ the corpus
def enclosed(path: Path) -> Pin:
    found = re.search(rb"X509Certificate>([^<]*)<", path.read_bytes())
    assert found
    return Pin.of(base64.b64decode(found.group(1)))


NOTES = {  # file -> (whose certificate is pinned, verdict), as the manifest notes or, where it could not tell, as reasoned
    "sc-valid": ("sc-valid", Verdict.VALID_STRIPPED),
    "sc-cert-b64-tail": ("sc-valid", Verdict.VALID_STRIPPED),  # the enclosed certificate is never looked at
    "sc-sigvalue-b64-tail": ("sc-valid", Verdict.VALID_STRIPPED),  # the same bytes to a lenient decoder
    "sc-digest-b64-tail": ("sc-valid", Verdict.WRONG_KEY),  # SignedInfo changed
    "sc-digest-wrong": ("sc-valid", Verdict.WRONG_KEY),
    "sc-sigvalue-wrong": ("sc-valid", Verdict.UNSUPPORTED),  # no base64
    "tg-valid": ("tg-valid", Verdict.VALID_STRIPPED),
    "bf-valid-41009pt-polygon": ("bf-valid-41009pt-polygon", Verdict.VALID_STRIPPED),
    "us-ipaws-alert-derefuri": ("us-ipaws-alert-derefuri", Verdict.VALID),
    "us-ipaws-cancel-no-info": ("us-ipaws-cancel-no-info", Verdict.VALID),
    "us-earthquake-iso8859-1-keyvalue": ("sc-valid", Verdict.WRONG_KEY),  # no certificate, and none of ours
    "ph-cyclone-2015-keyvalue": ("sc-valid", Verdict.WRONG_KEY),
    "us-earthquake-cap11-keyvalue": ("sc-valid", Verdict.WRONG_KEY),
}


@pytest.mark.data
@pytest.mark.parametrize("name", NOTES)
def test_signatures_of_real_services(name: str, corpus: Path):
    whose, verdict = NOTES[name]
    pin = enclosed(corpus / "signed" / f"{whose}.xml")
    data = (corpus / "signed" / f"{name}.xml").read_bytes()
    sender = read(data).require().sender
    inside = pin.certificate.not_valid_before_utc + timedelta(days=1)
    report = verify(data, {sender: [pin]}, at=inside)
    assert report.verdict is verdict
    if verdict.good:
        assert report.alert == read(data).alert
        assert verify(data, {sender: [pin]}, at=datetime(2026, 1, 1, tzinfo=UTC)).verdict is Verdict.EXPIRED


@pytest.mark.data
@pytest.mark.filterwarnings("ignore:Parsed a serial number")
def test_a_reference_without_address_is_unsupported(corpus: Path):
    for path in sorted((corpus / "signed").glob("bz-*.xml")):
        pin = enclosed(corpus / "signed" / "bz-valid-selfsigned.xml")
        report = verify(path.read_bytes(), {read(path.read_bytes()).require().sender: [pin]}, at=AT)
        assert report.verdict is Verdict.UNSUPPORTED, path.name


@pytest.mark.data
def test_changed_real_messages_are_not_verified(corpus: Path):
    for name in ("sc-valid", "tg-valid", "us-ipaws-alert-derefuri", "us-ipaws-cancel-no-info"):
        data = (corpus / "signed" / f"{name}.xml").read_bytes()
        pin, sender = enclosed(corpus / "signed" / f"{name}.xml"), read(data).require().sender
        for old, new in ((b"<scope>Public", b"<scope>Private"), (b"<status>Actual", b"<status>Draft")):
            assert old in data
            at = pin.certificate.not_valid_before_utc + timedelta(days=1)
            assert verify(data.replace(old, new), {sender: [pin]}, at=at).verdict is Verdict.WRONG_DIGEST


def test_the_sample_is_what_the_tests_think_it_is():
    assert text().count("<severity>Severe") == 2
