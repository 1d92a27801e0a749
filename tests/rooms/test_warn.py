"""Warnings: two people, one transaction, one message that cites exactly what it replaces."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from tocsin.formats.cap import read
from tocsin.loop.warn import handlers, publication, queries, services
from tocsin.loop.warn.authority import AuthorityLine
from tocsin.loop.warn.content import Areas
from tocsin.records.org.actor import SYSTEM
from tocsin.testing.town import CITY, EAST, WEST, Town

pytestmark = pytest.mark.django_db

TABLE = (AuthorityLine("emergency", "*", CITY, 1, 4, "test: the emergency office of Simcity"),)


@pytest.fixture
def town(db: None) -> Iterator[Town]:
    with Town() as built:
        services.put_authority(TABLE, actor=SYSTEM, now=built.now)
        yield built
        built._ring().clear()  # what is told is read in the tests about telling


def drafted(town: Town, level: int = 3, **given: object) -> str:
    given = {"exercise": False} | given
    return services.draft(town.storm(level=level).event, actor=town.as_("duty"), now=town.now, **given)


def line(town: Town, warning: str) -> queries.WarningLine:
    return queries.warning(town.as_("duty").scope, warning)


def submitted(town: Town, warning: str) -> str:
    return services.submit(warning, version=line(town, warning).version, actor=town.as_("duty"), now=town.now)


def signed(town: Town, warning: str) -> str:
    digest = submitted(town, warning)
    version = line(town, warning).version
    return services.sign(warning, version=version, digest=digest, actor=town.as_("signer"), now=town.now)


def test_smoke(town: Town) -> None:
    warning = drafted(town)
    content = line(town, warning).content
    print(content.as_document())
    identifier = signed(town, warning)
    print(queries.alert(identifier).document.decode())
    town.after(minutes=3)
    update = services.draft_update(warning, level=4, actor=town.as_("duty"), now=town.now)
    signed(town, update)
    print(queries.alert(update).document.decode()[:900])
    town.after(minutes=3)
    cancel = services.draft_cancel(update, actor=town.as_("duty"), now=town.now)
    signed(town, cancel)
    print(queries.alert(cancel).document.decode())
    print([str(x) for x in __import__("tocsin.formats.cap").formats.cap.check(queries.alert(cancel).document)])
    publication.rebuild(now=town.now)
    print(publication.feed_now(now=town.now).document.decode())
    for letter in town.inboxes["mail"].letters[:3]: print(letter)
