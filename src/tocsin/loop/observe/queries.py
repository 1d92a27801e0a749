"""Readers of observe."""

from __future__ import annotations

import hmac
import math
import os
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Q, QuerySet

from tocsin.loop.observe.models import CatalogueMark, SourceRow, SourceToken, StreamRow
from tocsin.loop.observe.services import token_digest
from tocsin.records.org.scope import Scope
from tocsin.terms.signal import Subject
from tocsin.terms.stream import Catalogue, Source, Stream

__all__ = [
    "SourceLine", "TokenLine", "are_synthetic", "catalogue_seq", "catalogue_version", "jurisdictions_of", "load_catalogue",
    "place_title", "silent_streams", "source_for_token", "sources", "streams", "tokens",
]  # fmt: skip

_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class SourceLine:
    """A source with how many streams of the scope it has, and how many of them are silent."""

    source: Source
    streams: int
    silent: int


@dataclass(frozen=True, slots=True)
class TokenLine:
    """A token as it may be seen afterwards: not the token."""

    id: int
    source: str
    issued_at: datetime
    issued_by: str
    revoked_at: datetime | None


def load_catalogue() -> Catalogue:
    """The whole catalogue as the engine has it, indices and version included."""
    rows = SourceRow.objects.order_by("position", "id")
    streams = [_stream(row) for row in StreamRow.objects.order_by("index").iterator(chunk_size=5000)]
    return Catalogue([_source(row) for row in rows], streams, catalogue_version())


def catalogue_version() -> int:
    """Version of the catalogue; 0 = nothing registered yet. A cheap question, for caches."""
    return CatalogueMark.objects.values_list("version", flat=True).first() or 0


def catalogue_seq() -> int:
    """The last catalogue record of the log that was applied; -1 = none."""
    seq = CatalogueMark.objects.values_list("seq", flat=True).first()
    return -1 if seq is None else seq


def source_for_token(token: str) -> str | None:
    """The source that may deliver with this token; None for an unknown or revoked one."""
    wanted = token_digest(token)
    # The database finds the row by digest, which tells an attacker nothing of the token; the comparison that decides
    # takes the same time whatever it finds.
    row = SourceToken.objects.filter(digest=wanted).values_list("digest", "source_id", "revoked_at").first()
    kept, source, revoked_at = row or ("0" * 64, None, None)
    return source if hmac.compare_digest(kept, wanted) and revoked_at is None else None


def tokens(source_id: str) -> list[TokenLine]:
    """The tokens of a source, newest first."""
    rows = SourceToken.objects.filter(source_id=source_id).order_by("-id")
    return [TokenLine(row.pk, row.source_id, row.issued_at, row.issued_by, row.revoked_at) for row in rows]


def sources(scope: Scope) -> list[SourceLine]:
    """The sources that have streams in the scope (from the whole: all)."""
    inside = scope.rows("streams__jurisdiction")
    rows = SourceRow.objects.annotate(
        n=Count("streams", filter=inside),
        quiet=Count("streams", filter=inside & Q(streams__silent_since_us__isnull=False)),
    ).order_by("position", "id")
    return [SourceLine(_source(row), row.n, row.quiet) for row in rows if row.n or not scope.jurisdiction]


def streams(scope: Scope, *, source: str | None = None, at_most: int | None = None) -> list[Stream]:
    """The streams of the scope in order of index, of one source or of all."""
    rows = StreamRow.objects.filter(scope.rows())
    if source is not None:
        rows = rows.filter(source_id=source)
    return [_stream(row) for row in rows.order_by("index")[:at_most]]


def place_title(feature: str) -> str:
    """What people call a feature: the ``title`` label of a stream of it, else its own name."""
    labels = StreamRow.objects.filter(feature=feature).order_by("index").values_list("labels", flat=True)
    return next((str(found["title"]) for found in labels[:20] if found.get("title")), feature)


def silent_streams(scope: Scope) -> dict[str, int]:
    """Stream id -> since when (us, UTC) it is silent: "no data", which is neither normal nor refused."""
    rows = StreamRow.objects.filter(scope.rows(), silent_since_us__isnull=False).order_by("silent_since_us", "index")
    return {
        row.id: row.silent_since_us for row in rows.only("id", "silent_since_us") if row.silent_since_us is not None
    }


def jurisdictions_of(subjects: Iterable[Subject]) -> dict[Subject, str]:
    """Where each subject lies: a stream's own jurisdiction; for an area the lowest one that holds all its streams.

    "" where no stream says.
    """
    wanted = set(subjects)
    out = dict.fromkeys(wanted, "")
    keys = [subject.key for subject in wanted if subject.kind == "stream"]
    for start in range(0, len(keys), _AT_ONCE):
        rows = StreamRow.objects.filter(id__in=keys[start : start + _AT_ONCE]).values_list("id", "jurisdiction")
        out.update({Subject("stream", key): jurisdiction for key, jurisdiction in rows})
    for subject in wanted:
        if subject.kind == "jurisdiction":
            out[subject] = subject.key
        elif subject.kind != "stream":
            out[subject] = _common(_members(subject))
    return out


def are_synthetic(subjects: Collection[Subject]) -> bool:
    """Whether every stream that these subjects stand for is of a synthetic source; False where they stand for none."""
    keys = [subject.key for subject in subjects if subject.kind == "stream"]
    of_streams = [
        StreamRow.objects.filter(id__in=keys[start : start + _AT_ONCE]) for start in range(0, len(keys), _AT_ONCE)
    ]
    found = [*of_streams, *(_streams_of(subject) for subject in subjects if subject.kind != "stream")]
    kinds = {kind for rows in found for kind in rows.values_list("source__synthetic", flat=True).distinct()}
    return kinds == {True}


def _members(subject: Subject) -> list[str]:
    return list(_streams_of(subject).values_list("jurisdiction", flat=True).distinct())


def _streams_of(subject: Subject) -> QuerySet[StreamRow]:
    """The streams that an area or a label stands for."""
    own = ("source", "feature", "property", "unit", "cell", "zone", "jurisdiction")
    column = (
        {"source": "source_id"}.get(subject.kind, subject.kind) if subject.kind in own else f"labels__{subject.kind}"
    )
    return StreamRow.objects.filter(**{column: subject.key})


def _common(paths: list[str]) -> str:
    return os.path.commonpath(paths) if paths and all(paths) else ""


def _source(row: SourceRow) -> Source:
    return Source(row.id, row.title, row.owner, row.lateness_s, row.delay_s, row.synthetic, row.licence)


def _stream(row: StreamRow) -> Stream:
    return Stream(
        id=row.id, source=row.source_id, feature=row.feature, property=row.property, unit=row.unit,
        lon=math.nan if row.lon is None else row.lon, lat=math.nan if row.lat is None else row.lat,
        cell=row.cell, jurisdiction=row.jurisdiction, zone=row.zone,
        low=-math.inf if row.low is None else row.low, high=math.inf if row.high is None else row.high,
        cadence_s=row.cadence_s, forecast=row.forecast, stages=row.stages, labels=row.labels,
    )  # fmt: skip
