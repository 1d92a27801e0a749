"""Time under a wall clock that leaps: never back, never years ahead, and no storm of silence."""

from __future__ import annotations

from pathlib import Path

import pytest

from tocsin.app.engine_process.steady_clock import SteadyClock
from tocsin.app.engine_process.ticks import TickClock

SECOND = 1_000_000
HOUR, DAY, YEAR = 3600 * SECOND, 86_400 * SECOND, 365 * 86_400 * SECOND
T0 = 1_790_000_000 * SECOND


class Machine:
    """A wall clock that can be set, and the time since boot, which cannot."""

    def __init__(self, kept: Path | None = None) -> None:
        self.wall, self.boot, self.kept = T0, 50 * SECOND, kept
        self.clock = self.started()

    def started(self) -> SteadyClock:
        self.clock = SteadyClock(lambda: self.wall, since_boot_us=lambda: self.boot, boot="b", kept=self.kept)
        return self.clock

    def run(self, seconds: int, observed_behind_us: int | None = None) -> list[int]:
        """Seconds pass; with ``observed_behind_us`` a source delivers each second, that far behind the wall clock."""
        said = []
        for _ in range(seconds):
            self.wall += SECOND
            self.boot += SECOND
            said.append(self.clock.now_us())
            if observed_behind_us is not None:
                self.clock.heard(self.wall - observed_behind_us)
        return said


def test_an_honest_clock_is_followed() -> None:
    machine = Machine()
    assert machine.run(100) == [T0 + n * SECOND for n in range(1, 101)]
    machine.wall += 30 * SECOND  # a small step forward too
    assert machine.clock.now_us() == machine.wall
    assert (machine.clock.steps, machine.clock.doubt_s) == (1, 0.0)


@pytest.mark.parametrize("leap", [HOUR, 10 * YEAR])
def test_a_leap_forward_is_held_while_sources_keep_the_old_time(leap: int) -> None:
    machine = Machine()
    machine.run(10)
    machine.wall += leap
    said = machine.run(3600, observed_behind_us=leap + 2 * SECOND)
    assert said == [T0 + n * SECOND for n in range(11, 3611)]  # ticks go on at the old pace: nobody falls silent
    assert machine.clock.doubt_s == pytest.approx(leap / SECOND)
    machine.wall -= leap  # somebody set it right
    assert machine.clock.now_us() == machine.wall
    assert machine.clock.doubt_s == 0.0


@pytest.mark.parametrize("leap", [HOUR, 10 * YEAR])
def test_a_leap_forward_is_believed_when_sources_speak_for_it(leap: int) -> None:
    machine = Machine()
    machine.wall += leap
    machine.run(2, observed_behind_us=SECOND)
    assert machine.clock.doubt_s > 0
    machine.run(1, observed_behind_us=SECOND)
    assert machine.clock.doubt_s == 0.0
    assert machine.clock.now_us() == machine.wall


def test_a_leap_of_an_hour_that_nobody_speaks_against_is_believed_after_ten_minutes() -> None:
    machine = Machine()
    machine.wall += HOUR
    machine.run(599)
    assert machine.clock.doubt_s > 0
    machine.run(2)
    assert machine.clock.now_us() == machine.wall


def test_a_leap_of_years_is_never_believed_without_a_witness_and_old_files_are_none() -> None:
    machine = Machine()
    machine.wall += 10 * YEAR
    machine.run(4000)
    assert machine.clock.doubt_s > 0
    for _ in range(9):
        machine.clock.heard(T0 - 20 * YEAR)
    assert not machine.clock._contradicted


def test_a_step_back_is_followed_and_ticks_wait() -> None:
    machine = Machine()
    ticks = TickClock(0)
    given = [ticks.due(moment, lambda: True) for moment in machine.run(10)]
    machine.wall -= HOUR
    later = [ticks.due(moment, lambda: True) for moment in machine.run(3700)]
    every = [tick for tick in given + later if tick is not None]
    assert every == sorted(set(every))
    assert later[:3590] == [None] * 3590
    assert later[-1] is not None
    assert machine.clock.steps == 1


def test_a_leap_during_a_restart_is_seen(tmp_path: Path) -> None:
    machine = Machine(tmp_path / "clock")
    machine.run(5)
    machine.wall += YEAR
    machine.started()
    assert machine.clock.doubt_s == pytest.approx(YEAR / SECOND)
    assert machine.clock.now_us() == T0 + 5 * SECOND
    (tmp_path / "clock").unlink()  # the operator says that the new time is right
    machine.started()
    assert machine.clock.now_us() == machine.wall
    (tmp_path / "clock").write_text("nonsense")
    assert machine.started().now_us() == machine.wall
