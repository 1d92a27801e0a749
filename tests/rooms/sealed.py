"""A town with sealed cases: the pack `confidences` of the tests, and canaries that nobody may find again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.rooms.casework import casework_town
from tocsin.packkit.lifecycle import CaseKind
from tocsin.records.cases import services
from tocsin.records.cases.models import CaseRow
from tocsin.records.cases.services import Opened
from tocsin.testing.town import EAST, Town

CONFIDENCES = Path(__file__).parent / "case_packs" / "confidences"
CONFIDENCE = "confidences/confidence"
NAME, TELEPHONE, SENTENCE = "Zephyrine Quillfeather", "13800571234", "The lock of gate seven was sold to a stranger"
CANARIES = (NAME, TELEPHONE, SENTENCE)
TOLD = {"thing": "lamp", "what": SENTENCE, "name": NAME, "telephone": TELEPHONE}


@contextmanager
def sealed_town(*packs: str) -> Iterator[Town]:
    with casework_town(packs=(str(CONFIDENCES), *packs)) as town:
        yield town


def confided(town: Town, answers: Mapping[str, Any] = TOLD, **given: Any) -> Opened:
    return services.open_case(
        CONFIDENCE, answers, **{"jurisdiction": EAST, "actor": town.as_("duty"), "now": town.now, **given}
    )


def step(town: Town, case: str, code: str, post: str = "case-handler", **answers: Any) -> None:
    version = CaseRow.objects.get(id=case).version
    services.move(case, code, answers, version=version, actor=town.as_(post), now=town.now)


def owner_of(case: str) -> str:
    return CaseRow.objects.get(id=case).owner


def finished(town: Town, **given: Any) -> Opened:
    """One that was answered, put right and is over, with a message each way and a helper's part."""
    case = confided(town, **given)
    owner = owner_of(case.id)
    step(town, case.id, "accept", owner)
    version = CaseRow.objects.get(id=case.id).version
    leg = services.ask_helper(case.id, "roads", SENTENCE, version=version, actor=town.as_(owner), now=town.now)
    services.reply_leg(case.id, leg, f"{NAME} was there", actor=town.as_("roads"), now=town.now)
    services.write_as_requester(case.receipt, f"call me: {TELEPHONE}", now=town.now)
    step(town, case.id, "answer", owner, reply=f"Dear {NAME}", cause=SENTENCE)
    step(town, case.id, "finish", owner, reply="done")
    return case


def filled(kind: CaseKind, form: str) -> dict[str, Any]:
    """Answers to every question of a form, canaries wherever one can write."""
    out: dict[str, Any] = {}
    for question in kind.forms[form].questions if form else ():
        most = int(question.schema.get("maxLength", 0))
        text = next((word for word in (SENTENCE, NAME, TELEPHONE) if len(word) <= most), TELEPHONE[: most or 1])
        if "phone" in question.name or "contact" in question.name:
            text = TELEPHONE[:most]
        elif "name" in question.name:
            text = NAME[:most]
        out[question.name] = {
            "choice": next(iter(question.words), ""), "flag": True, "whole": int(question.schema.get("minimum", 1)),
            "number": float(question.schema.get("minimum", 1)), "day": "2026-01-05", "moment": "2026-01-05T09:00:00+08:00",
        }.get(question.kind, text)  # fmt: skip
    return out
