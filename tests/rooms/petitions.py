"""A town that takes in petitions: a petition desk and an organ in the east, the city's and the province's desks above them. The
clocks write their letters, and a letter that no test expects fails it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
from django.conf import settings
from django.utils import translation

from tests.rooms.casework import at, row
from tocsin.app.wiring import WIRING
from tocsin.records.cases import services
from tocsin.records.cases.services import Opened
from tocsin.records.org.roles import Role
from tocsin.records.outbox.carrier import Carrier
from tocsin.testing import town as town_module
from tocsin.testing.town import EAST, Town

PETITION = "petitions/petition"
ASKED = {
    "received_on": "2026-03-02", "received_by": "office", "came_by": "letter", "matter": "land_housing", "name": "Ada Canary",
    "contact": "Mill Lane 2", "request": "pay what was agreed for the old house",
}  # fmt: skip
OPINION = {
    "facts": "the agreement names another house", "decision": "not_supported", "basis": "agreement of 2019, clause 4",
    "next_body": "Housing bureau of the city", "reply": "your request, what we found, why, on which basis",
}  # fmt: skip
CARRIED = ("case_changed", "clock_nearing", "clock_run_out")
DESK, ORGAN, CITY_DESK, PROVINCE = "desk-east", "organ-east", "case-handler", "province"


@contextmanager
def petition_town(start: str = "2026-03-03T10:00", language: str = "en") -> Iterator[Town]:
    """The town, with nothing carried but crossings of clocks."""
    with pytest.MonkeyPatch.context() as patch, translation.override("en"):
        patch.setattr(town_module, "SWEEPS", (services.sweep,))
        patch.setattr(
            settings, "CONFIGURATION", replace(settings.CONFIGURATION, packs=("petitions", "workplace_safety"))
        )
        with Town(start=at(start), language=language) as town:
            town.carrier = Carrier({kind: WIRING[kind] for kind in CARRIED})
            town.hire(DESK, Role.CASE_HANDLER, EAST)
            town.hire(ORGAN, Role.CASE_HANDLER, EAST)
            town.hire(PROVINCE, Role.CASE_HANDLER, "")
            yield town


def petition(town: Town, **answers: Any) -> Opened:
    return services.open_case(PETITION, {**ASKED, **answers}, jurisdiction=EAST, actor=town.as_(DESK), now=town.now)


def does(town: Town, post: str, case: str, move: str, **answers: Any) -> None:
    services.move(case, move, answers, **by(town, post, case))


def by(town: Town, post: str, case: str) -> dict[str, Any]:
    """Version, actor and moment for an act of a post on a case."""
    return {"version": row(case).version, "actor": town.as_(post), "now": town.now}


def assigned(town: Town, **answers: Any) -> Opened:
    """Sorted by the desk and handed to the organ."""
    made = petition(town, **answers)
    does(town, DESK, made.id, "assign", next_body="Housing bureau of the district")
    services.transfer(made.id, ORGAN, "it is competent", **by(town, DESK, made.id))
    return made


def concluded(town: Town) -> Opened:
    """Accepted by the organ and answered, not served yet."""
    made = assigned(town)
    does(town, ORGAN, made.id, "accept", notice_by="letter")
    does(town, ORGAN, made.id, "conclude", **OPINION)
    return made
