"""``tocsin targets``: displays, other systems, chat rooms and offices that are told of warnings."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tocsin.app.commands.django_ready import django_ready
from tocsin.app.commands.output import json_option, say, table
from tocsin.formats.toml import read_toml
from tocsin.terms.errors import BadForm, BadValue

if TYPE_CHECKING:
    from tocsin.records.audience.services import Target

__all__ = ["targets"]

_NEEDED = {"id", "channel", "address"}
_KEYS = _NEEDED | {"title", "language", "areas", "hazards", "from_level", "exercises"}
_REMEDY = (
    "write [[target]] with id, channel and address; may add title, language, areas, hazards, from_level, exercises"
)


@click.group()
def targets() -> None:
    """Load and show who outside the posts is told of warnings."""


@targets.command("load")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@json_option
def load(file: Path) -> None:
    """Replace all targets by those of a TOML FILE."""
    django_ready()
    from tocsin.records import clock
    from tocsin.records.audience import services
    from tocsin.records.org.actor import service

    read = _targets(file)
    services.put_targets(read, actor=service("service:cli"), now=clock.now())
    say({"loaded": len(read)}, lambda: f"{len(read)} targets loaded from {file}")


@targets.command("show")
@json_option
def show() -> None:
    """Print the targets, and for a webhook the secret by which it knows us."""
    django_ready()
    from tocsin.records.audience import queries
    from tocsin.records.org.scope import EVERYWHERE

    found = queries.targets(EVERYWHERE)
    document = [{"id": t.id, "channel": t.channel, "address": t.address, "language": t.language, "areas": list(t.areas),
                 "hazards": list(t.hazards), "least_level": t.least_level, "exercises": t.exercises,
                 "secret": _secret(t)} for t in found]  # fmt: skip
    rows = [(t.id, t.channel, t.address, ", ".join(t.areas) or "(everywhere)", ", ".join(t.hazards) or "(all)",
             t.least_level, "yes" if t.exercises else "no", _secret(t)) for t in found]  # fmt: skip
    columns = ("target", "channel", "address", "areas", "hazards", "from level", "exercises", "secret")
    say(document, lambda: table(columns, rows, whole="secret"))


@targets.command("receipts")
@json_option
def receipts() -> None:
    """Print where the gateways of short messages and calls report what became of a letter. The address is a secret."""
    django_ready()
    from django.conf import settings

    from tocsin.records.dispatch.receipts import gateway_proof

    public = settings.CONFIGURATION.public_address
    found = {name: f"{public}/receipts/gateway/{name}/{gateway_proof(name)}" for name in ("sms", "voice")}
    say(found, lambda: table(("channel", "address"), list(found.items()), whole="address"))


@targets.command("test")
@json_option
def test() -> None:
    """Send the monthly test through every channel now: to all posts and the targets that want exercises, not to the public."""
    django_ready()
    from tocsin.records import clock
    from tocsin.records.audience import monthly
    from tocsin.records.org.actor import service

    about = monthly.send(actor=service("service:cli"), now=clock.now())
    say({"sent": about}, lambda: f"{about} is on its way; `tocsin targets tested` says what came of it")


@targets.command("tested")
@json_option
def tested() -> None:
    """Print what came of the newest test: by channel how many were accepted, failed, acknowledged, and after how long."""
    django_ready()
    from tocsin.records.audience import monthly

    about, lines = monthly.outcome()
    columns = ("channel", "whom", "queued", "accepted", "delivered", "acknowledged", "failed", "p50_s", "p99_s")
    rows = [tuple(getattr(line, name) for name in columns) for line in lines]
    shown = [tuple("-" if cell is None else cell for cell in row) for row in rows]
    document = {"about": about, "channels": [dict(zip(columns, row, strict=True)) for row in rows]}
    say(document, lambda: f"{about}\n{table(columns, shown)}" if about else "no test was sent yet")


def _secret(target: Target) -> str:
    if target.channel != "webhook":
        return ""
    import base64

    from django.conf import settings

    from tocsin.doors.channels.webhook import PREFIX, secret_of

    key = settings.CONFIGURATION.home.webhook_keys()[0]
    return PREFIX + base64.b64encode(secret_of(key, target.address)).decode()


def _targets(file: Path) -> list[Target]:
    data, _ = read_toml(file.read_bytes(), str(file))
    entries = data.get("target", [])
    if not isinstance(entries, list) or set(data) - {"target"}:
        raise BadForm(str(file), "holds something else than [[target]]", _REMEDY)
    return [_target(file, number, entry) for number, entry in enumerate(entries, 1)]


def _target(file: Path, number: int, entry: Any) -> Target:
    from tocsin.loop.warn.names import Names
    from tocsin.records.audience.services import Target

    thing = f"{file}, target {number}"
    if not isinstance(entry, dict) or not _NEEDED <= set(entry) <= _KEYS:
        raise BadForm(thing, "does not have exactly these keys", _REMEDY)
    texts = [entry[key] for key in _NEEDED] + [entry.get("language", "")]
    lists = [entry.get(key, []) for key in ("areas", "hazards")]
    if not all(isinstance(t, str) for t in texts) or not all(isinstance(x, list) for x in lists):
        raise BadValue(thing, "id, channel, address and language are texts, areas and hazards are lists", _REMEDY)
    codes, level = Names.read().scheme.codes, entry.get("from_level", "")
    if level and level not in codes:
        raise BadValue(thing, f"from_level must be one of {', '.join(codes)}", _REMEDY)
    title = entry.get("title", {})
    return Target(
        entry["id"], title if isinstance(title, dict) else {"en": str(title)}, entry["channel"], entry["address"],
        entry.get("language", "zh-hans"), tuple(map(str, lists[0])), tuple(map(str, lists[1])),
        codes.index(level) + 1 if level else 1, entry.get("exercises", False) is True,
    )  # fmt: skip
