"""The rows of findings as versions before cases kept them: told of once, gone with the case that has their id. No model holds
these tables, so that nothing reads them by chance; what is done to them is written here in SQL."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.db import connection, transaction

from tocsin.loop.rectify.services.rows import RULE
from tocsin.records.ledger import queries as ledger_queries
from tocsin.records.ledger import services as ledger
from tocsin.records.row_remains import no_remains

__all__ = ["CHAIN", "forget_archived", "note_migrated"]

CHAIN = "findings"


def note_migrated(*, now: datetime) -> int:
    """Enter in the ledger, once, how many findings became cases at the upgrade, and which. How many; 0 where there is nothing
    to say, or it was said. A migration writes no ledger: it may be undone."""
    ids = _archived()
    if not ids or ledger_queries.chain(CHAIN):
        return 0
    with transaction.atomic():
        entry = ledger.append(CHAIN, "findings_became_cases", {"n": len(ids), "cases": ids}, actor=RULE.name, now=now)
        if entry.number > 1:  # another process was quicker: appending waits for its turn
            transaction.set_rollback(True)
            return 0
    return len(ids)


def forget_archived(cases: Collection[str]) -> int:
    """What those cases held has been destroyed: so are the rows they were made of. How many."""
    kept = set(cases) & set(_archived()) if cases else set()
    if not kept:
        return 0
    with no_remains(), transaction.atomic(), connection.cursor() as cursor:
        for case in sorted(kept):
            cursor.execute("DELETE FROM rectify_archivedphotorow WHERE finding_id = %s", [case])
            cursor.execute("DELETE FROM rectify_archivedfindingrow WHERE id = %s", [case])
    return len(kept)


def _archived() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT id FROM rectify_archivedfindingrow ORDER BY recorded_at, id")
        return [str(case) for (case,) in cursor.fetchall()]
