"""``tocsin serve``: the whole product in one process tree, or one role of it."""

from __future__ import annotations

import dataclasses
import os
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import click

from tocsin.app.commands.django_ready import configured, django_ready
from tocsin.app.configuration import Configuration
from tocsin.app.process_tree import Child, ProcessTree, end_with_parent, role_command

__all__ = ["backup_database", "migrate", "serve"]

BACKUPS_KEPT = 5
WEB_STOP_S = 5  # open pages keep their stream for ever; their browsers reconnect by themselves


@click.command()
@click.option("--host", help="Address to listen on [default: from settings, 127.0.0.1].")
@click.option("--port", type=click.IntRange(1, 65535), help="Port to listen on [default: from settings, 8000].")
@click.option("--role", type=click.Choice(["engine", "web", "worker"]), help="Run only this role, in the foreground.")
@click.option(
    "--web-workers", type=click.IntRange(1, 64), default=1, show_default=True, help="Processes of the web role."
)
def serve(host: str | None, port: int | None, role: str | None, web_workers: int) -> None:
    """Start Tocsin: engine, web and worker over the embedded database; or one role for a larger deployment.

    Backs up and migrates the database first. Stops in order on SIGTERM or Ctrl-C.
    """
    configuration = _listening(configured(), host, port)
    os.environ["TOCSIN_LISTEN"] = configuration.listen
    if role is not None:
        raise SystemExit(_run_role(role, configuration, web_workers))
    click.echo(f"Tocsin on http://{configuration.listen} - Ctrl-C stops it")
    django_ready()
    backup = migrate(configuration)
    if backup is not None:
        click.echo(f"database backed up to {backup}, then migrated")
    _destroy_again()
    _first_start()
    children = [
        Child("engine", role_command("engine")),
        Child("worker", role_command("worker")),
        Child("web", role_command("web", "--web-workers", str(web_workers))),
    ]
    raise SystemExit(ProcessTree(children).run())


def _destroy_again() -> None:
    from tocsin.app.destroyed_again import destroy_again

    for subject in destroy_again():
        click.echo(f"{subject} had come back out of a backup and was destroyed again")


def _first_start() -> None:
    """Where there is no account yet: make the administrator's and say its password, here and nowhere else, once."""
    from tocsin.records import clock
    from tocsin.records.org import services

    made = services.first_administrator(now=clock.now())
    if made is not None:
        username, password = made
        click.echo(
            f"First start. Log in as {username} with the one-time password {password} - it is shown this once and must be"
            " changed at the first log-in. Lost it? `tocsin staff password admin`"
        )


def _listening(configuration: Configuration, host: str | None, port: int | None) -> Configuration:
    listen = f"{host or configuration.listen.rpartition(':')[0]}:{port or configuration.port}"
    return dataclasses.replace(configuration, listen=listen)


def _run_role(role: str, configuration: Configuration, web_workers: int) -> int:
    end_with_parent()
    if role == "web":
        return _web(configuration, web_workers)
    django_ready()
    _destroy_again()
    if role == "worker":
        from tocsin.app import worker

        return worker.run(configuration)
    from tocsin.app.engine_process import process

    return process.run(configuration)


def _web(configuration: Configuration, workers: int) -> int:
    from granian.constants import Interfaces
    from granian.server import Server

    Server(
        "tocsin.app.asgi:application",
        address=configuration.host,
        port=configuration.port,
        interface=Interfaces.ASGINL,
        workers=workers,
        respawn_failed_workers=True,
        workers_kill_timeout=WEB_STOP_S,
        websockets=False,
        log_access=False,
    ).serve()
    return 0


def migrate(configuration: Configuration) -> Path | None:
    """Bring the database to this version. A backup is made first where there is something to change (SQLite only;
    PostgreSQL has its own tools); its path, or None."""
    from django.core.management import call_command
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connection)
    if not executor.migration_plan(executor.loader.graph.leaf_nodes()):
        return None
    backup = None
    if connection.vendor == "sqlite" and executor.loader.applied_migrations:
        backup = backup_database(configuration)
    call_command("migrate", interactive=False, verbosity=0)
    return backup


def backup_database(configuration: Configuration) -> Path:
    """A consistent copy of the SQLite database beside it, while others may be writing; the newest few are kept."""
    folder = configuration.home.backups
    folder.mkdir(mode=0o700, exist_ok=True)
    target = folder / time.strftime("db-%Y%m%dT%H%M%SZ.sqlite3", time.gmtime())
    with closing(sqlite3.connect(configuration.home.database)) as source, closing(sqlite3.connect(target)) as copy:
        source.backup(copy)
    for old in sorted(folder.glob("db-*.sqlite3"))[:-BACKUPS_KEPT]:
        old.unlink()
    return target
