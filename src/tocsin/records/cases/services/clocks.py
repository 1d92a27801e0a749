"""Acts on a running clock: pause, resume, extend. Each has an author, a reason, and the clause that the pack cites."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from tocsin.packkit.clocks import ClockSpec, Grant
from tocsin.records.cases.calendars import calendars_in_use
from tocsin.records.cases.commitment import commitment, salt_of
from tocsin.records.cases.models import CaseRow, ClockRow
from tocsin.records.cases.refusals import in_words, words_of
from tocsin.records.cases.running import recompute
from tocsin.records.cases.sealing import words_kept
from tocsin.records.cases.services.crossing import tell_run_out
from tocsin.records.cases.services.rows import held, kind_of_row, save, tell
from tocsin.records.ledger.bulk import append_many
from tocsin.records.org.actor import Actor
from tocsin.terms.errors import NotAllowed, Stale, UnknownName
from tocsin.terms.moment import to_us

__all__ = ["extend", "pause", "resume"]


def pause(case_id: str, clock_id: int, why: str, *, version: int, actor: Actor, now: datetime) -> None:
    """Stop a clock. Raises NotAllowed where its law knows no pause or for another role, Stale where it stands or is over."""
    with transaction.atomic():
        row, running, spec = _running(case_id, clock_id, version, actor)
        grant = _granted(spec.pause, spec, actor, _("its law lets it run on"))
        if running.standing:
            raise Stale(in_words(spec.title), _("it stands still already"), _("load the page again"))
        said = words_of(why, _("reason"))
        if running.overdue_at is None and running.due_at <= now:  # it ran out before it was stopped
            append_many(tell_run_out([running], now=now), actor=actor.name, now=now)
        running.pauses = [*running.pauses, [to_us(now), None, actor.name, words_kept(row, said, "clock")]]
        _again(row, running, spec, now)
        tell(
            row,
            "clock_paused",
            actor.name,
            now,
            clock=running.code,
            clause=grant.clause,
            why=commitment(said, salt_of(row)),
        )


def resume(case_id: str, clock_id: int, why: str, *, version: int, actor: Actor, now: datetime) -> None:
    """Let it go on. Raises Stale where it does not stand still."""
    with transaction.atomic():
        row, running, spec = _running(case_id, clock_id, version, actor)
        grant = _granted(spec.pause, spec, actor, _("its law lets it run on"))
        if not running.standing:
            raise Stale(in_words(spec.title), _("it does not stand still"), _("load the page again"))
        said = words_of(why, _("reason"))
        last = running.pauses[-1]
        running.pauses = [*running.pauses[:-1], [last[0], max(to_us(now), last[0]), *last[2:]]]
        _again(row, running, spec, now)
        tell(row, "clock_resumed", actor.name, now, clock=running.code, clause=grant.clause, due_us=to_us(running.due_at),
             why=commitment(said, salt_of(row)))  # fmt: skip


def extend(case_id: str, clock_id: int, why: str, *, version: int, actor: Actor, now: datetime) -> None:
    """Grant the extension that its law knows. Raises NotAllowed for another role, Stale where it was granted as often as it
    may be, or came too late."""
    with transaction.atomic():
        row, running, spec = _running(case_id, clock_id, version, actor)
        grant = _granted(spec.extension, spec, actor, _("its law knows no extension"))
        if len(running.extensions) >= grant.times:
            raise Stale(in_words(spec.title), _("it was extended as often as its law allows"), _("keep the deadline"))
        if running.due_at <= now and not running.standing:
            raise Stale(
                in_words(spec.title), _("it has run out, and what has run out is not extended"), _("report it late")
            )
        said = words_of(why, _("reason"))
        running.extensions = [*running.extensions, [actor.name, words_kept(row, said, "clock"), to_us(now)]]
        _again(row, running, spec, now)
        tell(row, "clock_extended", actor.name, now, clock=running.code, clause=grant.clause, due_us=to_us(running.due_at),
             why=commitment(said, salt_of(row)))  # fmt: skip


def _running(case_id: str, clock_id: int, version: int, actor: Actor) -> tuple[CaseRow, ClockRow, ClockSpec]:
    row = held(case_id, version, actor)
    running = ClockRow.objects.select_for_update().filter(case=row, id=clock_id).first()
    if running is None:
        raise UnknownName(_("clock"), _("the case has no such clock"), _("load the page again"))
    spec = kind_of_row(row).clocks[running.code]
    if running.ended_at is not None:
        raise Stale(in_words(spec.title), _("it has ended"), _("load the page again"))
    return row, running, spec


def _granted(grant: Grant | None, spec: ClockSpec, actor: Actor, never: str) -> Grant:
    if grant is None:
        raise NotAllowed(in_words(spec.title), never, _("keep the deadline"))
    if actor.role not in grant.who:
        raise NotAllowed(in_words(spec.title), _("another post decides that ({clause})").format(clause=grant.clause),
                         _("ask that post"))  # fmt: skip
    return grant


def _again(row: CaseRow, running: ClockRow, spec: ClockSpec, now: datetime) -> None:
    recompute(running, spec, calendars_in_use()[spec.calendar], now=now)
    running.save()
    save(row)
