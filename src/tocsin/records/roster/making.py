"""Making turns: the declared rota, laid out for the coming days as org's shifts. Only ``services`` calls it, in a transaction.

Made again, it changes nothing that is right already. A turn that changed keeps its key and raises its sequence. What an
administrator entered by hand is left alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta

from tocsin.clocks import Calendar, read_calendar
from tocsin.clocks.rota import Override, Rotation, Turn, turns
from tocsin.records.org import rostered
from tocsin.records.roster.models import OverrideRow, RotationRow, TurnRow
from tocsin.terms.errors import Refused

__all__ = ["AHEAD", "CALENDAR", "make_post", "rotation_of", "wanted"]

AHEAD = timedelta(days=14)
_BACK = timedelta(days=3)  # no shift is longer
CALENDAR: Calendar = read_calendar("cn")  # which days are working days


def rotation_of(row: RotationRow) -> Rotation:
    """The declared rotation of a row."""
    shifts = tuple((time.fromisoformat(begin), time.fromisoformat(end)) for begin, end in row.shifts)
    start = row.start if isinstance(row.start, date) else date.fromisoformat(row.start)
    return Rotation(row.id, tuple(row.accounts), start, shifts, row.zone, row.turn_days, frozenset(row.weekdays), row.days,
                    row.end)  # fmt: skip


def wanted(post: str, *, begin: datetime, end: datetime) -> list[Turn]:
    """The turns of a post as declared and overridden; ``account`` "" where nobody is to hold it."""
    rotations = [rotation_of(row) for row in RotationRow.objects.filter(post=post).order_by("number", "id")]
    rows = OverrideRow.objects.filter(post=post, withdrawn_at=None, until_at__gt=begin - _BACK, from_at__lt=end)
    overrides = [Override(r.from_at, r.until_at, r.absent, r.instead) for r in rows.order_by("made_at", "id")]
    return turns(rotations, overrides, begin, end, CALENDAR)


def make_post(post: str, *, now: datetime) -> list[str]:
    """Lay out a post's turns that are not over; the accounts whose shifts changed."""
    plan = {turn.key: turn for turn in wanted(post, begin=now - _BACK, end=now + AHEAD) if turn.until_at > now}
    had = {row.key: row for row in TurnRow.objects.select_for_update().filter(post=post, until_at__gt=now)}
    changed: list[str] = []
    for key, row in had.items():
        if key not in plan:
            changed += _let_go(row, now)
            row.delete()
    for key, turn in plan.items():
        changed += _lay(post, turn, had.get(key), now)
    return sorted({account for account in changed if account})


def _lay(post: str, turn: Turn, row: TurnRow | None, now: datetime) -> Sequence[str]:
    if row is None:
        row = TurnRow(post=post, key=turn.key, sequence=-1)
    elif _is_right(row, turn):
        return ()
    before = _let_go(row, now) if row.shift is not None else []
    row.account, row.from_at, row.until_at = turn.account, turn.from_at, turn.until_at
    row.sequence, row.changed_at, row.shift = row.sequence + 1, now, None
    if turn.account:
        try:
            row.shift = rostered.open_shift(post, turn.account, max(turn.from_at, now), turn.until_at, now=now)
        except Refused:  # a closed account, or an administrator's: nobody holds it, and that is said aloud
            row.account = ""
    row.save()
    return [*before, row.account]


def _is_right(row: TurnRow, turn: Turn) -> bool:
    same = (row.from_at, row.until_at) == (turn.from_at, turn.until_at)
    if row.account:
        return same and row.account == turn.account and row.shift is not None and rostered.stands(row.shift)
    return same and (not turn.account or not rostered.may_hold(row.post, turn.account))


def _let_go(row: TurnRow, now: datetime) -> list[str]:
    if row.shift is None:
        return []
    rostered.close_shift(row.shift, now=now)
    row.shift = None
    return [row.account]
