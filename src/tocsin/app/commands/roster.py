"""``tocsin roster``: who holds which post in turn."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import click

from tocsin.app.commands.django_ready import django_ready
from tocsin.app.commands.output import json_option, say, table

__all__ = ["roster"]


@click.group()
def roster() -> None:
    """Load rotations, show the coming shifts and which of them nobody holds."""


@roster.command("load")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@json_option
def load(file: Path) -> None:
    """Replace all rotations by those of a TOML FILE (docs/duty.md shows one) and lay out the coming fourteen days."""
    django_ready()
    from tocsin.records import clock
    from tocsin.records.org import queries as org
    from tocsin.records.org.actor import service
    from tocsin.records.org.scope import EVERYWHERE
    from tocsin.records.roster import queries, services
    from tocsin.records.roster.document import read_rotations

    names = {username: account for account, username in org.open_accounts().items()}
    lines = read_rotations(file.read_bytes(), str(file), names)
    now = clock.now()
    services.put_rotations(lines, actor=service("service:cli"), now=now)
    gaps = queries.gaps(EVERYWHERE, now=now)
    say({"loaded": len(lines), "gaps": len(gaps)},
        lambda: f"{len(lines)} rotations loaded from {file}; {len(gaps)} spans of the next seven days are empty")  # fmt: skip


@roster.command("show")
@click.option("--days", type=click.IntRange(1, 14), default=7, show_default=True, help="How far ahead.")
@json_option
def show(days: int) -> None:
    """The coming shifts. Exit code 1 where one of the next seven days' is empty."""
    django_ready()
    from tocsin.records import clock
    from tocsin.records.org import queries as org
    from tocsin.records.org.scope import EVERYWHERE
    from tocsin.records.roster import queries

    now, names = clock.now(), org.open_accounts()
    found = queries.turns_of(EVERYWHERE, begin=now, end=now + timedelta(days=days))
    gaps = queries.gaps(EVERYWHERE, now=now)
    document = {
        "shifts": [{"post": t.post, "account": names.get(t.account, t.account), "from": t.from_at, "until": t.until_at}
                   for t in found],
        "gaps": [{"post": gap.post, "from": gap.from_at, "until": gap.until_at} for gap in gaps],
    }  # fmt: skip
    rows = [(t.post, names.get(t.account, t.account) or "(nobody)", f"{t.from_at:%m-%d %H:%M}", f"{t.until_at:%m-%d %H:%M}")
            for t in found]  # fmt: skip
    say(document, lambda: table(["post", "account", "from (UTC)", "until (UTC)"], rows, title=f"{len(gaps)} are empty"))
    raise SystemExit(1 if gaps else 0)
