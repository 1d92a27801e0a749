"""A town that works on cases: the pack `streets` of the tests and `workplace_safety`, and short words for what people do."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.conf import settings
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.utils import translation

from tocsin.records.cases import queries, services
from tocsin.records.cases.models import CaseRow, ClockRow
from tocsin.records.cases.services import Opened
from tocsin.records.ledger import queries as ledger
from tocsin.records.org.roles import Role
from tocsin.records.org.scope import EVERYWHERE
from tocsin.records.outbox.carrier import Carrier, Stage
from tocsin.records.outbox.models import OutboxFact
from tocsin.testing import town as town_module
from tocsin.testing.town import CITY, EAST, Town

STREETS = Path(__file__).parent / "case_packs" / "streets"
ZONE = ZoneInfo("Asia/Shanghai")
REQUEST = "streets/request"
LAMP = {"thing": "lamp", "what": "dark"}


def at(text: str) -> datetime:
    """A moment of the town."""
    return datetime.fromisoformat(text).replace(tzinfo=ZONE)


@contextmanager
def casework_town(
    start: str = "2026-09-24T09:00", *, packs: Sequence[str] = (str(STREETS), "workplace_safety"),
    sweeps: Sequence[Callable[..., int]] = (), stages: Mapping[str, list[Stage]] | None = None, language: str = "en",
) -> Iterator[Town]:  # fmt: skip
    """The town with the clock of cases and ``sweeps`` alone, nothing carried but ``stages``; three desks for requests,
    case-handler being asked first. Who wants other packs names them here: a patch made inside and undone later would put back
    what this one had."""
    with pytest.MonkeyPatch.context() as patch, translation.override("en"):
        patch.setattr(town_module, "SWEEPS", (services.sweep, *sweeps))
        patch.setattr(settings, "CONFIGURATION", replace(settings.CONFIGURATION, packs=tuple(packs)))
        with Town(start=at(start), language=language) as town:
            town.carrier = Carrier(stages or {})
            town.hire("lamps", Role.CASE_HANDLER, CITY)
            town.hire("roads", Role.CASE_HANDLER, CITY)
            yield town


def opened(town: Town, answers: Mapping[str, Any] = LAMP, **given: Any) -> Opened:
    return services.open_case(
        REQUEST, answers, **{"jurisdiction": EAST, "actor": town.as_("duty"), "now": town.now, **given}
    )


def gone_through(case: str, *unmet: str) -> dict[str, str]:
    """Answers to every item of a case's checklist: met, but for those named."""
    line = file(case).line
    assert line.kind.checklists is not None
    items = line.kind.checklists.lists[line.values[line.kind.checklists.by]].items
    return {item.code: "not_met" if item.code in unmet else "met" for item in items}


def row(case: str) -> CaseRow:
    return CaseRow.objects.get(id=case)


def move(town: Town, case: str, code: str, post: str = "case-handler", **answers: Any) -> None:
    services.move(case, code, answers, version=row(case).version, actor=town.as_(post), now=town.now)


def accepted(town: Town, **given: Any) -> Opened:
    case = opened(town, **given)
    move(town, case.id, "accept")
    return case


def answered(town: Town) -> Opened:
    case = accepted(town)
    move(town, case.id, "answer", reply="on Monday", cause="cable")
    return case


def file(case: str) -> queries.CaseFile:
    return queries.case_file(EVERYWHERE, case)


def clock(case: str, code: str, purpose: str = "case") -> ClockRow:
    """The newest clock of a name, running or not."""
    found = ClockRow.objects.filter(case_id=case, code=code, purpose=purpose).order_by("-id").first()
    assert found is not None, code
    return found


def verbs(case: str) -> list[str]:
    return [line.verb for line in ledger.chain(case)]


def facts(kind: str) -> int:
    return OutboxFact.objects.filter(kind=kind).count()


def said(response: HttpResponseBase) -> str:
    """The words of a page, its white space as one blank each."""
    assert isinstance(response, HttpResponse)
    return re.sub(r"\s+", " ", response.content.decode())
