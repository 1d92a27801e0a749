"""Trials: what people decided about shadows, as the packs and shadows that the log is to name."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path

from tocsin.app.engine_process import packs_in_force
from tocsin.app.engine_process.shadows import ShadowInLog
from tocsin.app.engine_process.snapshots import PackInForce
from tocsin.loop.detect.shadow_queries import ShadowOrder, orders
from tocsin.packkit import Pack, require_fit
from tocsin.terms.errors import TocsinError
from tocsin.terms.stream import Stream

__all__ = ["SHADOWS", "Trials"]

SHADOWS = (
    ".shadow"  # under TOCSIN_HOME/packs; rooms read words and first actions from the packs beside it, never from here
)
LOOK_S = 0.25

log = logging.getLogger(__name__)


class Trials:
    """The decisions as they stood when ``changed`` was last asked. ``kept``: TOCSIN_HOME/packs."""

    def __init__(self, kept: Path, *, read: Callable[[], list[ShadowOrder]] = orders) -> None:
        self._kept, self._read = kept, read
        self._orders: list[ShadowOrder] = read()
        self._looked = time.monotonic()
        self._loaded: dict[tuple[str, str], Pack | None] = {}

    def changed(self) -> bool:
        """Look again, at most a few times a second; whether anything was decided since."""
        if time.monotonic() - self._looked < LOOK_S:
            return False
        self._looked = time.monotonic()
        before, self._orders = self._orders, self._read()
        return before != self._orders

    def in_force(self, packs: Sequence[Pack]) -> list[Pack]:
        """The packs of the settings, each replaced by the version promoted over it. A promotion holds over the very version
        it was tried beside: where the settings name another one since, the settings hold."""
        out = {pack.name: pack for pack in packs}
        for order in self._orders:
            present = out.get(order.pack)
            stands_beside = present.sha if present is not None else ""
            if not order.promoted or order.replaces != stands_beside or (promoted := self._load(order)) is None:
                continue
            packs_in_force.enable([str(promoted.path)], self._kept)
            os.utime(self._kept / promoted.sha)  # words and first actions are read from the newest of a name
            out[order.pack] = promoted
        return list(out.values())

    def running(self, on: date, streams: Sequence[Stream], *, allow_out_of_date: bool) -> tuple[ShadowInLog, ...]:
        """The shadows to judge on a day; those whose streams are in another unit, or whose copy is gone, are left out."""
        out = []
        for order in self._orders:
            pack = None if order.promoted else self._load(order)
            if pack is None:
                continue
            try:
                require_fit([pack], streams)
            except TocsinError as error:
                log.error("shadow %s of pack %s does not judge: %s", order.id, order.pack, error)
                continue
            (named,) = packs_in_force.put_in_force([pack], on, allow_out_of_date=allow_out_of_date)
            out.append(ShadowInLog(order.id, named, order.rules))
        return tuple(out)

    def _load(self, order: ShadowOrder) -> Pack | None:
        key = (order.pack, order.sha)
        if key not in self._loaded:
            try:
                named = PackInForce(order.pack, order.version, order.sha)
                (self._loaded[key],) = packs_in_force.load([named], self._kept / SHADOWS)
            except TocsinError as error:
                log.error("shadow %s of pack %s cannot be read: %s", order.id, order.pack, error)
                self._loaded[key] = None
        return self._loaded[key]
