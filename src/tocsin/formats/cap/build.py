"""An XML tree to a message: the grammar is judged on the way, texts become values, nothing is thrown away in silence."""

from __future__ import annotations

import re
from datetime import datetime

from lxml import etree

from tocsin.formats.cap.finding import Findings
from tocsin.formats.cap.geometry_text import read_circle, read_ring
from tocsin.formats.cap.message import Alert, Area, Circle, Info, Pair, Reference, Resource, Ring
from tocsin.formats.cap.schema import ALERT, AREA, DSIG, INFO, PAIR, RESOURCE, VERSIONS, Model, Part
from tocsin.formats.cap.times import read_time

__all__ = ["build_alert"]

_SPACE = " \t\r\n"
_XSI = "{http://www.w3.org/2001/XMLSchema-instance}"
_HINTS = frozenset({f"{_XSI}schemaLocation", f"{_XSI}noNamespaceSchemaLocation"})
_NAME = re.compile(r'"([^"]*)"|(\S+)')
_PLAIN_NUMBER = re.compile(r"[+-]?[0-9.]{1,40}")
_OLD_WORDS = {"Very Likely": "Likely"}

_PAIR_TAGS = {f"{{{space}}}valueName": f"{{{space}}}value" for space in VERSIONS}

Elements = dict[str, list["etree._Element"]]


def build_alert(root: etree._Element, version: str, findings: Findings) -> tuple[Alert | None, bool]:
    """(message, withheld): None where not even the prose can be judged, for want of a readable ``sent``."""
    return _Builder(version, findings).alert(root)


class _Builder:
    """One message under construction."""

    __slots__ = ("findings", "legacy", "version")

    def __init__(self, version: str, findings: Findings) -> None:
        self.version, self.findings = version, findings
        self.legacy = version != "1.2"

    # ------------------------------------------------------------ grammar
    def parts(self, block: etree._Element, xpath: str, model: Model) -> Elements:
        """The elements of a block by name, wherever they stand; what the schema would refuse is noted."""
        found: Elements = {}
        place, note, order = 0, self.findings.schema, "R26" if model is PAIR else "R1"
        if not _blank(block.text):
            note("R1", xpath, "there is text between its elements")
        by_tag = model.by_tag
        for child in block:
            known = by_tag.get(child.tag)
            if (tail := child.tail) and tail.strip(_SPACE):
                note("R1", xpath, "there is text between its elements")
            if known is None:
                self._stranger(child, xpath, model, found)
                if child.tag.startswith(f"{{{DSIG}}}"):
                    place = len(model.parts)
                continue
            at, part = known
            earlier = found.get(part.name)
            if earlier is None:
                earlier = found[part.name] = []
            earlier.append(child)
            if at < place or (at == place and len(earlier) > 1 and not part.many):
                self._misplaced(order, xpath, part, len(earlier))
            if at > place:  # noqa: PLR1730 - the hottest line of the reader; a call of max costs more than it says
                place = at
            if child.keys():
                self._attributes(child, f"{xpath}/cap:{part.name}[{len(earlier)}]")
            if part.inside is None and (part.wrong is not None or len(child)):
                self._text(child, xpath, part, len(earlier))
        for part in model.required:
            if part.name not in found and not self._excused(part.name):
                self.findings.missing(part.rule, xpath, part.name)
        return found

    def _misplaced(self, rule: str, xpath: str, part: Part, number: int) -> None:
        where = f"{xpath}/cap:{part.name}[{number}]" if number > 1 else f"{xpath}/cap:{part.name}"
        twice = number > 1 and not part.many
        self.findings.schema(rule, where, f"{part.name} stands twice" if twice else f"{part.name} stands too late")

    def _excused(self, name: str) -> bool:
        return self.legacy and name == "mimeType"

    def _stranger(self, child: etree._Element, xpath: str, model: Model, found: Elements) -> None:
        """An element that the schema does not know here; a signature after the infos is welcome."""
        tag = etree.QName(child)
        if model is ALERT and tag.namespace == DSIG:
            found.setdefault("Signature", []).append(child)
            return
        if self.version == "1.0" and tag.localname == "password":
            return
        if tag.namespace == DSIG and tag.localname == "Signature":
            self.findings.schema("R60", xpath, "a signature stands in it, not in alert")
            return
        self.findings.schema("R1", xpath, f"it holds {tag.localname[:60]}, which CAP does not know here")

    def _attributes(self, child: etree._Element, xpath: str) -> None:
        if not _HINTS.issuperset(child.keys()):
            self.findings.schema("R1", xpath, f"it has the attribute {str(child.keys()[0])[:60]}")

    def _text(self, child: etree._Element, xpath: str, part: Part, number: int) -> None:
        name, rule, many, wrong = part.name, part.rule, part.many, part.wrong
        if len(child):
            self.findings.schema("R1", f"{xpath}/cap:{name}[{number}]", "it holds elements where text belongs")
        if wrong is not None and (what := wrong(child.text or "")):
            where = f"{xpath}/cap:{name}[{number}]" if many else f"{xpath}/cap:{name}"
            if rule == "R5":
                rule = read_time(child.text or "")[1] or rule
            if rule == "R20" and name == "certainty" and (child.text or "").strip(_SPACE) in _OLD_WORDS:
                self.findings.add("R21", where, what)
            self.findings.schema(rule, where, what)

    # ------------------------------------------------------------ values
    def alert(self, root: etree._Element) -> tuple[Alert | None, bool]:
        xpath = "/cap:alert"
        if root.keys():
            self._attributes(root, xpath)
        found = self.parts(root, xpath, ALERT)
        for name in ("identifier", "sender"):
            raw = _raw(found, name)
            if raw != raw.strip(_SPACE):
                self.findings.add("R4", f"{xpath}/cap:{name}", "it has white space around it")
        self.signatures(found, xpath)
        sent = self.moment(found, "sent", xpath)
        identifier, sender = _one(found, "identifier"), _one(found, "sender")
        if sent is None:
            return None, True
        alert = Alert(
            identifier, sender, sent, _one(found, "status"), _one(found, "msgType"), _one(found, "scope"),
            _one(found, "source"), _one(found, "restriction"), self.names(found, "addresses", "R12"),
            _all(found, "code"), _one(found, "note"), self.references(found), self.names(found, "incidents", "R18"),
            tuple(self.info(block, f"{xpath}/cap:info[{n}]") for n, block in enumerate(found.get("info", ()), 1)),
        )  # fmt: skip
        return alert, not (identifier and sender)

    def signatures(self, found: Elements, xpath: str) -> None:
        """R60 and R67: what a signature claims to sign; whether it does is told by ``verify``."""
        signatures = [one for one in found.get("Signature", ()) if one.tag == f"{{{DSIG}}}Signature"]
        for number, signature in enumerate(signatures, 1):
            where = f"{xpath}/*[local-name()='Signature'][{number}]"
            addresses = [one.get("URI") for one in signature.iterfind(f"{{{DSIG}}}SignedInfo/{{{DSIG}}}Reference")]
            if addresses != [""]:
                self.findings.add("R60", where, "it does not refer to the whole document")
            if number > 1:
                self.findings.add("R67", where, "it is not the only signature")

    def info(self, block: etree._Element, xpath: str) -> Info:
        found = self.parts(block, xpath, INFO)
        certainty = _one(found, "certainty")
        return Info(
            _one(found, "language"), _all(found, "category"), _one(found, "event"), _one(found, "urgency"),
            _one(found, "severity"), _OLD_WORDS.get(certainty, certainty), _all(found, "responseType"),
            _one(found, "audience"), self.pairs(found, "eventCode", xpath), self.moment(found, "effective", xpath),
            self.moment(found, "onset", xpath), self.moment(found, "expires", xpath), _one(found, "senderName"),
            _one(found, "headline"), _one(found, "description"), _one(found, "instruction"), _one(found, "web"),
            _one(found, "contact"), self.pairs(found, "parameter", xpath),
            tuple(self.resource(one, f"{xpath}/cap:resource[{n}]") for n, one in enumerate(found.get("resource", ()), 1)),
            tuple(self.area(one, f"{xpath}/cap:area[{n}]") for n, one in enumerate(found.get("area", ()), 1)),
        )  # fmt: skip

    def resource(self, block: etree._Element, xpath: str) -> Resource:
        found = self.parts(block, xpath, RESOURCE)
        size = _one(found, "size")
        return Resource(
            _one(found, "resourceDesc"), _one(found, "mimeType"),
            int(size) if re.fullmatch(r"[+-]?[0-9]{1,24}", size) else None,
            _one(found, "uri"), _one(found, "derefUri"), _one(found, "digest"),
        )  # fmt: skip

    def area(self, block: etree._Element, xpath: str) -> Area:
        found = self.parts(block, xpath, AREA)
        return Area(
            _one(found, "areaDesc"), self.rings(found, xpath), self.circles(found, xpath),
            self.pairs(found, "geocode", xpath), _number(_one(found, "altitude")), _number(_one(found, "ceiling")),
        )  # fmt: skip

    def rings(self, found: Elements, xpath: str) -> tuple[Ring, ...]:
        made = []
        for number, element in enumerate(found.get("polygon", ()), 1):
            ring, rule, what = read_ring(element.text or "")
            if rule:
                self.findings.add(rule, f"{xpath}/cap:polygon[{number}]", what)
            if ring is not None:
                made.append(ring)
        return tuple(made)

    def circles(self, found: Elements, xpath: str) -> tuple[Circle, ...]:
        made = []
        for number, element in enumerate(found.get("circle", ()), 1):
            circle, rule, what = read_circle(element.text or "")
            if rule:
                self.findings.add(rule, f"{xpath}/cap:circle[{number}]", what)
            if circle is not None:
                made.append(circle)
        return tuple(made)

    def pairs(self, found: Elements, name: str, xpath: str) -> tuple[Pair, ...]:
        blocks = found.get(name)
        if not blocks:
            return ()
        return tuple(self.pair(block, f"{xpath}/cap:{name}[{n}]") for n, block in enumerate(blocks, 1))

    def pair(self, block: etree._Element, xpath: str) -> Pair:
        if self.version == "1.0" and not len(block):  # CAP 1.0 writes NAME=value
            name, _, value = (block.text or "").partition("=")
            return Pair(name.strip(_SPACE), value.strip(_SPACE))
        if len(block) == 2 and (plain := _plain_pair(block)) is not None:
            return plain
        found = self.parts(block, xpath, PAIR)
        return Pair(_one(found, "valueName"), _one(found, "value"))

    def moment(self, found: Elements, name: str, xpath: str) -> datetime | None:
        if name not in found:
            return None
        moment, rule, what = read_time(found[name][0].text or "")
        if rule == "R6":
            self.findings.add("R6", f"{xpath}/cap:{name}", what)
        return moment

    def names(self, found: Elements, name: str, rule: str) -> tuple[str, ...]:
        text = _one(found, name)
        if text.count('"') % 2:
            self.findings.add(rule, f"/cap:alert/cap:{name}", "a quote is not closed")
        return tuple(quoted or plain for quoted, plain in _NAME.findall(text))

    def references(self, found: Elements) -> tuple[Reference, ...]:
        xpath, made = "/cap:alert/cap:references", []
        for number, triple in enumerate(_one(found, "references").split(), 1):
            parts = triple.split(",")
            if len(parts) != 3:
                self.findings.add("R15", xpath, f"reference {number} has {len(parts)} parts, not 3")
            moment, rule, what = read_time(parts[-1]) if len(parts) > 2 else (None, "", "")
            if rule:
                self.findings.add(rule if rule == "R6" else "R15", xpath, f"time of reference {number}: {what}")
            middle = ",".join(parts[1:-1]) if len(parts) > 2 else ",".join(parts[1:])
            made.append(Reference(parts[0], middle, moment))
        return tuple(made)


def _plain_pair(block: etree._Element) -> Pair | None:
    """A pair as nearly all are written, by the short way: messages hold hundreds of them. None where anything is odd."""
    first, second = block
    names = _PAIR_TAGS.get(first.tag)
    if names != second.tag or len(first) or len(second) or first.keys() or second.keys():
        return None
    if not (_blank(block.text) and _blank(first.tail) and _blank(second.tail)):
        return None
    return Pair((first.text or "").strip(_SPACE), (second.text or "").strip(_SPACE))


def _blank(text: str | None) -> bool:
    return text is None or not text.strip(_SPACE)


def _raw(found: Elements, name: str) -> str:
    return (found[name][0].text or "") if name in found else ""


def _one(found: Elements, name: str) -> str:
    elements = found.get(name)
    if not elements:
        return ""
    text: str | None = elements[0].text
    return text.strip(_SPACE) if text else ""


def _all(found: Elements, name: str) -> tuple[str, ...]:
    return tuple((element.text or "").strip(_SPACE) for element in found.get(name, ()))


def _number(text: str) -> float | None:
    if not text or not _PLAIN_NUMBER.fullmatch(text):
        return None
    try:
        return float(text)
    except ValueError:
        return None
