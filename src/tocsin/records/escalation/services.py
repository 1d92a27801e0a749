"""The only writer of escalation. A need begins (``start``), the sweep tells step after step, and an acknowledgement or the end
of the need stops it. Every step is one transaction: rows, letters and ledger entry together, or nothing, so that a crash
repeats no step and skips none; steps that fell due while the server was down come at once, each post told once then."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from django.db import transaction
from django.utils.translation import gettext as _

from tocsin.records.dispatch.facts import LetterAnswered
from tocsin.records.dispatch.message import Text
from tocsin.records.dispatch.notify import offered, tell_posts
from tocsin.records.escalation.chain import CHANNELS, KINDS, Chain, Place, Step, chain_for, following
from tocsin.records.escalation.facts import EscalationAcknowledged, EscalationExhausted
from tocsin.records.escalation.models import ChainRow, EscalationRow, ToldRow
from tocsin.records.ledger import services as ledger
from tocsin.records.new_id import new_id
from tocsin.records.org import queries as org
from tocsin.records.org.actor import Actor, service
from tocsin.records.org.roles import Act, Role
from tocsin.records.org.scope import EVERYWHERE
from tocsin.records.org.services import PostLine
from tocsin.records.outbox import services as outbox
from tocsin.terms.errors import BadValue, NotAllowed, UnknownName
from tocsin.terms.moment import to_us

__all__ = [
    "RULE", "Need", "acknowledge", "end", "note_answers", "put_chains", "register", "serves", "start", "sweep",
    "take",
]  # fmt: skip

RULE = service("rule:escalation")
STEP = "escalation_step"  # the kind of its letters
_STEPS_AT_MOST = 20
_still: dict[str, Callable[[str], bool]] = {}


@dataclass(frozen=True, slots=True)
class Need:
    """What needs a human. ``title`` and ``said`` by language: what it is, and what to do; ``link`` a path of ours. ``once``:
    whoever acknowledged it at this level or above is not called for it again."""

    kind: str
    about: str
    event: str
    jurisdiction: str
    level: int
    title: Mapping[str, str]
    said: Mapping[str, str]
    link: str = ""
    exercise: bool = False
    once: bool = False


def register(kind: str, still: Callable[[str], bool]) -> None:
    """How to ask whether a need of a kind still waits for somebody (by the id it is about); asked before each step, so that
    nobody is called for what is over. Called once at start, by the wiring."""
    _still[kind] = still


# ---------------------------------------------------------------- chains
def put_chains(chains: Sequence[Chain], *, actor: Actor, now: datetime) -> None:
    """Replace all chains; what is under way goes on by the chain it began with. Raises NotAllowed, BadValue, UnknownName."""
    if actor.role != Role.SYSTEM:
        actor.require(Act.MANAGE_STAFF)
    posts = {post.id for post in org.posts(EVERYWHERE)}
    seen: set[str] = set()
    for chain in chains:
        _check(chain, posts, seen)
        seen.add(chain.id)
    with transaction.atomic():
        ChainRow.objects.all().delete()
        ChainRow.objects.bulk_create(
            ChainRow(id=chain.id, number=number, document=chain.as_document()) for number, chain in enumerate(chains)
        )
        ledger.append("org", "chains_put", {"chains": [chain.id for chain in chains]}, actor=actor.name, now=now)


def _check(chain: Chain, posts: set[str], seen: set[str]) -> None:
    thing = _("chain {id}").format(id=chain.id[:60])
    if not chain.id or len(chain.id) > 60 or chain.id in seen:
        raise BadValue(thing, _("it has no id of its own"), _("give each chain another id"))
    if not chain.kinds or set(chain.kinds) - set(KINDS):
        raise BadValue(
            thing, _("it serves kinds that do not exist"), _("one of {names}").format(names=", ".join(KINDS))
        )
    if not 1 <= len(chain.steps) <= _STEPS_AT_MOST or not 0 <= chain.repeats <= 100:
        raise BadValue(thing, _("it has no steps, too many, or too many repeats"), _("1 to 20 steps, 0 to 100 repeats"))
    if any(step.after.total_seconds() < 0 for step in chain.steps) or chain.again.total_seconds() < 60:
        raise BadValue(thing, _("a step waits less than no time, or it begins again within a minute"),
                       _("give minutes of 0 or more, and at least 1 before it begins again"))  # fmt: skip
    for step in chain.steps:
        if not (step.posts or step.roles) or not step.channels or set(step.channels) - set(CHANNELS):
            raise BadValue(thing, _("a step tells nobody, or by a channel that posts do not have"),
                           _("name posts or roles, and some of {names}").format(names=", ".join(CHANNELS)))  # fmt: skip
        if unknown := sorted(set(step.posts) - posts) or sorted(set(step.roles) - set(Role)):
            raise UnknownName(thing, _("{name} is not registered").format(name=unknown[0]), _("register it first"))


def serves(kind: str) -> bool:
    """Whether any chain is declared for a kind of need."""
    return any(kind in document["kinds"] for document in ChainRow.objects.values_list("document", flat=True))


# ---------------------------------------------------------------- beginning and ending
def start(need: Need, *, actor: Actor = RULE, now: datetime) -> str:
    """A need begins its way; its id, "" where no chain serves it. While one about the same thing is open, that one goes on;
    where the level rose above it, it begins anew."""
    with transaction.atomic():
        chains = [Chain.of(row.document) for row in ChainRow.objects.order_by("number")]
        chain = chain_for(chains, need.kind, need.level, need.jurisdiction)
        if chain is None:
            return ""
        row = _open(need.kind, need.about)
        if row is not None and need.level <= row.level:
            return row.id
        had = EscalationRow.objects.filter(kind=need.kind, about=need.about, level__gte=need.level)
        if need.once and had.filter(ended_because="acknowledged").exists():
            return ""
        if row is not None:
            _end(row, "rose", actor.name, now)
        _first, wait = following(chain, None)
        row = EscalationRow.objects.create(
            id=new_id("esc", now=now), kind=need.kind, about=need.about, event=need.event, level=need.level,
            jurisdiction=need.jurisdiction, exercise=need.exercise, title=dict(need.title), said=dict(need.said),
            link=need.link, chain=chain.as_document(), started_at=now, next_at=now + wait,
        )  # fmt: skip
        body = {"escalation": row.id, "kind": row.kind, "about": row.about, "chain": chain.id, "level": row.level,
                "next_us": to_us(now + wait)}  # fmt: skip
        ledger.append(_chain_of(row), "escalation_started", body, actor=actor.name, now=now)
        return row.id


def acknowledge(kind: str, about: str, *, by: str, now: datetime) -> bool:
    """Somebody took the thing itself in hand (on the console): its need is met; False where none was open."""
    with transaction.atomic():
        row = _open(kind, about)
        if row is None:
            return False
        _acknowledged(row, by, now)
        return True


def end(kind: str, about: str, why: str, *, now: datetime) -> bool:
    """The thing is over without anybody's doing: nobody is called any more; False where none was open."""
    with transaction.atomic():
        row = _open(kind, about)
        if row is None:
            return False
        _end(row, why, RULE.name, now)
        return True


def take(escalation_id: str, *, actor: Actor, now: datetime) -> None:
    """By a button on the console. Repeating changes nothing. Raises UnknownName outside the actor's area, NotAllowed for who
    was neither told nor works on events."""
    with transaction.atomic():
        row = EscalationRow.objects.select_for_update().filter(id=escalation_id).first()
        if row is None or not actor.scope.covers(row.jurisdiction):
            raise UnknownName(_("escalation"), _("there is no such one in your area"), _("open the roster"))
        told = row.told.filter(post=actor.post)
        if not (told.exists() or actor.may(Act.ACKNOWLEDGE_EVENT) or actor.may(Act.DIRECT_RESPONSE)):
            raise NotAllowed(_("escalation"), _("your post was not told of it"), _("leave it to a post that was"))
        if row.ended_at is None:
            told.filter(acknowledged_at=None).update(acknowledged_at=now)
            _acknowledged(row, actor.name, now)


def note_answers(told: Sequence[LetterAnswered], now: datetime) -> int:
    """Posts said by link, code or key that they have it; how many needs that met. Others' letters are none of ours."""
    met = 0
    for fact in told:
        if fact.kind != STEP:
            continue
        with transaction.atomic():
            post = fact.recipient.removeprefix("post:")
            rows = EscalationRow.objects.select_for_update().filter(about=fact.about, ended_at=None).order_by("id")
            for row in rows:
                mine = [one for one in row.told.filter(post=post) if fact.dispatch in one.dispatches]
                ToldRow.objects.filter(pk__in=[one.pk for one in mine], acknowledged_at=None).update(
                    acknowledged_at=now
                )
                if any(_answers(row, one.step) for one in mine):
                    _acknowledged(row, fact.recipient, now)
                    met += 1
    return met


def _answers(row: EscalationRow, step: int) -> bool:
    """Whether an acknowledgement at this step is enough."""
    if not Chain.of(row.chain).steps[step].each:
        return True
    told = set(row.told.filter(step=step).values_list("post", flat=True))
    return told <= set(row.told.filter(step=step).exclude(acknowledged_at=None).values_list("post", flat=True))


# ---------------------------------------------------------------- the clock
def sweep(*, now: datetime, at_most: int = 100) -> int:
    """Steps that are due; how many needs moved. Idempotent, each step once, also after a stop."""
    due = EscalationRow.objects.filter(ended_at=None, next_at__lte=now).order_by("-level", "next_at", "id")
    return sum(_advance(row_id, now) for row_id in list(due.values_list("id", flat=True)[:at_most]))


def _advance(row_id: str, now: datetime) -> bool:
    with transaction.atomic():
        row = EscalationRow.objects.select_for_update().get(id=row_id)
        if row.ended_at is not None or row.next_at is None or row.next_at > now:
            return False
        if row.kind in _still and not _still[row.kind](row.about):
            _end(row, "over", RULE.name, now)
            return True
        chain, told = Chain.of(row.chain), set[str]()
        while row.next_at is not None and row.next_at <= now:
            _step(row, chain, told, now)
        row.save(update_fields=["round", "step", "next_at", "exhausted_at"])
        return True


def _step(row: EscalationRow, chain: Chain, told: set[str], now: datetime) -> None:
    """Carry out what is due. ``told``: posts that this sweep has told already, which are not told again in the same moment."""
    at = row.next_at or now
    place, _wait = following(chain, Place(row.round, row.step) if row.step >= 0 else None)
    if place is None:
        row.next_at, row.exhausted_at = None, now
        body = {"escalation": row.id, "kind": row.kind, "about": row.about, "at_us": to_us(at)}
        ledger.append(_chain_of(row), "escalation_exhausted", body, actor=RULE.name, now=now)
        outbox.put([EscalationExhausted(row.id, row.kind, row.about, row.event, to_us(at))], now=now)
        return
    posts = _posts(chain.steps[place.step], row.jurisdiction, now)
    fresh = [post for post in posts if post.id not in told]
    dispatches = _tell(row, chain, place, fresh, now)
    ToldRow.objects.bulk_create(
        ToldRow(escalation=row, round=place.round, step=place.step, post=post.id, told_at=now, dispatches=dispatches)
        for post in fresh
    )
    told |= {post.id for post in fresh}
    row.round, row.step = place.round, place.step
    after, wait = following(chain, place)
    # Nobody there: the next step of this round need not wait for an answer that cannot come.
    row.next_at = at if not posts and after is not None and after.round == place.round else at + wait
    body = {"escalation": row.id, "kind": row.kind, "about": row.about, "round": place.round, "step": place.step,
            "posts": [post.id for post in fresh], "at_us": to_us(at)}  # fmt: skip
    ledger.append(_chain_of(row), "escalation_stepped", body, actor=RULE.name, now=now)


def _posts(step: Step, jurisdiction: str, now: datetime) -> list[PostLine]:
    """Posts that a step tells: those named, and those on duty in its roles; each once. A post without mail and telephone is
    none: nobody can be told there."""
    named = {post.id: post for post in org.posts(EVERYWHERE)}
    found = {post: named[post] for post in step.posts if post in named}
    for role in step.roles:
        found |= {post.id: post for post in org.on_duty(Role(role), jurisdiction, now=now)}
    return [post for post in found.values() if any(_reaches(post, channel) for channel in offered(step.channels))]


def _reaches(post: PostLine, channel: str) -> bool:
    return bool(post.mail if channel == "mail" else post.phone)


def _tell(row: EscalationRow, chain: Chain, place: Place, posts: Sequence[PostLine], now: datetime) -> list[str]:
    step, ids = chain.steps[place.step], []
    for channel in offered(step.channels):
        reached = [post for post in posts if _reaches(post, channel)]
        if reached:
            ids += tell_posts(STEP, reached, partial(_words, row, chain, place), about=row.about, event=row.event,
                              level=row.level, link=row.link, exercise=row.exercise, channel=channel, asks=True,
                              actor=RULE, now=now)  # fmt: skip
    return ids


def _words(row: EscalationRow, chain: Chain, place: Place, language: str) -> Text:
    title, said = (kept.get(language) or next(iter(kept.values()), "") for kept in (row.title, row.said))
    number = place.round * len(chain.steps) + place.step + 1
    whole = len(chain.steps) * (1 + chain.repeats)
    body = [said, _("Nobody has said yet that they have it. Call {n} of {whole}.").format(n=number, whole=whole)]
    if chain.steps[place.step].each:
        body.append(_("Everybody who gets this is to say so."))
    return Text(_("Nobody has it yet: {what}").format(what=title), "\n".join(line for line in body if line))


# ---------------------------------------------------------------- small parts
def _open(kind: str, about: str) -> EscalationRow | None:
    return EscalationRow.objects.select_for_update().filter(kind=kind, about=about, ended_at=None).first()


def _acknowledged(row: EscalationRow, by: str, now: datetime) -> None:
    _end(row, "acknowledged", by, now)
    outbox.put([EscalationAcknowledged(row.id, row.kind, row.about, row.event, to_us(now), by)], now=now)


def _end(row: EscalationRow, why: str, by: str, now: datetime) -> None:
    row.ended_at, row.ended_because, row.ended_by, row.next_at = now, why, by, None
    row.save(update_fields=["ended_at", "ended_because", "ended_by", "next_at"])
    verb = "escalation_acknowledged" if why == "acknowledged" else "escalation_ended"
    body = {"escalation": row.id, "kind": row.kind, "about": row.about, "why": why}
    ledger.append(_chain_of(row), verb, body, actor=by, now=now)


def _chain_of(row: EscalationRow) -> str:
    """The ledger chain in which it is told."""
    return row.event or row.about
