"""What was written in the ledger stays; whatever else happens to it is found."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db.models import F

from tests.rooms.town import NOW
from tocsin.records.ledger import queries, services
from tocsin.records.ledger.canonical import canonical
from tocsin.records.ledger.merkle import merkle_root
from tocsin.records.ledger.models import LedgerChain, LedgerEntry, LedgerRoot

pytestmark = pytest.mark.django_db


def write(subject: str = "event:1", count: int = 4) -> None:
    for number in range(count):
        services.append(subject, "changed", {"level": number, "why": "雨"}, actor="engine", now=NOW)


def kinds(*published: services.Root) -> set[str]:
    return {breach.kind for breach in queries.verify(published)}


def entry(number: int, subject: str = "event:1") -> LedgerEntry:
    return LedgerEntry.objects.get(subject=subject, number=number)


def test_an_untouched_ledger_has_no_breach() -> None:
    write("event:1")
    services.seal(now=NOW)
    write("event:2", 3)
    write("event:1", 2)
    root = services.seal(now=NOW + timedelta(seconds=1))
    write("event:2", 1)
    assert root is not None
    assert root.number == 2
    assert queries.newest_root() == root
    assert queries.verify([root]) == []
    assert [line.number for line in queries.chain("event:1")] == [1, 2, 3, 4, 5, 6]
    assert queries.chain("event:1")[1].body == {"level": 1, "why": "雨"}


def edit() -> None:
    LedgerEntry.objects.filter(number=2).update(actor="somebody else")


def edit_and_hash_again() -> None:
    row = entry(2)
    row.body = canonical({"level": 9})
    row.hash = services.entry_hash(row.subject, row.number, row.at, row.actor, row.verb, row.body, row.previous)
    row.save()


def remove_inside() -> None:
    entry(2).delete()


def remove_the_end() -> None:
    entry(4).delete()


def remove_the_chain() -> None:
    LedgerEntry.objects.all().delete()


def insert_at_the_end() -> None:
    last = entry(4)
    body = canonical({"level": 7})
    hashed = services.entry_hash("event:1", 5, NOW, "engine", "changed", body, last.hash)
    LedgerEntry.objects.create(subject="event:1", number=5, at=NOW, actor="engine", verb="changed", body=body,
                               previous=last.hash, hash=hashed)  # fmt: skip


def swap() -> None:
    two, three = entry(2), entry(3)
    LedgerEntry.objects.filter(pk=two.pk).update(number=99)
    LedgerEntry.objects.filter(pk=three.pk).update(number=2)
    LedgerEntry.objects.filter(pk=two.pk).update(number=3)


@pytest.mark.parametrize("sealed", [False, True])
@pytest.mark.parametrize(
    ("harm", "kind"),
    [
        (edit, "edited"),
        (edit_and_hash_again, "reordered"),
        (remove_inside, "removed"),
        (remove_the_end, "removed"),
        (remove_the_chain, "removed"),
        (insert_at_the_end, "inserted"),
        (swap, "edited"),
    ],
)
def test_harm_is_found(harm: Callable[[], None], kind: str, sealed: bool) -> None:
    write()
    if sealed:
        services.seal(now=NOW)
    harm()
    assert kind in kinds()


def test_somebody_who_may_write_all_tables_is_betrayed_by_a_published_root() -> None:
    write()
    published = services.seal(now=NOW)
    assert published is not None
    LedgerEntry.objects.all().delete()
    LedgerChain.objects.all().delete()
    LedgerRoot.objects.all().delete()
    write(count=3)
    services.seal(now=NOW)
    assert queries.verify() == []  # without the published root nothing can be seen
    assert kinds(published) == {"edited"}
    LedgerEntry.objects.update(sealed_in=None)
    LedgerRoot.objects.all().delete()
    assert kinds(published) == {"removed"}


def test_an_edited_removed_or_reordered_root_is_found() -> None:
    for _ in range(3):
        write(count=1)
        services.seal(now=NOW)
    LedgerRoot.objects.filter(number=2).update(entries=F("entries") + 1)
    assert {"edited", "removed"} <= kinds()
    LedgerRoot.objects.filter(number=2).update(entries=F("entries") - 1)
    assert kinds() == set()
    LedgerRoot.objects.filter(number=2).update(previous=services.FIRST)
    assert {"edited", "reordered"} <= kinds()


def test_nothing_new_is_not_sealed() -> None:
    assert services.seal(now=NOW) is None
    write(count=1)
    services.seal(now=NOW)
    assert services.seal(now=NOW) is None


@pytest.mark.parametrize("body", [{"x": float("nan")}, {"x": float("inf")}])
def test_what_is_no_json_is_refused(body: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="JSON"):
        services.append("s", "v", body, actor="a", now=NOW)


@pytest.mark.parametrize("missing", ["subject", "verb", "actor"])
def test_an_entry_names_its_subject_verb_and_actor(missing: str) -> None:
    words = {"subject": "s", "verb": "v", "actor": "a"} | {missing: ""}
    with pytest.raises(ValueError, match="needs"):
        services.append(words["subject"], words["verb"], {}, actor=words["actor"], now=NOW)


def test_the_canonical_form_does_not_depend_on_the_order_of_keys() -> None:
    assert canonical({"b": 1, "a": {"d": "雨", "c": None}}) == '{"a":{"c":null,"d":"雨"},"b":1}'


def _rfc_6962(leaves: list[bytes]) -> bytes:
    """Section 2.1 as it is written: split at the largest power of two below the number of leaves."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return hashlib.sha256(b"\x00" + leaves[0]).digest()
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return hashlib.sha256(b"\x01" + _rfc_6962(leaves[:k]) + _rfc_6962(leaves[k:])).digest()


def test_the_merkle_root_is_that_of_the_rfc() -> None:
    for count in range(34):
        leaves = [str(number).encode() for number in range(count)]
        assert merkle_root(leaves) == _rfc_6962(leaves).hex()
