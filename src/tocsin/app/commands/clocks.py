"""``tocsin clocks``: when a statutory period of a pack ends, and the yearly tables of working days."""

from __future__ import annotations

import tomllib
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import click

from tocsin.app.commands.output import json_option, say, table
from tocsin.terms.errors import BadForm, BadTime, BadValue, UnknownName

if TYPE_CHECKING:
    from tocsin.clocks import Calendar, Due, Pause
    from tocsin.packkit.clocks import ClockSpec

__all__ = ["clocks"]


@click.group()
def clocks() -> None:
    """Statutory clocks of packs: list them, compute one, load a year of working days."""


@clocks.command("list")
@click.argument("pack", required=False)
@json_option
def list_clocks(pack: str | None) -> None:
    """Every clock of every pack (or of PACK): its period, its clause, whether the clause was read."""
    lines = [_line(name, spec) for name, spec in _specs(pack).items()]
    rows = [(line["clock"], line["within"], line["clause"], "yes" if line["verified"] else "no") for line in lines]
    say(lines, lambda: table(["clock", "within", "clause", "verified"], rows, whole="clock"))


@clocks.command("due")
@click.argument("clock")
@click.option("--start", required=True, help="The moment of the start fact, with its zone: 2026-11-03T09:00+08:00.")
@click.option(
    "--pause", "pauses", multiple=True, help="The clock stood still: FROM..UNTIL, or FROM.. while it still does."
)
@click.option("--extend", is_flag=True, help="With the extension that the clock allows.")
@click.option("--zone", default="Asia/Shanghai", show_default=True, help="The zone whose days are counted.")
@click.option(
    "--calendar", type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A file with further years of working days, laid out as clocks/calendars/cn.toml.",
)  # fmt: skip
@json_option
def due_command(
    clock: str, start: str, pauses: tuple[str, ...], extend: bool, zone: str, calendar: Path | None
) -> None:
    """When CLOCK (pack/clock) is due: the strict end, and the end moved off rest days."""
    from tocsin.clocks import Extension, due, read_calendar, warning_point

    spec = _spec(clock)
    if extend and (spec.extension is None or spec.extension.period is None):
        raise BadValue(f"clock {clock}", "its clause grants no extension", "leave --extend out")
    known = _with_years(read_calendar(spec.calendar), calendar)
    _zone(zone)
    began = _moment(start, "--start")
    extensions = (
        [Extension(spec.extension.period, spec.extension.clause)]
        if extend and spec.extension and spec.extension.period
        else []
    )
    answer = due(
        spec.period, began, calendar=known, zone=zone, pauses=[_pause(text) for text in pauses], extensions=extensions
    )
    warned = warning_point(spec.warn, answer, began, calendar=known, zone=zone) if spec.warn else None
    document = _document(clock, spec, answer, warned, zone)
    say(document, lambda: _words(document, answer))


@clocks.command("load")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@json_option
def load(file: Path) -> None:
    """Load the working days of further years from FILE; every running clock is computed again, with a ledger entry where its
    deadline moved."""
    from tocsin.app.commands.django_ready import django_ready

    django_ready()
    from tocsin.records import clock
    from tocsin.records.cases import services
    from tocsin.records.org.actor import SYSTEM

    document = _read(file)
    loaded = services.load_years(str(document.get("calendar", "cn")), document, actor=SYSTEM, now=clock.now())
    answer: dict[str, Any] = {"years": list(loaded.years), "clocks": loaded.clocks, "moved": loaded.moved}
    say(answer, lambda: f"loaded {', '.join(map(str, loaded.years))}: {loaded.clocks} running clocks computed again, "
                        f"{loaded.moved} deadlines moved")  # fmt: skip


def _specs(pack: str | None) -> dict[str, ClockSpec]:
    from tocsin.packkit import builtin_pack_paths, find_pack, installed_pack_paths, load_pack

    paths = [find_pack(pack)] if pack else [*builtin_pack_paths(), *installed_pack_paths()]
    packs = [load_pack(path) for path in paths if pack or (path / "clocks.toml").is_file()]
    return {f"{found.name}/{code}": spec for found in packs for code, spec in found.clocks.items()}


def _spec(clock: str) -> ClockSpec:
    from tocsin.engine.language.faults import nearest

    pack, _, code = clock.rpartition("/")
    if not pack:
        raise UnknownName(f"clock {clock}", "a clock is named pack/clock", "`tocsin clocks list` shows them")
    specs = _specs(pack)
    found = next((spec for name, spec in specs.items() if name.rpartition("/")[2] == code), None)
    if found is None:
        raise UnknownName(f"clock {clock}", "the pack has no such clock", nearest(clock, specs))
    return found


def _line(name: str, spec: ClockSpec) -> dict[str, Any]:
    return {"clock": name, "within": f"{spec.period.n} {spec.period.unit}", "title": dict(spec.title), "clause": spec.clause,
            "source": spec.source, "verified": spec.verified}  # fmt: skip


def _document(clock: str, spec: ClockSpec, answer: Due, warned: datetime | None, zone: str) -> dict[str, Any]:
    local = ZoneInfo(zone)
    return {
        **_line(clock, spec), "due_strict": answer.strict.astimezone(local).isoformat(),
        "due_rolled": answer.rolled.astimezone(local).isoformat(), "rolls": spec.roll,
        "warned_at": warned.astimezone(local).isoformat() if warned else None, "provisional": answer.provisional,
        "standing": answer.standing, "calendar": answer.calendar,
    }  # fmt: skip


def _words(document: dict[str, Any], answer: Due) -> str:
    lines = [f"due {document['due_strict']}", f"off rest days {document['due_rolled']}"]
    if document["warned_at"]:
        lines.append(f"warning {document['warned_at']}")
    lines.append(
        f"{document['within'].replace('_', ' ')}: {document['clause']}{'' if document['verified'] else ' (not verified)'}"
    )
    if answer.standing:
        lines.append("the clock stands still: it moves by as long as it stands")
    if answer.provisional:
        lines.append(f"PROVISIONAL: calendar {answer.calendar} ends before; load the next year's table, then ask again")
    return "\n".join(lines)


def _moment(text: str, what: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        raise BadTime(f"{what} {text[:60]}", "cannot be read", "write it as 2026-11-03T09:00+08:00") from None
    if moment.tzinfo is None:
        raise BadTime(f"{what} {text[:60]}", "has no zone", "write it as 2026-11-03T09:00+08:00")
    if not 1900 <= moment.year < 2200:
        raise BadTime(f"{what} {text[:60]}", "lies outside 1900 to 2199", "correct the year")
    return moment.astimezone(UTC)


def _pause(text: str) -> Pause:
    from tocsin.clocks import Pause

    first, dots, last = text.partition("..")
    if not dots:
        raise BadTime(
            f"--pause {text[:60]}", "is not FROM..UNTIL", "write 2026-11-03T09:00+08:00..2026-11-05T09:00+08:00"
        )
    return Pause(_moment(first, "--pause"), _moment(last, "--pause") if last.strip() else None)


def _zone(zone: str) -> None:
    try:
        ZoneInfo(zone)
    except (ValueError, KeyError, OSError):
        raise BadValue(f"--zone {zone}", "is no time zone", "write for example Asia/Shanghai") from None


def _with_years(known: Calendar, file: Path | None) -> Calendar:
    from tocsin.clocks import read_calendar

    if file is None:
        return known
    more = read_calendar(known.code, _read(file))
    for year in more.years.values():
        known = known.with_year(year, f"{known.version}+{year.year}")
    return known


def _read(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadForm(f"calendar {file.name}", f"is not TOML ({error})", "compare it with cn.toml") from None
