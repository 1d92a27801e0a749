"""The only writer of observe's tables."""

from __future__ import annotations

import hashlib
import math
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from django.db import transaction

from tocsin.loop.observe import lifecycle
from tocsin.loop.observe.facts import CatalogueChanged, StreamFellSilent, StreamWasHeard
from tocsin.loop.observe.models import CatalogueMark, SourceRow, SourceToken, StreamRow
from tocsin.records.ledger import services as ledger
from tocsin.records.ledger.canonical import digest
from tocsin.records.outbox import services as outbox
from tocsin.terms.errors import UnknownName
from tocsin.terms.stream import Source, Stream

__all__ = ["accept_loss", "apply_catalogue", "issue_token", "mark_heard", "mark_silent", "revoke_token", "token_digest"]

_SOURCE_FIELDS = ["title", "owner", "lateness_s", "delay_s", "synthetic", "licence"]
_STREAM_FIELDS = ["source", "feature", "property", "unit", "lon", "lat", "cell", "jurisdiction", "zone", "low", "high",
                  "cadence_s", "forecast", "stages", "labels"]  # fmt: skip
_AT_ONCE = 500  # names in one IN (...)


def apply_catalogue(
    *, sources: Sequence[Source], streams: Sequence[Stream], seq: int, actor: str, now: datetime
) -> int:
    """Bring the rows to what the log's catalogue record ``seq`` says; the catalogue's version afterwards.

    Same ids are replaced and keep their index, new ids get the next indices in the given order: exactly what
    ``Catalogue.with_changes`` does in the engine. A record that was applied before changes nothing.
    Raises UnknownName for a stream whose source is neither registered nor in ``sources``.
    """
    with transaction.atomic():
        mark = _mark()
        if seq <= mark.seq:
            return mark.version
        _require_sources(sources, streams)
        _put_sources(sources)
        _put_streams(streams)
        mark.version, mark.seq = mark.version + 1, seq
        mark.save()
        content = digest({"sources": [asdict(s) for s in sources], "streams": [_plain(s) for s in streams]})
        body = {
            "seq": seq,
            "version": mark.version,
            "sources": len(sources),
            "streams": len(streams),
            "content": content,
        }
        ledger.append("catalogue", "catalogue_changed", body, actor=actor, now=now)
        outbox.put([CatalogueChanged(mark.version, seq)], now=now)
        return mark.version


def accept_loss(
    *, seq: int, until: int, segment: str, offset: int, what: str, stands_in: str, actor: str, now: datetime
) -> None:
    """Records ``seq`` to ``until`` (exclusive) of the log are damaged, and somebody goes on without them: on the ledger,
    before the log's readers pass them by. ``stands_in``: SHA-256 of a catalogue body that takes their place, or empty."""
    body = {"seq": seq, "until": until, "segment": segment, "offset": offset, "what": what, "stands_in": stands_in}
    ledger.append("log", "log_loss_accepted", body, actor=actor, now=now)


def issue_token(source_id: str, *, actor: str, now: datetime) -> str:
    """A new token for a source: 256 random bits, shown this once. Raises UnknownName for an unknown source."""
    token = "tcs_" + secrets.token_urlsafe(32)
    with transaction.atomic():
        if not SourceRow.objects.filter(id=source_id).exists():
            raise UnknownName(f"source {source_id}", "not in the catalogue", "register the source first")
        row = SourceToken.objects.create(
            source_id=source_id, digest=token_digest(token), issued_at=now, issued_by=actor
        )
        ledger.append(f"source:{source_id}", "token_issued", {"token": row.pk}, actor=actor, now=now)
    return token


def revoke_token(token_id: int, *, actor: str, now: datetime) -> None:
    """Take a token back, at once and for good; repeating it changes nothing. Raises UnknownName for an unknown one."""
    with transaction.atomic():
        row = SourceToken.objects.select_for_update().filter(pk=token_id).first()
        if row is None:
            raise UnknownName(f"token {token_id}", "no such token", "list the tokens of the source")
        state = lifecycle.TokenState.REVOKED if row.revoked_at else lifecycle.TokenState.IN_FORCE
        if not lifecycle.allowed(state, lifecycle.TokenState.REVOKED):
            return
        row.revoked_at, row.revoked_by = now, actor
        row.save(update_fields=["revoked_at", "revoked_by"])
        ledger.append(f"source:{row.source_id}", "token_revoked", {"token": row.pk}, actor=actor, now=now)


def mark_silent(since_us: Mapping[str, int], *, actor: str, now: datetime) -> None:
    """Streams (by id) that the engine found silent, and since when. Those already marked keep their first moment."""
    with transaction.atomic():
        rows = [row for row in _streams(since_us) if row.silent_since_us is None]
        if not rows:
            return
        for row in rows:
            row.silent_since_us = since_us[row.id]
        StreamRow.objects.bulk_update(rows, ["silent_since_us"])
        silent = {row.id: since_us[row.id] for row in rows}
        ledger.append("silence", "streams_fell_silent", {"since_us": silent}, actor=actor, now=now)
        outbox.put([StreamFellSilent(stream, since) for stream, since in silent.items()], now=now)


def mark_heard(at_us: Mapping[str, int], *, actor: str, now: datetime) -> None:
    """Streams (by id) that report again. One that fell silent anew after ``at_us`` stays silent."""
    with transaction.atomic():
        rows = [r for r in _streams(at_us) if r.silent_since_us is not None and r.silent_since_us <= at_us[r.id]]
        if not rows:
            return
        for row in rows:
            row.silent_since_us = None
        StreamRow.objects.bulk_update(rows, ["silent_since_us"])
        heard = {row.id: at_us[row.id] for row in rows}
        ledger.append("silence", "streams_were_heard", {"at_us": heard}, actor=actor, now=now)
        outbox.put([StreamWasHeard(stream, at) for stream, at in heard.items()], now=now)


def token_digest(token: str) -> str:
    """What is kept of a token: SHA-256, 64 hex digits."""
    return hashlib.sha256(token.encode()).hexdigest()


def _mark() -> CatalogueMark:
    CatalogueMark.objects.bulk_create([CatalogueMark()], ignore_conflicts=True)
    return CatalogueMark.objects.select_for_update().get(id=1)


def _require_sources(sources: Sequence[Source], streams: Sequence[Stream]) -> None:
    wanted = {stream.source for stream in streams} - {source.id for source in sources}
    known = set(SourceRow.objects.filter(id__in=wanted).values_list("id", flat=True))
    for stream in streams:
        if stream.source in wanted - known:
            raise UnknownName(f"stream {stream.id}", f"source {stream.source!r} is not registered",
                              "register the source first or with it")  # fmt: skip


def _put_sources(sources: Sequence[Source]) -> None:
    position = SourceRow.objects.count()
    rows = [SourceRow(position=position + n, **asdict(s)) for n, s in enumerate({s.id: s for s in sources}.values())]
    SourceRow.objects.bulk_create(rows, update_conflicts=True, unique_fields=["id"], update_fields=_SOURCE_FIELDS)


def _put_streams(streams: Sequence[Stream]) -> None:
    last = {stream.id: stream for stream in streams}  # one id twice in a record: the later wins, the first place counts
    index = {row.id: row.index for row in _streams(last, only=("id", "index"))}
    new = [stream_id for stream_id in last if stream_id not in index]
    start = StreamRow.objects.count()  # indices have no gaps, streams are never deleted
    index.update({stream_id: start + n for n, stream_id in enumerate(new)})
    rows = [StreamRow(index=index[stream.id], **_plain(stream)) for stream in last.values()]
    StreamRow.objects.bulk_create(rows, update_conflicts=True, unique_fields=["index"], update_fields=_STREAM_FIELDS)


def _streams(ids: Iterable[str], only: tuple[str, ...] = ("id", "index", "silent_since_us")) -> list[StreamRow]:
    names = list(ids)
    return [
        row
        for start in range(0, len(names), _AT_ONCE)
        for row in StreamRow.objects.select_for_update().filter(id__in=names[start : start + _AT_ONCE]).only(*only)
    ]


def _plain(stream: Stream) -> dict[str, Any]:
    """A stream as column values: NaN and infinities, which mean "none", as None."""
    values = {
        name: getattr(stream, name) for name in ("id", *_STREAM_FIELDS) if name not in ("source", "stages", "labels")
    }
    for name in ("lon", "lat", "low", "high"):
        values[name] = values[name] if math.isfinite(values[name]) else None
    return values | {"source_id": stream.source, "stages": dict(stream.stages), "labels": dict(stream.labels)}
