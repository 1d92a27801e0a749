"""Words this house does not use: each with its reason, where it may stand, and lines that must pass and must fail.

Words about watching people are the product's own list (tocsin.terms.boundary); retired words are listed here.

Python is judged by the names it defines and uses (not by its strings: the pack checker must be able to list what it
refuses); packs by their keys; templates and messages by their whole text.
"""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tocsin.terms.boundary import snake_case

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "tocsin"


@dataclass(frozen=True)
class Banned:
    """``pattern`` is searched in a name written as snake_case."""

    pattern: str
    reason: str
    good: tuple[str, ...]
    bad: tuple[str, ...]

    def in_name(self, name: str) -> bool:
        return re.search(rf"(?:^|_)(?:{self.pattern})(?:_|$)", snake_case(name)) is not None


# For each reason of tocsin.terms.boundary: lines of code that must pass, and lines that must not.
LINES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "a rule is about places and things, never about a person":
        (("worker = role", "resident_bytes = 1"), ("class SuspiciousPerson: pass", "suspicious_behaviour = 1")),
    "we describe hazards and places; people are not profiled":
        (("seasonal = median(by_phase)", "recording = load_recording(path)"),
         ("user_profile = load(person)", "class CitizenProfile: pass", "def profiling(x): pass")),
    "we have observations and findings, not suspects": (("doubtful = quality == 2",), ("suspect = rows[0]",)),
    "no lists of people to watch; hosts and kinds are `allowed` or `refused`":
        (("allowed_hosts = ()", "refused_kinds = {'dwelling'}"),
         ("blacklist = set()", "watch_list = []", "key_personnel = []")),
    "no colour, rank or score is ever attached to a person":
        (("event_level = 4", "facility_risk = 2"),
         ("person_score = 0.9", "social_credit = 1", "class StaffRanking: pass", "citizen_level = 3")),
    "a case is read by itself; nobody is counted, listed or known again by how often they came":
        (("earlier_reply = 1", "requester = None", "visit_moment = 2"),
         ("repeat_petitioner = 1", "requester_history = []", "earlier_petitions = 3")),
    "opinion, mood and speech are not watched":
        (("satisfaction = survey.mean()",), ("sentiment = classify(text)", "def opinion_analysis(): pass")),
    "no recognition of bodies": (("surface_id = 1",), ("face_recognition = True", "biometric = x", "face_id = 3")),
    "no tracking of phones, vehicles or people":
        (("track_of_storm = path",), ("imei = row[2]", "location_history = []")),
    "no population register and no identity numbers":
        (("stream_id = 's'", "identity = token.source"), ("id_card = row", "national_id_number = 1", "hukou = ''")),
    "belief, origin, protest and politics are not data here":
        (("jurisdiction = path",), ("ethnicity = 1", "protest = detect()", "class PoliticalRisk: pass")),
    "hazards are predicted, not people's deeds":
        (("predicted_stage = stage + rate",), ("predictive_policing = 1", "crime_risk = 2")),
    "no points, no contests, no rankings of staff": (("points = table['points']",), ("leaderboard = []",)),
}  # fmt: skip

RETIRED = (
    Banned(r"data_?points?", "say observation", ("observations = ()",), ("data_point = 1", "class DataPoint: pass")),
    Banned(r"(?:rain|gas|river|sensor|gauge)_reading|readings", "say observation (or what an instrument `shows`)",
           ("reading = create_task(read())", "shown = 1"), ("class GaugeReading: pass", "sensor_readings = []")),
    Banned(r"alarms?", "say signal; only `false_alarm` is a term of the trade",
           ("signal = x", "false_alarms = 3"), ("alarm = x", "class Alarm: pass", "alarms_today = 1")),
    Banned(r"tickets?", "say report, case or task", ("report = x",), ("ticket = x",)),
    Banned(r"slas?|sla_timer", "say clock or deadline", ("deadline = x",), ("sla = 3",)),
    Banned(r"plug_?ins?", "say pack", ("pack = x",), ("plugin = x", "class PlugIn: pass")),
    Banned(r"master_slave|slaves?|masters?", "say which does what: writer, reader, copy",
           ("writer = x",), ("slave = x", "master = y")),
    Banned(r"watermarks?", "say frontier", ("frontier = x",), ("watermark = x",)),
    Banned(r"check_?points?", "say snapshot", ("snapshot = x",), ("checkpoint = x",)),
    Banned(r"severity", "say level; severity is a CAP field", ("level = x",), ("severity = x",)),
)  # fmt: skip

ALLOWED = {  # (pattern's first good-known name, path) pairs that the trade itself names so, with the reason
    "false_alarm": "a term of warning verification (engine.md section 9)",
    "false_alarms": "a term of warning verification (engine.md section 9)",
    "false_alarm_ratio": "FAR, a term of warning verification",
    "wal_checkpoint": "SQLite's own word",
}

ALLOWED_IN = {  # a name that one file alone may define, with the reason
    ("formats/cap/message.py", "severity"): "the element of a CAP message; our own ranks are levels",
}

NOT_PACKAGES = {"base", "core", "common", "utils", "util", "helpers", "helper", "misc", "manager", "managers"}


def names_of(source: str) -> Iterator[tuple[int, str]]:
    """Every name a Python text defines or uses, with its line."""
    for node in ast.walk(ast.parse(source)):
        line = getattr(node, "lineno", 0)
        match node:
            case ast.ClassDef(name=name) | ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                yield line, name
            case ast.Name(id=name) | ast.Attribute(attr=name) | ast.arg(arg=name):
                yield line, name
            case ast.keyword(arg=str(name)) | ast.alias(name=name):
                yield line, name.rpartition(".")[2]


def defined_names_of(source: str) -> Iterator[tuple[int, str]]:
    """Only the names a Python text defines itself: other people's libraries may use any word."""
    for node in ast.walk(ast.parse(source)):
        line = getattr(node, "lineno", 0)
        match node:
            case ast.ClassDef(name=name) | ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                yield line, name
            case ast.Name(id=name, ctx=ast.Store()) | ast.Attribute(attr=name, ctx=ast.Store()) | ast.arg(arg=name):
                yield line, name


def keys_of(toml: str) -> Iterator[str]:
    """Every key of a TOML text, at any depth."""
    waiting: list[object] = [tomllib.loads(toml)]
    while waiting:
        item = waiting.pop()
        if isinstance(item, dict):
            yield from item
            waiting.extend(item.values())
        elif isinstance(item, list):
            waiting.extend(item)


def python_files() -> list[Path]:
    return sorted(SOURCE.rglob("*.py"))
