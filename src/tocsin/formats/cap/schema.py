"""The grammar of CAP 1.2 as tables, written from the standard's text: which element holds which, in which order, how often.

Compared in the tests with the schema of OASIS, which is not shipped: on every message of the corpus and on thousands of
mutants both give the same verdict.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from tocsin.formats.cap.codes import (
    CATEGORIES,
    CERTAINTIES,
    MSG_TYPES,
    NAMESPACE,
    RESPONSE_TYPES,
    SCOPES,
    SEVERITIES,
    STATUSES,
    URGENCIES,
)
from tocsin.formats.cap.times import read_time

__all__ = ["ALERT", "AREA", "DSIG", "INFO", "LEGACY", "PAIR", "RESOURCE", "VERSIONS", "Model", "Part"]

DSIG = "http://www.w3.org/2000/09/xmldsig#"
LEGACY = {"urn:oasis:names:tc:emergency:cap:1.1": "1.1", "http://www.incident.com/cap/1.0": "1.0"}
VERSIONS = {NAMESPACE: "1.2", **LEGACY}

_SPACE = " \t\r\n"
_INTEGER = re.compile(r"[+-]?[0-9]{1,24}")
_DECIMAL = re.compile(r"[+-]?(?=[0-9.]{1,25}$)(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)")
_LANGUAGE = re.compile(r"[A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*")
# RFC 3986 with spaces and anything outside of ASCII allowed, as the schema's anyURI is commonly judged.
_CHAR = r"(?:[A-Za-z0-9\-._~!$&'()*+,;= <>\"{}|\\^`]|%[0-9A-Fa-f]{2}|[^\x20-\x7e])"
_PATH = rf"(?:{_CHAR}|[:@/])*"
_REST = (
    rf"(?://(?:(?:{_CHAR}|:)*@)?(?:\[[^\[\]]*\]|{_CHAR}*)(?::[0-9]*)?(?:/{_PATH})?"  # authority and path
    rf"|/(?:(?:{_CHAR}|[:@]){_PATH})?"  # path from the root
)
_URI = re.compile(
    rf"(?:[A-Za-z][A-Za-z0-9+.-]*:{_REST}|(?:{_CHAR}|[:@]){_PATH}|)|{_REST}|(?:{_CHAR}|@)+(?:/{_PATH})?|))"
    rf"(?:\?(?:{_CHAR}|[:@/?\[\]])*)?(?:\#(?:{_CHAR}|[:@/?\[\]])*)?"
)


@dataclass(frozen=True)
class Part:
    """One element of a block. ``rule`` is broken where it is missing or its text is refused; ``wrong`` says what is wrong
    with a text, "" if nothing is; ``inside`` is the model of a block, None for an element that holds text."""

    name: str
    rule: str = "R1"
    required: bool = False
    many: bool = False
    wrong: Callable[[str], str] | None = None
    inside: Model | None = None


class Model:
    """The parts of a block in their order."""

    def __init__(self, *parts: Part) -> None:
        self.parts = parts
        self.required = tuple(part for part in parts if part.required)
        # (namespace, name) as lxml spells a tag -> (place in the order, part), for each version of CAP
        self.by_tag = {
            f"{{{space}}}{part.name}": (place, part) for space in VERSIONS for place, part in enumerate(parts)
        }


def _one_of(known: tuple[str, ...]) -> Callable[[str], str]:
    allowed = frozenset(known)
    return lambda text: "" if text in allowed else f"{text[:40]!r} is not one of {', '.join(known)}"


def _time(text: str) -> str:
    moment, rule, what = read_time(text)
    return what if moment is None or rule in ("R5", "R7") else ""


def _language(text: str) -> str:
    if not text:
        return ""  # the schema then puts en-US in its place
    return "" if _LANGUAGE.fullmatch(text.strip(_SPACE)) else f"{text[:40]!r} is no code of a language"


def _integer(text: str) -> str:
    return "" if _INTEGER.fullmatch(text.strip(_SPACE)) else f"{text[:40]!r} is no whole number"


def _decimal(text: str) -> str:
    return "" if _DECIMAL.fullmatch(text.strip(_SPACE)) else f"{text[:40]!r} is no number"


def _uri(text: str) -> str:
    text = " ".join(text.split())
    return "" if _URI.fullmatch(text) else f"{text[:60]!r} is no address"


PAIR = Model(Part("valueName", "R26", required=True), Part("value", "R26", required=True))

RESOURCE = Model(
    Part("resourceDesc", "R32", required=True),
    Part("mimeType", "R32", required=True),
    Part("size", "R33", wrong=_integer),
    Part("uri", "R34", wrong=_uri),
    Part("derefUri", "R35"),
    Part("digest", "R36"),
)

AREA = Model(
    Part("areaDesc", "R38", required=True),
    Part("polygon", "R39", many=True),
    Part("circle", "R43", many=True),
    Part("geocode", "R26", many=True, inside=PAIR),
    Part("altitude", "R46", wrong=_decimal),
    Part("ceiling", "R46", wrong=_decimal),
)

INFO = Model(
    Part("language", "R23", wrong=_language),
    Part("category", "R20", required=True, many=True, wrong=_one_of(CATEGORIES)),
    Part("event", "R20", required=True),
    Part("responseType", "R22", many=True, wrong=_one_of(RESPONSE_TYPES)),
    Part("urgency", "R20", required=True, wrong=_one_of(URGENCIES)),
    Part("severity", "R20", required=True, wrong=_one_of(SEVERITIES)),
    Part("certainty", "R20", required=True, wrong=_one_of(CERTAINTIES)),
    Part("audience"),
    Part("eventCode", "R26", many=True, inside=PAIR),
    Part("effective", "R5", wrong=_time),
    Part("onset", "R5", wrong=_time),
    Part("expires", "R5", wrong=_time),
    Part("senderName"),
    Part("headline"),
    Part("description"),
    Part("instruction"),
    Part("web", "R30", wrong=_uri),
    Part("contact"),
    Part("parameter", "R26", many=True, inside=PAIR),
    Part("resource", many=True, inside=RESOURCE),
    Part("area", many=True, inside=AREA),
)

ALERT = Model(
    Part("identifier", "R4", required=True),
    Part("sender", "R4", required=True),
    Part("sent", "R5", required=True, wrong=_time),
    Part("status", "R8", required=True, wrong=_one_of(STATUSES)),
    Part("msgType", "R9", required=True, wrong=_one_of(MSG_TYPES)),
    Part("source"),
    Part("scope", "R10", required=True, wrong=_one_of(SCOPES)),
    Part("restriction"),
    Part("addresses"),
    Part("code", many=True),
    Part("note"),
    Part("references"),
    Part("incidents"),
    Part("info", many=True, inside=INFO),
)
