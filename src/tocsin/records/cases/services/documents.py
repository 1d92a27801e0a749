"""Documents of a case: photographs and pictures, written anew before they are kept (``records.blobs``); those of a sealed case
lie there encrypted, and nothing of them is kept in the open. They come by themselves or with a move, which then has one version
and one entry for both."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from tocsin.records.blobs import Photo, Picture, keep_blob
from tocsin.records.cases.commitment import commitment, salt_of
from tocsin.records.cases.models import CaseRow, DocumentRow
from tocsin.records.cases.services.rows import held, save, tell
from tocsin.records.org.actor import Actor
from tocsin.records.seal import services as seal
from tocsin.terms.errors import TooBig

__all__ = ["MOST_DOCUMENTS", "keep_documents", "put_pictures", "too_many"]

MOST_DOCUMENTS = 60


def keep_documents(
    case_id: str, pictures: Sequence[Photo | Picture], *, version: int, actor: Actor, now: datetime
) -> int:
    """Keep pictures with a case; how many were new. The same picture is kept once. A sealed case takes only what was
    not kept in the open before (Picture). Raises TooBig, NotAllowed, Stale."""
    with transaction.atomic():
        row = held(case_id, version, actor)
        known = set(DocumentRow.objects.filter(case=row).values_list("mark" if row.seal_key else "digest", flat=True))
        fresh = {mark: one for one in pictures if (mark := _mark(row, one)) not in known}
        if (refused := too_many(len(known) + len(fresh))) is not None:
            raise refused
        if not fresh:
            return 0
        DocumentRow.objects.bulk_create([_row(row, mark, one, actor, now) for mark, one in fresh.items()])
        save(row)
        tell(row, "documents_kept", actor.name, now, documents=sorted(fresh))
    return len(fresh)


def _mark(row: CaseRow, picture: Photo | Picture) -> str:
    if isinstance(picture, Photo):
        if row.seal_key:
            raise ValueError("a sealed case takes no picture that lies in the open already")
        return picture.digest
    digest = hashlib.sha256(picture.whole).hexdigest()
    return commitment(digest, salt_of(row)) if row.seal_key else digest


def _row(row: CaseRow, mark: str, picture: Photo | Picture, actor: Actor, now: datetime) -> DocumentRow:
    if isinstance(picture, Photo):
        return DocumentRow(
            case=row, digest=picture.digest, thumbnail=picture.thumbnail, state=row.state, at=now, by=actor.name
        )
    whole, small = picture.whole, picture.small
    if row.seal_key:
        key = seal.open_key(row.seal_key)
        whole, small = key.close_bytes(whole, "document"), key.close_bytes(small, "thumbnail")
    return DocumentRow(case=row, digest=keep_blob(whole), thumbnail=keep_blob(small), mark=mark if row.seal_key else "",
                       state=row.state, at=now, by=actor.name)  # fmt: skip


def put_pictures(
    cases: Sequence[tuple[str, str]], step: str, photos: Sequence[Photo], *, by: str, now: datetime
) -> list[str]:
    """Keep pictures with open cases (id, state), each once a step; their digests. The caller tells of them."""
    unique = {photo.digest: photo for photo in photos}
    DocumentRow.objects.bulk_create(
        [DocumentRow(case_id=case, digest=p.digest, thumbnail=p.thumbnail, state=state, step=step, at=now, by=by)
         for case, state in cases for p in unique.values()], ignore_conflicts=True,
    )  # fmt: skip
    return list(unique)


def too_many(count: int) -> TooBig | None:
    """The refusal of more pictures than a case holds."""
    if count <= MOST_DOCUMENTS:
        return None
    return TooBig(_("documents"), _("a case holds at most {n}").format(n=MOST_DOCUMENTS), _("choose the best"))
