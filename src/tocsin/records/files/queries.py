"""Reading documents of a case: whoever may read the case."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from tocsin.formats.document import FileKind
from tocsin.records.cases import queries as cases
from tocsin.records.files.models import FileRow
from tocsin.records.org.scope import Scope
from tocsin.terms.errors import UnknownName

__all__ = ["FileLine", "file", "files"]


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
    """The documents of a case. Raises UnknownName where there is none such in the scope."""
    cases.case_file(scope, case_id)
    rows = FileRow.objects.filter(case=case_id).order_by("id")
    return [
        FileLine(place, row.digest, FileKind(row.kind), row.name, row.size_bytes, row.at)
        for place, row in enumerate(rows, 1)
    ]


def file(scope: Scope, case_id: str, place: int) -> FileLine:
    """One by its place. Raises UnknownName."""
    found = files(scope, case_id)
    if not 1 <= place <= len(found):
        raise UnknownName(_("document"), _("the case has no such document"), _("open it from its case"))
    return found[place - 1]
