"""What a sealed case keeps, field by field, under its own data key: answers, place, words, documents. A case whose kind is not
sealed has no key, and everything here leaves its words as they are."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Protocol

from tocsin.packkit.case_moves import put_aside
from tocsin.packkit.lifecycle import CaseKind
from tocsin.records.seal import services as seal
from tocsin.records.seal.envelope import DataKey

__all__ = [
    "UNDER_SEAL", "Sealable", "answered", "answers_opened", "begin", "opened", "place_opened", "put_answers", "resealed",
    "words_kept",
]  # fmt: skip

UNDER_SEAL = "•••"  # stands in lists and on pages for what nobody opened
_PLACE = "@place"  # no question can be called so
_ANSWER = "answer/"


class Sealable(Protocol):
    """A case, as far as its seal is concerned."""

    id: str
    seal_key: str


def begin(case_id: str, kind: CaseKind, *, now: datetime) -> str:
    """The id of a new data key where the kind is sealed, else ""."""
    return seal.new_key(case_id, now=now)[0] if kind.sealed else ""


def put_answers(
    case: Sealable, kind: CaseKind, values: Mapping[str, Any], sealed: bytes | None, form: str, answers: Mapping[str, Any],
    place: str = "",
) -> tuple[dict[str, Any], bytes | None]:  # fmt: skip
    """All answers of a case once a form was answered: those outside the seal, and those under it. What the form asked again is
    kept as an earlier answer, under the seal where it was."""
    aside = put_aside(kind, form, answered(values, sealed))
    outside = {aside.get(name, name): value for name, value in values.items()}
    if not case.seal_key:
        return outside | dict(answers), sealed
    inside = {name: value for name, value in answers.items() if name not in kind.outside}
    kept, key = _map(sealed), seal.open_key(case.seal_key)
    for name, earlier in aside.items():
        if name in kept:  # a value is bound to its name: it is closed anew
            kept[earlier] = key.close(key.open(kept.pop(name), _ANSWER + name), _ANSWER + earlier)
    kept |= {name: key.close(json.dumps(value, ensure_ascii=False), _ANSWER + name) for name, value in inside.items()}
    if place:
        kept[_PLACE] = key.close(place, _PLACE)
    return outside | {name: value for name, value in answers.items() if name not in inside}, json.dumps(kept).encode()


def answered(values: Mapping[str, Any], sealed: bytes | memoryview | None) -> dict[str, Any]:
    """What was answered, with UNDER_SEAL for what nobody opened."""
    return {**values, **{name: UNDER_SEAL for name in _map(sealed) if name != _PLACE}}


def answers_opened(
    case: Sealable, values: Mapping[str, Any], sealed: bytes | memoryview | None, key: DataKey
) -> dict[str, Any]:
    """What was answered, opened."""
    kept = [(name, closed) for name, closed in _map(sealed).items() if name != _PLACE]
    return {**values, **{name: json.loads(key.open(closed, _ANSWER + name)) for name, closed in kept}}


def place_opened(sealed: bytes | memoryview | None, key: DataKey) -> str:
    """Where it is, as it was written."""
    closed = _map(sealed).get(_PLACE, "")
    return key.open(closed, _PLACE) if closed else ""


def words_kept(case: Sealable, words: str, field: str) -> str:
    """Words as they are kept: under seal where the case is. ``field`` says what they are and is bound to them."""
    return seal.open_key(case.seal_key).close(words, field) if case.seal_key and words else words


def opened(case: Sealable, kept: str, field: str, key: DataKey | None) -> str:
    """Kept words for a reader: of a sealed case opened with its key, or UNDER_SEAL without."""
    if not case.seal_key or not kept:
        return kept
    return key.open(kept, field) if key else UNDER_SEAL


def resealed(kept: str, field: str, old: Sealable, new: Sealable) -> str:
    """Words that go from one case to another."""
    if not kept or not old.seal_key:
        return kept
    return words_kept(new, seal.open_key(old.seal_key).open(kept, field), field)


def _map(sealed: bytes | memoryview | None) -> dict[str, str]:
    return json.loads(bytes(sealed)) if sealed else {}
