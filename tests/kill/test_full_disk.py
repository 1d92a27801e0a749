"""A disk that fills up under a running deployment: log, snapshots and database on a small tmpfs of the test's own.

Mounting needs root. Where that is not permitted the test fails and says so: a full disk that nobody tried is no promise.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.kill

ROOT = Path(__file__).parents[2]
PLAY = "from tests.kill.full_disk import play; play()"


def mounted(folder: Path, size: str) -> Path:
    """A tmpfs of that size."""
    folder.mkdir()
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size},mode=0700", "tocsin-test", str(folder)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        pytest.fail(f"a tmpfs could not be mounted ({done.stderr.strip()}): run this test as root, as CI does")
    return folder


@pytest.mark.parametrize("floor_mb", ["12", "0"])
def test_a_full_disk_refuses_in_words_loses_nothing_and_is_overcome(tmp_path: Path, floor_mb: str) -> None:
    """With the floor observations stop before the disk is full; without it everything meets a disk without a byte."""
    disk = mounted(tmp_path / "disk", "96m")
    try:
        own = {name: value for name, value in os.environ.items() if not name.startswith("TOCSIN_")}
        environment = own | {"FULL_DISK": str(disk), "TOCSIN_FREE_SPACE_FLOOR_MB": floor_mb}
        done = subprocess.run(
            [sys.executable, "-c", PLAY], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=900,
            check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-5000:]
        found = json.loads(done.stdout.splitlines()[-1])
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)
    assert found["refused"] > 0
    assert found["status"] == [503]
    assert found["retry_after"] == ["2"]
    assert found["lost"] == 0
    assert found["same_signals"]
    assert found["taken_after"] > found["taken_before"]
    assert found["restarts"] == 0  # the engine process never ended: it recovered by itself
    if floor_mb != "0":
        assert "MiB are free" in found["words"]
        assert "free space, then send again" in found["words"]
        assert any("MiB of disk are free: soon" in note for note in found["warned"])
        assert any("observations are refused until there is room" in fault for fault in found["unready"])
    else:
        assert "No space left" in found["words"]
