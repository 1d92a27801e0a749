"""Kinds of case, forms and clocks of a pack: every fault is found where it stands, with what to do."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.packkit import check_pack, load_pack
from tocsin.packkit.fault import Faults
from tocsin.packkit.json_file import read_json
from tocsin.packkit.kept import declared_texts, read_kept
from tocsin.packkit.roles import ROLES
from tocsin.records.org.roles import MAY, Act, Role
from tocsin.terms.errors import Damaged

STREETS = Path(__file__).parents[2] / "rooms" / "case_packs" / "streets"


SEAL = """[case.request.seal]
keep = "30d"
clause = "own: a test"
source = "own: a test of how long content is kept"
verified = false

[case.request.seal.purpose.handle]
title = { en = "Handle it", zh-hans = "办理" }
who = ["owner"]

"""


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    return Path(shutil.copytree(STREETS, tmp_path / "streets"))


def change(pack: Path, name: str, before: str, after: str) -> int:
    """Replace a text; the line at which it stood."""
    text = (pack / name).read_text("utf-8")
    assert text.count(before) >= 1, before
    (pack / name).write_text(text.replace(before, after, 1), "utf-8")
    return text[: text.index(before)].count("\n") + 1


BROKEN = [
    ("lifecycle.toml", 'to = "done"', 'to = "answered"', "state done cannot be reached"),
    ("lifecycle.toml", 'first = "received"', 'first = "recieved"', "no state 'recieved'"),
    ("lifecycle.toml", 'who = ["owner"]', 'who = ["mayor"]', "no role 'mayor' works on cases"),
    ("lifecycle.toml", 'form = "request"', 'form = "reqest"', "no form forms/'reqest'"),
    ("lifecycle.toml", 'starts = ["answer"]', 'starts = ["anser"]', "no clock 'anser'"),
    ("lifecycle.toml", 'guards = ["not_contested"]', 'guards = ["not_raining"]', "no guard 'not_raining'"),
    ("lifecycle.toml", 'number = "SQ"', 'number = "sq1"', "number 'sq1' is not one to six capital letters"),
    ("lifecycle.toml", 'someone_else = ["open"]', 'someone_else = ["opens"]', "someone_else names 'opens', which is no move"),
    ("lifecycle.toml", "requester = true", "requestr = true", "unknown key 'requestr'"),
    ("lifecycle.toml", 'form = "answer"\nstops', "stops", "it tells the requester nothing: no question reply"),
    ("lifecycle.toml", "verified = false", "", "verified is missing"),
    ("clocks.toml", 'clause = "Weifang regulations (2021)"', "", "clause is missing"),
    ("clocks.toml", 'warn = { n = 2, unit = "hour" }', 'warn = { n = 2, unit = "calendar_day" }', "another kind of unit"),
    ("clocks.toml", 'within = { n = 5, unit = "working_day" }', 'within = { n = 5, unit = "workday" }', "unit 'workday'"),
    ("clocks.toml", 'within = { n = 24, unit = "hour" }', 'within = { n = -1, unit = "hour" }', "n must be at least 0"),
    ("clocks.toml", 'who = ["commander"]', 'who = ["mayor"]', "no role 'mayor'"),
    ("clocks.toml", "stays = true", 'at = "whenever"', "clock answer starts at 'whenever', which no form asks for"),
    ("clocks.toml", 'source = "facts/hotline_12345.yaml#clocks.handle_jinan_weifang"', 'source = "I think"', "neither a file"),
    ("forms/request.json", '"additionalProperties": false', '"additionalProperties": true', "takes fields that it"),
    ("forms/request.json", '"thing": {', '"caller_name": {', "about a person and not declared sealed"),
    ("forms/request.json", '"lamps": {', '"identity_number": {"x-sealed": true, ', "asks for what is never kept"),
    ("forms/request.json", '"maxLength": 400', '"pattern": "(a+)+"', "unknown key 'pattern'"),
    ("forms/request.json", '"maxLength": 400', '"maxLength": 400000', "a text needs maxLength"),
    ("forms/request.json", '"type": "integer"', '"type": "object"', "no question is of type 'object'"),
    ("forms/request.json", '"en": "What is wrong", ', "", "x-title has no text in en"),
    ("forms/request.json", '"required": ["thing", "what"]', '"required": ["thing", "wat"]', "required names 'wat'"),
    ("forms/request.json", '"x-words": {"lamp":', '"x-words": {"lam":', "lamp is missing"),
    ("forms/request.json", '"type": "object",', '"type": "object"', "not JSON"),
    ("forms/request.json", '"lamps": {"type"', '"what": {"type"', "a key is written twice"),
    ("cases/lamp.toml", 'state = "answered"', 'state = "accepted"', "the case is 'answered', not 'accepted'"),
    ("cases/lamp.toml", "2026-11-24T00:00:00", "2026-11-22T00:00:00", "clock handle is due at 2026-11-24"),
    ("cases/lamp.toml", 'by = "duty_officer/li"', 'by = "inspector/li"', "refused for role, not for nothing"),
]  # fmt: skip


@pytest.mark.parametrize(("file", "before", "after", "what"), BROKEN, ids=[f"{b[0]}-{n}" for n, b in enumerate(BROKEN)])
def test_a_fault_is_found_where_it_stands_with_a_remedy(pack, file, before, after, what):
    change(pack, file, before, after)
    found = [fault for fault in check_pack(pack) if what in fault.what]
    assert found, [str(fault) for fault in check_pack(pack)]
    assert all(fault.file == file and fault.remedy for fault in found)


def test_the_line_of_a_question_is_that_of_the_file(pack):
    line = change(pack, "forms/request.json", '"lamps": {', '"telephone": {')
    fault = next(fault for fault in check_pack(pack) if "telephone" in fault.what)
    assert fault.line == line


def test_a_kind_without_an_end_and_a_state_that_is_a_trap_are_faults(pack):
    text = (pack / "lifecycle.toml").read_text("utf-8")
    (pack / "lifecycle.toml").write_text(text.replace("over = true\n", ""), "utf-8")
    assert any("it has no end" in fault.what for fault in check_pack(pack))
    trap = text.replace('[case.request.state.done]', '[case.request.state.limbo]\ntitle = { en = "x", zh-hans = "悬置" }\n\n'
                        "[case.request.state.done]") + '''
[case.request.move.forget]
title = { en = "Forget", zh-hans = "搁置" }
from = ["accepted"]
to = "limbo"
who = ["owner"]
'''  # fmt: skip
    (pack / "lifecycle.toml").write_text(trap, "utf-8")
    assert any("no end can be reached from state limbo" in fault.what for fault in check_pack(pack))


def test_a_question_under_seal_makes_the_kind_sealed(pack):
    change(pack, "forms/request.json", '"lamps": {', '"telephone": {"x-sealed": true, "type": "string", "maxLength": 30, '
           '"x-title": {"en": "Telephone", "zh-hans": "电话"}},\n    "lamps": {')  # fmt: skip
    assert any("does not say why it is read" in fault.what for fault in check_pack(pack))
    change(pack, "lifecycle.toml", "[case.request.state.", SEAL + "[case.request.state.")
    assert check_pack(pack) == []
    assert load_pack(pack).cases["request"].sealed
    assert not load_pack(STREETS).cases["request"].sealed


def test_kept_texts_give_the_same_kinds_and_damaged_ones_are_told(pack):
    texts = declared_texts(pack)
    assert read_kept("streets", texts) == load_pack(pack).cases
    with pytest.raises(Damaged):
        read_kept("streets", {**texts, "clocks.toml": "[clock"})
    with pytest.raises(Damaged):
        read_kept("streets", {name: text for name, text in texts.items() if name != "forms/answer.json"})


def test_the_roles_a_pack_may_name_are_those_that_work_on_cases():
    assert set(ROLES) == MAY[Act.WORK_CASES]
    assert set(ROLES) < set(Role)


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(), lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.text(), inner, max_size=3), max_leaves=12,
)  # fmt: skip


@given(st.dictionaries(st.text(), values, max_size=5), st.sampled_from([None, 0, 2]))
def test_every_key_of_a_json_file_stands_where_the_reader_says(document, indent):
    text = json.dumps(document, indent=indent, ensure_ascii=False)
    faults = Faults()
    read = read_json(text, "a.json", faults)
    assert faults.found == []
    assert read.data == document

    def look(value: object, path: tuple[str | int, ...]) -> None:
        inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
        for key, below in inner:
            line, column = read.place(*path, key)
            shown = text.split("\n")[line - 1][column - 1 :]
            if isinstance(key, str):
                assert shown.startswith(json.dumps(key, ensure_ascii=False))
            look(below, (*path, key))

    look(document, ())


@pytest.mark.parametrize(
    "text", ["", "[]", "7", "{", '{"a": }', "{" * 5000, "[" * 5000, '{"a": 1, "a": 2}', '{"a": NaN']
)
def test_hostile_json_is_one_fault(text):
    faults = Faults()
    assert read_json(text, "a.json", faults).data == {}
    assert len(faults.found) == 1
