"""The form of the five implementations, read field by field: what is wrong is said beside each, and nothing typed is lost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time, tzinfo

from django.http import QueryDict
from django.utils.translation import gettext as _

from tocsin.loop.rectify.five import FIELDS, Fault, Five, faults, money_of
from tocsin.loop.rectify.notices import fault_word, field_word
from tocsin.loop.rectify.queries import FindingLine
from tocsin.terms.errors import BadValue

__all__ = ["Field", "day_of", "fields_of", "read_five", "typed_of"]


@dataclass(frozen=True, slots=True)
class Field:
    """One field as the form shows it: its words, what was typed, what is wrong with it ("" = nothing)."""

    name: str
    label: str
    hint: str
    value: str
    wrong: str
    kind: str  # text, area, money or day
    most: int


def typed_of(line: FindingLine, zone: tzinfo) -> dict[str, str]:
    """What the form begins with: the plan as it stands."""
    deadline = line.deadline_at.astimezone(zone).strftime("%Y-%m-%d") if line.deadline_at else ""
    money = "" if line.money is None else f"{line.money:f}"
    return {"person": line.person, "measures": line.measures, "money": money, "deadline": deadline, "plan": line.plan}


def read_five(
    post: QueryDict, zone: tzinfo, *, limit: datetime, now: datetime
) -> tuple[Five, dict[str, str], list[Fault]]:
    """The five as typed: their values, the texts, and everything that is wrong. A deadline is a day: until its end by the
    facility's clock, or until the order's limit where that is earlier the same day."""
    typed = {name: post.get(name, "").replace("\r\n", "\n").strip() for name in FIELDS}
    unreadable: list[Fault] = []
    money, deadline = None, None
    try:
        money = money_of(typed["money"])
    except ValueError:
        unreadable.append(Fault("money", "unreadable"))
    try:
        deadline = day_of(typed["deadline"], zone) if typed["deadline"] else None
    except BadValue:
        unreadable.append(Fault("deadline", "unreadable"))
    if deadline is not None and deadline > limit and deadline.date() == limit.astimezone(zone).date():
        deadline = limit
    five = Five(typed["person"], typed["measures"], money, deadline, typed["plan"])
    named = {fault.field for fault in unreadable}
    found = [*unreadable, *(fault for fault in faults(five, limit=limit, now=now) if fault.field not in named)]
    return five, typed, sorted(found, key=lambda fault: FIELDS.index(fault.field))


def fields_of(typed: Mapping[str, str], found: list[Fault]) -> list[Field]:
    """The five fields with their words."""
    wrong = {fault.field: fault_word(fault.what) for fault in found}
    hints = {
        "person": _("The office or name that answers for it"), "measures": _("What is done, in which order"),
        "money": _("In yuan; write 0 where none is needed"), "deadline": _("The day until which it is done"),
        "plan": _("What is done if it goes wrong before it is fixed"),
    }  # fmt: skip
    kinds = {"person": "text", "measures": "area", "money": "money", "deadline": "day", "plan": "area"}
    most = {"person": 200, "measures": 4000, "money": 20, "deadline": 10, "plan": 4000}
    return [
        Field(name, field_word(name), hints[name], typed.get(name, ""), wrong.get(name, ""), kinds[name], most[name])
        for name in FIELDS
    ]


def day_of(text: str, zone: tzinfo) -> datetime:
    """The last minute of a day as typed, in a zone. Raises BadValue."""
    try:
        day = datetime.strptime(text.strip(), "%Y-%m-%d").date()  # noqa: DTZ007 - the zone comes in the next line
    except ValueError:
        raise BadValue(_("day"), _("cannot be read"), _("write it as 2026-01-31")) from None
    return datetime.combine(day, time(23, 59), zone)
