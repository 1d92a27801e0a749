"""Fact: a frozen dataclass in the past tense. Each room declares its own and registers them by name."""

from __future__ import annotations

import dataclasses
import json
import re
from typing import Any, TypeVar, cast

import msgspec

from tocsin.terms.errors import UnknownName

__all__ = ["body_of", "fact", "kind_of", "known_kinds", "read_fact"]

F = TypeVar("F", bound=type)
_KINDS: dict[str, type] = {}
_NAMES: dict[type, str] = {}


def fact(cls: F) -> F:
    """Register a frozen dataclass as a fact; its kind is its name in snake case (``SignalRaised``: signal_raised)."""
    if not (dataclasses.is_dataclass(cls) and cls.__dataclass_params__.frozen):  # type: ignore[attr-defined]
        raise TypeError(f"{cls.__name__}: a fact is a frozen dataclass")
    kind = re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).lower()
    if _KINDS.setdefault(kind, cls) is not cls:
        raise TypeError(f"two facts are called {kind}")
    _NAMES[cls] = kind
    return cls


def known_kinds() -> frozenset[str]:
    """The kinds that the rooms in use declare."""
    return frozenset(_KINDS)


def kind_of(value: object) -> str:
    """The kind of a fact. Raises TypeError for what is none."""
    try:
        return _NAMES[type(value)]
    except KeyError:
        raise TypeError(f"{type(value).__name__} is no registered fact") from None


def body_of(value: object) -> str:
    """A fact as JSON. Raises ValueError where it holds NaN or infinities."""
    fields = dataclasses.fields(cast(Any, value))
    return json.dumps({field.name: getattr(value, field.name) for field in fields}, ensure_ascii=False, allow_nan=False)


def read_fact(kind: str, body: str) -> object:
    """The typed fact of a row. Raises UnknownName for a kind that no room declares."""
    if kind not in _KINDS:
        raise UnknownName(f"fact {kind}", "no room declares it", "start the version that wrote it, then upgrade")
    return msgspec.json.decode(body, type=_KINDS[kind])
