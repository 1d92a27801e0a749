"""``tocsin staff``: departments, posts, accounts and shifts from a file, and a new password for who is locked out."""

from __future__ import annotations

from pathlib import Path

import click

from tocsin.app.commands.django_ready import django_ready
from tocsin.app.commands.output import json_option, say, table
from tocsin.terms.errors import UnknownName

__all__ = ["staff"]


@click.group()
def staff() -> None:
    """Load staff from a file, list it, give a new password."""


@staff.command("load")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@json_option
def load(file: Path) -> None:
    """Register departments, posts, and accounts with their shifts from a TOML FILE (docs/operate.md shows one).

    Whole or not at all; known ids are changed, known accounts keep their password. New accounts' one-time passwords are shown
    this once.
    """
    django_ready()
    from tocsin.records import clock
    from tocsin.records.org import services
    from tocsin.records.org.actor import SYSTEM
    from tocsin.records.org.document import read_staff

    read = read_staff(file.read_bytes(), str(file))
    made = services.load_staff(read, actor=SYSTEM, now=clock.now())
    document = {"departments": len(read.departments), "posts": len(read.posts), "accounts": len(read.accounts),
                "passwords": dict(made)}  # fmt: skip
    say(document, lambda: table(["log-in name", "one-time password (shown this once)"], made))


@staff.command("list")
@json_option
def list_staff() -> None:
    """The posts with who holds them now."""
    django_ready()
    from tocsin.records import clock
    from tocsin.records.org import queries
    from tocsin.records.org.roles import Role
    from tocsin.records.org.scope import EVERYWHERE, Scope

    names = {line.id: line.username for line in queries.accounts(Scope("", Role.ADMINISTRATOR))}
    held: dict[str, list[str]] = {}
    for holder in queries.holders(now=clock.now()):
        held.setdefault(holder.post.id, []).append(names.get(holder.account, holder.account))
    lines = [
        {"post": post.id, "role": post.role, "jurisdiction": post.jurisdiction, "held_by": held.get(post.id, [])}
        for post in queries.posts(EVERYWHERE)
    ]
    rows = [
        [line["post"], line["role"], line["jurisdiction"] or "everywhere", ", ".join(line["held_by"])] for line in lines
    ]
    say(lines, lambda: table(["post", "role", "jurisdiction", "held by"], rows))


@staff.command("password")
@click.argument("username")
@json_option
def password(username: str) -> None:
    """Give USERNAME a new one-time password, shown this once. Its open sessions end.

    For somebody who is locked out, above all the administrator: whoever may run this owns the installation. Where there
    is no account at all, the administrator's is made.
    """
    django_ready()
    from tocsin.records import clock
    from tocsin.records.org import queries, services
    from tocsin.records.org.actor import SYSTEM

    now = clock.now()
    first = services.first_administrator(now=now)
    name, one_time = first if first else (username.strip().casefold(), "")
    if not first:
        account = queries.account_named(name)
        if account is None:
            raise UnknownName(f"account {username}", "no such account", "see `tocsin staff list`")
        if not account.is_active:
            one_time = services.reopen_account(account.id, actor=SYSTEM, now=now)
        else:
            one_time = services.set_password(account.id, actor=SYSTEM, now=now)
    say({"username": name, "password": one_time}, lambda: f"{name}: {one_time}")
