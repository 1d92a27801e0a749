"""``tocsin demo``: start Tocsin on a fresh home and play an invented day, or recorded data, through its real doors."""

from __future__ import annotations

import logging
import os
import shutil
import signal
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.table import Table

from tocsin.app.commands.output import console, error_console, json_option, say, table, wants_json
from tocsin.app.demo.deployment import Deployment, environment, free_port
from tocsin.app.demo.mailbox import Mailbox
from tocsin.app.demo.parcels import Parcel, of_recording, of_scenario
from tocsin.app.home import Home
from tocsin.app.simulator.city import ZONE
from tocsin.app.simulator.storm_day import describe, storm_day
from tocsin.app.simulator.truth import Truth
from tocsin.engine.hazard import Facility
from tocsin.terms.moment import from_us
from tocsin.terms.stream import Source, Stream

if TYPE_CHECKING:
    from tocsin.app.demo.office import LogIn
    from tocsin.records.places.services import Area

__all__ = ["demo"]

PORT = 8000
ACTOR = "demo"
PACKS = ("natural_hazards", "gas_leak", "workplace_safety", "petitions")
AFTER_US = 14 * 60 * 1_000_000  # every lateness has passed, and nobody would yet call the whole city silent
RECORDED_STEPS = 480


@dataclass(frozen=True, slots=True)
class Programme:
    """What is played: catalogue, facilities, parcels, from when to when, and the truth where there is one."""

    label: str
    sources: tuple[Source, ...]
    streams: tuple[Stream, ...]
    facilities: tuple[Facility, ...]
    parcels: Iterable[Parcel]
    began_us: int
    ends_us: int
    zone: str
    truth: Truth | None


@click.command()
@click.option("--headless", is_flag=True, help="Play to the end as fast as possible, print the record, compare, exit.")
@click.option("--data", envvar="TOCSIN_DEMO", type=click.Path(exists=True, file_okay=False, path_type=Path),
              help="Play this folder of recorded data instead (as `tocsin replay` reads it).")  # fmt: skip
@click.option("--port", type=click.IntRange(1, 65535), help=f"Port of the pages [default: {PORT}; headless: any].")
@click.option(
    "--minutes", type=click.FloatRange(0.1, 600), default=4.0, show_default=True, help="How long a live play takes."
)
@click.option("--seed", type=click.IntRange(0), default=20250720, show_default=True, help="Seed of the invented day.")
@click.option("--home", "kept", type=click.Path(file_okay=False, path_type=Path),
              help="Keep the state here (must be empty) [default: a temporary directory].")  # fmt: skip
@json_option
@click.pass_context
def demo(
    ctx: click.Context,
    headless: bool,
    data: Path | None,
    port: int | None,
    minutes: float,
    seed: int,
    kept: Path | None,
) -> None:
    """Play a scenario of the simulator, or recorded data, and show it on a live page.

    The city, its gauges and its day are invented (synthetic 模拟). Exit code with --headless: 0 only if the record is
    exactly what the simulator knows to be true; 1 with the differences otherwise.
    """
    programme = _recorded(data) if data else _invented(seed)
    port = port or (free_port() if headless else PORT)
    for number in (signal.SIGTERM, signal.SIGHUP):  # whoever ends the demo ends its servers too
        signal.signal(number, lambda got, _: ctx.exit(128 + got))
    with ExitStack() as stack:
        home = stack.enter_context(_fresh(kept))
        mailbox = Mailbox(free_port())
        mailbox.start()
        stack.callback(mailbox.stop)
        logins = _prepare(home, port, programme, mailbox)
        deployment = Deployment(home, port)
        stack.callback(deployment.stop)
        deployment.start()
        if headless:
            ctx.exit(_to_the_end(home, deployment, programme, logins, mailbox))
        _live(home, deployment, programme, minutes, logins)


def _invented(seed: int) -> Programme:
    day = storm_day(seed)
    return Programme(
        f"SYNTHETIC 模拟数据: Simhaven 汐港, {describe(day)}", day.sources, day.streams, day.facilities,
        list(of_scenario(day)), day.began_us, day.ends_us, ZONE, day.truth,
    )  # fmt: skip


def _recorded(folder: Path) -> Programme:
    from tocsin.app.replay.dataset import read_dataset
    from tocsin.app.replay.layout import load_layouts, recognise
    from tocsin.app.replay.plain import plain_layout
    from tocsin.packkit import builtin_pack_paths, load_pack

    packs = [load_pack(path) for path in builtin_pack_paths() if path.name in PACKS]
    known = recognise(folder, load_layouts(pack.path / "replays" for pack in packs))
    units = {name: judged.unit for pack in packs for name, judged in pack.properties.items()}
    data = read_dataset(*((folder, known) if known else plain_layout((folder,), units)))
    began, ends = int(data.rows.observed_at[0]), int(data.rows.observed_at[-1])
    step = max(1, (ends - began) // RECORDED_STEPS)
    zone = data.catalogue.streams[0].zone if len(data.catalogue) else "UTC"
    return Programme(
        f"Recorded data: {folder.name}", tuple(data.catalogue.sources.values()), data.catalogue.streams, (),
        of_recording(data, step), began, ends, zone, None,
    )  # fmt: skip


@contextmanager
def _fresh(kept: Path | None) -> Iterator[Home]:
    if kept is not None:
        if kept.exists() and any(kept.iterdir()):
            raise click.UsageError(f"{kept} is not empty; a demo begins on a fresh home")
        yield Home(kept.absolute()).prepare()
        return
    root = Path(tempfile.mkdtemp(prefix="tocsin-demo-"))
    try:
        yield Home(root).prepare()
    finally:
        shutil.rmtree(root, ignore_errors=True)


def _prepare(home: Home, port: int, programme: Programme, mailbox: Mailbox) -> list[LogIn]:
    """Set the city clock to the beginning, make the database, register areas, facilities and offices; the log-ins."""
    os.environ.update(environment(home.root, port, PACKS, programme.zone) | {"TOCSIN_SMTP": mailbox.address})
    from tocsin.app.commands.django_ready import django_ready
    from tocsin.app.serve import migrate

    configuration = django_ready()
    for talker in ("httpx", "mail.log"):  # one line a request, or a command of SMTP, is the server's business
        logging.getLogger(talker).setLevel(logging.WARNING)
    from tocsin.app.demo.office import open_desk, open_office
    from tocsin.records import clock
    from tocsin.records.places.services import put_facilities, put_jurisdictions

    clock.drive(home.run / "clock", programme.began_us)
    migrate(configuration)
    now = clock.now()
    if programme.truth is None:
        put_jurisdictions(list(_areas(programme)), actor=ACTOR, now=now)
        return [open_desk(now=now)]
    logins = open_office(_paths(programme), now=now)
    put_facilities(programme.facilities, actor=ACTOR, now=now)
    return logins


def _paths(programme: Programme) -> set[str]:
    """Every area that streams and facilities name, with those above it."""
    paths = {stream.jurisdiction for stream in programme.streams} | {
        place.jurisdiction for place in programme.facilities
    }
    paths.discard("")
    return {"/".join(path.split("/")[:depth]) for path in paths for depth in range(1, path.count("/") + 2)}


def _areas(programme: Programme) -> Iterator[Area]:
    from tocsin.records.places.services import Area

    for path in sorted(_paths(programme)):
        name = path.rpartition("/")[2]
        yield Area(path, {"en": name, "zh-hans": name}, path.count("/") + 1, programme.zone)


def _to_the_end(home: Home, deployment: Deployment, programme: Programme, logins: list[LogIn], mailbox: Mailbox) -> int:
    """Play as fast as it is taken, let people do what waits for them, print what is on record, compare; 0 if met, 1 if not."""
    from tocsin.app.demo.lived_day import LivedDay
    from tocsin.app.demo.loop_verdict import loop_differences, read_loop
    from tocsin.app.demo.play import Player
    from tocsin.app.demo.record import read_record
    from tocsin.app.demo.show import as_document, as_tables
    from tocsin.app.demo.staff import Staff
    from tocsin.app.demo.verdict import differences
    from tocsin.engine.grouping import no_data_rules
    from tocsin.packkit import builtin_pack_paths, load_pack

    packs = [load_pack(path) for path in builtin_pack_paths() if path.name in PACKS]
    began = time.monotonic()
    staff = Staff(deployment.address, logins) if programme.truth else None
    lived = LivedDay(staff) if staff else None
    player = Player(home, deployment.address, told=lived.look_up if lived else lambda at_us: None)
    try:
        player.register(programme.sources, programme.streams)
        if lived:
            lived.player = player
        player.play(programme.parcels, ends_us=programme.ends_us + AFTER_US)
        player.settle()
        if lived:
            lived.finish()
            lived.mail_settled()
    finally:
        player.close()
        if staff:
            staff.close()
    seconds = time.monotonic() - began
    deployment.stop()
    record = read_record(home, no_data_rules([rule for pack in packs for rule in pack.rules]))
    found = differences(record, programme.truth) if programme.truth else None
    left = read_loop(mailbox, staff.acts) if staff else None
    if found is not None and left is not None:
        found += loop_differences(left)
    if wants_json():
        say(as_document(record, found, programme.label, left), str)
    else:
        wide = console if console.is_terminal else Console(width=200, highlight=False)
        wide.print(as_tables(record, packs[0].scheme, programme.zone, programme.label, left))
        console.print(f"\n{player.rows:,} rows accepted in {player.posted:,} bodies, lived in {seconds:.1f} s")
        _print_verdict(found)
    return 1 if found else 0


def _print_verdict(found: list[str] | None) -> None:
    if found is None:
        console.print("Recorded data: no simulator's truth to compare with. `tocsin replay` scores it.")
    elif not found:
        console.print(
            "The simulator's own truth was met, and the loop was closed. 与模拟器真值一致，闭环完成。", style="bold"
        )
    else:
        error_console.print(
            f"{len(found)} difference(s) from the simulator's own truth, or loop not closed:", style="bold"
        )
        for difference in found:
            error_console.print(f"  {difference}", markup=False)


def _live(home: Home, deployment: Deployment, programme: Programme, minutes: float, logins: list[LogIn]) -> None:
    """Play at a steady factor of time with its people at work, then keep the pages until Ctrl-C."""
    from rich.progress import BarColumn, Progress, TextColumn

    from tocsin.app.demo.lived_day import LivedDay
    from tocsin.app.demo.play import Player
    from tocsin.app.demo.staff import Staff

    factor = (programme.ends_us - programme.began_us) / 1e6 / (minutes * 60)
    console.print(f"[bold]{deployment.address}[/bold]  {programme.label}")
    console.print(f"One second is {factor / 60:.1f} minutes there. Ctrl-C stops it.")
    console.print(_log_in_table(logins))
    console.print("Warnings for the public, without log-in: " + f"{deployment.address}/warnings")
    columns = (TextColumn("{task.fields[clock]}"), BarColumn(), TextColumn("{task.percentage:3.0f} %"))
    staff = Staff(deployment.address, logins, told=lambda said: console.print(f"  {said}", style="dim", markup=False))
    try:
        with Progress(*columns, console=error_console, transient=True) as bar:
            task = bar.add_task("day", total=programme.ends_us - programme.began_us, clock="")

            def told(at_us: int) -> None:
                bar.update(task, completed=at_us - programme.began_us, clock=_civil(at_us, programme.zone))

            lived = LivedDay(staff, told)
            player = Player(home, deployment.address, told=lived.look_up)
            try:
                player.register(programme.sources, programme.streams)
                lived.player = player if programme.truth else None
                player.play(programme.parcels, ends_us=programme.ends_us + AFTER_US, factor=factor)
                if programme.truth:
                    lived.finish()
            finally:
                player.close()
        console.print("The day is over; the pages stay until Ctrl-C.")
        while deployment.running():
            time.sleep(0.5)
    except KeyboardInterrupt:
        console.print("Stopping ...")
    finally:
        staff.close()


def _log_in_table(logins: list[LogIn]) -> Table:
    """One log-in a role, made for this demo and thrown away with it."""
    first = {login.role: login for login in reversed(logins)}
    rows = [(login.role.replace("_", " "), login.username, login.password, ", ".join(login.posts[:2]))
            for login in first.values()]  # fmt: skip
    columns = ("role 角色", "log-in 账号", "password 密码", "post 岗位")
    return table(columns, sorted(rows), whole="password 密码")


def _civil(at_us: int, zone: str) -> str:
    from zoneinfo import ZoneInfo

    return from_us(at_us).astimezone(ZoneInfo(zone)).strftime("%Y-%m-%d %H:%M")
