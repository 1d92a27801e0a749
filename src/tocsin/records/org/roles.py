"""Roles, acts, and which role may do which act: one table, read by services, doors and the matrix test.

A role belongs to a post, never to a person. The administrator keeps accounts and posts and holds no case role: no event,
warning, finding or case is open to that role (scope.md, "Where it stops").
"""

from __future__ import annotations

import enum

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

__all__ = ["MAY", "TOKEN_MAY", "Act", "Role", "act_words", "may", "role_title"]


class Role(enum.StrEnum):
    """What a post is there for. SYSTEM is the product itself (the worker, a rule)."""

    DUTY_OFFICER = "duty_officer"
    SIGNER = "signer"
    INSPECTOR = "inspector"
    COMMANDER = "commander"
    CASE_HANDLER = "case_handler"
    FACILITY_OPERATOR = "facility_operator"
    ANALYST = "analyst"
    AUDITOR = "auditor"
    ADMINISTRATOR = "administrator"
    SYSTEM = "system"


class Act(enum.StrEnum):
    """What somebody may be allowed to do. Reading is an act too."""

    READ_EVENTS = "read_events"
    READ_SOURCES = "read_sources"
    ACKNOWLEDGE_EVENT = "acknowledge_event"
    JUDGE_BULLETIN = "judge_bulletin"
    ASK_VERIFICATION = "ask_verification"
    ANSWER_VERIFICATION = "answer_verification"
    READ_WARNINGS = "read_warnings"
    DRAFT_WARNING = "draft_warning"
    SIGN_WARNING = "sign_warning"
    RECORD_CALL = "record_call"
    READ_RESPONSE = "read_response"
    DIRECT_RESPONSE = "direct_response"
    DO_TASK = "do_task"
    DRAFT_STATEMENT = "draft_statement"
    RELEASE_STATEMENT = "release_statement"
    READ_FINDINGS = "read_findings"
    RECORD_FINDING = "record_finding"
    SERVE_ORDER = "serve_order"
    ENTER_PLAN = "enter_plan"
    RECHECK_FINDING = "recheck_finding"
    PUBLISH_REVIEW = "publish_review"
    CLOSE_EVENT = "close_event"
    KEEP_VAULT = "keep_vault"
    READ_CASES = "read_cases"
    WORK_CASES = "work_cases"
    READ_RISKS = "read_risks"
    KEEP_RISKS = "keep_risks"
    READ_CONSULTATIONS = "read_consultations"
    ASK_CONSULTATION = "ask_consultation"
    GIVE_OPINION = "give_opinion"
    READ_LEDGER = "read_ledger"
    READ_EVALUATION = "read_evaluation"
    READ_SHADOWS = "read_shadows"
    TRY_RULES = "try_rules"
    MANAGE_STAFF = "manage_staff"


_R = Role
_WATCHERS = frozenset({_R.DUTY_OFFICER, _R.SIGNER, _R.INSPECTOR, _R.COMMANDER, _R.CASE_HANDLER, _R.ANALYST, _R.AUDITOR})
_CASEWORK = frozenset({_R.DUTY_OFFICER, _R.SIGNER, _R.INSPECTOR, _R.COMMANDER, _R.CASE_HANDLER, _R.FACILITY_OPERATOR})

MAY: dict[Act, frozenset[Role]] = {
    Act.READ_EVENTS: _WATCHERS,
    Act.READ_SOURCES: frozenset({_R.DUTY_OFFICER, _R.COMMANDER, _R.ANALYST, _R.AUDITOR}),
    Act.ACKNOWLEDGE_EVENT: frozenset({_R.DUTY_OFFICER}),
    Act.JUDGE_BULLETIN: frozenset({_R.DUTY_OFFICER}),
    Act.ASK_VERIFICATION: frozenset({_R.DUTY_OFFICER, _R.COMMANDER}),
    Act.ANSWER_VERIFICATION: frozenset({_R.INSPECTOR}),
    Act.READ_WARNINGS: _WATCHERS,
    Act.DRAFT_WARNING: frozenset({_R.DUTY_OFFICER}),
    Act.SIGN_WARNING: frozenset({_R.SIGNER}),
    Act.RECORD_CALL: frozenset({_R.DUTY_OFFICER, _R.COMMANDER}),
    Act.READ_RESPONSE: _WATCHERS,
    Act.DIRECT_RESPONSE: frozenset({_R.COMMANDER}),
    Act.DO_TASK: frozenset({_R.DUTY_OFFICER, _R.INSPECTOR, _R.COMMANDER, _R.CASE_HANDLER, _R.FACILITY_OPERATOR}),
    Act.DRAFT_STATEMENT: frozenset({_R.DUTY_OFFICER, _R.COMMANDER}),
    Act.RELEASE_STATEMENT: frozenset({_R.COMMANDER}),
    Act.READ_FINDINGS: frozenset(
        {_R.DUTY_OFFICER, _R.INSPECTOR, _R.COMMANDER, _R.CASE_HANDLER, _R.FACILITY_OPERATOR, _R.AUDITOR}
    ),
    Act.RECORD_FINDING: frozenset({_R.INSPECTOR}),
    Act.SERVE_ORDER: frozenset({_R.CASE_HANDLER}),
    Act.ENTER_PLAN: frozenset({_R.FACILITY_OPERATOR}),
    Act.RECHECK_FINDING: frozenset({_R.INSPECTOR}),
    Act.PUBLISH_REVIEW: frozenset({_R.COMMANDER, _R.CASE_HANDLER}),
    Act.CLOSE_EVENT: frozenset({_R.DUTY_OFFICER, _R.COMMANDER}),
    Act.KEEP_VAULT: frozenset({_R.DUTY_OFFICER, _R.INSPECTOR, _R.COMMANDER, _R.CASE_HANDLER}),
    Act.READ_CASES: _CASEWORK | {_R.AUDITOR},
    Act.WORK_CASES: _CASEWORK,
    Act.READ_RISKS: _WATCHERS | {_R.FACILITY_OPERATOR},
    Act.KEEP_RISKS: frozenset({_R.INSPECTOR, _R.COMMANDER, _R.CASE_HANDLER}),
    Act.READ_CONSULTATIONS: _CASEWORK | {_R.ANALYST, _R.AUDITOR},
    Act.ASK_CONSULTATION: frozenset({_R.DUTY_OFFICER, _R.COMMANDER, _R.CASE_HANDLER}),
    Act.GIVE_OPINION: _CASEWORK | {_R.ANALYST},
    Act.READ_LEDGER: frozenset({_R.AUDITOR, _R.COMMANDER}),
    Act.READ_EVALUATION: frozenset({_R.COMMANDER, _R.ANALYST, _R.AUDITOR}),
    Act.READ_SHADOWS: frozenset({_R.ANALYST, _R.AUDITOR}),
    Act.TRY_RULES: frozenset({_R.ANALYST}),
    Act.MANAGE_STAFF: frozenset({_R.ADMINISTRATOR}),
}


# Tokens of the API are for programs and belong to no post: a reader reads what lies in its jurisdiction, the "admin" that
# registers sources reads everything. Neither decides anything.
TOKEN_MAY: dict[str, frozenset[Act]] = {
    role: frozenset({Act.READ_EVENTS, Act.READ_SOURCES, Act.READ_WARNINGS}) for role in ("reader", "admin")
}

_TITLES: dict[str, Promise] = {
    Role.DUTY_OFFICER: _("Duty officer"), Role.SIGNER: _("Signer"), Role.INSPECTOR: _("Inspector"),
    Role.COMMANDER: _("Commander"), Role.CASE_HANDLER: _("Case handler"),
    Role.FACILITY_OPERATOR: _("Facility operator"), Role.ANALYST: _("Analyst"), Role.AUDITOR: _("Auditor"),
    Role.ADMINISTRATOR: _("Administrator"),
}  # fmt: skip

# What a refusal says of an act: "role Signer: may not ...".
_ACTS: dict[Act, Promise] = {
    Act.READ_EVENTS: _("read events"), Act.READ_SOURCES: _("read sources"),
    Act.ACKNOWLEDGE_EVENT: _("acknowledge events"), Act.ASK_VERIFICATION: _("ask for a verification"),
    Act.JUDGE_BULLETIN: _("judge bulletins that repeat another"),
    Act.ANSWER_VERIFICATION: _("answer a verification"), Act.READ_WARNINGS: _("read warnings"),
    Act.DRAFT_WARNING: _("draft warnings"), Act.SIGN_WARNING: _("sign warnings"),
    Act.RECORD_CALL: _("enter calls made by hand"),
    Act.READ_RESPONSE: _("read the response"), Act.DIRECT_RESPONSE: _("direct the response"),
    Act.DO_TASK: _("carry out tasks"), Act.DRAFT_STATEMENT: _("draft statements"),
    Act.RELEASE_STATEMENT: _("release statements"), Act.READ_FINDINGS: _("read findings"),
    Act.RECORD_FINDING: _("record findings"), Act.SERVE_ORDER: _("serve orders"),
    Act.ENTER_PLAN: _("enter a rectification plan"), Act.RECHECK_FINDING: _("re-check findings"),
    Act.PUBLISH_REVIEW: _("publish reviews"), Act.CLOSE_EVENT: _("close events"),
    Act.KEEP_VAULT: _("keep or read personal data of events"),
    Act.READ_CASES: _("read cases"), Act.WORK_CASES: _("work on cases"),
    Act.READ_RISKS: _("read the risk register"), Act.KEEP_RISKS: _("keep the risk register"),
    Act.READ_CONSULTATIONS: _("read consultations"), Act.ASK_CONSULTATION: _("ask for opinions"),
    Act.GIVE_OPINION: _("give an opinion"),
    Act.READ_LEDGER: _("read the ledger"), Act.READ_EVALUATION: _("read the evaluation"),
    Act.READ_SHADOWS: _("read rules on trial"), Act.TRY_RULES: _("try rules and put them in force"),
    Act.MANAGE_STAFF: _("manage staff"),
}  # fmt: skip


def act_words(act: Act) -> str:
    """An act in words, in the present language."""
    return str(_ACTS.get(act, act.value.replace("_", " ")))


def may(role: str, act: Act) -> bool:
    """Whether a role may do an act. SYSTEM may read everything and decides nothing that a person must decide.

    >>> may("administrator", Act.READ_EVENTS), may("signer", Act.SIGN_WARNING), may("system", Act.SIGN_WARNING)
    (False, True, False)
    >>> may("reader", Act.READ_EVENTS), may("reader", Act.READ_LEDGER), may("nobody", Act.READ_EVENTS)
    (True, False, False)
    """
    if role == Role.SYSTEM:
        return act.value.startswith("read_")
    return act in TOKEN_MAY[role] if role in TOKEN_MAY else role in MAY[act]


def role_title(role: str) -> str:
    """What people call a role, in the present language."""
    return str(_TITLES.get(role, role))
