"""The vault of an event by its page: who may write and read, for which purpose; what is told of it without its content; its end
when the event is closed by hand, merged or outlived; the certificate checked again; nothing of it found anywhere afterwards."""

from __future__ import annotations

import hashlib
import json
import logging
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from django.conf import settings
from django.db import connection
from django.test import Client

from tests.rooms.access_table import ROWS
from tests.rooms.responding import quiet, responding_town
from tests.rooms.sealed import CANARIES, NAME, SENTENCE, TELEPHONE
from tests.rooms.test_access_matrix import address, routes
from tests.rooms.test_canaries import files_of_the_deployment, found_in
from tests.rooms.test_respond_pages import browser
from tocsin.app import keeping
from tocsin.app.commands.ledger import ledger as ledger_command
from tocsin.app.destroyed_again import destroy_again
from tocsin.engine.event_change import EventChange
from tocsin.loop.detect import queries as detect
from tocsin.loop.detect import services as detecting
from tocsin.loop.respond.keeping import keep_words
from tocsin.loop.verify import services as verify
from tocsin.records.ledger import queries as ledger
from tocsin.records.org.models import Account
from tocsin.records.org.roles import Role
from tocsin.records.outbox.carrier import Carrier, Stage
from tocsin.records.seal import vault
from tocsin.records.seal.certificate import certificate_faults
from tocsin.records.seal.models import CertificateRow, DataKeyRow, VaultItemRow, VaultRow
from tocsin.terms.errors import BadValue, NotAllowed, Stale, UnknownName
from tocsin.terms.event import EventState
from tocsin.terms.moment import to_us
from tocsin.testing.town import EAST, POSTS, Town

DAY = timedelta(days=1)
STAGES = {
    "event_closed": [Stage("vault.event_closed", keeping.on_event_closed)],
    "event_ended": [Stage("vault.event_ended", keeping.on_event_ended)],
}
WORDS = f"{NAME}, {TELEPHONE}: {SENTENCE}"


@pytest.fixture
def town(db: None) -> Iterator[Town]:
    (settings.CONFIGURATION.home.root / "destroyed").unlink(missing_ok=True)  # events of other tests have the same ids
    with responding_town() as built:
        built.hire("inspector-far", Role.INSPECTOR, "simcity/west")
        built.carrier = Carrier(STAGES)
        Account.objects.update(must_change_password=False)
        yield built
        quiet(built)


def opened(town: Town) -> str:
    """An event that verify has a file of."""
    event = town.storm(level=3).event
    verify.acknowledge(event, actor=town.as_("duty"), now=town.now)
    return event


def put(client: Client, event: str, words: str = WORDS, kind: str = "evacuate") -> None:
    done = client.post(f"/events/{event}/vault/put", {"kind": kind, "words": words})
    assert done.status_code == 302, done.content.decode()


def read(client: Client, event: str, purpose: str = "rescue", kind: str = "evacuate", **more: str) -> str:
    return client.post(f"/events/{event}/vault/read", {"kind": kind, "purpose": purpose, **more}).content.decode()


def close(town: Town, event: str) -> None:
    verify.close(event, "the water is gone", actor=town.as_("commander"), now=town.now)


def test_who_responds_writes_and_reads_for_a_purpose_and_everybody_else_sees_how_many(town: Town) -> None:
    event, inspector = opened(town), browser(town, "inspector-east")
    assert "People to be brought out" in browser(town, "duty").get(f"/events/{event}/").content.decode()
    put(inspector, event)
    put(inspector, event)  # pressed twice
    put(inspector, event, "a second household", "waits")
    assert VaultItemRow.objects.count() == 2
    assert not any(word in str(list(VaultItemRow.objects.values())) for word in CANARIES)
    for post in ("auditor", "analyst", "signer"):
        page = browser(town, post).get(f"/events/{event}/vault/").content.decode()
        assert "To be brought out" in page
        assert not any(word in page for word in CANARIES)
        assert "/vault/put" not in page
        assert "/vault/read" not in page
    for post in ("auditor", "administrator", "operator-mill", "signer", "inspector-far"):
        asked = browser(town, post).post(f"/events/{event}/vault/read", {"kind": "evacuate", "purpose": "rescue"})
        assert asked.status_code in (403, 404), post
        assert found_in(asked.content) == []
    shown = browser(town, "case-handler").post(f"/events/{event}/vault/read", {"kind": "evacuate", "purpose": "relief"})
    assert WORDS in shown.content.decode()
    assert shown["Cache-Control"] == "no-store"
    entry = ledger.chain(vault.subject_of(event))[-1]
    assert (entry.verb, entry.body["purpose"], entry.body["kind"], entry.body["items"]) == (
        "vault_read",
        "relief",
        "evacuate",
        1,
    )
    page = browser(town, "auditor").get(f"/events/{event}/vault/").content.decode()
    assert "case handler" in page.partition("Who has read it")[2]
    assert "Shelter and relief" in page.partition("Who has read it")[2]


def test_it_opens_one_kind_or_one_item_and_only_for_what_it_is_kept_for(town: Town) -> None:
    event, duty = opened(town), browser(town, "duty")
    put(duty, event, "first", "evacuate")
    put(duty, event, "second", "evacuate")
    put(duty, event, "third", "reported")
    first, second, _third = VaultItemRow.objects.order_by("id").values_list("id", flat=True)
    whole, alone = read(duty, event), read(duty, event, item=str(second))
    assert [word in whole for word in (">first<", ">second<", ">third<")] == [True, True, False]
    assert [word in alone for word in (">first<", ">second<", ">third<")] == [False, True, False]
    for wrong, status in (
        ({"kind": "evacuate", "purpose": ""}, 422), ({"kind": "", "purpose": "rescue"}, 422),
        ({"kind": "reported", "purpose": "reunite"}, 403), ({"kind": "evacuate", "purpose": "rescue", "item": "99999"}, 404),
        ({"kind": "evacuate", "purpose": "rescue", "item": "x"}, 422),
        ({"kind": "waits", "purpose": "rescue", "item": str(first)}, 404),
    ):  # fmt: skip
        refused = duty.post(f"/events/{event}/vault/read", wrong)
        assert refused.status_code == status, wrong
        assert "first" not in refused.content.decode()
    assert [line.verb for line in ledger.chain(vault.subject_of(event))].count("vault_read") == 2


def test_what_has_served_is_taken_out_and_what_is_wrong_is_refused_in_words(town: Town) -> None:
    event, duty = opened(town), browser(town, "duty")
    put(duty, event)
    number = VaultItemRow.objects.get().id
    assert duty.post(f"/events/{event}/vault/take-out", {"item": number}).status_code == 302
    assert not VaultItemRow.objects.exists()
    assert duty.post(f"/events/{event}/vault/take-out", {"item": number}).status_code == 404
    assert "all items were taken out" in duty.get(f"/events/{event}/vault/").content.decode()
    for given, status in (({"kind": "waits", "words": " "}, 422), ({"kind": "suspect", "words": "x"}, 422),
                          ({"kind": "waits", "words": "x" * 4001}, 422)):  # fmt: skip
        refused = duty.post(f"/events/{event}/vault/put", given)
        assert refused.status_code == status
        assert given["words"].strip() in refused.content.decode()  # what was typed is still there
    assert duty.post("/events/evt_none/vault/put", {"kind": "waits", "words": "x"}).status_code == 404
    assert duty.post(f"/events/{event}/vault/sell", {}).status_code == 404
    with pytest.raises(UnknownName):
        keep_words(event, "waits", "x", actor=town.as_("inspector-far"), now=town.now)
    with pytest.raises(NotAllowed):
        keep_words(event, "waits", "x", actor=town.as_("operator-mill"), now=town.now)


def test_only_a_commander_keeps_it_beyond_the_end_for_a_year_at_most(town: Town) -> None:
    event, commander = opened(town), browser(town, "commander")
    put(commander, event)
    until = (town.now + 10 * DAY).date().isoformat()
    assert "keep-on" not in browser(town, "duty").get(f"/events/{event}/vault/").content.decode()
    asked = {"until": until, "why": "families still ask"}
    assert browser(town, "duty").post(f"/events/{event}/vault/keep-on", asked).status_code == 403
    for wrong in ({"until": "soon"}, {"until": "2027-99-99"}, {"until": "2031-01-01"}, {"why": ""}):
        refused = commander.post(f"/events/{event}/vault/keep-on", asked | wrong)
        assert refused.status_code == 422, wrong
    assert commander.post(f"/events/{event}/vault/keep-on", asked).status_code == 302
    close(town, event)
    town.carry()
    assert VaultRow.objects.exists()  # the assessment keeps it
    late = commander.post(f"/events/{event}/vault/put", {"kind": "waits", "words": "late"})
    assert (late.status_code, "the event was closed" in late.content.decode()) == (409, True)
    assert WORDS in read(commander, event)
    assert keeping.sweep(now=town.now + 9 * DAY) == 0
    assert keeping.sweep(now=town.now + 11 * DAY) == 1
    assert not VaultRow.objects.exists()


def test_closing_the_event_destroys_it_and_the_certificate_holds_when_it_is_checked_again(town: Town) -> None:
    event, duty = opened(town), browser(town, "duty")
    put(duty, event)
    put(duty, event, "another", "taken")
    assert duty.get(f"/events/{event}/vault/certificate.txt").status_code == 404
    close(town, event)
    town.carry()
    assert not VaultRow.objects.exists()
    assert not DataKeyRow.objects.exists()
    late = duty.post(f"/events/{event}/vault/put", {"kind": "waits", "words": WORDS})
    assert late.status_code == 409
    assert "nothing personal is kept of it any more" in late.content.decode()
    for post in ("duty", "auditor"):
        page = browser(town, post).get(f"/events/{event}/vault/").content.decode()
        assert "Checked just now: the certificate holds." in page
        assert "The event was closed" in page
        assert "2 items" in page
        assert found_in(page.encode()) == []
    assert "See the certificate" in duty.get(f"/events/{event}/").content.decode()
    text = duty.get(f"/events/{event}/vault/certificate.txt").content.decode()
    facts = re.search(r"^Facts: (\{.*\})$", text, re.M)
    assert facts
    assert json.loads(facts[1])["items"] == 2
    assert hashlib.sha256(facts[1].encode()).hexdigest() in text  # without this program too
    assert browser(town, "inspector-far").get(f"/events/{event}/vault/certificate.txt").status_code == 404
    CertificateRow.objects.update(digest="0" * 64)
    page = browser(town, "auditor", "zh-hans").get(f"/events/{event}/vault/").content.decode()
    assert "证明不成立" in page
    assert "事件已关闭" in page


def test_one_that_was_written_to_as_its_event_was_closed_ends_all_the_same(town: Town) -> None:
    event = opened(town)
    close(town, event)
    town.carry()
    with pytest.raises(Stale):
        keep_words(event, "waits", WORDS, actor=town.as_("duty"), now=town.now)
    vault.put(event, "waits", WORDS, jurisdiction=EAST, actor=town.as_("duty"), now=town.now)  # it had looked before
    assert VaultRow.objects.exists()
    assert keeping.sweep(now=town.now) == 1
    assert not VaultRow.objects.exists()
    assert certificate_faults(vault.subject_of(event)) == []


def test_one_whose_event_went_on_in_another_ends_with_that_one(town: Town) -> None:
    gone, lives = town.storm(level=3), town.storm(level=3)
    for storm in (gone, lives):
        verify.acknowledge(storm.event, actor=town.as_("duty"), now=town.now)
    keep_words(gone.event, "waits", WORDS, actor=town.as_("duty"), now=town.now)
    merged = replace(gone._event, state=EventState.MERGED, merged_into=lives.event, changed_us=to_us(town.now))
    seq = detect.consumed_seq() + 1
    detecting.record_batch(
        transitions=(), event_changes=(EventChange("merged", merged, merged.changed_us, seq, ""),), consumed_seq=seq,
        log_digest="x", actor="engine", now=town.now,
    )  # fmt: skip
    with pytest.raises(Stale, match="merged"):
        keep_words(gone.event, "waits", "more", actor=town.as_("duty"), now=town.now)
    assert keeping.sweep(now=town.now) == 0
    assert WORDS in read(browser(town, "duty"), gone.event, kind="waits")
    close(town, lives.event)
    assert keeping.sweep(now=town.now) == 1
    page = browser(town, "auditor").get(f"/events/{gone.event}/vault/").content.decode()
    assert "The event that it was merged into was closed" in page


def test_a_vault_that_nobody_closes_ends_thirty_days_after_the_signals(town: Town) -> None:
    storm = town.storm(level=3)
    keep_words(storm.event, "waits", WORDS, actor=town.as_("duty"), now=town.now)
    over = town.now
    storm.ends()
    town.carry()
    if VaultRow.objects.get().ended_at is None:  # the fact may still be on its way: the sweep looks for itself
        keeping.sweep(now=town.now)
    assert VaultRow.objects.get().ended_at is not None
    assert keeping.sweep(now=over + 30 * DAY - timedelta(minutes=1)) == 0
    assert keeping.sweep(now=town.now + 31 * DAY) == 1


def test_the_response_page_takes_the_list_of_whom_to_bring_out(town: Town) -> None:
    event = opened(town)
    page = browser(town, "commander").get(f"/events/{event}/response/").content.decode()
    assert f'action="/events/{event}/vault/put"' in page
    assert '<option value="evacuate" selected>' in page
    assert (
        f'action="/events/{event}/vault/put"'
        not in browser(town, "auditor").get(f"/events/{event}/response/").content.decode()
    )


@pytest.mark.django_db(transaction=True)
def test_canaries_of_a_vault_are_found_by_no_door_and_after_its_end_nowhere(
    transactional_db, caplog, tmp_path, monkeypatch
) -> None:
    (settings.CONFIGURATION.home.root / "destroyed").unlink(missing_ok=True)
    caplog.set_level(logging.DEBUG)
    logging.getLogger("django.db.backends").setLevel(logging.INFO)  # SQL with its parameters goes to no log (settings)
    with responding_town() as town:
        town.carrier = Carrier(STAGES)
        Account.objects.update(must_change_password=False)
        event = opened(town)
        duty, commander = browser(town, "duty"), browser(town, "commander")
        put(duty, event)
        for word in CANARIES:
            put(duty, event, word, "reported")
        until = (town.now + 3 * DAY).date().isoformat()
        assert commander.post(f"/events/{event}/vault/keep-on", {"until": until, "why": WORDS}).status_code == 302
        assert SENTENCE in read(duty, event)  # the control: it is there, and would be found
        duty.raise_request_exception = False
        monkeypatch.setattr(keeping.vault, "take_out", lambda *_given, **_named: 1 / 0)
        failed = duty.post(f"/events/{event}/vault/take-out", {"item": "1", "words": WORDS})
        assert (failed.status_code, found_in(failed.content)) == (500, [])
        monkeypatch.undo()
        _nothing_anywhere(town, event)
        assert found_in(caplog.text.encode()) == []
        if connection.vendor == "sqlite":
            _gone_with_its_event(town, event, tmp_path)
        quiet(town)


def _nothing_anywhere(town: Town, event: str) -> None:
    hits, asked, ids = [], 0, {"event_id": event}
    for post in (*(one[0] for one in POSTS), ""):
        client = browser(town, post) if post else Client(HTTP_HOST="localhost")
        for route in sorted(ROWS.keys() & set(routes())):
            if "logout" in route or "live" in route:
                continue
            response = client.get(address(route, ROWS[route], ids))
            content = b"".join(response.streaming_content) if response.streaming else response.content  # type: ignore[attr-defined]
            asked += 1
            hits += [(post, route, needle) for needle in found_in(content)]
        hits += [(post, "chain", needle) for needle in found_in(client.get(f"/ledger?subject=vault:{event}").content)]
        for word in CANARIES:  # a search finds nothing, and what was searched for is kept nowhere
            client.get("/ledger", {"subject": word})
    run = CliRunner().invoke
    for wanted in (["show", f"vault:{event}"], ["show", f"vault:{event}", "--json"], ["verify", "--json"]):
        hits += [("command", str(wanted), needle) for needle in found_in(run(ledger_command, wanted).output.encode())]
    assert hits == []
    assert asked > 500
    assert [(file, found) for file in files_of_the_deployment() if (found := found_in(file.read_bytes()))] == []


def _gone_with_its_event(town: Town, event: str, folder: Path) -> None:
    database, backup = Path(connection.settings_dict["NAME"]), folder / "backup.sqlite3"
    VaultRow.objects.update(kept_until=None)
    wrapped = [bytes(row.wrapped) for row in DataKeyRow.objects.filter(subject=vault.subject_of(event))]
    salt = VaultRow.objects.get().salt
    assert wrapped
    _copy(database, backup)
    close(town, event)
    town.carry()
    assert not VaultRow.objects.exists()
    held = database.read_bytes()
    assert not any(key in held for key in wrapped)
    assert salt.encode() not in held
    _nothing_anywhere(town, event)
    connection.close()
    _copy(backup, database)  # somebody restores
    assert vault.subject_of(event) in destroy_again()
    assert not VaultRow.objects.exists()
    assert not VaultItemRow.objects.exists()
    held = database.read_bytes()
    assert not any(key in held for key in wrapped)
    for file in (backup, *files_of_the_deployment()):
        assert found_in(file.read_bytes()) == [], file


def _copy(source: Path, target: Path) -> None:
    with closing(sqlite3.connect(source)) as one, closing(sqlite3.connect(target)) as other:
        one.backup(other)
        other.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def test_a_kind_that_is_none_is_refused_by_the_keeper_itself(town: Town) -> None:
    with pytest.raises(BadValue, match="no kind"):
        vault.put("evt_x", "person_of_interest", "x", jurisdiction=EAST, actor=town.as_("duty"), now=town.now)
