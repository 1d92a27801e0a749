"""How far the report of a case has gone up: by when each body was to be told, when it was, and by which post."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from tocsin.packkit.grades import Body
from tocsin.records.cases.queries import CaseFile
from tocsin.records.ledger.queries import Line

__all__ = ["HopLine", "hops_of"]


@dataclass(frozen=True, slots=True)
class HopLine:
    """One hop. ``sender``: the body that passes it up and tells its own government; ``due_at`` None where its clock has not
    begun; ``by``: the post that entered it."""

    sender: Body
    body: Body
    due_at: datetime | None
    done_at: datetime | None = None
    by: str = ""

    @property
    def late(self) -> bool:
        """Whether it was made after its deadline."""
        return self.due_at is not None and self.done_at is not None and self.done_at > self.due_at


def hops_of(file: CaseFile, chain: Sequence[Line]) -> list[HopLine]:
    """The hops of a case in their order: those made, also where its grade has fallen since, then those to come."""
    table = file.line.kind.grade
    if table is None or table.chain is None:
        return []
    made = [one for one in chain if one.verb == "case_moved" and one.body.get("move") in table.chain.moves]
    clocks = [one for one in file.clocks if one.code == table.chain.clock and one.purpose == "case"]
    ended = {one.ended_at: one.due_at for one in clocks if one.ended_at is not None}
    running = next((one.due_at for one in clocks if one.ended_at is None), None)
    bodies = table.bodies[1 : 1 + max(len(made), len(table.hops(file.line.values.get(table.name))))]
    out = []
    for place, (sender, body) in enumerate(zip(table.bodies, bodies, strict=False)):
        if place < len(made):
            one = made[place]
            out.append(HopLine(sender, body, ended.get(one.at), one.at, one.actor.partition("/")[0]))
        else:
            out.append(HopLine(sender, body, running if place == len(made) else None))
    return out
