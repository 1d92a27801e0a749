"""Taking corners out of a ring so that it only grows: the step of outward simplification that keeps the margin small.

Two moves add area and nothing else: a corner that points inwards is cut off by the line between its neighbours, and a side
between two corners that point outwards is replaced by the point in which its neighbours meet. The cheapest move is made
first; a move that would touch another part of the ring is not made.
"""

from __future__ import annotations

import heapq
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

__all__ = ["eliminate"]

Points: TypeAlias = NDArray[np.float64]
_Move: TypeAlias = tuple[float, int, int]  # area added, corner, version of the corner


def eliminate(points: Points, most: int) -> Points:
    """An open ring of at most ``most`` points that contains the given one where that is possible, of as few as possible
    where it is not. ``points`` is an open ring without crossings, counterclockwise, of shape (n, 2). O(n) a move."""
    ring = _Ring(points)
    waiting: list[_Move] = []
    for corner in range(len(points)):
        ring.offer(waiting, corner)
    while ring.count > most and waiting:
        _, corner, version = heapq.heappop(waiting)
        if ring.version[corner] == version and ring.make(corner):
            for neighbour in ring.around(corner):
                ring.version[neighbour] += 1
                ring.offer(waiting, neighbour)
    return ring.left()


class _Ring:
    """A ring whose corners can be taken out: ``before`` and ``after`` lead round."""

    def __init__(self, points: Points) -> None:
        self.count = len(points)
        self.at = points.astype(np.float64).copy()
        self.before = np.roll(np.arange(self.count), 1)
        self.after = np.roll(np.arange(self.count), -1)
        self.alive = np.ones(self.count, bool)
        self.version = [0] * self.count

    def left(self) -> Points:
        """What is left, in order."""
        start = corner = int(np.argmax(self.alive))
        order = [start]
        while (corner := int(self.after[corner])) != start:
            order.append(corner)
        return self.at[order]

    def around(self, corner: int) -> list[int]:
        """The corners whose moves are other ones after a move at ``corner``."""
        if not self.alive[corner]:
            corner = int(self.before[corner])  # still points at a living one
        two_back = int(self.before[self.before[corner]])
        return [
            two_back,
            int(self.before[corner]),
            corner,
            int(self.after[corner]),
            int(self.after[self.after[corner]]),
        ]

    def offer(self, waiting: list[_Move], corner: int) -> None:
        """Put the move at a corner among those waiting, if it has one."""
        cost = self._cost(corner)
        if cost is not None:
            heapq.heappush(waiting, (cost, corner, self.version[corner]))

    def make(self, corner: int) -> bool:
        """Make the move, unless it touches the rest of the ring."""
        back, ahead = int(self.before[corner]), int(self.after[corner])
        if self._turn(back, corner, ahead) <= 0:
            if self._anything_in(self.at[back], self.at[corner], self.at[ahead], (back, corner, ahead)):
                return False
            self._take_out(corner)
            return True
        peak = self._peak(corner)
        if peak is None or self._anything_in(self.at[corner], peak, self.at[ahead], (corner, ahead)):
            return False
        if self._crossed(self.at[corner], peak, corner) or self._crossed(peak, self.at[ahead], corner):
            return False
        self.at[corner] = peak
        self._take_out(ahead)
        return True

    def _take_out(self, corner: int) -> None:
        back, ahead = int(self.before[corner]), int(self.after[corner])
        self.after[back], self.before[ahead] = ahead, back
        self.alive[corner] = False
        self.version[corner] += 1  # what waits for it waits in vain
        self.count -= 1

    def _turn(self, one: int, two: int, three: int) -> float:
        """Twice the area of a triangle, positive for a turn to the left: a corner that points outwards."""
        return float(_cross(self.at[one], self.at[two], self.at[three]))

    def _cost(self, corner: int) -> float | None:
        back, ahead = int(self.before[corner]), int(self.after[corner])
        turn = self._turn(back, corner, ahead)
        if turn <= 0:
            return -turn
        peak = self._peak(corner) if self.count > 4 else None
        return None if peak is None else abs(float(_cross(self.at[corner], self.at[ahead], peak)))

    def _peak(self, corner: int) -> Points | None:
        """Where the sides before and after the side at ``corner`` meet outside, if they do."""
        back, ahead = int(self.before[corner]), int(self.after[corner])
        beyond = int(self.after[ahead])
        if self._turn(corner, ahead, beyond) <= 0 or beyond == back:
            return None
        first, second = self.at[corner] - self.at[back], self.at[ahead] - self.at[beyond]
        spread = first[0] * second[1] - first[1] * second[0]
        if spread >= 0:
            return None  # they run apart, or side by side
        gap = self.at[ahead] - self.at[corner]
        reach = (gap[0] * second[1] - gap[1] * second[0]) / spread
        made: Points = self.at[corner] + reach * first
        return made

    def _anything_in(self, one: Points, two: Points, three: Points, own: tuple[int, ...]) -> bool:
        """Whether another corner lies in or on a triangle."""
        sides = [_cross(a, b, self.at) for a, b in ((one, two), (two, three), (three, one))]
        inside = ((sides[0] >= 0) & (sides[1] >= 0) & (sides[2] >= 0)) | (
            (sides[0] <= 0) & (sides[1] <= 0) & (sides[2] <= 0)
        )
        inside &= self.alive
        inside[list(own)] = False
        return bool(inside.any())

    def _crossed(self, start: Points, end: Points, corner: int) -> bool:
        """Whether a side that is not next to ``corner`` crosses a new side."""
        other = self.at[self.after]
        from_, to = _cross(start, end, self.at), _cross(start, end, other)
        hit = (from_ * to < 0) & (_sides(self.at, other, start) * _sides(self.at, other, end) < 0) & self.alive
        hit[[int(self.before[corner]), corner, int(self.after[corner])]] = False
        return bool(hit.any())


def _cross(one: Points, two: Points, three: Points) -> Points:
    """Twice the signed area of the triangle; of many triangles where ``three`` is many points."""
    made: Points = (two[0] - one[0]) * (three[..., 1] - one[1]) - (two[1] - one[1]) * (three[..., 0] - one[0])
    return made


def _sides(start: Points, end: Points, point: Points) -> Points:
    made: Points = (end[:, 0] - start[:, 0]) * (point[1] - start[:, 1]) - (end[:, 1] - start[:, 1]) * (
        point[0] - start[:, 0]
    )
    return made
