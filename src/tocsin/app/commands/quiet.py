"""``tocsin quiet``: when the telephones of posts and targets stay quiet. Red never waits."""

from __future__ import annotations

from datetime import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tocsin.app.commands.django_ready import django_ready
from tocsin.app.commands.output import json_option, say, table
from tocsin.formats.toml import read_toml
from tocsin.terms.errors import BadForm

if TYPE_CHECKING:
    from tocsin.records.dispatch.silences import QuietHours

__all__ = ["quiet"]

_KEYS = {"recipient", "from", "until", "zone", "channels"}
_REMEDY = 'write [[quiet]] with recipient = "post:duty-east", from = "22:00", until = "06:30"; may add zone, channels'


@click.group()
def quiet() -> None:
    """Load and show quiet hours, and what is silent for once."""


@quiet.command("load")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@json_option
def load(file: Path) -> None:
    """Replace all quiet hours by those of a TOML FILE (docs/duty.md shows one)."""
    django_ready()
    from tocsin.records import clock
    from tocsin.records.dispatch import silences
    from tocsin.records.org.actor import service

    rules = _rules(file)
    silences.put_quiet_hours(rules, actor=service("service:cli"), now=clock.now())
    say({"loaded": len(rules)}, lambda: f"{len(rules)} quiet hours loaded from {file}")


@quiet.command("show")
@json_option
def show() -> None:
    """Quiet hours, and silences that run or lie ahead."""
    django_ready()
    from tocsin.records import clock
    from tocsin.records.dispatch import silences

    rules, running = silences.quiet_hours(), silences.silences(now=clock.now())
    document = {
        "quiet": [{"recipient": r.recipient, "from": f"{r.begins:%H:%M}", "until": f"{r.ends:%H:%M}", "zone": r.zone,
                   "channels": list(r.channels)} for r in rules],
        "silences": [{"recipient": s.recipient, "from": s.begins_at, "until": s.ends_at, "reason": s.reason,
                      "owner": s.owner} for s in running],
    }  # fmt: skip
    rows = [
        (r.recipient, f"{r.begins:%H:%M}", f"{r.ends:%H:%M}", r.zone, ", ".join(r.channels) or "(all)") for r in rules
    ]
    rows += [
        (s.recipient, f"{s.begins_at:%m-%d %H:%M}", f"{s.ends_at:%m-%d %H:%M}", s.reason, s.owner) for s in running
    ]
    say(document, lambda: table(["recipient", "from", "until", "zone or reason", "channels or owner"], rows))


def _rules(file: Path) -> list[QuietHours]:
    data, _places = read_toml(file.read_bytes(), str(file))
    entries = data.get("quiet", [])
    if not isinstance(entries, list) or set(data) - {"quiet"}:
        raise BadForm(str(file), "holds something else than [[quiet]]", _REMEDY)
    return [_rule(f"{file}, quiet {number}", entry) for number, entry in enumerate(entries, 1)]


def _rule(thing: str, entry: Any) -> QuietHours:
    from django.conf import settings

    from tocsin.records.dispatch.silences import QuietHours

    if not isinstance(entry, dict) or not {"recipient", "from", "until"} <= set(entry) <= _KEYS:
        raise BadForm(thing, "does not have exactly these keys", _REMEDY)
    channels = entry.get("channels", [])
    if not isinstance(channels, list) or not all(isinstance(one, str) for one in (*channels, entry["recipient"])):
        raise BadForm(thing, "recipient is a text, channels a list of texts", _REMEDY)
    try:
        begins, ends = (time.fromisoformat(str(entry[key])) for key in ("from", "until"))
    except ValueError:
        raise BadForm(thing, "from and until are times of day", _REMEDY) from None
    zone = str(entry.get("zone", settings.TIME_ZONE))
    return QuietHours(entry["recipient"], begins, ends, zone, tuple(channels))
