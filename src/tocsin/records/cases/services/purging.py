"""The end of what a sealed case held: when its pack says, data key, salt, ciphertexts and files are destroyed, and a
certificate is left. Number, kind, state, area and moments stay, and the choices that are counted."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction

from tocsin.packkit.lifecycle import CaseKind
from tocsin.records.blobs import drop_blob
from tocsin.records.cases.facts import CaseChanged
from tocsin.records.cases.models import (
    AppealRow,
    CaseRow,
    ClockRow,
    DocumentRow,
    HandRow,
    LegRow,
    MergeRow,
    MessageRow,
    ReadingRow,
)
from tocsin.records.cases.sealing import answered
from tocsin.records.cases.services.rows import kind_of_row
from tocsin.records.files.models import FileRow
from tocsin.records.org.actor import Actor, service
from tocsin.records.outbox import services as outbox
from tocsin.records.row_remains import forget_in_copies, no_remains
from tocsin.records.seal import services as seal
from tocsin.records.seal.certificate import issue
from tocsin.terms.moment import to_us

__all__ = ["RULE", "due_cases", "purge_again", "purge_due", "purge_sweep"]

RULE = service("rule:retention")
_AT_ONCE, _IN_A_QUERY = 100, 500
_DAY_US = 86_400_000_000


def due_cases(*, now: datetime) -> list[str]:
    """Sealed cases that have been over for as long as their packs keep them, no appeal being open; the oldest first."""
    found = []
    kept = CaseRow.objects.exclude(seal_key="").filter(survivor="")
    for kind_name, sha in sorted(set(kept.exclude(over_at=None).values_list("kind", "declaration_id").distinct())):
        row = CaseRow(kind=kind_name, declaration_id=sha)
        spec = kind_of_row(row).seal
        keep = timedelta(microseconds=spec.keep_us if spec else 0)
        over = kept.filter(kind=kind_name, declaration_id=sha, over_at__lte=now - keep)
        found += list(over.exclude(appeals__decided_at=None, appeals__id__isnull=False).values_list("over_at", "id"))
    return [case for _over, case in sorted(found)]


def purge_due(*, now: datetime, actor: Actor = RULE, at_most: int = _AT_ONCE) -> list[str]:
    """Destroy what is due, each case in a transaction of its own, with those merged into it; the ids. Idempotent."""
    due = due_cases(now=now)[:at_most]
    return _all(due, actor, now) if due else []


def purge_sweep(*, now: datetime) -> int:
    """The same by the clock; how many."""
    return len(purge_due(now=now))


def purge_again(*, now: datetime) -> list[str]:
    """Destroy what had been destroyed before and has come back out of a backup; the ids. Called before anything is served."""
    noted = list(settings.CONFIGURATION.home.destroyed())
    back = [
        case for n in range(0, len(noted), _IN_A_QUERY)
        for case in CaseRow.objects.filter(id__in=noted[n : n + _IN_A_QUERY]).exclude(seal_key="").values_list("id", flat=True)
    ]  # fmt: skip
    return _all(back, RULE, now) if back else []


def _all(cases: Iterable[str], actor: Actor, now: datetime) -> list[str]:
    with no_remains():
        done = [one for case in cases for one in _purge(case, actor, now)]
    forget_in_copies(settings.CONFIGURATION.home.backups, done)
    return done


def _purge(case_id: str, actor: Actor, now: datetime) -> list[str]:
    with transaction.atomic():
        rows = CaseRow.objects.select_for_update().exclude(seal_key="").filter(id=case_id)
        together = [
            *rows,
            *CaseRow.objects.select_for_update().exclude(seal_key="").filter(survivor=case_id).order_by("id"),
        ]
        files: list[str] = []
        for row in together:
            files += _destroy(row, kind_of_row(row), actor, now)
        transaction.on_commit(lambda: _drop(files))
    return [row.id for row in together]


def _destroy(row: CaseRow, kind: CaseKind, actor: Actor, now: datetime) -> list[str]:
    """One case, in the transaction; the files to be dropped after it."""
    files = [name for pair in DocumentRow.objects.filter(case=row).values_list("digest", "thumbnail") for name in pair]
    files += FileRow.objects.filter(case=row.id).values_list("digest", flat=True)
    facts = _facts(row, kind, files)
    settings.CONFIGURATION.home.note_destroyed(
        row.id, to_us(now)
    )  # before the commit: what is gone is never without its note
    seal.destroy_key(row.seal_key)
    counts = kind.seal.counts if kind.seal else ()
    row.values = {name: value for name, value in row.values.items() if name in counts}
    row.sealed, row.seal_key, row.salt, row.place, row.makers, row.purged_at = None, "", "", "", {}, now
    row.version += 1
    row.save()
    _empty(row)
    issue(row.id, "case_purged", facts, actor=actor.name, now=now)
    outbox.put([CaseChanged(row.id, row.kind, row.jurisdiction, to_us(now), "case_purged")], now=now)
    return files


def _facts(row: CaseRow, kind: CaseKind, files: list[str]) -> dict[str, Any]:
    spec = kind.seal
    days = (spec.keep_us if spec else 0) / _DAY_US
    return {
        "what": f"sealed content of case {row.number} ({row.kind})", "number": row.number, "kind": row.kind,
        "rule": f"{row.kind}: kept {days:g} days after the end (pack {row.declaration_id[:12]})",
        "clause": spec.clause if spec else "", "ended_us": to_us(row.over_at) if row.over_at else 0, "key": row.seal_key,
        "files": files, "answers": len(answered({}, row.sealed)), "messages": MessageRow.objects.filter(case=row).count(),
        "words": sum(model.objects.filter(case=row).count() for model in (LegRow, AppealRow, HandRow)),
        "documents": DocumentRow.objects.filter(case=row).count() + FileRow.objects.filter(case=row.id).count(),
    }  # fmt: skip


def _empty(row: CaseRow) -> None:
    """What was written of it: messages and documents go, of the rest only the words."""
    MessageRow.objects.filter(case=row).delete()
    DocumentRow.objects.filter(case=row).delete()
    FileRow.objects.filter(case=row.id).delete()
    LegRow.objects.filter(case=row).update(words="", reply="", waived_why="")
    HandRow.objects.filter(case=row).update(why="")
    MergeRow.objects.filter(merged=row).update(why="")
    AppealRow.objects.filter(case=row).update(words="", reason="")
    ReadingRow.objects.filter(case=row).update(why="")
    for clock in ClockRow.objects.filter(case=row).exclude(pauses=[], extensions=[]):
        clock.pauses = [[*one[:3], ""] for one in clock.pauses]
        clock.extensions = [[one[0], "", *one[2:]] for one in clock.extensions]
        clock.save(update_fields=["pauses", "extensions"])


def _drop(files: Iterable[str], drop: Callable[[str], int] = drop_blob) -> None:
    for digest in files:
        drop(digest)
