"""The grade of a case on its page, in lists, papers and on the command line; old cases, which began without grades."""

from __future__ import annotations

import io
import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import docx
import pytest
from click.testing import CliRunner
from django.utils import translation

from tests.rooms.casework import casework_town, row
from tests.rooms.test_cases_pages import said
from tests.rooms.test_respond_pages import browser
from tests.stories.test_accident_grades import CHANGED, MARCH, does, opens, passes
from tocsin.app.cli import main
from tocsin.packkit import builtin_pack_paths
from tocsin.records.cases.models import CaseRow, ClockRow
from tocsin.records.org.models import Account
from tocsin.testing.town import Town

pytestmark = pytest.mark.django_db
BUILT_IN = next(path for path in builtin_pack_paths() if path.name == "workplace_safety")
TITLES = {"en": ("Larger accident", "Prefecture to Province"), "zh-hans": ("较大事故", "设区的市级报省级")}


@pytest.fixture
def town() -> Iterator[Town]:
    with casework_town(MARCH, packs=("workplace_safety",)) as built:
        Account.objects.update(must_change_password=False)
        yield built


def risen(town: Town) -> str:
    """Two dead, passed up once, then three."""
    case = opens(town)
    does(town, "duty", case, "receive")
    passes(town, case, "pass_up", "City", "County")
    town.after(days=12)
    does(town, "duty", case, "casualties", deaths=3, seriously_injured=3, **CHANGED)
    return case


def test_page_and_list_tell_grade_and_chain_and_offer_what_is_possible(town: Town) -> None:
    case = risen(town)
    duty = browser(town, "duty")
    page = said(duty.get(f"/cases/{case}/"))
    for words in ("Larger accident", "Investigated by</dt><dd>Prefecture", "Reported up to</dt><dd>Province",
                  "County to Prefecture",
                  "Prefecture to Province", "Passed up", "Casualties changed", "Pass it up one level further",
                  "Grade of the case changed: Larger accident", "Dead (earlier answer 1)"):  # fmt: skip
        assert words in page, words
    assert "Larger accident" in said(duty.get("/cases/"))
    town.after(hours=3)
    refused = duty.post(
        f"/cases/{case}/move/pass_further", {"version": row(case).version, "once": "a", "a_passed_to": "Province"}
    )
    assert refused.status_code == 422
    assert "Which government was told, and how: is needed" in said(refused)
    duty.post(f"/cases/{case}/move/pass_further", {"version": row(case).version, "once": "b", "a_passed_to": "Province",
                                                   "a_government_told": "City"})  # fmt: skip
    assert "too late" in said(duty.get(f"/cases/{case}/"))
    town.after(days=20)
    page = said(duty.get(f"/cases/{case}/"))
    assert "Casualties changed</h2>" not in page  # the window is over: not offered
    assert "Pass it up one level further</h2>" not in page
    sent = {"version": row(case).version, "once": "c", "a_deaths": "9", "a_seriously_injured": "0", "a_missing": "0",
            "a_figures": "more_known"}  # fmt: skip
    late = duty.post(f"/cases/{case}/move/casualties", sent)
    assert "write it as a note on the record" in said(late)
    assert row(case).values["deaths"] == 3


@pytest.mark.parametrize("language", ["en", "zh-hans"])
@pytest.mark.parametrize("paper", ["first_report", "followup_report", "final_report"])
def test_reports_say_grade_and_chain(town: Town, language: str, paper: str) -> None:
    answer = browser(town, "duty").get(f"/cases/{risen(town)}/papers/{paper}.docx?lang={language}")
    document = docx.Document(io.BytesIO(answer.content))
    cells = [cell.text for table in document.tables for line in table.rows for cell in line.cells]
    for words in TITLES[language]:
        assert words in cells


def test_the_command_tells_it_too(town: Town) -> None:
    number = row(risen(town)).number
    told = CliRunner().invoke(main, ["case", "grade", number, "--json"], catch_exceptions=False)
    found = json.loads(told.output)
    assert (found["grade"], found["investigated_by"], found["report_to"]) == ("larger", "prefecture", "province")
    assert [(one["from"], one["to"], bool(one["done"])) for one in found["hops"]] == [
        ("county", "prefecture", True), ("prefecture", "province", False)]  # fmt: skip
    assert "larger: investigated by prefecture" in CliRunner().invoke(main, ["case", "grade", number]).output


def test_a_case_that_began_without_grades_goes_on_without(tmp_path: Path) -> None:
    old = Path(shutil.copytree(BUILT_IN, tmp_path / "workplace_safety"))
    text = (old / "lifecycle.toml").read_text("utf-8")
    text = text[: text.index("# Order 493, article 3")].replace('guards = ["hops_left"]\n', "")
    (old / "lifecycle.toml").write_text(text, "utf-8")
    clocks = (old / "clocks.toml").read_text("utf-8")
    clocks = clocks.replace('{ accident_grade = ["extra_major"] }', '{ figures = ["wrong"] }')
    (old / "clocks.toml").write_text(clocks, "utf-8")
    shutil.rmtree(old / "cases")
    with casework_town(MARCH, packs=(str(old),)) as town:
        Account.objects.update(must_change_password=False)
        case = opens(town, deaths=40)
        does(town, "duty", case, "receive")
        passes(town, case, "pass_up", "City", "County")
        does(town, "duty", case, "casualties", deaths=41, seriously_injured=3, **CHANGED)
        found = CaseRow.objects.get(id=case)
        assert "accident_grade" not in found.values
        assert not ClockRow.objects.filter(case=case, code="each_level_up", ended_at=None).exists()
        with translation.override("en"):
            assert "Reporting chain" not in said(browser(town, "duty").get(f"/cases/{case}/"))
