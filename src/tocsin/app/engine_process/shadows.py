"""Shadows: rule versions that judge the same records beside those in force, each with an engine of its own.

Which shadows judge from where on stands in the log: a RULES record names them beside the packs in force. So a restart, and a
replay that wants to, knows it from the log alone. What a shadow finds goes to its own table; it is never grouped.

The state of the shadows is a part of its own beside each snapshot (``<seq>.shadows``), written before it. Where it is gone or
damaged the shadows begin anew and the snapshot is used all the same: what people are warned by never waits for a trial.
"""

from __future__ import annotations

import hashlib
import logging
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from tocsin.app.engine_process.snapshots import PackInForce
from tocsin.engine.judge import Judge
from tocsin.engine.language.rule import Rule
from tocsin.engine.runner import Engine
from tocsin.packkit import Pack
from tocsin.terms.errors import Damaged, TocsinError
from tocsin.terms.record import Record, RecordKind
from tocsin.terms.signal import Transition
from tocsin.terms.stream import Catalogue

__all__ = ["ShadowInLog", "Shadows", "ShadowShelf", "differing_rules", "rules_body", "shadows_of"]

MAGIC = b"TOCSHAD1"

log = logging.getLogger(__name__)


class ShadowInLog(msgspec.Struct, frozen=True):
    """A shadow as a RULES record names it: its id, its pack, and which of its rules judge."""

    id: str
    pack: PackInForce
    rules: tuple[str, ...]


def rules_body(packs: tuple[PackInForce, ...], shadows: tuple[ShadowInLog, ...] = ()) -> bytes:
    """The body of a RULES record; without shadows as it always was."""
    document: dict[str, Any] = {"packs": packs}
    return msgspec.json.encode(document | ({"shadows": shadows} if shadows else {}))


def shadows_of(body: bytes) -> tuple[ShadowInLog, ...]:
    """The shadows that a RULES record names."""
    return msgspec.convert(msgspec.json.decode(body).get("shadows", []), tuple[ShadowInLog, ...])


def differing_rules(tried: Sequence[Rule], in_force: Sequence[Rule]) -> tuple[str, ...]:
    """Names of the rules of either side that the other has not, or has with another meaning; in order of name."""
    digests = [{rule.name: Judge(rule).digest for rule in rules} for rules in (tried, in_force)]
    return tuple(sorted({name for name, _ in digests[0].items() ^ digests[1].items()}))


@dataclass
class _Running:
    shadow: ShadowInLog
    engine: Engine


class Shadows:
    """The engines of all shadows that the log names. ``load`` finds a shadow's pack."""

    def __init__(self, load: Callable[[PackInForce], Pack]) -> None:
        self._load = load
        self._running: dict[str, _Running] = {}
        self.failed: dict[str, str] = {}

    @property
    def named(self) -> tuple[ShadowInLog, ...]:
        """Those that judge now."""
        return tuple(each.shadow for each in self._running.values())

    def feed(self, record: Record, catalogue: Catalogue) -> tuple[dict[str, list[Transition]], dict[str, int]]:
        """Transitions of a record by shadow, and the shadows that begin with it (id -> the moment). ``catalogue``: as it is
        after the record. A shadow that fails ends with a line in the log of the process and disturbs nothing."""
        found: dict[str, list[Transition]] = {}
        for id_, each in list(self._running.items()):
            try:
                each.engine.next_seq = record.seq  # records that the log could not give are said loudly elsewhere
                found[id_] = each.engine.feed(record)
            except Exception as error:  # a trial must never stop what people rely on
                self._drop(id_, error)
        began = self._follow(record, catalogue) if record.kind is RecordKind.RULES else {}
        return {id_: transitions for id_, transitions in found.items() if transitions}, began

    def _follow(self, record: Record, catalogue: Catalogue) -> dict[str, int]:
        wanted = {shadow.id: shadow for shadow in shadows_of(record.body)}
        for id_ in set(self._running) - set(wanted):
            del self._running[id_]
        began = {}
        for id_, shadow in wanted.items():
            if id_ not in self._running and self._begin(shadow, catalogue, record.seq + 1):
                began[id_] = record.at_us
        return began

    def _begin(self, shadow: ShadowInLog, catalogue: Catalogue, next_seq: int, state: bytes = b"") -> bool:
        try:
            rules = [rule for rule in self._load(shadow.pack).rules if rule.name in shadow.rules]
            engine = Engine.restore(rules, state) if state else Engine(rules, catalogue)
            engine.next_seq = next_seq
        except (TocsinError, ValueError) as error:
            self._drop(shadow.id, error)
            return False
        self._running[shadow.id] = _Running(shadow, engine)
        return True

    def _drop(self, id_: str, error: Exception) -> None:
        self._running.pop(id_, None)
        self.failed[id_] = f"{type(error).__name__}: {error}"
        log.error("shadow %s cannot judge and was left out: %s", id_, error)

    # ------------------------------------------------------------------ keeping
    def state(self) -> list[tuple[ShadowInLog, bytes]]:
        """All of it."""
        return [(each.shadow, each.engine.snapshot()) for each in self._running.values()]

    def regain(self, parts: Sequence[tuple[ShadowInLog, bytes]], catalogue: Catalogue, next_seq: int) -> None:
        """Go to where ``state`` was taken."""
        self._running.clear()
        for shadow, state in parts:
            self._begin(shadow, catalogue, next_seq, state)


class ShadowShelf:
    """The parts beside the snapshots in ``root``, the newest ``keep`` of them."""

    def __init__(self, root: Path, *, keep: int = 2) -> None:
        self._root, self._keep = root, keep

    def write(self, seq: int, parts: Sequence[tuple[ShadowInLog, bytes]]) -> None:
        """Durable before the snapshot of ``seq`` is written. Without shadows there is no part."""
        if parts:
            header = msgspec.json.encode([(shadow, len(state)) for shadow, state in parts])
            data = MAGIC + len(header).to_bytes(4, "big") + header + b"".join(state for _, state in parts)
            aside = self._path(seq).with_suffix(f".{os.getpid()}.tmp")
            with aside.open("wb") as file:
                file.write(data + hashlib.sha256(data).digest())
                file.flush()
                os.fsync(file.fileno())
            aside.replace(self._path(seq))
        for path in sorted(self._root.glob("*.shadows"))[: -self._keep]:
            path.unlink(missing_ok=True)

    def read(self, seq: int) -> list[tuple[ShadowInLog, bytes]]:
        """The part of the snapshot of ``seq``; empty without one. Raises Damaged when torn or changed."""
        path = self._path(seq)
        if not path.exists():
            return []
        data = path.read_bytes()
        if data[:8] != MAGIC or len(data) < 44 or hashlib.sha256(memoryview(data)[:-32]).digest() != data[-32:]:
            raise Damaged(f"snapshot {path.name}", "checksum differs: torn or changed",
                          "nothing to do: the shadows begin anew")  # fmt: skip
        at = 12 + int.from_bytes(data[8:12], "big")
        parts = []
        for shadow, length in msgspec.json.decode(data[12:at], type=list[tuple[ShadowInLog, int]]):
            parts.append((shadow, data[at : at + length]))
            at += length
        return parts

    def _path(self, seq: int) -> Path:
        return self._root / f"{seq:020d}.shadows"
