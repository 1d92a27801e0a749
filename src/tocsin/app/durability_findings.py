"""What ``tocsin doctor`` finds of disk, snapshots and the engine's own figures."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping

from tocsin.app.configuration import Configuration
from tocsin.app.finding import Finding
from tocsin.terms.errors import Damaged

__all__ = ["engine_findings", "free_space", "snapshot_findings"]

SLOW_FSYNC_MS = 500.0
MIB = 1 << 20
Health = Mapping[str, int | float | str | None]


def free_space(configuration: Configuration, kind: str) -> Finding:
    """How much of the disk is free, against the floor below which nothing is taken."""
    from tocsin.app.engine_process.free_space import LOW

    status = os.statvfs(configuration.home.root)
    free, floor = status.f_bavail * status.f_frsize, configuration.free_space_floor_mb * MIB
    if free < floor:
        words = f"only {free // MIB} MiB free: below {floor // MIB} MiB (free_space_floor_mb) observations are refused"
        return Finding("disk", "fault", words, "free space; the engine then goes on by itself")
    if free < LOW * floor:
        words = f"{free // MIB} MiB free; below {floor // MIB} MiB (free_space_floor_mb) observations will be refused"
        return Finding("disk", "fault", words, "free space")
    return Finding("disk", "ok", f"{kind}, {free / (1 << 30):.1f} GiB free")


def snapshot_findings(configuration: Configuration) -> Iterator[Finding]:
    """Whether the snapshots on disk can be used; the newest that can is where a start begins."""
    from tocsin.app.engine_process.snapshots import read_snapshot

    sound = []
    paths = sorted(configuration.home.snapshots.glob("*.snapshot"), reverse=True)
    for path in paths:
        try:
            sound.append(read_snapshot(path).seq)
        except Damaged as error:
            yield Finding("snapshots", "note", f"{error.thing}: {error.rule}", error.remedy)
    if sound:
        yield Finding("snapshots", "ok", f"{len(sound)} of {len(paths)} can be used, the newest at record {sound[0]}")
    elif paths:
        yield Finding("snapshots", "note", "none can be used", "nothing to do: the next start reads the whole log")


def engine_findings(health: Health) -> Iterator[Finding]:
    """What the running engine says of its disk, its clock and what it could not read."""
    if health.get("failed"):
        yield Finding("engine", "fault", str(health["failed"]), "see `tocsin log repair`, docs/durability.md")
    if lost := health.get("damaged_records"):
        yield Finding(
            "engine", "note", f"{lost} records of the log were given up", "`tocsin ledger show log` says which"
        )
    if healed := health.get("healed_records"):
        words = f"{healed} damaged records were read from history instead"
        yield Finding("engine", "note", words, "see the disk; restore the segment from a backup")
    if abandoned := health.get("abandoned_segments"):
        words = (
            f"{abandoned} segments were given up after a write that failed; what was acknowledged was read back whole"
        )
        yield Finding("engine", "note", words, "see the disk")
    if torn := health.get("torn_bytes"):
        yield Finding("engine", "note", f"{torn} bytes of a write that nobody was told of were cut off at the start")
    if trouble := health.get("snapshot_trouble"):
        yield Finding(
            "engine", "fault", f"the last snapshot was not written: {trouble}", "free space or repair the disk"
        )
    longest = float(health.get("fsync_max_ms") or 0)
    if longest > SLOW_FSYNC_MS:
        words = f"the disk took up to {longest:.0f} ms for one fsync in the last minute (median {health['fsync_p50_ms']} ms)"
        yield Finding(
            "engine", "note", words, "senders wait so long for an acknowledgement: see what else writes there"
        )
    if doubt := float(health.get("clock_doubt_s") or 0):
        words = f"the wall clock leapt {doubt:.0f} s ahead and is not believed"
        yield Finding("engine", "fault", words, "set the clock right; or, if it is right, see docs/durability.md")
