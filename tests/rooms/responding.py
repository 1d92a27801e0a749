"""The town with the stages of respond and rectify alone, so that their tests do not hear the other rooms."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
from django.conf import settings
from django.utils import translation

from tocsin.loop.rectify import handlers as rectify_handlers
from tocsin.loop.rectify import services as rectify
from tocsin.loop.respond import handlers, services
from tocsin.records.cases import services as cases
from tocsin.records.ledger import queries as ledger
from tocsin.records.outbox.carrier import Carrier, Stage
from tocsin.records.outbox.models import OutboxFact
from tocsin.records.tasks import services as tasks
from tocsin.testing import town as town_module
from tocsin.testing.town import Town

WIRING = {
    "event_merged": [Stage("respond.merged", handlers.on_event_merged)],
    "event_refuted": [Stage("respond.refuted", handlers.on_event_refuted)],
    "event_confirmed": [Stage("respond.confirmed", handlers.on_event_confirmed)],
    "warning_issued": [Stage("respond.issued", handlers.on_warning_issued)],
    "warning_updated": [Stage("respond.updated", handlers.on_warning_updated)],
    "warning_cancelled": [Stage("respond.cancelled", handlers.on_warning_cancelled)],
    "warning_expired": [Stage("respond.expired", handlers.on_warning_expired)],
    "task_overdue": [Stage("respond.overdue", handlers.on_task_overdue)],
    "clock_run_out": [Stage("rectify.clock_run_out", rectify_handlers.on_clock_run_out)],
}
SWEEPS = (tasks.mark_overdue, cases.sweep, services.sweep, rectify.sweep)


@contextmanager
def responding_town(packs: tuple[str, ...] = ("natural_hazards", "gas_leak"), **options: Any) -> Iterator[Town]:
    """A town whose worker carries facts to respond and rectify only."""
    with pytest.MonkeyPatch.context() as patch, translation.override("en"):  # a test client leaves its language behind
        patch.setattr(town_module, "SWEEPS", SWEEPS)
        patch.setattr(settings, "CONFIGURATION", replace(settings.CONFIGURATION, packs=packs))
        with Town(**options) as town:
            town.carrier = Carrier(WIRING)
            yield town


def verbs(chain: str) -> list[str]:
    """What the ledger tells of a thing, in order; messages and tasks left out."""
    return [line.verb for line in ledger.chain(chain) if not line.verb.startswith(("message_", "task_"))]


def facts(kind: str) -> list[str]:
    """Bodies of the facts of a kind, in order."""
    return list(OutboxFact.objects.filter(kind=kind).order_by("id").values_list("body", flat=True))


def quiet(town: Town) -> None:
    """Read everything that lies on telephones: the test is not about it."""
    town._ring().clear()
