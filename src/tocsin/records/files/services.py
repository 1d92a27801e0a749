"""The only writer of documents."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from tocsin.records.blobs import keep_blob
from tocsin.records.cases.commitment import commitment, salt_of
from tocsin.records.cases.models import CaseRow
from tocsin.records.cases.sealing import words_kept
from tocsin.records.cases.services.rows import held, save, tell
from tocsin.records.files.models import FileRow
from tocsin.records.files.taking import Given
from tocsin.records.org.actor import Actor
from tocsin.records.seal import services as seal
from tocsin.terms.errors import TooBig

__all__ = ["CONTENT", "MOST_FILES", "NAME", "keep_files"]

CONTENT, NAME = "file", "filename"  # what the seal binds them to

MOST_FILES = 40  # of one case, beside its pictures


def keep_files(case_id: str, given: Sequence[Given], *, version: int, actor: Actor, now: datetime) -> int:
    """Keep documents with a case, of a sealed one encrypted; how many were new. The same document is kept once. Raises TooBig,
    NotAllowed, Stale."""
    with transaction.atomic():
        row = held(case_id, version, actor)
        known = set(FileRow.objects.filter(case=case_id).values_list("mark" if row.seal_key else "digest", flat=True))
        fresh = {mark: one for one in given if (mark := _mark(row, one)) not in known}
        if len(known) + len(fresh) > MOST_FILES:
            raise TooBig(_("documents"), _("a case holds at most {n}").format(n=MOST_FILES), _("choose the best"))
        if not fresh:
            return 0
        FileRow.objects.bulk_create([_row(row, mark, one, actor, now) for mark, one in fresh.items()])
        save(row)
        tell(row, "documents_kept", actor.name, now, documents=sorted(fresh))
    return len(fresh)


def _mark(row: CaseRow, one: Given) -> str:
    return commitment(one.digest, salt_of(row)) if row.seal_key else one.digest


def _row(row: CaseRow, mark: str, one: Given, actor: Actor, now: datetime) -> FileRow:
    kept = seal.open_key(row.seal_key).close_bytes(one.content, CONTENT) if row.seal_key else one.content
    return FileRow(
        case=row.id, digest=keep_blob(kept), kind=one.kind.value, name=words_kept(row, one.name, NAME), state=row.state,
        mark=mark if row.seal_key else "", size_bytes=len(one.content), at=now, by=actor.name,
    )  # fmt: skip
