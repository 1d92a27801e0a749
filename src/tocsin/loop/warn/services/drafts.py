"""Drafting: the first message of an event, what follows one in force, changing and discarding."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from tocsin.loop.warn import drafting
from tocsin.loop.warn.authority import require_authority, require_shape
from tocsin.loop.warn.changing import EDITED, changed, require_flow
from tocsin.loop.warn.content import Areas, Content
from tocsin.loop.warn.filling import carried_over, evidence_of, filled, follow, standard
from tocsin.loop.warn.item_words import state_word
from tocsin.loop.warn.lifecycle import EDITABLE, Kind, WarningState
from tocsin.loop.warn.models import WarningRow
from tocsin.loop.warn.names import Names
from tocsin.loop.warn.services.guards import require_everywhere, require_first, require_kept
from tocsin.loop.warn.services.rows import (
    in_force,
    log,
    made_before,
    move,
    open_successor,
    put_areas,
    put_draft,
    require_version,
    row_of,
    set_content,
    stale,
    texts_document,
    unknown,
)
from tocsin.records.org.actor import Actor
from tocsin.records.org.roles import Act

__all__ = ["discard", "draft", "draft_cancel", "draft_update", "edit", "refill"]


def draft(
    event_id: str | None = None, *, hazard: str = "", level: int = 0, areas: Areas | None = None, body: str = "",
    onset: datetime | None = None, expires: datetime | None = None, exercise: bool | None = None, exercise_note: str = "",
    flow: str = "ordinary", once: str = "", actor: Actor, now: datetime,
) -> str:  # fmt: skip
    """A draft; its id. From an event whatever is not given is taken from it and from the pack's warnings.toml. The same
    ``once`` gives the same draft. Raises UnknownName for an event outside the scope or an unknown hazard, Stale for a
    refuted event and where a warning of it is in force there already, NotAllowed where the actor may not draft or no body may
    issue it, BadValue."""
    actor.require(Act.DRAFT_WARNING)
    if found := made_before(once):
        return found
    names = Names.read()
    content = drafting.first_content(
        event_id or "", names, hazard=hazard, level=level, areas=areas, body=body, onset=onset, expires=expires,
        exercise=exercise, exercise_note=exercise_note, actor=actor, now=now,
    )  # fmt: skip
    content = replace(content, flow=require_flow(flow))
    content = replace(content, texts=filled(content, names, evidence_of(event_id or "", names)))
    require_shape(content.areas, names)
    require_authority(content.body, content.hazard, content.level, content.areas, names)
    require_everywhere(actor, Act.DRAFT_WARNING, content)
    require_first(content, event_id or "", now)
    return put_draft(content, event_id or "", "", once, actor, now)


def draft_update(
    warning_id: str, *, level: int | None = None, expires: datetime | None = None, areas: Areas | None = None,
    once: str = "", actor: Actor, now: datetime,
) -> str:  # fmt: skip
    """A draft that will replace a warning in force: other level, longer, elsewhere; texts nobody had changed follow. Where
    one is open already, that one. Raises UnknownName, Stale where it is not in force, NotAllowed, BadValue."""
    actor.require(Act.DRAFT_WARNING)
    with transaction.atomic():
        row = in_force(warning_id, now)
        if found := made_before(once) or open_successor(row, Kind.UPDATE):
            return found
        names = Names.read()
        before = Content.of(row.content)
        spec = names.spec(before.hazard)
        rank = before.level if level is None else level
        words = spec.levels.get(rank) if spec else None
        changed = replace(
            before, kind=Kind.UPDATE, flow="ordinary", predecessor=row.id, level=rank, onset=min(before.onset, now),
            expires=expires or max(before.expires, drafting.end_of(words, now)),
            areas=areas if areas is not None else before.areas, verdict=drafting.verdict_of(row.event),
        )  # fmt: skip
        if words is not None:
            changed = replace(changed, urgency=words.urgency, responses=words.responses,
                              certainty=(spec.certainty if spec else {}).get(changed.verdict, before.certainty))  # fmt: skip
        evidence = evidence_of(row.event, names)
        changed = replace(changed, texts=carried_over(before, changed, row.template, names, evidence))
        require_authority(changed.body, changed.hazard, changed.level, changed.areas, names)
        require_everywhere(actor, Act.DRAFT_WARNING, changed)
        template = standard(changed, names, evidence)
        return put_draft(changed, row.event, row.lineage, once, actor, now, template=template)


def draft_cancel(warning_id: str, *, over: bool = True, once: str = "", actor: Actor, now: datetime) -> str:
    """A draft that will end a warning in force: because the danger is ``over``, or because it was issued in error. Where one
    is open already, that one. Raises UnknownName, Stale where it is not in force, NotAllowed."""
    actor.require(Act.DRAFT_WARNING)
    with transaction.atomic():
        row = in_force(warning_id, now)
        if found := made_before(once) or open_successor(row, Kind.CANCEL):
            return found
        before = Content.of(row.content)
        content = replace(
            before, kind=Kind.CANCEL, flow="ordinary", predecessor=row.id, onset=min(before.onset, now), urgency="Past",
            responses=("AllClear",) if over else ("None",), texts={},
        )  # fmt: skip
        require_everywhere(actor, Act.DRAFT_WARNING, content)
        names = Names.read()
        content = replace(content, texts=filled(content, names, {}))
        return put_draft(content, row.event, row.lineage, once, actor, now)


def edit(warning_id: str, changes: Mapping[str, Any], *, version: int, actor: Actor, now: datetime) -> int:
    """Change a draft; its new version. ``changes`` as fields of Content: hazard, level, onset, expires, areas, body,
    responses, urgency, exercise, exercise_note, contact, place, and texts as language -> field -> words (only what is
    changed). Texts nobody had touched follow level, area and time. What waited for a signature is a draft again. Raises
    UnknownName, Stale for another version or a warning that is no draft any more, BadValue, TooBig, NotAllowed."""
    with transaction.atomic():
        row = row_of(warning_id)
        if row.state not in EDITABLE:
            raise stale(row, _("it is no draft any more: {state}").format(state=state_word(WarningState(row.state))))
        before = Content.of(row.content)
        require_everywhere(actor, Act.DRAFT_WARNING, before)
        after = changed(before, changes)
        names = Names.read()
        if after != before:
            after = drafting.follow_pack(before, after, names, row.event)
            after = follow(before, after, names, evidence_of(row.event, names))
        if after == before:
            return row.version  # the same form again, however old its page
        require_version(row, version)
        require_kept(before, after)
        require_shape(after.areas, names)
        require_everywhere(actor, Act.DRAFT_WARNING, after)
        was = row.state
        if row.state != WarningState.DRAFT:
            move(row, WarningState.DRAFT)
        evidence = evidence_of(row.event, names)
        row.template = texts_document(standard(after, names, evidence))
        set_content(row, after, actor, now)
        row.save()
        put_areas(row, after)
        body = {"warning": row.id, "version": row.version, "digest": after.digest,
                "fields": sorted(name for name in EDITED if getattr(before, name) != getattr(after, name)),
                "taken_back": was == WarningState.SUBMITTED}  # fmt: skip
        log(row, "warning_edited", body, actor, now)
        return row.version


def refill(warning_id: str, *, version: int, actor: Actor, now: datetime) -> int:
    """Put the pack's texts back, for the present level, area and time; the new version. Raises as ``edit``."""
    row = WarningRow.objects.filter(id=warning_id).first()
    if row is None:
        raise unknown(warning_id)
    names = Names.read()
    texts = filled(Content.of(row.content), names, evidence_of(row.event, names))
    return edit(warning_id, {"texts": texts_document(texts)}, version=version, actor=actor, now=now)


def discard(warning_id: str, *, version: int, actor: Actor, now: datetime) -> None:
    """Nobody wants this draft. Raises UnknownName, Stale, NotAllowed."""
    with transaction.atomic():
        row = row_of(warning_id)
        require_everywhere(actor, Act.DRAFT_WARNING, Content.of(row.content))
        if row.state == WarningState.DISCARDED:
            return
        require_version(row, version)
        move(row, WarningState.DISCARDED)
        row.ended_at, row.changed_at, row.changed_by = now, now, actor.name
        row.save()
        log(row, "warning_discarded", {"warning": row.id, "version": row.version}, actor, now)
