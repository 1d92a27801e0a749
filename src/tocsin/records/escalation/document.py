"""A document of chains, as TOML. Read whole, or refused with every fault. The form is in docs/duty.md."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from tocsin.formats.toml import read_toml
from tocsin.records.escalation.chain import Chain, Step
from tocsin.terms.errors import BadForm
from tocsin.terms.level import Scheme

__all__ = ["read_chains"]

_CHAIN = {"id", "kinds", "from_level", "areas", "repeats", "again_minutes", "steps"}
_STEP = {"after_minutes", "posts", "roles", "channels", "each"}
_REMEDY = "see docs/duty.md for the form"
_DOCUMENT_BYTES, _DOCUMENT_PARTS = 1 << 20, 20_000


def read_chains(content: bytes, name: str, scheme: Scheme) -> list[Chain]:
    """The chains of a document. Raises BadForm with every fault that is one of form; who is called is checked by
    ``services.put_chains``."""
    tables, _places = read_toml(content, name, most_bytes=_DOCUMENT_BYTES, most_parts=_DOCUMENT_PARTS)
    faults = [f"{key}: no such table" for key in tables if key != "chains"]
    entries = tables.get("chains", [])
    chains = []
    for number, entry in enumerate(entries if isinstance(entries, list) else [None], 1):
        where = f"chains {number}"
        if not isinstance(entry, dict):
            faults.append(f"{where}: write [[chains]]")
            continue
        found = _faults_of(entry, where, scheme)
        faults += found
        if not found:
            chains.append(_chain(entry, scheme))
    if faults:
        raise BadForm(name, "; ".join(faults[:50]), _REMEDY)
    return chains


def _faults_of(entry: dict[str, Any], where: str, scheme: Scheme) -> list[str]:
    faults = [f"{where}: {key}: no such key" for key in entry if key not in _CHAIN]
    if not isinstance(entry.get("id"), str):
        faults.append(f"{where}: id: must be a text")
    faults += [
        f"{where}: {key}: must be a list of texts" for key in ("kinds", "areas") if not _texts(entry.get(key, []))
    ]
    if entry.get("from_level", scheme.codes[0]) not in scheme.codes:
        faults.append(f"{where}: from_level: must be one of {', '.join(scheme.codes)}")
    faults += [
        f"{where}: {key}: must be a number" for key in ("repeats", "again_minutes") if not _number(entry.get(key, 0))
    ]
    steps = entry.get("steps")
    if not isinstance(steps, list) or not steps:
        return [*faults, f"{where}: steps: write [[chains.steps]]"]
    for number, step in enumerate(steps, 1):
        faults += _faults_of_step(step, f"{where}, step {number}")
    return faults


def _faults_of_step(step: Any, where: str) -> list[str]:
    if not isinstance(step, dict):
        return [f"{where}: must be a table"]
    faults = [f"{where}: {key}: no such key" for key in step if key not in _STEP]
    if not _number(step.get("after_minutes")):
        faults.append(f"{where}: after_minutes: must be a number")
    keys = ("posts", "roles", "channels")
    faults += [f"{where}: {key}: must be a list of texts" for key in keys if not _texts(step.get(key, []))]
    if not isinstance(step.get("each", False), bool):
        faults.append(f"{where}: each: must be true or false")
    return faults


def _texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) for one in value)


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 100_000


def _chain(entry: dict[str, Any], scheme: Scheme) -> Chain:
    steps = tuple(
        Step(timedelta(minutes=step["after_minutes"]), tuple(step.get("posts", ())), tuple(step.get("roles", ())),
             tuple(step.get("channels", ("mail",))), step.get("each", False))
        for step in entry["steps"]
    )  # fmt: skip
    level = scheme.rank(entry["from_level"]) if "from_level" in entry else 0
    return Chain(entry["id"], tuple(entry.get("kinds", ())), steps, level, tuple(entry.get("areas", ())),
                 int(entry.get("repeats", 0)), timedelta(minutes=entry.get("again_minutes", 10)))  # fmt: skip
