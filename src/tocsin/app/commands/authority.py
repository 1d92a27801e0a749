"""``tocsin authority``: which bodies may warn of what, where and up to which level."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tocsin.app.commands.django_ready import django_ready
from tocsin.app.commands.output import json_option, say, table
from tocsin.formats.toml import read_toml
from tocsin.terms.errors import BadForm, BadValue

if TYPE_CHECKING:
    from tocsin.loop.warn.authority import AuthorityLine

__all__ = ["authority"]

_KEYS = {"body", "hazard", "jurisdiction", "levels", "source"}
_REMEDY = 'write [[authority]] with body, hazard, jurisdiction, levels = ["blue", "red"] and source'


@click.group()
def authority() -> None:
    """Load and show who may warn. A body that is not in the table cannot issue a warning."""


@authority.command("load")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@json_option
def load(file: Path) -> None:
    """Replace the whole table by that of a TOML FILE."""
    django_ready()
    from tocsin.loop.warn import services
    from tocsin.records import clock
    from tocsin.records.org.actor import service

    lines = _lines(file)
    services.put_authority(lines, actor=service("service:cli"), now=clock.now())
    say({"loaded": len(lines)}, lambda: f"{len(lines)} lines of authority loaded from {file}")


@authority.command("show")
@json_option
def show() -> None:
    """Print the table."""
    django_ready()
    from tocsin.loop.warn import queries
    from tocsin.loop.warn.names import Names
    from tocsin.records.org.scope import EVERYWHERE

    lines, codes = queries.authority(EVERYWHERE), Names.read().scheme.codes
    rows = [(a.hazard, a.jurisdiction or "(everywhere)", codes[a.lowest - 1], codes[a.highest - 1], a.body, a.source)
            for a in lines]  # fmt: skip
    document = [
        {"body": a.body, "hazard": a.hazard, "jurisdiction": a.jurisdiction,
         "levels": [codes[a.lowest - 1], codes[a.highest - 1]], "source": a.source}
        for a in lines
    ]  # fmt: skip
    say(document, lambda: table(("hazard", "area and below", "from", "to", "body", "source"), rows))


def _lines(file: Path) -> list[AuthorityLine]:
    data, _ = read_toml(file.read_bytes(), str(file))
    entries = data.get("authority")
    if not isinstance(entries, list) or set(data) - {"authority"}:
        raise BadForm(str(file), "holds something else than [[authority]]", _REMEDY)
    return [_line(file, number, entry) for number, entry in enumerate(entries, 1)]


def _line(file: Path, number: int, entry: Any) -> AuthorityLine:
    from tocsin.loop.warn.authority import AuthorityLine
    from tocsin.loop.warn.names import Names

    thing = f"{file}, authority {number}"
    if not isinstance(entry, dict) or set(entry) != _KEYS:
        raise BadForm(thing, "does not have exactly these keys", _REMEDY)
    codes, levels = Names.read().scheme.codes, entry["levels"]
    if not isinstance(levels, list) or len(levels) != 2 or any(code not in codes for code in levels):
        raise BadValue(thing, f"levels must be two of {', '.join(codes)}: the lowest and the highest", _REMEDY)
    if not all(isinstance(entry[key], str) for key in _KEYS - {"levels"}):
        raise BadValue(thing, "body, hazard, jurisdiction and source are texts", _REMEDY)
    lowest, highest = (codes.index(code) + 1 for code in levels)
    return AuthorityLine(entry["body"], entry["hazard"], entry["jurisdiction"], lowest, highest, entry["source"])
