"""The small office: another body's signer helps, a message is signed in advance, released by one and countersigned."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.conf import settings

from tests.rooms.test_warn import SOURCE, TABLE, drafted, facts, line, sign, submitted
from tests.rooms.test_warn_pages import browser, text
from tocsin.formats.cap import read
from tocsin.loop.warn import queries, services
from tocsin.loop.warn.authority import AuthorityLine
from tocsin.loop.warn.lifecycle import WarningState
from tocsin.loop.warn.models import AlertRow, PresignedRow, SignatureRow, WarningRow
from tocsin.loop.warn.presigned import fitting, in_season, presigned
from tocsin.records.ledger import queries as ledger
from tocsin.records.org import services as org
from tocsin.records.org.actor import SYSTEM
from tocsin.records.org.models import Account
from tocsin.records.org.roles import Role
from tocsin.records.org.scope import EVERYWHERE
from tocsin.records.org.services import DepartmentLine, PostLine
from tocsin.terms.errors import BadTime, BadValue, NotAllowed, Refused, Stale, UnknownName
from tocsin.testing.town import CITY, EAST, START, WEST, Town

pytestmark = pytest.mark.django_db


@pytest.fixture
def town(db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Town]:
    with Town(synthetic=False) as built:
        small = replace(settings.CONFIGURATION, small_office=("mutual_aid", "presigned"))
        monkeypatch.setattr(settings, "CONFIGURATION", small)
        services.put_authority(TABLE, actor=SYSTEM, now=built.now)
        Account.objects.update(must_change_password=False)
        yield built
        built._ring().clear()


def declare(monkeypatch: pytest.MonkeyPatch, *means: str) -> None:
    monkeypatch.setattr(settings, "CONFIGURATION", replace(settings.CONFIGURATION, small_office=means))


# ---------------------------------------------------------------- mutual aid
def neighbour(town: Town, jurisdiction: str = "othercity") -> None:
    """A body next door with a signer on duty, whose own area is elsewhere."""
    org.put_departments(
        [DepartmentLine("neighbour", {"en": "Neighbour's office"}, jurisdiction)], actor=SYSTEM, now=town.now
    )
    org.put_posts([PostLine("signer-next", {"en": "signer next door"}, "neighbour", Role.SIGNER, jurisdiction,
                            mail="signer-next@town.example", language="en")], actor=SYSTEM, now=town.now)  # fmt: skip
    account, _password = org.open_account("signer.next", "signer next door", actor=SYSTEM, now=town.now)
    town._people["signer-next"] = account
    town.comes_to_work("signer-next")
    Account.objects.update(must_change_password=False)


AIDED = (*TABLE, AuthorityLine("neighbour", "rainstorm", CITY, 1, 4, "agreement on mutual aid, article 2"))


def test_another_body_helps_only_while_nobody_of_ours_is_on_duty(town: Town) -> None:
    neighbour(town)
    services.put_authority(AIDED, actor=SYSTEM, now=town.now)
    warning = drafted(town, body="emergency")
    submitted(town, warning)
    with pytest.raises(NotAllowed, match="only while no signer of the issuing one is on duty") as refused:
        sign(town, warning, "signer-next")
    assert "signer" in refused.value.remedy
    town.goes_home("signer")
    page = browser(town, "signer-next").get(f"/console/warnings/{warning}/sign")
    assert page.status_code == 200
    identifier = sign(town, warning, "signer-next")
    signature = SignatureRow.objects.get()
    assert (signature.aid, signature.post) == ("neighbour", "signer-next")
    message = read(queries.alert(identifier).document).alert
    assert message is not None
    assert message.infos[1].sender_name == "Emergency office"  # the body whose warning it is
    [entry] = [e for e in ledger.chain(line(town, warning).event) if e.verb == "warning_signed"]
    assert entry.body["aid"] == "neighbour"
    assert "in mutual aid by Neighbour" in text(browser(town, "duty").get(f"/console/warnings/{warning}"))


def test_who_helps_is_asked_when_nobody_of_ours_is_on_duty(town: Town) -> None:
    neighbour(town)
    services.put_authority(AIDED, actor=SYSTEM, now=town.now)
    town.goes_home("signer")
    warning = drafted(town, body="emergency")
    town.read_all()
    submitted(town, warning)
    town.phone("signer-next").expects("To sign")
    town.phone("signer").expects("To sign")


def test_a_body_that_the_table_does_not_name_never_helps(town: Town) -> None:
    neighbour(town)
    town.goes_home("signer")
    warning = drafted(town)
    submitted(town, warning)
    with pytest.raises(NotAllowed):
        sign(town, warning, "signer-next")
    assert browser(town, "signer-next").get(f"/console/warnings/{warning}/sign").status_code == 404
    services.put_authority([*TABLE, replace(AIDED[-1], highest=2)], actor=SYSTEM, now=town.now)
    with pytest.raises(NotAllowed):
        sign(town, warning, "signer-next")  # named, but not up to orange


def test_without_the_setting_nobody_helps(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    declare(monkeypatch, "presigned")
    neighbour(town)
    services.put_authority(AIDED, actor=SYSTEM, now=town.now)
    town.goes_home("signer")
    warning = drafted(town, body="emergency")
    submitted(town, warning)
    with pytest.raises(NotAllowed):
        sign(town, warning, "signer-next")


def test_an_author_of_the_helping_body_does_not_sign(town: Town) -> None:
    neighbour(town)
    services.put_authority(AIDED, actor=SYSTEM, now=town.now)
    town.goes_home("signer")
    warning = drafted(town, body="emergency")
    submitted(town, warning)
    WarningRow.objects.filter(id=warning).update(authors=[town.account("signer-next")])
    with pytest.raises(NotAllowed, match="wrote any of it"):
        sign(town, warning, "signer-next")


# ---------------------------------------------------------------- signed in advance
def proposed(town: Town, **given: Any) -> str:
    given = {"hazard": "rainstorm", "level": 3, "paths": [EAST], "body": "emergency", "trigger_level": 3,
             "season": ("10-01", "12-31"), "valid_until": town.now + timedelta(days=60)} | given  # fmt: skip
    return services.propose_presigned(**given, actor=town.as_("duty"), now=town.now)


def agreed(town: Town, **given: Any) -> str:
    made = proposed(town, **given)
    services.presign(made, digest=PresignedRow.objects.get(id=made).digest, actor=town.as_("signer"), now=town.now)
    return made


def released(town: Town, made: str, level: int = 3, at: datetime | None = None) -> str:
    event = town.storm(level=level).event
    return services.release(made, event, actor=town.as_("duty"), now=at or town.now)


def test_one_duty_officer_releases_what_a_signer_agreed_to(town: Town) -> None:
    made = agreed(town)
    warning = released(town, made)
    shown = line(town, warning)
    assert shown.in_force(town.now)
    assert (shown.presigned, shown.countersign_by) == (made, town.now + timedelta(minutes=30))
    assert "171.2" in shown.content.text("en").description  # what only this hour knows is filled in
    assert not [t for texts in shown.content.texts.values() for t in texts.as_document().values() if "{" in t]
    assert shown.content.text("en").short
    signature = SignatureRow.objects.get()
    assert signature.account == town.account("signer")
    assert signature.at <= town.now
    assert facts("warning_issued", "warning_released") == ["warning_issued", "warning_released"]
    town.phone("signer").expects("To countersign", "or it is withdrawn")
    services.countersign(warning, actor=town.as_("signer"), now=town.now)
    services.countersign(warning, actor=town.as_("signer"), now=town.now)  # again is nothing
    assert services.sweep(now=town.now + timedelta(minutes=31)) == 0
    assert ledger.verify() == []


def test_not_countersigned_it_is_withdrawn_and_cannot_be_released_again(town: Town) -> None:
    made = agreed(town)
    warning = released(town, made)
    assert services.sweep(now=town.now + timedelta(minutes=29)) == 0
    late = town.now + timedelta(minutes=30)
    with pytest.raises(Stale):
        services.countersign(warning, actor=town.as_("signer"), now=late)
    assert services.sweep(now=late) == 1
    assert services.sweep(now=late) == 0
    assert line(town, warning).state is WarningState.CANCELLED
    cancel = read(AlertRow.objects.get(msg_type="Cancel").document).alert
    assert cancel is not None
    assert cancel.references[0].identifier == warning
    for info, why in zip(cancel.infos, ("没有第二人", "no second person"), strict=True):
        assert why in info.description
        assert "AllClear" not in info.response_types
    assert SignatureRow.objects.count() == 1  # nobody signed the cancellation
    assert presigned(EVERYWHERE, made).state == "suspended"
    with pytest.raises(Stale, match="not countersigned in time"):
        released(town, made, at=late)
    services.presign(made, digest=PresignedRow.objects.get().digest, actor=town.as_("signer"), now=late)
    released(town, made, at=late)


def test_an_ordinary_update_by_a_second_person_settles_it(town: Town) -> None:
    warning = released(town, agreed(town))
    update = services.draft_update(warning, level=4, actor=town.as_("duty"), now=town.now)
    submitted(town, update)
    sign(town, update)
    assert services.sweep(now=town.now + timedelta(minutes=31)) == 0
    assert line(town, update).in_force(town.now)


def test_what_ended_while_nobody_was_there_is_told_all_the_same(town: Town) -> None:
    warning = released(town, agreed(town))
    late = line(town, warning).expires_at + timedelta(minutes=1)
    services.sweep(now=late)
    told = facts("warning_uncountersigned", "warning_cancelled", "warning_expired")
    assert told == ["warning_uncountersigned", "warning_expired"]
    assert not AlertRow.objects.filter(msg_type="Cancel").exists()


@pytest.mark.parametrize(("given", "level", "error", "said"), [
    ({"season": ("06-01", "09-30")}, 3, NotAllowed, "outside its season"),
    ({}, 2, NotAllowed, "its trigger does not hold"),
    ({"hazard": "gale"}, 3, NotAllowed, "its trigger does not hold"),
    ({"paths": [WEST]}, 3, NotAllowed, "its trigger does not hold"),
])  # fmt: skip
def test_every_bound_holds(town: Town, given: dict[str, Any], level: int, error: type[Refused], said: str) -> None:
    made = agreed(town, **given)
    with pytest.raises(error, match=said) as refused:
        released(town, made, level)
    assert "signer" in refused.value.remedy
    assert not AlertRow.objects.exists()


def test_bounds_of_time_authority_and_number(town: Town) -> None:
    made = agreed(town)
    event = town.storm(level=3).event
    with pytest.raises(Stale, match="valid no more"):
        services.release(made, event, actor=town.as_("duty"), now=town.now + timedelta(days=61))
    services.put_authority([AuthorityLine("emergency", "heat", CITY, 1, 4, SOURCE)], actor=SYSTEM, now=town.now)
    with pytest.raises(NotAllowed, match="may not issue"):
        services.release(made, event, actor=town.as_("duty"), now=town.now)
    services.put_authority(TABLE, actor=SYSTEM, now=town.now)
    first = services.release(made, event, once="form", actor=town.as_("duty"), now=town.now)
    assert services.release(made, event, once="form", actor=town.as_("duty"), now=town.now) == first  # pressed twice
    with pytest.raises(Stale, match="still waits for its countersignature"):
        services.release(made, town.storm(level=3).event, actor=town.as_("duty"), now=town.now)


def test_a_signed_one_says_exactly_what_was_signed(town: Town) -> None:
    made = proposed(town)
    with pytest.raises(Stale, match="nobody has signed it"):
        released(town, made)
    with pytest.raises(Stale):
        services.presign(made, digest="0" * 64, actor=town.as_("signer"), now=town.now)
    assert presigned(EVERYWHERE, made).terms_digest() == PresignedRow.objects.get().digest
    with pytest.raises(NotAllowed):
        services.presign(made, digest=PresignedRow.objects.get().digest, actor=town.as_("duty"), now=town.now)
    PresignedRow.objects.update(author_account=town.account("signer"))
    with pytest.raises(NotAllowed, match="wrote any of it"):
        services.presign(made, digest=PresignedRow.objects.get().digest, actor=town.as_("signer"), now=town.now)


@pytest.mark.parametrize(("given", "error"), [
    ({"season": ("13-01", "12-31")}, BadValue), ({"valid_until": START + timedelta(days=400)}, BadTime),
    ({"level": 9}, BadValue),
    ({"body": "mill"}, NotAllowed), ({"paths": ["elsewhere"]}, NotAllowed), ({"hazard": "plague"}, BadValue),
    ({"texts": {"en": {"headline": "{area:>99999999}"}}}, BadValue), ({"texts": {"en": {"headline": "{secret}"}}}, BadValue),
])  # fmt: skip
def test_what_cannot_be_proposed(town: Town, given: dict[str, Any], error: type[Refused]) -> None:
    with pytest.raises(error) as refused:
        proposed(town, **given)
    assert refused.value.remedy
    assert not PresignedRow.objects.exists()


def test_it_is_withdrawn_with_a_reason_and_for_good(town: Town) -> None:
    made = agreed(town)
    with pytest.raises(BadValue):
        services.withdraw_presigned(made, " ", actor=town.as_("signer"), now=town.now)
    services.withdraw_presigned(made, "The dam is finished.", actor=town.as_("signer"), now=town.now)
    with pytest.raises(Stale, match="withdrawn"):
        released(town, made)
    with pytest.raises(Stale):
        services.presign(made, digest=PresignedRow.objects.get().digest, actor=town.as_("signer"), now=town.now)


def test_who_countersigns(town: Town) -> None:
    warning = released(town, agreed(town))
    with pytest.raises(NotAllowed):
        services.countersign(warning, actor=town.as_("duty"), now=town.now)
    org.put_posts([PostLine("signer-2", {"en": "second"}, "emergency", Role.SIGNER, CITY)], actor=SYSTEM, now=town.now)
    org.start_shift("signer-2", town.account("duty"), from_at=town.now, actor=SYSTEM, now=town.now)
    from tocsin.records.org import queries as org_queries

    same = org_queries.actor_of(town.account("duty"), "signer-2", now=town.now)
    with pytest.raises(NotAllowed, match="did not release it"):
        services.countersign(warning, actor=same, now=town.now)


def test_without_the_setting_nothing_of_it_works(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    made = agreed(town)
    event = town.storm(level=3).event
    assert [one.id for one in fitting(event, actor=town.as_("duty"), now=town.now)] == [made]
    declare(monkeypatch)
    for attempt in (lambda: proposed(town), lambda: released(town, made),
                    lambda: services.presign(made, digest="", actor=town.as_("signer"), now=town.now)):  # fmt: skip
        with pytest.raises(NotAllowed, match="has not declared"):
            attempt()
    assert fitting(event, actor=town.as_("duty"), now=town.now) == []


def test_seasons_go_over_the_new_year() -> None:
    assert in_season("01-10", "11-15", "03-15")
    assert not in_season("06-10", "11-15", "03-15")
    with pytest.raises(BadValue):
        in_season("06-10", "6-1", "09-30")


# ---------------------------------------------------------------- its pages
def test_by_pages_from_the_proposal_to_the_countersignature(town: Town) -> None:
    duty, signer = browser(town, "duty"), browser(town, "signer")
    form = {"hazard": "rainstorm", "level": "3", "trigger_level": "3", "paths": EAST, "body": "emergency", "once": "p",
            "season_from": "10-01", "season_to": "12-31", "valid_until": "2026-01-20"}  # fmt: skip
    assert duty.post("/console/warnings/presigned", form | {"valid_until": "soon"}).status_code == 422
    address = duty.post("/console/warnings/presigned", form).url
    assert duty.post("/console/warnings/presigned", form).url == address
    page = text(signer.get(address))
    assert "You agree that a duty officer may release exactly this" in page
    assert "Sign in advance</button>" not in text(duty.get(address))
    digest = PresignedRow.objects.get().digest
    assert signer.post(address, {"do": "presign", "digest": digest}).status_code == 302
    event = town.storm(level=3).event
    begin = text(duty.get(f"/console/warnings/compose?event={event}"))
    assert "Release it now" in begin
    made = duty.post(f"{address}/release", {"event": event, "once": "r"})
    warning = made.url.rpartition("/")[2]
    assert "waits for a signer to countersign" in text(duty.get(made.url))
    assert warning in text(duty.get("/console/warnings/")).partition("Waiting for approval")[0]  # pinned
    assert signer.post(f"{made.url}/countersign").status_code == 302
    assert "Countersigned by" in text(duty.get(made.url))
    with pytest.raises(UnknownName):
        presigned(EVERYWHERE, "psg_none")
