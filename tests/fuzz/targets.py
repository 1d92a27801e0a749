"""What is fuzzed: every reader of bytes that come from outside, each as a function of bytes.

A target takes any bytes. It returns whether they were accepted; it may refuse with an error of ``tocsin.terms.errors``;
anything else that is raised, and any broken promise about what was accepted, is a find. Everything is called as its door does.
"""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.fuzz.documents import document
from tocsin.engine.judge import check_rule
from tocsin.engine.language.condition import parse_clear, parse_condition, parse_hold
from tocsin.engine.language.parse import RuleFault, parse_rule
from tocsin.engine.language.vocabulary import IndexTable, Vocabulary
from tocsin.formats import cap
from tocsin.formats.arrow import OBSERVATIONS
from tocsin.formats.arrow_body import read_arrow
from tocsin.formats.catalogue import catalogue_body, read_catalogue, read_catalogue_body
from tocsin.formats.columns_json import read_columns_json
from tocsin.formats.csv import read_csv
from tocsin.formats.intake import Intake, Parsed
from tocsin.packkit import scaffold
from tocsin.packkit.fault import Faults
from tocsin.packkit.load import read_pack
from tocsin.terms.errors import BadRule, Refused
from tocsin.terms.level import CHINA_FOUR_COLOUR
from tocsin.terms.stream import Catalogue, Source, Stream

__all__ = ["TARGETS", "Target", "run_one"]

NOW_US = 1_784_534_400_000_000  # 2026-07-20T08:00:00Z


@dataclass(frozen=True)
class Target:
    """``longest``: bytes of the largest input tried."""

    name: str
    takes: Callable[[bytes], bool]
    longest: int

    @property
    def words(self) -> tuple[bytes, ...]:
        """Pieces that guide the search: the lines of ``words/NAME.txt``, written as Python writes them inside quotes."""
        lines = (Path(__file__).parent / "words" / f"{self.name}.txt").read_text("utf-8").splitlines()
        return tuple(line.encode().decode("unicode_escape").encode("latin-1") for line in lines if line)


def run_one(target: Target, data: bytes) -> bool:
    """Whether the target accepts; False where it refuses with an error of its own. Anything else goes through."""
    try:
        return target.takes(data)
    except Refused as error:
        refusal = error
    assert refusal.thing, "a refusal names no thing"
    assert refusal.rule, "a refusal names no rule"
    assert refusal.remedy, "a refusal names no remedy"
    str(refusal).encode("utf-8", "strict")  # what is printed and answered must be text
    assert len(str(refusal)) < 4000, "a refusal is longer than anybody reads"
    return False


# ---------------------------------------------------------------- rule texts
TABLE = IndexTable("aqi", "ug/m3", ((0.0, 0.0), (35.0, 50.0), (75.0, 100.0)), "up")
UNITS = {"pm25": "ug/m3", "rain": "mm", "air": "Cel", "flow": "m3/s"}
VOCABULARIES = (
    Vocabulary("mm", UNITS, {"aqi": TABLE}, nonnegative=True),
    Vocabulary("ug/m3", UNITS, {"aqi": TABLE}, frozenset({"alert_level"})),
    Vocabulary("Cel", UNITS, {"aqi": TABLE}, area=True),
    Vocabulary("", UNITS),
)


def rule_text(data: bytes) -> bool:
    """First byte: which vocabulary and which reader; the rest: UTF-8."""
    how, text = (data[0] if data else 0), data[1:].decode("utf-8", "replace")
    vocabulary = VOCABULARIES[how % len(VOCABULARIES)]
    match how // len(VOCABULARIES) % 4:
        case 0:
            parse_condition(text, vocabulary)
        case 1:
            parse_clear(text, vocabulary)
        case 2:
            parse_hold(text)
        case _:
            _whole_rule(text, vocabulary)
    return True


def _whole_rule(text: str, vocabulary: Vocabulary) -> None:
    entry = {"id": "r", "hazard": "h", "streams": {"property": "rain"}, "level": {"yellow": text, "red": text}, "clear": text,
             "per": "cell" if vocabulary.area else "stream"}  # fmt: skip
    found: list[RuleFault] = []
    rule = parse_rule(entry, pack="p", scheme=CHINA_FOUR_COLOUR, units=UNITS, tables={"aqi": TABLE}, faults=found)
    for fault in found:
        assert isinstance(fault.error, BadRule)
    if rule.rungs and not any(not fault.note for fault in found):
        with contextlib.suppress(ValueError):  # the engine's own refusal of what cannot be mixed
            check_rule(rule)


# ---------------------------------------------------------------- packs
class _PackFolder:
    """One folder in memory-backed files, made whole again before each try."""

    FILES = ("rules.toml", "streams.toml", "pack.toml", "hazards.toml", "tables.toml", "cascades.toml", "playbook.toml",
             "tasks.toml", "warnings.toml", "words/en.toml", "quality.toml", "rules.toml", "rules.toml")  # fmt: skip

    def __init__(self) -> None:
        memory = Path("/dev/shm")
        root = Path(tempfile.mkdtemp(prefix="tocsin-fuzz-", dir=memory if memory.is_dir() else None))
        self.path = scaffold.new_pack("fuzzed", root)
        shutil.rmtree(self.path / "examples")
        self.whole = {name: (self.path / name).read_bytes() for name in self.FILES if (self.path / name).is_file()}

    def read(self, which: int, content: bytes) -> bool:
        name = self.FILES[which % len(self.FILES)]
        (self.path / name).write_bytes(content)
        faults = Faults()
        try:
            read_pack(self.path, faults)
        finally:
            if name in self.whole:
                (self.path / name).write_bytes(self.whole[name])
            else:
                (self.path / name).unlink()
        for fault in faults.found:
            assert fault.what, "a fault says nothing"
            assert fault.remedy, "a fault has no remedy"
            assert 0 <= fault.line <= content.count(b"\n") + 1000, "a fault is on no line"
        return not faults.faults


_folder: list[_PackFolder] = []


def pack_toml(data: bytes) -> bool:
    """First byte: which file of a good pack is replaced; the rest: its content."""
    if not _folder:
        _folder.append(_PackFolder())
    return _folder[0].read(data[0] if data else 0, data[1:])


# ---------------------------------------------------------------- observations
CATALOGUE = Catalogue(
    [Source("met", "Weather service", "met"), Source("river", "River authority", "river")],
    [
        Stream("rain-1", "met", "gauge 1", "precipitation", "mm", low=0, high=500),
        Stream("temp-1", "met", "gauge 1", "air_temperature", "Cel", low=-60, high=60),
        Stream("stage-1", "river", "gauge 1", "river_stage", "m"),
        Stream("ahead", "met", "gauge 1", "precipitation_forecast", "mm", forecast=True),
        Stream("雨-2", "met", "站点二", "precipitation", "mm"),
    ],
)
INTAKE = Intake(CATALOGUE, "met", NOW_US, max_rows=10_000, max_bytes=1 << 20)


def _kept_or_refused(parsed: Parsed) -> bool:
    """Every row is taken or refused, none is both or lost, and what is taken is what the log stores."""
    assert parsed.batch.schema == OBSERVATIONS
    parsed.batch.validate(full=True)
    parsed.refused.validate(full=True)
    assert parsed.batch.num_rows + parsed.refused.num_rows == parsed.rows
    assert parsed.missing <= parsed.batch.num_rows
    stream = parsed.batch.column("stream").to_numpy()
    assert ((stream >= 0) & (stream < len(CATALOGUE))).all()
    return parsed.batch.num_rows > 0


def arrow(data: bytes) -> bool:
    """An Arrow body of observations."""
    return _kept_or_refused(read_arrow(data, INTAKE))


def json_columns(data: bytes) -> bool:
    """A JSON body of columns of observations."""
    return _kept_or_refused(read_columns_json(data, INTAKE))


def csv(data: bytes) -> bool:
    """A CSV file of observations."""
    return _kept_or_refused(read_csv(data, INTAKE))


# ---------------------------------------------------------------- catalogues and alerts
def catalogue(data: bytes) -> bool:
    """First byte: JSON body, or TOML or CSV file. What is accepted must come back from its own body."""
    how, content = (data[0] if data else 0) % 3, data[1:]
    sources, streams = read_catalogue_body(content) if how == 0 else read_catalogue(content, (".toml", ".csv")[how - 1])
    body = catalogue_body(sources, streams)
    assert catalogue_body(*read_catalogue_body(body)) == body
    return True


def cap_message(data: bytes) -> bool:
    """First byte: a message, a feed or an EDXL envelope."""
    how, content = (data[0] if data else 0) % 3, data[1:]
    if how == 1:
        return bool(cap.read_feed(content).entries)
    if how == 2:
        return bool(cap.read_edxl(content))
    reading = cap.read(content)
    cap.check(content)
    cap.recognise(content)
    cap.trace([reading])
    if reading.alert is None:
        assert reading.errors, "withheld without a reason"
        return False
    for info in reading.alert.infos:
        cap.target_shape(info)
        cap.gravity(info)
    return True


TARGETS = {
    target.name: target
    for target in (
        Target("rule", rule_text, 3000),
        Target("pack", pack_toml, 6000),
        Target("arrow", arrow, 6000),
        Target("json", json_columns, 4000),
        Target("csv", csv, 3000),
        Target("catalogue", catalogue, 4000),
        Target("cap", cap_message, 8000),
        Target("document", document, 4000),
    )
}
