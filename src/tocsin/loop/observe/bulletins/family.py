"""Families: the messages that cite each other, at whatever distance, and those with the same content, read and traced."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from tocsin.formats.cap import Line, Reading, read, trace
from tocsin.formats.cap.lineage import Key
from tocsin.loop.observe.bulletins.models import BulletinCitation, BulletinRow

__all__ = ["MOST_MEMBERS", "family_of", "traced"]

MOST_MEMBERS = 400  # of one family: a line of updates every ten minutes for more than two days


def family_of(rows: Sequence[BulletinRow]) -> list[BulletinRow]:
    """These admitted messages and all that they hang together with, in order of arrival. A family of too many members is
    cut: the messages asked for and their nearest are in it."""
    known = {row.id: row for row in rows}
    fresh: list[BulletinRow] = list(rows)
    while fresh and len(known) < MOST_MEMBERS:
        found = _cited_by(fresh) | _citing(fresh) | _alike(fresh)
        fresh = list(
            BulletinRow.objects.select_for_update()
            .filter(id__in=sorted(found - known.keys())[:MOST_MEMBERS], admitted=True)
            .order_by("received_at", "id")
        )
        known |= {row.id: row for row in fresh}
    return sorted(known.values(), key=lambda row: (row.received_at, row.id))


def _cited_by(rows: Sequence[BulletinRow]) -> set[str]:
    names = set(BulletinCitation.objects.filter(bulletin__in=rows).values_list("sender", "identifier"))
    identifiers = {identifier for _, identifier in names}
    found = BulletinRow.objects.filter(identifier__in=identifiers, admitted=True)
    return {row_id for row_id, sender, identifier in found.values_list("id", "sender", "identifier")
            if (sender, identifier) in names}  # fmt: skip


def _citing(rows: Sequence[BulletinRow]) -> set[str]:
    names = {(row.sender, row.identifier) for row in rows}
    found = BulletinCitation.objects.filter(identifier__in={identifier for _, identifier in names})
    return {row_id for row_id, sender, identifier in found.values_list("bulletin_id", "sender", "identifier")
            if (sender, identifier) in names}  # fmt: skip


def _alike(rows: Sequence[BulletinRow]) -> set[str]:
    contents = {row.content for row in rows if row.content}
    return set(BulletinRow.objects.filter(content__in=contents, admitted=True).values_list("id", flat=True))


def traced(rows: Iterable[BulletinRow], delegates: Mapping[str, frozenset[str]]) -> dict[str, tuple[Line, Reading]]:
    """Where each of these messages stands among the others, by row id. Each status by itself: an exercise ends no warning
    (R57)."""
    told = list(rows)
    lines: dict[str, tuple[Line, Reading]] = {}
    for status in dict.fromkeys(row.status for row in told):
        came: list[Reading] = []
        by_key: dict[Key, tuple[str, Reading]] = {}
        for row in (row for row in told if row.status == status):
            reading = read(bytes(row.document))
            if reading.alert is not None:
                came.append(reading)
                by_key[(reading.alert.sender, reading.alert.identifier, reading.alert.sent)] = (row.id, reading)
        for key, line in trace(came, delegates).items():
            row_id, reading = by_key[key]
            lines[row_id] = (line, reading)
    return lines
