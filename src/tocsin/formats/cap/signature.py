"""Verifying enveloped XML signatures against pinned certificates (R60 to R67).

The certificate inside a message proves nothing: a forger encloses his own. What counts is the key of the certificate that
was registered for the sender before. Only one form is understood: a child ``Signature`` of ``alert`` with one reference to
the whole document; whatever else a signature may legally be is reported as unsupported, never as valid.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from lxml import etree
from signxml.algorithms import CanonicalizationMethod, DigestAlgorithm, SignatureMethod
from signxml.exceptions import InvalidDigest, InvalidSignature, SignXMLException
from signxml.verifier import SignatureConfiguration, VerifyResult, XMLVerifier

from tocsin.formats.cap.finding import Findings
from tocsin.formats.cap.hardened import parse_xml
from tocsin.formats.cap.message import Alert
from tocsin.formats.cap.pin import Pin
from tocsin.formats.cap.read import read_element
from tocsin.formats.cap.schema import DSIG
from tocsin.terms.errors import BadTime, Refused

__all__ = ["Judgement", "SignatureReport", "Verdict", "verify"]

MOST_SIGNATURES = 8
_ENVELOPED = f"{DSIG}enveloped-signature"
_CANONICAL = frozenset(method.value for method in CanonicalizationMethod)
_METHODS = frozenset(
    method for method in SignatureMethod if not method.name.startswith("HMAC") and not method.name.startswith("DSA")
)
_DIGESTS = frozenset(DigestAlgorithm)


class Verdict(StrEnum):
    """What became of one signature (R66). ``WRONG_KEY``: not made with the pinned key, or its own text was changed.
    ``WRONG_DIGEST``: made with the pinned key, about other content."""

    VALID = "valid"
    VALID_STRIPPED = "valid after whitespace strip"
    WRONG_DIGEST = "wrong digest"
    WRONG_KEY = "wrong key"
    EXPIRED = "expired certificate"
    UNSUPPORTED = "unsupported"
    ABSENT = "absent"

    @property
    def good(self) -> bool:
        """Whether the content is what the sender signed."""
        return self in (Verdict.VALID, Verdict.VALID_STRIPPED)


# From the best down: of several pins the best verdict counts.
_BEST = (Verdict.VALID, Verdict.VALID_STRIPPED, Verdict.EXPIRED, Verdict.WRONG_DIGEST, Verdict.WRONG_KEY,
         Verdict.UNSUPPORTED)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Judgement:
    """One signature: its verdict, why, which pin it was held against, and whether it rests on SHA-1 (R64)."""

    verdict: Verdict
    why: str
    pin: str = ""
    weak: bool = False


@dataclass(frozen=True, slots=True)
class SignatureReport:
    """All signatures of a message, each judged (R67). ``alert`` is read from the very bytes that were signed, None where no
    signature is good: whoever needs certainty publishes this one."""

    sender: str
    judgements: tuple[Judgement, ...]
    alert: Alert | None

    @property
    def verdict(self) -> Verdict:
        """The best of them; ``ABSENT`` where there is none."""
        found = [one.verdict for one in self.judgements]
        return next((verdict for verdict in _BEST if verdict in found), Verdict.ABSENT)

    @property
    def verified(self) -> bool:
        """Whether the message is what its sender signed."""
        return self.verdict.good and self.alert is not None


def verify(data: bytes, pins: Mapping[str, Sequence[Pin]], *, at: datetime) -> SignatureReport:
    """Judge the signatures of a message as received against the pins of its own sender. ``at`` is when it was received:
    certificates must be valid then. Raises BadForm or TooBig for what is no XML that we take; a message that is not
    signed, or badly, is reported and not refused (R65)."""
    if at.tzinfo is None:
        raise BadTime(f"time {at}", "it has no zone", "give it one")
    root = parse_xml(data, keep_comments=True)
    seen, _, _ = read_element(parse_xml(data), Findings())
    sender = seen.sender if seen is not None else ""
    everywhere = list(root.iter(f"{{{DSIG}}}Signature"))
    if not everywhere:
        return SignatureReport(sender, (), None)
    if len(everywhere) > MOST_SIGNATURES:
        return SignatureReport(sender, (Judgement(Verdict.UNSUPPORTED, "it has too many signatures"),), None)
    own = root.findall(f"{{{DSIG}}}Signature")
    judgements = [Judgement(Verdict.UNSUPPORTED, "it is no child of alert") for one in everywhere if one not in own]
    alert: Alert | None = None
    for number, signature in enumerate(own):
        judgement, signed = _judge(data, root, signature, number, pins.get(sender, ()), at)
        if signed is not None and signed != seen:  # never happens unless somebody found a hole
            judgement, signed = Judgement(Verdict.WRONG_DIGEST, "the signed element is not the one that is read"), None
        judgements.append(judgement)
        alert = alert or signed
    return SignatureReport(sender, tuple(judgements), alert)


def _judge(
    data: bytes, root: etree._Element, signature: etree._Element, number: int, pins: Sequence[Pin], at: datetime
) -> tuple[Judgement, Alert | None]:
    if refusal := _unsupported(root, signature):
        return Judgement(Verdict.UNSUPPORTED, refusal), None
    weak = any("sha1" in (one.get("Algorithm") or "").lower() for one in signature[0].iter(etree.Element))
    best, alert = Judgement(Verdict.WRONG_KEY, "no certificate is registered for its sender", weak=weak), None
    enclosed = _enclosed(signature) if any(pin.subject for pin in pins) else []
    for pin in pins:
        signer = pin.signer(enclosed, at)
        if signer is None:
            continue
        verdict, why, signed = _held_against(data, number, signer, at)
        judged = Judgement(verdict, why, pin.fingerprint, weak)
        if not best.pin or _BEST.index(verdict) < _BEST.index(best.verdict):
            best, alert = judged, signed
    if pins and not best.pin:
        best = Judgement(Verdict.WRONG_KEY, "no registered authority issued its certificate", weak=weak)
    return best, alert


def _unsupported(root: etree._Element, signature: etree._Element) -> str:
    """Why this form of signature is not understood; "" if it is. What passes signs the whole document and nothing else."""
    later = [child.tag for child in signature.itersiblings(tag=etree.Element) if child.tag != signature.tag]
    if later:
        return "it does not stand after the infos"
    infos = signature.findall(f"{{{DSIG}}}SignedInfo")
    if (
        len(infos) != 1
        or len(signature.findall(f"{{{DSIG}}}SignatureValue")) != 1
        or len(signature) == 0
        or signature[0] is not infos[0]
    ):
        return "it has not one SignedInfo and one SignatureValue"
    references = infos[0].findall(f"{{{DSIG}}}Reference")
    if len(references) != 1 or references[0].get("URI") != "":
        return "it does not refer to the whole document"
    names = [one.get("Algorithm") for one in references[0].iterfind(f"{{{DSIG}}}Transforms/{{{DSIG}}}Transform")]
    if names.count(_ENVELOPED) != 1 or not set(names) <= _CANONICAL | {_ENVELOPED}:
        return "it transforms the document in a way that is not taken"
    if names[0] != _ENVELOPED or len(names) > 2:
        return "its transforms are not enveloped-signature and then at most one canonical form"
    value = signature.findtext(f"{{{DSIG}}}SignatureValue") or ""
    try:
        base64.b64decode("".join(value.split()), validate=True)
    except (binascii.Error, ValueError):
        return "its SignatureValue is no base64"
    return ""


def _enclosed(signature: etree._Element) -> list[x509.Certificate]:
    """The certificates that the message brings along: looked at only to see whether a pinned authority issued one."""
    found = []
    for element in signature.iterfind(f"{{{DSIG}}}KeyInfo/{{{DSIG}}}X509Data/{{{DSIG}}}X509Certificate"):
        try:
            found.append(x509.load_der_x509_certificate(base64.b64decode("".join((element.text or "").split()))))
        except ValueError:
            continue
    return found


def _held_against(
    data: bytes, number: int, signer: x509.Certificate, at: datetime
) -> tuple[Verdict, str, Alert | None]:
    """The verdict over signature ``number`` with the key of ``signer``. As signed first; then without the other signatures,
    for they may have come later; then without the white space that pretty printers add."""
    worst: tuple[Verdict, str, Alert | None] = (Verdict.WRONG_KEY, "", None)
    for good, only, strip in (
        (Verdict.VALID, False, False),
        (Verdict.VALID, True, False),
        (Verdict.VALID_STRIPPED, False, True),
        (Verdict.VALID_STRIPPED, True, True),
    ):
        root = parse_xml(data, keep_comments=True)
        signatures = root.findall(f"{{{DSIG}}}Signature")
        if only and len(signatures) == 1:
            continue
        for other in signatures if only else ():
            if other is not signatures[number]:
                _remove(other)
        if strip:
            _strip(root)
        verdict, why, alert = _attempt(root, 0 if only else number, signer, good)
        if verdict.good:
            return (verdict, why, alert) if _valid_at(signer, at) else (Verdict.EXPIRED, _validity(signer), None)
        if worst[0] is Verdict.WRONG_KEY:
            worst = verdict, why, alert
    return worst


def _attempt(
    root: etree._Element, number: int, signer: x509.Certificate, good: Verdict
) -> tuple[Verdict, str, Alert | None]:
    """Cryptography alone: at a moment at which the certificate was valid."""
    method = root.findall(f"{{{DSIG}}}Signature")[number].find(f"{{{DSIG}}}SignedInfo/{{{DSIG}}}SignatureMethod")
    elliptic = method is not None and "ecdsa" in (method.get("Algorithm") or "")
    if elliptic is not isinstance(signer.public_key(), EllipticCurvePublicKey):
        return Verdict.WRONG_KEY, "the pinned key is of another kind", None
    expected = SignatureConfiguration(
        location="./", expect_references=1, signature_methods=_METHODS, digest_algorithms=_DIGESTS,
        ignore_ambiguous_key_info=True, verification_time=signer.not_valid_before_utc,
    )  # fmt: skip
    try:
        result = _NthVerifier(number).verify(
            etree.tostring(root), x509_cert=signer, validate_schema=False, expect_config=expected, parser=_parser()
        )
    except InvalidDigest:
        return Verdict.WRONG_DIGEST, "the content is not what was signed", None
    except InvalidSignature:
        return Verdict.WRONG_KEY, "the pinned key did not make this signature", None
    except (SignXMLException, ValueError, TypeError, KeyError, AttributeError, etree.LxmlError) as error:
        return Verdict.UNSUPPORTED, str(error).partition("\n")[0][:160] or type(error).__name__, None
    if not isinstance(result, VerifyResult):
        return Verdict.UNSUPPORTED, "it has several references", None
    try:
        signed, _, _ = read_element(parse_xml(result.signed_data), Findings())
    except Refused as error:
        return Verdict.UNSUPPORTED, error.rule, None
    return good, good.value, signed


class _NthVerifier(XMLVerifier):
    """Verifies the signature at one place among the children of the root; the library takes the first it finds."""

    def __init__(self, number: int) -> None:
        self.number = number

    def _get_signature(self, root: etree._Element) -> etree._Element:
        return root.findall(f"{{{DSIG}}}Signature")[self.number]


def _parser() -> etree.XMLParser:
    return etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)


def _remove(element: etree._Element) -> None:
    """Take an element out and leave the text after it."""
    parent, before = element.getparent(), element.getprevious()
    if element.tail:
        if before is not None:
            before.tail = (before.tail or "") + element.tail
        else:
            parent.text = (parent.text or "") + element.tail
    parent.remove(element)


def _strip(root: etree._Element) -> None:
    """Take out every text that is white space only."""
    for element in root.iter():
        if element.text is not None and not element.text.strip(" \t\r\n"):
            element.text = None
        if element.tail is not None and not element.tail.strip(" \t\r\n"):
            element.tail = None


def _valid_at(signer: x509.Certificate, at: datetime) -> bool:
    return signer.not_valid_before_utc <= at <= signer.not_valid_after_utc


def _validity(signer: x509.Certificate) -> str:
    return (
        f"the certificate is valid from {signer.not_valid_before_utc:%Y-%m-%d} to {signer.not_valid_after_utc:%Y-%m-%d}"
    )
