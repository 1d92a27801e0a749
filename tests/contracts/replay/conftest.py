"""Where the recorded data are, and one replay of each for all tests that look at it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tocsin.app.replay.command import replay_paths
from tocsin.packkit import builtin_pack_paths, load_pack

CHECKOUT = Path(__file__).parents[3]


def data_folder(name: str) -> Path:
    """``TOCSIN_DATA`` or ``../shared/data`` beside the checkout; skips with a plain sentence where neither holds it."""
    root = Path(os.environ.get("TOCSIN_DATA") or CHECKOUT.parent / "shared" / "data")
    if not (root / name).is_dir():
        pytest.skip(
            f"The recorded data set {name} is not on this machine; set TOCSIN_DATA to the folder that holds it."
        )
    return root / name


@pytest.fixture(scope="session")
def natural_hazards():
    return load_pack(next(path for path in builtin_pack_paths() if path.name == "natural_hazards"))


@pytest.fixture(scope="session")
def river(natural_hazards):
    return replay_paths((data_folder("river"),), natural_hazards)


@pytest.fixture(scope="session")
def beijing(natural_hazards):
    return replay_paths((data_folder("beijing_air"),), natural_hazards)
