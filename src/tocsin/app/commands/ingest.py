"""``tocsin ingest``: observations from files."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import click
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from tocsin.app.commands.django_ready import django_ready
from tocsin.app.commands.output import error_console, json_option, say, table

__all__ = ["ingest"]


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--source", required=True, help="The source that the rows come from.")
@click.option(
    "--mapping", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="TOML: which column is what."
)
@json_option
def ingest(files: tuple[Path, ...], source: str, mapping: Path | None) -> None:
    """Take the rows of CSV and Parquet FILES. Bad rows are kept aside with their reason, the rest is taken.

    Exit code 1 when all rows of all files were refused.
    """
    configuration = django_ready()
    from tocsin.doors.intake.files.intake import FileIntake, mapping_of
    from tocsin.doors.intake.socket.client import EngineClient
    from tocsin.loop.observe.queries import load_catalogue
    from tocsin.records import clock

    engine = EngineClient(configuration.home.engine_socket)
    intake = FileIntake(engine, load_catalogue(), source, now_us=clock.now_us, mapping=mapping_of(mapping))
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
    with Progress(*columns, console=error_console, transient=True) as progress:
        for file in files:
            task = progress.add_task(file.name, total=None)
            intake.take(file, progress=partial(_show, progress, task))
    taken = intake.taken
    document = {
        "rows": taken.rows, "accepted": taken.accepted, "missing": taken.missing, "refused": taken.refused,
        "reasons": dict(taken.reasons), "seq": taken.seq,
    }  # fmt: skip
    say(document, lambda: table(["rows", "accepted", "of these missing", "refused"],
                                [[taken.rows, taken.accepted, taken.missing, taken.refused]]))  # fmt: skip
    for reason, number in taken.reasons.most_common(10):
        error_console.print(f"refused {number}: {reason}", markup=False)
    raise SystemExit(1 if taken.rows and not taken.accepted else 0)


def _show(progress: Progress, task: TaskID, done: int, total: int | None) -> None:
    progress.update(task, completed=done, total=total)
