"""A second pair of eyes looks again, and the authority releases what is major."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from tocsin.loop.rectify import facts, limits, notices
from tocsin.loop.rectify.lifecycle import FindingState, Grade, Recheck, after_recheck
from tocsin.loop.rectify.models import FindingRow
from tocsin.loop.rectify.services.rows import (
    KIND,
    RECHECK_KIND,
    RULE,
    WORDS_AT_MOST,
    close,
    closing,
    count_photos,
    done,
    keep,
    move,
    row_of,
    save,
    task_of,
    tell,
    words_of,
)
from tocsin.loop.respond import doers
from tocsin.loop.respond.commitment import commitment
from tocsin.records.blobs import Photo
from tocsin.records.dispatch.notify import LANGUAGES
from tocsin.records.ledger import services as ledger
from tocsin.records.org import queries as org
from tocsin.records.org.actor import Actor
from tocsin.records.org.roles import Act, Role
from tocsin.records.org.scope import EVERYWHERE
from tocsin.records.org.services import PostLine
from tocsin.records.places import queries as places
from tocsin.records.tasks import services as tasks
from tocsin.terms.errors import BadValue, NotAllowed, Stale

__all__ = [
    "ask_recheck", "give_rechecks", "nearest_to_look", "note_recheck_overdue", "recheck", "release", "said_of", "why_not_look",
]  # fmt: skip


def recheck(
    finding_id: str, said: str, note: str, photos: Sequence[Photo] = (), *, version: int, actor: Actor, now: datetime
) -> None:
    """Somebody else looks again. Never the account that recorded it, never the one that says it is fixed, never anybody who
    operates the facility."""
    with transaction.atomic():
        row = row_of(finding_id)
        actor.require(Act.RECHECK_FINDING, row.jurisdiction)
        why_not = why_not_look(row.recorded_account, row.fixed_account, row.facility, actor, now=now)
        if why_not:
            raise NotAllowed(_("re-check"), why_not, _("have another inspector look again"))
        answer = said_of(said)
        after = after_recheck(Grade(row.grade), answer)
        move(row, after, version)
        count_photos(photos)
        row.rechecked_at, row.rechecked_by, row.rechecked_account = now, actor.name, actor.account
        row.recheck_said, row.recheck_note = answer, note.strip()[:WORDS_AT_MOST]
        kept = keep(row, "recheck", photos, actor, now)
        done(row.recheck_task, {"finding": row.id, "said": answer}, actor, now)
        row.recheck_task = row.recheck_post = ""
        if after == FindingState.CLOSED:
            close(row, actor, now)
        save(row)
        tell(row, "finding_rechecked", facts.FindingRechecked, actor, now, said=answer, photos=kept,
              note=commitment(row.recheck_note, row.salt))  # fmt: skip
        _after_recheck(row, after, actor, now)


def release(finding_id: str, why: str = "", *, agreed: bool = True, version: int, actor: Actor, now: datetime) -> None:
    """The authority releases a major finding after its re-check, or does not and says why. Not by the account that looked."""
    with transaction.atomic():
        row = row_of(finding_id)
        actor.require(Act.SERVE_ORDER, row.jurisdiction)
        after = FindingState.CLOSED if agreed else FindingState.REOPENED
        if row.state != FindingState.RECHECKED:
            raise Stale(_("finding"), _("it waits for no release"), _("load the page again"))
        if actor.account == row.rechecked_account:
            raise NotAllowed(_("release"), _("whoever looked again may not release it"), _("ask another case handler"))
        move(row, after, version)
        row.ended_why = why.strip()[:WORDS_AT_MOST] if agreed else words_of(why, _("reason"))
        if agreed:
            close(row, actor, now)
        save(row)
        if agreed:
            tell(row, "finding_closed", facts.FindingClosed, actor, now, **closing(row))
        else:
            ledger.append(
                row.id, "release_refused", {"why": commitment(row.ended_why, row.salt)}, actor=actor.name, now=now
            )
            _back_to_facility(row, row.ended_why, actor, now)


def why_not_look(recorded: str, fixed: str, facility: str, actor: Actor, *, now: datetime) -> str:
    """Why this actor may not look again; "" where it may."""
    if actor.account == recorded:
        return _("you recorded this finding")
    if actor.account == fixed:
        return _("you reported it fixed")
    if actor.facility == facility or any(post.facility == facility for post in org.posts_of(actor.account, now=now)):
        return _("you operate this facility")
    return ""


def note_recheck_overdue(finding_id: str, *, now: datetime) -> None:
    """Nobody looked again in time (told once, by tasks): the case handlers are told."""
    with transaction.atomic():
        row = FindingRow.objects.filter(id=finding_id, state=FindingState.FIXED).first()
        if row is not None:
            ledger.append(row.id, "recheck_overdue", {"post": row.recheck_post}, actor=RULE.name, now=now)
            notices.recheck_overdue(row, now=now)


def give_rechecks(now: datetime, at_most: int) -> int:
    """Give re-checks that waited for somebody; how many."""
    given = 0
    waiting = FindingRow.objects.filter(state=FindingState.FIXED, recheck_task="")
    if not waiting.exists():
        return 0
    with transaction.atomic():
        for row in waiting.select_for_update().order_by("fixed_at", "id")[:at_most]:
            ask_recheck(row, RULE, now)
            if row.recheck_task:
                row.save(update_fields=["recheck_task", "recheck_post"])
                given += 1
    return given


def nearest_to_look(row: FindingRow, now: datetime) -> PostLine | None:
    """The nearest inspector on duty who may look: not who recorded it, who says it is fixed, or who operates the facility."""
    place = next((f for f in places.facilities(EVERYWHERE) if f.id == row.facility), None)
    lon, lat = (place.lon, place.lat) if place else (None, None)
    operators = {
        h.account for h in org.holders(now=now, role=Role.FACILITY_OPERATOR) if h.post.facility == row.facility
    }
    excluded = {row.recorded_account, row.fixed_account, *operators}
    return doers.nearest_on_duty(Role.INSPECTOR, row.jurisdiction, lon, lat, now=now, not_accounts=excluded)


def ask_recheck(row: FindingRow, actor: Actor, now: datetime) -> None:
    """A task for the nearest inspector who may look again; none yet where nobody is on duty (the sweep tries again)."""
    post = nearest_to_look(row, now)
    if post is None:
        return
    title = {language: notices.recheck_title(row, language) for language in LANGUAGES}
    row.recheck_post = post.id
    row.recheck_task = tasks.give(
        task_of(row, RECHECK_KIND, title, post.id, now + limits.RECHECK), actor=actor, now=now
    )
    notices.recheck_asked(row, post, actor=actor, now=now)


def _after_recheck(row: FindingRow, after: FindingState, actor: Actor, now: datetime) -> None:
    if after == FindingState.CLOSED:
        tell(row, "finding_closed", facts.FindingClosed, actor, now, **closing(row))
    elif after == FindingState.RECHECKED:
        notices.release_wanted(row, now=now)
    else:
        _back_to_facility(row, row.recheck_note, actor, now)


def _back_to_facility(row: FindingRow, why: str, actor: Actor, now: datetime) -> None:
    """Not fixed: the facility has it again; where the limit has passed it needs another order first."""
    post = doers.operator_post(row.facility, now=now, must_be_held=False)
    if post is not None and row.limit_at and row.limit_at > now:
        title = {language: notices.order_title(row, language) for language in LANGUAGES}
        row.task = tasks.give(task_of(row, KIND, title, post.id, row.limit_at), actor=actor, now=now)
        row.save(update_fields=["task"])
    notices.reopened(row, post, why, actor=actor, now=now)


def said_of(said: str) -> Recheck:
    """The answer of a form. Raises BadValue."""
    try:
        return Recheck(said)
    except ValueError:
        raise BadValue(_("re-check"), _("it is fixed or it is not"), _("choose one of the two")) from None
