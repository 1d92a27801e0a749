"""Rows as values."""

from __future__ import annotations

import shapely

from tocsin.loop.observe.bulletins.feed import Feed, PinnedCertificate, Sender, Speaks
from tocsin.loop.observe.bulletins.models import FeedRow
from tocsin.loop.observe.bulletins.placing import Border
from tocsin.records.org.scope import EVERYWHERE
from tocsin.records.places import queries as places

__all__ = ["borders", "delegates_of", "feed_of", "one_at_a_time"]


def feed_of(row: FeedRow) -> Feed:
    """A feed as it was declared."""
    senders = tuple(
        Sender(one["name"], tuple(PinnedCertificate(**pin) for pin in one["pins"]), tuple(one["delegates"]))
        for one in row.senders
    )
    speaks = tuple(Speaks(part["hazard"], tuple(part["events"]), tuple(part["jurisdictions"])) for part in row.speaks)
    return Feed(
        row.id, row.title, row.address, senders, speaks, row.every_s, row.fails_after_s, row.silent_after_s,
        row.holds_for_s, row.kept_mb, row.signature, row.relay, row.gone_ends,
    )  # fmt: skip


def one_at_a_time() -> None:
    """In a transaction, before any message is locked: whoever else settles waits. Two that lock the messages of one line in
    different order would wait for each other."""
    list(FeedRow.objects.select_for_update().order_by("id").values_list("id")[:1])


def delegates_of() -> dict[str, frozenset[str]]:
    """By sender, who may update and cancel its messages, as all feeds in use declare."""
    found: dict[str, frozenset[str]] = {}
    for row in FeedRow.objects.filter(retired_at=None):
        for sender in feed_of(row).senders:
            found[sender.name] = found.get(sender.name, frozenset()) | frozenset(sender.delegates)
    return found


def borders() -> list[Border]:
    """Every registered jurisdiction with its outline as a shape."""
    found = []
    for area in places.jurisdictions(EVERYWHERE):
        rings = [shapely.make_valid(shapely.Polygon(ring)) for ring in area.boundary if len(ring) >= 4]
        found.append(Border(area.path, area.geocode, shapely.union_all(rings) if rings else None))
    return found
