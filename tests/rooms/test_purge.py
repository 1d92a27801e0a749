"""The end of sealed content: destroyed when its pack says, certified, gone out of a restored backup too; vaults of events."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from django.conf import settings
from django.db import connection

from tests.rooms.casework import casework_town
from tests.rooms.sealed import (
    CANARIES,
    CONFIDENCE,
    NAME,
    SENTENCE,
    TELEPHONE,
    confided,
    finished,
    owner_of,
    sealed_town,
    step,
)
from tests.rooms.test_rectify_pages import picture
from tocsin.app import keeping
from tocsin.app.destroyed_again import destroy_again
from tocsin.app.keeping import on_event_closed, on_event_ended
from tocsin.loop.detect.facts import EventEnded
from tocsin.loop.verify.facts import EventClosed
from tocsin.records import blobs
from tocsin.records.cases import queries, services
from tocsin.records.cases.models import CaseRow, DocumentRow, MessageRow
from tocsin.records.cases.services import purging
from tocsin.records.cases.services.counting import fixed_counts
from tocsin.records.ledger import queries as ledger
from tocsin.records.org.scope import EVERYWHERE
from tocsin.records.seal import services as seal
from tocsin.records.seal import vault
from tocsin.records.seal.certificate import certificate_faults, certificate_text
from tocsin.records.seal.models import CertificateRow, DataKeyRow, VaultItemRow, VaultRow
from tocsin.terms.errors import BadValue, NotAllowed, Stale, Unavailable
from tocsin.testing.town import EAST, Town

DAY = timedelta(days=1)


@pytest.fixture
def town(db: None) -> Iterator[Town]:
    (settings.CONFIGURATION.home.root / "destroyed").unlink(missing_ok=True)
    with sealed_town() as built:
        yield built


def with_picture(town: Town) -> str:
    case = finished(town)
    version = CaseRow.objects.get(id=case.id).version
    made = blobs.made_anew([picture().read()])
    services.keep_documents(case.id, [made], version=version, actor=town.as_(owner_of(case.id)), now=town.now)
    return case.id


def test_nothing_is_destroyed_a_moment_before_its_time_and_everything_at_it(town, django_capture_on_commit_callbacks):
    case = with_picture(town)
    files = [name for pair in DocumentRow.objects.values_list("digest", "thumbnail") for name in pair]
    assert all(blobs.blob_exists(name) for name in files)
    assert purging.purge_due(now=town.now + 30 * DAY - timedelta(microseconds=1)) == []
    key = CaseRow.objects.get(id=case).seal_key
    with django_capture_on_commit_callbacks(execute=True):
        assert purging.purge_due(now=town.now + 30 * DAY) == [case]
    assert purging.purge_due(now=town.now + 31 * DAY) == []  # once
    row = CaseRow.objects.get(id=case)
    assert (row.sealed, row.seal_key, row.salt, row.makers, row.values) == (None, "", "", {}, {"thing": "lamp"})
    assert not MessageRow.objects.exists()
    assert not DocumentRow.objects.exists()
    assert not DataKeyRow.objects.exists()
    assert not any(blobs.blob_exists(name) for name in files)
    with pytest.raises(Unavailable, match="destroyed"):
        seal.open_key(key)
    assert queries.case_file(EVERYWHERE, case).line.state == "done"  # what remains is the frame


def test_the_certificate_says_what_when_by_which_rule_how_many_and_can_be_checked_again(town):
    case = with_picture(town)
    files = [name for pair in DocumentRow.objects.values_list("digest", "thumbnail") for name in pair]
    purging.purge_due(now=town.now + 30 * DAY)
    text = certificate_text(case)
    for words in ("confidences/confidence: kept 30 days after the end", "messages", "own: a test", "entry", case):
        assert words in text, words
    assert not any(word in text for word in CANARIES)
    entry = ledger.chain(case)[-1]
    assert (entry.verb, entry.body["messages"], entry.body["documents"], entry.body["answers"]) == (
        "case_purged",
        3,
        1,
        6,  # the reply was given twice
    )
    assert certificate_faults(case) == [f"file {name} is still there" for name in files]  # the commit drops them
    for name in files:
        blobs.drop_blob(name)
    assert certificate_faults(case) == []
    CertificateRow.objects.filter(subject=case).update(facts={**CertificateRow.objects.get().facts, "messages": 2})
    assert "not those that were certified" in certificate_faults(case)[0]


def test_an_open_appeal_holds_it_back_and_what_is_purged_cannot_be_moved(town):
    case = finished(town)
    services.appeal(case.receipt, SENTENCE, now=town.now)
    assert purging.due_cases(now=town.now + 60 * DAY) == []
    other = finished(town)
    assert purging.purge_due(now=town.now + 60 * DAY) == [other.id]
    with pytest.raises(Stale, match="destroyed"):
        step(town, other.id, "reopen")
    with pytest.raises(Stale, match="destroyed"):
        services.write_as_requester(other.receipt, "hello", now=town.now)
    with pytest.raises(Stale, match="destroyed"):
        services.read_sealed(other.id, "handle", actor=town.as_("case-handler"), now=town.now)
    assert queries.file_of_code(other.receipt).line.purged_at is not None


def test_cases_that_were_merged_are_destroyed_together(town):
    one, other = confided(town), confided(town)
    owner = owner_of(one.id)
    version = CaseRow.objects.get(id=other.id).version
    services.merge(other.id, one.id, SENTENCE, version=version, actor=town.as_(owner), now=town.now)
    step(town, one.id, "withdraw", "duty")
    assert sorted(purging.purge_due(now=town.now + 30 * DAY)) == sorted([one.id, other.id])
    assert not DataKeyRow.objects.exists()


def test_cases_that_are_not_sealed_are_left_alone(db):
    from tests.rooms.casework import answered, move

    with casework_town() as town:
        case = answered(town)
        move(town, case.id, "finish", reply="done")
        assert purging.purge_due(now=town.now + 4000 * DAY) == []


@pytest.mark.django_db(transaction=True)
def test_a_backup_that_is_restored_is_purged_again_and_one_that_leaked_cannot_be_opened_once_its_key_is_forgotten(
    tmp_path,
):
    if connection.vendor != "sqlite":
        pytest.skip("the backup is a copy of the embedded database")
    home = settings.CONFIGURATION.home
    (home.root / "destroyed").unlink(missing_ok=True)
    with sealed_town() as town:
        case = finished(town)
        database, backup = Path(connection.settings_dict["NAME"]), tmp_path / "backup.sqlite3"
        _copy(database, backup)
        key = DataKeyRow.objects.get()
        wrapped, purge_at = bytes(key.wrapped), town.now + 30 * DAY
        assert wrapped in backup.read_bytes()
        made_before_a_migration = home.backups / "db-20260101T000000Z.sqlite3"
        home.backups.mkdir(exist_ok=True)
        _copy(database, made_before_a_migration)
        assert purging.purge_due(now=purge_at) == [case.id]
        assert wrapped not in database.read_bytes()  # no page of the file keeps the key
        assert wrapped not in made_before_a_migration.read_bytes()
        made_before_a_migration.unlink()
        # restored: what it holds comes back, and is destroyed before anything is served
        connection.close()
        _copy(backup, database)
        assert DataKeyRow.objects.count() == 1
        assert destroy_again() == [case.id]
        assert destroy_again() == []
        assert not DataKeyRow.objects.exists()
        assert CaseRow.objects.get(id=case.id).sealed is None
        held = database.read_bytes()
        assert wrapped not in held
        assert not any(word.encode() in held or word.encode() in backup.read_bytes() for word in CANARIES)
        # a copy that somebody took: with the key of its time it opens, after that key was forgotten nothing does
        taken = _opened(backup)
        assert taken.unwrap(case.id, key.era, wrapped)
        seal.rotate(actor=town.as_("duty"), now=purge_at)
        seal.forget(actor=town.as_("duty"), now=purge_at + timedelta(hours=1))
        with pytest.raises(Unavailable):
            seal.ring().unwrap(case.id, key.era, wrapped)
        assert key.era not in (home.root / "seal_keys").read_text()


def _copy(source: Path, target: Path) -> None:
    with closing(sqlite3.connect(source)) as one, closing(sqlite3.connect(target)) as other:
        one.backup(other)
        other.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _opened(backup: Path) -> seal.KeyRing:
    assert backup.exists()
    return seal.ring()


def test_the_command_destroys_what_is_due_prints_certificates_and_checks_them(town, monkeypatch):
    from tocsin.app.commands.seal import seal as command
    from tocsin.records import clock

    case, later = finished(town), town.now + 30 * DAY
    monkeypatch.setattr(clock, "now", lambda: later)
    run = CliRunner().invoke
    assert case.id in run(command, ["purge", "--due", "--dry-run"]).output
    done = run(command, ["purge", "--due", "--json"])
    assert done.exit_code == 0, done.output
    assert case.id in done.output
    assert case.id in run(command, ["list"]).output
    checked = run(command, ["certificate", case.id, "--check"])
    assert (checked.exit_code, "Checked: it holds." in checked.output) == (0, True), checked.output
    (settings.CONFIGURATION.home.root / "destroyed").unlink()
    assert run(command, ["certificate", case.id, "--check"]).exit_code == 1


def test_a_vault_lives_as_long_as_its_event(town):
    duty, commander = town.as_("duty"), town.as_("commander")
    number = vault.put("evt_flood", "waits", f"{NAME}, {TELEPHONE}", jurisdiction=EAST, actor=duty, now=town.now)
    assert not any(word in str(list(VaultItemRow.objects.values())) for word in CANARIES)
    with pytest.raises(BadValue, match="purpose"):
        vault.read("evt_flood", "", "waits", actor=duty, now=town.now)
    for post in ("auditor", "administrator", "inspector-west"):
        with pytest.raises(NotAllowed):
            vault.read("evt_flood", "rescue", "waits", actor=town.as_(post), now=town.now)
    found = vault.read("evt_flood", "rescue", "waits", actor=duty, now=town.now)
    assert [(one.id, one.words) for one in found] == [(number, f"{NAME}, {TELEPHONE}")]
    vault.keep_on("evt_flood", town.now + 10 * DAY, "families still ask", actor=commander, now=town.now)
    on_event_closed([EventClosed("evt_flood", "flood", 3, EAST, 0, "confirmed")], town.now)
    assert VaultRow.objects.exists()  # the assessment keeps it
    assert vault.sweep(now=town.now + 10 * DAY - timedelta(seconds=1)) == 0
    assert vault.sweep(now=town.now + 10 * DAY) == 1
    assert not VaultRow.objects.exists()
    assert not DataKeyRow.objects.exists()
    subject = vault.subject_of("evt_flood")
    assert certificate_faults(subject) == []
    text = str([line.body for line in ledger.chain(subject)])
    assert not any(word in text for word in CANARIES)
    assert [line.verb for line in ledger.chain(subject)] == [
        "vault_opened", "vault_put", "vault_read", "vault_kept_on", "vault_destroyed",
    ]  # fmt: skip
    with pytest.raises(Stale):
        vault.put("evt_flood", "waits", NAME, jurisdiction=EAST, actor=duty, now=town.now)


def test_a_vault_is_destroyed_when_its_event_is_closed_or_thirty_days_after_its_signals(town):
    duty = town.as_("duty")
    for event in ("evt_a", "evt_b"):
        vault.put(event, "waits", NAME, jurisdiction=EAST, actor=duty, now=town.now)
    on_event_closed([EventClosed("evt_a", "flood", 3, EAST, 0, "confirmed")], town.now)
    assert list(VaultRow.objects.values_list("event", flat=True)) == ["evt_b"]
    on_event_ended([EventEnded("evt_b", "flood", 3, 0)], town.now)
    assert vault.sweep(now=town.now + 30 * DAY - timedelta(seconds=1)) == 0
    assert vault.sweep(now=town.now + 30 * DAY) == 1


def test_the_worker_looks_for_what_is_due_and_at_events_that_end():
    from tocsin.app.wiring import SWEEPS, WIRING

    assert services.purge_sweep in SWEEPS
    assert keeping.sweep in SWEEPS
    assert "vault.event_closed" in [stage.name for stage in WIRING["event_closed"]]
    assert "vault.event_ended" in [stage.name for stage in WIRING["event_ended"]]


def test_a_month_is_counted_once_by_area_and_category_and_gives_nobody_away(town):
    for _n in range(6):
        confided(town)
    confided(town, {"thing": "road", "what": SENTENCE})
    duty = town.as_("duty")
    for month, wrong in (("2026-09", Stale), ("september", BadValue)):
        with pytest.raises(wrong):
            fixed_counts(CONFIDENCE, month, actor=duty, now=town.now)
    later = town.now + 30 * DAY
    body = fixed_counts(CONFIDENCE, "2026-09", actor=duty, now=later)
    table = body["tables"][0]
    assert (table["question"], table["cells"][EAST], table["withheld"]) == ("thing", {"lamp": 6, "road": None}, [])
    assert (body["rows"][EAST], table["totals"], body["total"]) == (None, {"lamp": None, "road": None}, None)
    purging.purge_due(now=later + 100 * DAY)
    confided(town)
    assert (
        fixed_counts(CONFIDENCE, "2026-09", actor=duty, now=later + 100 * DAY) == body
    )  # two counts cannot be subtracted
    assert not any(word in str(body) for word in CANARIES)
