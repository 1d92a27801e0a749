"""The only writer of shadows: rule versions that judge live data and warn nobody until an analyst promotes them.

Adding takes a copy of a pack beside the versions in force; the engine then writes a RULES record that names it, and judges by
it from there on. Promoting and withdrawing are decisions of people in a post; the next RULES record carries them out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from tocsin.loop.detect.facts import ShadowAdded, ShadowPromoted, ShadowWithdrawn
from tocsin.loop.detect.models import ShadowRow, ShadowSignalRow
from tocsin.loop.detect.services import evidence_text
from tocsin.loop.observe.queries import jurisdictions_of, streams
from tocsin.records.ledger import services as ledger
from tocsin.records.new_id import new_id
from tocsin.records.org.actor import Actor
from tocsin.records.org.roles import Act, Role
from tocsin.records.org.scope import EVERYWHERE
from tocsin.records.outbox import services as outbox
from tocsin.terms.errors import BadValue, Refused, Stale, UnknownName
from tocsin.terms.signal import Change, Transition

__all__ = ["PROMOTED", "RUNNING", "WITHDRAWN", "NewShadow", "add", "promote", "record", "withdraw"]

RUNNING, PROMOTED, WITHDRAWN = "running", "promoted", "withdrawn"
WHY_AT_MOST = 2000
_STANDING = ["rule_version", "level", "peak", "changed_us", "cleared_us", "evidence"]


@dataclass(frozen=True, slots=True)
class NewShadow:
    """A pack version to be tried: its name, version and sha, the sha of the version it stands beside ("" where the pack is
    new), and the rules (``pack/id``) that differ."""

    pack: str
    version: str
    sha: str
    replaces: str
    rules: tuple[str, ...]


def add(shadow: NewShadow, why: str, *, actor: Actor, now: datetime) -> str:
    """Let a version judge in the shadow; its id. Raises NotAllowed, BadValue where nothing differs or no reason is given,
    Refused where one of this pack runs already."""
    _guard(actor)
    why = _reason(why)
    if not shadow.rules:
        raise BadValue(f"pack {shadow.pack} {shadow.version}", _("no rule differs from the version in force"),
                       _("change a rule and its version first"))  # fmt: skip
    if ShadowRow.objects.filter(pack=shadow.pack, state=RUNNING).exists():
        raise _already(shadow.pack)
    id_ = new_id("shd", now=now)
    try:
        with transaction.atomic():
            ShadowRow.objects.create(
                id=id_, pack=shadow.pack, version=shadow.version, sha=shadow.sha, replaces=shadow.replaces,
                rules=list(shadow.rules), state=RUNNING, why=why, added_at=now, added_by=actor.name,
            )  # fmt: skip
            body = {"pack": shadow.pack, "version": shadow.version, "sha": shadow.sha, "replaces": shadow.replaces,
                    "rules": list(shadow.rules)}  # fmt: skip
            ledger.append(f"shadow:{id_}", "shadow_added", body, actor=actor.name, now=now)
            outbox.put([ShadowAdded(id_, shadow.pack, shadow.version)], now=now)
    except IntegrityError:  # two at the same moment
        raise _already(shadow.pack) from None
    return id_


def promote(shadow: str, why: str, *, actor: Actor, now: datetime) -> None:
    """Put a shadow's version in force, by a person, with a reason: the next RULES record of the log does it. Raises
    NotAllowed, UnknownName, BadValue, Stale where it no longer runs."""
    _end(shadow, PROMOTED, "shadow_promoted", why, actor, now)


def withdraw(shadow: str, why: str, *, actor: Actor, now: datetime) -> None:
    """End a shadow without putting it in force; what it raised stays readable. Raises as ``promote``."""
    _end(shadow, WITHDRAWN, "shadow_withdrawn", why, actor, now)


def record(transitions: Mapping[str, Sequence[Transition]], began: Mapping[str, int]) -> int:
    """What shadows found, by shadow; ``began``: when the log began to judge by each. Called inside the engine's one
    transaction a batch, so what is recorded follows the same mark as the signals in force; how many transitions."""
    for shadow, at_us in began.items():
        ShadowRow.objects.filter(id=shadow, began_us=None).update(began_us=at_us)
    return sum(_put(shadow, found) for shadow, found in transitions.items() if found)


def _put(shadow: str, transitions: Sequence[Transition]) -> int:
    ids = {t.signal for t in transitions}
    rows = {row.signal: row for row in ShadowSignalRow.objects.filter(shadow_id=shadow, signal__in=list(ids))}
    where = jurisdictions_of({t.subject for t in transitions})
    for t in transitions:
        row = rows.setdefault(t.signal, ShadowSignalRow(
            shadow_id=shadow, signal=t.signal, rule=t.rule, subject_kind=t.subject.kind, subject_key=t.subject.key, level=0,
            peak=0, quality=t.quality, onset_us=t.onset_us, jurisdiction=where[t.subject],
        ))  # fmt: skip
        row.rule_version, row.level, row.changed_us = t.rule_version, t.level, t.at_us
        if t.level > row.peak:
            row.peak, row.evidence = t.level, evidence_text(t)
        row.cleared_us = t.at_us if t.change is Change.CLEARED else None
    ShadowSignalRow.objects.bulk_create(
        rows.values(), update_conflicts=True, unique_fields=["shadow", "signal"], update_fields=_STANDING
    )
    return len(transitions)


def _end(shadow: str, state: str, verb: str, why: str, actor: Actor, now: datetime) -> None:
    _require_all(actor)
    why = _reason(why)
    with transaction.atomic():
        row = ShadowRow.objects.select_for_update().filter(id=shadow).first()
        if row is None:
            raise UnknownName(
                _("shadow {id}").format(id=shadow), _("there is none of this name"), _("open the list of shadows")
            )
        if row.state != RUNNING:
            raise Stale(_("shadow {id}").format(id=shadow), _("it is no longer running"), _("open the page again"))
        row.state, row.ended_at, row.ended_by, row.ended_why = state, now, actor.name, why
        row.save()
        body = {"pack": row.pack, "version": row.version, "sha": row.sha, "replaces": row.replaces}
        ledger.append(f"shadow:{shadow}", verb, body, actor=actor.name, now=now)
        fact = ShadowPromoted if state == PROMOTED else ShadowWithdrawn
        outbox.put([fact(shadow, row.pack, row.version)], now=now)


def _guard(actor: Actor) -> None:
    """Who looks after the machine may add one by command; else it takes an analyst."""
    if actor.role != Role.SYSTEM:
        _require_all(actor)


def _require_all(actor: Actor) -> None:
    """Rules judge every area that has a stream: whoever decides about them must have authority in all of these."""
    actor.require(Act.TRY_RULES)
    for area in sorted({stream.jurisdiction for stream in streams(EVERYWHERE)} - {""}):
        actor.require(Act.TRY_RULES, area)


def _reason(why: str) -> str:
    text = why.strip()
    if not text:
        raise BadValue(_("reason"), _("none is given"), _("say in a sentence why"))
    if len(text) > WHY_AT_MOST:
        raise BadValue(_("reason"), _("it is longer than {n} characters").format(n=WHY_AT_MOST), _("shorten it"))
    return text


def _already(pack: str) -> Refused:
    return Refused(_("shadow of pack {pack}").format(pack=pack), _("another version of this pack is being tried"),
                    _("promote or withdraw that one first"))  # fmt: skip
