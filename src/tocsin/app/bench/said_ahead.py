"""How long after a moment W1 tells of it: provisionally, and finally; counted in the workload's own time."""

from __future__ import annotations

from typing import Any

import numpy as np

from tocsin.terms.record import Record, RecordKind
from tocsin.terms.signal import Change, Finality, Transition

__all__ = ["SaidAhead"]


class SaidAhead:
    """``note`` what each record told. Delay: from the moment at which a signal was raised to the newest moment that the log
    held when it was told, so it is as fine as a batch is long."""

    def __init__(self) -> None:
        self.newest_us = 0
        self._delay: dict[Finality, list[int]] = {Finality.PROVISIONAL: [], Finality.FINAL: []}
        self._confirmed, self._retracted = 0, 0

    def note(self, record: Record | None, told: list[Transition]) -> None:
        """What a record made known; the end of the file, where there is none."""
        if record is not None and record.kind is RecordKind.OBSERVATIONS and record.batch is not None:
            moments = record.batch.column("observed_at").cast("int64").to_numpy()
            self.newest_us = max(self.newest_us, int(moments.max(initial=0)))
        for transition in told:
            if transition.change is Change.RAISED:
                self._delay[transition.finality].append(max(0, self.newest_us - transition.at_us))
                self._confirmed += transition.finality is Finality.FINAL and bool(transition.episode)
            self._retracted += transition.change is Change.RETRACTED and transition.level == 0

    def figures(self) -> dict[str, Any]:
        """Counts, and the delays in seconds."""
        delays = {
            f"{kind}_delay_s": {
                name: round(float(np.percentile(found, q)) / 1e6, 3) for name, q in (("p50", 50), ("p99", 99))
            }
            for kind, found in self._delay.items()
            if found
        }
        return {"raised": len(self._delay[Finality.PROVISIONAL]), "confirmed": self._confirmed,
                "retracted": self._retracted, "final": len(self._delay[Finality.FINAL])} | delays  # fmt: skip
