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
from tocsin.loop.warn import publication, queries, telling
from tocsin.loop.warn.facts import (
    WarningCancelled,
    WarningExpired,
    WarningExpiring,
    WarningIssued,
    WarningReturned,
    WarningSubmitted,
    WarningUnsigned,
    WarningUpdated,
)
from tocsin.loop.warn.lifecycle import WarningState
from tocsin.loop.warn.models import WarningRow
from tocsin.loop.warn.names import Names
from tocsin.records.dispatch.facts import DispatchSettled
from tocsin.records.dispatch.message import Text
from tocsin.records.dispatch.notify import LANGUAGES
from tocsin.records.org.scope import EVERYWHERE

__all__ = [
    "on_dispatch_settled", "on_event_ended", "on_event_refuted", "on_warning_cancelled", "on_warning_expired",
    "on_warning_expiring", "on_warning_issued", "on_warning_returned", "on_warning_submitted", "on_warning_unsigned",
    "on_warning_updated",
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


def on_warning_issued(told: Sequence[WarningIssued], now: datetime) -> None:
    """Publish it to files."""
    publication.publish([fact.warning for fact in told], now=now)


def on_warning_updated(told: Sequence[WarningUpdated], now: datetime) -> None:
    """Publish it to files."""
    publication.publish([fact.warning for fact in told], now=now)


def on_warning_cancelled(told: Sequence[WarningCancelled], now: datetime) -> None:
    """Publish it to files."""
    publication.publish([fact.warning for fact in told], now=now)


def on_warning_expiring(told: Sequence[WarningExpiring], now: datetime) -> None:
    """Ask whoever looks after it whether it must go on."""
    names = Names.read()
    for row in _rows(told, WarningState.ISSUED):

        def write(language: str, row: WarningRow = row) -> Text:
            return telling.keeper_text(
                row, names, language, _("Ends soon: {what}"),
                _("It ends at {until}. Extend it where the danger goes on, cancel it where the danger is over."),
            )  # fmt: skip

        telling.tell_keepers(row, "warning_expiring", write, now)


def on_warning_expired(told: Sequence[WarningExpired], now: datetime) -> None:
    """Publish the feed without it, and say so to whoever looks after it."""
    publication.publish([], now=now)
    names = Names.read()
    for row in _rows(told, WarningState.EXPIRED):

        def write(language: str, row: WarningRow = row) -> Text:
            return telling.keeper_text(
                row, names, language, _("Ended: {what}"),
                _("Its time was over at {until}. That is no all-clear: where there is still danger, issue a new one."),
            )  # fmt: skip

        telling.tell_keepers(row, "warning_expired", write, now)


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
