"""How commands speak: tables for people, one JSON document for programs, errors as thing, rule and remedy."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

import click
from rich.console import Console
from rich.table import Table

from tocsin.terms.errors import TocsinError

__all__ = ["console", "json_option", "print_error", "say", "table", "wants_json", "width_of"]

_KEY = "tocsin.json"
_Command = TypeVar("_Command", bound=Callable[..., Any])

console = Console(soft_wrap=True, highlight=False, emoji=False)  # "stream:a:" is no picture
error_console = Console(stderr=True, soft_wrap=True, highlight=False, emoji=False)


def json_option(command: _Command) -> _Command:
    """Adds ``--json``: print one JSON document on standard output instead of text."""

    def remember(ctx: click.Context, param: click.Parameter, value: bool) -> bool:
        ctx.meta[_KEY] = value
        return value

    # eager, so that an error in another option is already printed in the form asked for
    return click.option(
        "--json", _KEY.replace(".", "_"), is_flag=True, is_eager=True, expose_value=False, callback=remember,
        help="Print one JSON document.",
    )(command)  # fmt: skip


def wants_json() -> bool:
    """Whether the running command was asked for JSON."""
    return bool(click.get_current_context().meta.get(_KEY))


def say(document: object, text: Callable[[], object]) -> None:
    """Print ``document`` as JSON if asked for, else what ``text`` gives (a string or a rich table)."""
    if wants_json():
        click.echo(json.dumps(document, ensure_ascii=False, indent=2, default=str))
    else:
        console.print(text())


def width_of(text: str) -> int:
    """How many places of a terminal a text takes: a Chinese character takes two."""
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)


def table(
    columns: Sequence[str], rows: Iterable[Sequence[object]], title: str | None = None, *, whole: str = ""
) -> Table:
    """A plain table. ``whole``: the column never broken over lines, for what people copy (a password)."""
    made = Table(title=title, title_justify="left", box=None, header_style="bold", pad_edge=False)
    for column in columns:
        made.add_column(column, overflow="fold", no_wrap=column == whole)
    for row in rows:
        made.add_row(*(str(cell) for cell in row))
    return made


def print_error(ctx: click.Context, error: TocsinError) -> None:
    """Thing, rule and remedy on standard error, or the problem document on standard output with ``--json``."""
    if ctx.meta.get(_KEY):
        click.echo(json.dumps(error.as_problem(), ensure_ascii=False))
        return
    error_console.print(f"{error.thing}: {error.rule}", style="bold", markup=False)
    error_console.print(f"remedy: {error.remedy}", markup=False)
