"""The watcher's judgement against a plain twin: what is said when, whatever comes."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tocsin.app.watching import Call, Watch


@given(
    looks=st.lists(st.tuples(st.booleans(), st.integers(1, 200), st.booleans()), max_size=40),
    after=st.integers(0, 300), again=st.integers(1, 600),
)  # fmt: skip
def test_what_is_said_and_when(looks: list[tuple[bool, int, bool]], after: int, again: int) -> None:
    """Silence is told once ``after`` has passed, again each ``again``, its end once; what reached nobody comes
    again at once."""
    watch = Watch(float(after), float(again), 0.0)
    now, last_good, told_at, is_told = 0, 0, 0, False
    for well, pause, reaches in looks:
        now += pause
        call = watch.look(well, float(now))
        if well:
            last_good = now
            expected = Call.BACK if is_told else Call.NOTHING
        elif now - last_good < after:
            expected = Call.NOTHING
        elif not is_told:
            expected = Call.STOPPED
        else:
            expected = Call.STILL if now - told_at >= again else Call.NOTHING
        assert call is expected
        if call is not Call.NOTHING and reaches:
            watch.said(call, float(now))
            is_told, told_at = call is not Call.BACK, now


def test_who_was_dead_before_the_watcher_is_noticed() -> None:
    watch = Watch(180.0, 1800.0, 1000.0)
    assert watch.look(False, 1179.0) is Call.NOTHING
    assert watch.look(False, 1180.0) is Call.STOPPED
