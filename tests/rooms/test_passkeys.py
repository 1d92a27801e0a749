"""Passkeys: an authenticator of our own (P-256, as a telephone holds it) against the doors; whatever is not exactly what was
asked, by whom and of what, does not sign."""

from __future__ import annotations

import hashlib
import json
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from django.conf import settings
from django.test import Client
from fido2 import cbor
from fido2.cose import ES256
from fido2.utils import websafe_decode, websafe_encode
from fido2.webauthn import AttestedCredentialData

from tests.rooms.test_warn import TABLE, drafted, line, sign, submitted
from tests.rooms.test_warn_pages import browser, text
from tocsin.loop.warn import services
from tocsin.loop.warn.models import AlertRow, PasskeyRow, SignatureRow
from tocsin.loop.warn.services.passkeys import passkeys_of
from tocsin.records.ledger import queries as ledger
from tocsin.records.org.actor import SYSTEM
from tocsin.records.org.models import Account
from tocsin.records.org.roles import Role
from tocsin.terms.errors import NotAllowed
from tocsin.testing.town import CITY, Town

pytestmark = pytest.mark.django_db

ORIGIN, NAME = "http://localhost", "localhost"


@pytest.fixture
def town(db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Town]:
    with Town() as built:
        monkeypatch.setattr(settings, "CONFIGURATION", replace(settings.CONFIGURATION, signing="passkey"))
        services.put_authority(TABLE, actor=SYSTEM, now=built.now)
        Account.objects.update(must_change_password=False)
        yield built
        built._ring().clear()


@dataclass
class Telephone:
    """A signer's telephone."""

    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    count: int = 0
    id: bytes = b"credential-of-a-telephone-1"

    def _told(self, kind: str, challenge: str, origin: str) -> bytes:
        return json.dumps({"type": kind, "challenge": challenge, "origin": origin, "crossOrigin": False}).encode()

    def _data(self, flags: int, name: str, more: bytes = b"") -> bytes:
        self.count += 1
        return hashlib.sha256(name.encode()).digest() + struct.pack(">BI", flags, self.count) + more

    def makes(self, options: dict[str, Any], *, origin: str = ORIGIN) -> dict[str, Any]:
        asked = options["publicKey"]
        public = ES256.from_cryptography_key(self.key.public_key())
        held = AttestedCredentialData.create(b"\0" * 16, self.id, public)
        data = self._data(0x45, asked["rp"]["id"], bytes(held))
        told = self._told("webauthn.create", asked["challenge"], origin)
        attested = cbor.encode({"fmt": "none", "attStmt": {}, "authData": data})
        response = {"clientDataJSON": websafe_encode(told), "attestationObject": websafe_encode(attested)}
        return {
            "id": websafe_encode(self.id),
            "rawId": websafe_encode(self.id),
            "type": "public-key",
            "response": response,
        }

    def signs(
        self, options: dict[str, Any], *, origin: str = ORIGIN, name: str = NAME, flags: int = 0x05, challenge: str = "",
        kind: str = "webauthn.get",
    ) -> str:  # fmt: skip
        told = self._told(kind, challenge or options["publicKey"]["challenge"], origin)
        data = self._data(flags, name)
        signature = self.key.sign(data + hashlib.sha256(told).digest(), ec.ECDSA(hashes.SHA256()))
        response = {"clientDataJSON": websafe_encode(told), "authenticatorData": websafe_encode(data),
                    "signature": websafe_encode(signature)}  # fmt: skip
        return json.dumps({"id": websafe_encode(self.id), "rawId": websafe_encode(self.id), "type": "public-key",
                           "response": response})  # fmt: skip


def with_passkey(client: Client, telephone: Telephone, name: str = "我的手机") -> Client:
    options = client.post("/console/passkeys/begin").json()
    made = client.post(
        "/console/passkeys/add", telephone.makes(options) | {"name": name}, content_type="application/json"
    )
    assert made.status_code == 200, made.content
    return client


def waiting(town: Town) -> tuple[str, str]:
    """A warning that waits, and what its signature is bound to."""
    warning = drafted(town)
    digest = submitted(town, warning)
    return warning, f"sign:{warning}:1:{digest}"


def posted(town: Town, client: Client, warning: str, assertion: str, **changed: str) -> Any:
    form = {
        "do": "sign",
        "version": "1",
        "digest": line(town, warning).content.digest,
        "assertion": assertion,
    } | changed
    return client.post(f"/console/warnings/{warning}/sign", form)


def test_a_signature_by_passkey_is_bound_to_what_the_page_showed(town: Town) -> None:
    telephone = Telephone()
    signer = with_passkey(browser(town, "signer"), telephone)
    warning, bound = waiting(town)
    page = text(signer.get(f"/console/warnings/{warning}/sign"))
    assert f'data-bound="{bound}"' in page
    assert "Approve and publish with your passkey" in page
    options = signer.post("/console/passkeys/challenge", {"bound": bound}).json()
    assert websafe_decode(options["publicKey"]["allowCredentials"][0]["id"]) == telephone.id
    done = posted(town, signer, warning, telephone.signs(options))
    assert done.status_code == 302, text(done)
    fingerprint = hashlib.sha256(telephone.id).hexdigest()
    assert SignatureRow.objects.get().passkey == fingerprint
    [entry] = [e for e in ledger.chain(line(town, warning).event) if e.verb == "warning_signed"]
    assert entry.body["passkey"] == fingerprint[:16]
    assert PasskeyRow.objects.get().used_at is not None
    assert "我的手机" in text(signer.get("/console/passkeys"))
    assert "by passkey" in text(browser(town, "duty").get(f"/console/warnings/{warning}"))


@pytest.mark.parametrize("wrong", [
    {"origin": "https://evil.example"}, {"name": "evil.example"}, {"flags": 0x01}, {"flags": 0x04}, {"kind": "webauthn.create"},
    {"challenge": websafe_encode(b"\0" * 32)},
])  # fmt: skip
def test_an_answer_to_anything_else_does_not_sign(town: Town, wrong: dict[str, Any]) -> None:
    """Another place, another name, nobody present, nobody verified, another kind, another challenge."""
    telephone = Telephone()
    signer = with_passkey(browser(town, "signer"), telephone)
    warning, bound = waiting(town)
    options = signer.post("/console/passkeys/challenge", {"bound": bound}).json()
    refused = posted(town, signer, warning, telephone.signs(options, **wrong))
    assert refused.status_code == 422
    assert "did not sign what this page shows" in text(refused)
    assert not AlertRow.objects.exists()


def test_what_was_asked_for_another_version_does_not_sign_this_one(town: Town) -> None:
    telephone = Telephone()
    signer = with_passkey(browser(town, "signer"), telephone)
    warning, _bound = waiting(town)
    other, bound = waiting(town)
    options = signer.post("/console/passkeys/challenge", {"bound": bound}).json()
    assert posted(town, signer, warning, telephone.signs(options)).status_code == 422
    assert not AlertRow.objects.exists()
    assert other


def test_an_answer_serves_once_and_not_for_long(town: Town) -> None:
    telephone = Telephone()
    signer = with_passkey(browser(town, "signer"), telephone)
    warning, bound = waiting(town)
    options = signer.post("/console/passkeys/challenge", {"bound": bound}).json()
    assertion = telephone.signs(options)
    town.after(minutes=6)
    assert posted(town, signer, warning, assertion).status_code == 409
    options = signer.post("/console/passkeys/challenge", {"bound": bound}).json()
    assertion = telephone.signs(options)
    assert posted(town, signer, warning, assertion, digest="0" * 64).status_code == 422  # used up
    assert posted(town, signer, warning, assertion).status_code == 409
    assert not AlertRow.objects.exists()


def test_a_copied_passkey_is_noticed_by_its_counter(town: Town) -> None:
    telephone = Telephone()
    signer = with_passkey(browser(town, "signer"), telephone)
    telephone.count = 0
    warning, bound = waiting(town)
    options = signer.post("/console/passkeys/challenge", {"bound": bound}).json()
    refused = posted(town, signer, warning, telephone.signs(options))
    assert "may have been copied" in text(refused)
    assert not AlertRow.objects.exists()


def test_the_passkey_of_somebody_else_does_not_sign(town: Town) -> None:
    town.hire("signer-2", Role.SIGNER, CITY)
    Account.objects.update(must_change_password=False)
    theirs = Telephone(id=b"credential-of-a-telephone-2")
    with_passkey(browser(town, "signer-2"), theirs)
    signer = with_passkey(browser(town, "signer"), Telephone())
    warning, bound = waiting(town)
    options = signer.post("/console/passkeys/challenge", {"bound": bound}).json()
    assert posted(town, signer, warning, theirs.signs(options)).status_code == 422
    stolen = signer.post("/console/passkeys/begin").json()
    again = signer.post("/console/passkeys/add", theirs.makes(stolen), content_type="application/json")
    assert again.status_code == 422
    assert "another account" in again.json()["said"]


def test_without_a_passkey_nobody_signs_where_the_deployment_asks_for_one(town: Town) -> None:
    signer = browser(town, "signer")
    warning, bound = waiting(town)
    refused = posted(town, signer, warning, "")
    assert refused.status_code == 403
    assert "asks for a passkey" in text(refused)
    with pytest.raises(NotAllowed, match="asks for a passkey"):
        sign(town, warning)
    assert signer.post("/console/passkeys/challenge", {"bound": bound}).status_code == 404


def test_by_session_alone_where_the_deployment_allows_it(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "CONFIGURATION", replace(settings.CONFIGURATION, signing="session"))
    signer = browser(town, "signer")
    warning, _bound = waiting(town)
    assert "data-passkey=" not in text(signer.get(f"/console/warnings/{warning}/sign"))
    assert posted(town, signer, warning, "").status_code == 302
    assert SignatureRow.objects.get().passkey == ""


@pytest.mark.parametrize(
    "body", ["{}", "[]", "x", '{"rawId": 1}', '{"id":"a","rawId":"b","response":{}}', "x" * 30_000]
)
def test_nonsense_is_refused_and_makes_nothing(town: Town, body: str) -> None:
    signer = browser(town, "signer")
    signer.post("/console/passkeys/begin")
    assert signer.post("/console/passkeys/add", body, content_type="application/json").status_code in (400, 422)
    warning, bound = waiting(town)
    with_passkey(signer, Telephone())
    signer.post("/console/passkeys/challenge", {"bound": bound})
    assert posted(town, signer, warning, body).status_code == 422
    assert not AlertRow.objects.exists()


def test_a_passkey_is_removed_by_its_owner_only(town: Town) -> None:
    town.hire("signer-2", Role.SIGNER, CITY)
    Account.objects.update(must_change_password=False)
    signer, other = with_passkey(browser(town, "signer"), Telephone(), "<b>mine</b>"), browser(town, "signer-2")
    fingerprint = PasskeyRow.objects.get().fingerprint
    assert "&lt;b&gt;mine&lt;/b&gt;" in text(signer.get("/console/passkeys"))
    other.post("/console/passkeys", {"remove": fingerprint})
    assert passkeys_of(town.account("signer"))
    signer.post("/console/passkeys", {"remove": fingerprint})
    assert not passkeys_of(town.account("signer"))
