"""Canaries: a name, a telephone and a sentence are entered in every sealed pack, everywhere one can write, and then looked for
through every door: pages of all roles, API, exports, feeds, published files, error pages, what is logged, the ledger, the bytes
of every file of the deployment. They are found nowhere but on the page of who opened the case for a purpose, and of the
requester; after the purge nowhere at all, nor in a backup that is restored."""

from __future__ import annotations

import base64
import gzip
import json
import logging
import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from django.conf import settings
from django.db import connection
from django.test import Client

from tests.rooms.access_table import ROWS
from tests.rooms.sealed import CANARIES, CONFIDENCES, NAME, SENTENCE, TELEPHONE, filled, sealed_town
from tests.rooms.test_access_matrix import address, routes
from tests.rooms.test_rectify_pages import picture
from tests.rooms.test_respond_pages import browser
from tocsin.app.commands.ledger import ledger as ledger_command
from tocsin.app.destroyed_again import destroy_again
from tocsin.doors.portal.receipt import TRIES
from tocsin.packkit import builtin_pack_paths, load_pack
from tocsin.records import blobs
from tocsin.records.cases import services
from tocsin.records.cases.kinds import openable
from tocsin.records.cases.models import CaseRow
from tocsin.records.cases.sealing import answered
from tocsin.records.cases.services import purging
from tocsin.records.cases.services.opening import Opened
from tocsin.records.files.models import FileRow
from tocsin.records.files.services import keep_files
from tocsin.records.files.taking import take
from tocsin.records.org.models import Account
from tocsin.records.seal.models import DataKeyRow
from tocsin.terms.errors import TocsinError
from tocsin.testing.town import EAST, POSTS, Town

pytestmark = pytest.mark.django_db(transaction=True)
BUILT_IN = [path for path in builtin_pack_paths() if (path / "lifecycle.toml").is_file()]
SEALED = [
    *((path, kind.code) for path in (CONFIDENCES, *BUILT_IN) for kind in load_pack(path).cases.values() if kind.sealed),
]  # fmt: skip
WORDS = [form for word in CANARIES for form in (word, word.upper(), word.lower(), word.partition(" ")[0] or word)]
NEEDLES = {
    *(word.encode() for word in WORDS), *(word.encode("utf-16-le") for word in CANARIES),
    *(json.dumps(word).strip('"').encode() for word in CANARIES), *(base64.b64encode(word.encode())[:-4] for word in CANARIES),
} - {b"the", b"The", b"THE"}  # fmt: skip


@dataclass
class Told:
    """A town in which the canaries were entered, and the case that holds them."""

    town: Town
    case: Opened
    owner: str


def found_in(content: bytes) -> list[bytes]:
    if content[:2] == b"\x1f\x8b":
        content = gzip.decompress(content)
    return [needle for needle in NEEDLES if needle in content]


@pytest.fixture(params=SEALED, ids=lambda one: f"{one[0].name}/{one[1]}")
def told(request: pytest.FixtureRequest, caplog: pytest.LogCaptureFixture) -> Iterator[Told]:
    path, code = request.param
    (settings.CONFIGURATION.home.root / "destroyed").unlink(missing_ok=True)
    caplog.set_level(logging.DEBUG)
    logging.getLogger("django.db.backends").setLevel(logging.INFO)  # SQL with its parameters goes to no log (settings)
    with sealed_town(*([str(path)] if path != CONFIDENCES else [])) as town:
        Account.objects.update(must_change_password=False)
        TRIES._seen.clear()
        kind = openable(f"{path.name}/{code}")[0]
        opener = next(post[0] for post in POSTS if post[1] in kind.opens and EAST.startswith(post[2]))
        case = services.open_case(kind.name, filled(kind, kind.form), jurisdiction=EAST, place=SENTENCE,
                                  actor=town.as_(opener), now=town.now)  # fmt: skip
        yield Told(town, case, everything_happens(town, case))


def everything_happens(town: Town, case: Opened) -> str:
    """Every verb that takes words, with canaries; what a kind does not know it refuses. The post that owns the case."""

    def tried(verb: object, *given: object, **named: object) -> None:
        row = CaseRow.objects.get(id=case.id)
        try:
            verb(*given, **named, now=town.now, actor=town.as_(row.owner))  # type: ignore[operator]
        except TypeError:
            verb(*given, **named, now=town.now)  # type: ignore[operator]
        except TocsinError:
            pass

    def version() -> int:
        return CaseRow.objects.get(id=case.id).version

    made = blobs.made_anew([picture().read()], f"{NAME}.jpg")
    tried(services.keep_documents, case.id, [made], version=version())
    letter = take([f"{NAME}: {SENTENCE}\n".encode() * 40], f"{NAME}.txt")
    tried(keep_files, case.id, [letter], version=version())
    assert FileRow.objects.filter(case=case.id).count() == 1
    tried(services.ask_helper, case.id, "roads", SENTENCE, version=version())
    tried(services.write_to_requester, case.id, f"Dear {NAME}", version=version())
    services.write_as_requester(case.receipt, f"{NAME}, {TELEPHONE}: {SENTENCE}", now=town.now)
    tried(services.contest, case.id, "lamps", SENTENCE, version=version())
    tried(services.transfer, case.id, "lamps", SENTENCE, version=version())
    kind, seen = openable(CaseRow.objects.get(id=case.id).kind)[0], set[str]()
    for _round in range(12):  # through the whole life: every move that can be made, once
        row = CaseRow.objects.get(id=case.id)
        for move in kind.moves_from(row.state):
            if move.code in seen:
                continue
            answers = {name: value for name, value in filled(kind, move.form).items()
                       if name not in answered(row.values, row.sealed) or kind.forms[move.form].question(name).again}  # type: ignore[union-attr]  # fmt: skip
            answers |= {name: value for name, value in move.when.items() if name in answers}
            seen.add(move.code)
            tried(services.move, case.id, move.code, answers, version=version())
            break
        else:
            break
    with suppress(TocsinError):
        services.appeal(case.receipt, f"{NAME} {SENTENCE}", now=town.now)
    return str(CaseRow.objects.get(id=case.id).owner)


def files_of_the_deployment() -> Iterator[Path]:
    if connection.vendor == "sqlite":
        database = Path(connection.settings_dict["NAME"])
        yield from (file for file in database.parent.glob(database.name + "*") if file.is_file())
    yield from (file for file in settings.CONFIGURATION.home.root.rglob("*") if file.is_file())


def test_nothing_is_found_through_any_door(told, caplog, capfd):
    hits, asked = [], 0
    ids = {"case_id": told.case.id, "event_id": "evt_none"}
    for post in (*(one[0] for one in POSTS), told.owner, ""):
        client = browser(told.town, post) if post else Client(HTTP_HOST="localhost")
        for route in sorted(ROWS.keys() & set(routes())):
            if "logout" in route or "live" in route:
                continue
            response = client.get(address(route, ROWS[route], ids))
            content = b"".join(response.streaming_content) if response.streaming else response.content  # type: ignore[attr-defined]
            asked += 1
            hits += [(post, route, needle) for needle in found_in(content)]
        for query in ("which=all", f"which=all&number={told.case.number}"):
            hits += [(post, query, needle) for needle in found_in(client.get(f"/cases/?{query}").content)]
    assert hits == []
    assert asked > 500
    assert found_in(caplog.text.encode()) == []
    out = capfd.readouterr()
    assert found_in((out.out + out.err).encode()) == []


def test_a_search_by_name_or_telephone_finds_nothing(told):
    client = browser(told.town, told.owner)
    for word in CANARIES:
        for asked in (
            "number",
            "state",
            "kind",
            "facility",
            "event",
        ):  # there is no other question that a list can be asked
            page = client.get("/cases/", {"which": "all", asked: word})
            assert told.case.number.encode() not in page.content, asked


def test_a_form_that_is_refused_or_that_fails_leaves_nothing_behind(told, caplog, monkeypatch):
    kind = openable(CaseRow.objects.get(id=told.case.id).kind)[0]
    opener = next(post[0] for post in POSTS if post[1] in kind.opens)
    client = browser(told.town, opener)
    client.raise_request_exception = False
    typed = {f"a_{name}": SENTENCE for name in filled(kind, kind.form)} | {"place": NAME, "area": EAST, "once": "x"}
    refused = client.post(f"/cases/new/{kind.pack}/{kind.code}", typed | {"area": "nowhere"})
    assert refused.status_code in (404, 422)
    monkeypatch.setattr(services, "open_case", lambda *_given, **_named: 1 / 0)
    failed = client.post(f"/cases/new/{kind.pack}/{kind.code}", typed)
    assert failed.status_code == 500
    assert found_in(failed.content) == []
    assert found_in(caplog.text.encode()) == []
    assert [(file, found) for file in files_of_the_deployment() if (found := found_in(file.read_bytes()))] == []


def test_no_file_of_the_deployment_and_no_export_holds_it_and_only_who_opened_it_sees_it(told):
    town, case = told.town, told.case
    assert [(file, found) for file in files_of_the_deployment() if (found := found_in(file.read_bytes()))] == []
    run = CliRunner().invoke
    for wanted in (["show", case.id], ["show", case.id, "--json"], ["root", "--json"], ["verify", "--json"]):
        assert found_in(run(ledger_command, wanted).output.encode()) == []
    # the control: it is there, and the canaries would have been found
    purpose = next(code for code, one in openable(CaseRow.objects.get(id=case.id).kind)[0].seal.purposes.items()
                   if "owner" in one.who or "case_handler" in one.who)  # type: ignore[union-attr]  # fmt: skip
    client = browser(town, told.owner)
    page = client.post(f"/cases/{case.id}/seal", {"what": "read", "purpose": purpose}, follow=True)
    assert SENTENCE.encode() in page.content
    assert page["Cache-Control"] == "no-store"
    assert found_in(browser(town, "commander").get(f"/cases/{case.id}/").content) == []
    shown = Client(HTTP_HOST="localhost").post("/receipt", {"code": case.receipt})
    assert SENTENCE.encode() in shown.content
    assert b"Who has read it" in shown.content
    assert b"2026-09-24 09:00" in shown.content.partition(b"Who has read it")[2]


def test_after_the_purge_nothing_is_left_nor_in_a_backup_that_is_restored(told, tmp_path):
    if connection.vendor != "sqlite":
        pytest.skip("the backup is a copy of the embedded database")
    town, case = told.town, told.case
    CaseRow.objects.filter(id=case.id, over_at=None).update(over_at=town.now)
    CaseRow.objects.get(id=case.id).appeals.update(decided_at=town.now)
    database, backup = Path(connection.settings_dict["NAME"]), tmp_path / "backup.sqlite3"
    _copy(database, backup)
    wrapped = [bytes(row.wrapped) for row in DataKeyRow.objects.filter(subject=case.id)]
    assert wrapped
    assert case.id in purging.purge_due(now=town.now + timedelta(days=4000))
    assert not any(key in database.read_bytes() for key in wrapped)
    connection.close()
    _copy(backup, database)
    assert case.id in destroy_again()
    assert not any(key in database.read_bytes() for key in wrapped)
    row = CaseRow.objects.get(id=case.id)
    assert (row.sealed, row.seal_key, row.salt) == (None, "", "")
    for file in (backup, *files_of_the_deployment()):
        assert found_in(file.read_bytes()) == [], file
    shown = Client(HTTP_HOST="localhost").post("/receipt", {"code": case.receipt})
    assert found_in(shown.content) == []
    assert b"was destroyed on" in shown.content


def _copy(source: Path, target: Path) -> None:
    with closing(sqlite3.connect(source)) as one, closing(sqlite3.connect(target)) as other:
        one.backup(other)
        other.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def test_every_sealed_pack_is_tried() -> None:
    tried = {f"{path.name}/{code}" for path, code in SEALED}
    assert tried >= {"confidences/confidence", "petitions/petition", "mediation/dispute"}
