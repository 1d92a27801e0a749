"""Sealed cases: what is kept, who reads it and for what, keys that are rotated; nothing of it lies in the open."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.conf import settings

from tests.rooms.sealed import (
    CANARIES,
    NAME,
    SENTENCE,
    TELEPHONE,
    TOLD,
    confided,
    finished,
    owner_of,
    sealed_town,
    step,
)
from tests.rooms.test_rectify_pages import picture
from tocsin.records import blobs
from tocsin.records.cases import queries, services
from tocsin.records.cases.models import CaseRow, DocumentRow, LegRow, MessageRow
from tocsin.records.cases.sealing import UNDER_SEAL
from tocsin.records.files import queries as files
from tocsin.records.files.models import FileRow
from tocsin.records.files.services import keep_files
from tocsin.records.files.taking import take
from tocsin.records.ledger import queries as ledger
from tocsin.records.org.scope import EVERYWHERE
from tocsin.records.seal import services as seal
from tocsin.records.seal.models import DataKeyRow
from tocsin.terms.errors import BadValue, Damaged, NotAllowed, Stale, Unavailable
from tocsin.testing.town import EAST, WEST, Town

pytestmark = pytest.mark.django_db


@pytest.fixture
def town() -> Iterator[Town]:
    with sealed_town() as built:
        yield built


def read(town: Town, case: str, post: str = "", purpose: str = "handle") -> queries.CaseFile:
    actor = town.as_(post or owner_of(case))
    services.read_sealed(case, purpose, actor=actor, now=town.now)
    return queries.case_file_for(actor, case, now=town.now)


def test_what_was_told_is_kept_unreadable_and_read_again(town):
    case = confided(town, place="Mill lane 4")
    row = CaseRow.objects.get(id=case.id)
    assert row.values == {"thing": "lamp"}
    assert row.place == ""
    assert not any(word.encode() in bytes(row.sealed) for word in CANARIES)
    closed = queries.case_file(EVERYWHERE, case.id)
    assert closed.line.values == {"thing": "lamp", "what": UNDER_SEAL, "name": UNDER_SEAL, "telephone": UNDER_SEAL}
    opened = read(town, case.id)
    assert opened.line.values == TOLD
    assert opened.line.place == "Mill lane 4"


def test_messages_helpers_reasons_answers_and_appeals_lie_under_seal_too(town):
    case = finished(town)
    services.appeal(case.receipt, SENTENCE, now=town.now)
    kept = [*MessageRow.objects.values_list("words", flat=True), *LegRow.objects.values_list("words", "reply")]
    assert not any(word in str(kept) for word in CANARIES)
    opened = read(town, case.id)
    assert [one.words for one in opened.messages] == [f"call me: {TELEPHONE}", f"Dear {NAME}", "done"]
    assert (opened.legs[0].words, opened.legs[0].reply) == (SENTENCE, f"{NAME} was there")
    assert opened.appeals[0].words == SENTENCE
    assert opened.line.values["cause"] == SENTENCE
    mine = queries.file_of_code(case.receipt)
    assert mine.messages[0].words == f"call me: {TELEPHONE}"


def test_reading_needs_a_purpose_and_each_is_told_to_the_ledger_and_the_requester(town):
    case = confided(town)
    owner = town.as_(owner_of(case.id))
    for purpose in ("", "curiosity"):
        with pytest.raises(BadValue, match="no purpose"):
            services.read_sealed(case.id, purpose, actor=owner, now=town.now)
    assert not queries.case_file_for(owner, case.id, now=town.now).opened
    read(town, case.id)
    entry = ledger.chain(case.id)[-1]
    assert (entry.verb, entry.body["purpose"], entry.actor) == ("sealed_read", "handle", owner.name)
    told = queries.file_of_code(case.receipt).reads
    assert [(one.post, one.purpose, one.at) for one in told] == [(owner.post, "handle", town.now)]
    assert not queries.case_file_for(owner, case.id, now=town.now + timedelta(minutes=15)).opened


def test_who_does_not_work_on_it_does_not_read_it(town):
    case = confided(town)
    for post, purpose in (("duty", "handle"), ("commander", "handle"), ("auditor", "handle"), ("signer", "decide")):
        with pytest.raises(NotAllowed):
            read(town, case.id, post, purpose)
    with pytest.raises(NotAllowed):
        read(town, case.id, "inspector-west")
    with pytest.raises(NotAllowed):
        read(town, case.id, "administrator")


def test_two_people_open_it_to_somebody_else_for_a_day(town):
    case = confided(town)
    auditor, commander = town.as_("auditor"), town.as_("commander")
    with pytest.raises(NotAllowed):
        services.ask_to_read(case.id, "handle", SENTENCE, actor=town.as_("administrator"), now=town.now)
    with pytest.raises(BadValue):
        services.ask_to_read(case.id, "handle", " ", actor=auditor, now=town.now)
    asked = services.ask_to_read(case.id, "handle", SENTENCE, actor=auditor, now=town.now)
    assert not queries.case_file_for(auditor, case.id, now=town.now).opened
    for wrong in (auditor, town.as_("duty")):
        with pytest.raises(NotAllowed):
            services.let_read(case.id, asked, actor=wrong, now=town.now)
    services.let_read(case.id, asked, actor=commander, now=town.now)
    assert queries.case_file_for(auditor, case.id, now=town.now + timedelta(hours=23)).opened
    assert not queries.case_file_for(auditor, case.id, now=town.now + timedelta(hours=24)).opened
    with pytest.raises(Stale):
        services.let_read(case.id, asked, actor=commander, now=town.now)
    late = services.ask_to_read(case.id, "handle", "again", actor=auditor, now=town.now)
    with pytest.raises(Stale):
        services.let_read(case.id, late, actor=commander, now=town.now + timedelta(hours=24))
    assert [line.verb for line in ledger.chain(case.id)][-3:] == [
        "sealed_asked_for",
        "sealed_let_read",
        "sealed_asked_for",
    ]


def test_the_same_telephone_in_two_cases_shares_no_stored_value(town):
    one, other = confided(town), confided(town)
    rows = [CaseRow.objects.get(id=case.id) for case in (one, other)]
    kept = [json.loads(bytes(row.sealed)) for row in rows]
    assert set(kept[0].values()).isdisjoint(kept[1].values())
    assert rows[0].seal_key != rows[1].seal_key
    bodies = [ledger.chain(row.id)[0].body for row in rows]
    assert bodies[0]["answers"] != bodies[1]["answers"]
    # a value that is carried over to the other case, or to another field, is no value there
    rows[1].sealed = json.dumps({**kept[1], "telephone": kept[0]["telephone"]}).encode()
    rows[1].save()
    with pytest.raises(Damaged):
        read(town, other.id)
    rows[0].sealed = json.dumps({**kept[0], "name": kept[0]["telephone"]}).encode()
    rows[0].save()
    with pytest.raises(Damaged):
        read(town, one.id)


def test_a_picture_is_kept_encrypted_once_and_shown_to_who_opened_the_case(town):
    case = confided(town)
    owner = town.as_(owner_of(case.id))
    made = blobs.made_anew([picture().read()])
    version = CaseRow.objects.get(id=case.id).version
    assert services.keep_documents(case.id, [made], version=version, actor=owner, now=town.now) == 1
    assert services.keep_documents(case.id, [made], version=version + 1, actor=owner, now=town.now) == 0
    row = DocumentRow.objects.get(case=case.id)
    assert not blobs.read_blob(row.digest).startswith(b"\xff\xd8")
    with pytest.raises(NotAllowed):
        queries.picture(owner, case.id, 1, small=False, now=town.now)
    read(town, case.id)
    assert queries.picture(owner, case.id, 1, small=False, now=town.now) == (made.whole, True)
    assert queries.picture(owner, case.id, 1, small=True, now=town.now) == (made.small, True)


def test_a_document_and_its_name_are_kept_encrypted_and_given_to_who_opened_the_case(town):
    case = confided(town)
    owner, content = town.as_(owner_of(case.id)), f"{NAME}: {SENTENCE}\n".encode() * 20
    for new in (1, 0):
        version = CaseRow.objects.get(id=case.id).version
        given = take([content], f"{NAME}.txt")
        assert keep_files(case.id, [given], version=version, actor=owner, now=town.now) == new
    row = FileRow.objects.get(case=case.id)
    assert NAME not in row.name
    assert SENTENCE.encode() not in blobs.read_blob(row.digest)
    assert [one.name for one in files.files_for(owner, case.id, now=town.now)] == [UNDER_SEAL]
    with pytest.raises(NotAllowed):
        files.content(owner, case.id, 1, now=town.now)
    read(town, case.id)
    found, opened = files.content(owner, case.id, 1, now=town.now)
    assert (found.shown_name, opened) == (f"{NAME}.txt", content)


def test_merging_and_splitting_take_what_was_written_under_the_right_key(town):
    one, other = confided(town), confided(town)
    owner = owner_of(one.id)
    step(town, other.id, "accept", owner)
    version = CaseRow.objects.get(id=other.id).version
    services.ask_helper(other.id, "roads", SENTENCE, version=version, actor=town.as_(owner), now=town.now)
    version = CaseRow.objects.get(id=other.id).version
    services.merge(other.id, one.id, "the same", version=version, actor=town.as_(owner), now=town.now)
    assert read(town, one.id).legs[0].words == SENTENCE
    services.split(other.id, "not the same", actor=town.as_(owner), now=town.now)
    assert read(town, other.id).legs[0].words == SENTENCE


def test_keys_are_rotated_without_touching_content_and_the_rotation_goes_on_where_it_broke_off(town, monkeypatch):
    cases = [confided(town) for _n in range(3)]
    before = {row.id: bytes(row.sealed) for row in CaseRow.objects.all()}
    old = seal.ring().newest
    monkeypatch.setattr(seal, "_AT_ONCE", 1)
    broken = seal._rewrap
    calls: list[int] = []

    def breaks(keys: object) -> int:
        calls.append(1)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return broken(keys)

    monkeypatch.setattr(seal, "_rewrap", breaks)
    with pytest.raises(KeyboardInterrupt):
        seal.rotate(actor=town.as_("duty"), now=town.now)
    assert set(DataKeyRow.objects.values_list("era", flat=True)) == {old, seal.ring().newest}
    assert read(town, cases[0].id).line.values == TOLD  # meanwhile everything can be read
    monkeypatch.setattr(seal, "_rewrap", broken)
    done = seal.rotate(actor=town.as_("duty"), now=town.now)
    assert (done.rewrapped, done.left, done.era) == (2, 0, seal.ring().newest)
    assert len(seal.ring().eras) >= 2
    assert {row.id: bytes(row.sealed) for row in CaseRow.objects.all()} == before
    with pytest.raises(Stale):
        seal.forget(actor=town.as_("duty"), now=town.now)
    gone = seal.forget(actor=town.as_("duty"), now=town.now + timedelta(hours=1))
    assert old in gone
    assert all(read(town, case.id).line.values == TOLD for case in cases)
    assert [line.verb for line in ledger.chain("seal")][-3:] == [
        "seal_key_added", "seal_keys_rewrapped", "seal_keys_forgotten",
    ]  # fmt: skip


def test_a_machine_with_other_keys_seals_nothing_and_a_lost_key_is_said(town):
    confided(town)
    kept = settings.CONFIGURATION.home.root / "seal_keys"
    text = kept.read_text()
    try:
        kept.write_text("x" * 64 + "\n")
        with pytest.raises(Unavailable, match="seal keys of the deployment"):
            confided(town)
        with pytest.raises(Unavailable, match="seal key"):
            seal.open_key(DataKeyRow.objects.first().id)
    finally:
        kept.write_text(text)
    assert confided(town).number


def test_what_the_ledger_holds_of_a_sealed_case_is_commitments_only(town):
    case = finished(town, jurisdiction=WEST)
    text = json.dumps([line.body for line in ledger.chain(case.id)], ensure_ascii=False)
    assert not any(word in text for word in (*CANARIES, UNDER_SEAL))
    assert EAST not in text
