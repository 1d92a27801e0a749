"""Who may do what at which address: the table that ``test_access_matrix`` holds the doors to.

One row an address of the urlconf (as Django writes its route). ``get`` and ``post`` name the roles that are let in; everybody
else must be sent to the log-in or refused. A method that is left out is not offered (405). An address without a row fails
the test, and so does a row without an address: whoever adds a page adds its row.

Roles: ``NOBODY`` is who has not logged in. ``ANYBODY`` = every role and nobody; ``STAFF`` = every role.
"""

from __future__ import annotations

from dataclasses import dataclass, field

__all__ = ["ANYBODY", "NOBODY", "ROLES", "ROWS", "STAFF", "WATCHERS", "Row"]

NOBODY = "nobody"
ROLES = (
    "duty_officer", "signer", "inspector", "commander", "case_handler", "facility_operator", "analyst", "auditor",
    "administrator",
)  # fmt: skip
STAFF = frozenset(ROLES)
ANYBODY = STAFF | {NOBODY}
WATCHERS = STAFF - {"facility_operator", "administrator"}
FEEDS = frozenset({"duty_officer", "commander", "analyst", "auditor"})
NONE: frozenset[str] = frozenset()


def only(*roles: str) -> frozenset[str]:
    """These roles."""
    assert set(roles) <= STAFF, roles
    return frozenset(roles)


ASKERS = only("duty_officer", "commander")
DRAFTERS = only("duty_officer")
SIGNERS = only("signer")
EVALUATORS = only("commander", "analyst", "auditor")
LEDGER = only("commander", "auditor")
COMMANDERS = only("commander")
DOERS = only("duty_officer", "inspector", "commander", "case_handler", "facility_operator")
FINDERS = DOERS | only("auditor")
INSPECTORS, HANDLERS, OPERATORS = only("inspector"), only("case_handler"), only("facility_operator")
VAULT_KEEPERS = DOERS - {"facility_operator"}
CASE_WORKERS = DOERS | only("signer")
CONSULTERS = only("duty_officer", "commander", "case_handler")
RISK_KEEPERS = only("inspector", "commander", "case_handler")
CASE_READERS = CASE_WORKERS | only("auditor")
REVIEWERS = only("duty_officer", "commander", "case_handler", "auditor")


@dataclass(frozen=True)
class Row:
    """``kind``: ``page`` sends nobody to the log-in, ``program`` answers 401. ``with_``: what stands for the parts of the
    address in the test (an event of the east is filled in by itself). ``form``: what is posted, ``{post}`` = the role's
    own post."""

    get: frozenset[str] | None = None
    post: frozenset[str] | None = None
    kind: str = "page"
    with_: dict[str, str] = field(default_factory=dict)
    form: dict[str, str] = field(default_factory=dict)


def program(get: frozenset[str] | None = None, post: frozenset[str] | None = None) -> Row:
    """An address for programs: 401 without a caller."""
    return Row(get, post, "program")


ROWS: dict[str, Row] = {
    # for everybody, with nothing of any room
    "login": Row(get=ANYBODY, post=ANYBODY),
    "logout": Row(post=ANYBODY),
    "language": Row(get=ANYBODY, post=ANYBODY),
    "theme": Row(post=ANYBODY),
    "assets/<str:digest>/<path:name>": Row(get=ANYBODY, with_={"digest": "x", "name": "console.css"}),
    "healthz": Row(get=ANYBODY, post=ANYBODY),
    "readyz": Row(get=ANYBODY, post=ANYBODY),
    "metrics": Row(get=ANYBODY, post=ANYBODY),
    "heartbeat": Row(get=ANYBODY, post=ANYBODY),
    "api/v1/openapi.json": Row(get=ANYBODY, post=ANYBODY),
    "api/v1/": Row(get=ANYBODY, post=ANYBODY),
    "^api/": Row(get=ANYBODY, post=ANYBODY, with_={"path": "/api/nothing"}),
    # warnings that were issued are public, also to programs; so are the roots of the ledger
    "subscribe": Row(get=ANYBODY, post=ANYBODY),
    "subscribe/worker.js": Row(get=ANYBODY),
    "subscribe/confirm/<str:identifier>/<str:proof>": Row(get=ANYBODY, post=ANYBODY),  # the proof in the link decides
    "subscribe/leave/<str:identifier>/<str:proof>": Row(get=ANYBODY, post=ANYBODY),
    "heard/<str:key>/<str:proof>": Row(get=ANYBODY, post=ANYBODY),  # the proof in the link decides
    "answers": Row(post=NONE, kind="program"),  # a gateway with the token of the settings
    "warnings": Row(get=ANYBODY),
    "warnings/": Row(get=ANYBODY, post=ANYBODY),  # only sends to the address without the stroke
    "warnings.geojson": Row(get=ANYBODY),
    "bulletins": Row(get=ANYBODY),
    "bulletins/feed.atom": Row(get=ANYBODY),
    "bulletins/<str:bulletin_id>.xml": Row(get=ANYBODY),
    "warnings/certificate.pem": Row(get=ANYBODY),
    "warnings/feed.atom": Row(get=ANYBODY),
    "warnings/archive": Row(get=ANYBODY),
    "warnings/archive/<str:month>": Row(get=ANYBODY, with_={"month": "2026-11"}),
    "warnings/archive/<str:month>/<int:number>": Row(get=ANYBODY, with_={"month": "2026-11", "number": "1"}),
    "warnings/embed": Row(get=ANYBODY),
    "widget": Row(get=ANYBODY),
    "widget/<path:area>": Row(get=ANYBODY, with_={"area": "nowhere"}),
    "receipts/<str:key>/<str:proof>": Row(post=ANYBODY, kind="program", with_={"key": "dsp_x-0"}),  # the proof decides
    "receipts/gateway/<str:channel>/<str:proof>": Row(post=ANYBODY, kind="program", with_={"channel": "sms"}),
    "hub": Row(post=ANYBODY, kind="program"),  # the callback confirms
    "warnings/<str:identifier>": Row(get=ANYBODY),
    "warnings/<str:identifier>.xml": Row(get=ANYBODY),
    "ledger/root": Row(get=ANYBODY),
    "ledger/root.p7m": Row(get=ANYBODY),
    "ledger/roots": Row(get=ANYBODY),
    # one's own account
    "post": Row(get=STAFF, post=STAFF, form={"post": "{post}"}),
    "password": Row(get=STAFF, post=STAFF),
    # console
    "": Row(get=STAFF),  # those without events are sent to their own first page
    "events/<str:event_id>/": Row(get=WATCHERS),
    "sources/": Row(get=FEEDS),
    "quarantine/": Row(get=FEEDS),
    "live/stream": Row(get=WATCHERS, kind="program"),
    "live/stream/<str:of>/<str:language>": Row(
        get=NONE, kind="program", with_={"of": "somebody-else", "language": "en"}
    ),
    "laws": Row(get=STAFF - {"administrator"}),
    "consultations/": Row(get=STAFF - {"administrator"}),
    "consultations/new": Row(get=CONSULTERS, post=CONSULTERS),
    "consultations/<str:consultation_id>/": Row(get=STAFF - {"administrator"}),
    "consultations/<str:consultation_id>/minutes.txt": Row(get=STAFF - {"administrator"}),
    "consultations/<str:consultation_id>/<str:verb>": Row(post=STAFF - {"administrator"}, with_={"verb": "sign"}),
    "risks/": Row(get=STAFF - {"administrator"}),
    "risks/new": Row(get=RISK_KEEPERS, post=RISK_KEEPERS),
    "risks/<str:risk_id>/": Row(get=STAFF - {"administrator"}),
    "risks/<str:risk_id>/<str:verb>": Row(post=RISK_KEEPERS, with_={"verb": "close"}),
    "duties": Row(get=STAFF),  # they name offices, never people
    "duties/<str:verb>": Row(post=only("administrator"), with_={"verb": "end"}),
    "rules/shadow": Row(get=only("analyst", "auditor")),
    "rules/shadow/<str:shadow_id>": Row(get=only("analyst", "auditor")),
    "rules/shadow/<str:shadow_id>/promote": Row(post=only("analyst")),
    "rules/shadow/<str:shadow_id>/withdraw": Row(post=only("analyst")),
    "console/shift/": Row(get=WATCHERS),
    "console/sound": Row(post=WATCHERS),
    "console/map/": Row(get=WATCHERS),
    "console/map.json": Row(get=WATCHERS),
    # other authorities' warnings
    "console/bulletins/": Row(get=WATCHERS),
    "console/bulletins/<str:bulletin_id>": Row(get=WATCHERS),
    "console/bulletins/<str:bulletin_id>.xml": Row(get=WATCHERS),
    "console/bulletins/<str:bulletin_id>/judge": Row(post=only("duty_officer")),
    # verify
    "events/<str:event_id>/acknowledge": Row(post=only("duty_officer")),
    "events/<str:event_id>/verify": Row(get=only("duty_officer", "commander"), post=only("duty_officer", "commander")),
    "verifications/<str:verification_id>/withdraw": Row(post=only("duty_officer", "commander")),
    "verifications/<str:verification_id>/photographs/<int:number>": Row(get=WATCHERS),
    "verifications/<str:verification_id>/photographs/<int:number>/small": Row(get=WATCHERS),
    # field
    "field": Row(get=only("inspector")),
    "field/worker.js": Row(get=ANYBODY),
    "field/task/<str:verification_id>": Row(get=only("inspector")),
    "field/task/<str:verification_id>/arrive": Row(post=only("inspector")),
    "field/task/<str:verification_id>/answer": Row(post=only("inspector")),
    "field/task/<str:verification_id>/receipt": Row(get=only("inspector")),
    # warn
    # respond: who commands decides, who has a task answers it
    "responses/": Row(get=WATCHERS),
    # the vault of an event: what it holds by kind for who watches, what it says for who responds
    "events/<str:event_id>/vault/": Row(get=WATCHERS),
    "events/<str:event_id>/vault/certificate.txt": Row(get=WATCHERS),
    "events/<str:event_id>/vault/<str:verb>": Row(post=VAULT_KEEPERS, with_={"verb": "put"}),
    "events/<str:event_id>/response/": Row(get=WATCHERS),
    "events/<str:event_id>/response/open": Row(post=COMMANDERS),
    "responses/<str:incident_id>/decline": Row(post=COMMANDERS),
    "responses/<str:incident_id>/level": Row(post=COMMANDERS),
    "responses/<str:incident_id>/end": Row(post=COMMANDERS),
    "responses/<str:incident_id>/early": Row(post=COMMANDERS),
    "responses/<str:incident_id>/keep": Row(post=COMMANDERS),
    "responses/<str:incident_id>/actions/<int:action>/give": Row(post=COMMANDERS),
    "responses/<str:incident_id>/tasks/<str:task_id>/withdraw": Row(post=COMMANDERS),
    "events/<str:event_id>/statements/draft": Row(post=ASKERS),
    "statements/<str:statement_id>/": Row(get=WATCHERS),
    "statements/<str:statement_id>/paper.<str:form>": Row(get=WATCHERS),
    "statements/<str:statement_id>/rewrite": Row(post=ASKERS),
    "statements/<str:statement_id>/release": Row(post=COMMANDERS),
    "statements/<str:statement_id>/discard": Row(post=ASKERS),
    "tasks/": Row(get=DOERS),
    "tasks/<str:task_id>/": Row(get=DOERS),
    "tasks/<str:task_id>/receive": Row(post=DOERS),
    "tasks/<str:task_id>/done": Row(post=DOERS),
    # rectify: each step by its own role
    # cases: who works on cases opens them all; what each may do there its kind says
    "receipt": Row(get=ANYBODY, post=ANYBODY),  # the code that is posted decides
    "cases/": Row(get=CASE_READERS),
    "cases/new/<str:pack>/<str:code>": Row(get=NONE, post=NONE, with_={"pack": "none", "code": "none"}),
    "cases/<str:case_id>/": Row(get=CASE_READERS),
    "cases/<str:case_id>/reconstruction": Row(get=frozenset({"commander", "case_handler", "auditor"})),
    "cases/<str:case_id>/move/<str:code>": Row(post=CASE_WORKERS, with_={"code": "none"}),
    "cases/<str:case_id>/hand": Row(post=CASE_WORKERS),
    "cases/<str:case_id>/helpers": Row(post=CASE_WORKERS),
    "cases/<str:case_id>/helpers/<int:number>": Row(post=CASE_WORKERS),
    "cases/<str:case_id>/clocks/<int:number>": Row(post=CASE_WORKERS),
    "cases/<str:case_id>/merge": Row(post=CASE_WORKERS),
    "cases/<str:case_id>/split": Row(post=CASE_WORKERS),
    "cases/<str:case_id>/message": Row(post=CASE_WORKERS),
    "cases/<str:case_id>/appeal": Row(post=CASE_WORKERS),
    "cases/<str:case_id>/seal": Row(post=CASE_READERS),
    "cases/drafts/<int:number>/discard": Row(post=STAFF - {"administrator"}),
    "cases/<str:case_id>/papers/<str:name>.<str:form>": Row(get=CASE_READERS, with_={"name": "none", "form": "pdf"}),
    "cases/<str:case_id>/files": Row(post=CASE_WORKERS),
    "cases/<str:case_id>/files/<int:number>": Row(get=CASE_READERS),
    "cases/<str:case_id>/documents": Row(post=CASE_WORKERS),
    "cases/<str:case_id>/documents/<int:number>": Row(get=CASE_READERS),
    "cases/<str:case_id>/documents/<int:number>/small": Row(get=CASE_READERS),
    "findings/": Row(get=FINDERS),
    "findings/new": Row(get=INSPECTORS, post=INSPECTORS),
    "findings/recheck/<str:task_id>": Row(get=FINDERS),
    "findings/<str:finding_id>/": Row(get=FINDERS),
    "findings/<str:finding_id>/order.<str:form>": Row(get=FINDERS),
    "findings/<str:finding_id>/order": Row(post=HANDLERS),
    "findings/<str:finding_id>/plan": Row(post=OPERATORS),
    "findings/<str:finding_id>/fixed": Row(post=OPERATORS),
    "findings/<str:finding_id>/look": Row(post=INSPECTORS),
    "findings/<str:finding_id>/look-back": Row(post=INSPECTORS),
    "findings/<str:finding_id>/release": Row(post=HANDLERS),
    "findings/<str:finding_id>/withdraw": Row(post=HANDLERS),
    "findings/<str:finding_id>/photographs/<int:number>": Row(get=FINDERS),
    "findings/<str:finding_id>/photographs/<int:number>/small": Row(get=FINDERS),
    "console/callouts/": Row(get=WATCHERS),
    "console/callouts/<str:callout_id>": Row(get=WATCHERS),
    "console/callouts/<str:callout_id>/areas/<int:area_id>": Row(get=WATCHERS),
    "console/callouts/<str:callout_id>/areas/<int:area_id>/record": Row(post=ASKERS),
    "console/callouts/<str:callout_id>/table.csv": Row(get=WATCHERS),
    "console/warnings/": Row(get=WATCHERS),
    "console/warnings/authority": Row(get=WATCHERS),
    "console/told/": Row(get=WATCHERS),
    "console/warnings/compose": Row(get=DRAFTERS, post=DRAFTERS),
    "console/warnings/presigned": Row(get=WATCHERS, post=WATCHERS),
    "console/warnings/presigned/<str:presigned_id>": Row(get=WATCHERS, post=WATCHERS),
    "console/warnings/presigned/<str:presigned_id>/release": Row(post=DRAFTERS),
    "console/passkeys": Row(get=SIGNERS, post=SIGNERS),
    "console/passkeys/add": Row(post=SIGNERS),
    "console/passkeys/begin": Row(post=SIGNERS),
    "console/passkeys/challenge": Row(post=SIGNERS),
    "console/warnings/<str:warning_id>": Row(get=WATCHERS),
    "console/warnings/<str:warning_id>/countersign": Row(post=SIGNERS),
    "console/warnings/<str:warning_id>/autosave": Row(post=DRAFTERS),
    "console/warnings/<str:warning_id>/follow": Row(get=DRAFTERS, post=DRAFTERS, form={"do": "update"}),
    "console/warnings/<str:warning_id>/preview": Row(post=DRAFTERS),
    "console/warnings/<str:warning_id>/save": Row(post=DRAFTERS),
    "console/warnings/<str:warning_id>/sign": Row(get=SIGNERS, post=SIGNERS),
    # review, evaluate
    "events/<str:event_id>/close": Row(post=only("duty_officer", "commander")),
    "events/<str:event_id>/review.<str:form>": Row(get=REVIEWERS),
    "events/<str:event_id>/review": Row(get=REVIEWERS, post=only("commander", "case_handler")),
    "ledger": Row(get=LEDGER, post=LEDGER),
    "evaluation": Row(get=EVALUATORS),
    "evaluation.csv": Row(get=EVALUATORS),
    "evaluation/<str:indicator>": Row(get=EVALUATORS),
    "evaluation/keep": Row(post=EVALUATORS),
    "counts": Row(get=EVALUATORS),
    "counts.csv": Row(get=EVALUATORS),
    # staff
    "roster": Row(get=STAFF),
    "roster/<str:verb>": Row(post=STAFF, with_={"verb": "hand_over"}),
    "roster/calendar/<str:secret>.ics": Row(get=ANYBODY),  # the secret in the address decides
    "staff": Row(get=only("administrator")),
    "staff/<str:verb>": Row(post=only("administrator"), with_={"verb": "end_shift"}),
    # API: a session reads, a token writes
    "api/v1/sources": program(get=FEEDS, post=NONE),
    "api/v1/streams": program(get=FEEDS, post=NONE),
    "api/v1/reports": program(post=NONE),
    "api/v1/bulletins": program(post=NONE),
    "api/v1/streams/indices": program(get=FEEDS),
    "api/v1/signals": program(get=WATCHERS),
    "api/v1/signals/<signal_id>": program(get=WATCHERS),
    "api/v1/events": program(get=WATCHERS),
    "api/v1/events/<event_id>": program(get=WATCHERS),
    "api/v1/quarantine": program(get=FEEDS),
}
