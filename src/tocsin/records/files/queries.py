"""Reading documents of a case: whoever may read the case."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from tocsin.formats.document import FileKind
from tocsin.records.blobs import read_blob
from tocsin.records.cases import queries as cases
from tocsin.records.cases.models import CaseRow
from tocsin.records.cases.sealing import opened
from tocsin.records.files.models import FileRow
from tocsin.records.files.services import CONTENT, NAME
from tocsin.records.org.actor import Actor
from tocsin.records.org.scope import Scope
from tocsin.records.seal.envelope import DataKey
from tocsin.terms.errors import NotAllowed, UnknownName

__all__ = ["FileLine", "content", "file", "files", "files_for"]


@dataclass(frozen=True, slots=True)
class FileLine:
    """A document of a case; ``place`` counts from 1."""

    place: int
    digest: str
    kind: FileKind
    name: str
    size_bytes: int
    at: datetime

    @property
    def shown_name(self) -> str:
        """The name under which it is given out: its ending is what it is, not what somebody called it."""
        return f"{self.name}.{self.kind.value}"


def files(scope: Scope, case_id: str) -> list[FileLine]:
    """The documents of a case; of a sealed one without names. Raises UnknownName where there is none such in the scope."""
    cases.case_file(scope, case_id)
    return _lines(case_id, None)


def files_for(actor: Actor, case_id: str, *, now: datetime) -> list[FileLine]:
    """The same for an account, with their names where it has opened a sealed case."""
    cases.case_file(actor.scope, case_id)
    return _lines(case_id, cases.opened_key(actor, case_id, now=now))


def file(scope: Scope, case_id: str, place: int) -> FileLine:
    """One by its place. Raises UnknownName."""
    return _one(files(scope, case_id), place)


def content(actor: Actor, case_id: str, place: int, *, now: datetime) -> tuple[FileLine, bytes]:
    """One with its bytes. Raises UnknownName, and NotAllowed where the account has not opened a sealed case."""
    found = _one(files_for(actor, case_id, now=now), place)
    kept = read_blob(found.digest)
    if not CaseRow.objects.exclude(seal_key="").filter(id=case_id).exists():
        return found, kept
    key = cases.opened_key(actor, case_id, now=now)
    if key is None:
        raise NotAllowed(
            _("document"), _("it lies under seal, and you have said no purpose"), _("open the case and choose one")
        )
    return found, key.open_bytes(kept, CONTENT)


def _lines(case_id: str, key: DataKey | None) -> list[FileLine]:
    case = CaseRow.objects.get(id=case_id)
    rows = FileRow.objects.filter(case=case_id).order_by("id")
    return [
        FileLine(place, row.digest, FileKind(row.kind), opened(case, row.name, NAME, key), row.size_bytes, row.at)
        for place, row in enumerate(rows, 1)
    ]


def _one(found: list[FileLine], place: int) -> FileLine:
    if not 1 <= place <= len(found):
        raise UnknownName(_("document"), _("the case has no such document"), _("open it from its case"))
    return found[place - 1]
