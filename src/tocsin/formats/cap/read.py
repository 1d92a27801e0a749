"""The tolerant reader: CAP 1.2, 1.1 and 1.0 as they really arrive. What can be understood is; every defect is recorded."""

from __future__ import annotations

from dataclasses import dataclass

from lxml import etree

from tocsin.formats.cap.build import build_alert
from tocsin.formats.cap.finding import Finding, Findings
from tocsin.formats.cap.hardened import encoding_of, parse_xml
from tocsin.formats.cap.message import Alert
from tocsin.formats.cap.rules.judge import judge
from tocsin.formats.cap.schema import LEGACY, VERSIONS
from tocsin.terms.errors import BadForm, Refused

__all__ = ["Reading", "read", "read_element", "read_findings"]


@dataclass(frozen=True, slots=True)
class Reading:
    """A message as received. ``alert`` is None where the message must be withheld: it is no CAP, it carries a document type,
    or nobody can say which message it is. ``raw`` are the bytes as they came, for keeping and for signatures.
    ``schema_valid`` is the verdict of the CAP 1.2 schema, None for older versions."""

    alert: Alert | None
    raw: bytes
    version: str
    schema_valid: bool | None
    findings: tuple[Finding, ...]

    @property
    def errors(self) -> tuple[Finding, ...]:
        """The findings that are errors."""
        return tuple(finding for finding in self.findings if finding.grade == "error")

    def require(self) -> Alert:
        """The message. Raises BadForm with the first error where it is withheld."""
        if self.alert is not None:
            return self.alert
        first = self.errors[0]
        raise BadForm(f"CAP message {first.xpath}", f"{first.rule}: {first.what}", first.remedy)


def read(data: bytes) -> Reading:
    """Read and judge as a recipient. Never raises: what is wrong is in ``findings``."""
    findings = Findings()
    alert, withheld, version = _understood(data, findings)
    schema_valid = findings.schema_valid if version in ("1.2", "") else None
    if alert is not None:
        judge(alert, findings, producing=False)
    return Reading(None if withheld else alert, data, version, schema_valid, tuple(findings.found))


def read_findings(data: bytes, findings: Findings, *, producing: bool) -> Alert | None:
    """The message of bytes for the check, with what reading found; None where nothing more can be judged."""
    alert, _, version = _understood(data, findings)
    if producing and version and not _is_utf8(data):
        findings.add("R2", "/cap:alert", "it is not declared as UTF-8")
    return alert


def read_element(root: etree._Element, findings: Findings) -> tuple[Alert | None, bool, str]:
    """(message, withheld, version) of an element ``alert``; version "" for anything else."""
    tag = etree.QName(root)
    version = VERSIONS.get(tag.namespace or "", "") if tag.localname == "alert" else ""
    if not version:
        findings.schema("R1", "/*", f"the root is {root.tag[:80]}, not alert of CAP 1.2")
        return None, True, ""
    if tag.namespace in LEGACY:
        findings.add("R76", "/cap:alert", f"it is CAP {version}")
    alert, withheld = build_alert(root, version, findings)
    return alert, withheld, version


def _understood(data: bytes, findings: Findings) -> tuple[Alert | None, bool, str]:
    try:
        root = parse_xml(data)
    except Refused as error:
        rule, _, what = error.rule.partition(": ")
        findings.schema(rule, "/*", what)
        return None, True, ""
    return read_element(root, findings)


def _is_utf8(data: bytes) -> bool:
    start = data[:200].removeprefix(b"\xef\xbb\xbf")
    return start.startswith(b"<?xml") and b"encoding" in start.partition(b"?>")[0] and encoding_of(data) == "utf-8"
