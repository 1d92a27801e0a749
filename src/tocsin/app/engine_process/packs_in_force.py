"""Packs in force: copied to TOCSIN_HOME/packs/<sha> when enabled, so that old work is always read with its own rules.

Which of a pack's rules judge depends on the day: a rule speaks only while the source of its numbers is in force. What is
left out stands in the log's RULES record beside the pack, so the log alone says what judged when.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

from tocsin.app.engine_process.snapshots import PackInForce
from tocsin.packkit import Pack, find_pack, load_pack
from tocsin.terms.errors import Damaged, UnknownName
from tocsin.terms.moment import from_us

__all__ = ["civil_day", "enable", "load", "out_of_date", "put_in_force"]


def enable(names: Sequence[str], kept: Path) -> list[Pack]:
    """Check each pack (a built-in name or a folder), keep a copy under its sha, and give it with all its rules. Raises
    UnknownName, BadPack."""
    return [_enable(find_pack(name), kept) for name in names]


def put_in_force(packs: Sequence[Pack], on: date, *, allow_out_of_date: bool = False) -> tuple[PackInForce, ...]:
    """What a RULES record says of these packs on a day."""
    return tuple(
        PackInForce(pack.name, str(pack.version), pack.sha, () if allow_out_of_date else tuple(out_of_date(pack, on)))
        for pack in packs
    )


def out_of_date(pack: Pack, on: date) -> Mapping[str, str]:
    """The rules whose dates, or whose pack's dates, do not cover a day, with those dates in words."""
    kept = {rule.name for rule in pack.rules_in_force(on)}
    out = {}
    for rule in pack.rules:
        if rule.name not in kept:
            origin = pack.provenance[rule.name]
            own = origin.in_force(on)
            first, last = (pack.valid_from, pack.valid_to) if own else (origin.valid_from, origin.valid_to)
            out[rule.name] = f"{'its pack' if own else 'its source'} is in force from {first}" + (
                f" and no more from {last}" if last else ""
            )
    return out


def load(packs: Sequence[PackInForce], kept: Path) -> list[Pack]:
    """The packs as they were when put in force, without the rules then left out. Raises UnknownName when a copy is
    gone, Damaged when it was changed."""
    return [_load(pack, kept) for pack in packs]


def civil_day(now_us: int, zone: str) -> date:
    """The day by which dates of validity are asked."""
    return from_us(now_us).astimezone(ZoneInfo(zone)).date()


def _enable(folder: Path, kept: Path) -> Pack:
    pack = load_pack(folder)
    target = kept / pack.sha / pack.name
    if not target.is_dir():
        aside = kept / f".{pack.sha}.{os.getpid()}"
        shutil.copytree(folder, aside / pack.name, ignore=shutil.ignore_patterns("__pycache__", "*.pyc"))
        with contextlib.suppress(OSError):  # another process was first
            aside.rename(kept / pack.sha)
        shutil.rmtree(aside, ignore_errors=True)
    return pack


def _load(pack: PackInForce, kept: Path) -> Pack:
    folder = kept / pack.sha / pack.name
    if not folder.is_dir():
        raise UnknownName(f"pack {pack.name} {pack.sha[:12]}", f"is not kept under {kept}", "restore it from a backup")
    loaded = load_pack(folder)
    if loaded.sha != pack.sha:
        rule = f"the copy under {folder} was changed"
        raise Damaged(
            f"pack {pack.name} {pack.sha[:12]}", rule, "restore it from a backup, or from the release it came with"
        )
    return replace(loaded, rules=tuple(rule for rule in loaded.rules if rule.name not in pack.left_out))
