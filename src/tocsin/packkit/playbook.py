"""playbook.toml: which response a warning or a confirmed event opens, the first actions agreed before, and what must be
reported by when. A warning level never becomes a response level but by a mapping declared here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from tocsin.engine.language.faults import nearest
from tocsin.packkit.document import Folder
from tocsin.packkit.fault import Faults
from tocsin.packkit.section import Section, sections
from tocsin.terms.level import Scheme
from tocsin.terms.response_level import RESPONSE_LEVELS, response_rank

__all__ = ["DOERS", "MOMENTS", "OPENINGS", "Action", "Playbook", "Report", "ResponseMapping", "read_playbook"]

MOMENTS = ("warning", "event", "event_confirmed")  # what may lead to a response; "event": one stands, whoever says so
OPENINGS = ("by_commander", "at_once")
DOERS = ("duty_officer", "inspector", "commander", "case_handler", "facility_operator")  # roles that may do tasks
DONE_BY = ("", "statement")
_CODES = tuple(level.code for level in RESPONSE_LEVELS)
_MAPPING_KEYS = ("hazard", "on", "level", "response", "opens", "decide", "source", "verified", "note")
_ACTION_KEYS = ("id", "hazard", "response", "title", "role", "receipt", "done", "at", "within_km", "pre_approved", "early",
                "decide", "calls_out", "call", "source", "verified", "note")  # fmt: skip
_REPORT_KEYS = ("id", "hazard", "title", "role", "receipt", "done", "done_by", "source", "verified", "note")


@dataclass(frozen=True, slots=True)
class ResponseMapping:
    """On this moment, for a hazard from a warning rank on: this response rank. ``opens``: by the commander's click, or at
    once. ``decide_us``: after it is proposed, until when the commander should have decided (0 = no such time)."""

    hazard: str
    on: str
    level: int
    response: int
    opens: str
    source: str
    verified: bool
    decide_us: int = 0


@dataclass(frozen=True, slots=True)
class Action:
    """A first action from a response rank on. ``receipt_us``/``done_us`` after it is given. ``at``: one task for each facility
    of these kinds within ``within_km`` of the event. ``pre_approved``: given when the response opens; else the commander
    gives it by hand. ``early``: the warning rank at which an event alone proposes it, before any response (0 = none does),
    to be decided within ``decide_us``. ``calls_out``: the label of the facility that names the areas (paths, with spaces
    between) whose posts are called out when it is given; ``call``: what they are told. ``id`` is ``pack/id``."""

    id: str
    hazard: str
    response: int
    title: Mapping[str, str]
    role: str
    receipt_us: int
    done_us: int
    at: tuple[str, ...] = ()
    within_km: float = 10.0
    pre_approved: bool = True
    early: int = 0
    decide_us: int = 0
    calls_out: str = ""
    call: Mapping[str, str] = field(default_factory=dict)
    source: str = ""
    verified: bool = False


@dataclass(frozen=True, slots=True)
class Report:
    """What must be reported by when, counted from when the event was known. ``done_by`` "statement": releasing the first
    statement is the report. ``id`` is ``pack/id``."""

    id: str
    hazard: str
    title: Mapping[str, str]
    role: str
    receipt_us: int
    done_us: int
    done_by: str = ""
    source: str = ""
    verified: bool = False


@dataclass(frozen=True, slots=True)
class Playbook:
    """The contents of playbook.toml; empty where a pack has none."""

    mappings: tuple[ResponseMapping, ...] = field(default=())
    actions: tuple[Action, ...] = field(default=())
    reports: tuple[Report, ...] = field(default=())

    def mapping(self, hazard: str, on: str, level: int) -> ResponseMapping | None:
        """The mapping that fits; the highest response where several do; None where none is declared."""
        fit = [m for m in self.mappings if m.hazard == hazard and m.on == on and m.level <= level]
        return max(fit, key=lambda m: (m.response, m.opens == "at_once"), default=None)

    def actions_for(self, hazard: str, response: int) -> tuple[Action, ...]:
        """The actions of a response rank and of every lower one, in the order of the file."""
        return tuple(a for a in self.actions if a.hazard == hazard and a.response <= response)

    def early_actions_for(self, hazard: str, level: int) -> tuple[Action, ...]:
        """The actions that an event at a warning rank proposes, in the order of the file."""
        return tuple(a for a in self.actions if a.hazard == hazard and 0 < a.early <= level)

    def reports_for(self, hazard: str) -> tuple[Report, ...]:
        """What must be reported of a hazard."""
        return tuple(r for r in self.reports if r.hazard == hazard)


def read_playbook(folder: Folder, pack: str, hazards: Iterable[str], scheme: Scheme, faults: Faults) -> Playbook:
    """playbook.toml, faults reported; empty where the file is absent."""
    document = folder.document("playbook.toml")
    Section(document, (), document.data, faults).known(("mapping", "action", "report"))
    known = tuple(hazards)
    parts = {key: list(sections(document, key, faults)) for key in ("mapping", "action", "report")}
    written = [(section, m) for section in parts["mapping"] for m in _mappings(section, known, scheme)]
    book = Playbook(
        tuple(mapping for _section, mapping in written),
        tuple(action for section in parts["action"] for action in _actions(section, pack, known, scheme)),
        tuple(report for section in parts["report"] for report in _reports(section, pack, known)),
    )
    _distinct(parts["action"])
    _distinct(parts["report"])
    for section, mapping in written:
        _fits(section, mapping, book)
    for section in parts["action"]:
        _is_heard(section, book)
    return book


def _mappings(section: Section, hazards: tuple[str, ...], scheme: Scheme) -> list[ResponseMapping]:
    section.known(_MAPPING_KEYS)
    section.boolean("verified", need=True)
    rank = scheme.rank(_one_of(section, "level", scheme.codes))
    on, opens = _one_of(section, "on", MOMENTS), _one_of(section, "opens", OPENINGS)
    response, decide = response_rank(_one_of(section, "response", _CODES)), section.duration_us("decide")
    return [
        ResponseMapping(hazard, on, rank, response, opens, section.text("source"), section.boolean("verified"), decide)
        for hazard in _hazards(section, hazards)
    ]


def _actions(section: Section, pack: str, hazards: tuple[str, ...], scheme: Scheme) -> list[Action]:
    section.known(_ACTION_KEYS)
    section.boolean("verified", need=True)
    receipt, done = _times(section)
    name, title, role = section.text("id", need=True), section.words("title"), _one_of(section, "role", DOERS)
    at, response = section.texts("at"), response_rank(_one_of(section, "response", _CODES))
    if role == "facility_operator" and not at:
        section.fault("an operator acts at its facility, and no kind is named", 'write at = ["underpass"]', "role")
    near = section.number("within_km", 10.0)
    approved = section.boolean("pre_approved") if "pre_approved" in section.data else True
    early = scheme.rank(_one_of(section, "early", scheme.codes)) if "early" in section.data else 0
    decide, calls_out = section.duration_us("decide", need=bool(early)), section.text("calls_out")
    call = section.words("call", need=bool(calls_out))
    if calls_out and not at:
        section.fault(
            "whom it calls out is named by a facility, and no kind is", 'write at = ["reservoir"]', "calls_out"
        )
    return [
        Action(f"{pack}/{name}", hazard, response, title, role, receipt, done, at, near, approved, early, decide, calls_out,
               call, section.text("source"), section.boolean("verified"))
        for hazard in _hazards(section, hazards)
    ]  # fmt: skip


def _reports(section: Section, pack: str, hazards: tuple[str, ...]) -> list[Report]:
    section.known(_REPORT_KEYS)
    section.boolean("verified", need=True)
    receipt, done = _times(section)
    name, title, role = section.text("id", need=True), section.words("title"), _one_of(section, "role", DOERS)
    done_by = section.text("done_by")
    if done_by not in DONE_BY:
        section.fault(f"no way {done_by!r} to be done", nearest(done_by, DONE_BY), "done_by")
    return [
        Report(f"{pack}/{name}", hazard, title, role, receipt, done, done_by, section.text("source"),
               section.boolean("verified"))
        for hazard in _hazards(section, hazards)
    ]  # fmt: skip


def _times(section: Section) -> tuple[int, int]:
    receipt, done = section.duration_us("receipt", need=True), section.duration_us("done", need=True)
    if receipt and done and receipt > done:
        section.fault("receipt comes after done", "first comes the receipt, then it is done", "receipt")
    return receipt, done


def _hazards(section: Section, known: tuple[str, ...]) -> list[str]:
    """One hazard or a list of them."""
    value = section.data.get("hazard")
    codes = [value] if isinstance(value, str) else value
    if not isinstance(codes, list) or not codes or not all(isinstance(code, str) for code in codes):
        section.fault("hazard is missing", 'write hazard = "rainstorm", or a list of them', "hazard")
        return []
    for code in codes:
        if code not in known:
            section.fault(f"no hazard {code!r} in hazards.toml", nearest(code, known), "hazard")
    return [code for code in codes if code in known]


def _one_of(section: Section, key: str, among: tuple[str, ...]) -> str:
    code = section.text(key, among[0], need=True)
    if code not in among:
        section.fault(f"{key} {code!r} is none of {', '.join(among)}", nearest(code, among), key)
        return among[0]
    return code


def _distinct(entries: list[Section]) -> None:
    seen: set[str] = set()
    for section in entries:
        name = str(section.data.get("id", ""))
        if name in seen:
            section.fault(f"id {name!r} stands there twice", "give each its own id", "id")
        seen.add(name)


def _fits(section: Section, mapping: ResponseMapping, book: Playbook) -> None:
    """A response without a first action says nothing, and a higher level that asks for less is a slip."""
    code = RESPONSE_LEVELS[mapping.response - 1].code
    if not book.actions_for(mapping.hazard, mapping.response):
        section.fault(f"response {code} of {mapping.hazard} has no first action", "write an [[action]]", "response")
    same = (other for other in book.mappings if (other.hazard, other.on) == (mapping.hazard, mapping.on))
    if any(other.level > mapping.level and other.response < mapping.response for other in same):
        section.fault(
            f"{mapping.hazard}: a higher level opens a lower response", "let it rise with the level", "response"
        )


def _is_heard(section: Section, book: Playbook) -> None:
    """What is proposed early hangs on a response that the same event proposes: else nobody would be asked."""
    for action in (a for a in book.actions if a.early and a.id.endswith(f"/{section.data.get('id')}")):
        if book.mapping(action.hazard, "event", action.early) is None:
            section.fault(
                f"{action.hazard}: no response is proposed on an event where this action is",
                'write a [[mapping]] with on = "event"',
                "early",
            )
            return
