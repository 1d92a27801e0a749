"""``tocsin pack``: make, check, replay and explain packs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from tocsin.app.commands.output import console, json_option, say, table
from tocsin.packkit import (
    Examination,
    Fault,
    Pack,
    builtin_pack_paths,
    examine_pack,
    explain_transition,
    find_pack,
    installed_pack_paths,
    load_pack,
)
from tocsin.packkit.describe import Description, describe
from tocsin.packkit.document import LANGUAGES
from tocsin.packkit.fault import Faults
from tocsin.packkit.scaffold import new_pack
from tocsin.terms.errors import BadPack, UnknownName

__all__ = ["pack"]

_language = click.option(
    "--language", type=click.Choice(LANGUAGES), default="en", show_default=True, help="Language of the sentences."
)


@click.group()
def pack() -> None:
    """Make, check, replay and explain packs."""


@pack.command("list")
@json_option
def list_packs() -> None:
    """Packs that are built in or installed."""
    rows = [(path, "built in") for path in builtin_pack_paths()] + [
        (path, "installed") for path in installed_pack_paths()
    ]
    found = [{**_summary(path), "from": origin, "folder": str(path)} for path, origin in rows]
    columns = ("name", "version", "rules", "tier", "from", "title")
    say(found, lambda: table(columns, [[row[column] for column in columns] for row in found]))


@pack.command()
@click.argument("name")
@click.option("--examples/--no-examples", default=True, help="Run the worked examples.")
@click.option("--notes/--no-notes", default=False, help="Show also what is no fault but should be known.")
@json_option
@click.pass_context
def check(ctx: click.Context, name: str, examples: bool, notes: bool) -> None:
    """List all faults of a pack with file, line and remedy. Exit 1 if there is one."""
    found = examine_pack(find_pack(name), run_examples=examples)
    unverified = sum(not origin.verified for origin in found.pack.provenance.values())
    document = {"pack": found.pack.name, "version": found.pack.version, "sha": found.pack.sha, "tier": found.pack.tier,
                "rules": len(found.pack.rules), "unverified_rules": unverified,
                "faults": [_fault(one) for one in found.faults], "notes": [_fault(one) for one in found.notes]}  # fmt: skip
    say(document, lambda: _check_text(found, unverified, notes, examples))
    ctx.exit(1 if found.faults else 0)


@pack.command()
@click.argument("name")
@click.argument("example", required=False)
@click.option("--toml", "as_toml", is_flag=True, help="Print the signals and events as an expected.toml writes them.")
@_language
@json_option
def replay(name: str, example: str | None, as_toml: bool, language: str) -> None:
    """Run a worked EXAMPLE of a pack and print its signals and events."""
    from tocsin.packkit.example import event_lines, place_of, play, read_example, signal_lines

    chosen = load_pack(find_pack(name))
    names = sorted(path.name for path in (chosen.path / "examples").glob("*") if path.is_dir())
    if example is None or example not in names:
        raise UnknownName(
            f"example {example or ''}".strip(),
            f"pack {chosen.name} has {', '.join(names) or 'none'}",
            "name one of them",
        )
    faults = Faults()
    read = read_example(chosen.path, example, faults)
    if read is None:
        first = faults.faults[0]
        raise BadPack(f"example {example} {first.file}:{first.line}", first.what, first.remedy)
    played = play(chosen, read)
    signals, events = signal_lines(chosen, played), event_lines(chosen, played)
    if as_toml:
        click.echo("\n".join([*_toml("signal", signals), *_toml("event", events)]), nl=bool(signals or events))
        return
    places = place_of(read.catalogue)
    ordered = sorted(played.transitions, key=lambda x: (x.at_us, x.rule, str(x.subject)))
    sentences = [explain_transition(chosen, found, places(found.subject), language) for found in ordered]
    document = {"pack": chosen.name, "example": example, "events": events,
                "signals": [{**line, "sentence": said} for line, said in zip(signals, sentences, strict=True)]}  # fmt: skip
    say(document, lambda: _replay_text(document))


@pack.command()
@click.argument("name")
@click.argument("rule", required=False)
@json_option
def explain(name: str, rule: str | None) -> None:
    """Say a RULE in words: conditions, sources and whether they were verified, windows and predicted memory."""
    chosen = load_pack(find_pack(name))
    if rule is None:
        told = [describe(chosen, known) for known in chosen.rules]
    else:
        try:
            told = [describe(chosen, chosen.rule(rule))]
        except KeyError:
            known = ", ".join(known.name.rpartition("/")[2] for known in chosen.rules)
            raise UnknownName(f"rule {rule}", f"pack {chosen.name} has no such rule", f"name one of {known}") from None
    say([_description(one) for one in told], lambda: "\n\n".join(_description_text(chosen, one) for one in told))


@pack.command()
@click.argument("name")
@click.option("--into", type=click.Path(file_okay=False, path_type=Path), default=Path(), help="Folder to make it in.")
def new(name: str, into: Path) -> None:
    """Make a new pack that passes the check at bronze."""
    made = new_pack(name, into)
    console.print(f"made {made}", markup=False)
    console.print(f"next: change it, then `tocsin pack check {made}`", markup=False)


# ---------------------------------------------------------------- text and JSON
def _summary(path: Path) -> dict[str, Any]:
    try:
        found = load_pack(path)
    except BadPack as error:
        return {"name": path.name, "version": "", "rules": "", "tier": "", "title": f"not fit for use: {error.rule}"}
    return {"name": found.name, "version": found.version, "rules": len(found.rules), "tier": found.tier,
            "title": " / ".join(found.title.get(language, "") for language in LANGUAGES)}  # fmt: skip


def _fault(fault: Fault) -> dict[str, Any]:
    return {
        "file": fault.file,
        "line": fault.line,
        "what": fault.what,
        "remedy": fault.remedy,
        "concern": fault.concern,
    }


def _check_text(found: Examination, unverified: int, notes: bool, examples: bool) -> str:
    lines = [f"{fault.file}:{fault.line}: {fault.what}\n    remedy: {fault.remedy}" for fault in found.faults]
    if notes:
        lines += [f"{note.file}:{note.line}: note: {note.what}\n    {note.remedy}" for note in found.notes]
    tried = "" if examples else ", examples not run"
    verdict = f"{len(found.faults)} fault{'s' if len(found.faults) != 1 else ''}" if found.faults else "fit for use"
    made = found.pack
    counts = f"{len(made.rules)} rules, {unverified} of them not verified, {len(found.notes)} notes"
    lines.append(
        f"pack {made.name} {made.version} ({made.tier or 'no tier'}): {verdict}; {counts}{tried}; sha {made.sha[:16]}"
    )
    return "\n".join(lines).replace("[", "\\[")


def _replay_text(document: dict[str, Any]) -> str:
    """One line a transition, its sentence below, then the events."""
    lines = []
    for signal in document["signals"]:
        lines += [f"{signal['at']}  {signal['change']:<8} {signal['level']}", f"    {signal['sentence']}"]
    lines.append(f"{len(document['signals'])} changes of signals, {len(document['events'])} events")
    for event in document["events"]:
        ended = f" to {event['ended']}" if "ended" in event else ""
        where = f" at {event['place']}" if "place" in event else ""
        no_data = ", no data in danger" if event.get("no_data") else ""
        lines.append(f"{event['hazard']}{where}: {event['state']}, highest {event['level']}, {event['began']}{ended}, "
                     f"{event['signals']} signals{no_data}")  # fmt: skip
    return "\n".join(lines).replace("[", "\\[")


def _toml(key: str, lines: list[dict[str, Any]]) -> list[str]:
    out = []
    for line in lines:
        out += [
            "",
            f"[[{key}]]",
            *(f"{name} = {json.dumps(value, ensure_ascii=False)}" for name, value in line.items()),
        ]
    return out


def _description(one: Description) -> dict[str, Any]:
    origin = one.provenance
    return {
        "rule": one.name, "version": one.version, "where": dict(one.where), "clear": dict(one.clear),
        "levels": {language: [{"level": level, "text": text, "words": words} for level, text, words in rows]
                   for language, rows in one.levels.items()},
        "source": origin.source, "verified": origin.verified, "valid_from": origin.valid_from.isoformat(),
        "valid_to": origin.valid_to.isoformat() if origin.valid_to else None, "note": origin.note,
        "windows": [{"window": cost.text, "observations": cost.observations, "bytes": cost.bytes} for cost in one.windows],
        "predicted_bytes_per_stream": one.memory,
    }  # fmt: skip


def _description_text(chosen: Pack, one: Description) -> str:
    rule = chosen.rule(one.name)
    lines = [
        f"{one.name} v{one.version}   {_both(rule.title)}",
        f"why       {_both(rule.why)}",
        f"where     {_both(one.where)}",
    ]
    for (level, text, words), (level_zh, _, words_zh) in zip(one.levels["en"], one.levels["zh-hans"], strict=True):
        lines += [f"{level:<9} {text}", f"          {words}", f"{level_zh}  {words_zh}"]
    lines += [f"clears    {_both(one.clear)}"]
    dates = f"{one.provenance.valid_from}" + (f" to {one.provenance.valid_to}" if one.provenance.valid_to else " on")
    lines.append(
        f"source    {one.provenance.source} ({'verified' if one.provenance.verified else 'NOT VERIFIED'}), valid {dates}"
    )
    if one.provenance.note:
        lines.append(f"note      {one.provenance.note}")
    lines += [f"window    {cost.text}: {cost.observations} observations, {cost.bytes} bytes" for cost in one.windows]
    lines.append(f"memory    {one.memory} bytes a stream, predicted; windows shared with other rules count once")
    return "\n".join(lines).replace("[", "\\[")


def _both(words: Mapping[str, str]) -> str:
    return " / ".join(words[language] for language in LANGUAGES if language in words)
