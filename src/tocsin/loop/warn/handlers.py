"""What warn does when a fact arrives. A machine never issues and never cancels: it tells the people who may."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tocsin.loop.detect.facts import EventEnded
from tocsin.loop.verify import services as verify
from tocsin.loop.verify.facts import EventRefuted
from tocsin.loop.warn import queries, services, telling
from tocsin.loop.warn.facts import (
    WarningExpired,
    WarningExpiring,
    WarningReleased,
    WarningReturned,
    WarningStale,
    WarningSubmitted,
    WarningUnanswered,
    WarningUncountersigned,
    WarningUnsigned,
)
from tocsin.loop.warn.lifecycle import WarningState
from tocsin.loop.warn.models import WarningRow
from tocsin.loop.warn.names import Names
from tocsin.records.dispatch.facts import DispatchSettled
from tocsin.records.dispatch.message import Text
from tocsin.records.dispatch.notify import LANGUAGES
from tocsin.records.org.scope import EVERYWHERE
from tocsin.records.tasks.facts import TaskOverdue

__all__ = [
    "on_dispatch_settled", "on_event_ended", "on_event_refuted", "on_task_overdue", "on_warning_expired",
    "on_warning_expiring", "on_warning_released", "on_warning_returned", "on_warning_stale", "on_warning_submitted",
    "on_warning_unanswered", "on_warning_uncountersigned", "on_warning_unsigned",
]  # fmt: skip

_ENDED = gettext_lazy("Its event has ended. Cancel the warning where the danger is over; it ends by itself at {until}.")
_REFUTED = gettext_lazy("Verification has refuted its event. Withdraw the warning if it was issued in error.")


def on_warning_submitted(told: Sequence[WarningSubmitted], now: datetime) -> None:
    """Ask the signers on duty; those that somebody took back meanwhile ask nobody."""
    for row in _rows(told, WarningState.SUBMITTED):
        telling.tell_signers(row, late=False, now=now)


def on_warning_unsigned(told: Sequence[WarningUnsigned], now: datetime) -> None:
    """Ask again, and tell the author and the commander."""
    for row in _rows(told, WarningState.SUBMITTED):
        telling.tell_signers(row, late=True, now=now)


def on_warning_returned(told: Sequence[WarningReturned], now: datetime) -> None:
    """Tell the post that wrote it; the reason stands on the page."""
    names = Names.read()
    for row in _rows(told, WarningState.RETURNED):

        def write(language: str, row: WarningRow = row) -> Text:
            return telling.keeper_text(row, names, language, _("Sent back: {what}"),
                                       _("The signer wants it changed. The reason stands on its page."))  # fmt: skip

        telling.tell_author(row, "warning_returned", write, now)


def on_warning_expiring(told: Sequence[WarningExpiring], now: datetime) -> None:
    """Ask whoever looks after it whether it must go on."""
    names = Names.read()
    for row in _rows(told, WarningState.ISSUED):

        def write(language: str, row: WarningRow = row) -> Text:
            return telling.keeper_text(
                row, names, language, _("Ends soon: {what}"),
                _("It ends at {until}. Extend it where the danger goes on, cancel it where the danger is over."),
                acts=("extend", "cancel", "answer"),
            )  # fmt: skip

        telling.tell_keepers(row, "warning_expiring", write, now)


def on_warning_stale(told: Sequence[WarningStale], now: datetime) -> None:
    """Ask whether it still holds: nothing was said about it for long."""
    names = Names.read()
    for row in _rows(told, WarningState.ISSUED):

        def write(language: str, row: WarningRow = row) -> Text:
            return telling.keeper_text(
                row, names, language, _("Does it still hold? {what}"),
                _("Nothing was said about it for long; it ends at {until}. Update it, lower it, or cancel it."),
                acts=("update", "lower", "cancel", "answer"),
            )  # fmt: skip

        telling.tell_keepers(row, "warning_stale", write, now)


def on_warning_unanswered(told: Sequence[WarningUnanswered], now: datetime) -> None:
    """Its keepers were asked and nobody answered: the commander, and they once more."""
    names = Names.read()
    for row in _rows(told, WarningState.ISSUED):

        def write(language: str, row: WarningRow = row) -> Text:
            return telling.keeper_text(
                row, names, language, _("Nobody has answered: {what}"),
                _("Nobody has said whether it must go on; it ends at {until}. Telephone the duty officer."),
                acts=("extend", "cancel", "answer"),
            )  # fmt: skip

        telling.tell_commanders(row, "warning_unanswered", write, now)
        telling.tell_keepers(row, "warning_unanswered", write, now)


def on_warning_released(told: Sequence[WarningReleased], now: datetime) -> None:
    """It went out on one person's word: its signers are asked to countersign."""
    for row in _rows(told, WarningState.ISSUED):
        if row.countersign_by is not None and row.countersigned_at is None:
            telling.tell_countersigners(row, row.countersign_by, now=now)


def on_warning_uncountersigned(told: Sequence[WarningUncountersigned], now: datetime) -> None:
    """Nobody countersigned in time. Everybody was told that it is withdrawn; those who must act are told what to do."""
    names = Names.read()
    ids = [fact.warning for fact in told]
    for row in WarningRow.objects.filter(id__in=ids).order_by("id"):

        def write(language: str, row: WarningRow = row) -> Text:
            return telling.keeper_text(
                row, names, language, _("Not countersigned: {what}"),
                _("Nobody countersigned it within 30 minutes, so it is withdrawn and cannot be released again before a signer "
                  "agrees anew. Where there is danger, send an urgent warning to a signer now."),
            )  # fmt: skip

        telling.tell_commanders(row, "warning_uncountersigned", write, now)
        telling.tell_keepers(row, "warning_uncountersigned", write, now)


def on_task_overdue(told: Sequence[TaskOverdue], now: datetime) -> None:
    """Nobody has read in time what went out urgently."""
    for fact in told:
        if fact.kind == services.CHECK:
            services.note_check_overdue(fact.task, now=now)


def on_warning_expired(told: Sequence[WarningExpired], now: datetime) -> None:
    """Say so to whoever looks after it."""
    names = Names.read()
    for row in _rows(told, WarningState.EXPIRED):

        def write(language: str, row: WarningRow = row) -> Text:
            return telling.keeper_text(
                row, names, language, _("Ended: {what}"),
                _("Its time was over at {until}. That is no all-clear: where there is still danger, issue a new one."),
            )  # fmt: skip

        telling.tell_keepers(row, "warning_expired", write, now)
        if row.answered_at is None and row.unanswered_told_at is None:
            telling.tell_commanders(row, "warning_expired", write, now)  # nobody was there to ask, or to answer


def on_event_ended(told: Sequence[EventEnded], now: datetime) -> None:
    """A warning that is still in force for an event that ended: somebody should look."""
    _still_in_force([fact.event for fact in told], "warning_without_danger", _ENDED, now)


def on_event_refuted(told: Sequence[EventRefuted], now: datetime) -> None:
    """A warning that is still in force for an event that was refuted: somebody should look."""
    _still_in_force([fact.event for fact in told], "warning_of_refuted", _REFUTED, now)


def on_dispatch_settled(told: Sequence[DispatchSettled], now: datetime) -> None:
    """Letters about a warning have their end; where some did not arrive, a duty officer is asked to reach those posts."""
    failed: dict[str, int] = {}
    for fact in told:
        failed[fact.about] = failed.get(fact.about, 0) + fact.failed + fact.too_late
    names = Names.read()
    for row in WarningRow.objects.filter(id__in=[about for about, count in failed.items() if count]).order_by("id"):
        titles = {language: telling.what_of(row, names, language) for language in LANGUAGES}
        count = failed[row.id]
        verify.note_unreached(verify.Failed(row.id, row.event, row.jurisdiction, row.level, count, titles), now=now)


def _still_in_force(events: Sequence[str], kind: str, body: Promise, now: datetime) -> None:
    names = Names.read()
    wanted = {other for event in events for other in queries.family(event)}
    lines = [line.id for line in queries.in_force(EVERYWHERE, now=now) if line.event in wanted]
    for row in WarningRow.objects.filter(id__in=lines).order_by("id"):

        def write(language: str, row: WarningRow = row) -> Text:
            return telling.keeper_text(row, names, language, _("Still in force: {what}"), str(body))

        telling.tell_keepers(row, kind, write, now)


def _rows(told: Sequence[object], state: WarningState) -> list[WarningRow]:
    ids = [fact.warning for fact in told]  # type: ignore[attr-defined]
    return list(WarningRow.objects.filter(id__in=ids, state=state).order_by("id"))
