"""``tocsin rules explain``: a rule in plain words, with what it costs."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import click

from tocsin.app.commands.output import json_option, say, width_of
from tocsin.engine.language.faults import nearest
from tocsin.engine.plan_memory import MemoryPlan
from tocsin.packkit.fault import Fault
from tocsin.packkit.rule_set import read_rule_set
from tocsin.packkit.rule_story import Asked, RuleStory, plan_lines, tell_rules
from tocsin.terms.errors import BadPack, UnknownName

__all__ = ["explain"]

_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([kMGT]?)(i?)B?", re.IGNORECASE)
_POWERS = {"": 0, "k": 1, "m": 2, "g": 3, "t": 4}


@click.command()
@click.argument("path")
@click.option("--rule", "only", multiple=True, metavar="ID", help="Only this rule; may be given several times.")
@click.option(
    "--streams", type=click.IntRange(1, 100_000_000), default=1000, show_default=True, help="Streams a rule watches."
)
@click.option(
    "--cadence", type=click.FloatRange(0.001, 31_622_400), help="Seconds between observations; else as the pack says."
)
@click.option(
    "--areas", type=click.IntRange(1, 10_000_000), default=10, show_default=True, help="Areas the streams lie in."
)
@click.option("--budget", default="8GiB", show_default=True, help="Memory that may be used, such as 500MB or 8GiB.")
@click.option(
    "--lang", type=click.Choice(["en", "zh"]), default="en", show_default=True, help="Language of the sentences."
)
@json_option
@click.pass_context
def explain(
    ctx: click.Context,
    path: str,
    only: Sequence[str],
    streams: int,
    cadence: float | None,
    areas: int,
    budget: str,
    lang: str,
) -> None:
    """Say in plain words what rules watch, when levels rise and fall, and what it costs. Exit 1 if over the budget."""
    read = read_rule_set(path)
    if not read.pack.rules:
        raise _nothing(path, read.faults.faults)
    ids = [rule.name.rpartition("/")[2] for rule in read.pack.rules]
    for name in only:
        if name.rpartition("/")[2] not in ids:
            raise UnknownName(f"rule {name}", "it is not there, or has faults", nearest(name, ids))
    asked = Asked(
        streams,
        round((cadence or 0) * 1_000_000),
        areas,
        _bytes(budget),
        budget.strip(),
        {"en": "en", "zh": "zh-hans"}[lang],
    )
    told, plan = tell_rules(read.pack, asked, [name.rpartition("/")[2] for name in only])
    say(_document(told, plan, asked), lambda: _text(told, plan, asked).replace("[", "\\["))
    ctx.exit(0 if plan.bytes <= asked.budget else 1)


def _text(told: list[RuleStory], plan: MemoryPlan, asked: Asked) -> str:
    blocks = []
    for story in told:
        width = max(width_of(heading) for heading, _ in story.lines) + 2
        lines = [
            f"  {heading}{' ' * (width - width_of(heading))}{sentence}" for heading, sentence in story.lines if sentence
        ]
        blocks.append("\n".join([f"{story.name} v{story.version}  {story.title}", *lines]))
    heading, sentence = plan_lines(plan, asked)
    return "\n\n".join([*blocks, f"{heading}: {sentence}"])


def _document(told: list[RuleStory], plan: MemoryPlan, asked: Asked) -> dict[str, Any]:
    rules = [
        {"rule": story.name, "version": story.version, "title": story.title, "told": [list(line) for line in story.lines],
         "shares": {what: list(names) for what, names in story.shared.items()}, "source": story.source,
         "verified": story.verified, "state_bytes": story.state, "window_bytes": story.windows, "within_budget": story.fits,
         "parts": [{"what": part.name, "bytes": part.bytes, "window": part.window, "rules": list(part.rules)}
                   for part in story.parts]}
        for story in told
    ]  # fmt: skip
    return {"rules": rules, "streams": asked.streams, "budget_bytes": asked.budget, "state_bytes": plan.state,
            "window_bytes": plan.windows, "bytes": plan.bytes, "within_budget": plan.bytes <= asked.budget}  # fmt: skip


def _bytes(text: str) -> int:
    match = _SIZE.fullmatch(text.strip())
    if match is None:
        raise click.BadParameter("write a size such as 500MB or 8GiB", param_hint="--budget")
    power: int = (1024 if match[3] else 1000) ** _POWERS[match[2].lower()]
    return round(float(match[1]) * power)


def _nothing(path: str, faults: list[Fault]) -> BadPack:
    first = f"{faults[0].file}:{faults[0].line}: {faults[0].what}" if faults else "it has no rule"
    return BadPack(f"rules {path}", f"no rule can be read ({first})", f"`tocsin rules check {path}` lists all faults")
