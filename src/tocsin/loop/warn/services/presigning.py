"""Signing in advance, and what a duty officer alone may then do: propose, agree, withdraw, release, countersign (ADR 16)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import translation
from django.utils.translation import gettext as _

from tocsin.geo import common_path
from tocsin.loop.warn import drafting, facts
from tocsin.loop.warn.authority import require_authority
from tocsin.loop.warn.changing import TEXT_LIMITS, clean
from tocsin.loop.warn.content import LANGUAGES, Areas, Content, Texts
from tocsin.loop.warn.filling import LONG, condensed_texts, evidence_of, known_values
from tocsin.loop.warn.item_words import item_words
from tocsin.loop.warn.lifecycle import WarningState
from tocsin.loop.warn.models import PresignedRow, WarningRow
from tocsin.loop.warn.names import Names
from tocsin.loop.warn.presigned import (
    COUNTERSIGNED_WITHIN,
    LONGEST_VALID,
    Presigned,
    in_season,
    line_of,
    presigned,
    require_allowed,
    require_fits,
)
from tocsin.loop.warn.services.guards import require_everywhere, require_first, require_passkey, require_sound
from tocsin.loop.warn.services.issuing import Signing, issue
from tocsin.loop.warn.services.rows import log, made_before, move, put_draft, row_of, stale, tell
from tocsin.packkit.warnings import VARIABLES, unknown_variables
from tocsin.records.ledger import services as ledger
from tocsin.records.new_id import new_id
from tocsin.records.org import queries as org
from tocsin.records.org.actor import Actor
from tocsin.records.org.roles import Act
from tocsin.terms.errors import BadTime, BadValue, NotAllowed, Stale

__all__ = ["countersign", "presign", "propose_presigned", "release", "suspend", "withdraw_presigned"]


def propose_presigned(
    *, hazard: str, level: int, paths: Sequence[str], body: str, trigger_level: int, season: tuple[str, str],
    valid_until: datetime, texts: Mapping[str, Mapping[str, str]] | None = None, once: str = "", actor: Actor, now: datetime,
) -> str:  # fmt: skip
    """Write down what a signer shall agree to in advance; its id. Texts that are not given are the pack's. Raises BadValue,
    BadTime for more than a year, NotAllowed."""
    require_allowed()
    actor.require(Act.DRAFT_WARNING)
    if once and (found := PresignedRow.objects.filter(once=once[:64]).values_list("id", flat=True).first()):
        return str(found)
    names = Names.read()
    spec = names.spec(hazard)
    words = spec.levels.get(level) if spec else None
    if words is None or not 1 <= trigger_level <= len(names.scheme.levels):
        raise BadValue(_("hazard and level"), _("no pack has words for them"), _("choose from the list"))
    for path in paths:
        actor.require(Act.DRAFT_WARNING, path)
    in_season("01-01", *season)
    if not now < valid_until <= now + LONGEST_VALID:
        raise BadTime(
            _("validity"), _("it ends before now, or lasts longer than a year"), _("choose a day within a year")
        )
    require_authority(body, hazard, level, Areas(tuple(paths)), names)
    said = {language: {name: (texts or {}).get(language, {}).get(name) or words.texts[name].get(language, "")
                       for name in LONG} for language in (*LANGUAGES, *words.further)}  # fmt: skip
    row = PresignedRow(
        id=new_id("psg", now=now), body=body, hazard=hazard, level=level, jurisdiction=common_path(paths), paths=list(paths),
        texts=_checked(said), lasts_us=words.lasts_us, trigger_level=trigger_level, season_from=season[0],
        season_to=season[1], valid_until=valid_until, author=actor.name, author_account=actor.account, made_at=now,
        once=once[:64] or None, digest="",
    )  # fmt: skip
    row.digest = line_of(row).terms_digest()
    try:
        with transaction.atomic():
            row.save(force_insert=True)
            _note(row, "presigned_proposed", actor, now)
    except IntegrityError:  # the same form twice at one moment
        return str(PresignedRow.objects.values_list("id", flat=True).get(once=once[:64]))
    return row.id


def presign(presigned_id: str, *, digest: str, passkey: str = "", actor: Actor, now: datetime) -> None:
    """The signer of the body agrees, before anything happens. Raises NotAllowed for who wrote it or is of another body, Stale
    for what is not as its page showed it, or agreed already."""
    require_allowed()
    with transaction.atomic():
        row = _row(presigned_id, actor)
        _require_signer(row, actor)
        if actor.account == row.author_account:
            raise NotAllowed(_thing(row), _("whoever wrote any of it cannot sign it"), _("ask another signer"))
        if row.state == "signed" and row.signer_account == actor.account:
            return
        if row.state not in ("proposed", "suspended") or digest != row.digest or now >= row.valid_until:
            raise Stale(_thing(row), _("it is not as the page showed it"), _("load the page again"))
        require_passkey(passkey)
        names = Names.read()
        require_authority(row.body, row.hazard, row.level, Areas(tuple(row.paths)), names)
        row.state, row.ended_at, row.ended_why = "signed", None, ""
        row.signer, row.signer_account, row.signer_post, row.signed_at = actor.name, actor.account, actor.post, now
        row.save()
        _note(row, "presigned_signed", actor, now)


def withdraw_presigned(presigned_id: str, why: str, *, actor: Actor, now: datetime) -> None:
    """A signer of the body takes it back for good. Raises NotAllowed, BadValue without a reason."""
    with transaction.atomic():
        row = _row(presigned_id, actor)
        _require_signer(row, actor)
        said = clean(_("reason"), why, 300, lines=False)
        if not said:
            raise BadValue(_("reason"), _("it is empty"), _("say why it is taken back"))
        if row.state == "withdrawn":
            return
        row.state, row.ended_at, row.ended_why = "withdrawn", now, said
        row.save()
        _note(row, "presigned_withdrawn", actor, now)


def release(
    presigned_id: str, event_id: str, *, exercise: bool | None = None, once: str = "", actor: Actor, now: datetime
) -> str:
    """Issue it for an event, by one duty officer; the warning's id. A signer must countersign within 30 minutes, else it is
    withdrawn. Raises Stale, NotAllowed where anything that its signer asked for is not there; else as ``sign``."""
    with transaction.atomic():
        if found := made_before(once):
            return found
        row = _row(presigned_id, actor)
        require_allowed()
        line, names = line_of(row), Names.read()
        require_fits(line, event_id, names, actor=actor, now=now)
        if waiting := WarningRow.objects.filter(
            presigned=row.id, state=WarningState.ISSUED, countersigned_at=None, expires_at__gt=now
        ).first():  # fmt: skip
            raise Stale(_thing(row), _("its last release still waits for its countersignature: {id}").format(id=waiting.id),
                        _("have a signer countersign that one"))  # fmt: skip
        content = _content(line, event_id, names, exercise, actor, now)
        require_everywhere(actor, Act.DRAFT_WARNING, content)
        require_first(content, event_id, now)
        made = row_of(put_draft(content, event_id, "", once, actor, now))
        require_sound(made, content, names, now)
        made.presigned, made.countersign_by, made.submitted_at = row.id, now + COUNTERSIGNED_WITHIN, now
        move(made, WarningState.SUBMITTED)
        signing = Signing(
            row.signer_account, row.signer_post, row.signer, made.version, content.digest, at=row.signed_at
        )
        issue(made, content, names, signing, actor=actor, now=now)
        tell(made, "warning_released", facts.WarningReleased, actor, now, at=made.countersign_by, presigned=row.id,
             terms=row.digest)  # fmt: skip
        return made.id


def countersign(warning_id: str, *, passkey: str = "", actor: Actor, now: datetime) -> None:
    """A signer of the body, not whoever released it, says that it stands. Again is nothing. Raises NotAllowed, Stale where it
    is too late."""
    with transaction.atomic():
        row = row_of(warning_id)
        content = Content.of(row.content)
        require_everywhere(actor, Act.SIGN_WARNING, content)
        if actor.account in row.authors or org.post(actor.post).department != row.body:
            raise NotAllowed(_("warning {id}").format(id=row.id), _("a signer of its body who did not release it must do this"),
                             _("ask a signer of {body}").format(body=Names.read().body(row.body)))  # fmt: skip
        if row.countersigned_at is not None:
            return
        if row.countersign_by is None or row.state != WarningState.ISSUED or now >= row.countersign_by:
            raise stale(row, _("it does not wait for a countersignature (any more)"))
        require_passkey(passkey)
        row.countersigned_at, row.countersigned_by = now, actor.name
        row.save(update_fields=["countersigned_at", "countersigned_by"])
        log(row, "warning_countersigned", {"warning": row.id, "presigned": row.presigned}, actor, now)


# ---------------------------------------------------------------- small parts
def _content(
    line: Presigned, event_id: str, names: Names, exercise: bool | None, actor: Actor, now: datetime
) -> Content:
    """What goes out: what was agreed to, with what only this hour knows filled in."""
    content = drafting.first_content(
        event_id, names, hazard=line.hazard, level=line.level, areas=Areas(line.paths), body=line.body, onset=None,
        expires=(now + line.lasts).replace(second=0, microsecond=0), exercise=exercise, exercise_note="", actor=actor, now=now,
    )  # fmt: skip
    evidence = evidence_of(event_id, names)
    texts = {}
    for language, said in line.texts.items():
        with translation.override(language if language in LANGUAGES else "en"):
            known = known_values(content, names, language, evidence)
            texts[language] = Texts(**{name: words.format_map(known) for name, words in said.items()})
    return replace(content, texts=condensed_texts(content, texts, names, evidence))


def _checked(said: Mapping[str, Mapping[str, str]]) -> dict[str, dict[str, str]]:
    """Texts with no other variables than those that are filled when it is released. Raises BadValue, TooBig."""
    found: dict[str, dict[str, str]] = {}
    for language, texts in said.items():
        found[language] = {}
        for name, words in texts.items():
            thing = item_words([f"{name}.{language}"])
            found[language][name] = clean(thing, words, TEXT_LIMITS[name])
            if not found[language][name]:
                raise BadValue(thing, _("it is empty"), _("fill it in"))
            if any(unknown_variables(words)):
                raise BadValue(thing, _("it holds a variable that nobody fills"),
                               _("write one of {names}").format(names=", ".join(f"{{{v}}}" for v in VARIABLES)))  # fmt: skip
    return found


def _row(presigned_id: str, actor: Actor) -> PresignedRow:
    presigned(actor.scope, presigned_id)
    return PresignedRow.objects.select_for_update().get(id=presigned_id)


def _require_signer(row: PresignedRow, actor: Actor) -> None:
    for path in row.paths:
        actor.require(Act.SIGN_WARNING, path)
    if org.post(actor.post).department != row.body:
        raise NotAllowed(_("post {post}").format(post=actor.post), _("it signs for another body"),
                         _("ask a signer of {body}").format(body=Names.read().body(row.body)))  # fmt: skip


def _thing(row: PresignedRow) -> str:
    return _("message signed in advance {id}").format(id=row.id)


def _note(row: PresignedRow, verb: str, actor: Actor, now: datetime) -> None:
    body: dict[str, Any] = {"presigned": row.id, "digest": row.digest, "hazard": row.hazard, "level": row.level,
                            "body": row.body, "jurisdiction": row.jurisdiction}  # fmt: skip
    ledger.append("warn", verb, body, actor=actor.name, now=now)


def suspend(presigned_id: str, *, actor: Actor, now: datetime) -> None:
    """Its release was not countersigned: nobody may release it again before a signer agrees anew."""
    row = PresignedRow.objects.select_for_update().filter(id=presigned_id, state="signed").first()
    if row is not None:
        row.state, row.ended_at, row.ended_why = "suspended", now, ""
        row.save()
        _note(row, "presigned_suspended", actor, now)
