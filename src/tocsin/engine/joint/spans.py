"""Spans: when a signal or bulletin stood, at which rank, as long as any window can still ask."""

from __future__ import annotations

from collections.abc import Iterator

__all__ = ["OPEN", "Span", "best_rank", "run_at", "stood"]

OPEN = 1 << 62  # has not ended
Span = list[int]  # [from, until, rank]: stands at moments from <= t < until


def stood(spans: list[Span], rank: int, at: int, window_us: int) -> bool:
    """Whether it stood at that rank or above at some moment in (at - window, at]; with no window: at ``at``."""
    return any(low <= at < OPEN and until > at - window_us and high >= rank for low, until, high in spans)


def best_rank(spans: list[Span], at: int, window_us: int) -> int:
    """The highest rank in (at - window, at]; 0 for none."""
    return max((rank for low, until, rank in spans if low <= at and until > at - window_us), default=0)


def run_at(spans: list[Span], rank: int, at: int) -> int | None:
    """Since when, without a break, it has stood at that rank or above at ``at``; None if it does not."""
    since: int | None = None
    for low, until in _runs(spans, rank):
        if low <= at < until:
            since = low
    return since


def _runs(spans: list[Span], rank: int) -> Iterator[tuple[int, int]]:
    low, high = 0, 0
    for begins, ends, its in spans:
        if its < rank:
            continue
        if high == begins and high > low:
            high = ends
            continue
        if high > low:
            yield low, high
        low, high = begins, ends
    if high > low:
        yield low, high
