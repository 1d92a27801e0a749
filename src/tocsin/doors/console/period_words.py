"""A period in words."""

from __future__ import annotations

from django.utils.translation import ngettext

from tocsin.clocks import Period, Unit

__all__ = ["period_words"]


def period_words(period: Period) -> str:
    """``30 calendar days``, in the present language."""
    n = period.n
    words = {
        Unit.MINUTE: ngettext("{n} minute", "{n} minutes", n), Unit.HOUR: ngettext("{n} hour", "{n} hours", n),
        Unit.CALENDAR_DAY: ngettext("{n} calendar day", "{n} calendar days", n),
        Unit.WORKING_DAY: ngettext("{n} working day", "{n} working days", n),
        Unit.MONTH: ngettext("{n} month", "{n} months", n), Unit.YEAR: ngettext("{n} year", "{n} years", n),
    }  # fmt: skip
    return words[period.unit].format(n=n)
