"""``tocsin seal``: keys of sealed cases, the end of what they hold, certificates, counts that may be shown."""

from __future__ import annotations

from typing import Any

import click

from tocsin.app.commands.django_ready import django_ready
from tocsin.app.commands.output import json_option, say, table

__all__ = ["seal"]


@click.group()
def seal() -> None:
    """Rotate seal keys, destroy what is due, print and check certificates."""


@seal.command("rotate")
@click.option("--forget-old", is_flag=True, help="Then destroy older keys: no earlier backup can be opened any more.")
@json_option
def rotate(forget_old: bool) -> None:
    """Wrap all data keys under a new key of the deployment. Broken off, the same command goes on where it stopped."""
    django_ready()
    from tocsin.records import clock
    from tocsin.records.org.actor import SYSTEM
    from tocsin.records.seal import services

    if forget_old:
        forgotten = services.forget(actor=SYSTEM, now=clock.now())
        say({"forgotten": list(forgotten)}, lambda: f"{len(forgotten)} older keys destroyed")
        return
    done = services.rotate(actor=SYSTEM, now=clock.now())
    say({"era": done.era, "rewrapped": done.rewrapped, "left": done.left},
        lambda: f"key {done.era} wraps now: {done.rewrapped} data keys wrapped anew, {done.left} left. "
                "After an hour `tocsin seal rotate --forget-old` destroys the older keys")  # fmt: skip


@seal.command("purge")
@click.option("--due", is_flag=True, required=True, help="What its pack keeps no longer.")
@click.option("--dry-run", is_flag=True, help="Only say which cases are due.")
@json_option
def purge(due: bool, dry_run: bool) -> None:
    """Destroy the content of sealed cases that their packs keep no longer, and vaults of events that are over."""
    django_ready()
    from tocsin.app.destroyed_again import destroy_again
    from tocsin.records import clock
    from tocsin.records.cases.services import purging
    from tocsin.records.org.actor import SYSTEM
    from tocsin.records.seal import vault

    now = clock.now()
    if dry_run:
        found = purging.due_cases(now=now)
        say({"due": found}, lambda: "\n".join(found) or "nothing is due")
        return
    again, done = destroy_again(), list[str]()
    while batch := purging.purge_due(now=now, actor=SYSTEM):
        done += batch
    vaults = vault.sweep(now=now)
    say({"purged": done, "vaults": vaults, "again": again},
        lambda: f"{len(done)} cases and {vaults} vaults destroyed, {len(again)} that had come back out of a backup\n"
                + "\n".join(f"  tocsin seal certificate {case}" for case in done))  # fmt: skip


@seal.command("counts")
@click.argument("kind")
@click.argument("month")
@json_option
def counts(kind: str, month: str) -> None:
    """Counts of KIND (pack/kind) in MONTH (2026-10) by area and by each question that it counts, as they may be shown: none
    below five, and none from which one could be computed, all tables together. A month is counted once, after it is over."""
    django_ready()
    from tocsin.records import clock
    from tocsin.records.cases.services.counting import fixed_counts
    from tocsin.records.org.actor import SYSTEM

    body = fixed_counts(kind, month, actor=SYSTEM, now=clock.now())
    say(body, lambda: "\n\n".join(_as_table(body, one) for one in body["tables"]))


@seal.command("list")
@json_option
def list_certificates() -> None:
    """The newest certificates."""
    django_ready()
    from tocsin.records.seal.certificate import certificates

    found = certificates()
    lines = [{"subject": subject, "at": at.isoformat(), "what": facts["what"]} for subject, at, facts in found]
    rows = [(line["subject"], line["at"], line["what"]) for line in lines]
    say(lines, lambda: table(["subject", "destroyed", "what"], rows, whole="subject"))


def _as_table(body: dict[str, Any], one: dict[str, Any]) -> str:
    lines = [(row, *(_count(one["cells"][row][column]) for column in one["columns"]), _count(body["rows"][row]))
             for row in body["areas"]]  # fmt: skip
    lines.append(("all", *(_count(one["totals"][column]) for column in one["columns"]), _count(body["total"])))
    heads = ["area", *(column or "no answer" for column in one["columns"]), "all"]
    return f"{one['question']}\n{table(heads, lines, whole='area')}"


def _count(shown: int | None) -> str:
    return "-" if shown is None else str(shown)


@seal.command("certificate")
@click.argument("subject")
@click.option("--check", is_flag=True, help="Check that what it says is still so; exit code 1 where it is not.")
@json_option
def certificate(subject: str, check: bool) -> None:
    """Print the certificate of SUBJECT (a case, or vault:EVENT)."""
    django_ready()
    from django.utils import translation

    from tocsin.records.seal.certificate import certificate_faults, certificate_text

    with translation.override("en"):
        text, faults = certificate_text(subject), certificate_faults(subject) if check else []
    verdict = (
        ["", "Checked: it holds." if not faults else "Checked: it does NOT hold: " + "; ".join(faults)] if check else []
    )
    say({"text": text, "faults": faults}, lambda: "\n".join([text, *verdict]))
    raise SystemExit(1 if faults else 0)
