"""Where workloads and recorded data lie: beside the checkout, or where ``TOCSIN_BENCH_DATA`` says."""

from __future__ import annotations

import os
from pathlib import Path

from report import CHECKOUT


class NotHere(Exception):
    """A part cannot run on this machine; its text says what is missing and what to do."""


def folder(*parts: str) -> Path:
    """``bench/detection``, ``data/beijing_air`` and the like. Raises NotHere."""
    root = Path(os.environ.get("TOCSIN_BENCH_DATA") or CHECKOUT.parent / "shared")
    found = root.joinpath(*parts)
    if not found.is_dir():
        raise NotHere(
            f"{'/'.join(parts)} is not on this machine; set TOCSIN_BENCH_DATA to the folder that holds it "
            "(else ../shared beside the checkout is looked at)."
        )
    return found


def scratch() -> str | None:
    """Folder for temporary files (``TOCSIN_BENCH_DIR``); a log measured on a disk in memory says nothing."""
    return os.environ.get("TOCSIN_BENCH_DIR")
