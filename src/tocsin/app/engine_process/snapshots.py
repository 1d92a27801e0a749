"""Snapshots on disk: the newest valid one is used on start, torn and foreign ones are refused and the one before it used."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec

from tocsin.terms.errors import Damaged

__all__ = ["PackInForce", "Snapshot", "SnapshotShelf"]

FORMAT = 1
MAGIC = b"TOCSNAP%d" % FORMAT


class PackInForce(msgspec.Struct, frozen=True):
    """A pack by name, version and the sha of its content. ``left_out``: its rules that do not judge, out of date."""

    name: str
    version: str
    sha: str
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Snapshot:
    """State after all records before ``seq``, under ``packs``; ``tick_us`` the last tick."""

    seq: int
    packs: tuple[PackInForce, ...]
    engine: bytes
    grouper: bytes


class _Header(msgspec.Struct):
    seq: int
    packs: tuple[PackInForce, ...]
    engine: int
    grouper: int


class SnapshotShelf:
    """A folder of snapshots, the newest ``keep`` of them kept. ``refused`` lists what was not usable, and why."""

    def __init__(self, root: Path, *, keep: int = 2) -> None:
        self._root, self._keep = root, keep
        self.refused: list[str] = []
        root.mkdir(parents=True, exist_ok=True)

    def write(self, snapshot: Snapshot) -> Path:
        """Durable before its name appears: written aside, fsynced, renamed, folder fsynced. Raises OSError where the disk
        refuses; the snapshots before it stay."""
        header = msgspec.json.encode(_Header(snapshot.seq, snapshot.packs, len(snapshot.engine), len(snapshot.grouper)))
        parts = [MAGIC, len(header).to_bytes(4, "big"), header, snapshot.engine, snapshot.grouper]
        digest = hashlib.sha256()
        path = self._root / f"{snapshot.seq:020d}.snapshot"
        aside = path.with_suffix(f".{os.getpid()}.tmp")
        try:
            with aside.open("wb") as file:
                for part in parts:
                    digest.update(part)
                    file.write(part)
                file.write(digest.digest())
                file.flush()
                os.fsync(file.fileno())
            aside.replace(path)
        except OSError:
            aside.unlink(missing_ok=True)  # a full disk must not stay full of what was not finished
            raise
        self._sync_folder()
        self._drop_old()
        return path

    @property
    def root(self) -> Path:
        """The folder; the state of shadows lies beside the snapshots."""
        return self._root

    def clear_unfinished(self) -> None:
        """Remove what a crash left half written. Only for the process that owns the log."""
        for path in self._root.glob("*.tmp"):
            path.unlink(missing_ok=True)

    def usable(self, *, at_most: int) -> Iterator[Snapshot]:
        """Valid snapshots with ``seq`` at most ``at_most``, newest first; later ones are foreign to this log or database."""
        for path in sorted(self._root.glob("*.snapshot"), reverse=True):
            try:
                snapshot = read_snapshot(path)
            except Damaged as error:
                self.refused.append(str(error))
                continue
            if snapshot.seq > at_most:
                self.refused.append(f"snapshot {path.name}: ahead of the database, which is at {at_most}")
                continue
            yield snapshot

    @property
    def oldest_seq(self) -> int:
        """From where on the log is needed, should the newest snapshot be unusable; 0 with fewer than two of them."""
        kept = sorted(self._root.glob("*.snapshot"))
        return int(kept[0].stem) if len(kept) >= 2 else 0

    def _drop_old(self) -> None:
        for path in sorted(self._root.glob("*.snapshot"))[: -self._keep]:
            path.unlink()

    def _sync_folder(self) -> None:
        folder = os.open(self._root, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def read_snapshot(path: Path) -> Snapshot:
    """A snapshot file. Raises Damaged when torn, changed or of another format."""
    data = path.read_bytes()
    if data[:7] != MAGIC[:7]:
        raise _refuse(path, "does not begin with the mark of this format")
    if len(data) < 44 or hashlib.sha256(memoryview(data)[:-32]).digest() != data[-32:]:
        raise _refuse(path, "checksum differs: torn or changed")
    if data[:8] != MAGIC:
        raise _refuse(path, f"is of format {chr(data[7])}, and this version of Tocsin reads format {FORMAT}")
    length = int.from_bytes(data[8:12], "big")
    header = msgspec.json.decode(data[12 : 12 + length], type=_Header)
    start = 12 + length
    middle = start + header.engine
    return Snapshot(header.seq, header.packs, data[start:middle], data[middle : middle + header.grouper])


def _refuse(path: Path, rule: str) -> Damaged:
    return Damaged(f"snapshot {path.name}", rule, "nothing to do: the one before it is used")


def packs_of(body: bytes) -> tuple[PackInForce, ...]:
    """The packs named by a RULES record."""
    return msgspec.convert(msgspec.json.decode(body)["packs"], tuple[PackInForce, ...])
