"""Random lives of cases against a slow twin that knows nothing of the kernel but its declarations: it reads the pack's TOML,
keeps a plain dictionary, and says of each deed whether it may be done and how the case then stands."""

from __future__ import annotations

import json
import tomllib
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.rooms.casework import LAMP, REQUEST, STREETS, casework_town, file, row, verbs
from tocsin.clocks import Extension, Pause, Period, Unit, due, read_calendar
from tocsin.records.cases import services
from tocsin.records.cases.models import ClockRow
from tocsin.records.ledger import queries as ledger
from tocsin.terms.errors import Refused
from tocsin.testing.town import EAST, Town

pytestmark = pytest.mark.django_db
KIND = tomllib.loads((STREETS / "lifecycle.toml").read_text("utf-8"))["case"]["request"]
CLOCKS = tomllib.loads((STREETS / "clocks.toml").read_text("utf-8"))["clock"]
FORMS = {path.stem: json.loads(path.read_text("utf-8")) for path in (STREETS / "forms").glob("*.json")}
ROLES = {"case-handler": "case_handler", "lamps": "case_handler", "duty": "duty_officer", "commander": "commander"}
POSTS = tuple(ROLES)


class Twin:
    """One case, step by step, in the plainest way."""

    def __init__(self, now: Any, opened_by: str) -> None:
        self.state, self.owner = KIND["first"], "case-handler"
        self.asked = {"thing", "what"}
        self.last = {"open": opened_by}
        self.replied = self.contested = self.ruled = False
        self.legs: list[str] = []
        self.clocks: dict[str, dict[str, Any]] = {}
        self._start(KIND["starts"], now)

    def _start(self, names: list[str], now: Any) -> None:
        for name in names:
            self.clocks[name] = {"start": now, "pauses": [], "extended": 0}

    def move(self, code: str, post: str, answers: dict[str, str], now: Any) -> bool:
        move = KIND["move"].get(code)
        if move is None or self.state not in move["from"]:
            return False
        if not (ROLES[post] in move["who"] or ("owner" in move["who"] and post == self.owner)):
            return False
        if any(self.last.get(other) == post for other in move.get("someone_else", [])):
            return False
        after, guards = KIND["state"][move["to"]], move.get("guards", [])
        if self.legs and ("legs_over" in guards or after.get("over")):
            return False
        if ("not_contested" in guards and self.contested) or ("replied" in guards and not self.replied):
            return False
        if not self._answered(move.get("form", ""), answers):
            return False
        self.asked |= set(answers)
        self.state, self.last[code] = move["to"], post
        self.replied = self.replied or after.get("replied", False)
        if after.get("over"):
            self.clocks, self.contested = {}, False
        for name in (*move.get("stops", []), *move.get("starts", [])):
            self.clocks.pop(name, None)
        self._start(move.get("starts", []), now)
        return True

    def _answered(self, form: str, answers: dict[str, str]) -> bool:
        if not form:
            return not answers
        properties = FORMS[form]["properties"]
        wanted = {name for name, question in properties.items() if question.get("x-again") or name not in self.asked}
        needed = {name for name in FORMS[form]["required"] if name in wanted}
        return set(answers) <= wanted and needed <= set(answers) and all(text.strip() for text in answers.values())

    def hand(self, what: str, post: str, to: str) -> bool:
        over = KIND["state"][self.state].get("over", False)
        if what == "rule":
            if not self.contested or ROLES[post] != "commander" or post == self.owner:
                return False
            self.owner, self.contested, self.ruled = to, False, True
            return True
        if post != self.owner or over or self.contested or to == self.owner:
            return False
        if what == "transfer":
            self.owner = to
            return True
        if self.ruled:
            return False
        self.contested = True
        return True

    def helper(self, post: str, to: str) -> bool:
        if post != self.owner or KIND["state"][self.state].get("over") or to == self.owner or to in self.legs:
            return False
        self.legs.append(to)
        return True

    def reply(self, post: str) -> bool:
        if post not in self.legs:
            return False
        self.legs.remove(post)
        return True

    def time(self, what: str, name: str, post: str, now: Any) -> bool:
        running, spec = self.clocks.get(name), CLOCKS[name]
        grant = spec.get("extend" if what == "extend" else "pause")
        if running is None or grant is None or ROLES[post] not in grant["who"]:
            return False
        stands = bool(running["pauses"]) and running["pauses"][-1][1] is None
        if what == "pause":
            if stands:
                return False
            running["pauses"].append([now, None])
        elif what == "resume":
            if not stands:
                return False
            running["pauses"][-1][1] = now
        else:
            if running["extended"] or (not stands and self.due(name) <= now):
                return False
            running["extended"] = 1
        return True

    def due(self, name: str) -> Any:
        running, spec = self.clocks[name], CLOCKS[name]
        more = [Extension(Period(spec["extend"]["n"], Unit(spec["extend"]["unit"])))] if running["extended"] else []
        answer = due(Period(spec["within"]["n"], Unit(spec["within"]["unit"])), running["start"], calendar=read_calendar("cn"),
                     zone="Asia/Shanghai", pauses=[Pause(*one) for one in running["pauses"]], extensions=more)  # fmt: skip
        return answer.rolled if spec.get("roll") else answer.strict


posts = st.sampled_from(POSTS)
deeds = st.one_of(
    st.tuples(st.just("move"), st.sampled_from([*KIND["move"], "nonsense"]), posts,
              st.sampled_from([{}, {"reply": "x"}, {"reply": "x", "cause": "y"}, {"reply": " "}, {"other": "z"}])),
    st.tuples(st.just("hand"), st.sampled_from(["transfer", "contest", "rule"]), posts,
              st.sampled_from(["lamps", "case-handler"])),
    st.tuples(st.just("helper"), posts, st.sampled_from(["lamps", "case-handler", "duty"])),
    st.tuples(st.just("reply"), posts),
    st.tuples(st.just("time"), st.sampled_from(["pause", "resume", "extend"]), st.sampled_from(["answer", "handle"]), posts),
    st.tuples(st.just("pass"), st.integers(1, 90)),
)  # fmt: skip


@given(st.lists(deeds, min_size=1, max_size=14))
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
def test_a_case_lives_as_its_twin_says(lived):
    with transaction.atomic():
        with casework_town() as town:
            live(town, lived)
        transaction.set_rollback(True)  # each life begins in an empty town


def live(town: Town, lived: list[Any]) -> None:
    case = services.open_case(REQUEST, LAMP, jurisdiction=EAST, actor=town.as_("duty"), now=town.now).id
    twin = Twin(town.now, "duty")
    for deed in lived:
        if deed[0] == "pass":
            town.after_downtime(hours=deed[1])
            services.sweep(now=town.now)
            continue
        before = (row(case).version, len(verbs(case)))
        expected, done = said_by(twin, deed, town), tried(case, deed, town)
        assert done == expected, (deed, lived)
        if not done:
            assert (row(case).version, len(verbs(case))) == before  # what is refused leaves nothing behind
        agree(case, twin)
    assert not ledger.verify()
    told_once(case)


def said_by(twin: Twin, deed: Any, town: Town) -> bool:
    match deed:
        case ("move", code, post, answers):
            return twin.move(code, post, answers, town.now)
        case ("hand", what, post, to):
            return twin.hand(what, post, to)
        case ("helper", post, to):
            return twin.helper(post, to)
        case ("reply", post):
            return twin.reply(post)
    return twin.time(deed[1], deed[2], deed[3], town.now)


def tried(case: str, deed: Any, town: Town) -> bool:
    def by(post: str) -> dict[str, Any]:
        return {"version": row(case).version, "actor": town.as_(post), "now": town.now}

    try:
        match deed:
            case ("move", code, post, answers):
                services.move(case, code, answers, **by(post))
            case ("hand", what, post, to):
                verb = {"transfer": services.transfer, "contest": services.contest, "rule": services.rule}[what]
                verb(case, to, "a reason", **by(post))
            case ("helper", post, to):
                services.ask_helper(case, to, "your part", **by(post))
            case ("reply", post):
                leg = next((one.id for one in file(case).legs if one.post == post and one.ended_at is None), 10**9)
                services.reply_leg(case, leg, "done", actor=town.as_(post), now=town.now)
            case (_, what, name, post):
                verb = {"pause": services.pause, "resume": services.resume, "extend": services.extend}[what]
                running = ClockRow.objects.filter(case_id=case, code=name, purpose="case", ended_at=None).first()
                verb(case, running.pk if running else 10**9, "a reason", **by(post))
    except Refused as error:
        return error.remedy == ""  # every refusal says what to do
    return True


def agree(case: str, twin: Twin) -> None:
    line = file(case).line
    assert (line.state, line.owner, line.contested_at is not None, line.replied_at is not None, line.legs_open) == (
        twin.state, twin.owner, twin.contested, twin.replied, len(twin.legs))  # fmt: skip
    running = ClockRow.objects.filter(case_id=case, purpose="case", ended_at=None)
    assert {one.code: one.due_at for one in running} == {name: twin.due(name) for name in twin.clocks}
    assert line.is_over == KIND["state"][twin.state].get("over", False)


def told_once(case: str) -> None:
    """Each deadline of each clock once, and none that has not passed."""
    told = [(one.body["clock"], one.body["purpose"], one.body["due_us"], one.at) for one in ledger.chain(case)
            if one.verb == "clock_run_out"]  # fmt: skip
    keys = [(clock, due_us) for clock, _purpose, due_us, _at in told if clock != "leg"]
    assert len(keys) == len(set(keys))
    assert all(at.timestamp() * 1e6 >= due_us for _clock, _purpose, due_us, at in told)
