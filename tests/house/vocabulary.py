"""Words this house does not use: each with its reason, where it may stand, and lines that must pass and must fail.

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

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "tocsin"


@dataclass(frozen=True)
class Banned:
    """``pattern`` is searched in a name written as snake_case (or in a text, lower case)."""

    pattern: str
    reason: str
    good: tuple[str, ...]
    bad: tuple[str, ...]
    text: str = ""  # pattern for running text, where it differs; "-" = not searched there

    def in_name(self, name: str) -> bool:
        return re.search(rf"(?:^|_)(?:{self.pattern})(?:_|$)", snake(name)) is not None

    def in_text(self, text: str) -> bool:
        pattern = self.text or rf"\b(?:{self.pattern})\b"
        return pattern != "-" and re.search(pattern, text.lower()) is not None


BOUNDARY = (
    Banned(r"profil(?:e|es|er|ing)", "we describe hazards and places; people are not profiled",
           ("seasonal = median(by_phase)", "recording = load_recording(path)"),
           ("user_profile = load(person)", "class CitizenProfile: pass", "def profiling(x): pass")),
    Banned(r"suspects?|suspicious_(?:person|people|behaviou?r)", "we have observations and findings, not suspects",
           ("doubtful = quality == 2",), ("suspect = rows[0]", "class SuspiciousPerson: pass")),
    Banned(r"(?:black|white|grey|watch)_?lists?|key_pers(?:on|ons|onnel)|focus_pers(?:on|onnel)",
           "no lists of people to watch; hosts and kinds are `allowed` or `refused`",
           ("allowed_hosts = ()", "refused_kinds = {'dwelling'}"),
           ("blacklist = set()", "watch_list = []", "key_personnel = []")),
    Banned(r"(?:person|people|citizen|resident|social|trust|staff|caller)_(?:score|rank|ranking|rating|risk|level)s?|social_credit|credit_score",
           "no colour, rank or score is ever attached to a person",
           ("event_level = 4", "facility_risk = 2"),
           ("person_score = 0.9", "social_credit = 1", "class StaffRanking: pass", "citizen_level = 3")),
    Banned(r"sentiments?|public_opinion|opinion_(?:monitor\w*|watch\w*|analysis)|mood_of_\w+",
           "opinion, mood and speech are not watched",
           ("satisfaction = survey.mean()",), ("sentiment = classify(text)", "def opinion_analysis(): pass")),
    Banned(r"face_(?:id|recognition|match|embedding|vector)|biometrics?|gait|voice_?print",
           "no recognition of bodies", ("surface_id = 1",), ("face_recognition = True", "biometric = x", "face_id = 3")),
    Banned(r"imei|imsi|mac_address|phone_track\w*|location_history|movement_of_person|whereabouts",
           "no tracking of phones or people", ("track_of_storm = path",), ("imei = row[2]", "location_history = []")),
    Banned(r"(?:national|citizen|resident)_id(?:_?(?:number|card))?|id_card|identity_(?:number|card)|household_register|hukou",
           "no population register and no identity numbers",
           ("stream_id = 's'", "identity = token.source"), ("id_card = row", "national_id_number = 1", "hukou = ''")),
    Banned(r"ethnicity|ethnic_group|religions?|beliefs?|political(?:_\w+)?|protests?|petitioner_list|dissidents?",
           "belief, origin, protest and politics are not data here",
           ("jurisdiction = path",), ("ethnicity = 1", "protest = detect()", "class PoliticalRisk: pass")),
    Banned(r"predict(?:ive)?_(?:crime|policing|offen[cs]e)\w*|crime_(?:risk|forecast|score)|recidivism|pre_?crime",
           "hazards are predicted, not people's deeds",
           ("predicted_stage = stage + rate",), ("predictive_policing = 1", "crime_risk = 2")),
    Banned(r"leader_?boards?|gamification|badge_points|check_in_streak",
           "no points, no contests, no rankings of staff", ("points = table['points']",), ("leaderboard = []",)),
)  # fmt: skip

BOUNDARY_ZH = re.compile(
    r"黑名单|重点人员|重点人群|用户画像|人物画像|社会信用|信用分|舆情|维稳|人脸|嫌疑人|排行榜|积分榜"
)

RETIRED = (
    Banned(r"data_?points?", "say observation", ("observations = ()",), ("data_point = 1", "class DataPoint: pass")),
    Banned(r"(?:rain|gas|river|sensor|gauge)_reading|readings", "say observation (or what an instrument `shows`)",
           ("reading = create_task(read())", "shown = 1"), ("class GaugeReading: pass", "sensor_readings = []"), text="-"),
    Banned(r"alarms?", "say signal; only `false_alarm` is a term of the trade",
           ("signal = x", "false_alarms = 3"), ("alarm = x", "class Alarm: pass", "alarms_today = 1"), text="-"),
    Banned(r"tickets?", "say report, case or task", ("report = x",), ("ticket = x",), text="-"),
    Banned(r"slas?|sla_timer", "say clock or deadline", ("deadline = x",), ("sla = 3",), text="-"),
    Banned(r"plug_?ins?", "say pack", ("pack = x",), ("plugin = x", "class PlugIn: pass"), text="-"),
    Banned(r"master_slave|slaves?|masters?", "say which does what: writer, reader, copy",
           ("writer = x",), ("slave = x", "master = y"), text="-"),
    Banned(r"watermarks?", "say frontier", ("frontier = x",), ("watermark = x",), text="-"),
    Banned(r"check_?points?", "say snapshot", ("snapshot = x",), ("checkpoint = x",), text="-"),
    Banned(r"severity", "say level; severity is a CAP field", ("level = x",), ("severity = x",), text="-"),
)  # fmt: skip

ALLOWED = {  # (pattern's first good-known name, path) pairs that the trade itself names so, with the reason
    "false_alarm": "a term of warning verification (engine.md section 9)",
    "false_alarms": "a term of warning verification (engine.md section 9)",
    "false_alarm_ratio": "FAR, a term of warning verification",
    "wal_checkpoint": "SQLite's own word",
}

NOT_PACKAGES = {"base", "core", "common", "utils", "util", "helpers", "helper", "misc", "manager", "managers"}


def snake(name: str) -> str:
    """``PersonScore`` and ``personScore`` become ``person_score``."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).replace("-", "_").lower()


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
