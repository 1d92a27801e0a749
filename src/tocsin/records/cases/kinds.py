"""Kinds of case: those of the packs in use, for opening; and of each case its own, as kept when it began."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache

from django.utils.translation import gettext as _

from tocsin.packkit import Pack
from tocsin.packkit.kept import declared_texts, read_kept
from tocsin.packkit.lifecycle import CaseKind
from tocsin.records.cases.models import DeclarationRow
from tocsin.records.packs import packs_in_use, packs_of_rooms
from tocsin.terms.errors import UnknownName

__all__ = ["declare", "kind_of", "kinds_in_use", "openable"]


def kinds_in_use() -> dict[str, CaseKind]:
    """The kinds that can be opened, by ``pack/code``, in the order of packs; those that a room keeps come last."""
    return {kind.name: kind for pack in (*packs_in_use(), *packs_of_rooms()) for kind in pack.cases.values()}


def openable(name: str) -> tuple[CaseKind, Pack]:
    """A kind in use and its pack. Raises UnknownName."""
    for pack in (*packs_in_use(), *packs_of_rooms()):
        for kind in pack.cases.values():
            if kind.name == name:
                return kind, pack
    raise UnknownName(
        _("case of kind {kind}").format(kind=name), _("no pack in use declares it"), _("choose one of the list")
    )


def declare(pack: Pack, *, now: datetime) -> str:
    """Keep what the pack declares of cases, once a version; its sha."""
    if not DeclarationRow.objects.filter(sha=pack.sha).exists():
        row = DeclarationRow(
            sha=pack.sha, pack=pack.name, version=pack.version, texts=declared_texts(pack.path), kept_at=now
        )
        DeclarationRow.objects.bulk_create([row], ignore_conflicts=True)
    return pack.sha


def kind_of(name: str, sha: str) -> CaseKind:
    """The kind of a case as it was declared when it began."""
    return _kept(sha)[name.partition("/")[2]]


@lru_cache(maxsize=64)
def _kept(sha: str) -> Mapping[str, CaseKind]:
    row = DeclarationRow.objects.get(sha=sha)
    return read_kept(row.pack, row.texts)
