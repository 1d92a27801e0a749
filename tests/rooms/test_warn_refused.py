"""Bad input of issue 5: each refused, nothing written, and in words that say what to do."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings

from tests.rooms.test_warn import SOURCE, TABLE, drafted, edited, sign, signed, submitted
from tocsin.formats.cap.new_key import new_pair
from tocsin.loop.warn import services
from tocsin.loop.warn.authority import AuthorityLine
from tocsin.loop.warn.models import AlertRow, SignatureRow, WarningRow
from tocsin.records.org import queries as org_queries
from tocsin.records.org import services as org
from tocsin.records.org.actor import SYSTEM
from tocsin.records.org.roles import Role
from tocsin.records.org.services import PostLine
from tocsin.terms.errors import BadTime, BadValue, NotAllowed, Refused, Stale
from tocsin.testing.town import CITY, Town

pytestmark = pytest.mark.django_db


@pytest.fixture
def town(db: None) -> Iterator[Town]:
    with Town() as built:
        services.put_authority(TABLE, actor=SYSTEM, now=built.now)
        yield built
        built._ring().clear()


def says_what_to_do(refused: pytest.ExceptionInfo[Refused], *words: str) -> None:
    """Thing, rule and remedy, and nothing went out."""
    error = refused.value
    assert error.thing
    assert error.rule
    assert all(word in error.remedy for word in words), error.remedy
    assert not SignatureRow.objects.filter(warning__state="submitted").exists()


def test_an_obligatory_item_that_is_missing(town: Town) -> None:
    warning = drafted(town)
    edited(town, warning, texts={"en": {"instruction": " "}})
    with pytest.raises(BadValue, match="empty: what to do") as refused:
        submitted(town, warning)
    says_what_to_do(refused, "fill them in")


def test_an_expired_period(town: Town) -> None:
    warning = drafted(town)
    digest = submitted(town, warning)
    with pytest.raises(BadTime, match="period is over") as refused:
        services.sign(warning, version=1, digest=digest, actor=town.as_("signer"), now=town.now + timedelta(hours=7))
    says_what_to_do(refused, "later end")


def test_a_body_without_authority(town: Town) -> None:
    warning = drafted(town)
    digest = submitted(town, warning)
    services.put_authority([AuthorityLine("emergency", "rainstorm", CITY, 1, 2, SOURCE)], actor=SYSTEM, now=town.now)
    with pytest.raises(NotAllowed, match="Orange II") as refused:
        sign(town, warning, digest=digest)
    says_what_to_do(refused, "authority table")


def test_the_author_signing(town: Town) -> None:
    org.put_posts([PostLine("signer-2", {"en": "second"}, "emergency", Role.SIGNER, CITY)], actor=SYSTEM, now=town.now)
    org.start_shift("signer-2", town.account("duty"), from_at=town.now, actor=SYSTEM, now=town.now)
    warning = drafted(town)
    digest = submitted(town, warning)
    author = org_queries.actor_of(town.account("duty"), "signer-2", now=town.now)
    with pytest.raises(NotAllowed, match="wrote any of it") as refused:
        services.sign(warning, version=1, digest=digest, actor=author, now=town.now)
    says_what_to_do(refused, "another signer")


def test_a_second_signature_after_a_change(town: Town) -> None:
    """What a signer saw before the change is not signed after it; and what is out is signed by nobody a second time."""
    town.hire("signer-2", Role.SIGNER, CITY)
    warning = drafted(town)
    digest = submitted(town, warning)
    edited(town, warning, level=4)
    submitted(town, warning)
    with pytest.raises(Stale, match="changed it meanwhile") as refused:
        sign(town, warning, version=1, digest=digest)
    says_what_to_do(refused, "load the page again")
    sign(town, warning)
    with pytest.raises(Stale, match="its state is") as again:
        sign(town, warning, "signer-2")
    says_what_to_do(again, "load the page again")
    assert SignatureRow.objects.count() == 1


def test_a_parent_that_was_cancelled(town: Town) -> None:
    first = signed(town, drafted(town))
    update = services.draft_update(first, actor=town.as_("duty"), now=town.now)
    submitted(town, update)
    signed(town, services.draft_cancel(first, actor=town.as_("duty"), now=town.now))
    with pytest.raises(Stale, match="not in force any more") as refused:
        sign(town, update)
    says_what_to_do(refused, "draft a new warning")


def test_a_clock_that_went_back(town: Town) -> None:
    first = signed(town, drafted(town))
    update = services.draft_update(first, actor=town.as_("duty"), now=town.now)
    digest = submitted(town, update)
    with pytest.raises(BadTime, match="it shows") as refused:
        services.sign(update, version=1, digest=digest, actor=town.as_("signer"), now=town.now - timedelta(minutes=10))
    says_what_to_do(refused, "set the clock")
    assert WarningRow.objects.get(id=update).state == "submitted"
    sign(town, update)


def test_a_certificate_that_does_not_hold(town: Town, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = [tmp_path / "key.pem", tmp_path / "cert.pem"]
    for path, content in zip(files, new_pair("Simcity", days=1, at=town.now - timedelta(days=9)), strict=True):
        path.write_bytes(content)
    with_key = replace(settings.CONFIGURATION, cap_key=str(files[0]), cap_certificate=str(files[1]))
    monkeypatch.setattr(settings, "CONFIGURATION", with_key)
    warning = drafted(town)
    submitted(town, warning)
    with pytest.raises(BadValue, match="is valid from") as refused:
        sign(town, warning)
    says_what_to_do(refused, "administrator")
    assert not AlertRow.objects.exists()


def test_longer_than_a_month_and_no_flow_of_ours(town: Town) -> None:
    warning = drafted(town)
    edited(town, warning, expires=town.now + timedelta(days=32))
    with pytest.raises(BadTime, match="31 days") as refused:
        submitted(town, warning)
    says_what_to_do(refused, "update it")
    with pytest.raises(BadValue, match="nobody knows it") as flow:
        edited(town, warning, flow="at once")
    says_what_to_do(flow, "ordinary or urgent")
