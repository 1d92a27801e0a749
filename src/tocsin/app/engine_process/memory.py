"""Memory: rules and streams that would together need more than the deployment has are refused before they come into force,
not found out when the kernel ends the process at three in the night."""

from __future__ import annotations

import os
from collections.abc import Iterable

from tocsin.engine.budget import refuse_above
from tocsin.packkit import Pack
from tocsin.terms.stream import Catalogue

__all__ = ["MemoryBudget"]

_PART = 0.75  # of the machine's memory, where nothing is set: doors and database need some too


class MemoryBudget:
    """``megabytes`` (MiB) that rules may need once their windows are full; 0 = three quarters of the machine's memory."""

    def __init__(self, megabytes: int) -> None:
        machine = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
        self.bytes = megabytes << 20 if megabytes else int(machine * _PART)

    def require(self, packs: Iterable[Pack], catalogue: Catalogue) -> None:
        """Raises TooBig, naming the part that needs most."""
        refuse_above(self.bytes, [rule for pack in packs for rule in pack.rules], catalogue)
