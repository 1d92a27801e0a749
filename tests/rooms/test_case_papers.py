"""Papers of cases: what stands in them, read back from .docx and PDF field by field, in both languages; hostile words."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import docx
import pypdfium2 as pdfium
import pytest
from click.testing import CliRunner
from django.test import Client

from tests.rooms.casework import STREETS, answered, at, casework_town, opened, row
from tests.rooms.test_respond_pages import browser
from tocsin.app.cli import main
from tocsin.records.cases import services
from tocsin.records.cases.services import Opened
from tocsin.records.files import services as file_services
from tocsin.records.files.taking import Given, take
from tocsin.records.org.models import Account
from tocsin.records.packs import packs_in_use
from tocsin.testing.town import EAST, Town

pytestmark = pytest.mark.django_db
HALL = Path(__file__).parent / "case_packs" / "hall"
HOSTILE = SEEN = "</w:t><b>{number}</b> & txt.exe {{a}} %s <img src=http://x/1.png>"
TURNED = "Tank farm 3\u202e\u2066 & <yard>"  # a form refuses such marks; a place is taken as it was called
ACCIDENT: Mapping[str, Any] = {
    "happened_at": "2026-09-24T06:10:00+08:00", "informed_at": "2026-09-24T06:20:00+08:00", "accident_sort": "other",
    "course": f"A tank burst. {HOSTILE}", "deaths": 2, "seriously_injured": 5, "missing": 1, "direct_loss_cny": 1250000.0,
    "steps": "Valves shut; 200 people led away.",
}  # fmt: skip
SAID = (f"A tank burst. {SEEN}", "2", "5", "1", "1,250,000", "Valves shut; 200 people led away.")
ANSWERS = {
    "en": ("24 September 2026, 06:10", "24 September 2026, 06:20", "Other", *SAID),
    "zh-hans": ("2026年9月24日06:10", "2026年9月24日06:20", "其他", *SAID),
}
DAYS = {"en": ("20 October 2026", "1 December 2026"), "zh-hans": ("2026年10月20日", "2026年12月1日")}


@pytest.fixture
def town() -> Iterator[Town]:
    with casework_town(packs=(str(STREETS), str(HALL), "workplace_safety")) as built:
        Account.objects.update(must_change_password=False)
        yield built


def read_pdf(client: Client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200, answer.content[-800:]
    assert answer["Content-Type"] == "application/pdf"
    pages = pdfium.PdfDocument(answer.content)
    return "\n".join(page.get_textpage().get_text_range() for page in pages)


def read_docx(client: Client, path: str) -> docx.document.Document:
    answer = client.get(path)
    assert answer.status_code == 200, answer.content[-800:]
    assert answer["Content-Disposition"].startswith("attachment")
    return docx.Document(io.BytesIO(answer.content))


def plain(text: str) -> str:
    """Without spaces and breaks, which a page sets as it fits."""
    return re.sub(r"\s+", "", text)


def all_of(document: docx.document.Document) -> str:
    cells = [cell.text for table in document.tables for line in table.rows for cell in line.cells]
    return "\n".join([*(paragraph.text for paragraph in document.paragraphs), *cells])


def accident(town: Town) -> Opened:
    return services.open_case(
        "workplace_safety/accident", dict(ACCIDENT), jurisdiction=EAST, place=TURNED, actor=town.as_("duty"), now=town.now
    )  # fmt: skip


def step(town: Town, case: str, code: str, post: str, **answers: Any) -> None:
    services.move(case, code, answers, version=row(case).version, actor=town.as_(post), now=town.now)


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_a_first_report_says_every_answer_and_is_a_draft_until_it_is_passed_up(town: Town, language: str) -> None:
    case = accident(town)
    client, path = browser(town, "case-handler"), f"/cases/{case.id}/papers/first_report"
    title, draft = {"en": ("First report: Accident", "DRAFT"), "zh-hans": ("生产安全事故首报", "草稿")}[language]
    kind = services_kind()
    document = read_docx(client, f"{path}.docx?lang={language}")
    assert document.paragraphs[0].text == draft
    assert document.paragraphs[1].text == title
    rows = [tuple(cell.text for cell in line.cells) for line in document.tables[0].rows][1:]
    titles = [question.title[language] for question in kind.forms[kind.form].questions]
    assert rows == list(zip(titles, ANSWERS[language], strict=True))
    said = plain(read_pdf(client, f"{path}.pdf?lang={language}"))
    for words in (title, case.number, draft, "Tank farm 3 & <yard>", *titles, *ANSWERS[language]):
        assert plain(words) in said, words
    step(town, case.id, "receive", "duty")
    step(town, case.id, "pass_up", "case-handler", passed_to="Province", government_told="City, by telephone")
    assert draft not in all_of(read_docx(client, f"{path}.docx?lang={language}"))
    assert plain({"en": "24 September 2026", "zh-hans": "2026年9月24日"}[language]) in plain(
        read_pdf(client, f"{path}.pdf?lang={language}")
    )


def services_kind() -> Any:
    return next(pack for pack in packs_in_use() if pack.name == "workplace_safety").cases["accident"]


def test_follow_up_and_final_report_grow_with_the_record(town: Town) -> None:
    case = accident(town)
    client, path = browser(town, "case-handler"), f"/cases/{case.id}/papers/"
    step(town, case.id, "receive", "duty")
    step(town, case.id, "pass_up", "case-handler", passed_to="Province & City", government_told="City")
    followup = all_of(read_docx(client, f"{path}followup_report.docx?lang=en"))
    for words in ("What became known since", "Province & City", "Passed up, under investigation", "Pass it up"):
        assert words in followup
    final = all_of(read_docx(client, f"{path}final_report.docx?lang=en"))
    assert final.startswith("DRAFT")
    town.after(days=3)
    given = take([b"The pump was 19 years old.\n"], "pump record.txt")
    assert isinstance(given, Given)
    file_services.keep_files(
        case.id, [given], version=row(case.id).version, actor=town.as_("case-handler"), now=town.now
    )
    step(town, case.id, "submit", "case-handler", note="Corrosion inside.")
    step(town, case.id, "answer", "commander", note="Replace all tanks of that year.")
    document = read_docx(client, f"{path}final_report.docx?lang=en")
    final, pdf = all_of(document), plain(read_pdf(client, f"{path}final_report.pdf?lang=en"))
    assert not final.startswith("DRAFT")
    wanted = (
        "Final report: Accident", case.number, "Answered, measures under way", "Replace all tanks of that year.",
        "Corrosion inside.", "(earlier answer 1)",
        "Submit the investigation report",
        given.digest, "pump record.txt", "Investigation report", "27 September 2026", "Tank farm 3 & <yard>", *ANSWERS["en"],
    )  # fmt: skip
    for words in wanted:
        assert words in final, words
        assert plain(words) in pdf, words
    table = next(one for one in document.tables if any("earlier answer" in row.cells[0].text for row in one.rows))
    said = {row.cells[0].text: row.cells[1].text for row in table.rows}
    first, newest = (
        title for title, words in said.items() if words in ("Corrosion inside.", "Replace all tanks of that year.")
    )
    assert re.search(r"\(earlier answer 1\), 27 September 2026, \d\d:\d\d$", first)
    assert re.search(r"27 September 2026, \d\d:\d\d$", newest)
    assert "earlier" not in newest
    clauses = [clock.clause for clock in services_kind().clocks.values() if clock.clause][:1]
    assert clauses
    assert "\u202e" not in final


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_an_order_of_a_finding_names_danger_demand_and_limit(town: Town, language: str) -> None:
    case = services.open_case(
        "workplace_safety/finding", {"grade": "major", "what": "No guard at the saw"}, jurisdiction=EAST,
        actor=town.as_("inspector-east"), now=town.now,
    )  # fmt: skip
    step(town, case.id, "order", "case-handler", demand="Fit a guard", limit_on="2026-10-20")
    client, path = browser(town, "case-handler"), f"/cases/{case.id}/papers/case_order"
    grade, title = {"en": ("Major", "Order to put a danger right"), "zh-hans": ("重大", "责令限期整改指令书")}[language]
    document = all_of(read_docx(client, f"{path}.docx?lang={language}"))
    pdf = plain(read_pdf(client, f"{path}.pdf?lang={language}"))
    for words in (title, case.number, "No guard at the saw", grade, "Fit a guard", DAYS[language][0]):
        assert words in document
        assert plain(words) in pdf


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_a_reply_letter_says_what_was_asked_and_the_answer(town: Town, language: str) -> None:
    waiting = opened(town)
    client = browser(town, "case-handler")
    assert {"en": "DRAFT", "zh-hans": "草稿"}[language] in all_of(
        read_docx(client, f"/cases/{waiting.id}/papers/reply_letter.docx?lang={language}")
    )
    case = answered(town)
    path = f"/cases/{case.id}/papers/reply_letter"
    asked, title = {"en": ("Street lamp", "Answer to your request"), "zh-hans": ("路灯", "关于您所提事项的答复")}[
        language
    ]
    document, pdf = (
        all_of(read_docx(client, f"{path}.docx?lang={language}")),
        plain(read_pdf(client, f"{path}.pdf?lang={language}")),
    )
    for words in (title, case.number, asked, "dark", "on Monday"):
        assert words in document
        assert plain(words) in pdf
    assert "草稿" not in document
    assert "DRAFT" not in document


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_an_agreement_has_its_terms_and_lines_to_sign(town: Town, language: str) -> None:
    case = services.open_case(
        "hall/settlement", {"about": "A wall"}, jurisdiction=EAST, actor=town.as_("case-handler"), now=town.now
    )
    owner = row(case.id).owner
    step(town, case.id, "agree", owner, terms=f"The wall moves by 2 m. {HOSTILE}", money=300, by_day="2026-12-01")
    client, path = browser(town, "case-handler"), f"/cases/{case.id}/papers/agreement"
    title, sign = {
        "en": ("Mediation agreement", "Second party (signature)"),
        "zh-hans": ("调解协议书", "乙方（签名）"),
    }[language]
    document, pdf = (
        all_of(read_docx(client, f"{path}.docx?lang={language}")),
        plain(read_pdf(client, f"{path}.pdf?lang={language}")),
    )
    for words in (
        title,
        case.number,
        "A wall",
        f"The wall moves by 2 m. {SEEN}",
        "300",
        DAYS[language][1],
        sign,
        "____",
    ):
        assert words in document, words
        assert plain(words) in pdf, words


def test_very_long_words_fit_on_pages(town: Town) -> None:
    case = services.open_case(
        "hall/settlement",
        {"about": "x" * 2000 + "墙" * 2000},
        jurisdiction=EAST,
        actor=town.as_("case-handler"),
        now=town.now,
    )
    client = browser(town, "case-handler")
    pdf = plain(read_pdf(client, f"/cases/{case.id}/papers/agreement.pdf?lang=en"))
    assert pdf.count("墙") == 2000
    assert pdf.count("x") >= 2000


def test_the_same_record_gives_the_same_bytes_and_the_page_offers_them(town: Town) -> None:
    case = accident(town)
    client = browser(town, "case-handler")
    path = f"/cases/{case.id}/papers/first_report"
    for form in ("docx", "pdf"):
        assert client.get(f"{path}.{form}").content == client.get(f"{path}.{form}").content
    page = client.get(f"/cases/{case.id}/").content.decode()
    assert f"{path}.pdf" in page
    assert "reply_letter" not in page  # nobody asked for it from outside


def test_what_is_not_there_or_not_theirs_is_refused(town: Town) -> None:
    case = accident(town)
    client = browser(town, "case-handler")
    for name in ("agreement.pdf", "statement.pdf", "first_report.exe", "nothing.docx"):
        assert client.get(f"/cases/{case.id}/papers/{name}").status_code == 404
    assert browser(town, "inspector-west").get(f"/cases/{case.id}/papers/first_report.pdf").status_code == 404


def test_the_command_lists_and_writes_papers(town: Town, tmp_path: Path) -> None:
    case = accident(town)
    listed = CliRunner().invoke(main, ["case", "papers", case.number, "--json"])
    assert listed.exit_code == 0, listed.output
    assert '"first_report"' in listed.output
    out = tmp_path / "first.docx"
    wrote = CliRunner().invoke(
        main, ["case", "paper", case.number, "first_report", "--out", str(out), "--language", "en"]
    )
    assert wrote.exit_code == 0, wrote.output
    assert "A tank burst." in all_of(docx.Document(str(out)))
    again = CliRunner().invoke(main, ["case", "paper", case.number, "first_report", "--out", str(out)])
    assert again.exit_code == 2
    assert "is there already" in again.output
    assert CliRunner().invoke(main, ["case", "papers", "SG1999-000001"]).exit_code == 2
    assert at("2026-09-24T09:00") <= town.now
