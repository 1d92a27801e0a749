"""Proofs that leave the house: made from a real ledger, checked without it, and refused when anything was touched."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
from django.conf import settings
from django.test import Client, override_settings

from tests.rooms.town import NOW
from tocsin.app.sealing import seal_and_publish
from tocsin.formats.cap.new_key import new_pair
from tocsin.records.ledger import queries, services
from tocsin.records.ledger.kept import read_kept
from tocsin.records.ledger.models import LedgerEntry, LedgerRoot, LedgerTree
from tocsin.records.ledger.proof import Continuation, Inclusion, Kept, check, read_proof
from tocsin.records.ledger.proving import prove_continuation, prove_inclusion
from tocsin.records.ledger.published import ROOT_FILE, SIGNED_FILE
from tocsin.terms.errors import BadForm, Unavailable, UnknownName

pytestmark = pytest.mark.django_db


def grow(roots: int, entries: int = 3) -> None:
    """Some roots over some entries each, on two chains."""
    for root in range(roots):
        for number in range(entries):
            services.append(f"evt_{number % 2}", "changed", {"n": root, "why": "雨"}, actor="engine", now=NOW)
        services.seal(now=NOW + timedelta(minutes=root))


def kept(*numbers: int) -> list[Kept]:
    """What a reader kept of these roots."""
    lines = "\n".join(json.dumps(queries.root(number).document()) for number in numbers)
    return read_kept(lines)


def sent(proof: Inclusion | Continuation) -> Inclusion | Continuation:
    """As it arrives at somebody else's."""
    return read_proof(msgspec.json.encode(proof))


def test_every_entry_is_proved_to_whoever_kept_its_root_or_any_later_one() -> None:
    grow(7)
    for entry in LedgerEntry.objects.all():
        for size in range(entry.sealed_in_id, 8):
            proof = sent(prove_inclusion(entry.subject, entry.number, size))
            assert check(proof, kept(size)) == ""
    assert check(sent(prove_inclusion("evt_0", 1)), kept(7)) == ""


def test_a_proof_says_nothing_to_whoever_kept_nothing_that_it_rests_on() -> None:
    grow(5)
    proof = sent(prove_inclusion("evt_0", 5))
    assert "no root 5 with its tree was kept" in check(proof, kept(4))
    assert "no root 5" in check(proof, [])


@pytest.mark.parametrize(
    "touched",
    ["body", "actor", "verb", "at_us", "number", "subject", "previous", "merkle", "root_at", "path", "index", "tree"],
)
def test_a_proof_of_which_anything_was_touched_does_not_hold(touched: str) -> None:
    grow(6)
    document = json.loads(msgspec.json.encode(prove_inclusion("evt_1", 3)))
    entry, root = document["entry"], document["root"]
    match touched:
        case "body":
            entry["body"] = entry["body"].replace("雨", "晴")
        case "at_us" | "number":
            entry[touched] += 1
        case "actor" | "verb" | "subject":
            entry[touched] += "x"
        case "previous":
            entry["previous"] = "0" * 64
        case "merkle":
            root["merkle"] = "0" * 64
        case "root_at":
            root["at_us"] += 1
        case "path":
            document["path"] = [*document["path"][::-1], "0" * 64]
        case "index":
            document["index"] += 1
        case "tree":
            document["tree"] = "0" * 64
    assert check(read_proof(json.dumps(document).encode()), kept(6)) != ""


def test_a_body_in_another_writing_is_no_entry() -> None:
    grow(1)
    document = json.loads(msgspec.json.encode(prove_inclusion("evt_0", 1)))
    document["entry"]["body"] = document["entry"]["body"].replace(":", ": ", 1)
    assert "canonical" in check(read_proof(json.dumps(document).encode()), kept(1))


def test_a_ledger_that_only_grew_is_proved_to_have_and_one_that_was_rewritten_cannot() -> None:
    grow(9)
    for earlier in range(1, 10):
        assert check(sent(prove_continuation(earlier)), kept(earlier, 9)) == ""
    known = kept(5, 9)
    row = LedgerRoot.objects.get(number=3)
    LedgerRoot.objects.filter(number=3).update(hash=row.hash[::-1])
    assert "does not continue" in check(sent(prove_continuation(5)), known)


def test_a_rewritten_tree_is_a_breach() -> None:
    grow(4)
    assert queries.verify() == []
    LedgerRoot.objects.filter(number=2).update(tree="0" * 64)
    assert [(breach.subject, breach.number, breach.kind) for breach in queries.verify()] == [("roots", 2, "edited")]


def test_a_tree_that_was_lost_grows_again_from_the_roots() -> None:
    grow(5)
    LedgerTree.objects.all().delete()
    grow(2)
    assert queries.verify() == []
    assert LedgerTree.objects.get().size == 7


def test_what_was_never_written_is_refused_in_words() -> None:
    grow(2)
    services.append("evt_0", "changed", {}, actor="engine", now=NOW)
    with pytest.raises(UnknownName, match="was never written"):
        prove_inclusion("evt_9", 1)
    with pytest.raises(Unavailable, match="no root covers it yet"):
        prove_inclusion("evt_0", 5)
    with pytest.raises(UnknownName, match="is older than root 2"):
        prove_inclusion("evt_0", 4, 1)
    with pytest.raises(UnknownName, match="there is none of that number"):
        prove_inclusion("evt_0", 1, 7)
    with pytest.raises(UnknownName, match="at least 1"):
        prove_continuation(3, 2)


@pytest.mark.parametrize("text", [b"", b"{}", b"[]", b'{"proof":"inclusion"}', b"\xff", b"[" * 5000, b" " * (5 << 20)])
def test_what_is_no_proof_is_refused(text: bytes) -> None:
    with pytest.raises(BadForm):
        read_proof(text)


def test_the_root_is_published_as_a_file_and_signed_so_that_openssl_opens_it(tmp_path: Path) -> None:
    openssl = shutil.which("openssl")
    assert openssl, "openssl is part of every Debian: install it"
    key, certificate = new_pair("Warnings of Dongshi", days=30, at=NOW)
    (tmp_path / "key.pem").write_bytes(key)
    (tmp_path / "certificate.pem").write_bytes(certificate)
    folder = tmp_path / "published"
    folder.mkdir()
    configured = replace(
        settings.CONFIGURATION, cap_key=str(tmp_path / "key.pem"), cap_certificate=str(tmp_path / "certificate.pem")
    )
    grow(2)
    seal_and_publish(folder, now=NOW)  # without a key: unsigned
    assert json.loads((folder / ROOT_FILE).read_bytes())["number"] == 2
    assert not (folder / SIGNED_FILE).exists()
    with override_settings(CONFIGURATION=configured):
        services.append("evt_0", "changed", {}, actor="engine", now=NOW)
        seal_and_publish(folder, now=NOW)
    opened = subprocess.run(
        [openssl, "cms", "-verify", "-binary", "-inform", "DER", "-in", folder / SIGNED_FILE, "-CAfile",
         tmp_path / "certificate.pem", "-purpose", "any", "-no_check_time"],
        capture_output=True, check=False,
    )  # fmt: skip
    assert opened.returncode == 0, opened.stderr.decode()
    assert opened.stdout == (folder / ROOT_FILE).read_bytes()
    assert read_kept(opened.stdout.decode()) == kept(3)
    whole = (folder / SIGNED_FILE).read_bytes()
    (folder / SIGNED_FILE).write_bytes(whole.replace(b'"number": 3', b'"number": 4'))
    again = subprocess.run([*opened.args], capture_output=True, check=False)
    assert again.returncode != 0


def test_monitors_read_all_roots_and_build_the_tree_themselves() -> None:
    from tocsin.records.ledger.merkle import merkle_root

    grow(6)
    client, found, after = Client(HTTP_HOST="localhost"), [], 0
    while page := client.get(f"/ledger/roots?after={after}&most=4").json():
        found += page
        after = page[-1]["number"]
    assert [root["number"] for root in found] == [1, 2, 3, 4, 5, 6]
    newest = client.get("/ledger/root").json()
    assert merkle_root([bytes.fromhex(root["hash"]) for root in found]) == newest["tree"]
    assert client.get("/ledger/roots?after=-1").status_code == 400
    assert client.get("/ledger/roots?after=x").status_code == 400
