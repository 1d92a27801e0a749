"""Documents of a case: photographs and pictures, written anew before they are kept (``records.blobs``). They come by
themselves or with a move, which then has one version and one entry for both."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from tocsin.records.blobs import Photo
from tocsin.records.cases.models import DocumentRow
from tocsin.records.cases.services.rows import held, save, tell
from tocsin.records.org.actor import Actor
from tocsin.terms.errors import TooBig

__all__ = ["MOST_DOCUMENTS", "keep_documents", "put_pictures", "too_many"]

MOST_DOCUMENTS = 60


def keep_documents(case_id: str, photos: Sequence[Photo], *, version: int, actor: Actor, now: datetime) -> int:
    """Keep pictures with a case; how many were new. The same picture is kept once. Raises TooBig, NotAllowed, Stale."""
    with transaction.atomic():
        row = held(case_id, version, actor)
        known = set(DocumentRow.objects.filter(case=row).values_list("digest", flat=True))
        fresh = {photo.digest: photo for photo in photos if photo.digest not in known}
        if (refused := too_many(len(known) + len(fresh))) is not None:
            raise refused
        if not fresh:
            return 0
        put_pictures([(row.id, row.state)], "", list(fresh.values()), by=actor.name, now=now)
        save(row)
        tell(row, "documents_kept", actor.name, now, documents=sorted(fresh))
    return len(fresh)


def put_pictures(
    cases: Sequence[tuple[str, str]], step: str, photos: Sequence[Photo], *, by: str, now: datetime
) -> list[str]:
    """Keep pictures with cases (id, state), each once a step; their digests. The caller tells of them."""
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
