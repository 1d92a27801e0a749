"""The row of a warning: read for writing, made, moved, and told of on the ledger and in the outbox."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from tocsin.geo import common_path
from tocsin.loop.warn import facts
from tocsin.loop.warn.content import Content
from tocsin.loop.warn.item_words import state_word
from tocsin.loop.warn.lifecycle import EDITABLE, Kind, WarningState, allowed
from tocsin.loop.warn.models import WarningArea, WarningRow
from tocsin.records.ledger import services as ledger
from tocsin.records.org.actor import Actor
from tocsin.records.outbox import services as outbox
from tocsin.terms.errors import Stale, UnknownName
from tocsin.terms.ids import uuid7_id
from tocsin.terms.moment import to_us

__all__ = [
    "in_force", "log", "made_before", "move", "open_successor", "put_areas", "put_draft", "require_move",
    "require_version", "row_of", "set_content", "stale", "tell", "texts_document", "told_of", "unknown",
    "with_account",
]  # fmt: skip

_ONCE = 64


def row_of(warning_id: str) -> WarningRow:
    """The row, held until the transaction ends. Raises UnknownName."""
    row = WarningRow.objects.select_for_update().filter(id=warning_id).first()
    if row is None:
        raise unknown(warning_id)
    return row


def in_force(warning_id: str, now: datetime) -> WarningRow:
    """The row of a warning that is in force. Raises UnknownName, Stale."""
    row = row_of(warning_id)
    if row.state != WarningState.ISSUED or row.kind == Kind.CANCEL or row.expires_at <= now:
        state = WarningState.EXPIRED if row.state == WarningState.ISSUED else WarningState(row.state)
        rule = _("it is not in force any more: {state}").format(state=state_word(state))
        raise Stale(_("warning {id}").format(id=row.id), rule,
                    _("draft a new warning where there is still danger"))  # fmt: skip
    return row


def made_before(once: str) -> str:
    """The warning that the same form made already; "" where none."""
    if not once:
        return ""
    return WarningRow.objects.filter(once=once[:_ONCE]).values_list("id", flat=True).first() or ""


def open_successor(row: WarningRow, *kinds: Kind) -> str:
    """The open draft of these kinds that follows a warning; "" where none."""
    open_rows = WarningRow.objects.filter(
        predecessor=row.id, kind__in=[k.value for k in kinds], state__in=[s.value for s in EDITABLE]
    )
    return open_rows.order_by("drafted_at").values_list("id", flat=True).first() or ""


def put_draft(
    content: Content, event: str, lineage: str, once: str, actor: Actor, now: datetime, *, template: Any = None
) -> str:
    """A new draft; its id."""
    warning_id = uuid7_id("wrn", to_us(now) // 1000, secrets.randbits(74))
    try:
        with transaction.atomic():
            row = WarningRow(
                id=warning_id, lineage=lineage or warning_id, predecessor=content.predecessor, kind=content.kind.value,
                event=event, template=texts_document(template or content.texts), author=actor.name,
                author_post=actor.post, once=once[:_ONCE] or None, drafted_at=now, version=0,
            )  # fmt: skip
            set_content(row, content, actor, now)
            row.save(force_insert=True)
            put_areas(row, content)
            tell(row, "warning_drafted", facts.WarningDrafted, actor, now, kind=row.kind, digest=content.digest,
                  predecessor=row.predecessor)  # fmt: skip
    except IntegrityError:  # the same form came twice at the same moment: the other one made it
        if found := made_before(once):
            return found
        raise
    return warning_id


def set_content(row: WarningRow, content: Content, actor: Actor, now: datetime) -> None:
    """Write a content into its row: one version more, one author more."""
    row.content = content.as_document()
    row.hazard, row.level, row.body, row.exercise = content.hazard, content.level, content.body, content.exercise
    row.flow = content.flow
    row.jurisdiction, row.expires_at = common_path(content.areas.paths), content.expires
    row.version += 1
    row.changed_at, row.changed_by = now, actor.name
    row.authors = with_account(row.authors, actor.account)


def put_areas(row: WarningRow, content: Content) -> None:
    """The areas by which it is found."""
    WarningArea.objects.filter(warning=row).exclude(jurisdiction__in=content.areas.paths).delete()
    WarningArea.objects.bulk_create(
        [WarningArea(warning=row, jurisdiction=path) for path in content.areas.paths], ignore_conflicts=True
    )


def move(row: WarningRow, after: WarningState) -> None:
    """Change its state where the lifecycle allows it. Raises Stale."""
    require_move(row, after)
    row.state = after.value


def texts_document(texts: Mapping[str, Any]) -> dict[str, Any]:
    """Texts by language as they are kept."""
    return {language: told if isinstance(told, dict) else told.as_document() for language, told in texts.items()}


def with_account(accounts: Sequence[str], account: str) -> list[str]:
    """The accounts that wrote any of it, with this one."""
    return [*accounts, *([account] if account and account not in accounts else [])]


def log(row: WarningRow, verb: str, body: Mapping[str, Any], actor: Actor, now: datetime) -> None:
    """An entry in the chain of its event, or where it has none of its lineage."""
    ledger.append(row.event or row.lineage, verb, body, actor=actor.name, now=now)


def told_of(row: WarningRow, at_us: int) -> dict[str, Any]:
    """What every fact about a warning says."""
    return {"warning": row.id, "event": row.event, "hazard": row.hazard, "level": row.level,
            "jurisdiction": row.jurisdiction, "exercise": row.exercise, "at_us": at_us}  # fmt: skip


def tell(
    row: WarningRow, verb: str, fact: type, actor: Actor, now: datetime, *, at: datetime | None = None, **more: Any
) -> None:
    """An entry on the ledger and a fact."""
    told = told_of(row, to_us(at or now))
    log(row, verb, {name: value for name, value in {**told, **more}.items() if name != "event"}, actor, now)
    outbox.put([fact(**told)], now=now)


def require_version(row: WarningRow, version: int) -> None:
    """Raises Stale where somebody changed it meanwhile."""
    if row.version != version:
        raise stale(row, _("{who} changed it meanwhile (version {version})").format(who=row.changed_by.partition("/")[0],
                                                                                    version=row.version))  # fmt: skip


def require_move(row: WarningRow, after: WarningState) -> None:
    """Raises Stale where the lifecycle does not allow it."""
    if not allowed(WarningState(row.state), after):
        raise stale(
            row,
            _("its state is: {state}; that cannot become: {after}").format(
                state=state_word(WarningState(row.state)), after=state_word(after)
            ),
        )


def stale(row: WarningRow, rule: str) -> Stale:
    """The refusal of what is not as its page showed it."""
    return Stale(
        _("warning {id}").format(id=row.id), rule, _("load the page again; what you typed can be copied from here")
    )


def unknown(warning_id: str) -> UnknownName:
    """The refusal of a warning that is not there."""
    return UnknownName(_("warning {id}").format(id=warning_id), _("no such warning in your scope"),
                       _("open the list of warnings"))  # fmt: skip
