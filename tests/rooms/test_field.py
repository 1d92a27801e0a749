"""The inspector's telephone and the duty officer's side of it, as plain forms: nothing typed is lost, nothing hostile runs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.template import engines
from django.test import Client

from tests.rooms.test_blobs import REFUSED, with_position
from tests.rooms.verifying import verifying_town
from tocsin.doors.access import POST_KEY
from tocsin.loop.verify import queries, services
from tocsin.records.org.models import Account
from tocsin.records.org.roles import Role
from tocsin.records.org.scope import EVERYWHERE
from tocsin.testing.town import EAST, WEST, Town

pytestmark = pytest.mark.django_db
HOSTILE = '<script>alert("1")</script><img src=x onerror=alert(2)>{{ settings.SECRET_KEY }}'


@pytest.fixture(autouse=True)
def loud(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engines["django"].engine, "string_if_invalid", "!! no such variable: %s !!")


@pytest.fixture
def town() -> Iterator[Town]:
    with verifying_town() as built:
        Account.objects.update(must_change_password=False)
        yield built
        built._ring().clear()


def browser(town: Town, post: str, language: str = "en") -> Client:
    client = Client(HTTP_HOST="localhost", HTTP_ACCEPT_LANGUAGE=language)
    Account.objects.update(must_change_password=False)
    client.force_login(Account.objects.get(id=town.account(post)), "django.contrib.auth.backends.ModelBackend")
    session = client.session
    session[POST_KEY] = post
    session.save()
    return client


def asked(town: Town, at: str = EAST) -> tuple[str, str]:
    storm = town.storm(level=3, at=at)
    town.carry()
    (line,) = queries.verifications(EVERYWHERE, storm.event)
    return storm.event, line.id


def read(answer: Any, status: int = 200) -> str:
    text = str(answer.content.decode())
    assert answer.status_code == status, text[-3000:]
    assert "no such variable" not in text, re.findall(r"!! no such variable: .*? !!", text)
    return text


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_from_the_list_to_the_receipt_by_plain_forms(town: Town, language: str) -> None:
    event, task = asked(town)
    phone = browser(town, "inspector-east", language)
    assert f"/field/task/{task}" in read(phone.get("/field"))
    page = read(phone.get(f"/field/task/{task}"))
    assert page.count('name="verdict"') == 3
    assert ("Is water standing" if language == "en" else "是否有积水") in page
    once = re.search(r'name="once" value="([^"]+)"', page)
    assert once is not None
    assert phone.post(f"/field/task/{task}/arrive").url == f"/field/task/{task}"
    assert 'id="arrived-button"' not in read(phone.get(f"/field/task/{task}"))
    photo = SimpleUploadedFile("IMG_1.jpg", with_position(), "image/jpeg")
    sent = {"verdict": "confirmed", "note": "Kerb deep", "once": once[1], "photo": photo, "lon": "120.76", "lat": "30.26",
            "accuracy": "14"}  # fmt: skip
    assert phone.post(f"/field/task/{task}/answer", sent).url == f"/field/task/{task}/receipt"
    receipt = read(phone.get(f"/field/task/{task}/receipt"))
    assert "Kerb deep" in receipt
    again = phone.post(f"/field/task/{task}/answer", {"verdict": "confirmed", "note": "Kerb deep", "once": once[1]})
    assert again.url == f"/field/task/{task}/receipt"
    line = queries.verification(EVERYWHERE, task)
    assert (line.answer, line.note, len(line.evidence)) == ("confirmed", "Kerb deep", 1)
    assert (line.evidence[0].lon, line.evidence[0].accuracy_m) == (120.76, 14.0)
    assert read(phone.get("/field"))

    duty = browser(town, "duty", language)
    shown = read(duty.get(f"/events/{event}/"))
    assert shown
    small = duty.get(f"/verifications/{task}/photographs/1/small")
    assert (small.status_code, small["Content-Type"], small["X-Content-Type-Options"]) == (200, "image/jpeg", "nosniff")
    assert small["Content-Disposition"] == "inline"
    assert "sandbox" in small["Content-Security-Policy"]
    assert b"Secret" not in duty.get(f"/verifications/{task}/photographs/1").content


@pytest.mark.parametrize("what", [*REFUSED, "50 MB"])
def test_a_photograph_that_is_refused_keeps_what_was_typed(town: Town, what: str) -> None:
    _event, task = asked(town)
    phone = browser(town, "inspector-east")
    content = b"\xff\xd8\xff" + b"\0" * (50 << 20) if what == "50 MB" else REFUSED[what][0] or b" "
    photo = SimpleUploadedFile("proof.jpg", content, "image/jpeg")
    sent = {"photo": photo, "verdict": "refuted", "note": "Dry road, " + HOSTILE, "once": "k1"}
    answer = phone.post(f"/field/task/{task}/answer", sent)
    page = read(answer, 413 if what in ("50 MB", "bomb") else 422)
    assert "proof.jpg" in page
    assert "Dry road, &lt;script&gt;" in page
    assert "<script>alert" not in page
    assert re.search(r'value="refuted" checked', page)
    assert 'name="once" value="k1"' in page
    assert queries.verification(EVERYWHERE, task).is_open


def test_a_script_is_told_in_json(town: Town) -> None:
    _event, task = asked(town)
    phone = browser(town, "inspector-east")
    json = {"HTTP_ACCEPT": "application/json"}
    refused = phone.post(f"/field/task/{task}/answer", {"note": "no answer chosen"}, **json)
    assert refused.status_code == 422
    assert refused.json()["final"] is False
    assert set(refused.json()["refused"][0]) == {"thing", "rule", "remedy"}
    taken = phone.post(f"/field/task/{task}/answer", {"verdict": "cannot_tell", "once": "k"}, **json)
    assert taken.json() == {"onward": f"/field/task/{task}/receipt"}
    late = phone.post(f"/field/task/{task}/answer", {"verdict": "refuted", "once": "other"}, **json)
    assert (late.status_code, late.json()["final"]) == (409, True)


def test_somebody_elses_task_is_not_there(town: Town) -> None:
    _event, task = asked(town)
    town.hire("inspector-city", Role.INSPECTOR, "simcity")
    for post, status in (("inspector-west", 404), ("inspector-city", 403)):
        phone = browser(town, post)
        assert phone.get(f"/field/task/{task}").status_code == status
        assert phone.post(f"/field/task/{task}/answer", {"verdict": "refuted"}).status_code in (403, 404)
        assert f"/field/task/{task}" not in read(phone.get("/field"))
    assert browser(town, "duty").get("/field").status_code == 403
    assert Client(HTTP_HOST="localhost").get("/field").url.startswith("/login")


def test_a_photograph_is_for_those_who_may_read_its_event(town: Town) -> None:
    _event, task = asked(town)
    browser(town, "inspector-east").post(
        f"/field/task/{task}/answer",
        {"verdict": "confirmed", "photo": SimpleUploadedFile("p.jpg", with_position())},
    )
    town.hire("duty-west", Role.DUTY_OFFICER, WEST)
    path = f"/verifications/{task}/photographs/1"
    seen = {
        post: browser(town, post).get(path).status_code for post in ("duty", "auditor", "duty-west", "administrator")
    }
    assert seen == {"duty": 200, "auditor": 200, "duty-west": 404, "administrator": 403}
    assert browser(town, "duty").get(f"/verifications/{task}/photographs/2").status_code == 404


@pytest.mark.parametrize("bad", [{"lon": "x", "lat": "1"}, {"lon": "999", "lat": "1"}, {"lon": "nan", "lat": "nan"}])
def test_a_bad_position_is_refused_in_words(town: Town, bad: dict[str, str]) -> None:
    _event, task = asked(town)
    phone = browser(town, "inspector-east")
    assert "position" in read(phone.post(f"/field/task/{task}/answer", {"verdict": "refuted", **bad}), 422)


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_the_duty_officer_acknowledges_asks_and_takes_back(town: Town, language: str) -> None:
    event, task = asked(town)
    duty = browser(town, "duty", language)
    assert duty.post(f"/events/{event}/acknowledge").url == f"/events/{event}/"
    assert duty.post(f"/events/{event}/acknowledge", {"next": "/?level=3"}).url == "/?level=3"
    assert duty.post(f"/events/{event}/acknowledge", {"next": "https://evil.example/"}).url == "/"
    assert queries.dossier(EVERYWHERE, event).acknowledged_at is not None
    town.hire("inspector-far", Role.INSPECTOR, EAST, lon=120.9, lat=30.4)
    page = read(duty.get(f"/events/{event}/verify"))
    assert 'value="inspector-far"' in page
    assert 'value="inspector-east"' not in page  # is asked already
    wrong = read(duty.post(f"/events/{event}/verify", {"to": "signer", "once": "o"}), 422)
    assert 'role="alert"' in wrong
    for _ in range(2):  # pressed twice
        assert duty.post(f"/events/{event}/verify", {"to": "inspector-far", "once": "o"}).status_code == 302
    lines = queries.verifications(EVERYWHERE, event)
    assert {line.post for line in lines} == {"inspector-east", "inspector-far"}
    assert len(lines) == 2
    assert duty.post(f"/verifications/{task}/withdraw").status_code == 302
    assert read(duty.post(f"/verifications/{task}/withdraw"), 409)
    phone = browser(town, "inspector-east", language)
    assert read(phone.get(f"/field/task/{task}"))  # an answer is still kept
    services.answer(task, "confirmed", actor=town.as_("inspector-east"), now=town.now)
    assert read(phone.get(f"/field/task/{task}/receipt"))
    assert read(duty.get(f"/events/{event}/verify"))
