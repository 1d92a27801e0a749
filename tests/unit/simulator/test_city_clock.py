"""The demo's city clock: stands, runs at its rate, never passes its end; without it the wall clock shows."""

from __future__ import annotations

import time

from tocsin.records import clock


def test_a_hand_that_was_set_stands_until_it_is_set_again(tmp_path, settings):
    settings.TOCSIN_DRIVEN_CLOCK = tmp_path / "clock"
    clock.drive(tmp_path / "clock", 5_000_000)
    assert clock.now_us() == 5_000_000
    assert clock.now().isoformat() == "1970-01-01T00:00:05+00:00"
    clock.drive(tmp_path / "clock", 6_000_000)
    assert clock.now_us() == 6_000_000


def test_a_running_hand_stops_at_its_end(tmp_path, settings, monkeypatch):
    settings.TOCSIN_DRIVEN_CLOCK = tmp_path / "clock"
    monotonic = [1_000_000_000]
    monkeypatch.setattr(time, "monotonic_ns", lambda: monotonic[0])
    clock.drive(tmp_path / "clock", 0, rate=360.0, at_most_us=300_000_000)
    monotonic[0] += 500_000_000  # half a second of ours
    assert clock.now_us() == 180_000_000
    monotonic[0] += 500_000_000
    assert clock.now_us() == 300_000_000


def test_without_a_driver_the_wall_clock_shows(settings):
    settings.TOCSIN_DRIVEN_CLOCK = None
    before = time.time_ns() // 1000
    assert before <= clock.now_us() <= time.time_ns() // 1000
