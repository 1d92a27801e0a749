"""``tocsin duties``: which department or post answers for what, and whose it was at a moment."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tocsin.app.commands.django_ready import django_ready
from tocsin.app.commands.output import json_option, say, table
from tocsin.app.commands.reconstruction_told import reconstruction_document, reconstruction_words
from tocsin.terms.errors import BadTime, UnknownName

if TYPE_CHECKING:
    from tocsin.records.duties.queries import DutyLine

__all__ = ["duties"]

MOMENT = "A moment with its zone, like 2026-11-03T09:00+08:00; without: now."


@click.group()
def duties() -> None:
    """Duty lists: load them, show them, ask whose something was at a moment."""


@duties.command("load")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@json_option
def load(file: Path) -> None:
    """Enter the lines of a TOML FILE (docs/risks.md shows one). A line that holds already is left as it is; one that says
    something else ends the line before it."""
    django_ready()
    from tocsin.records import clock
    from tocsin.records.duties.document import read_duties
    from tocsin.records.duties.services import put_duties
    from tocsin.records.org.actor import service

    lines = read_duties(file.read_bytes(), str(file))
    made = put_duties(lines, actor=service("service:cli"), now=clock.now())
    say(
        {"lines": len(lines), "entered": made}, lambda: f"{made} of {len(lines)} lines entered; the others hold already"
    )


@duties.command("show")
@click.option("--at", "at", help=MOMENT)
@json_option
def show(at: str | None) -> None:
    """The lines that hold at a moment."""
    django_ready()
    from tocsin.records.duties import queries
    from tocsin.records.org.scope import EVERYWHERE

    found = queries.holding(EVERYWHERE, at=_moment(at))
    rows = [(line.id, line.facility or line.matter, line.jurisdiction or "(everywhere)", line.department, line.post,
             "keeps" if line.keeps else "", f"{line.from_at:%Y-%m-%d %H:%M}") for line in found]  # fmt: skip
    say(
        [_document(line) for line in found],
        lambda: table(
            ["line", "of", "area", "department", "post", "", "from (UTC)"], rows, title=f"{len(found)} lines hold"
        ),
    )


@duties.command("whose")
@click.argument("thing")
@click.option("--at", "at", help=MOMENT)
@click.option("--area", default="", help="Where it is, for a matter: a jurisdiction path.")
@click.option("--matter", default="", help="What it is about, for a facility: pack/kind or pack/kind:question=choice.")
@json_option
def whose(thing: str, at: str | None, area: str, matter: str) -> None:
    """Whose THING (a facility or a matter) was at a moment, and who entered that when. Exit code 1 where no list names
    anybody."""
    django_ready()
    from tocsin.records.duties import queries
    from tocsin.records.org.scope import EVERYWHERE

    moment = _moment(at)
    facility, matter, area = _asked(thing, matter, area)
    line = queries.whose(EVERYWHERE, at=moment, facility=facility, matters=_wider(matter), area=area)
    document = {"facility": facility, "matter": matter, "area": area, "at": moment.isoformat(),
                "whose": _document(line) if line else None}  # fmt: skip
    say(document, lambda: _words(line, thing))
    raise SystemExit(0 if line else 1)


@duties.command("reconstruct")
@click.argument("case")
@click.option("--at", "at", help="A moment with its zone; without: when what the case is about happened.")
@json_option
def reconstruct(case: str, at: str | None) -> None:
    """Whose the place of a CASE (its number or id) was, what was known and done, and what was due and was not done, by what the
    ledger held at a moment. Exit code 1 where something was not done in time, 2 where the ledger was edited."""
    django_ready()
    from tocsin.loop.review.reconstructing import reconstruction
    from tocsin.records import clock
    from tocsin.records.cases import queries as cases
    from tocsin.records.cases.queries import Filter
    from tocsin.records.org.scope import EVERYWHERE

    by_number = [
        one.id for one in cases.cases(EVERYWHERE, Filter("all", number=case)) if one.number == case.strip().upper()
    ]
    found = reconstruction(
        EVERYWHERE, by_number[0] if by_number else case, at=_moment(at) if at else None, now=clock.now()
    )
    say(reconstruction_document(found), lambda: reconstruction_words(found))
    raise SystemExit(2 if found.breaches else 1 if found.told.gaps else 0)


def _asked(thing: str, matter: str, area: str) -> tuple[str, str, str]:
    """Facility, matter and area of a question. Raises UnknownName for a thing that is neither."""
    from tocsin.records.cases.kinds import kinds_in_use
    from tocsin.records.org.scope import EVERYWHERE
    from tocsin.records.places import queries as places

    found = next((one for one in places.facilities(EVERYWHERE) if one.id == thing), None)
    if found is not None:
        return thing, matter, found.jurisdiction
    kinds = kinds_in_use()
    if thing.partition(":")[0] not in {*kinds, *(kind.pack for kind in kinds.values())}:
        raise UnknownName(thing[:100], "no facility and no matter has this name",
                          "name a facility, or a matter as pack, pack/kind or pack/kind:question=choice")  # fmt: skip
    return "", thing, area


def _wider(matter: str) -> list[str]:
    """A matter and those that hold it."""
    kind = matter.partition(":")[0]
    return [one for one in dict.fromkeys((matter, kind, kind.partition("/")[0])) if one]


def _document(line: DutyLine) -> dict[str, Any]:
    return {
        "line": line.id, "facility": line.facility, "matter": line.matter, "area": line.jurisdiction,
        "department": line.department, "post": line.post, "keeps": line.keeps, "why": line.why,
        "from": line.from_at.isoformat(), "until": line.until_at.isoformat() if line.until_at else None,
        "entered_at": line.put_at.isoformat(), "entered_by": line.put_by, "entered_late": line.late,
    }  # fmt: skip


def _words(line: DutyLine | None, thing: str) -> str:
    if line is None:
        return f"no duty list named anybody for {thing} at that moment"
    until = f"until {line.until_at:%Y-%m-%d %H:%M}" if line.until_at else "until further notice"
    said = [f"{line.department}{f', post {line.post}' if line.post else ''}",
            f"from {line.from_at:%Y-%m-%d %H:%M} {until} (UTC)",
            f"line {line.id}, entered {line.put_at:%Y-%m-%d %H:%M} by {line.put_by}"]  # fmt: skip
    if line.late:
        said.append("it was entered after it began to hold")
    if line.keeps:
        said.append("it stays there: no lower body gets it")
    return "\n".join(said)


def _moment(text: str | None) -> datetime:
    from tocsin.records import clock

    if text is None:
        return clock.now()
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        raise BadTime(f"--at {text[:60]}", "cannot be read", "write it as 2026-11-03T09:00+08:00") from None
    if moment.tzinfo is None:
        raise BadTime(f"--at {text[:60]}", "has no zone", "write it as 2026-11-03T09:00+08:00")
    return moment
