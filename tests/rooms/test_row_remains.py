"""What PostgreSQL keeps in its files of sealed content that was destroyed: the bytes of the tables are read."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.conf import settings
from django.db import connection

from tests.rooms.sealed import CANARIES, confided, finished, sealed_town
from tests.rooms.test_canaries import NEEDLES
from tocsin.app import keeping
from tocsin.records import row_remains
from tocsin.records.cases.commitment import commitment, of_answers, salt_of
from tocsin.records.cases.models import CaseRow, MessageRow
from tocsin.records.cases.services import purging
from tocsin.records.ledger import queries as ledger
from tocsin.records.row_remains import no_remains
from tocsin.records.seal import vault
from tocsin.records.seal.models import DataKeyRow, VaultItemRow, VaultRow
from tocsin.terms.errors import Unavailable
from tocsin.testing.town import EAST, Town

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def town(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Town]:
    monkeypatch.setattr(row_remains, "_TRIES", 3000)  # tests beside this one write for minutes in one transaction
    (settings.CONFIGURATION.home.root / "destroyed").unlink(missing_ok=True)
    with sealed_town() as built:
        yield built


def files_of(table: str) -> bytes:
    """The bytes of a table's file, as the server has them, and of the one that holds its long values."""
    with connection.cursor() as cursor:
        cursor.execute("CHECKPOINT")
        cursor.execute("SELECT pg_relation_filepath(oid), pg_relation_filepath(nullif(reltoastrelid, 0)) FROM pg_class "
                       "WHERE oid = %s::regclass", [table])  # fmt: skip
        found = b""
        for path in (one for one in cursor.fetchone() if one):
            cursor.execute("SELECT pg_read_binary_file(%s)", [path])
            found += bytes(cursor.fetchone()[0])
    return found


def every_file() -> bytes:
    with connection.cursor() as cursor:
        cursor.execute("SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace")
        names = [name for (name,) in cursor.fetchall()]
    return b"".join(files_of(name) for name in names)


@pytest.mark.skipif(
    "not __import__('os').environ.get('TOCSIN_TEST_ON') == 'postgresql'",
    reason="the rooms on the other database read its files",
)
def test_after_a_purge_no_key_nor_anything_typed_is_left_in_the_files_of_postgresql(town: Town) -> None:
    case, kept = finished(town), confided(town)
    vault.put("evt_x", "waits", " ".join(CANARIES), jurisdiction=EAST, actor=town.as_("duty"), now=town.now)
    going = [bytes(row.wrapped) for row in DataKeyRow.objects.filter(subject__in=[case.id, "vault:evt_x"])]
    staying = bytes(DataKeyRow.objects.get(subject=kept.id).wrapped)
    sealed = MessageRow.objects.filter(case_id=case.id).values_list("words", flat=True)[0].encode()
    before = files_of("seal_datakeyrow")
    assert len(going) == 2
    assert all(key in before for key in [*going, staying])  # the control: they are there, and would be found
    assert sealed in files_of("cases_messagerow")
    assert purging.purge_due(now=town.now + timedelta(days=30)) == [case.id]
    assert vault.destroy("evt_x", keeping.CLOSED, now=town.now)
    assert row_remains.sweep(now=town.now) == 1
    assert row_remains.sweep(now=town.now) == 0
    after = files_of("seal_datakeyrow")
    assert [key for key in going if key in after] == []
    assert staying in after
    assert [needle for needle in NEEDLES if needle in every_file()] == []


@pytest.mark.skipif(
    "not __import__('os').environ.get('TOCSIN_TEST_ON') == 'postgresql'",
    reason="the rooms on the other database read its files",
)
def test_a_plain_vacuum_would_leave_the_key_in_its_page(town: Town) -> None:
    """Why the table of keys is written anew."""
    _kept, case = confided(town), confided(town)  # the newest row lies in front, where nothing is moved over it
    wrapped = bytes(DataKeyRow.objects.get(subject=case.id).wrapped)
    DataKeyRow.objects.filter(subject=case.id).delete()
    with connection.cursor() as cursor:
        cursor.execute('VACUUM "seal_datakeyrow"')
    assert wrapped in files_of("seal_datakeyrow")
    with no_remains():
        pass
    assert row_remains.sweep(now=town.now) == 1
    assert wrapped not in files_of("seal_datakeyrow")


@pytest.mark.skipif(
    "not __import__('os').environ.get('TOCSIN_TEST_ON') == 'postgresql'",
    reason="the rooms on the other database read its files",
)
def test_who_may_still_see_the_key_is_waited_for_and_nobody_else_waits(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A transaction that began before, a backup or an analysis, keeps the row from being written off."""
    vault.put("evt_x", "waits", "x", jurisdiction=EAST, actor=town.as_("duty"), now=town.now)
    wrapped = bytes(DataKeyRow.objects.get(subject="vault:evt_x").wrapped)
    other = connection.copy()
    waited: list[float] = []
    monkeypatch.setattr(row_remains.time, "sleep", waited.append)
    monkeypatch.setattr(row_remains, "_TRIES", 3)
    other.set_autocommit(False)
    try:
        with other.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            cursor.execute("SELECT count(*) FROM cases_caserow")
        assert vault.destroy("evt_x", keeping.CLOSED, now=town.now)
        assert not waited  # whoever closes an event waits for nobody
        assert row_remains.sweep(now=town.now) == 0
        assert len(waited) == 3
        assert wrapped in files_of("seal_datakeyrow")
    finally:
        other.close()
    monkeypatch.undo()
    monkeypatch.setattr(row_remains, "_TRIES", 3000)
    assert row_remains.sweep(now=town.now) == 1
    assert wrapped not in files_of("seal_datakeyrow")


@pytest.mark.skipif(
    "not __import__('os').environ.get('TOCSIN_TEST_ON') == 'postgresql'",
    reason="the rooms on the other database read its files",
)
def test_a_backup_that_holds_the_table_is_left_alone(town: Town) -> None:
    """A reader for hours would have everybody who opens a case stand behind us: it is tried again in a minute."""
    vault.put("evt_x", "waits", "x", jurisdiction=EAST, actor=town.as_("duty"), now=town.now)
    assert vault.destroy("evt_x", keeping.CLOSED, now=town.now)
    other = connection.copy()
    other.set_autocommit(False)
    try:
        with other.cursor() as cursor:
            cursor.execute("LOCK TABLE seal_datakeyrow IN ACCESS SHARE MODE")
        with connection.cursor() as cursor:
            assert not row_remains._written_anew(cursor)
            cursor.execute("SHOW lock_timeout")
            assert cursor.fetchone() == ("0",)
    finally:
        other.close()
    assert row_remains.sweep(now=town.now) == 1


def test_an_event_without_a_vault_leaves_nothing_to_clean(town: Town) -> None:
    assert not vault.destroy("evt_none", keeping.CLOSED, now=town.now)
    assert row_remains.sweep(now=town.now) == 0


def test_a_salt_that_a_database_leaves_behind_opens_no_commitment(town: Town) -> None:
    """What the row of a sealed case holds is no salt without its data key."""
    case = confided(town)
    row = CaseRow.objects.get(id=case.id)
    answers = {"thing": "lamp", "what": CANARIES[2], "name": CANARIES[0], "telephone": CANARIES[1]}
    told = ledger.chain(case.id)[0].body["answers"]
    assert told == of_answers(answers, salt_of(row))
    assert told != of_answers(answers, row.salt)
    left_behind = CaseRow(id=row.id, seal_key=row.seal_key, salt=row.salt)
    DataKeyRow.objects.filter(subject=case.id).delete()
    with pytest.raises(Unavailable):
        salt_of(left_behind)
    vault.put("evt_x", "waits", "x", jurisdiction=EAST, actor=town.as_("duty"), now=town.now)
    one, item = VaultRow.objects.get(), VaultItemRow.objects.get()
    body = ledger.chain("vault:evt_x")[-1].body
    assert (body["item"], body["words"]) == (item.pk, commitment("x", salt_of(one)))
    assert body["words"] != commitment("x", one.salt)
