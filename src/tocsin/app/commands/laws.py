"""``tocsin laws``: every rule, clock and time limit of the packs in use with its source, and whether somebody has read that."""

from __future__ import annotations

from datetime import date

import click

from tocsin.app.commands.output import json_option, say, table
from tocsin.terms.errors import UnknownName

__all__ = ["laws"]


@click.command()
@click.argument("packs", nargs=-1)
@click.option("--unverified", is_flag=True, help="Only those whose source nobody has read.")
@click.option("--kind", default="", help="Only one kind: rule, clock, seal or another.")
@click.option("--on", "day", type=click.DateTime(["%Y-%m-%d"]), help="Only what is valid on this day.")
@json_option
def laws(packs: tuple[str, ...], unverified: bool, kind: str, day: object) -> None:
    """List rules, clocks and time limits of PACKS (all built-in ones where none is named)."""
    from datetime import datetime

    from tocsin.packkit import builtin_pack_paths, find_pack, load_pack
    from tocsin.packkit.library import KINDS
    from tocsin.packkit.library import laws as laws_of

    if kind and kind not in KINDS:
        raise UnknownName(
            f"kind {kind[:40]}", "the law library has no lines of it", f"choose one of {', '.join(KINDS)}"
        )
    folders = [find_pack(name) for name in packs] or list(builtin_pack_paths())
    on: date | None = day.date() if isinstance(day, datetime) else None
    lines = laws_of((load_pack(folder) for folder in folders), kind=kind, unread=unverified, on=on)
    document = [
        {"pack": line.pack, "kind": line.kind, "id": line.id, "title": dict(line.title), "says": dict(line.says),
         "source": line.source, "clause": line.clause, "verified": line.verified, "valid_from": line.valid_from.isoformat(),
         "valid_to": line.valid_to.isoformat() if line.valid_to else None, "note": line.note}
        for line in lines
    ]  # fmt: skip
    rows = [
        (line.kind, line.id, line.says.get("en", ""), line.clause or line.source, "read" if line.verified else "NOT READ",
         f"{line.valid_from} to {line.valid_to or '-'}")
        for line in lines
    ]  # fmt: skip
    say(document, lambda: table(["kind", "what", "says", "clause or source", "source", "valid"], rows))
