"""The matrices in use, and the clocks of their classes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from tocsin.clocks import due, warning_point
from tocsin.packkit import Pack
from tocsin.packkit.risks import RiskMatrix
from tocsin.records.cases.calendars import calendars_in_use
from tocsin.records.cases.running import zone_of
from tocsin.records.packs import packs_in_use
from tocsin.terms.errors import UnknownName

__all__ = ["Ends", "ends_of", "matrices", "pack_of"]


@dataclass(frozen=True, slots=True)
class Ends:
    """When a clock of a class ends and is warned of. ``provisional``: it is rolled off rest days that nobody announced yet."""

    due_at: datetime
    warn_at: datetime | None
    provisional: bool
    calendar: str


def matrices() -> dict[str, RiskMatrix]:
    """The matrices of the packs in use, by pack."""
    return {pack.name: pack.risks for pack in packs_in_use() if pack.risks}


def pack_of(name: str) -> Pack:
    """The pack whose matrix it is. Raises UnknownName."""
    found = next((pack for pack in packs_in_use() if pack.name == name and pack.risks), None)
    if found is None:
        raise UnknownName(_("risk matrix {name}").format(name=name[:60]), _("no pack in use declares it"),
                          _("choose one of the list"))  # fmt: skip
    return found


def ends_of(
    pack: Pack, clock: str, start: datetime, jurisdiction: str, calendars: calendars_in_use | None = None
) -> Ends:
    """When a clock of the pack that starts at a moment in an area ends. ``calendars``: those that were read for several."""
    spec, zone = pack.clocks[clock], zone_of(jurisdiction)
    calendar = (calendars or calendars_in_use())[spec.calendar]
    answer = due(spec.period, start, calendar=calendar, zone=zone)
    warn = warning_point(spec.warn, answer, start, calendar=calendar, zone=zone) if spec.warn else None
    return Ends(answer.rolled if spec.roll else answer.strict, warn, answer.provisional and spec.roll, answer.calendar)
