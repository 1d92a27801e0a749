"""Certificates of destruction: what, when, by which rule, how many; printed, and checked again at any time."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.conf import settings

from tocsin.records.blobs import blob_exists
from tocsin.records.ledger import queries as ledger
from tocsin.records.ledger import services as ledger_services
from tocsin.records.ledger.canonical import canonical
from tocsin.records.ledger.queries import Line
from tocsin.records.seal.models import CertificateRow, DataKeyRow
from tocsin.terms.errors import UnknownName
from tocsin.terms.moment import from_us

__all__ = ["VERBS", "certificate_faults", "certificate_text", "certificates", "issue"]

VERBS = ("case_purged", "vault_destroyed")
_COUNTED = ("answers", "messages", "words", "documents", "items", "files", "bytes")


def issue(subject: str, verb: str, facts: Mapping[str, Any], *, actor: str, now: datetime) -> str:
    """Certify a destruction, in its transaction; the digest. ``facts`` hold at least what, rule, key, files and the counts. A
    second destruction of the same (out of a restored backup) replaces the row; the ledger keeps both."""
    digest = hashlib.sha256(canonical(facts).encode()).hexdigest()
    told = {name: value for name, value in facts.items() if name not in ("files", "key")}
    ledger_services.append(
        subject, verb, {**told, "files": len(facts["files"]), "certificate": digest}, actor=actor, now=now
    )
    CertificateRow.objects.update_or_create(
        subject=subject, defaults={"digest": digest, "facts": dict(facts), "at": now}
    )
    return digest


def certificates(*, at_most: int = 200) -> list[tuple[str, datetime, dict[str, Any]]]:
    """The newest: subject, moment, facts."""
    rows = CertificateRow.objects.order_by("-at", "subject")[:at_most]
    return [(row.subject, row.at, row.facts) for row in rows]


def certificate_text(subject: str) -> str:
    """The certificate for printing. Raises UnknownName where nothing of this name was destroyed."""
    row, entry = _row(subject), _entry(subject)
    facts = row.facts
    counts = [f"  {name:<12}{facts[name]:>12,}" for name in _COUNTED if name in facts and name != "files"]
    covered = f"root {entry.sealed_in}" if entry and entry.sealed_in else "the next root (within a minute)"
    where = f"entry {entry.number} of chain {subject}, hash {entry.hash}, covered by {covered}" if entry else "MISSING"
    lines = [
        "CERTIFICATE OF DESTRUCTION", "",
        f"What        {facts['what']}",
        f"Destroyed   {row.at.isoformat()}",
        f"Rule        {facts['rule']}",
        *([f"Clause      {facts['clause']}"] if facts.get("clause") else []),
        *([f"Ended       {from_us(facts['ended_us']).isoformat()}"] if facts.get("ended_us") else []),
        f"Data key    {facts['key']} (AES-256-GCM), destroyed; the salt of its commitments, destroyed",
        "How many", *counts, f"  {'files':<12}{len(facts['files']):>12,}", "",
        f"Ledger      {where}",
        f"Certificate {row.digest}",
        f"Check again tocsin seal certificate {subject} --check",
    ]  # fmt: skip
    return "\n".join(lines)


def certificate_faults(subject: str) -> list[str]:
    """What no longer holds of a certificate: its facts, its entry in an unbroken chain, the key gone, the files gone, the note
    that a restored backup is held against. Raises UnknownName."""
    row, entry, out = _row(subject), _entry(subject), []
    if hashlib.sha256(canonical(row.facts).encode()).hexdigest() != row.digest:
        out.append("its facts are not those that were certified")
    if entry is None or entry.body.get("certificate") != row.digest:
        out.append("no entry of the ledger holds its digest")
    out += [f"the chain is broken at entry {breach.number}: {breach.kind}" for breach in ledger.verify_chain(subject)]
    if DataKeyRow.objects.filter(subject=subject).exists():
        out.append("there is a data key for it")
    out += [f"file {digest} is still there" for digest in row.facts["files"] if blob_exists(digest)]
    if subject not in settings.CONFIGURATION.home.destroyed():
        out.append("TOCSIN_HOME/destroyed does not name it: a restored backup would keep it")
    return out


def _row(subject: str) -> CertificateRow:
    row = CertificateRow.objects.filter(subject=subject).first()
    if row is None:
        raise UnknownName(
            f"certificate {subject[:60]}", "nothing of this name was destroyed", "`tocsin seal list` names them"
        )
    return row


def _entry(subject: str) -> Line | None:
    found = [line for line in ledger.chain(subject) if line.verb in VERBS]
    return found[-1] if found else None
