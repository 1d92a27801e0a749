"""Messages signed in advance: what one says, and whether it may be released for an event (ADR 16). A signer has decided
beforehand on hazard, area, level, trigger and season; the duty officer only finds that they are there."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from tocsin.geo import is_inside, lineage
from tocsin.loop.detect import queries as detect
from tocsin.loop.warn.authority import require_authority
from tocsin.loop.warn.content import Areas
from tocsin.loop.warn.drafting import verdict_of
from tocsin.loop.warn.models import PresignedRow
from tocsin.loop.warn.names import Names
from tocsin.records.ledger.canonical import digest
from tocsin.records.org.actor import Actor
from tocsin.records.org.roles import Act
from tocsin.records.org.scope import EVERYWHERE, Scope
from tocsin.terms.errors import BadValue, NotAllowed, Refused, Stale, UnknownName
from tocsin.terms.event import EventState
from tocsin.terms.moment import to_us

__all__ = [
    "COUNTERSIGNED_WITHIN", "LONGEST_VALID", "PRESIGNED", "Presigned", "fitting", "in_season", "presigned", "presigned_lines",
    "require_allowed", "require_fits",
]  # fmt: skip

PRESIGNED = "presigned"
COUNTERSIGNED_WITHIN = timedelta(minutes=30)
LONGEST_VALID = timedelta(days=366)
_DAY = re.compile(r"(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])")


@dataclass(frozen=True, slots=True)
class Presigned:
    """One of them. ``texts``: language -> name -> words with variables; ``trigger_level``: of the event, at least;
    ``season_from``, ``season_to``: days of the year such as ``06-01``, both in it; ``state``: proposed, signed, suspended
    (its last release was not countersigned), withdrawn."""

    id: str
    body: str
    hazard: str
    level: int
    jurisdiction: str
    paths: tuple[str, ...]
    texts: Mapping[str, Mapping[str, str]]
    lasts: timedelta
    trigger_level: int
    season_from: str
    season_to: str
    valid_until: datetime
    state: str
    digest: str
    author: str
    author_account: str
    made_at: datetime
    signer: str
    signer_account: str
    signer_post: str
    signed_at: datetime | None
    ended_why: str

    def terms(self) -> dict[str, Any]:
        """What a signer agrees to, for JSON."""
        return {"body": self.body, "hazard": self.hazard, "level": self.level, "paths": list(self.paths),
                "texts": {k: dict(v) for k, v in self.texts.items()}, "lasts_us": self.lasts // timedelta(microseconds=1),
                "trigger_level": self.trigger_level, "season": [self.season_from, self.season_to],
                "valid_until_us": to_us(self.valid_until)}  # fmt: skip

    def terms_digest(self) -> str:
        """SHA-256 of it."""
        return digest(self.terms())


def in_season(day: str, first: str, last: str) -> bool:
    """Whether a day of the year lies in a season, which may go over the new year. Raises BadValue for what is no day.

    >>> in_season("07-20", "06-01", "09-30"), in_season("01-10", "11-15", "03-15"), in_season("05-31", "06-01", "09-30")
    (True, True, False)
    """
    for given in (first, last):
        if not _DAY.fullmatch(given):
            raise BadValue(
                _("season"), _("{day} is no day of the year").format(day=given), _("write for example 06-01")
            )
    return first <= day <= last if first <= last else day >= first or day <= last


def require_allowed() -> None:
    """Raises NotAllowed where the deployment has not declared it."""
    if PRESIGNED not in settings.CONFIGURATION.small_office:
        raise NotAllowed(_("message signed in advance"), _("this deployment has not declared that it uses them"),
                         _("have a signer sign; or have the administrator set small_office"))  # fmt: skip


def require_fits(line: Presigned, event_id: str, names: Names, *, actor: Actor, now: datetime) -> None:
    """Raises unless everything that its signer asked for is there now: signed and valid, in season, an open event of this
    hazard that is high enough and lies in its area, and a body that still may."""
    thing = _("message signed in advance {id}").format(id=line.id)
    if line.state != "signed" or line.signed_at is None or now >= line.valid_until:
        said = {"proposed": _("nobody has signed it"), "withdrawn": _("it was withdrawn"),
                "suspended": _("its last release was not countersigned in time")}  # fmt: skip
        raise Stale(
            thing, said.get(line.state, _("it is valid no more")), _("send an ordinary or urgent warning to a signer")
        )
    local = now.astimezone(names.zone(line.paths))
    if not in_season(f"{local:%m-%d}", line.season_from, line.season_to):
        raise NotAllowed(thing, _("today is outside its season, {first} to {last}").format(
            first=line.season_from, last=line.season_to), _("send an ordinary or urgent warning to a signer"))  # fmt: skip
    event = detect.event(actor.scope, event_id).event
    trigger = _("an open {hazard} event of {level} or higher in {area}").format(
        hazard=names.hazard(line.hazard), level=names.level(line.trigger_level), area=names.area_list(line.paths)
    )
    holds = (
        event.state is EventState.OPEN
        and event.hazard == line.hazard
        and event.level >= line.trigger_level
        and any(is_inside(event.jurisdiction, path) for path in line.paths)
        and verdict_of(event_id) != "refuted"
    )
    if not holds:
        raise NotAllowed(thing, _("its trigger does not hold: {trigger}").format(trigger=trigger),
                         _("send an ordinary or urgent warning to a signer"))  # fmt: skip
    require_authority(line.body, line.hazard, line.level, Areas(line.paths), names)


def fitting(event_id: str, *, actor: Actor, now: datetime) -> list[Presigned]:
    """Those that this actor could release for an event now, the highest level first."""
    if PRESIGNED not in settings.CONFIGURATION.small_office or not actor.may(Act.DRAFT_WARNING):
        return []
    names, found = Names.read(), []
    for line in presigned_lines(actor.scope):
        try:
            require_fits(line, event_id, names, actor=actor, now=now)
        except Refused:
            continue
        if all(actor.scope.covers(path) for path in line.paths):
            found.append(line)
    return found


def presigned_lines(scope: Scope) -> list[Presigned]:
    """All of a scope (and those from above that concern it), the highest level first, then the newest."""
    scope.require(Act.READ_WARNINGS)
    rows = PresignedRow.objects.order_by("-level", "-made_at", "id")
    return [line_of(row) for row in rows if _is_seen(scope, row.paths)]


def presigned(scope: Scope, presigned_id: str) -> Presigned:
    """One of them. Raises UnknownName."""
    scope.require(Act.READ_WARNINGS)
    row = PresignedRow.objects.filter(id=presigned_id).first()
    if row is None or not _is_seen(scope, row.paths):
        raise UnknownName(_("message signed in advance {id}").format(id=presigned_id), _("no such message in your scope"),
                          _("open their list"))  # fmt: skip
    return line_of(row)


def line_of(row: PresignedRow) -> Presigned:
    """As it is read."""
    return Presigned(
        row.id, row.body, row.hazard, row.level, row.jurisdiction, tuple(row.paths), row.texts,
        timedelta(microseconds=row.lasts_us), row.trigger_level, row.season_from, row.season_to, row.valid_until, row.state,
        row.digest, row.author, row.author_account, row.made_at, row.signer, row.signer_account, row.signer_post,
        row.signed_at, row.ended_why,
    )  # fmt: skip


def _is_seen(scope: Scope, paths: Sequence[str]) -> bool:
    above = lineage(scope.jurisdiction) if scope.jurisdiction else ()
    return scope == EVERYWHERE or any(scope.covers(path) or path in above for path in paths)
