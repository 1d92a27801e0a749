"""``tocsin doctor``: is this installation able to do its work, and what to repair if not."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tocsin.app.commands.django_ready import configured, django_ready
from tocsin.app.commands.output import console, json_option, say, table, wants_json
from tocsin.app.configuration import Configuration
from tocsin.app.durability_findings import engine_findings, free_space, snapshot_findings
from tocsin.app.feed_findings import feed_findings
from tocsin.app.finding import Finding
from tocsin.terms.errors import TocsinError

if TYPE_CHECKING:
    from tocsin.packkit import Pack

__all__ = ["Finding", "doctor"]

REMOTE = {
    "nfs",
    "nfs4",
    "cifs",
    "smb3",
    "smbfs",
    "9p",
    "afs",
    "ceph",
    "fuse.sshfs",
    "fuse.glusterfs",
    "fuse.s3fs",
    "davfs",
}
VERSIONS = ("tocsin", "django", "django-ninja", "granian", "numpy", "numba", "pyarrow", "duckdb", "msgspec")
LOG_SEGMENTS = 2  # the newest; `tocsin log verify` reads them all


@click.command()
@json_option
def doctor() -> None:
    """Check settings, home, database, log, engine, packs and versions. Exit code 1 when any check fails."""
    findings, shown = examine()
    sound = all(finding.state != "fault" for finding in findings)
    document = {"sound": sound, "findings": [asdict(finding) for finding in findings], "settings": shown,
                "versions": _versions()}  # fmt: skip
    say(document, lambda: table(["check", "state", "what", "remedy"], [list(asdict(f).values()) for f in findings]))
    if not wants_json():
        console.print(table(["setting", "value"], shown.items(), title="\nSettings"))
        console.print(table(["part", "version"], _versions().items(), title="\nVersions"))
        console.print("\nAll sound." if sound else "\nNot sound: see the faults above.")
    raise SystemExit(0 if sound else 1)


def examine() -> tuple[list[Finding], dict[str, object]]:
    """All findings, and the settings without secrets."""
    try:
        configuration = configured()
    except TocsinError as error:
        return [_fault("settings", error)], {}
    findings = [Finding("settings", "ok", "read and checked")]
    checks: list[Callable[[Configuration], Iterator[Finding]]] = [
        _home,
        _disk,
        _database,
        _staff,
        _roster,
        _log,
        snapshot_findings,
        _engine,
        _packs,
        _streams,
        feed_findings,
        _outbox,
        _mail,
        _cap_key,
    ]
    for check in checks:
        name = check.__name__.strip("_").removesuffix("_findings")
        try:
            findings += check(configuration)
        except TocsinError as error:
            findings.append(_fault(name, error))
        except Exception as error:  # a doctor must finish the round whatever one patient does
            remedy = "report this with the output of `tocsin doctor --json`"
            findings.append(Finding(name, "fault", f"{type(error).__name__}: {error}", remedy))
    return findings, configuration.shown()


def _fault(check: str, error: TocsinError) -> Finding:
    return Finding(check, "fault", f"{error.thing}: {error.rule}", error.remedy)


def _home(configuration: Configuration) -> Iterator[Finding]:
    root = configuration.home.prepare().root
    with tempfile.NamedTemporaryFile(dir=root) as file:
        file.write(b"doctor")
        file.flush()
        os.fsync(file.fileno())
    if root.stat().st_mode & 0o077:
        yield Finding("home", "fault", f"{root} can be read by other accounts", f"chmod 700 {root}")
    else:
        yield Finding("home", "ok", f"{root} can be written, by its owner only")


def _disk(configuration: Configuration) -> Iterator[Finding]:
    kind = filesystem_of(configuration.home.root, Path("/proc/self/mountinfo"))
    if kind is None:
        yield Finding("disk", "note", "cannot tell whether TOCSIN_HOME is on a local disk")
    elif kind in REMOTE:
        rule = f"TOCSIN_HOME is on {kind}; locks and fsync of a network file system do not hold what we promise"
        yield Finding("disk", "fault", rule, "set TOCSIN_HOME to a local disk")
    else:
        yield free_space(configuration, kind)


def filesystem_of(path: Path, mounts: Path) -> str | None:
    """The type of the file system that holds ``path``, by Linux's mount table; None where there is none."""
    try:
        lines = mounts.read_text().splitlines()
    except OSError:
        return None
    found: tuple[int, str] | None = None
    for line in lines:
        left, _, right = line.partition(" - ")
        point = left.split()[4].replace("\\040", " ")
        if path.resolve().is_relative_to(point) and (found is None or len(point) >= found[0]):
            found = (len(point), right.split()[0])
    return found[1] if found else None


def _database(configuration: Configuration) -> Iterator[Finding]:
    if not configuration.database and not configuration.home.database.exists():
        yield Finding("database", "note", "not made yet", "`tocsin serve` makes it")
        return
    django_ready()
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    executor = MigrationExecutor(connection)
    waiting = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if waiting:
        yield Finding("database", "note", f"{len(waiting)} migrations wait", "`tocsin serve` backs up, then migrates")
    else:
        yield Finding("database", "ok", f"{connection.vendor} answers and is migrated")


def _staff(configuration: Configuration) -> Iterator[Finding]:
    if not configuration.database and not configuration.home.database.exists():
        return
    django_ready()
    from tocsin.records import clock
    from tocsin.records.org import queries
    from tocsin.records.org.roles import Role

    administrators = queries.holders(now=clock.now(), role=Role.ADMINISTRATOR)
    if not administrators:
        yield Finding(
            "staff", "note", "nobody is administrator now", "`tocsin serve` makes the first; else `tocsin staff load`"
        )
    waiting = queries.with_one_time_password()
    if waiting:
        names = ", ".join(waiting[:5]) + (f" and {len(waiting) - 5} more" if len(waiting) > 5 else "")
        yield Finding("staff", "note", f"still with their one-time password: {names}", "they log in once and change it")
    elif administrators:
        yield Finding("staff", "ok", "every open account has changed its one-time password")


def _roster(configuration: Configuration) -> Iterator[Finding]:
    if not _has_database(configuration):
        return
    from tocsin.records import clock
    from tocsin.records.escalation import queries as escalation
    from tocsin.records.org.scope import EVERYWHERE
    from tocsin.records.roster import queries as roster

    gaps = roster.gaps(EVERYWHERE, now=clock.now())
    if gaps:
        named = ", ".join(f"{gap.post} from {gap.from_at:%m-%d %H:%M} UTC" for gap in gaps[:5])
        yield Finding("roster", "note", f"held by nobody in the coming seven days: {named}", "see the page Roster")
    else:
        yield Finding("roster", "ok", "no declared shift of the coming seven days is empty")
    if not any("event" in chain.kinds for chain in escalation.chains()):
        yield Finding("roster", "note", "no chain of escalation serves events: a letter that nobody reads calls nobody else",
                      "declare one with `tocsin escalation load`, see docs/duty.md")  # fmt: skip


def _log(configuration: Configuration) -> Iterator[Finding]:
    from tocsin.loop.observe.log import LogReader
    from tocsin.loop.observe.log.reader import segments_in

    reader = LogReader(configuration.home.log)
    firsts = segments_in(configuration.home.log)[-LOG_SEGMENTS:]
    records = sum(1 for _ in reader.read(firsts[0], skip_damaged=True)) if firsts else 0
    for error in reader.damaged:
        yield _fault("log", error)
    for error in reader.accepted:
        yield Finding("log", "note", f"given up earlier: {error.thing}: {error.rule}")
    if not reader.damaged:
        yield Finding("log", "ok", f"next record {reader.next_seq}; the newest {records} records are sound")


def _engine(configuration: Configuration) -> Iterator[Finding]:
    from tocsin.doors.intake.socket.client import EngineClient

    path = configuration.home.engine_socket
    if not path.exists():
        yield Finding("engine", "note", "not running", "start it with `tocsin serve`")
        return
    health = EngineClient(path, timeout_s=3.0).health()
    words = (
        f"answers; {health['lag_records']} records to evaluate, {health['streams']} streams, {health['rules']} rules"
    )
    yield Finding("engine", "ok", words)
    yield from engine_findings(health)


def _packs(configuration: Configuration) -> Iterator[Finding]:
    from tocsin.app.engine_process.packs_in_force import civil_day
    from tocsin.packkit import check_pack, find_pack, load_pack

    django_ready()
    from tocsin.records import clock

    today = civil_day(clock.now_us(), configuration.time_zone)
    for name in configuration.packs:
        faults = check_pack(find_pack(name))
        for fault in faults:
            yield Finding("packs", "fault", f"{fault.file}:{fault.line}: {fault.what}", fault.remedy)
        if not faults:
            yield Finding("packs", "ok", f"{name} is valid")
            yield from _out_of_date(load_pack(find_pack(name)), today, configuration.allow_out_of_date_rules)


def _out_of_date(pack: Pack, today: date, allowed: bool) -> Iterator[Finding]:
    from tocsin.app.engine_process.packs_in_force import out_of_date

    found = out_of_date(pack, today)
    for rule, why in found.items():
        if allowed:
            yield Finding("packs", "note", f"rule {rule} judges although {why}", "see whether its source was replaced")
        else:
            remedy = "see whether its source was replaced; or set allow_out_of_date_rules = true"
            yield Finding("packs", "note", f"rule {rule} is left out: {why}", remedy)
    if len(found) == len(pack.rules) and not allowed:
        remedy = "take a newer version of the pack; or set allow_out_of_date_rules = true"
        yield Finding("packs", "fault", f"no rule of {pack.name} judges on {today}", remedy)


def _streams(configuration: Configuration) -> Iterator[Finding]:
    from tocsin.packkit import find_pack, load_pack, require_fit

    if not configuration.database and not configuration.home.database.exists():
        return
    django_ready()
    from tocsin.loop.observe import queries

    catalogue = queries.load_catalogue()
    require_fit([load_pack(find_pack(name)) for name in configuration.packs], catalogue)
    yield Finding("streams", "ok", f"{len(catalogue)} streams, in the units of the packs that judge them")


def _outbox(configuration: Configuration) -> Iterator[Finding]:
    if not _has_database(configuration):
        return
    from tocsin.records import clock
    from tocsin.records.outbox.queries import waiting

    found = waiting(now=clock.now())
    if found.failing:
        words = f"{found.failing} of {found.facts} facts failed and are tried again; the oldest waits {found.age}"
        yield Finding("outbox", "fault", words, "see the worker's output for the stage that fails")
    elif found.age is not None and found.age > timedelta(minutes=1):
        words = f"{found.facts} facts wait, the oldest for {found.age}"
        yield Finding("outbox", "note", words, "see that the worker runs: `tocsin serve`")
    else:
        yield Finding("outbox", "ok", f"{found.facts} facts wait")


def _mail(configuration: Configuration) -> Iterator[Finding]:
    if not configuration.smtp:
        yield Finding("mail", "note", "no mail server is set; mail is kept waiting", "set smtp, see docs/install.md")
    if not _has_database(configuration):
        return
    from tocsin.records import clock
    from tocsin.records.dispatch.queries import undelivered

    found = undelivered(now=clock.now())
    if not found.dispatches:
        yield Finding("mail", "ok", "nothing waits to be sent")
    elif found.failing:
        words = f"{found.dispatches} dispatches wait, the oldest for {found.age}; last heard: {found.last_error}"
        yield Finding("mail", "fault", words, "see that the mail server answers and that the setting smtp is right")
    else:
        yield Finding("mail", "note", f"{found.dispatches} dispatches wait, the oldest for {found.age}")


def _cap_key(configuration: Configuration) -> Iterator[Finding]:
    if not configuration.cap_key:
        yield Finding("cap_key", "note", "CAP messages are not signed", "make a key with `tocsin cap new-key`")
        return
    from tocsin.loop.warn.deployment_key import read_key

    ends = read_key(configuration.cap_key, configuration.cap_certificate).certificate.not_valid_after_utc
    left = (ends - datetime.now(UTC)).days
    if left < 60:
        yield Finding("cap_key", "fault" if left < 0 else "note", f"the certificate ends on {ends:%Y-%m-%d}",
                      "give readers a new certificate to pin, then change cap_key and cap_certificate")  # fmt: skip
    else:
        yield Finding("cap_key", "ok", f"CAP messages are signed; the certificate is valid until {ends:%Y-%m-%d}")


def _has_database(configuration: Configuration) -> bool:
    """Whether there are tables to ask; ``_database`` says what is missing."""
    if not configuration.database and not configuration.home.database.exists():
        return False
    django_ready()
    from django.db import connection

    return {"outbox_outboxfact", "dispatch_dispatchrow", "roster_gaprow"} <= set(connection.introspection.table_names())


def _versions() -> dict[str, str]:
    versions = {"python": sys.version.split()[0], "platform": platform.platform()}
    return versions | {name: importlib.metadata.version(name) for name in VERSIONS}
