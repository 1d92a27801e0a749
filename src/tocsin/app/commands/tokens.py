"""``tocsin token``: tokens for those who administer or read the API."""

from __future__ import annotations

import click

from tocsin.app.commands.django_ready import django_ready
from tocsin.app.commands.output import json_option, say

__all__ = ["token"]


@click.group()
def token() -> None:
    """Make tokens for administrators and readers of the API (sources have their own: `tocsin sources token`)."""


@token.command("admin")
@click.option("--name", default="admin", show_default=True, help="Whose token; an earlier one of that name ends.")
@json_option
def admin(name: str) -> None:
    """Make a token that may change the catalogue and read everything. It is shown this once."""
    _issue(name, "admin", "")


@token.command("reader")
@click.option("--name", default="reader", show_default=True, help="Whose token; an earlier one of that name ends.")
@click.option(
    "--jurisdiction", default="", help="Only what lies in it, for example simcity/east [default: everything]."
)
@json_option
def reader(name: str, jurisdiction: str) -> None:
    """Make a token that may read signals and events of a jurisdiction. It is shown this once."""
    _issue(name, "reader", jurisdiction)


def _issue(name: str, role: str, jurisdiction: str) -> None:
    home = django_ready().home
    from django.db import transaction

    from tocsin.doors.api.admin_tokens import AdminTokens
    from tocsin.records import clock
    from tocsin.records.ledger import services as ledger

    now = clock.now()
    with transaction.atomic():
        issued_at = now.isoformat(timespec="seconds")
        made = AdminTokens(home.root).issue(name, role=role, jurisdiction=jurisdiction, issued_at=issued_at)
        body = {"name": name, "role": role, "jurisdiction": jurisdiction}
        ledger.append(f"api_token:{name}", "token_issued", body, actor="cli", now=now)
    say({"name": name, "role": role, "jurisdiction": jurisdiction, "token": made}, lambda: made)
