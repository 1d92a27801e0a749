"""The only writer of documents."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from tocsin.records.cases.services.rows import held, save, tell, thing_of
from tocsin.records.files.models import FileRow
from tocsin.records.files.taking import Given
from tocsin.records.org.actor import Actor
from tocsin.terms.errors import NotAllowed, TooBig

__all__ = ["MOST_FILES", "keep_files"]

MOST_FILES = 40  # of one case, beside its pictures


def keep_files(case_id: str, given: Sequence[Given], *, version: int, actor: Actor, now: datetime) -> int:
    """Keep documents with a case; how many were new. The same document is kept once. Raises TooBig, NotAllowed (also for a case
    under seal), Stale."""
    with transaction.atomic():
        row = held(case_id, version, actor)
        if row.seal_key or row.sealed:
            raise NotAllowed(thing_of(row), _("under seal only pictures are kept, other documents would lie in the open"),
                             _("photograph its pages"))  # fmt: skip
        known = set(FileRow.objects.filter(case=case_id).values_list("digest", flat=True))
        fresh = {one.digest: one for one in given if one.digest not in known}
        if len(known) + len(fresh) > MOST_FILES:
            raise TooBig(_("documents"), _("a case holds at most {n}").format(n=MOST_FILES), _("choose the best"))
        if not fresh:
            return 0
        FileRow.objects.bulk_create(
            [FileRow(case=case_id, digest=one.digest, kind=one.kind.value, name=one.name, size_bytes=one.size_bytes,
                     state=row.state, at=now, by=actor.name) for one in fresh.values()]
        )  # fmt: skip
        save(row)
        tell(row, "documents_kept", actor.name, now, documents=sorted(fresh))
    return len(fresh)
