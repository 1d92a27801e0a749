"""What anybody who may read an event may know of its vault: how many items of which kind, who has read them and for what, when
it was destroyed. Nothing of what it holds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Max

from tocsin.records.ledger import queries as ledger
from tocsin.records.org.roles import Act
from tocsin.records.org.scope import Scope
from tocsin.records.seal.models import CertificateRow, VaultItemRow, VaultRow
from tocsin.records.seal.vault import subject_of
from tocsin.records.seal.vault_kinds import KINDS

__all__ = ["Holding", "ReadLine", "VaultLine", "vault_of"]


@dataclass(frozen=True, slots=True)
class Holding:
    """How many items of a kind there are, and when the newest came."""

    kind: str
    n: int
    newest_at: datetime | None


@dataclass(frozen=True, slots=True)
class ReadLine:
    """Who has read how many items of which kind, for which purpose; ``by`` as the ledger names an actor."""

    by: str
    purpose: str
    kind: str
    n: int
    at: datetime


@dataclass(frozen=True, slots=True)
class VaultLine:
    """The vault of an event. ``jurisdiction`` "" and no moments where it has none. ``destroyed_at``: its certificate's."""

    event: str
    exists: bool
    jurisdiction: str
    holdings: tuple[Holding, ...]
    made_at: datetime | None
    ended_at: datetime | None
    kept_until: datetime | None
    destroyed_at: datetime | None
    reads: tuple[ReadLine, ...]

    @property
    def n(self) -> int:
        """How many items it holds."""
        return sum(one.n for one in self.holdings)


def vault_of(scope: Scope, event: str) -> VaultLine:
    """The vault of an event that the caller has read with this scope. Raises NotAllowed where the role reads no events."""
    scope.require(Act.READ_EVENTS)
    row = VaultRow.objects.filter(event=event).first()
    found = {} if row is None else {
        name: (n, newest) for name, n, newest in
        VaultItemRow.objects.filter(vault=row).values_list("name").annotate(n=Count("id"), newest=Max("at")).order_by("name")
    }  # fmt: skip
    gone = CertificateRow.objects.filter(subject=subject_of(event)).first()
    reads = [
        ReadLine(line.actor, line.body["purpose"], line.body.get("kind", ""), line.body["items"], line.at)
        for line in reversed(ledger.chain(subject_of(event))) if line.verb == "vault_read"
    ]  # fmt: skip
    return VaultLine(
        event, row is not None, row.jurisdiction if row else "",
        tuple(Holding(kind, *found.get(kind, (0, None))) for kind in KINDS), row.made_at if row else None,
        row.ended_at if row else None, row.kept_until if row else None, gone.at if gone else None, tuple(reads),
    )  # fmt: skip
