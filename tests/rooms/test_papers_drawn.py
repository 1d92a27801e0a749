"""Every kind of paper of the shipped packs, laid out: each page of the PDF has ink and keeps its margins.

``scripts/papers-as-pictures`` keeps the files (TOCSIN_TEST_PAPERS names the folder) and makes pictures of both."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pypdfium2 as pdfium
import pytest
from django.test import Client

from tests.rooms import disputes, petitions, walking
from tests.rooms.casework import casework_town, row
from tests.rooms.responding import quiet, responding_town
from tests.rooms.test_respond_pages import browser, proposed
from tests.rooms.test_review_pages import form as review_form
from tests.rooms.test_review_pages import town as town_that_walked
from tocsin.records.cases import services
from tocsin.records.org.models import Account
from tocsin.records.org.roles import Role
from tocsin.testing.town import EAST, Town

pytestmark = pytest.mark.django_db
walked = town_that_walked
LANGUAGES = ("en", "zh-hans")
MARGINS_MM = (27, 35, 25, 14)  # left, top (a mark may stand above), right, bottom (the page's number)


@pytest.fixture(params=LANGUAGES)
def language(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def town() -> Iterator[Town]:
    with casework_town("2026-03-03T10:00", packs=("workplace_safety", "petitions", "mediation")) as built:
        for post, area in (
            (petitions.DESK, EAST),
            (petitions.ORGAN, EAST),
            (petitions.PROVINCE, ""),
        ):
            built.hire(post, Role.CASE_HANDLER, area)
        Account.objects.update(must_change_password=False)
        yield built


@pytest.fixture
def warned_town() -> Iterator[Town]:
    with responding_town() as built:
        Account.objects.update(must_change_password=False)
        yield built
        quiet(built)


def drawn(client: Client, path: str, query: str, name: str) -> None:
    """Both files of a paper; each page of the PDF looked at."""
    files = {form: client.get(f"{path}.{form}?{query}") for form in ("pdf", "docx")}
    for answer in files.values():
        assert answer.status_code == 200, answer.content[-500:]
    pages = pdfium.PdfDocument(files["pdf"].content)
    for number, page in enumerate(pages):
        image = page.render(scale=1.3).to_pil().convert("L")
        dark = image.point(lambda value: 255 if value < 128 else 0).getbbox()
        assert dark is not None, f"page {number + 1} is empty"
        width, height = image.size
        left, top, right, bottom = MARGINS_MM
        assert dark[0] >= left / 210 * width - 2, name
        assert dark[1] >= (top if not number else 14) / 297 * height - 2, name
        assert dark[2] <= width * (1 - right / 210) + 2, name
        assert dark[3] <= height * (1 - bottom / 297) + 2, name
    if folder := os.environ.get("TOCSIN_TEST_PAPERS"):
        for form, answer in files.items():
            (Path(folder) / f"paper-{name}.{form}").write_bytes(answer.content)


def step(town: Town, case: str, code: str, post: str, **answers: Any) -> None:
    services.move(case, code, answers, version=row(case).version, actor=town.as_(post), now=town.now)


def said(language: str, en: str, zh: str) -> str:
    return en if language == "en" else zh


def test_reports_of_an_accident(town: Town, language: str) -> None:
    burst = {
        "happened_at": "2026-03-03T06:10:00+08:00", "informed_at": "2026-03-03T06:20:00+08:00",
        "accident_sort": "other",
        "course": said(language, "The shell of tank 3 tore open while it was filled; diesel ran into the bund. No fire.",
                       "3号储罐进料时罐壁开裂，柴油流入防火堤，未起火。"),
        "deaths": 2, "seriously_injured": 5, "missing": 1, "direct_loss_cny": 1250000.0,
        "steps": said(language, "Valves shut, pumps stopped, 200 people led away, foam laid.",
                      "已关闭阀门、停泵，疏散200人，覆盖泡沫。"),
    }  # fmt: skip
    place = said(language, "Tank farm, harbour road", "港口路储罐区")
    case = services.open_case("workplace_safety/accident", burst, jurisdiction=EAST, place=place, actor=town.as_("duty"),
                              now=town.now).id  # fmt: skip
    client, query, path = browser(town, "case-handler"), f"lang={language}", f"/cases/{case}/papers/"
    drawn(client, path + "first_report", query, f"first-report-draft-{language}")
    step(town, case, "receive", "duty")
    step(town, case, "pass_up", row(case).owner, passed_to=said(language, "Province", "省应急管理厅"),
         government_told=said(language, "City, by telephone", "市人民政府，电话"))  # fmt: skip
    drawn(client, path + "followup_report", query, f"followup-report-{language}")
    town.after(days=40)
    found = said(language, "Corrosion inside; never inspected since 2007.", "罐壁内腐蚀，2007年以来未检验。")
    step(town, case, "submit", row(case).owner, note=found)
    step(town, case, "answer", "commander", note=said(language, "Replace all tanks of that year.", "更换同批次储罐。"))
    drawn(client, path + "final_report", query, f"final-report-{language}")


def test_an_order_about_a_finding(town: Town, language: str) -> None:
    what = said(language, "The bund of the tank farm is torn over 4 m; nobody patrols at night.",
                "储罐区防火堤开裂4米，夜间无人巡查。")  # fmt: skip
    case = services.open_case("workplace_safety/finding", {"grade": "major", "what": what}, facility="mill",
                              actor=town.as_("inspector-east"), now=town.now).id  # fmt: skip
    demand = said(language, "Mend the bund; keep tank 3 empty until then.", "修复防火堤；修复前3号储罐停用清空。")
    step(town, case, "order", row(case).owner, demand=demand, limit_on="2026-04-20")
    drawn(
        browser(town, "case-handler"), f"/cases/{case}/papers/case_order", f"lang={language}", f"case-order-{language}"
    )


def test_a_reply_letter_of_a_petition(town: Town, language: str) -> None:
    asked = {"name": said(language, "Ada Wren", "林安"), "contact": said(language, "Mill Lane 2", "磨坊巷2号"),
             "request": said(language, "Pay what was agreed for the old house.", "请按协议支付旧房补偿款。")}  # fmt: skip
    case = petitions.assigned(town, **asked).id
    petitions.does(town, petitions.ORGAN, case, "accept", notice_by="letter")
    reply = said(language, "The agreement of 2019 names your house. The sum is paid by 30 April 2026. If you do not agree, "
                 "you may ask for a review within 30 days of receiving this letter.",
                 "经查，2019年协议列明您的房屋，补偿款于2026年4月30日前支付。如不服，可自收到本答复之日起30日内"
                 "申请复查。")  # fmt: skip
    petitions.does(town, petitions.ORGAN, case, "conclude", **petitions.OPINION | {"reply": reply})
    client = browser(town, petitions.ORGAN)
    client.post(f"/cases/{case}/seal", {"what": "read", "purpose": "handle"})
    drawn(client, f"/cases/{case}/papers/reply_letter", f"lang={language}", f"reply-letter-{language}")


def test_a_mediation_agreement(town: Town, language: str) -> None:
    names = {"first_name": said(language, "Ada Wren", "林安"), "first_contact": said(language, "Mill Lane 2", "磨坊巷2号"),
             "second_name": said(language, "Bo Linnet", "陈博"),
             "second_contact": said(language, "Mill Lane 4", "磨坊巷4号")}  # fmt: skip
    town.hire(disputes.COMMITTEE, Role.CASE_HANDLER, EAST)
    Account.objects.update(must_change_password=False)
    case = disputes.mediating(town, **names).id
    disputes.does(
        town, case, "session", **disputes.SESSION | {"session_on": "2026-03-03"}, session_said="told in confidence"
    )
    worded = disputes.WORDED | {
        "facts": said(language, "The wall stands two metres over the line of the map of 1998; both sides have seen it.",
                      "围墙越过1998年宅基地图界线2米，双方已共同现场查看。"),
        "duty_1": said(language, "moves the wall back by two metres and leaves the path clear.",
                       "将围墙后移2米，并保持通道畅通。"),
        "duty_2": said(language, "pays 300 yuan of the cost.", "承担费用300元。"),
        "duty_3_who": "both", "duty_3_by": "2026-03-31",
        "duty_3": said(language, "put a mark at the line together.", "共同在界线处设立界桩。"),
    }  # fmt: skip
    disputes.does(town, case, "word", **worded)
    client = browser(town, disputes.COMMITTEE)
    assert client.get(f"/cases/{case}/papers/agreement.pdf").status_code == 403  # nobody has opened it for a purpose
    client.post(f"/cases/{case}/seal", {"what": "read", "purpose": "mediate"})
    drawn(client, f"/cases/{case}/papers/agreement", f"lang={language}", f"agreement-{language}")
    for pages in (client.get(f"/cases/{case}/papers/agreement.pdf?lang={language}").content,):
        words = "".join(page.get_textpage().get_text_range() for page in pdfium.PdfDocument(pages))
        assert "told in confidence" not in words


def test_a_statement_of_an_event(warned_town: Town, language: str) -> None:
    storm = proposed(warned_town)
    commander, duty = browser(warned_town, "commander"), browser(warned_town, "duty")
    commander.post(f"/events/{storm.event}/response/open", {"version": "1", "once": "x"})
    url = duty.post(f"/events/{storm.event}/statements/draft", {"once": "s"})["Location"]
    drawn(duty, url + "paper", f"lang={language}", f"statement-draft-{language}")


def test_a_review_of_an_event(walked: Town, language: str) -> None:
    storm = walking.walk(walked)
    commander, path = browser(walked, "commander"), f"/events/{storm.event}/review"
    assert commander.post(path, review_form(walked)).status_code == 302
    drawn(commander, path, f"lang={language}", f"review-{language}")
