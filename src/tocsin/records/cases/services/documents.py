"""Documents of a case: photographs and pictures, written anew before they are kept (``records.blobs``)."""

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

__all__ = ["MOST_DOCUMENTS", "keep_documents"]

MOST_DOCUMENTS = 60


def keep_documents(case_id: str, photos: Sequence[Photo], *, version: int, actor: Actor, now: datetime) -> int:
    """Keep pictures with a case; how many were new. The same picture is kept once. Raises TooBig, NotAllowed, Stale."""
    with transaction.atomic():
        row = held(case_id, version, actor)
        known = set(DocumentRow.objects.filter(case=row).values_list("digest", flat=True))
        fresh = {photo.digest: photo for photo in photos if photo.digest not in known}
        if len(known) + len(fresh) > MOST_DOCUMENTS:
            raise TooBig(_("documents"), _("a case holds at most {n}").format(n=MOST_DOCUMENTS), _("choose the best"))
        if not fresh:
            return 0
        DocumentRow.objects.bulk_create(
            [DocumentRow(case=row, digest=p.digest, thumbnail=p.thumbnail, state=row.state, at=now, by=actor.name)
             for p in fresh.values()]
        )  # fmt: skip
        save(row)
        tell(row, "documents_kept", actor.name, now, documents=sorted(fresh))
    return len(fresh)
