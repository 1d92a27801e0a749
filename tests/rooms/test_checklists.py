"""Checklists: every item is answered or the missing ones are named, an item not met is a finding, nothing typed is lost."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.rooms.casework import casework_town, file, gone_through, row, verbs
from tests.rooms.test_rectify_pages import picture
from tests.rooms.test_respond_pages import browser
from tocsin.records.cases import services
from tocsin.records.cases.models import DeclarationRow
from tocsin.records.cases.refusals import AnswersRefused
from tocsin.records.cases.services import checking
from tocsin.records.ledger import queries as ledger
from tocsin.records.org.models import Account
from tocsin.terms.errors import Unavailable
from tocsin.testing.town import Town


@pytest.fixture
def town(db: None) -> Iterator[Town]:
    with casework_town("2026-09-24T09:00") as built:
        Account.objects.update(must_change_password=False)
        yield built


def begun(town: Town, sector: str = "gas") -> str:
    return services.open_case(
        "workplace_safety/inspection", {"sector": sector, "planned_on": "2026-09-24"}, facility="mill",
        actor=town.as_("inspector-east"), now=town.now,
    ).id  # fmt: skip


def finish(town: Town, case: str, result: str, pictures: tuple[object, ...] = (), **answers: str) -> None:
    services.move(case, "finish", {"result": result, "record": "Gone through", **answers}, pictures,
                  version=row(case).version, actor=town.as_("inspector-east"), now=town.now)  # type: ignore[arg-type] # fmt: skip


def faults(refused: pytest.ExceptionInfo[AnswersRefused]) -> list[tuple[str, str]]:
    return [(fault.field, fault.what) for fault in refused.value.faults]


def test_every_item_is_asked_and_the_missing_ones_are_named(town: Town) -> None:
    case = begun(town)
    half = {code: answer for code, answer in gone_through(case).items() if code not in ("aired", "pipe_free")}
    with pytest.raises(AnswersRefused) as refused:
        finish(town, case, "in_order", **half)
    assert faults(refused) == [("aired", "missing"), ("pipe_free", "missing")]
    assert "The room with gas" not in str(refused.value)
    assert "The room has a way for air that is open: is needed" in str(refused.value)
    with pytest.raises(AnswersRefused) as refused:
        finish(town, case, "in_order", **gone_through(case) | {"exits_free": "met", "aired": "perhaps"})
    assert set(faults(refused)) == {("exits_free", "surplus"), ("aired", "choice")}  # that item is another sector's
    assert row(case).state == "planned"
    finish(town, case, "in_order", **gone_through(case), aired_note="two windows")
    assert (row(case).state, file(case).children) == ("done", [])
    assert (row(case).values["aired"], row(case).values["aired_note"]) == ("met", "two windows")


def test_what_is_not_met_is_a_finding_with_its_grade_and_text(town: Town) -> None:
    case = begun(town)
    answers = gone_through(case, "gas_detector", "flame_guard") | {"gas_detector_note": "unplugged"}
    with pytest.raises(AnswersRefused) as refused:
        finish(town, case, "in_order", **answers)
    assert faults(refused) == [("result", "unmet")]
    assert row(case).version == 1
    finish(town, case, "findings", **answers)
    found = [(line.kind.name, line.values["grade"], line.values["what"], line.facility, line.parent)
             for line in sorted(file(case).children, key=lambda one: one.number)]  # fmt: skip
    assert found == [
        ("workplace_safety/finding", "major", "The gas detector is off or does not answer: unplugged", "mill", case),
        ("workplace_safety/finding", "general", "Burners have no working flame guard", "mill", case),
    ]
    assert [verbs(line.id) for line in file(case).children] == [["case_opened"], ["case_opened"]]
    assert not ledger.verify()


def test_findings_need_one_and_one_recorded_by_hand_is_one(town: Town) -> None:
    case = begun(town)
    with pytest.raises(AnswersRefused) as refused:
        finish(town, case, "findings", **gone_through(case))
    assert faults(refused) == [("result", "all_met")]
    services.open_case("workplace_safety/finding", {"grade": "general", "what": "The sign is gone"}, facility="mill",
                       parent=case, actor=town.as_("inspector-east"), now=town.now)  # fmt: skip
    with pytest.raises(AnswersRefused) as refused:
        finish(town, case, "in_order", **gone_through(case))
    assert faults(refused) == [("result", "recorded")]
    finish(town, case, "findings", **gone_through(case))
    assert len(file(case).children) == 1


def test_where_nobody_could_own_the_finding_nothing_is_kept(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    """An inspection and its findings are one transaction."""

    def refuse(*_given: object, **_named: object) -> None:
        raise Unavailable("finding", "no post could own it", "make one")

    case = begun(town)
    monkeypatch.setattr(checking, "open_case", refuse)
    with pytest.raises(Unavailable):
        finish(town, case, "findings", **gone_through(case, "gas_detector"))
    assert (row(case).state, row(case).version, verbs(case)) == ("planned", 1, ["case_opened"])


def test_a_case_keeps_the_list_under_which_it_began(town: Town) -> None:
    """A declaration of before there were lists asks none; the list lies with each that has one."""
    new = begun(town)
    declared = DeclarationRow.objects.get(sha=row(new).declaration_id)
    assert "checklists.toml" in declared.texts
    texts = {name: text for name, text in declared.texts.items() if name != "checklists.toml"}
    DeclarationRow.objects.create(sha="0" * 64, pack=declared.pack, version=1, texts=texts, kept_at=town.now)
    type(row(new)).objects.filter(id=new).update(declaration_id="0" * 64)
    finish(town, new, "in_order")
    assert row(new).state == "done"


def test_the_page_asks_item_by_item_and_loses_nothing(town: Town) -> None:
    case = begun(town)
    page = browser(town, "inspector-east")
    shown = page.get(f"/cases/{case}/").content.decode()
    assert shown.count("<fieldset") == 7
    assert shown.count('type="radio"') == 21
    typed = {f"a_{code}": answer for code, answer in gone_through(case, "hose_sound").items() if code != "aired"}
    sent = typed | {
        "a_result": "findings",
        "a_record": "All seen",
        "a_hose_sound_note": "cracked",
        "version": "1",
        "once": "a1",
    }
    refused = page.post(f"/cases/{case}/move/finish", sent)
    said = refused.content.decode()
    assert refused.status_code == 422
    assert "The room has a way for air that is open: is needed" in said
    assert 'value="cracked"' in said
    assert said.count(" checked") == 6
    assert "All seen" in page.get("/cases/").content.decode()  # a draft
    sent |= {"a_aired": "met", "once": "a2"}
    refused = page.post(f"/cases/{case}/move/finish", sent)
    assert "is not met and needs a photograph" in refused.content.decode()
    sent |= {"once": "a3", "photo": picture()}
    assert page.post(f"/cases/{case}/move/finish", sent).status_code == 302
    found = file(case)
    assert ([line.values["what"] for line in found.children], len(found.documents)) == (
        ["A hose is of the wrong kind, past its date or cracked: cracked"], 1)  # fmt: skip
    done = page.get(f"/cases/{case}/").content.decode()
    assert "Hoses are of the permitted kind, in date and not cracked" in done
    chinese = browser(town, "inspector-east", "zh-hans").get(f"/cases/{case}/").content.decode()
    assert "连接软管符合要求" in chinese
