"""One change each that breaks one numbered rule of a message, wherever the message has a place for it."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator

from lxml import etree

from tocsin.formats.cap.codes import NAMESPACE

__all__ = ["BREAKERS"]

Tree = etree._Element
Breaker = Callable[[Tree, random.Random], bool]
BREAKERS: list[tuple[str, str, Breaker]] = []

CLOSED = {"status": "R8", "msgType": "R9", "scope": "R10", "category": "R20", "urgency": "R20", "severity": "R20",
          "certainty": "R20", "responseType": "R22"}  # fmt: skip
NEEDED = {"identifier": "R4", "sender": "R4", "sent": "R5", "status": "R8", "msgType": "R9", "scope": "R10",
          "event": "R20", "urgency": "R20", "severity": "R20", "certainty": "R20", "areaDesc": "R38", "valueName": "R26",
          "value": "R26", "resourceDesc": "R32", "mimeType": "R32"}  # fmt: skip
TIMES = ("sent", "effective", "onset", "expires")


def tag(name: str) -> str:
    return f"{{{NAMESPACE}}}{name}"


def some(tree: Tree, name: str, chance: random.Random) -> Tree | None:
    found = list(tree.iter(tag(name)))
    return chance.choice(found) if found else None


def breaks(rule: str, name: str) -> Callable[[Breaker], Breaker]:
    def remember(breaker: Breaker) -> Breaker:
        BREAKERS.append((rule, name, breaker))
        return breaker

    return remember


def _texts() -> Iterator[tuple[str, str, str]]:
    """(rule, element, text that breaks it)"""
    for name, rule in CLOSED.items():
        yield from ((rule, name, text) for text in ("", "Other thing", "actual", "ALERT"))
    for name in ("identifier", "sender"):
        yield from (("R4", name, text) for text in ("", "a b", "a,b", "a<b", "a&b"))
    for name in TIMES:
        yield from (
            ("R5", name, text) for text in ("2024-07-12T21:31:38Z", "2024-07-12T21:31:38", "2024-07-12", "soon", "")
        )
        yield from (("R5", name, text) for text in ("2024-07-12T21:31:38.5+08:00", "2024-07-12 21:31:38+08:00"))
        yield from (("R7", name, text) for text in ("2024-02-30T21:31:38+08:00", "2024-07-12T21:31:60+08:00"))
        yield from (("R7", name, text) for text in ("2024-07-12T21:31:38+15:00", "2024-07-12T21:31:38,08:00"))
    yield from (("R20", "event", text) for text in ("", "  "))
    yield from (("R23", "language", text) for text in ("zh_CN", "english please", "-"))
    yield from (("R38", "areaDesc", text) for text in ("", "\n"))
    yield from (
        ("R39", "polygon", text) for text in ("", "1,2 3,4 1,2", "1,2 3,4 5,6 7,8", "1 2 3 4", "1,2 x,y 3,4 1,2")
    )
    yield from (("R40", "polygon", text) for text in ("91,0 91,1 92,1 91,0", "0,181 0,182 1,182 0,181"))
    yield from (("R41", "polygon", text) for text in ("0,0 1,1 0,1 1,0 0,0", "0,0 1,1 2,2 0,0", "0,0 0,0 0,1 1,1 0,0"))
    yield ("R42", "polygon", "0,179 0,-179 1,-179 1,179 0,179")
    yield from (("R43", "circle", text) for text in ("", "1,2", "1,2 -3", "1,2,", "x,y 3"))
    yield ("R40", "circle", "91,2 3")
    yield from (("R15", "references", text) for text in ("zzz", "a,b", "a,,2024-01-01T00:00:00+00:00", "a,b,yesterday"))
    yield from (("R26", "valueName", text) for text in ("", " "))
    yield from (("R31", name, "<b>x</b>") for name in ("headline", "description", "instruction", "contact", "areaDesc"))
    yield from (("R31", name, "a\u202eb") for name in ("headline", "event", "senderName"))
    yield from (("R30", "web", text) for text in ("www.example.org", "/path"))
    yield ("R30", "headline", "x" * 161)
    yield from (("R32", "mimeType", text) for text in ("", "gif", "x/"))
    yield from (("R33", "size", text) for text in ("-5", "1.5 kB", ""))
    yield ("R37", "uri", "http://127.0.0.1/x")
    yield ("R35", "derefUri", "not base64!")
    yield from (("R46", "altitude", text) for text in ("high", ""))


def _setter(name: str, text: str) -> Breaker:
    def breaker(tree: Tree, chance: random.Random) -> bool:
        element = some(tree, name, chance)
        if element is None or element.text == text:
            return False
        element.text = text
        return True

    return breaker


for _rule, _name, _text in _texts():
    BREAKERS.append((_rule, f"{_name} = {_text[:20]!r}", _setter(_name, _text)))


def _remover(name: str) -> Breaker:
    def breaker(tree: Tree, chance: random.Random) -> bool:
        element = some(tree, name, chance)
        if element is None:
            return False
        element.getparent().remove(element)
        return True

    return breaker


for _name, _rule in NEEDED.items():
    BREAKERS.append((_rule, f"without {_name}", _remover(_name)))


@breaks("R1", "an element of no one")
def _stranger(tree: Tree, chance: random.Random) -> bool:
    block = chance.choice(list(tree.iter(tag("alert"), tag("info"), tag("area"))))
    block.insert(0, block.makeelement("{urn:else}extra"))
    return True


@breaks("R1", "a misspelt element")
def _misspelt(tree: Tree, chance: random.Random) -> bool:
    chance.choice(list(tree.iter(tag("status"), tag("event"), tag("areaDesc")))).tag = tag("misspelt")
    return True


@breaks("R1", "children turned round")
def _turned(tree: Tree, chance: random.Random) -> bool:
    block = chance.choice(list(tree.iter(tag("alert"), tag("info"))))
    block[:] = block[::-1]
    return len(block) > 1


@breaks("R1", "twice the event")
def _twice(tree: Tree, chance: random.Random) -> bool:
    event = some(tree, "event", chance)
    if event is not None:
        event.addnext(etree.fromstring(etree.tostring(event, with_tail=False)))
    return event is not None


@breaks("R1", "an attribute")
def _attribute(tree: Tree, chance: random.Random) -> bool:
    chance.choice(list(tree.iter(tag("info"), tag("sent"), tag("area")))).set("id", "a")
    return True


@breaks("R1", "text between elements")
def _between(tree: Tree, chance: random.Random) -> bool:
    chance.choice(list(tree.iter(tag("status"), tag("event")))).tail = "stray"
    return True


def _add_after(tree: Tree, after: str, name: str, text: str) -> bool:
    if next(tree.iter(tag(name)), None) is not None:
        return False
    place = next(tree.iter(tag(after)), None)
    if place is None:
        return False
    element = place.makeelement(tag(name))
    element.text = text
    place.addnext(element)
    return True


@breaks("R11", "a restriction without Restricted")
def _restriction(tree: Tree, chance: random.Random) -> bool:
    return tree.findtext(tag("scope")) == "Public" and _add_after(tree, "scope", "restriction", "staff only")


@breaks("R11", "Restricted without a restriction")
def _restricted(tree: Tree, chance: random.Random) -> bool:
    scope = tree.find(tag("scope"))
    if scope is None or tree.findtext(tag("restriction")):
        return False
    scope.text = "Restricted"
    return True


@breaks("R12", "Private without addresses")
def _private(tree: Tree, chance: random.Random) -> bool:
    scope = tree.find(tag("scope"))
    if scope is None or tree.findtext(tag("addresses")):
        return False
    scope.text = "Private"
    return True


@breaks("R16", "an Update of nothing")
def _update(tree: Tree, chance: random.Random) -> bool:
    kind = tree.find(tag("msgType"))
    if kind is None or kind.text == "Update" or tree.findtext(tag("references")):
        return False
    kind.text = chance.choice(("Update", "Cancel", "Ack", "Error"))
    return True


@breaks("R16", "references taken away")
def _unreferenced(tree: Tree, chance: random.Random) -> bool:
    found = tree.find(tag("references"))
    if found is None or tree.findtext(tag("msgType")) == "Alert":
        return False
    tree.remove(found)
    return True


@breaks("R17", "cites itself")
def _itself(tree: Tree, chance: random.Random) -> bool:
    found = tree.find(tag("references"))
    if found is None:
        return False
    found.text = ",".join(tree.findtext(tag(name)) or "" for name in ("sender", "identifier", "sent"))
    return True


@breaks("R17", "cites the future")
def _future(tree: Tree, chance: random.Random) -> bool:
    found = tree.find(tag("references"))
    if found is not None:
        found.text = "a@b,earlier,2099-01-01T00:00:00+00:00"
    return found is not None


@breaks("R19", "no info")
def _no_info(tree: Tree, chance: random.Random) -> bool:
    for info in tree.findall(tag("info")):
        tree.remove(info)
    return tree.findtext(tag("msgType")) in ("Alert", "Update")


@breaks("R24", "one language another severity")
def _disagree(tree: Tree, chance: random.Random) -> bool:
    infos = tree.findall(tag("info"))
    if len({info.findtext(tag("language")) for info in infos}) < 2:
        return False
    level = infos[-1].find(tag("severity"))
    level.text = "Extreme" if level.text != "Extreme" else "Minor"
    return True


@breaks("R24", "one language another area")
def _elsewhere(tree: Tree, chance: random.Random) -> bool:
    infos = tree.findall(tag("info"))
    if len({info.findtext(tag("language")) for info in infos}) < 2 or infos[-1].find(tag("area")) is None:
        return False
    area = infos[-1].find(tag("area"))
    etree.SubElement(etree.SubElement(area, tag("geocode")), tag("valueName")).text = "new"
    etree.SubElement(area[-1], tag("value")).text = "code"
    return True


@breaks("R25", "one text in two languages")
def _untranslated(tree: Tree, chance: random.Random) -> bool:
    infos = [info for info in tree.findall(tag("info")) if info.findtext(tag("description"))]
    if len({info.findtext(tag("language")) for info in infos}) < 2:
        return False
    for info in infos:
        info.find(tag("description")).text = "The same words."
    return True


@breaks("R27", "no expires")
def _endless(tree: Tree, chance: random.Random) -> bool:
    return _remover("expires")(tree, chance)


@breaks("R28", "expires before sent")
def _expired(tree: Tree, chance: random.Random) -> bool:
    element = some(tree, "expires", chance)
    if element is not None:
        element.text = "1999-01-01T00:00:00-00:00"
    return element is not None


@breaks("R46", "a ceiling in the air")
def _ceiling(tree: Tree, chance: random.Random) -> bool:
    area = some(tree, "area", chance)
    if area is None or area.find(tag("altitude")) is not None or area.find(tag("ceiling")) is not None:
        return False
    etree.SubElement(area, tag("ceiling")).text = "100"
    return True


@breaks("R44", "no area")
def _nowhere(tree: Tree, chance: random.Random) -> bool:
    info = some(tree, "info", chance)
    areas = info.findall(tag("area")) if info is not None else []
    for area in areas:
        info.remove(area)
    return bool(areas) and tree.findtext(tag("msgType")) in ("Alert", "Update")


@breaks("R45", "only a code")
def _only_code(tree: Tree, chance: random.Random) -> bool:
    for area in tree.iter(tag("area")):
        shapes = [*area.iterchildren(tag("polygon"), tag("circle"))]
        if shapes and area.find(tag("geocode")) is not None:
            for shape in shapes:
                area.remove(shape)
            return True
    return False
