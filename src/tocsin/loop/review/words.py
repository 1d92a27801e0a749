"""Words for every verb of the ledger, in the past tense. A test walks the code and insists that none is missing; a verb that
an older or newer version wrote is shown by its own name."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

__all__ = ["VERBS", "verb_words"]

VERBS: dict[str, str | Promise] = {
    # detect and observe
    "batch_recorded": _("Engine batch recorded"),
    "event_proposed": _("Event proposed"),
    "event_opened": _("Event opened"),
    "event_changed": _("Event changed"),
    "event_merged": _("Event merged"),
    "event_ended": _("Event ended"),
    "catalogue_changed": _("Catalogue changed"),
    "shadow_added": _("Rule version put on trial"),
    "shadow_promoted": _("Rule version on trial put in force"),
    "shadow_withdrawn": _("Rule version on trial withdrawn"),
    "log_loss_accepted": _("Damaged records of the log given up"),
    "streams_fell_silent": _("Streams fell silent"),
    "streams_were_heard": _("Streams were heard again"),
    # records
    "jurisdictions_put": _("Jurisdictions entered"),
    "facilities_put": _("Facilities entered"),
    "departments_put": _("Departments entered"),
    "posts_put": _("Posts entered"),
    "account_opened": _("Account opened"),
    "account_closed": _("Account closed"),
    "account_reopened": _("Account opened again"),
    "post_closed": _("Post closed"),
    "password_reset": _("Password reset"),
    "password_changed": _("Password changed"),
    "shift_started": _("Shift started"),
    "shift_ended": _("Shift ended"),
    "token_issued": _("Token issued"),
    "token_revoked": _("Token revoked"),
    "task_given": _("Task given"),
    "task_acknowledged": _("Task receipted"),
    "task_done": _("Task done"),
    "task_overdue": _("Task overdue"),
    "task_withdrawn": _("Task taken back"),
    "message_put": _("Message put on its way"),
    "message_settled": _("Message settled"),
    "message_answered": _("Somebody said that they have it"),
    "chains_put": _("Chains of escalation entered"),
    "escalation_started": _("Escalation began"),
    "escalation_stepped": _("Escalation called the next"),
    "escalation_acknowledged": _("Escalation met: somebody has it"),
    "escalation_exhausted": _("Escalation exhausted, nobody answered"),
    "escalation_ended": _("Escalation ended, the need was over"),
    # verify
    "dossier_opened": _("File on the event opened"),
    "dossier_merged": _("File merged into another event"),
    "dossier_joined": _("File of another event joined"),
    "level_changed": _("Level changed"),
    "raised_provisionally": _("Raised provisionally, late data awaited"),
    "confirmed_by_data": _("Confirmed by data"),
    "retracted_by_data": _("Retracted, late data did not bear it out"),
    "state_changed": _("State changed"),
    "acknowledgement_lapsed": _("Acknowledgement lapsed, the level rose"),
    "verdict_lapsed": _("Verdict lapsed"),
    "event_acknowledged": _("Event acknowledged"),
    "event_confirmed": _("Event confirmed"),
    "event_refuted": _("Event refuted"),
    "event_closed": _("Event closed"),
    "verification_asked": _("Asked to go and look"),
    "verification_waiting": _("Nobody on duty to go and look"),
    "verification_moved": _("Verification moved here"),
    "verification_hastened": _("Asked to look sooner"),
    "verification_withdrawn": _("Verification taken back"),
    "verification_answered": _("Verification answered"),
    "verification_overdue": _("Verification overdue"),
    "answer_kept": _("Late answer kept beside"),
    "inspector_arrived": _("Inspector arrived"),
    "nobody_to_tell": _("Nobody on duty to be told"),
    # warn
    "authority_put": _("Publisher authority entered"),
    "targets_put": _("Targets of warnings entered"),
    "subscription_asked": _("Somebody asked to be warned"),
    "subscription_confirmed": _("A subscription was confirmed"),
    "subscription_left": _("A subscription ended"),
    "subscriptions_forgotten": _("Unconfirmed subscriptions forgotten"),
    "warning_drafted": _("Warning drafted"),
    "warning_edited": _("Warning edited"),
    "warning_discarded": _("Warning draft discarded"),
    "warning_submitted": _("Warning sent for signature"),
    "warning_unsigned": _("Warning waits too long for a signature"),
    "warning_returned": _("Warning sent back"),
    "warning_signed": _("Warning signed and issued"),
    "warning_expiring": _("Warning expires soon"),
    "warning_expired": _("Warning expired"),
    # respond
    "response_proposed": _("Response proposed"),
    "response_opened": _("Response opened"),
    "response_changed": _("Response level changed"),
    "sound_muted": _("Sound muted"),
    "sound_unmuted": _("Mute ended"),
    "finding_looked_back": _("Finding looked back at"),
    "look_back_overdue": _("Look-back overdue"),
    "response_became_actual": _("The response is no exercise any more"),
    "response_declined": _("Response declined"),
    "response_ended": _("Response ended"),
    "response_advised": _("Another response level advised"),
    "response_warning_over": _("No warning in force any more while the response runs"),
    "response_event_refuted": _("The event was refuted, the response still runs"),
    "no_response_declared": _("No response is declared for this"),
    "incident_merged": _("Incident merged"),
    "action_given": _("First action given"),
    "nobody_on_duty": _("Nobody on duty for an action"),
    "task_withdrawn_because": _("Reason why a task was taken back"),
    "receipt_late": _("Receipt late"),
    "statement_drafted": _("Statement drafted"),
    "statement_released": _("Statement released"),
    "statement_discarded": _("Statement discarded"),
    # rectify
    "finding_recorded": _("Finding recorded"),
    "order_served": _("Order served"),
    "plan_entered": _("Five implementations entered"),
    "finding_fixed": _("Reported as fixed"),
    "finding_rechecked": _("Re-checked"),
    "finding_overdue": _("Finding overdue"),
    "finding_withdrawn": _("Finding withdrawn"),
    "release_refused": _("Release of a major finding refused"),
    "recheck_overdue": _("Re-check overdue"),
    "finding_closed": _("Finding closed"),
    # review and evaluate
    "review_drafted": _("Review drafted"),
    "review_published": _("Review published"),
    "measure_adopted": _("Measure adopted"),
    "indicators_computed": _("Indicators computed"),
    "timeline_read": _("Timeline read"),
    "ledger_read": _("Ledger read"),
}


def verb_words(verb: str) -> str:
    """The verb in the present language; one that nobody here knows by its own name, which is readable too.

    >>> verb_words("bridge_was_painted")
    'Bridge was painted'
    """
    known = VERBS.get(verb)
    return str(known) if known is not None else verb.replace("_", " ").capitalize()
