"""Certificates of destruction: what, when, by which rule, how many; printed, and checked again at any time."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tocsin.records.blobs import blob_exists
from tocsin.records.ledger import queries as ledger
from tocsin.records.ledger import services as ledger_services
from tocsin.records.ledger.canonical import canonical
from tocsin.records.ledger.queries import Line
from tocsin.records.seal.models import CertificateRow, DataKeyRow
from tocsin.records.seal.vault_kinds import rule_words
from tocsin.terms.errors import UnknownName
from tocsin.terms.moment import from_us

__all__ = ["VERBS", "certificate_faults", "certificate_lines", "certificate_text", "certificates", "issue"]

VERBS = ("case_purged", "vault_destroyed")
_COUNTED: dict[str, Promise] = {
    "answers": gettext_lazy("answers"), "messages": gettext_lazy("messages"),
    "words": gettext_lazy("words of helpers and appeals"), "documents": gettext_lazy("documents"),
    "items": gettext_lazy("items"), "files": gettext_lazy("files"),
}  # fmt: skip


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


def certificate_lines(subject: str) -> list[tuple[str, str]]:
    """The certificate, line by line with its labels, in the present language. Raises UnknownName where nothing of this name was
    destroyed."""
    row, entry = _row(subject), _entry(subject)
    facts = row.facts
    event = facts.get("event")
    counted = [
        (words, len(facts[name]) if name == "files" else facts[name])
        for name, words in _COUNTED.items()
        if name in facts
    ]
    return [
        (_("What"), _("vault of event {event}").format(event=event) if event else facts["what"]),
        (_("Destroyed"), row.at.isoformat()),
        (_("Rule"), rule_words(facts["rule"])),
        *([(_("Clause"), facts["clause"])] if facts.get("clause") else []),
        *([(_("Ended"), from_us(facts["ended_us"]).isoformat())] if facts.get("ended_us") else []),
        (_("Data key"), _("{key} (AES-256-GCM), destroyed; the salt of its commitments, destroyed").format(key=facts["key"])),
        (_("How many"), ", ".join(f"{n} {words}" for words, n in counted)),
        (_("Ledger"), _where(subject, entry)),
        (_("Certificate"), row.digest),
    ]  # fmt: skip


def certificate_text(subject: str) -> str:
    """The certificate for printing: its lines, and the facts themselves, whose SHA-256 is the certificate. Raises
    UnknownName."""
    facts = canonical(_row(subject).facts)
    said = [f"{label}: {value}" for label, value in certificate_lines(subject)]
    how = _(
        "the certificate is the SHA-256 of the line of facts, and the ledger's entry holds it; `{command}` checks all of it"
    )
    return "\n".join([
        _("CERTIFICATE OF DESTRUCTION"), "", *said, f"{_('Facts')}: {facts}",
        f"{_('Check again')}: {how.format(command=f'tocsin seal certificate {subject} --check')}",
    ])  # fmt: skip


def certificate_faults(subject: str) -> list[str]:
    """What no longer holds of a certificate: its facts, its entry in an unbroken chain, the key gone, the files gone, the note
    that a restored backup is held against. Raises UnknownName."""
    row, entry, out = _row(subject), _entry(subject), []
    if hashlib.sha256(canonical(row.facts).encode()).hexdigest() != row.digest:
        out.append(_("its facts are not those that were certified"))
    if entry is None or entry.body.get("certificate") != row.digest:
        out.append(_("no entry of the ledger holds its digest"))
    out += [_("the chain is broken at entry {n}: {kind}").format(n=breach.number, kind=breach.kind)
            for breach in ledger.verify_chain(subject)]  # fmt: skip
    if DataKeyRow.objects.filter(subject=subject).exists():
        out.append(_("there is a data key for it"))
    out += [
        _("file {digest} is still there").format(digest=digest) for digest in row.facts["files"] if blob_exists(digest)
    ]
    if subject not in settings.CONFIGURATION.home.destroyed():
        out.append(_("TOCSIN_HOME/destroyed does not name it: a restored backup would keep it"))
    return out


def _where(subject: str, entry: Line | None) -> str:
    if entry is None:
        return _("no entry")
    said = _("entry {n} of chain {chain}, hash {hash}").format(n=entry.number, chain=subject, hash=entry.hash)
    root = _("covered by root {n}").format(n=entry.sealed_in) if entry.sealed_in else _("covered by the next root")
    return f"{said}, {root}"


def _row(subject: str) -> CertificateRow:
    row = CertificateRow.objects.filter(subject=subject).first()
    if row is None:
        raise UnknownName(
            _("certificate of {subject}").format(subject=subject[:60]),
            _("nothing of this name was destroyed"),
            _("`tocsin seal list` names them"),
        )
    return row


def _entry(subject: str) -> Line | None:
    found = [line for line in ledger.chain(subject) if line.verb in VERBS]
    return found[-1] if found else None
