"""No person fields: packs are about hazards, places, facilities, goods, services and cases (design: scope, where it stops)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from tocsin.packkit.document import Document
from tocsin.packkit.fault import Faults
from tocsin.packkit.lines import KeyPath

__all__ = ["REFUSED_PHRASES", "REFUSED_WORDS", "check_persons"]

# Parts of names (split at _ - . / and capitals): anything that would make a person, or an opinion, a thing observed.
REFUSED_WORDS = {
    **dict.fromkeys(
        ("person", "persons", "individual", "citizen", "resident", "tenant", "suspect", "offender", "petitioner",
         "caller", "complainant", "patient", "passenger", "pedestrian", "employee", "worker", "inspector"),
        "a rule is about places and things, never about a person"),
    **dict.fromkeys(
        ("face", "faces", "facial", "fingerprint", "biometric", "gait", "iris", "imei", "imsi", "msisdn", "phone",
         "telephone", "mobile", "passport", "idcard", "plate"),
        "people are not identified or tracked"),
    **dict.fromkeys(
        ("profile", "profiling", "blacklist", "whitelist", "watchlist", "keyperson", "ranking", "reputation", "credit"),
        "people are not profiled, listed or ranked"),
    **dict.fromkeys(
        ("sentiment", "opinion", "protest", "demonstration", "rally", "belief", "religion", "ethnicity", "ethnic", "race",
         "speech", "rumour", "rumor", "unrest", "stability"),
        "opinion, belief, speech and protest are not watched"),
}  # fmt: skip
# In any text of the pack, whatever the key.
REFUSED_PHRASES = (
    "person score", "person_score", "key person", "predictive policing", "face recognition", "social credit", "blacklist",
    "黑名单", "重点人员", "人脸识别", "舆情", "维稳", "嫌疑人", "社会信用分", "人员画像", "身份证号", "手机号",
)  # fmt: skip

_PART = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
_NAMING_KEYS = ("hazard", "per", "distinct", "parent", "child", "facility_kinds", "stages", "name")
_TEXT_KEYS = ("title", "why", "note", "source", "remedy")


def check_persons(documents: list[Document], faults: Faults) -> None:
    """Names of properties, labels, hazards, facilities and stages against the refused words, all texts against phrases."""
    for document in documents:
        for path, text, is_name in _words(document.data, (), False):
            for part in _PART.findall(text) if is_name else ():
                reason = REFUSED_WORDS.get(part.lower())
                if reason:
                    faults.add(document.name, document.line(*path), f"{text!r} names a person or what people think ({part})",
                               f"leave it out: {reason}")  # fmt: skip
            for phrase in REFUSED_PHRASES:
                if phrase in text.lower():
                    faults.add(document.name, document.line(*path), f"the text speaks of {phrase!r}",
                               "leave it out: Tocsin does not profile, list, score or track people")  # fmt: skip


def _words(value: object, path: KeyPath, naming: bool) -> Iterator[tuple[KeyPath, str, bool]]:
    """Every key and text with its path, and whether it is a name of something observed rather than prose."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            if key not in _TEXT_KEYS:
                yield (*path, key), str(key), True
            yield from _words(inner, (*path, key), _names(path, str(key), naming))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _words(inner, (*path, index), naming)
    elif isinstance(value, str):
        yield path, value, naming


def _names(path: KeyPath, key: str, naming: bool) -> bool:
    if key in _TEXT_KEYS:
        return False
    return naming or key in _NAMING_KEYS or key == "streams" or (bool(path) and path[-1] == "streams")
