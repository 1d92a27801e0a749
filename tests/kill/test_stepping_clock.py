"""The wall clock is set while a whole engine process runs: an hour back, forward again, and 400 days ahead over a kill."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.kill

ROOT = Path(__file__).parents[2]
PLAY = "from tests.kill.stepping_clock import play; play()"
HOUR_S, DAY_S = 3600, 86_400


def test_a_clock_that_is_set_is_seen_said_and_survived(tmp_path: Path) -> None:
    if not shutil.which("cc"):
        pytest.fail("no C compiler: install the Debian packages gcc and libc6-dev, as .ci/run does")
    own = {name: value for name, value in os.environ.items() if not name.startswith("TOCSIN_")}
    environment = own | {"CLOCK_PLAY": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", PLAY],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-5000:]
    found = json.loads(done.stdout.splitlines()[-1])
    # nothing lost, nothing stamped backwards or years ahead, and the signals are those of one engine over the same log
    assert found["acknowledged"] > 450
    assert found["lost"] == 0
    assert found["stamps_go_back"] == 0
    assert found["years_ahead"] == 0
    assert found["same_signals"]
    assert found["transitions"] > 0
    assert found["silences"] == 0  # nobody fell silent: only a clock was wrong
    # an hour back is followed; a leap is doubted, also by the engine's next life
    assert found["doubt_after_step_back"] == 0.0
    assert found["doubt_after_leap"] == pytest.approx(400 * DAY_S, abs=HOUR_S)
    assert found["doubt_after_restart"] == pytest.approx(400 * DAY_S, abs=HOUR_S)
    assert "the wall clock was set by -3600" in found["said"]
    assert "leapt forward by 3600 s" in found["said"]
    assert "sources speak for it" in found["said"]
    assert "leapt forward by 34560000 s" in found["said"]
    assert "the wall clock is back where it was" in found["said"]
