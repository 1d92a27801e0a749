"""Who is told: counts of a warning and of a period, by what the reader may see; never a person, never an address."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import pytest
from django.conf import settings
from django.test import Client

from tests.rooms.test_publication import TABLE, issued
from tocsin.app.sender import send_due
from tocsin.doors.access import POST_KEY
from tocsin.loop.warn import services
from tocsin.records.audience import services as audience
from tocsin.records.audience.models import SubscriberRow
from tocsin.records.audience.services import Subscription, Target
from tocsin.records.org.actor import SYSTEM
from tocsin.records.org.models import Account
from tocsin.records.org.roles import Role
from tocsin.testing.channels import Inbox
from tocsin.testing.town import CITY, EAST, WEST, Town

pytestmark = pytest.mark.django_db
SECRET = "https://hooks.example/secret-token"


@pytest.fixture
def town(db: None) -> Iterator[Town]:
    with Town() as built:
        services.put_authority(TABLE, actor=SYSTEM, now=built.now)
        Account.objects.update(must_change_password=False)
        target = Target("display", {"en": "Display at the station"}, "webhook", SECRET, areas=(CITY,))
        audience.put_targets([target], actor=SYSTEM, now=built.now)
        yield built
        built._ring().clear()


def told(town: Town, post: str, query: str = "") -> str:
    client = Client(HTTP_HOST="localhost", HTTP_ACCEPT_LANGUAGE="en")
    client.force_login(Account.objects.get(id=town.account(post)), "django.contrib.auth.backends.ModelBackend")
    session = client.session
    session[POST_KEY] = post
    session.save()
    return client.get(f"/console/told/{query}").content.decode()


def rows(page: str) -> dict[tuple[str, str], list[str]]:
    """Lines of the report by channel and whom."""
    found = {}
    for row in re.findall(r"<tr>(.*?)</tr>", page.partition('id="channels-title"')[0], re.S):
        cells = [re.sub("<[^>]+>", "", cell).strip() for cell in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.S)]
        if len(cells) > 2 and cells[0] != "Channel":
            found[cells[0], cells[1]] = cells[2:]
    return found


def subscribe(town: Town, count: int) -> None:
    for n in range(count):
        wish = Subscription("mail", f"person{n}@canary.example", "en", places=[EAST])
        audience.ask(wish, now=town.now)
    SubscriberRow.objects.update(state="confirmed", confirmed_at=town.now)


def test_the_report_of_a_warning_and_of_a_period(town: Town) -> None:
    subscribe(town, 7)
    first = issued(town)
    town.after(minutes=1)
    for channel in ("mail", "webhook"):
        send_due(Inbox(channel), now=town.now)
    one, period = told(town, "duty", f"?warning={first}"), told(town, "duty")
    lines = rows(one)
    assert lines == rows(period)
    assert lines["Mail", "The public"][:3] == ["7", "7", "7"]
    assert lines["Other systems (webhook)", "Targets"][:3] == ["1", "1", "1"]
    assert int(lines["Mail", "Posts"][0]) >= 7
    assert lines["Mail", "The public"][-3:] != ["", "", ""]
    second = issued(town)
    assert int(rows(told(town, "duty"))["Mail", "Posts"][0]) > int(lines["Mail", "Posts"][0])
    assert rows(told(town, "duty", f"?warning={first}")) == lines
    assert second in told(town, "duty", f"?warning={second}")


def test_few_of_the_public_are_not_counted_out_and_nobody_is_named(town: Town) -> None:
    subscribe(town, 3)
    warning = issued(town)
    town.after(minutes=1)
    page = told(town, "duty", f"?warning={warning}")
    assert rows(page)["Mail", "The public"] == ["fewer than 5: not counted out"]
    assert "fewer than 5" in page.partition('id="public-title"')[2]
    assert "canary" not in page
    assert SECRET not in page
    assert "Display at the station" in page


def test_a_part_of_the_town_reads_of_its_own_warnings_only(town: Town) -> None:
    town.hire("duty-west", Role.DUTY_OFFICER, WEST)
    Account.objects.update(must_change_password=False)
    warning = issued(town)  # of the east
    assert rows(told(town, "duty-west")) == {}
    assert "no such warning" in told(town, "duty-west", f"?warning={warning}")


def test_what_the_worker_says_of_resting_targets_is_shown_and_its_silence_too(town: Town) -> None:
    issued(town)
    town.after(minutes=1)
    assert "not known" in told(town, "duty")
    settings.HOME.resting_channels.write_text(json.dumps({"mail": 0, "webhook": 3}))
    page = told(town, "duty").partition('id="channels-title"')[2]
    line = re.search(r'<th scope="row">Other systems \(webhook\)</th>.*?</tr>', page, re.S)
    assert line is not None
    assert '<td class="number">3</td>' in line[0]
