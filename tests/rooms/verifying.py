"""The town with the stages of verify alone, so that its tests do not hear the other rooms."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
from django.conf import settings
from django.test import override_settings

from tocsin.loop.verify import handlers, services
from tocsin.records.ledger import queries as ledger
from tocsin.records.outbox.carrier import Carrier, Stage
from tocsin.records.outbox.models import OutboxFact
from tocsin.records.tasks import services as tasks
from tocsin.testing import town as town_module
from tocsin.testing.town import Storm, Town

WIRING = {
    "event_proposed": [Stage("verify.open_proposed", handlers.on_event_proposed)],
    "event_opened": [Stage("verify.open", handlers.on_event_opened)],
    "event_changed": [Stage("verify.follow", handlers.on_event_changed)],
    "event_merged": [Stage("verify.merge", handlers.on_event_merged)],
    "event_ended": [Stage("verify.end", handlers.on_event_ended)],
    "task_overdue": [Stage("verify.overdue", handlers.on_task_overdue)],
}
SWEEPS = (tasks.mark_overdue, services.sweep)


@contextmanager
def verifying_town(**options: Any) -> Iterator[Town]:
    """A town whose worker carries facts to verify only, with both built-in packs."""
    both = replace(settings.CONFIGURATION, packs=("natural_hazards", "gas_leak"))
    with pytest.MonkeyPatch.context() as patch, override_settings(CONFIGURATION=both):
        patch.setattr(town_module, "SWEEPS", SWEEPS)
        with Town(**options) as town:
            town.carrier = Carrier(WIRING)
            yield town


def verbs(event: str) -> list[str]:
    """What the ledger tells of an event, in order; messages left out."""
    return [line.verb for line in ledger.chain(event) if not line.verb.startswith(("message_", "task_"))]


def facts(kind: str) -> list[str]:
    """Bodies of the facts of a kind, in order."""
    return list(OutboxFact.objects.filter(kind=kind).order_by("id").values_list("body", flat=True))


__all__ = ["Storm", "facts", "verbs", "verifying_town"]
