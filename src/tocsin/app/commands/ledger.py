"""``tocsin ledger``: verify that nobody rewrote the record, read one chain of it, print the root to publish."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tocsin.app.commands.django_ready import django_ready
from tocsin.app.commands.output import json_option, say, table
from tocsin.terms.errors import Unavailable, UnknownName
from tocsin.terms.moment import from_us

if TYPE_CHECKING:
    from tocsin.records.ledger.proof import Continuation, Inclusion
    from tocsin.records.ledger.queries import Breach, Line

__all__ = ["ledger"]


@click.group()
def ledger() -> None:
    """Look into the ledger, and check that it is as it was written."""


@ledger.command("verify")
@click.option(
    "--roots", type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A file of roots that were published: what they cover cannot be changed unseen.",
)  # fmt: skip
@json_option
def verify(roots: Path | None) -> None:
    """Recompute every hash, link, root and engine batch. Exit code 1 when anything is not as it was written."""
    django_ready()
    from tocsin.loop.detect import queries as detect
    from tocsin.records.ledger import queries
    from tocsin.records.ledger.published import read_roots
    from tocsin.records.one_moment import one_moment

    known = read_roots(roots.read_text(encoding="utf-8", errors="replace"), str(roots)) if roots else []
    with one_moment():
        breaches = [*queries.verify(known), *detect.verify_batches()]
        newest = queries.roots(at_most=1)
        chains, entries, unsealed = queries.extent()
    document: dict[str, object] = {
        "chains": chains, "entries": entries, "unsealed": unsealed, "newest_root": newest[0].document() if newest else None,
        "published_roots": len(known), "breaches": [asdict(breach) for breach in breaches],
    }  # fmt: skip
    say(document, lambda: _verdict(document, breaches))
    raise SystemExit(1 if breaches else 0)


@ledger.command("show")
@click.argument("subject")
@json_option
def show(subject: str) -> None:
    """Print the chain of SUBJECT (an event, a finding, a source ...), oldest entry first."""
    django_ready()
    from tocsin.records.ledger import queries

    chain = queries.chain(subject)
    if not chain:
        raise UnknownName(f"chain {subject}", "nothing was ever written about it",
                          "give the whole id, as the page of the event or finding shows it")  # fmt: skip
    document = [
        {"number": line.number, "at": line.at, "actor": line.actor, "verb": line.verb, "body": line.body,
         "hash": line.hash, "root": line.sealed_in}
        for line in chain
    ]  # fmt: skip
    say(document, lambda: table(["no.", "at", "actor", "what", "with", "root"], [_row(line) for line in chain]))


@ledger.command("root")
@json_option
def root() -> None:
    """Print the newest root. Keep it where this deployment cannot reach it; `verify --roots` takes it back."""
    django_ready()
    from tocsin.records.ledger import queries

    newest = queries.roots(at_most=1)
    if not newest:
        raise Unavailable(
            "ledger", "nothing is sealed yet", "start the worker: it seals what was written once a minute"
        )
    say(newest[0].document(), lambda: f"{newest[0].number} {newest[0].hash} {newest[0].at:%Y-%m-%dT%H:%M:%SZ}")


@ledger.command("prove")
@click.argument("subject")
@click.argument("number", type=click.IntRange(min=1))
@click.option("--root", "size", type=click.IntRange(min=1), help="For who has kept this root; else for the newest.")
def prove(subject: str, number: int, size: int | None) -> None:
    """Print a proof that entry NUMBER of the chain SUBJECT is under a root. It holds the entry, whole."""
    django_ready()
    from tocsin.records.ledger.proving import prove_inclusion

    _print(prove_inclusion(subject, number, size))


@ledger.command("continue")
@click.argument("earlier", type=click.IntRange(min=1))
@click.option("--root", "size", type=click.IntRange(min=1), help="Up to this root; else up to the newest.")
def prove_continued(earlier: int, size: int | None) -> None:
    """Print a proof that the ledger only grew since root EARLIER. It holds hashes only."""
    django_ready()
    from tocsin.records.ledger.proving import prove_continuation

    _print(prove_continuation(earlier, size))


@ledger.command("check")
@click.argument("proof", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--roots", type=click.Path(exists=True, dir_okay=False, path_type=Path), required=True,
    help="What you have kept of /ledger/root or `tocsin ledger root --json`, one document a line.",
)  # fmt: skip
def check_proof(proof: Path, roots: Path) -> None:
    """Check PROOF against roots that you kept. Needs no database and no deployment. Exit code 1 when it does not hold."""
    from tocsin.records.ledger import proof as proofs
    from tocsin.records.ledger.kept import read_kept

    with proof.open("rb") as file:
        given = proofs.read_proof(file.read(proofs.MOST_BYTES + 1), str(proof))
    why_not = proofs.check(given, read_kept(roots.read_text(encoding="utf-8", errors="replace"), str(roots)))
    click.echo(f"does NOT hold: {why_not}" if why_not else f"holds: {_meaning(given)}")
    raise SystemExit(1 if why_not else 0)


def _print(proof: object) -> None:
    import msgspec

    click.echo(msgspec.json.format(msgspec.json.encode(proof), indent=1))


def _meaning(given: Inclusion | Continuation) -> str:
    from tocsin.records.ledger.proof import Inclusion

    if isinstance(given, Inclusion):
        entry = given.entry
        what = f"{entry.verb} by {entry.actor}, {from_us(entry.at_us):%Y-%m-%dT%H:%M:%SZ}"
        return f"entry {entry.number} of {entry.subject} ({what}) is under root {given.root.number}"
    return f"the ledger only grew from root {given.earlier} to root {given.size}"


def _row(line: Line) -> Sequence[object]:
    body = ", ".join(f"{key}={value}" for key, value in line.body.items())
    return (
        line.number,
        f"{line.at:%Y-%m-%d %H:%M:%S}",
        line.actor,
        line.verb.replace("_", " "),
        body,
        line.sealed_in or "-",
    )


def _verdict(document: dict[str, object], breaches: Sequence[Breach]) -> str:
    counted = f"{document['entries']} entries in {document['chains']} chains"
    if not breaches:
        return f"{counted}: as they were written ({document['unsealed']} not yet under a root)"
    named = [f"{breach.kind}: {breach.subject}, number {breach.number}: {breach.detail}" for breach in breaches]
    return "\n".join([f"{counted}: NOT as they were written, {len(breaches)} breaches", *named])
