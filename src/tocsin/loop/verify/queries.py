"""Readers of verify. Each takes a scope; what lies outside it is not there."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext as _

from tocsin.loop.detect import queries as detect
from tocsin.loop.verify.choice import Candidate
from tocsin.loop.verify.duty import candidates_of
from tocsin.loop.verify.lifecycle import OPEN, Verdict, VerificationState
from tocsin.loop.verify.models import Dossier, DossierArea, Evidence, Verification
from tocsin.records.org.roles import Act
from tocsin.records.org.scope import Scope
from tocsin.terms.errors import UnknownName

__all__ = [
    "DossierLine", "EvidenceLine", "VerificationLine", "candidates", "dossier", "dossiers", "evidence", "of_post",
    "open_dossiers", "verification", "verifications", "verified_count",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class DossierLine:
    """What people know and did about an event. ``unacknowledged_since`` None = somebody has it in hand."""

    event: str
    hazard: str
    jurisdiction: str
    place: str
    lon: float | None
    lat: float | None
    level: int
    peak_level: int
    state: str
    merged_into: str
    opened_at: datetime
    verdict: Verdict
    verdict_at: datetime | None
    acknowledged_at: datetime | None
    acknowledged_by: str
    acknowledged_level: int
    first_acknowledged_at: datetime | None
    unacknowledged_since: datetime | None
    ended_at: datetime | None
    closed_at: datetime | None
    closed_by: str
    closed_because: str

    @property
    def is_unverified(self) -> bool:
        """Whether nobody who looked could tell."""
        return self.verdict is Verdict.UNVERIFIED


@dataclass(frozen=True, slots=True)
class EvidenceLine:
    """A photograph of an answer."""

    number: int
    digest: str
    thumbnail: str
    width: int
    height: int
    size_bytes: int
    lon: float | None
    lat: float | None
    accuracy_m: float | None
    added_at: datetime


@dataclass(frozen=True, slots=True)
class VerificationLine:
    """One request to look, with what came of it. ``event``: the event it is about now, ``asked_about`` then."""

    id: str
    event: str
    asked_about: str
    hazard: str
    place: str
    lon: float | None
    lat: float | None
    state: VerificationState
    task: str
    post: str
    distance_km: float | None
    level: int
    checks: list[dict[str, str]]
    skills: list[str]
    minutes_source: str
    minutes_verified: bool
    asked_at: datetime
    asked_by: str
    due_at: datetime
    overdue_at: datetime | None
    arrived_at: datetime | None
    answer: str
    answered_at: datetime | None
    answered_by: str
    made_at: datetime | None
    note: str
    withdrawn_because: str
    evidence: tuple[EvidenceLine, ...] = ()

    @property
    def is_open(self) -> bool:
        """Whether an answer is still awaited."""
        return self.state in OPEN

    def is_late(self, now: datetime) -> bool:
        """Whether its deadline passed without an answer, or before the answer."""
        return (self.answered_at or now) > self.due_at


def dossier(scope: Scope, event_id: str) -> DossierLine:
    """The file of one event. Raises UnknownName where there is none in the scope yet, NotAllowed."""
    scope.require(Act.READ_EVENTS)
    row = Dossier.objects.filter(_seen(scope, "event"), event=event_id).first()
    if row is None:
        raise _unknown_event(event_id)
    return _dossier(row)


def dossiers(scope: Scope, event_ids: Collection[str]) -> dict[str, DossierLine]:
    """The files of these events that the scope sees. An event without one was opened this moment: unverified."""
    scope.require(Act.READ_EVENTS)
    rows = Dossier.objects.filter(_seen(scope, "event"), event__in=list(event_ids))
    return {row.event: _dossier(row) for row in rows}


def open_dossiers(scope: Scope, *, at_most: int | None = None) -> list[DossierLine]:
    """Files that are not closed and not merged: nobody's before somebody's, then the highest level, then the oldest."""
    scope.require(Act.READ_EVENTS)
    rows = Dossier.objects.filter(_seen(scope, "event"), closed_at=None, merged_into="").exclude(state="merged")
    lines = [_dossier(row) for row in rows.order_by("-level", "opened_at", "event")]
    return sorted(lines, key=lambda line: line.unacknowledged_since is None)[:at_most]


def verifications(scope: Scope, event_id: str) -> list[VerificationLine]:
    """Everything that was asked and answered about an event, in the order of asking. Raises NotAllowed."""
    scope.require(Act.READ_EVENTS)
    rows = Verification.objects.filter(_seen(scope, "dossier_id"), dossier_id=event_id).order_by("asked_at", "id")
    return _with_evidence([*rows.select_related("dossier")])


def of_post(scope: Scope, post: str, *, is_open: bool, at_most: int = 50) -> list[VerificationLine]:
    """Verifications of a post: the open ones with the earliest deadline first, or the newest answered or taken back."""
    scope.require(Act.ANSWER_VERIFICATION)
    rows = Verification.objects.filter(_seen(scope, "dossier_id"), post=post).select_related("dossier")
    rows = (
        rows.filter(state__in=OPEN).order_by("due_at", "id")
        if is_open
        else rows.exclude(state__in=OPEN).order_by("-asked_at")
    )
    return _with_evidence([*rows[:at_most]])


def verification(scope: Scope, verification_id: str) -> VerificationLine:
    """One of them. Raises UnknownName where there is none in the scope, NotAllowed."""
    scope.require(Act.READ_EVENTS)
    row = Verification.objects.filter(_seen(scope, "dossier_id"), id=verification_id).select_related("dossier").first()
    if row is None:
        raise UnknownName(
            _("verification"), _("there is no such verification in your area"), _("open the list of your tasks")
        )
    return _with_evidence([row])[0]


def evidence(scope: Scope, verification_id: str, number: int) -> EvidenceLine:
    """One photograph. Raises UnknownName where there is none in the scope, NotAllowed."""
    found = next((line for line in verification(scope, verification_id).evidence if line.number == number), None)
    if found is None:
        raise UnknownName(_("photograph"), _("no such photograph"), _("open it from its event"))
    return found


def candidates(scope: Scope, event_id: str, *, now: datetime) -> list[Candidate]:
    """Inspectors on duty whom one may ask about an event, the one whom the product would ask first. Those without the
    wanted skills come last. Raises UnknownName, NotAllowed."""
    scope.require(Act.ASK_VERIFICATION)
    row = Dossier.objects.filter(_seen(scope, "event"), event=event_id).first()
    if row is None:
        if event_id not in detect.events(scope, [event_id]):
            raise _unknown_event(event_id)
        return []
    skilled = candidates_of(row, now=now)
    known = {candidate.post.id for candidate in skilled}
    return skilled + [one for one in candidates_of(row, now=now, skilled=False) if one.post.id not in known]


def verified_count(scope: Scope, event_ids: Collection[str]) -> Mapping[str, int]:
    """How many of these events have each verdict; those without a file are unverified."""
    known = dossiers(scope, event_ids)
    found = [known[event_id].verdict if event_id in known else Verdict.UNVERIFIED for event_id in event_ids]
    return {verdict.value: found.count(verdict) for verdict in Verdict}


def _seen(scope: Scope, event_column: str) -> Q | Exists:
    """An event across a border is seen from both sides of it."""
    if not scope.jurisdiction:
        return Q()
    return Exists(DossierArea.objects.filter(scope.rows(), dossier_id=OuterRef(event_column)))


def _unknown_event(event_id: str) -> UnknownName:
    thing, rule = _("event {id}").format(id=event_id), _("there is no such event in your area")
    return UnknownName(thing, rule, _("open the list of events"))


def _dossier(row: Dossier) -> DossierLine:
    values = {name: getattr(row, name) for name in DossierLine.__slots__}
    since = row.unacknowledged_since if row.acknowledged_at is None else None
    return DossierLine(**values | {"verdict": Verdict(row.verdict), "unacknowledged_since": since})


def _with_evidence(rows: list[Verification]) -> list[VerificationLine]:
    found: dict[str, list[EvidenceLine]] = {row.id: [] for row in rows}
    for piece in Evidence.objects.filter(verification__in=found).order_by("number"):
        line = EvidenceLine(**{name: getattr(piece, name) for name in EvidenceLine.__slots__})
        found[piece.verification_id].append(line)
    return [replace(_verification(row), evidence=tuple(found[row.id])) for row in rows]


def _verification(row: Verification) -> VerificationLine:
    of_dossier = {name: getattr(row.dossier, name) for name in ("hazard", "place", "lon", "lat")}
    own = {name: getattr(row, name) for name in VerificationLine.__slots__ if hasattr(row, name) and name != "evidence"}
    return VerificationLine(**own | of_dossier | {"event": row.dossier_id, "state": VerificationState(row.state)})
