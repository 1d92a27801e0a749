"""``tocsin log``: the log of observations."""

from __future__ import annotations

import getpass
import hashlib
from collections import Counter
from collections.abc import Iterator
from itertools import takewhile
from typing import TYPE_CHECKING

import click

from tocsin.app.commands.django_ready import configured, django_ready
from tocsin.app.commands.output import json_option, say
from tocsin.app.configuration import Configuration
from tocsin.terms.errors import Unavailable

if TYPE_CHECKING:
    from tocsin.loop.observe.log import LogDamaged, LogReader
    from tocsin.terms.record import Record

__all__ = ["log"]


@click.group()
def log() -> None:
    """Look after the log."""


@log.command("verify")
@json_option
def verify() -> None:
    """Read every record and check it. Exit code 1 when any is damaged or missing."""
    reader, kinds, rows = _read_all(configured())
    damaged = [error.as_problem() for error in reader.damaged]
    document = {
        "from_seq": reader.first_seq, "next_seq": reader.next_seq, "records": dict(kinds), "observations": rows,
        "damaged": damaged, "accepted_losses": [error.as_problem() for error in reader.accepted],
        "whole_in_history": reader.healed,
    }  # fmt: skip
    say(document, lambda: _words(document, reader))
    raise SystemExit(1 if damaged else 0)


@log.command("repair")
@click.option("--accept-loss", is_flag=True, help="Go on without the records that are damaged; the ledger says so.")
@json_option
def repair(accept_loss: bool) -> None:
    """Say what of the log is damaged, and what stands in for it; with --accept-loss go on without the rest.

    What history still holds whole is taken from there without being asked. The engine, if it stands at a damaged record,
    goes on by itself within seconds. Exit code 1 while damage remains that nobody accepted.
    """
    configuration = django_ready()
    reader, _, _ = _read_all(configuration)
    lost = [damage for damage in reader.damaged if damage.until > damage.seq]
    given_up = [_give_up(configuration, damage) for damage in lost] if accept_loss else []
    document = {
        "damaged": [damage.as_problem() for damage in lost], "whole_in_history": reader.healed,
        "accepted_before": len(reader.accepted), "accepted_now": given_up,
    }  # fmt: skip
    say(document, lambda: _repair_words(reader, lost, given_up))
    raise SystemExit(1 if lost and not accept_loss else 0)


def _read_all(configuration: Configuration) -> tuple[LogReader, Counter[str], int]:
    from tocsin.loop.observe.log import History, LogReader

    reader, history = LogReader(configuration.home.log), History(configuration.home.parquet, configuration.home.log)
    kinds: Counter[str] = Counter()
    rows = 0

    def from_history(seq: int, until: int) -> Iterator[Record]:
        return takewhile(lambda record: record.seq < until, history.read(seq))

    for record in reader.read(reader.first_seq, skip_damaged=True, heal=from_history):
        kinds[str(record.kind)] += 1
        rows += record.batch.num_rows if record.batch is not None else 0
    return reader, kinds, rows


def _give_up(configuration: Configuration, damage: LogDamaged) -> dict[str, object]:
    """Ledger first, then the note that lets readers pass: a crash between the two asks again, and hides nothing."""
    from tocsin.formats.catalogue import catalogue_body
    from tocsin.loop.observe import queries, services
    from tocsin.loop.observe.log import Loss, accept_losses
    from tocsin.records import clock

    # A catalogue record may be among them. Streams are known by number, so what the database knows of the catalogue as
    # far as it got stands in its place: numbers never change, and rows name only streams that the database had.
    catalogue = ""
    if queries.catalogue_seq() >= damage.seq:
        known = queries.load_catalogue()
        catalogue = catalogue_body(known.sources.values(), known.streams).decode()
    stands_in = hashlib.sha256(catalogue.encode()).hexdigest() if catalogue else ""
    actor, what = f"operator:{getpass.getuser()}", damage.rule
    services.accept_loss(
        seq=damage.seq, until=damage.until, segment=damage.segment, offset=damage.offset, what=what,
        stands_in=stands_in, actor=actor, now=clock.now(),
    )  # fmt: skip
    loss = Loss(
        damage.seq, damage.until, damage.segment, damage.offset, what, accepted_at_us=clock.now_us(),
        accepted_by=actor, catalogue=catalogue,
    )  # fmt: skip
    try:
        accept_losses(configuration.home.log, [loss])
    except OSError as error:
        rule = f"the note could not be written ({error.strerror or error})"
        raise Unavailable("accepted losses", rule, "free space or repair the disk, then ask again") from error
    return {"seq": damage.seq, "until": damage.until, "segment": damage.segment, "catalogue_stands_in": bool(catalogue)}


def _words(document: dict[str, object], reader: LogReader) -> str:
    counted = f"{document['observations']} observations in records {document['from_seq']} to {document['next_seq']}"
    more = [f"given up earlier: {error.thing}: {error.rule}" for error in reader.accepted]
    more += [f"{reader.healed} damaged records are whole in history and read from there"] if reader.healed else []
    if reader.damaged:
        return "\n".join([counted, *more, *(str(error) for error in reader.damaged)])
    return "\n".join([f"{counted}: all sound" + (" but what was given up" if reader.accepted else ""), *more])


def _repair_words(reader: LogReader, lost: list[LogDamaged], given_up: list[dict[str, object]]) -> str:
    lines = [f"{reader.healed} damaged records are whole in history and read from there"] if reader.healed else []
    lines += [f"{error.thing}: {error.rule}" for error in lost]
    if given_up:
        lines.append(
            f"{len(given_up)} stretches given up and entered in the ledger (chain `log`); the engine goes on by itself"
        )
    elif lost:
        lines.append(
            "Restore the segment from a backup; or go on without these records: `tocsin log repair --accept-loss`"
        )
    return "\n".join(lines) if lines else "nothing is damaged"
