"""Which message replaced, ended or answered which (R50 to R54, R56, R58), told from all messages known so far.

A pure function of the set of messages: the order in which they arrive changes nothing, so a Cancel that comes before its
Alert still ends it. A message is found by sender and identifier where the ``sent`` that was cited is wrong, as two
national services do every day; the defect is noted.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from tocsin.formats.cap.finding import Finding, Findings
from tocsin.formats.cap.message import Alert, Reference
from tocsin.formats.cap.read import Reading

__all__ = ["Key", "Line", "LineState", "trace"]

Key = tuple[str, str, datetime]
_REFERENCES = "/cap:alert/cap:references"


class LineState(StrEnum):
    """Where a message stands. ``HELD``: it is about a message that has not come, and waits; it notifies nobody."""

    IN_FORCE = "in force"
    REPLACED = "replaced"
    CANCELLED = "cancelled"
    HELD = "held"
    ANSWER = "answer"


@dataclass(slots=True)
class Line:
    """One message among the others. ``ended_by`` says who replaced or cancelled it; ``answers`` are the Acks and Errors that
    came for it; ``beside`` are other updates of the same message (the later one holds); ``like`` is an earlier message with
    the same content that this one does not cite: ask the sender (R54)."""

    alert: Alert
    state: LineState = LineState.IN_FORCE
    ended_by: Key | None = None
    answers: list[Key] = field(default_factory=list)
    beside: list[Key] = field(default_factory=list)
    like: Key | None = None
    findings: list[Finding] = field(default_factory=list)

    @property
    def key(self) -> Key:
        """What names the message for ever."""
        return self.alert.sender, self.alert.identifier, self.alert.sent


def trace(received: Iterable[Reading], delegates: Mapping[str, frozenset[str]] | None = None) -> dict[Key, Line]:
    """Every message by its key, in order of arrival; withheld ones are left out, a repeated one counts once, and of two with
    one key but other bytes the first is kept and marked (R53). ``delegates``: which other senders may update or cancel the
    messages of a sender; nobody else's Cancel is obeyed."""
    lines = _known(received)
    names: dict[tuple[str, str], list[Line]] = defaultdict(list)
    for line in lines.values():
        names[line.alert.sender, line.alert.identifier].append(line)
    cited = {key: _cited(line, names, delegates or {}) for key, line in lines.items()}
    by_time = sorted(lines.values(), key=lambda line: line.alert.sent)
    for line in by_time:
        if line.alert.msg_type in ("Ack", "Error"):
            line.state = LineState.ANSWER
            for target in cited[line.key]:
                target.answers.append(line.key)
        elif line.alert.msg_type in ("Update", "Cancel"):
            _end(line, cited, by_time)
    _likes(by_time)
    return lines


def _known(received: Iterable[Reading]) -> dict[Key, Line]:
    lines: dict[Key, Line] = {}
    bytes_of: dict[Key, bytes] = {}
    for reading in received:
        if reading.alert is None:
            continue
        line = Line(reading.alert)
        first = lines.setdefault(line.key, line)
        if bytes_of.setdefault(line.key, reading.raw) != reading.raw:
            _note(first, "R53", "/cap:alert", "another message came under this key")
    return lines


def _cited(
    line: Line, names: Mapping[tuple[str, str], list[Line]], delegates: Mapping[str, frozenset[str]]
) -> list[Line]:
    """The messages that this one is about and may be about."""
    found: list[Line] = []
    for reference in line.alert.references:
        target = _find(line, reference, names.get((reference.sender, reference.identifier), []))
        if target is None:
            continue
        if reference.sender != line.alert.sender and line.alert.sender not in delegates.get(
            reference.sender, frozenset()
        ):
            _note(line, "R51", _REFERENCES, f"{line.alert.sender} may not speak for {reference.sender}")
        else:
            found.append(target)
    if not found and line.alert.msg_type == "Cancel":
        line.state = LineState.HELD  # an Update without its Alert stands: what it says of the danger is whole by itself
    return found


def _find(line: Line, reference: Reference, candidates: list[Line]) -> Line | None:
    exact = next((one for one in candidates if one.alert.sent == reference.sent and one is not line), None)
    if exact is not None:
        return exact
    others = [one for one in candidates if one is not line]
    if others:
        _note(line, "R51", _REFERENCES, f"it cites {reference.identifier[:60]} with another time than it was sent")
    return max(others, key=lambda one: (one.alert.sent <= line.alert.sent, one.alert.sent), default=None)


def _end(line: Line, cited: Mapping[Key, list[Line]], by_time: list[Line]) -> None:
    """Update and Cancel reach what they cite and, along the chain, what earlier cited that; never what was sent later."""
    reached = {target.key for target in cited[line.key] if target.alert.sent <= line.alert.sent}
    for other in by_time:
        if other.alert.sent > line.alert.sent:
            break
        if (
            other is not line
            and other.alert.msg_type == "Update"
            and reached & {target.key for target in cited[other.key]}
        ):
            reached.add(other.key)
            if line.alert.msg_type == "Update" and not _descends(line, other, cited):
                line.beside.append(other.key)
                other.beside.append(line.key)
    for other in by_time:
        if other.key in reached and other.state in (LineState.IN_FORCE, LineState.REPLACED):
            cancel = line.alert.msg_type == "Cancel"
            other.state, other.ended_by = (LineState.CANCELLED if cancel else LineState.REPLACED), line.key


def _descends(line: Line, other: Line, cited: Mapping[Key, list[Line]]) -> bool:
    """Whether ``line`` cites ``other`` itself, so that it is a step in one line and no fork."""
    return any(target is other for target in cited[line.key])


def _likes(by_time: list[Line]) -> None:
    """R54: the same content again under a new name, citing nothing, while the first is in force."""
    seen: dict[object, Line] = {}
    for line in by_time:
        if line.alert.msg_type != "Alert" or not line.alert.infos:
            continue
        first = seen.setdefault((line.alert.sender, line.alert.status, line.alert.infos), line)
        if first is not line and first.state is LineState.IN_FORCE:
            line.like = first.key
            _note(line, "R54", "/cap:alert", f"it repeats {first.alert.identifier[:60]} without citing it")


def _note(line: Line, rule: str, xpath: str, what: str) -> None:
    findings = Findings()
    findings.note(rule, xpath, what)
    line.findings += findings.found
