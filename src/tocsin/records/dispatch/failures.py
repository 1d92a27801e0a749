"""Reading dispatch: whom a message did not reach. Addresses are never among it."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Count, Q

from tocsin.records.dispatch.lifecycle import DeliveryState
from tocsin.records.dispatch.models import DeliveryRow

__all__ = ["NOT_REACHED", "Unreached", "refused", "unreached"]

NOT_REACHED = (DeliveryState.FAILED, DeliveryState.TOO_LATE)
_POST = "post:"


@dataclass(frozen=True, slots=True)
class Unreached:
    """Who was not reached about a thing: ids of ``posts`` with what the last hop said of each, and how many ``others``
    (they are citizens, and have no name here); ``waiting``: how many are still tried, ``reached``: how many were."""

    posts: tuple[tuple[str, str], ...]
    others: int
    waiting: int
    reached: int

    @property
    def count(self) -> int:
        """How many were not reached."""
        return len(self.posts) + self.others


def unreached(about: str) -> Unreached:
    """What became of all letters about one thing. A post that another letter about it reached is not among them. The room
    that asks has checked that the reader may see the thing."""
    rows = DeliveryRow.objects.filter(dispatch__about=about)
    failed = dict(rows.filter(state__in=NOT_REACHED).order_by("id").values_list("recipient", "said"))
    accepted = rows.filter(state=DeliveryState.ACCEPTED)
    told = set(accepted.filter(recipient__in=list(failed)).values_list("recipient", flat=True))
    posts = tuple((name.removeprefix(_POST), said) for name, said in sorted(failed.items())
                  if name.startswith(_POST) and name not in told)  # fmt: skip
    others = sum(not name.startswith(_POST) and name not in told for name in failed)
    counted = rows.aggregate(waiting=Count("id", filter=Q(state=DeliveryState.WAITING)),
                             reached=Count("recipient", filter=Q(state=DeliveryState.ACCEPTED), distinct=True))  # fmt: skip
    return Unreached(posts, others, counted["waiting"], counted["reached"])


def refused(dispatch_id: str) -> list[tuple[str, str]]:
    """Recipients of a dispatch that will never take it, with what the last hop said."""
    rows = DeliveryRow.objects.filter(dispatch_id=dispatch_id, state=DeliveryState.FAILED)
    return list(rows.order_by("number").values_list("recipient", "said"))
