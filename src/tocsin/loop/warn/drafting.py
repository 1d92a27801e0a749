"""Drafting: the first content of a warning, from an event and from what its pack declares."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from tocsin.geo import is_inside
from tocsin.loop.detect import queries as detect
from tocsin.loop.observe import queries as observe
from tocsin.loop.verify import queries as verify
from tocsin.loop.warn.authority import bodies_for, touched_paths
from tocsin.loop.warn.content import Areas, Content
from tocsin.loop.warn.filling import evidence_of
from tocsin.loop.warn.lifecycle import Kind
from tocsin.loop.warn.names import Names
from tocsin.packkit.warnings import WarningWords
from tocsin.records.org import queries as org
from tocsin.records.org.actor import Actor
from tocsin.records.org.scope import EVERYWHERE, Scope
from tocsin.terms.errors import BadValue, Stale, UnknownName

__all__ = ["CONTACT", "begins_as_exercise", "end_of", "first_content", "follow_pack", "verdict_of"]

CONTACT = "110 / 119 / 120"  # until a body's own is written: the emergency lines
_LASTS = timedelta(hours=6)
_SURE = {"unverified": "Possible", "confirmed": "Observed"}


def first_content(
    event_id: str, names: Names, *, hazard: str, level: int, areas: Areas | None, body: str, onset: datetime | None,
    expires: datetime | None, exercise: bool | None, exercise_note: str, actor: Actor, now: datetime,
) -> Content:  # fmt: skip
    """A content without texts. Raises UnknownName, BadValue, Stale for a refuted event."""
    verdict, place = verdict_of(event_id), ""
    if event_id:
        detail = detect.event(actor.scope, event_id)
        if verdict == "refuted":
            raise Stale(_("event {id}").format(id=event_id), _("it was refuted"),
                        _("have it verified again, or draft without an event"))  # fmt: skip
        hazard, level = hazard or detail.event.hazard, level or detail.event.level
        areas = areas if areas is not None else _areas_of(detail, hazard, names, actor.scope)
        place = evidence_of(event_id, names).get("place", "")
    if hazard not in names.hazards:
        raise UnknownName(
            _("hazard {code}").format(code=hazard), _("no pack in use knows it"), _("choose one from the list")
        )
    if not 1 <= level <= len(names.scheme.levels):
        raise BadValue(_("level"), _("there is no level {n}").format(n=level), _("choose one from the list"))
    areas = areas if areas is not None else Areas((actor.jurisdiction,) if actor.jurisdiction else ())
    spec = names.spec(hazard)
    words = spec.levels[level] if spec else None
    drill = begins_as_exercise() if exercise is None else exercise
    return Content(
        kind=Kind.ALERT, predecessor="", hazard=hazard, level=level, onset=onset or now, expires=expires or end_of(words, now),
        areas=areas, body=body or _body(hazard, level, areas, names, actor), verdict=verdict, place=place,
        categories=spec.categories if spec else ("Other",), event_code=spec.event_code if spec else "",
        responses=words.responses if words else ("Monitor",), urgency=words.urgency if words else "Immediate",
        certainty=(spec.certainty if spec else _SURE).get(verdict, "Possible"), exercise=drill,
        exercise_note=exercise_note or (_("Synthetic data") if drill else ""), contact=CONTACT,
    )  # fmt: skip


def follow_pack(before: Content, after: Content, names: Names, event_id: str) -> Content:
    """What the pack declares follows a change of hazard, level or verdict, unless it was changed by hand in the same step."""
    verdict = verdict_of(event_id) if event_id else after.verdict
    spec = names.spec(after.hazard)
    after = replace(after, verdict=verdict)
    if spec is None or after.kind is Kind.CANCEL:
        return after
    sure = spec.certainty.get(verdict, after.certainty)
    after = replace(after, certainty=sure if after.certainty == before.certainty else after.certainty,
                    categories=spec.categories, event_code=spec.event_code)  # fmt: skip
    words = spec.levels.get(after.level)
    if words is None or (before.hazard, before.level) == (after.hazard, after.level):
        return after
    return replace(
        after,
        urgency=words.urgency if after.urgency == before.urgency else after.urgency,
        responses=words.responses if after.responses == before.responses else after.responses,
    )


def end_of(words: WarningWords | None, now: datetime) -> datetime:
    """When a warning that begins now ends by the pack's declared hours, on the full minute."""
    lasts = timedelta(microseconds=words.lasts_us) if words else _LASTS
    return (now + lasts).replace(second=0, microsecond=0)


def verdict_of(event_id: str) -> str:
    """unverified, confirmed or refuted."""
    found = verify.dossiers(EVERYWHERE, [event_id]).get(event_id) if event_id else None
    return str(found.verdict) if found else "unverified"


def _areas_of(detail: detect.EventDetail, hazard: str, names: Names, scope: Scope) -> Areas:
    """The jurisdictions of the event's signals; a circle of the hazard's reach where none of them has a border."""
    raised = {line.jurisdiction for line in detail.signals if line.level}
    paths = raised or {line.jurisdiction for line in detail.signals} or {detail.event.jurisdiction}
    own = _topmost(path for path in paths if path and scope.covers(path)) or (
        [scope.jurisdiction] if scope.jurisdiction else []
    )
    bordered = any(path in names.areas and names.areas[path].boundary for path in own)
    located = math.isfinite(detail.event.lon) and math.isfinite(detail.event.lat)
    if bordered or not located:
        return Areas(tuple(own))
    circle = (round(detail.event.lat, 4), round(detail.event.lon, 4), names.reach_km(hazard))
    return Areas(tuple(own), circles=(circle,))


def _topmost(paths: Iterable[str]) -> list[str]:
    """Without those that lie in another of them."""
    named = sorted(set(paths))
    return [path for path in named if not any(is_inside(path, other) and other != path for other in named)]


def _body(hazard: str, level: int, areas: Areas, names: Names, actor: Actor) -> str:
    """The actor's own body where it may issue this; else the first that may; "" where nobody may."""
    may = bodies_for(hazard, level, touched_paths(areas, names))
    own = org.post(actor.post).department if actor.post else ""
    return own if own in may else next(iter(may), "")


def begins_as_exercise() -> bool:
    """Whether any registered source is synthetic: then a draft begins as an exercise, until a person clears the box (ADR 8)."""
    return any(line.source.synthetic for line in observe.sources(EVERYWHERE))
