"""``tocsin replay``: play recorded data through a pack's rules and print what would have been raised, and how well."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from tocsin.app.commands.output import console, json_option, say, wants_json
from tocsin.app.engine_process.packs_in_force import out_of_date
from tocsin.app.replay.dataset import read_dataset
from tocsin.app.replay.layout import Layout, load_layout, load_layouts, recognise
from tocsin.app.replay.native_log import home_of_log, kept_facilities, replay_log
from tocsin.app.replay.plain import plain_layout
from tocsin.app.replay.report import Score
from tocsin.app.replay.run import Replayed
from tocsin.app.replay.run import replay as run_replay
from tocsin.app.replay.scoring import SCORERS
from tocsin.app.replay.summary import as_document, as_text
from tocsin.packkit import Pack, builtin_pack_paths, load_pack
from tocsin.terms.errors import BadPack, UnknownName
from tocsin.terms.moment import from_us

__all__ = ["layout_of", "replay", "replay_paths"]

USUAL_PACK = "natural_hazards"
_PAGE_WIDTH = 220  # of tables in a file or a pipe, where no window says how wide it is


@click.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option("--pack", "pack_name",
              help="Name or folder of the pack [default: natural_hazards; of a log: its own packs].")  # fmt: skip
@click.option("--layout", "layout_name", help="Read the folder by this layout of the pack instead of recognising it.")
@click.option("--mapping", type=click.Path(exists=True, dir_okay=False, path_type=Path),
              help="A layout file that says which columns to read.")  # fmt: skip
@click.option("--events", "most_events", default=20, show_default=True, help="Print at most so many events.")
@json_option
@click.pass_context
def replay(
    ctx: click.Context, paths: tuple[Path, ...], pack_name: str | None, layout_name: str | None, mapping: Path | None,
    most_events: int,
) -> None:  # fmt: skip
    """Replay recorded data (a folder or files) and score it where the truth is known; or a log of Tocsin itself (a
    TOCSIN_HOME or its log folder), with the catalogue, rules and ticks that stand in it.

    Exit code 0: fine; 1: a check did not hold; 2: wrong use or unreadable input.
    """
    pack = load_pack(_pack_path(pack_name)) if pack_name else None
    home = home_of_log(paths[0]) if len(paths) == 1 and mapping is None else None
    with _bar() as bar:
        follow = _follow(bar)
        if home is not None:
            run, score = replay_log(paths[0], home, pack, facilities=kept_facilities(home), progress=follow)
        else:
            pack = pack or load_pack(_pack_path(USUAL_PACK))
            run, score = replay_paths(paths, pack, layout_name=layout_name, mapping=mapping, progress=follow)
    if wants_json():
        say(as_document(run, score), str)
    else:
        page = console if console.is_terminal else Console(width=_PAGE_WIDTH, highlight=False)
        page.print(as_text(run, score, most_events))
    ctx.exit(0 if score.held else 1)


def replay_paths(
    paths: tuple[Path, ...], pack: Pack, *, layout_name: str | None = None, mapping: Path | None = None,
    progress: Any = None,
) -> tuple[Replayed, Score]:  # fmt: skip
    """Read, replay and score. Raises the typed errors of the parts."""
    began = time.perf_counter()
    folder, layout = layout_of(paths, pack, layout_name, mapping)
    if layout.scorer and layout.scorer not in SCORERS:
        raise BadPack(layout.path, f"scorer {layout.scorer!r} is not known", f"use one of {', '.join(SCORERS)}")
    data = read_dataset(folder, layout)
    reading = time.perf_counter() - began
    run = run_replay(data, pack, progress=progress)
    began = time.perf_counter()
    score = SCORERS[layout.scorer](run) if layout.scorer else Score()
    score.sentences += _not_in_force(run)
    run.seconds["scoring"] = time.perf_counter() - began
    run.seconds["reading"] = reading
    return run, score


def _not_in_force(run: Replayed) -> list[str]:
    """A rule may be tried on data older than itself, but that must be said."""
    days = {from_us(at_us).date() for at_us in (run.began_us, run.ended_us)}
    old = {name for day in days for name in out_of_date(run.pack, day)}
    observed = {stream.property for stream in run.dataset.catalogue}
    asked = [rule for rule in run.pack.rules if observed & set(rule.select.get("property", observed))]
    names = sorted(rule.name.rpartition("/")[2] for rule in asked if rule.name in old)
    return [f"Judged although not in force on all days of the data: {', '.join(names)}."] if names else []


def layout_of(
    paths: tuple[Path, ...], pack: Pack, name: str | None = None, mapping: Path | None = None
) -> tuple[Path, Layout]:
    """The folder that paths mean, and the layout by which it is read: as asked, as recognised, else from its columns."""
    folder = paths[0] if paths[0].is_dir() else paths[0].parent
    if mapping is not None:
        return folder, load_layout(mapping)
    known = load_layouts([pack.path / "replays"])
    if name is not None:
        chosen = next((p for p in known if p.name == name), None)
        if chosen is None:
            raise UnknownName(f"layout {name}", f"pack {pack.name} has no such layout",
                              f"use one of {', '.join(p.name for p in known)}")  # fmt: skip
        return folder, chosen
    if len(paths) == 1 and paths[0].is_dir():
        recognised = recognise(folder, known)
        if recognised is not None:
            return folder, recognised
    return plain_layout(paths, {name: known.unit for name, known in pack.properties.items()})


def _pack_path(name: str) -> Path:
    if Path(name).is_dir():
        return Path(name)
    paths = {path.name: path for path in builtin_pack_paths()}
    if name not in paths:
        raise UnknownName(f"pack {name}", "no folder and no built-in pack is called so",
                          f"use one of {', '.join(sorted(paths))}, or the path of a folder")  # fmt: skip
    return paths[name]


def _bar() -> Progress:
    console = Console(stderr=True)
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed:,} of {task.total:,} observations"),
        TimeElapsedColumn(),
        console=console,
        transient=True,
        disable=wants_json() or not console.is_terminal,
    )


def _follow(bar: Progress) -> Any:
    tasks: dict[str, Any] = {}

    def follow(what: str, done: int, of: int) -> None:
        if what not in tasks or (done < of and bar.tasks[tasks[what]].finished):
            tasks[what] = bar.add_task(what, total=of)
        bar.update(tasks[what], completed=done, total=of)

    return follow
