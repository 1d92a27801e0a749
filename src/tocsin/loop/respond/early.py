"""Early actions: what an event alone proposes before any response, because a playbook says so - close the tunnel while it only
rains. Each waits in sight until a commander gives it or refuses it with a reason, whatever becomes of the event meanwhile; one
that waits longer than the playbook grants is told of, at doubling intervals. A refusal holds until the event rises again."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from tocsin.loop.respond import giving, notices, playbooks
from tocsin.loop.respond.commitment import commitment
from tocsin.loop.respond.lifecycle import IncidentState
from tocsin.loop.respond.models import ActionRow, IncidentRow
from tocsin.packkit.playbook import Action
from tocsin.records.ledger import services as ledger
from tocsin.records.org.actor import Actor, service
from tocsin.records.org.roles import Act
from tocsin.terms.errors import BadValue, Stale, UnknownName
from tocsin.terms.moment import to_us

__all__ = ["LIVE", "decide", "pinned", "propose", "remind"]

RULE = service("rule:response")
# incidents whose early actions can still be given
LIVE = (IncidentState.PROPOSED, IncidentState.OPEN, IncidentState.DECLINED)
_LONGEST_WHY = 2000
_AT_ONCE = 200


def pinned(incident: str | None = None) -> QuerySet[ActionRow]:
    """Early actions that nobody has decided on yet, of one incident or of all."""
    rows = ActionRow.objects.filter(early__gt=0, waits=True, refused_at=None, incident__state__in=LIVE)
    return rows if incident is None else rows.filter(incident=incident)


def propose(row: IncidentRow, level: int, now: datetime) -> list[ActionRow]:
    """The early actions that the event proposes by standing at a warning level: new ones, and where it has risen also those
    that were refused or still wait. Called inside the transactions of services, which tell of them."""
    rises = level > row.event_level
    if level != row.event_level:
        row.event_level = level
        row.save(update_fields=["event_level"])
    actions = playbooks.early_actions(row.hazard, level)
    if not actions:
        return []
    lines = sorted(ActionRow.objects.filter(incident__event=row.event), key=lambda line: line.incident_id == row.id)
    have = {(line.action, line.facility): line for line in lines}  # its own have the last word
    by_id = {action.id: action for action in actions}
    out = []
    for line in giving.lines_of(row, actions):
        known = have.get((line.action, line.facility), line)
        if known is line or (known.waits and (not known.early or (rises and known.refused_at))):
            out.append(_proposed(row, known, by_id[line.action], level, now))
        elif known.waits and rises and not known.refused_at:  # still in sight, and still as late as it was
            known.incident, known.early = row, level
            known.save(update_fields=["incident", "early"])
            out.append(known)
    return out


def decide(incident_id: str, lines: Collection[int], give: bool, why: str = "", *, actor: Actor, now: datetime) -> int:
    """Give early actions, or refuse them with one reason; how many. Those that somebody has decided on meanwhile are left as
    they are. Raises NotAllowed, UnknownName, BadValue, Stale where all were decided on already."""
    with transaction.atomic():
        row = IncidentRow.objects.select_for_update().filter(id=incident_id).first()
        if row is None:
            raise UnknownName(_("response"), _("there is none with this address"), _("open it from its event"))
        actor.require(Act.DIRECT_RESPONSE, row.jurisdiction)
        if not lines:
            raise BadValue(_("early actions"), _("none is chosen"), _("tick those that you decide on"))
        rows = list(pinned(row.id).filter(pk__in=list(lines)).order_by("id"))
        if not rows:
            raise Stale(_("early actions"), _("they were decided on already"), _("load the page again"))
        if give:
            giving.give(row, rows, actor=actor, now=now)
        else:
            _refuse(row, rows, _reason(why), actor, now)
    return len(rows)


def remind(now: datetime) -> int:
    """Tell of decisions that are wanting, the level of a response and early actions: as soon as one is, then at doubling
    intervals; one message an incident, of all that is wanting there. How many incidents."""
    waiting = set(pinned().filter(remind_at__lte=now).values_list("incident", flat=True)[:_AT_ONCE])
    levels = IncidentRow.objects.filter(state__in=[IncidentState.PROPOSED, IncidentState.OPEN], remind_at__lte=now)
    waiting |= set(levels.values_list("id", flat=True)[:_AT_ONCE])
    for incident in sorted(waiting):
        with transaction.atomic():
            _remind(IncidentRow.objects.select_for_update().get(id=incident), now)
    return len(waiting)


# ---------------------------------------------------------------- inside
def _proposed(row: IncidentRow, line: ActionRow, action: Action, level: int, now: datetime) -> ActionRow:
    line.incident, line.waits, line.early, line.proposed_at = row, True, level, now
    line.decide_us, line.reminded, line.refused_at = action.decide_us, 0, None
    line.remind_at = now + timedelta(microseconds=action.decide_us)
    line.save()
    body = {"incident": row.id, "early": line.pk, "action": line.action, "facility": line.facility, "level": level,
            "due_us": to_us(line.remind_at)}  # fmt: skip
    ledger.append(row.event, "early_action_proposed", body, actor=RULE.name, now=now)
    return line


def _refuse(row: IncidentRow, rows: Sequence[ActionRow], why: str, actor: Actor, now: datetime) -> None:
    for line in rows:
        line.refused_at, line.refused_by, line.refused_why, line.remind_at = now, actor.name, why, None
        line.save(update_fields=["refused_at", "refused_by", "refused_why", "remind_at"])
        body = {"incident": row.id, "early": line.pk, "action": line.action, "facility": line.facility,
                "why": commitment(why, row.salt)}  # fmt: skip
        ledger.append(row.event, "early_action_refused", body, actor=actor.name, now=now)


def _remind(row: IncidentRow, now: datetime) -> None:
    lines = [line for line in pinned(row.id).order_by("id") if _granted_until(line) <= now]
    asked = row.level if row.state == IncidentState.PROPOSED else row.advised
    level = asked if row.decide_by is not None and row.decide_by <= now else 0
    wanting: list[IncidentRow | ActionRow] = [*lines, *([row] if level else [])]
    for one in wanting:
        one.remind_at = now + timedelta(microseconds=one.decide_us) * 2**one.reminded
        one.reminded += 1
        one.save(update_fields=["reminded", "remind_at"])
    body = {"incident": row.id, "response": level, "early": [line.pk for line in lines]}
    ledger.append(row.event, "decision_wanting", body, actor=RULE.name, now=now)
    notices.undecided(row, lines, level=level, now=now)


def _granted_until(line: ActionRow) -> datetime:
    assert line.proposed_at is not None  # noqa: S101 - early lines carry it
    return line.proposed_at + timedelta(microseconds=line.decide_us)


def _reason(why: str) -> str:
    text = why.strip()
    if not text:
        raise BadValue(_("reason"), _("is empty"), _("say in a few words why"))
    if len(text) > _LONGEST_WHY:
        raise BadValue(_("reason"), _("is longer than {n} characters").format(n=_LONGEST_WHY), _("shorten it"))
    return text
