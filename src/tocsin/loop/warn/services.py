"""The only writer of warn. Each verb: guard, change, ledger entry, outbox fact, return; atomic; ``actor``, ``now``
keyword-only.

A warning is written by a duty officer, signed by a second person of the issuing body, and goes out in the transaction of
the signature: signature, CAP bytes, states, dispatch rows, ledger entry and facts together, or nothing.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from tocsin.formats.cap import Reference, write
from tocsin.geo import common_path
from tocsin.loop.warn import drafting, facts, telling
from tocsin.loop.warn.authority import ANY_HAZARD, AuthorityLine, require_authority, require_shape
from tocsin.loop.warn.cap_message import cap_message, our_producer
from tocsin.loop.warn.changing import EDITED, changed, clean
from tocsin.loop.warn.content import LANGUAGES, Areas, Content, missing_items
from tocsin.loop.warn.family import family
from tocsin.loop.warn.filling import evidence_of, filled, follow
from tocsin.loop.warn.item_words import item_words, state_word
from tocsin.loop.warn.lifecycle import EDITABLE, Kind, WarningState, allowed
from tocsin.loop.warn.models import AlertRow, AuthorityRow, SignatureRow, WarningArea, WarningRow
from tocsin.loop.warn.names import Names
from tocsin.records.ledger import services as ledger
from tocsin.records.org import queries as org
from tocsin.records.org.actor import SYSTEM, Actor
from tocsin.records.org.roles import Act, Role
from tocsin.records.outbox import services as outbox
from tocsin.terms.errors import BadTime, BadValue, NotAllowed, Stale, UnknownName
from tocsin.terms.ids import uuid7_id
from tocsin.terms.moment import to_us

__all__ = [
    "UNSIGNED_AFTER", "discard", "draft", "draft_cancel", "draft_update", "edit", "put_authority",
    "refill", "send_back", "sign", "submit", "sweep",
]  # fmt: skip

UNSIGNED_AFTER = timedelta(minutes=5)
LONGEST = timedelta(days=31)
_ONCE = 64
_KEPT = {Kind.UPDATE: ("hazard", "exercise"),
         Kind.CANCEL: ("hazard", "level", "areas", "onset", "expires", "body", "exercise")}  # fmt: skip


# ---------------------------------------------------------------- who may warn
def put_authority(lines: Sequence[AuthorityLine], *, actor: Actor, now: datetime) -> None:
    """Replace the whole table of who may warn. Raises BadValue for a rank out of order or a missing source, UnknownName for
    a body that is no department, NotAllowed."""
    if actor.role != Role.SYSTEM:
        actor.require(Act.MANAGE_STAFF)
    known = {line.id for line in org.departments(SYSTEM.scope)}
    for line in lines:
        thing = _("authority of {body} for {hazard}").format(body=line.body, hazard=line.hazard)
        if line.body not in known:
            raise UnknownName(thing, _("no such department"), _("register the department first"))
        if not 1 <= line.lowest <= line.highest:
            raise BadValue(
                thing, _("the levels must run from a lower rank to a higher one"), _("write for example 1 and 4")
            )
        if not line.source.strip():
            raise BadValue(thing, _("no source is named"), _("say where this competence is written"))
    with transaction.atomic():
        AuthorityRow.objects.all().delete()
        AuthorityRow.objects.bulk_create(
            AuthorityRow(body=a.body, hazard=a.hazard or ANY_HAZARD, jurisdiction=a.jurisdiction, lowest=a.lowest,
                         highest=a.highest, source=a.source[:300])
            for a in {(a.body, a.hazard, a.jurisdiction): a for a in lines}.values()
        )  # fmt: skip
        body = {"lines": [[a.body, a.hazard, a.jurisdiction, a.lowest, a.highest] for a in lines]}
        ledger.append("warn", "authority_put", body, actor=actor.name, now=now)


# ---------------------------------------------------------------- drafting
def draft(
    event_id: str | None = None, *, hazard: str = "", level: int = 0, areas: Areas | None = None, body: str = "",
    onset: datetime | None = None, expires: datetime | None = None, exercise: bool | None = None, exercise_note: str = "",
    once: str = "", actor: Actor, now: datetime,
) -> str:  # fmt: skip
    """A draft; its id. From an event whatever is not given is taken from it and from the pack's warnings.toml. The same
    ``once`` gives the same draft. Raises UnknownName for an event outside the scope or an unknown hazard, Stale for a
    refuted event and where a warning of it is in force there already, NotAllowed where the actor may not draft or no body may
    issue it, BadValue."""
    actor.require(Act.DRAFT_WARNING)
    if found := _made_before(once):
        return found
    names = Names.read()
    content = drafting.first_content(
        event_id or "", names, hazard=hazard, level=level, areas=areas, body=body, onset=onset, expires=expires,
        exercise=exercise, exercise_note=exercise_note, actor=actor, now=now,
    )  # fmt: skip
    content = replace(content, texts=filled(content, names, evidence_of(event_id or "", names)))
    require_shape(content.areas, names)
    require_authority(content.body, content.hazard, content.level, content.areas, names)
    _require_everywhere(actor, Act.DRAFT_WARNING, content)
    _require_first(content, event_id or "", now)
    return _put_draft(content, event_id or "", "", once, actor, now)


def draft_update(
    warning_id: str, *, level: int | None = None, expires: datetime | None = None, areas: Areas | None = None,
    once: str = "", actor: Actor, now: datetime,
) -> str:  # fmt: skip
    """A draft that will replace a warning in force: other level, longer, elsewhere; texts nobody had changed follow. Where
    one is open already, that one. Raises UnknownName, Stale where it is not in force, NotAllowed, BadValue."""
    actor.require(Act.DRAFT_WARNING)
    with transaction.atomic():
        row = _in_force(warning_id, now)
        if found := _made_before(once) or _open_successor(row, Kind.UPDATE):
            return found
        names = Names.read()
        before = Content.of(row.content)
        spec = names.spec(before.hazard)
        rank = before.level if level is None else level
        words = spec.levels.get(rank) if spec else None
        changed = replace(
            before, kind=Kind.UPDATE, predecessor=row.id, level=rank, onset=min(before.onset, now),
            expires=expires or max(before.expires, drafting.end_of(words, now)),
            areas=areas if areas is not None else before.areas, verdict=drafting.verdict_of(row.event),
        )  # fmt: skip
        if words is not None:
            changed = replace(changed, urgency=words.urgency, responses=words.responses,
                              certainty=(spec.certainty if spec else {}).get(changed.verdict, before.certainty))  # fmt: skip
        # What somebody wrote by hand stays; what still is the pack's text says the new level and time.
        evidence = evidence_of(row.event, names)
        texts = filled(changed, names, evidence)
        kept = {lang: _own_words(before.text(lang), row.template.get(lang, {}), texts[lang]) for lang in LANGUAGES}
        changed = replace(changed, texts=kept)
        require_authority(changed.body, changed.hazard, changed.level, changed.areas, names)
        _require_everywhere(actor, Act.DRAFT_WARNING, changed)
        return _put_draft(changed, row.event, row.lineage, once, actor, now, template=texts)


def draft_cancel(warning_id: str, *, over: bool = True, once: str = "", actor: Actor, now: datetime) -> str:
    """A draft that will end a warning in force: because the danger is ``over``, or because it was issued in error. Where one
    is open already, that one. Raises UnknownName, Stale where it is not in force, NotAllowed."""
    actor.require(Act.DRAFT_WARNING)
    with transaction.atomic():
        row = _in_force(warning_id, now)
        if found := _made_before(once) or _open_successor(row, Kind.CANCEL):
            return found
        before = Content.of(row.content)
        content = replace(before, kind=Kind.CANCEL, predecessor=row.id, onset=min(before.onset, now), urgency="Past",
                          responses=("AllClear",) if over else ("None",), texts={})  # fmt: skip
        _require_everywhere(actor, Act.DRAFT_WARNING, content)
        names = Names.read()
        content = replace(content, texts=filled(content, names, {}))
        return _put_draft(content, row.event, row.lineage, once, actor, now)


def edit(warning_id: str, changes: Mapping[str, Any], *, version: int, actor: Actor, now: datetime) -> int:
    """Change a draft; its new version. ``changes`` as fields of Content: hazard, level, onset, expires, areas, body,
    responses, urgency, exercise, exercise_note, contact, place, and texts as language -> field -> words (only what is
    changed). Texts nobody had touched follow level, area and time. What waited for a signature is a draft again. Raises
    UnknownName, Stale for another version or a warning that is no draft any more, BadValue, TooBig, NotAllowed."""
    with transaction.atomic():
        row = _row(warning_id)
        if row.state not in EDITABLE:
            raise _stale(row, _("it is no draft any more: {state}").format(state=state_word(WarningState(row.state))))
        before = Content.of(row.content)
        _require_everywhere(actor, Act.DRAFT_WARNING, before)
        after = changed(before, changes)
        names = Names.read()
        if after != before:
            after = drafting.follow_pack(before, after, names, row.event)
            after = follow(before, after, names, evidence_of(row.event, names))
        if after == before:
            return row.version  # the same form again, however old its page
        _require_version(row, version)
        _require_kept(before, after)
        require_shape(after.areas, names)
        _require_everywhere(actor, Act.DRAFT_WARNING, after)
        was = row.state
        if row.state != WarningState.DRAFT:
            _move(row, WarningState.DRAFT)
        evidence = evidence_of(row.event, names)
        row.template = _texts_document(filled(after, names, evidence))
        _set_content(row, after, actor, now)
        row.save()
        _put_areas(row, after)
        body = {"warning": row.id, "version": row.version, "digest": after.digest,
                "fields": sorted(name for name in EDITED if getattr(before, name) != getattr(after, name)),
                "taken_back": was == WarningState.SUBMITTED}  # fmt: skip
        _log(row, "warning_edited", body, actor, now)
        return row.version


def refill(warning_id: str, *, version: int, actor: Actor, now: datetime) -> int:
    """Put the pack's texts back, for the present level, area and time; the new version. Raises as ``edit``."""
    row = WarningRow.objects.filter(id=warning_id).first()
    if row is None:
        raise _unknown(warning_id)
    names = Names.read()
    texts = filled(Content.of(row.content), names, evidence_of(row.event, names))
    return edit(warning_id, {"texts": _texts_document(texts)}, version=version, actor=actor, now=now)


def discard(warning_id: str, *, version: int, actor: Actor, now: datetime) -> None:
    """Nobody wants this draft. Raises UnknownName, Stale, NotAllowed."""
    with transaction.atomic():
        row = _row(warning_id)
        _require_everywhere(actor, Act.DRAFT_WARNING, Content.of(row.content))
        if row.state == WarningState.DISCARDED:
            return
        _require_version(row, version)
        _move(row, WarningState.DISCARDED)
        row.ended_at, row.changed_at, row.changed_by = now, now, actor.name
        row.save()
        _log(row, "warning_discarded", {"warning": row.id, "version": row.version}, actor, now)


# ---------------------------------------------------------------- two people
def submit(warning_id: str, *, version: int, actor: Actor, now: datetime) -> str:
    """Send it to a second person; the digest that waits for a signature. Raises BadValue naming every item that is empty,
    BadTime for a period that is over, NotAllowed for a body without authority, Stale, UnknownName."""
    with transaction.atomic():
        row = _row(warning_id)
        content = Content.of(row.content)
        _require_everywhere(actor, Act.DRAFT_WARNING, content)
        if row.state == WarningState.SUBMITTED and row.version == version:
            return content.digest
        _require_version(row, version)
        _require_move(row, WarningState.SUBMITTED)
        names = Names.read()
        _require_sound(row, content, names, now)
        _move(row, WarningState.SUBMITTED)
        row.submitted_at, row.unsigned_told_at, row.changed_at, row.changed_by = now, None, now, actor.name
        row.authors = _with(row.authors, actor.account)
        row.save()
        _tell(row, "warning_submitted", facts.WarningSubmitted, actor, now, version=version, digest=content.digest)
        return content.digest


def send_back(warning_id: str, reason: str, *, version: int, actor: Actor, now: datetime) -> None:
    """The second person wants it changed, and says why. Raises BadValue without a reason, NotAllowed, Stale, UnknownName."""
    with transaction.atomic():
        row = _row(warning_id)
        content = Content.of(row.content)
        _require_signer(row, content, actor)
        why = clean(_("reason"), reason, 1000)
        if not why:
            raise BadValue(_("reason"), _("it is empty"), _("say what should be changed"))
        _require_version(row, version)
        _require_move(row, WarningState.RETURNED)
        _move(row, WarningState.RETURNED)
        row.returned_at, row.returned_by, row.returned_why, row.changed_at = now, actor.name, why, now
        row.save()
        digest = hashlib.sha256(why.encode()).hexdigest()
        _tell(
            row, "warning_returned", facts.WarningReturned, actor, now, version=version, reason=digest, length=len(why)
        )


def sign(warning_id: str, *, version: int, digest: str, actor: Actor, now: datetime) -> str:
    """Sign this version with this digest and issue it; the identifier of its CAP message. Everything happens in one
    transaction. The same signer signing the same version again gets the same identifier. Raises NotAllowed for whoever
    wrote any of it, is of another body or signs for a body without authority; BadValue for an empty item or a broken rule
    of CAP; BadTime for a period that is over; Stale for another version, a warning that does not wait or one whose
    predecessor is over; UnknownName."""
    with transaction.atomic():
        row = _row(warning_id)
        content = Content.of(row.content)
        _require_signer(row, content, actor)
        if found := _signed_before(row, version, digest, actor):
            return found
        _require_version(row, version)
        _require_move(row, WarningState.ISSUED)
        if digest != content.digest:
            raise _stale(row, _("what you saw is not what it says now"))
        names = Names.read()
        _require_sound(row, content, names, now)
        replaced = _replaced(row)
        alert = cap_message(
            content, names, identifier=row.id, sent=now, references=[_reference(old) for old in replaced]
        )
        document = write(alert, now=now, producer=our_producer(names))
        sha256 = hashlib.sha256(document).hexdigest()
        SignatureRow.objects.create(warning=row, account=actor.account, post=actor.post, name=actor.name, version=version,
                                    digest=digest, at=now)  # fmt: skip
        AlertRow.objects.create(
            identifier=row.id, warning=row, lineage=row.lineage, sender=alert.sender, sent=alert.sent,
            msg_type=alert.msg_type, status=alert.status, document=document, sha256=sha256,
            references=[old.identifier for old in replaced],
        )  # fmt: skip
        _issue(row, content, names, now)
        _end_replaced(row, replaced, now)
        told = telling.tell_everybody(row, content, names, actor=actor, now=now)
        _tell_signed(row, content, actor, now, version=version, digest=digest, identifier=row.id, sha256=sha256,
                     references=[old.identifier for old in replaced], posts=told)  # fmt: skip
        return row.id


# ---------------------------------------------------------------- time
def sweep(*, now: datetime, at_most: int = 100) -> int:
    """What the clock brings about, each told once, also after a stop: waiting too long for a signature, soon over, over.
    How many facts it put."""
    with transaction.atomic():
        return _sweep_unsigned(now, at_most) + _sweep_expired(now, at_most) + _sweep_expiring(now, at_most)


def _sweep_unsigned(now: datetime, at_most: int) -> int:
    rows = WarningRow.objects.select_for_update().filter(
        state=WarningState.SUBMITTED, unsigned_told_at=None, submitted_at__lte=now - UNSIGNED_AFTER
    )
    for row in (waiting := list(rows.order_by("submitted_at", "id")[:at_most])):
        row.unsigned_told_at = now
        row.save(update_fields=["unsigned_told_at"])
        _tell(row, "warning_unsigned", facts.WarningUnsigned, SYSTEM, now, version=row.version)
    return len(waiting)


def _sweep_expired(now: datetime, at_most: int) -> int:
    rows = WarningRow.objects.select_for_update().filter(state=WarningState.ISSUED, expires_at__lte=now)
    rows = rows.exclude(kind=Kind.CANCEL)
    for row in (over := list(rows.order_by("expires_at", "id")[:at_most])):
        _move(row, WarningState.EXPIRED)
        row.ended_at = row.expires_at
        row.save(update_fields=["state", "ended_at"])
        _tell(row, "warning_expired", facts.WarningExpired, SYSTEM, now, at=row.expires_at)
    return len(over)


def _sweep_expiring(now: datetime, at_most: int) -> int:
    rows = WarningRow.objects.select_for_update().filter(
        state=WarningState.ISSUED, expiring_told_at=None, remind_at__lte=now, expires_at__gt=now
    )
    rows = rows.exclude(kind=Kind.CANCEL)
    for row in (soon := list(rows.order_by("expires_at", "id")[:at_most])):
        row.expiring_told_at = now
        row.save(update_fields=["expiring_told_at"])
        _tell(row, "warning_expiring", facts.WarningExpiring, SYSTEM, now, at=row.expires_at)
    return len(soon)


# ---------------------------------------------------------------- guards
def _require_everywhere(actor: Actor, act: Act, content: Content) -> None:
    actor.require(act)
    for path in content.areas.paths:
        if not actor.scope.covers(path):
            raise NotAllowed(_("post {post}").format(post=actor.post), _("has no authority in {area}").format(area=path),
                             _("leave this area out, or hand it over to a post of that area"))  # fmt: skip


def _require_signer(row: WarningRow, content: Content, actor: Actor) -> None:
    """A signer of the issuing body, with authority in all areas, who wrote none of it."""
    _require_everywhere(actor, Act.SIGN_WARNING, content)
    if actor.account in row.authors:
        raise NotAllowed(_("warning {id}").format(id=row.id), _("whoever wrote any of it cannot sign it"),
                         _("ask another signer"))  # fmt: skip
    own = org.post(actor.post).department
    if content.body and own != content.body:  # an empty body is refused as an empty item
        names = Names.read()
        raise NotAllowed(
            _("post {post}").format(post=actor.post),
            _("it signs for {own}, this warning is of {body}").format(
                own=names.body(own), body=names.body(content.body)
            ),
            _("ask a signer of {body}").format(body=names.body(content.body)),
        )


def _require_sound(row: WarningRow, content: Content, names: Names, now: datetime) -> None:
    """All that must be true when it is submitted and again when it is signed."""
    thing = _("warning {id}").format(id=row.id)
    if lacks := missing_items(content):
        raise BadValue(
            thing, _("empty: {items}").format(items=item_words(lacks)), _("fill them in, then send it again")
        )
    if content.expires <= now:
        raise BadTime(thing, _("its period is over: until {time}").format(
            time=names.moment(content.expires, content.areas.paths)), _("set a later end"))  # fmt: skip
    if content.expires <= content.onset:
        raise BadTime(thing, _("it ends before it begins"), _("set the end after the beginning"))
    if content.expires - content.onset > LONGEST:
        raise BadTime(thing, _("it would last more than 31 days"), _("let it end sooner, and update it"))
    if content.kind is not Kind.ALERT:
        _in_force(content.predecessor, now)
    _require_first(content, row.event, now, row.id)
    require_shape(content.areas, names)
    require_authority(content.body, content.hazard, content.level, content.areas, names)


def _require_kept(before: Content, after: Content) -> None:
    """A later message is about the same warning: an update keeps its hazard, a cancellation all but its words."""
    kept = _KEPT.get(before.kind, ())
    if any(getattr(before, name) != getattr(after, name) for name in kept):
        words = {
            Kind.UPDATE: _("an update keeps the hazard, and whether it is an exercise"),
            Kind.CANCEL: _("a cancellation keeps hazard, level, area, period and body"),
        }[before.kind]
        raise BadValue(_("this message"), words, _("put it back, and change the words only"))


def _require_first(content: Content, event: str, now: datetime, own: str = "") -> None:
    """Of one event, hazard and body there is no second first message for an area that has one in force: it is updated."""
    if not event or content.kind is not Kind.ALERT:
        return
    rows = WarningRow.objects.filter(
        event__in=family(event), state=WarningState.ISSUED, expires_at__gt=now, hazard=content.hazard, body=content.body,
        exercise=content.exercise, areas__jurisdiction__in=content.areas.paths,
    )  # fmt: skip
    found = rows.exclude(kind=Kind.CANCEL).exclude(id=own).order_by("issued_at").first()
    if found is not None:
        raise Stale(_("warning {id}").format(id=found.id), _("it is in force for this event and area already"),
                    _("update it instead of beginning a second one"))  # fmt: skip


def _require_version(row: WarningRow, version: int) -> None:
    if row.version != version:
        raise _stale(row, _("{who} changed it meanwhile (version {version})").format(who=row.changed_by.partition("/")[0],
                                                                                    version=row.version))  # fmt: skip


def _require_move(row: WarningRow, after: WarningState) -> None:
    if not allowed(WarningState(row.state), after):
        raise _stale(
            row,
            _("its state is: {state}; that cannot become: {after}").format(
                state=state_word(WarningState(row.state)), after=state_word(after)
            ),
        )


def _stale(row: WarningRow, rule: str) -> Stale:
    return Stale(
        _("warning {id}").format(id=row.id), rule, _("load the page again; what you typed can be copied from here")
    )


def _unknown(warning_id: str) -> UnknownName:
    return UnknownName(_("warning {id}").format(id=warning_id), _("no such warning in your scope"),
                       _("open the list of warnings"))  # fmt: skip


# ---------------------------------------------------------------- changes
def _own_words(told: Any, template: Mapping[str, str], fresh: Any) -> Any:
    """What was written by hand stays; what is still the pack's text becomes the fresh one."""
    return replace(fresh, **{
        name: getattr(told, name) for name in told.__slots__ if getattr(told, name) != template.get(name, "")
    })  # fmt: skip


def _put_draft(
    content: Content, event: str, lineage: str, once: str, actor: Actor, now: datetime, *, template: Any = None
) -> str:
    warning_id = uuid7_id("wrn", to_us(now) // 1000, secrets.randbits(74))
    try:
        with transaction.atomic():
            row = WarningRow(
                id=warning_id, lineage=lineage or warning_id, predecessor=content.predecessor, kind=content.kind.value,
                event=event, template=_texts_document(template or content.texts), author=actor.name,
                author_post=actor.post, once=once[:_ONCE] or None, drafted_at=now, version=0,
            )  # fmt: skip
            _set_content(row, content, actor, now)
            row.save(force_insert=True)
            _put_areas(row, content)
            _tell(row, "warning_drafted", facts.WarningDrafted, actor, now, kind=row.kind, digest=content.digest,
                  predecessor=row.predecessor)  # fmt: skip
    except IntegrityError:  # the same form came twice at the same moment: the other one made it
        if found := _made_before(once):
            return found
        raise
    return warning_id


def _set_content(row: WarningRow, content: Content, actor: Actor, now: datetime) -> None:
    row.content = content.as_document()
    row.hazard, row.level, row.body, row.exercise = content.hazard, content.level, content.body, content.exercise
    row.jurisdiction, row.expires_at = common_path(content.areas.paths), content.expires
    row.version += 1
    row.changed_at, row.changed_by = now, actor.name
    row.authors = _with(row.authors, actor.account)


def _put_areas(row: WarningRow, content: Content) -> None:
    WarningArea.objects.filter(warning=row).exclude(jurisdiction__in=content.areas.paths).delete()
    WarningArea.objects.bulk_create(
        [WarningArea(warning=row, jurisdiction=path) for path in content.areas.paths], ignore_conflicts=True
    )


def _issue(row: WarningRow, content: Content, names: Names, now: datetime) -> None:
    spec = names.spec(content.hazard)
    words = spec.levels.get(content.level) if spec else None
    lead = timedelta(microseconds=words.remind_us) if words else timedelta(minutes=30)
    _move(row, WarningState.ISSUED)
    row.issued_at, row.changed_at = now, now
    row.remind_at = content.expires - min(lead, (content.expires - now) / 2)
    row.save()


def _replaced(row: WarningRow) -> list[AlertRow]:
    """All earlier messages of the lineage that are in force, oldest first: what this message cites, and ends."""
    if row.kind == Kind.ALERT:
        return []
    alerts = (
        AlertRow.objects.select_for_update(of=("self",))
        .select_related("warning")
        .filter(lineage=row.lineage, warning__state=WarningState.ISSUED)
    )
    return list(alerts.order_by("sent", "identifier"))


def _end_replaced(row: WarningRow, replaced: Sequence[AlertRow], now: datetime) -> None:
    after = WarningState.CANCELLED if row.kind == Kind.CANCEL else WarningState.SUPERSEDED
    for old in replaced:
        _move(old.warning, after)
        old.warning.ended_at, old.warning.successor = now, row.id
        old.warning.save(update_fields=["state", "ended_at", "successor"])


def _reference(alert: AlertRow) -> Reference:
    return Reference(alert.sender, alert.identifier, alert.sent.astimezone(_zone_of(alert)))


def _zone_of(alert: AlertRow) -> Any:
    """The zone in which the message was written, so that the citation has its very words."""
    return Names.read().zone(Content.of(alert.warning.content).areas.paths)


def _move(row: WarningRow, after: WarningState) -> None:
    _require_move(row, after)
    row.state = after.value


# ---------------------------------------------------------------- reading for writing
def _row(warning_id: str) -> WarningRow:
    row = WarningRow.objects.select_for_update().filter(id=warning_id).first()
    if row is None:
        raise _unknown(warning_id)
    return row


def _in_force(warning_id: str, now: datetime) -> WarningRow:
    row = _row(warning_id)
    if row.state != WarningState.ISSUED or row.kind == Kind.CANCEL or row.expires_at <= now:
        state = WarningState.EXPIRED if row.state == WarningState.ISSUED else WarningState(row.state)
        rule = _("it is not in force any more: {state}").format(state=state_word(state))
        raise Stale(_("warning {id}").format(id=row.id), rule,
                    _("draft a new warning where there is still danger"))  # fmt: skip
    return row


def _made_before(once: str) -> str:
    if not once:
        return ""
    return WarningRow.objects.filter(once=once[:_ONCE]).values_list("id", flat=True).first() or ""


def _open_successor(row: WarningRow, kind: Kind) -> str:
    open_rows = WarningRow.objects.filter(predecessor=row.id, kind=kind.value, state__in=[s.value for s in EDITABLE])
    return open_rows.order_by("drafted_at").values_list("id", flat=True).first() or ""


def _signed_before(row: WarningRow, version: int, digest: str, actor: Actor) -> str:
    signature = SignatureRow.objects.filter(warning=row, account=actor.account, version=version, digest=digest).first()
    return row.id if signature else ""


# ---------------------------------------------------------------- telling
def _texts_document(texts: Mapping[str, Any]) -> dict[str, Any]:
    return {language: told if isinstance(told, dict) else told.as_document() for language, told in texts.items()}


def _with(accounts: Sequence[str], account: str) -> list[str]:
    return [*accounts, *([account] if account and account not in accounts else [])]


def _log(row: WarningRow, verb: str, body: Mapping[str, Any], actor: Actor, now: datetime) -> None:
    ledger.append(row.event or row.lineage, verb, body, actor=actor.name, now=now)


def _told(row: WarningRow, at_us: int) -> dict[str, Any]:
    return {"warning": row.id, "event": row.event, "hazard": row.hazard, "level": row.level,
            "jurisdiction": row.jurisdiction, "exercise": row.exercise, "at_us": at_us}  # fmt: skip


def _tell(
    row: WarningRow, verb: str, fact: type, actor: Actor, now: datetime, *, at: datetime | None = None, **more: Any
) -> None:
    told = _told(row, to_us(at or now))
    _log(row, verb, {name: value for name, value in {**told, **more}.items() if name != "event"}, actor, now)
    outbox.put([fact(**told)], now=now)


def _tell_signed(row: WarningRow, content: Content, actor: Actor, now: datetime, **more: Any) -> None:
    told = _told(row, to_us(now))
    body = {**told, **more, "kind": row.kind, "body": row.body, "expires_us": to_us(content.expires),
            "areas": list(content.areas.paths),
            "headline": {language: content.text(language).headline for language in LANGUAGES}}  # fmt: skip
    _log(row, "warning_signed", {name: value for name, value in body.items() if name != "event"}, actor, now)
    made: object = facts.WarningIssued(**told)
    if row.kind == Kind.UPDATE:
        made = facts.WarningUpdated(**told, predecessor=row.predecessor)
    elif row.kind == Kind.CANCEL:
        made = facts.WarningCancelled(**told, predecessor=row.predecessor)
    outbox.put([facts.WarningSigned(**told), made], now=now)
