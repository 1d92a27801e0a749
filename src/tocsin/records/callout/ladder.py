"""Ladder: who is called for an area, and in which order: its warden, then its deputies, then the post above. By declaration
only (``duty`` of a post); an area that nobody declared is called at the post above from the first moment on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from tocsin.geo import is_inside, lineage, parent_of
from tocsin.records.callout.lifecycle import Rung
from tocsin.records.callout.plan import CallOutPlan
from tocsin.records.org import queries as org
from tocsin.records.org.roles import Role
from tocsin.records.org.scope import EVERYWHERE
from tocsin.records.org.services import PostLine

__all__ = ["Called", "Ladder"]


@dataclass(frozen=True, slots=True)
class Called:
    """A post that is called, and as what."""

    post: PostLine
    rung: Rung


@dataclass(frozen=True)
class Ladder:
    """The posts that may be called, as they are now."""

    posts: Sequence[PostLine]

    @classmethod
    def read(cls) -> Ladder:
        """From the register of posts."""
        return cls([post for post in org.posts(EVERYWHERE) if post.duty or post.role == Role.DUTY_OFFICER])

    @property
    def is_declared(self) -> bool:
        """Whether this deployment declares any warden at all; where it does not, nobody is called out."""
        return any(post.duty for post in self.posts)

    def areas(self, paths: Iterable[str]) -> list[str]:
        """The areas to be called for these villages: each one's nearest area with a warden; where that area has villages with
        wardens of their own, the village itself, so that it is seen that nobody answers for it."""
        return list(dict.fromkeys(self._warded(path) or path for path in paths))

    def called(self, area: str, in_vain: int, plan: CallOutPlan) -> list[Called]:
        """Who is called for an area after so many calls in vain. Whoever was called goes on being called."""
        wardens = self._of(area, "warden")
        deputies = self._of(area, "deputy") if in_vain >= plan.deputies_after or not wardens else []
        found = [Called(post, Rung.WARDEN) for post in wardens] + [Called(post, Rung.DEPUTY) for post in deputies]
        if in_vain >= plan.upper_after or not found:
            found += [Called(post, Rung.UPPER) for post in self._above(area)]
        return list({one.post.id: one for one in reversed(found)}.values())[::-1]

    def may_answer(self, area: str) -> list[PostLine]:
        """Posts by which an area can be reached at all: those of the area and below, and those above that are called."""
        below = [post for post in self.posts if post.duty and is_inside(post.jurisdiction, area)]
        return list({post.id: post for post in (*below, *self._above(area))}.values())

    def rung(self, area: str, post: PostLine) -> Rung:
        """As what a post answers for an area."""
        if not is_inside(post.jurisdiction, area):
            return Rung.UPPER
        return Rung.DEPUTY if post.duty == "deputy" else Rung.WARDEN

    @cached_property
    def _by_duty(self) -> dict[tuple[str, str], list[PostLine]]:
        found: dict[tuple[str, str], list[PostLine]] = {}
        for post in self.posts:
            found.setdefault((post.duty, post.jurisdiction), []).append(post)
        return found

    @cached_property
    def _with_wardens_below(self) -> set[str]:
        return {above for duty, path in self._by_duty if duty == "warden" for above in lineage(path)[1:]}

    def _warded(self, path: str) -> str:
        nearest = next((above for above in lineage(path) if self._of(above, "warden")), "")
        return nearest if nearest == path or nearest not in self._with_wardens_below else ""

    def _of(self, area: str, duty: str) -> list[PostLine]:
        return self._by_duty.get((duty, area), [])

    def _above(self, area: str) -> list[PostLine]:
        """The wardens of the nearest area above that has any, else the duty officers of the nearest that has any."""
        for above in lineage(parent_of(area)):
            if found := self._of(above, "warden"):
                return found
        officers = [post for post in self.posts if post.role == Role.DUTY_OFFICER]
        for above in (*lineage(parent_of(area)), ""):
            if found := [post for post in officers if post.jurisdiction == above]:
                return found
        return [post for post in officers if post.jurisdiction == area]
