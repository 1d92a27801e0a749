"""The packs that are to come on this kernel, each as a minimal folder written here and nowhere else: it passes the checker,
and a case of it goes its whole way. What they need beyond a folder stands in docs/packs.md, "Packs to come"."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from tests.rooms.casework import casework_town, clock, file, row
from tests.rooms.sealed import SENTENCE, filled
from tests.rooms.test_respond_pages import browser
from tocsin.packkit import check_pack
from tocsin.records.cases import queries, services
from tocsin.records.cases.kinds import openable
from tocsin.records.cases.services import purging
from tocsin.records.org.models import Account
from tocsin.terms.errors import Refused
from tocsin.testing.town import CITY, EAST, Town

pytestmark = pytest.mark.django_db
OWN = 'source = "own: a sketch that a test plays"\nverified = false\n'
SEAL = """sealed = true
[case.{kind}.seal]
keep = "400d"
counts = ["about"]
second = ["commander"]
source = "own: a sketch that a test plays"
verified = false
[case.{kind}.seal.purpose.handle]
title = {{ en = "Handle it", zh-hans = "办理" }}
who = ["owner"]
"""


def words(text: str) -> str:
    return f'{{ en = "{text}", zh-hans = "事项" }}'


def text(title: str, **more: Any) -> dict[str, Any]:
    return {
        "type": "string",
        "maxLength": 400,
        "x-title": {"en": title, "zh-hans": "内容"},
        **{f"x-{key}": value for key, value in more.items()},
    }


def choice(title: str, *choices: str, **more: Any) -> dict[str, Any]:
    said = {one: {"en": one, "zh-hans": "选项"} for one in choices}
    return {"type": "string", "enum": list(choices), "x-title": {"en": title, "zh-hans": "类别"}, "x-words": said,
            **{f"x-{key}": value for key, value in more.items()}}  # fmt: skip


def day(title: str) -> dict[str, Any]:
    return {"type": "string", "format": "date", "x-title": {"en": title, "zh-hans": "日期"}}


# What each has of its own: the keys of its kind, the moves (from, to, form, more), states that are over, the forms.
ASK, REPLY = "ask", {"reply": text("Answer", sealed=True, again=True)}
PACKS: Mapping[str, dict[str, Any]] = {
    "hotline": {  # taken in by telephone, routed, answered, called back; disputed or reopened where it is not put right
        "number": "RX", "sealed": True, "opens": '["duty_officer", "case_handler"]',
        "keys": 'legs = { clock = "part" }\nruling = { role = "commander", clock = "part" }\n'
                'appeal = { role = "commander", clock = "part", reopens = "taken" }\n',
        "moves": {"take": ("open", "taken", "", ""), "answer": ("taken", "called_back", "reply", 'guards = ["legs_over"]'),
                  "put_right": ("called_back", "done", "reply", "")},
        "flags": {"called_back": "replied = true", "done": "over = true\nreplied = true\nput_right = true"},
        "forms": {ASK: {"about": choice("About", "water", "light", "noise"), "name": text("Name", sealed=True),
                        "telephone": text("Telephone", sealed=True), "what": text("What", sealed=True)}, "reply": REPLY},
    },
    "joined_up": {  # one application, one set of papers; a part and a clock for each department; it ends when all have replied
        "number": "YJ", "sealed": False, "opens": '["case_handler"]', "keys": 'legs = { clock = "part" }\n',
        "moves": {"check": ("open", "checked", "complete", 'starts = ["whole"]'),
                  "hand_over": ("checked", "done", "reply", 'guards = ["legs_over"]')},
        "flags": {"done": "over = true\nreplied = true\nput_right = true"},
        "forms": {ASK: {"about": choice("Which bundle", "shop", "house"), "papers": text("Papers handed in")},
                  "complete": {"materials": choice("Materials", "complete", "promised")},
                  "reply": {"reply": text("Answer", again=True)}},
    },
    "participation": {  # a tip: who gave it lies under seal; whether a reward is due, who approves it, that it was paid
        "number": "JB", "sealed": True, "opens": '["duty_officer", "case_handler"]', "keys": "",
        "moves": {"look": ("open", "true", "reply", ""), "approve": ("true", "approved", "reward", 'someone_else = ["look"]'),
                  "pay": ("approved", "paid", "paid", 'someone_else = ["approve"]')},
        "who": {"approve": '["commander"]'},
        "flags": {"true": "replied = true", "approved": "replied = true",
                  "paid": "over = true\nreplied = true\nput_right = true"},
        "forms": {ASK: {"about": choice("About", "works", "fire"), "contact": text("Contact", sealed=True),
                        "what": text("What", sealed=True)}, "reply": REPLY,
                  "reward": {"reward": choice("Reward", "small", "large", told=True)}, "paid": {"paid_on": day("Paid on")}},
    },
    "support": {  # a talk is booked and held; nothing of what is said is asked, and it is gone soon
        "number": "XL", "sealed": True, "opens": '["duty_officer", "case_handler"]', "keys": "",
        "moves": {"book": ("open", "booked", "slot", 'starts = ["talk"]'), "held": ("booked", "done", "reply", ""),
                  "leave": ("booked", "left", "reply", "")},
        "flags": {"done": "over = true\nreplied = true", "left": "over = true\nreplied = true"},
        "forms": {ASK: {"about": choice("By which way", "call", "visit"), "contact": text("How to reach you", sealed=True)},
                  "slot": {"talk_on": day("Day of the talk")}, "reply": REPLY},
    },
}  # fmt: skip
CLOCKS = {"part": ("5", ""), "whole": ("10", ""), "talk": ("0", 'at = "talk_on"\n')}


def write(folder: Path, name: str, spec: Mapping[str, Any]) -> Path:
    """The folder of a pack."""
    (folder / "forms").mkdir(parents=True)
    (folder / "cases").mkdir()
    kind = "matter"
    head = (f'name = "{name}"\nversion = 1\ntitle = {words(name)}\nowner = "us"\nscheme = "cn4"\nvalid_from = 2025-01-01\n'
            "needs = []\n")  # fmt: skip
    (folder / "pack.toml").write_text(head, "utf-8")
    life = (f'[case.{kind}]\ntitle = {words(name)}\nnumber = "{spec["number"]}"\nfirst = "open"\nopens = {spec["opens"]}\n'
            f'owner = "case_handler"\nform = "{ASK}"\nrequester = true\n{spec["keys"]}{OWN}')  # fmt: skip
    life += SEAL.format(kind=kind) if spec["sealed"] else ""
    states = dict.fromkeys(["open", *(move[1] for move in spec["moves"].values())])
    for state in states:
        life += f"[case.{kind}.state.{state}]\ntitle = {words(state)}\n{spec['flags'].get(state, '')}\n"
    used = "".join(life)
    for move, (before, after, form, more) in spec["moves"].items():
        who = spec.get("who", {}).get(move, '["owner"]')
        life += f'[case.{kind}.move.{move}]\ntitle = {words(move)}\nfrom = ["{before}"]\nto = "{after}"\nwho = {who}\n'
        life += (f'form = "{form}"\n' if form else "") + (more + "\n" if more else "")
        used += more
    (folder / "lifecycle.toml").write_text(life, "utf-8")
    clocks = [f'[clock.{code}]\ntitle = {words(code)}\nstarts_on = {words("asked")}\n{at}'
              f'within = {{ n = {n}, unit = "working_day" }}\n'
              f'clause = "own"\n{OWN}' for code, (n, at) in CLOCKS.items() if f'"{code}"' in used]  # fmt: skip
    if clocks:
        (folder / "clocks.toml").write_text("\n".join(clocks), "utf-8")
    for form, questions in spec["forms"].items():
        body = {"$schema": "https://json-schema.org/draft/2020-12/schema", "type": "object", "properties": questions,
                "required": list(questions), "additionalProperties": False}  # fmt: skip
        (folder / "forms" / f"{form}.json").write_text(json.dumps(body, ensure_ascii=False), "utf-8")
    values = {name: question["enum"][0] if "enum" in question else "x" for name, question in spec["forms"][ASK].items()}
    inline = ", ".join(f"{name} = {json.dumps(value)}" for name, value in values.items())
    (folder / "cases" / "one.toml").write_text(
        f'kind = "{kind}"\n[[step]]\nat = 2026-03-03T10:00:00+08:00\nby = "case_handler/one"\nopen = true\n'
        f'values = {{ {inline} }}\nstate = "open"\n',
        "utf-8",
    )
    done = "\n".join(f'{item} = "done"' for item in ("loads", "units", "texts", "example"))
    (folder / "quality.toml").write_text(f'tier = "bronze"\n[item]\n{done}\n', "utf-8")
    return folder


@pytest.fixture(params=PACKS)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def town(name: str, tmp_path: Path) -> Iterator[Town]:
    folder = write(tmp_path / name, name, PACKS[name])
    assert [str(fault) for fault in check_pack(folder)] == []
    with casework_town("2026-03-03T10:00", packs=(str(folder),)) as built:
        Account.objects.update(must_change_password=False)
        yield built


def test_a_case_of_it_goes_its_whole_way_from_a_folder_alone(town: Town, name: str) -> None:
    kind = openable(f"{name}/matter")[0]
    made = services.open_case(
        kind.name, filled(kind, kind.form), jurisdiction=CITY, actor=town.as_("case-handler"), now=town.now
    )
    owner = row(made.id).owner
    if kind.legs:
        helper = next(post for post in ("roads", "lamps") if post != owner)
        leg = services.ask_helper(
            made.id, helper, "your part", version=row(made.id).version, actor=town.as_(owner), now=town.now
        )
        assert clock(made.id, "part", "leg").due_at > town.now
    while not file(made.id).line.is_over:
        move = kind.moves_from(row(made.id).state)[0]
        post = owner if "owner" in move.who else "commander"
        answers = filled(kind, move.form)
        if "talk_on" in answers:
            answers["talk_on"] = "2026-03-10"
        if "legs_over" in move.guards and row(made.id).legs_open:
            with pytest.raises(Refused):
                services.move(
                    made.id, move.code, answers, version=row(made.id).version, actor=town.as_(post), now=town.now
                )
            services.reply_leg(made.id, leg, "done", actor=town.as_(helper), now=town.now)
        services.move(made.id, move.code, answers, version=row(made.id).version, actor=town.as_(post), now=town.now)
    shown = queries.file_of_code(made.receipt)
    assert [message.is_reply for message in shown.messages][-1:] == [True]
    services.rate(made.receipt, 4, True, now=town.now)
    for code, path in ((200, f"/cases/{made.id}/"), (200, f"/cases/new/{name}/matter"), (200, "/cases/?which=all")):
        assert browser(town, "case-handler").get(path).status_code == code, path
    assert Client(HTTP_HOST="localhost").post("/receipt", {"code": made.receipt}).status_code == 200
    if kind.sealed:
        assert SENTENCE not in json.dumps(row(made.id).values)
        assert purging.due_cases(now=row(made.id).over_at + timedelta(days=401)) == [made.id]


def test_a_reward_is_approved_and_paid_by_different_people(tmp_path: Path) -> None:
    folder = write(tmp_path / "participation", "participation", PACKS["participation"])
    with casework_town("2026-03-03T10:00", packs=(str(folder),)) as town:
        kind = openable("participation/matter")[0]
        made = services.open_case(
            kind.name, filled(kind, kind.form), jurisdiction=EAST, actor=town.as_("duty"), now=town.now
        )
        owner = row(made.id).owner
        services.move(made.id, "look", filled(kind, "reply"), version=1, actor=town.as_(owner), now=town.now)
        with pytest.raises(Refused):
            services.move(made.id, "approve", filled(kind, "reward"), version=2, actor=town.as_(owner), now=town.now)
