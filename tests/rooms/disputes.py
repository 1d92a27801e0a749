"""A town that mediates disputes: one committee in the east. The clocks write their letters, and a letter that no test expects
fails it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from tests.rooms.casework import casework_town, row
from tocsin.app.wiring import WIRING
from tocsin.records.cases import queries, services
from tocsin.records.cases.services import Opened
from tocsin.records.org.roles import Role
from tocsin.testing.town import EAST, Town

DISPUTE, COMMITTEE = "mediation/dispute", "committee-east"
COURT, ARBITRATION = "People's court of the district", "Labour arbitration commission of the district"
CARRIED = ("case_changed", "clock_nearing", "clock_run_out")
ASKED = {
    "applied_on": "2026-03-02", "ground": "civil", "came_by": "one_party", "matter": "neighbours", "first_name": "Ada Canary",
    "first_contact": "Mill Lane 2", "second_name": "Bo Linnet", "second_contact": "Mill Lane 4",
    "dispute": "A wall stands two metres over the line", "wishes": "Move it back",
}  # fmt: skip
CONSENT = {"consent_first": "yes", "consent_second": "yes", "consent_how": "signed", "mediators": "E. F."}
WORDED = {
    "facts": "The wall stands two metres over the line of the map", "duty_1_who": "second",
    "duty_1": "Moves the wall back by two metres", "duty_1_by": "2026-03-25", "duty_2_who": "first",
    "duty_2": "Pays 300 yuan of the cost", "duty_2_by": "2026-03-31", "perform_by": "2026-03-31",
}  # fmt: skip
SESSION = {"session_on": "2026-03-05", "session_how": "apart", "present": "one after the other"}


@contextmanager
def dispute_town(start: str = "2026-03-03T10:00", packs: Sequence[str] = ("mediation",)) -> Iterator[Town]:
    with casework_town(start, packs=packs, stages={kind: WIRING[kind] for kind in CARRIED}) as town:
        town.hire(COMMITTEE, Role.CASE_HANDLER, EAST)
        yield town


def dispute(town: Town, **answers: Any) -> Opened:
    return services.open_case(DISPUTE, {**ASKED, **answers}, jurisdiction=EAST, actor=town.as_(COMMITTEE), now=town.now)


def does(town: Town, case: str, move: str, **answers: Any) -> None:
    services.move(case, move, answers, version=row(case).version, actor=town.as_(COMMITTEE), now=town.now)


def today(town: Town) -> str:
    """The day that the town's calendar shows, as a form wants it."""
    return (town.now.astimezone(town.start.tzinfo)).date().isoformat()


def mediating(town: Town, **answers: Any) -> Opened:
    """Both were asked and agree."""
    made = dispute(town, **answers)
    labour = answers.get("ground") == "labour"
    does(town, made.id, "ask_labour" if labour else "ask", asked_on=today(town), asked_how="together")
    does(town, made.id, "begin_labour" if labour else "begin", **CONSENT)
    return made


def agreed(town: Town, **answers: Any) -> Opened:
    """Worded and signed today."""
    made = mediating(town)
    does(town, made.id, "word", **WORDED | answers)
    signed(town, made.id)
    return made


def signed(town: Town, case: str) -> None:
    does(
        town,
        case,
        "sign",
        effective_on=today(town),
        confirming_court=COURT,
        reply="What was agreed; the court may confirm it",
    )


def read(town: Town, case: str) -> dict[str, Any]:
    """What the committee reads of it, opened for a purpose."""
    services.read_sealed(case, "mediate", actor=town.as_(COMMITTEE), now=town.now)
    return queries.case_file_for(town.as_(COMMITTEE), case, now=town.now).line.values
