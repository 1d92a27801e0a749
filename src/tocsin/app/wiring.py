"""The loop on one page: which fact wakes which stage of which room, and which clocks are looked at.

Read it from top to bottom: that is the order in which things happen. A stage takes facts of one kind and calls one
service; it is never run twice for the same fact (``records.outbox.carrier``). A kind that is not listed wakes nobody.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from tocsin.app import escalating, keeping
from tocsin.loop.detect import queries as detect
from tocsin.loop.detect.facts import SignalCleared, SignalRaised, SignalRetracted
from tocsin.loop.evaluate import handlers as evaluate
from tocsin.loop.observe import handlers as observe
from tocsin.loop.observe.bulletins import services as bulletins
from tocsin.loop.rectify import handlers as rectify
from tocsin.loop.rectify import services as rectify_services
from tocsin.loop.respond import calling_out, upward
from tocsin.loop.respond import handlers as respond
from tocsin.loop.respond import services as respond_services
from tocsin.loop.verify import handlers as verify
from tocsin.loop.verify import services as verify_services
from tocsin.loop.warn import calling, releasing
from tocsin.loop.warn import handlers as warn
from tocsin.loop.warn import services as warn_services
from tocsin.loop.warn.services.answers import note_answers
from tocsin.records import row_remains
from tocsin.records.audience import hub, monthly
from tocsin.records.audience import services as audience_services
from tocsin.records.callout import services as callout_services
from tocsin.records.cases import letters as case_letters
from tocsin.records.cases import services as cases
from tocsin.records.consultation import services as consultation
from tocsin.records.dispatch import holding
from tocsin.records.drafts import services as drafts
from tocsin.records.escalation import services as escalation
from tocsin.records.outbox.carrier import Stage, Wiring
from tocsin.records.release import services as release_services
from tocsin.records.risks import inspecting
from tocsin.records.risks import services as risks
from tocsin.records.roster import services as roster
from tocsin.records.tasks import services as tasks

__all__ = ["LONG_SWEEPS", "SWEEPS", "WIRING", "Sweep"]


class Sweep(Protocol):
    """Looks whether a moment has passed; how many facts it put. Idempotent: each crossing is told once, also when the
    server was down as it happened."""

    def __call__(self, *, now: datetime) -> int: ...


def _note_silence(facts: Sequence[SignalRaised], now: datetime) -> None:
    observe.note_silence(_of_streams(facts), now)


def _note_heard(facts: Sequence[SignalCleared | SignalRetracted], now: datetime) -> None:
    cleared = _of_streams(facts)
    silent = detect.still_silent(cleared)  # another rule of silence may hold on
    observe.note_heard({stream: at for stream, at in cleared.items() if stream not in silent}, now)


def _of_streams(facts: Sequence[SignalRaised] | Sequence[SignalCleared | SignalRetracted]) -> dict[str, int]:
    return {fact.subject_key: fact.at_us for fact in facts if fact.silence and fact.subject_kind == "stream"}


WIRING: Wiring = {
    # detect -> observe: a gauge that says nothing is shown as "no data", on its source's page and to all who read it
    "signal_raised": [Stage("observe.note_silence", _note_silence)],
    "signal_cleared": [Stage("observe.note_heard", _note_heard)],
    "signal_retracted": [Stage("observe.note_heard", _note_heard)],  # late data came: it had not been silent
    # detect -> verify: whatever is found gets a dossier, and somebody goes to look
    "event_proposed": [Stage("verify.event_proposed", verify.on_event_proposed)],
    "event_opened": [
        Stage("verify.event_opened", verify.on_event_opened),
        Stage("escalation.event_opened", escalating.on_events),
        Stage("respond.event_opened", respond.on_event_moved),  # where a pack declares what rain alone asks for
    ],
    "event_changed": [
        Stage("verify.event_changed", verify.on_event_changed),
        Stage("escalation.event_changed", escalating.on_events),
        Stage("respond.event_changed", respond.on_event_moved),
    ],
    "event_merged": [
        Stage("verify.event_merged", verify.on_event_merged),
        Stage("respond.event_merged", respond.on_event_merged),
    ],
    "event_ended": [
        Stage("verify.event_ended", verify.on_event_ended),
        Stage("warn.event_ended", warn.on_event_ended),
        Stage("vault.event_ended", keeping.on_event_ended),
    ],
    # what nobody has in hand is told to one after the other, until somebody says that they have it
    "event_acknowledged": [Stage("escalation.event_acknowledged", escalating.on_event_acknowledged)],
    "verification_overdue": [Stage("escalation.verification_overdue", escalating.on_verification_overdue)],
    "verification_answered": [Stage("escalation.verification_answered", escalating.on_verification_answered)],
    "warning_signed": [
        Stage("escalation.warning_signed", escalating.on_warning_signed),
        Stage("callout.warning_signed", calling.on_warning_signed),  # a post of each village is called until it answers
        Stage("release.warning_signed", releasing.on_warning_signed),  # the official platform receipts it
        Stage("upward.warning_signed", upward.on_warning_signed),  # reports upwards, notices to neighbours, by the plan
    ],
    "shift_empty": [Stage("escalation.shift_empty", escalating.on_shift_empty)],
    "task_given": [Stage("escalation.task_given", escalating.on_task_given)],
    "task_acknowledged": [Stage("escalation.task_acknowledged", escalating.on_task_acknowledged)],
    "letter_answered": [
        Stage("escalation.letter_answered", escalating.on_letter_answered),
        Stage("callout.letter_answered", callout_services.on_letter_answered),
    ],
    # verify -> warn, respond: what was seen may need a response; what was not seen needs no warning
    "event_confirmed": [
        Stage("respond.event_confirmed", respond.on_event_confirmed),
        Stage("upward.event_confirmed", upward.on_event_confirmed),
    ],
    "event_refuted": [
        Stage("warn.event_refuted", warn.on_event_refuted),
        Stage("respond.event_refuted", respond.on_event_refuted),
    ],
    # warn: a second person signs; what is signed may need a response (app/publisher sees by itself what is to be published)
    "warning_submitted": [
        Stage("warn.warning_submitted", warn.on_warning_submitted),
        Stage("escalation.warning_submitted", escalating.on_warning_submitted),
    ],
    "warning_unsigned": [Stage("warn.warning_unsigned", warn.on_warning_unsigned)],
    "warning_returned": [Stage("warn.warning_returned", warn.on_warning_returned)],
    "warning_issued": [Stage("respond.warning_issued", respond.on_warning_issued)],
    "warning_updated": [Stage("respond.warning_updated", respond.on_warning_updated)],
    "warning_cancelled": [Stage("respond.warning_cancelled", respond.on_warning_cancelled)],
    "warning_expiring": [Stage("warn.warning_expiring", warn.on_warning_expiring)],
    "warning_stale": [Stage("warn.warning_stale", warn.on_warning_stale)],
    "warning_unanswered": [Stage("warn.warning_unanswered", warn.on_warning_unanswered)],
    "warning_released": [Stage("warn.warning_released", warn.on_warning_released)],
    "warning_uncountersigned": [Stage("warn.warning_uncountersigned", warn.on_warning_uncountersigned)],
    "warning_expired": [
        Stage("warn.warning_expired", warn.on_warning_expired),
        Stage("respond.warning_expired", respond.on_warning_expired),
    ],
    # where the plan of call-outs declares it, a response and another authority's bulletin call the villages too
    "response_opened": [Stage("callout.response_opened", calling_out.on_response_opened)],
    "response_changed": [Stage("callout.response_changed", calling_out.on_response_opened)],  # raised to such a level
    "response_ended": [Stage("callout.response_ended", calling_out.on_response_ended)],
    "bulletin_received": [Stage("callout.bulletin_received", calling_out.on_bulletin_received)],
    "bulletin_ended": [Stage("callout.bulletin_ended", calling_out.on_bulletin_ended)],
    # any room -> whoever asked: a deadline that passes is never unseen
    "task_overdue": [
        Stage("verify.task_overdue", verify.on_task_overdue),
        Stage("warn.task_overdue", warn.on_task_overdue),
        Stage("respond.task_overdue", respond.on_task_overdue),
        Stage("upward.task_overdue", upward.on_task_overdue),
    ],
    # cases -> their posts: the owner is told of a warning point and a deadline, the supervisor of a deadline too; who owns an
    # appeal, that it was made. Of cases that a room keeps (findings) the room tells whoever must act
    "case_changed": [
        Stage("cases.case_changed", case_letters.on_case_changed),
        Stage("rectify.case_changed", rectify.on_case_changed),  # an archived finding goes with its case
    ],
    "clock_nearing": [Stage("cases.clock_nearing", case_letters.on_clock_nearing)],
    "clock_run_out": [
        Stage("cases.clock_run_out", case_letters.on_clock_run_out),
        Stage("rectify.clock_run_out", rectify.on_clock_run_out),
    ],
    # dispatch -> verify, warn: who was written to in vain is reached another way
    "dispatch_settled": [
        Stage("verify.dispatch_settled", verify.on_dispatch_settled),
        Stage("warn.dispatch_settled", warn.on_dispatch_settled),
        Stage("audience.dispatch_settled", hub.on_dispatch_settled),  # who confirmed that it wants the feed gets it
    ],
    # observe -> warn: another system answered a message of ours
    "alert_answered": [Stage("warn.alert_answered", note_answers)],
    "delivery_returned": [  # a receipt took back what the next hop had said
        Stage("verify.delivery_returned", verify.on_dispatch_settled),
        Stage("warn.delivery_returned", warn.on_dispatch_settled),
    ],
    # cases -> risks: an inspection that was done, or called off, sets the next one of its facility
    "case_opened": [Stage("risks.case_opened", inspecting.on_case_opened)],
    "case_moved": [Stage("risks.case_moved", inspecting.on_case_moved)],
    # cases -> risks: rest days were announced, and reviews that were rolled off them are computed again
    "calendar_loaded": [Stage("risks.calendar_loaded", risks.on_calendar_loaded)],
    # verify, review -> evaluate: what is over is counted
    "event_closed": [
        Stage("evaluate.event_closed", evaluate.on_event_closed),
        Stage("escalation.event_closed", escalating.on_event_closed),
        Stage("vault.event_closed", keeping.on_event_closed),  # personal data of an event goes when it does
    ],
    "review_published": [Stage("evaluate.review_published", evaluate.on_review_published)],
}

# What the clock brings about. The worker runs each of these every second; one that fails does not stop the others.
SWEEPS: tuple[Sweep, ...] = (
    tasks.mark_overdue,
    cases.sweep,
    cases.purge_sweep,
    keeping.sweep,
    risks.sweep,
    consultation.sweep,
    drafts.sweep,
    audience_services.sweep,
    monthly.sweep,
    bulletins.sweep,
    hub.sweep,
    escalation.sweep,
    roster.sweep,
    holding.forget_heard,
    callout_services.sweep,
    release_services.sweep,
    verify_services.sweep,
    warn_services.sweep,
    respond_services.sweep,
    rectify_services.sweep,
)

# What may take long, once a minute in a thread of its own: no deadline waits for it.
LONG_SWEEPS: tuple[Sweep, ...] = (cases.counts_sweep, row_remains.sweep)
