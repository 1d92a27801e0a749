"""The ``tocsin`` command. Sub-commands live in their own modules and are imported only when asked for.

Exit codes: 0 fine, 1 the check did not hold (or a part did not answer), 2 wrong use or refused input.
"""

from __future__ import annotations

import gc
import importlib
import os
import sys
from collections.abc import Sequence
from typing import Any

import click

from tocsin.terms.errors import Refused, TocsinError

__all__ = ["COMMANDS", "main"]

# name -> (module:attribute, one line for --help); in the order a newcomer needs them
COMMANDS: dict[str, tuple[str, str]] = {
    "serve": ("tocsin.app.serve:serve", "Start Tocsin: engine, web and worker."),
    "doctor": ("tocsin.app.doctor:doctor", "Check this installation and say what to repair."),
    "demo": ("tocsin.app.demo.command:demo", "Play a scenario of the simulator, or recorded data."),
    "staff": ("tocsin.app.commands.staff:staff", "Load departments, posts and accounts; give a new password."),
    "targets": (
        "tocsin.app.commands.targets:targets",
        "Load and show displays, systems and rooms that are told of warnings.",
    ),
    "roster": ("tocsin.app.commands.roster:roster", "Load rotations; show the coming shifts and empty ones."),
    "duties": ("tocsin.app.commands.duties:duties", "Load and show duty lists; say whose something was."),
    "escalation": ("tocsin.app.commands.escalation:escalation", "Load and show whom to call until somebody answers."),
    "feeds": ("tocsin.app.commands.feeds:feeds", "Load, show and ask other authorities' feeds of warnings."),
    "quiet": ("tocsin.app.commands.quiet:quiet", "Load and show when telephones stay quiet; red never waits."),
    "watch": ("tocsin.app.commands.watch:watch", "Watch another Tocsin from outside and call for help."),
    "callout": ("tocsin.app.commands.callout:callout", "Load and show the plan of call-outs and reports upwards."),
    "authority": ("tocsin.app.commands.authority:authority", "Load and show which bodies may warn of what."),
    "sources": ("tocsin.app.commands.sources:sources", "Register sources and give them tokens."),
    "token": ("tocsin.app.commands.tokens:token", "Make a token that may change the catalogue."),
    "catalogue": ("tocsin.app.commands.catalogue:catalogue", "Load sources and streams from a file."),
    "ingest": ("tocsin.app.commands.ingest:ingest", "Take observations from CSV and Parquet files."),
    "query": ("tocsin.app.commands.query:query", "Ask the history of observations in SQL."),
    "log": ("tocsin.app.commands.log:log", "Verify the log of observations."),
    "laws": ("tocsin.app.commands.laws:laws", "List rules, clocks and time limits with source and validity."),
    "ledger": ("tocsin.app.commands.ledger:ledger", "Verify the ledger, read a chain, print the root to publish."),
    "pack": ("tocsin.app.commands.pack:pack", "Make, check, replay and explain packs."),
    "rules": ("tocsin.app.commands.rules:rules", "Check, set, explain and test rules."),
    "seal": ("tocsin.app.commands.seal:seal", "Rotate seal keys, destroy what is due, print certificates."),
    "clocks": ("tocsin.app.commands.clocks:clocks", "Say when a statutory period ends; load a year of working days."),
    "case": ("tocsin.app.commands.case:case", "List the papers of a case; make one as PDF or .docx."),
    "cap": ("tocsin.app.commands.cap:cap", "Check CAP messages and verify their signatures."),
    "replay": ("tocsin.app.replay.command:replay", "Replay recorded data through rules and score the result."),
    "backtest": ("tocsin.app.backtest.command:backtest", "Score rules on recorded history against what happened."),
    "budget": ("tocsin.app.backtest.budget_command:budget", "Search thresholds that keep to a rate of false signals."),
    "bench": ("tocsin.app.bench.command:bench", "Measure the engine on a standard workload."),
}


# BLAS would start a thread a core, and each spins for a while: nobody here multiplies matrices.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


class LazyGroup(click.Group):
    """A group that knows its commands by name and imports one only when it runs; typed errors become plain lines."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, _, attribute = COMMANDS[cmd_name][0].partition(":")
        gc.disable()
        try:
            return getattr(importlib.import_module(module), attribute)  # type: ignore[no-any-return]
        except ModuleNotFoundError as error:
            if error.name is None or not module.startswith(error.name):
                raise
            raise click.UsageError(
                f"`tocsin {cmd_name}` is not part of this installation ({error.name} is missing)"
            ) from None
        finally:
            if not gc.get_freeze_count():  # what a program is made of stays: no search for cyclic garbage need visit it
                gc.freeze()
            gc.enable()

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in COMMANDS.items()])

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except TocsinError as error:
            from tocsin.app.commands.output import print_error  # brings the printer of tables

            print_error(ctx, error)
            ctx.exit(2 if isinstance(error, Refused) else 1)

    def main(self, args: Sequence[str] | None = None, *rest: Any, **named: Any) -> Any:
        for stream in (sys.stdout, sys.stderr):  # a console of another encoding must not break Chinese words
            if hasattr(stream, "reconfigure"):
                stream.reconfigure(errors="replace")
        return super().main(args, *rest, **named)


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="tocsin")
def main() -> None:
    """Tocsin: observe, detect, verify, warn, respond, rectify, review and evaluate in one record."""


if __name__ == "__main__":
    main()
