"""``tocsin rules shadow``: a new version of a pack judges live data beside the one in force, and warns nobody."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from tocsin.app.commands.django_ready import configured, django_ready
from tocsin.app.commands.output import json_option, say, table
from tocsin.terms.errors import NotAllowed

if TYPE_CHECKING:
    from tocsin.packkit import Pack
    from tocsin.records.org.actor import Actor

__all__ = ["shadow"]

_WHO = click.option("--as", "username", required=True, help="Log-in name of the analyst who decides.")
_WHY = click.option("--why", required=True, help="One sentence; it stays on the ledger.")


@click.group()
def shadow() -> None:
    """Try a version of a pack on live data. It judges beside the version in force and warns nobody until an analyst
    promotes it."""


@shadow.command("add")
@click.argument("rules")
@_WHY
@json_option
def add(rules: str, why: str) -> None:
    """Let RULES (the folder or name of a pack) judge in the shadow of the version in force."""
    django_ready()
    from tocsin.app.engine_process import packs_in_force
    from tocsin.app.engine_process.shadows import differing_rules
    from tocsin.app.engine_process.trials import SHADOWS
    from tocsin.loop.detect import shadow_services
    from tocsin.loop.observe.queries import streams
    from tocsin.packkit import require_fit
    from tocsin.records import clock
    from tocsin.records.org.actor import service
    from tocsin.records.org.scope import EVERYWHERE

    (pack,) = packs_in_force.enable([rules], configured().home.packs / SHADOWS)
    require_fit([pack], streams(EVERYWHERE))
    present = _in_force(pack.name)
    differ = differing_rules(pack.rules, present.rules if present is not None else ())
    new = shadow_services.NewShadow(pack.name, str(pack.version), pack.sha, present.sha if present else "", differ)
    id_ = shadow_services.add(new, why, actor=service("service:cli"), now=clock.now())
    say({"id": id_, "pack": pack.name, "version": pack.version, "rules": list(differ)},
        lambda: f"{id_}: {pack.name} v{pack.version} judges in the shadow; rules that differ: {', '.join(differ)}")  # fmt: skip


@shadow.command("list")
@json_option
def list_() -> None:
    """All shadows, running ones first."""
    django_ready()
    from tocsin.loop.detect import shadow_queries
    from tocsin.records.org.scope import EVERYWHERE

    lines = shadow_queries.shadows(EVERYWHERE)
    rows = [
        (s.id, f"{s.pack} v{s.version}", s.state, s.signals, s.added_at.isoformat(timespec="minutes"), s.why)
        for s in lines
    ]
    say([asdict(line) for line in lines], lambda: table(("id", "version", "state", "signals", "added", "why"), rows))


@shadow.command("diff")
@click.argument("id_", metavar="ID")
@json_option
def diff(id_: str) -> None:
    """What only the version in force raised, only the new one, or both at another level or time."""
    django_ready()
    from tocsin.loop.detect import shadow_queries
    from tocsin.records.org.scope import EVERYWHERE
    from tocsin.terms.moment import iso

    line = shadow_queries.shadow(EVERYWHERE, id_)
    found = shadow_queries.difference(EVERYWHERE, line)
    document: dict[str, Any] = {
        "shadow": line.id, "since": iso(line.began_us) if line.began_us else None, "counts": found.counts,
        "median_lead_s": None if found.median_lead_us is None else found.median_lead_us / 1e6, "cut": found.cut,
        "lines": [asdict(each) | {"subject": str(each.subject), "onset": iso(each.onset_us)} for each in found.lines],
    }  # fmt: skip
    rows = [(each.kind, each.rule.partition("/")[2], each.subject, iso(each.onset_us), each.peak_old or "", each.peak_new or "",
             "" if each.lead_us is None else f"{each.lead_us / 60e6:+.0f}") for each in found.lines[:200]]  # fmt: skip
    title = ", ".join(f"{kind}: {n}" for kind, n in found.counts.items()) or "it does not judge yet"
    say(document, lambda: table(("what", "rule", "subject", "began", "in force", "on trial", "lead min"), rows, title))


@shadow.command("promote")
@click.argument("id_", metavar="ID")
@_WHO
@_WHY
def promote(id_: str, username: str, why: str) -> None:
    """Put a shadow's version in force: an analyst's decision."""
    _decide("promote", id_, username, why)


@shadow.command("withdraw")
@click.argument("id_", metavar="ID")
@_WHO
@_WHY
def withdraw(id_: str, username: str, why: str) -> None:
    """End a shadow; what it raised stays readable."""
    _decide("withdraw", id_, username, why)


def _decide(verb: str, id_: str, username: str, why: str) -> None:
    django_ready()
    from tocsin.loop.detect import shadow_services
    from tocsin.records import clock

    do: Callable[..., None] = getattr(shadow_services, verb)
    do(id_, why, actor=_analyst(username), now=clock.now())
    click.echo(f"{id_}: {'promoted; the next rules record of the log says so' if verb == 'promote' else 'withdrawn'}")


def _analyst(username: str) -> Actor:
    from tocsin.records import clock
    from tocsin.records.org import queries
    from tocsin.records.org.roles import Act

    account = queries.account_named(username)
    posts = queries.posts_of(account.id, now=clock.now()) if account is not None else []
    actors = [queries.actor_of(account.id, post.id, now=clock.now()) for post in posts] if account is not None else []
    found = next((actor for actor in actors if actor.may(Act.TRY_RULES)), None)
    if found is None:
        raise NotAllowed(f"account {username}", "holds no post of an analyst now", "name an analyst, or start a shift")
    return found


def _in_force(name: str) -> Pack | None:
    """The version of a pack that judges now: the settings', unless another was promoted over it."""
    from tocsin.app.engine_process import packs_in_force
    from tocsin.app.engine_process.trials import Trials

    configuration = configured()
    packs = packs_in_force.enable(configuration.packs, configuration.home.packs)
    judging = Trials(configuration.home.packs).in_force(packs)
    return next((pack for pack in judging if pack.name == name), None)
