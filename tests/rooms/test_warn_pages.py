"""Pages of warnings: composing, signing, what the public reads; hostile texts are plain characters everywhere."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.test import Client

from tocsin.doors.access import POST_KEY
from tocsin.loop.warn import queries, services
from tocsin.loop.warn.authority import AuthorityLine
from tocsin.records.org.actor import SYSTEM
from tocsin.records.org.models import Account
from tocsin.testing.town import CITY, EAST, Town

pytestmark = pytest.mark.django_db

TABLE = (AuthorityLine("emergency", "*", CITY, 1, 4, "test: the emergency office of Simcity"),)


@pytest.fixture
def town(db: None) -> Iterator[Town]:
    with Town() as built:
        services.put_authority(TABLE, actor=SYSTEM, now=built.now)
        Account.objects.update(must_change_password=False)
        yield built
        built._ring().clear()


def browser(town: Town, post: str, language: str = "en") -> Client:
    client = Client(HTTP_HOST="localhost", HTTP_ACCEPT_LANGUAGE=language)
    client.force_login(Account.objects.get(id=town.account(post)), "django.contrib.auth.backends.ModelBackend")
    session = client.session
    session[POST_KEY] = post
    session.save()
    return client


def test_from_event_to_signed(town: Town) -> None:
    duty, signer = browser(town, "duty"), browser(town, "signer")
    event = town.storm(level=3).event
    begun = duty.get(f"/console/warnings/compose?event={event}")
    assert begun.status_code == 200, begun.content.decode()[-3000:]
    made = duty.post(f"/console/warnings/compose?event={event}", {"once": "a"})
    assert made.status_code == 302
    page = duty.get(made.url)
    assert page.status_code == 200
    text = page.content.decode()
    print(text)
    print(duty.get("/console/warnings/").content.decode()[:100])
