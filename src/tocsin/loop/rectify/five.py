"""The five implementations: person, measures, money, deadline, plan. Pure: what is missing or wrong in them, field by field, so
that a form can say it beside each field and the service can refuse it whole."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation

__all__ = ["FIELDS", "LONGEST", "MOST_MONEY", "Fault", "Five", "faults", "money_of"]

FIELDS = ("person", "measures", "money", "deadline", "plan")
LONGEST = {"person": 200, "measures": 4000, "plan": 4000}
MOST_MONEY = Decimal("999999999999.99")


@dataclass(frozen=True, slots=True)
class Five:
    """As the operator entered them. ``money`` None: not said; 0 must be said too."""

    person: str = ""
    measures: str = ""
    money: Decimal | None = None
    deadline: datetime | None = None
    plan: str = ""


@dataclass(frozen=True, slots=True)
class Fault:
    """``field`` and what is wrong with it: empty, too_long, negative, too_much, past or after_limit."""

    field: str
    what: str


def faults(five: Five, *, limit: datetime, now: datetime) -> list[Fault]:
    """Everything that is missing or wrong, in the order of the form; empty where all five are complete."""
    found = [Fault(name, what) for name in ("person", "measures") if (what := _text(five, name))]
    found += [Fault("money", what)] if (what := _money(five.money)) else []
    found += [Fault("deadline", what)] if (what := _deadline(five.deadline, limit, now)) else []
    found += [Fault("plan", what)] if (what := _text(five, "plan")) else []
    return found


def money_of(text: str) -> Decimal | None:
    """An amount as typed (thousands separators allowed); None where nothing was typed. Raises ValueError for what is no number.

    >>> money_of("12,500.50"), money_of("0"), money_of(" ")
    (Decimal('12500.50'), Decimal('0.00'), None)
    """
    plain = text.strip().replace(",", "").replace("，", "").replace(" ", "").replace("\u00a0", "")
    if not plain:
        return None
    try:
        amount = Decimal(plain)
        return amount.quantize(Decimal("0.01")) if amount.is_finite() else _no_number(text)
    except InvalidOperation:
        return _no_number(text)


def _no_number(text: str) -> Decimal:
    raise ValueError(f"{text!r} is no amount")


def _text(five: Five, name: str) -> str:
    text: str = getattr(five, name)
    if not text.strip():
        return "empty"
    return "too_long" if len(text) > LONGEST[name] else ""


def _money(money: Decimal | None) -> str:
    if money is None:
        return "empty"
    if money < 0:
        return "negative"
    return "too_much" if money > MOST_MONEY else ""


def _deadline(deadline: datetime | None, limit: datetime, now: datetime) -> str:
    if deadline is None:
        return "empty"
    if deadline <= now:
        return "past"
    return "after_limit" if deadline > limit else ""
