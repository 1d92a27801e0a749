"""Rule unit tests: series in, signals expected. What a test file holds; `rule_test_run` runs it.

[[test]]
name = "deep water is raised at the second observation"
interval = "5min"
stream = [{ id = "a", property = "water_depth", series = "0x2 20x3 _x9" }]
signal = [{ at = "20min", rule = "deep_water", stream = "a", change = "raised", level = "yellow" }]
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from tocsin.engine.language.faults import nearest
from tocsin.engine.language.parse import FLAG
from tocsin.engine.language.quantity import split_quantity, to_microseconds
from tocsin.packkit.document import Document, Folder
from tocsin.packkit.fault import Faults
from tocsin.packkit.pack import Pack
from tocsin.packkit.rule_test_given import Given, read_bulletin, read_report
from tocsin.packkit.section import Section, sections
from tocsin.packkit.series import Sample, read_series
from tocsin.terms.errors import Refused
from tocsin.terms.moment import to_us
from tocsin.terms.signal import Change
from tocsin.terms.stream import Stream

__all__ = ["Expected", "RuleTest", "Standing", "TestStream", "read_rule_tests", "test_files"]

_TESTS = 1000
_TEST_KEYS = (
    "name",
    "interval",
    "start",
    "until",
    "tick",
    "rules",
    "lateness",
    "delay",
    "quiet",
    "stream",
    "report",
    "bulletin",
    "signal",
    "standing",
    "note",
)
_STREAM_KEYS = (
    "id",
    "property",
    "series",
    "feature",
    "interval",
    "from",
    "labels",
    "stages",
    "jurisdiction",
    "cell",
    "zone",
    "lon",
    "lat",
)
_SIGNAL_KEYS = ("at", "rule", "stream", "subject", "change", "level", "evidence", "note")
_CHANGES = (Change.RAISED.value, Change.CHANGED.value, Change.CLEARED.value)
_START = datetime(2025, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class TestStream:
    """A stream of a test: what it is, and (us since the start, value) in order."""

    stream: Stream
    rows: tuple[tuple[int, float], ...]


@dataclass(frozen=True, slots=True)
class Expected:
    """A transition that must come: at so many us since the start. ``evidence``: measures that it must bear, as `rules test`
    prints them; none: they are not looked at. ``line``: where it is written."""

    at_us: int
    rule: str
    subject: str
    change: str
    level: str
    evidence: tuple[str, ...] = ()
    line: int = 0


@dataclass(frozen=True, slots=True)
class Standing:
    """What must stand at a moment, and nothing else of that rule: subject -> level."""

    at_us: int
    rule: str
    levels: Mapping[str, str]
    line: int = 0


@dataclass(frozen=True, slots=True)
class RuleTest:
    """One test. ``rules`` empty: all rules of the file. ``compares``: signals are compared, and not only what stands."""

    name: str
    file: str
    line: int
    start_us: int
    until_us: int
    tick_us: int
    rules: tuple[str, ...]
    lateness_s: float
    delay_s: float
    streams: tuple[TestStream, ...]
    signals: tuple[Expected, ...]
    standing: tuple[Standing, ...]
    compares: bool
    given: tuple[Given, ...] = ()
    note: str = field(default="", compare=False)


def test_files(folder: Path) -> list[str]:
    """The test files of a pack's folder, relative to it."""
    return sorted(path.relative_to(folder).as_posix() for path in folder.glob("tests/*.toml") if path.is_file())


def read_rule_tests(pack: Pack, folder: Folder, name: str, faults: Faults) -> list[RuleTest]:
    """The tests of a file, faults reported; a test with faults is left out."""
    document = folder.document(name, required=True)
    Section(document, (), document.data, faults).known(("test", "note"))
    if document.data and not document.data.get("test"):
        faults.add(document.name, 1, "the file has no test", "write a [[test]]")
    out: list[RuleTest] = []
    for number, section in enumerate(sections(document, "test", faults)):
        if number >= _TESTS:
            section.fault(f"the file has more than {_TESTS} tests", "split it")
            break
        before = len(faults.found)
        test = _Reader(pack, document, section, faults).test()
        if test is not None and len(faults.found) == before:
            out.append(test)
    return out


test_files.__test__ = False  # type: ignore[attr-defined] # a name that pytest would take for one of its own
TestStream.__test__ = False  # type: ignore[attr-defined]


class _Reader:
    def __init__(self, pack: Pack, document: Document, section: Section, faults: Faults) -> None:
        self.pack, self.document, self.section, self.faults = pack, document, section, faults
        self.ids = [rule.name.rpartition("/")[2] for rule in pack.rules]

    def test(self) -> RuleTest | None:
        section = self.section
        section.known(_TEST_KEYS)
        name = section.text("name", need=True)
        interval = section.duration_us("interval", need=True)
        start = self._start()
        rules = section.texts("rules")
        for rule in rules:
            self._known_rule(section, rule, "rules")
        streams = [made for part in self._parts("stream") if (made := self._stream(part, interval)) is not None]
        if not streams and "stream" not in section.data:
            section.fault("a test needs a stream", 'write stream = [{ id = "a", property = "…", series = "1 2 3" }]')
        known = {made.stream.id: made.stream for made in streams}
        signals = [one for part in self._parts("signal") if (one := self._signal(part, known)) is not None]
        standing = [held for part in self._parts("standing") if (held := self._standing(part, known)) is not None]
        quiet = section.boolean("quiet")
        if quiet and signals:
            section.fault("a quiet test expects signals", "leave quiet or the signals out", "quiet")
        if not quiet and not any(key in section.data for key in ("signal", "standing")):
            section.fault("the test expects nothing", "write signal, standing, or quiet = true")
        last = max((at for made in streams for at, _ in made.rows), default=0)
        until = section.duration_us("until") or last
        if not interval or until < 0:
            return None
        line = self.document.line(*section.path)
        return RuleTest(
            name, self.document.name, line, start, until, section.duration_us("tick") or min(interval, 60_000_000), rules,
            section.duration_us("lateness") / 1e6, section.duration_us("delay") / 1e6, tuple(streams), tuple(signals),
            tuple(standing), quiet or "signal" in section.data, self._given(start), section.text("note"),
        )  # fmt: skip

    def _given(self, start: int) -> tuple[Given, ...]:
        """Reports and bulletins."""
        found = [read_report(self.pack, part, start, self._moment) for part in self._parts("report")]
        found += [read_bulletin(self.pack, part, start, self._moment) for part in self._parts("bulletin")]
        return tuple(one for one in found if one is not None)

    def _start(self) -> int:
        value = self.section.data.get("start", _START)
        if not isinstance(value, datetime) or value.tzinfo is None:
            self.section.fault(
                "start must be a moment with its zone", "write start = 2025-07-01T00:00:00+08:00", "start"
            )
            value = _START
        return to_us(value)

    def _parts(self, key: str) -> Iterator[Section]:
        value = self.section.data.get(key, [])
        if not isinstance(value, list) or not all(isinstance(part, dict) for part in value):
            self.section.fault(f"{key} must be a list of tables", f"write [[test.{key}]] or {key} = [{{ … }}]", key)
            return
        for index, part in enumerate(value):
            yield Section(self.document, (*self.section.path, key, index), part, self.faults)

    def _stream(self, part: Section, interval: int) -> TestStream | None:
        part.known(_STREAM_KEYS)
        name, observed = part.text("id", need=True), part.text("property", need=True)
        known = self.pack.properties.get(observed)
        if known is None:
            if observed:
                part.fault(
                    f"no property {observed!r} is declared in streams.toml",
                    nearest(observed, self.pack.properties),
                    "property",
                )
            return None
        every, begins = part.duration_us("interval") or interval, part.duration_us("from")
        try:
            samples, _ = read_series(part.text("series", need=True))
        except Refused as error:
            part.fault(f"{error.thing}: {error.rule}", error.remedy, "series")
            return None
        stream = Stream(
            name, "test", part.text("feature") or name, observed, known.unit, part.number("lon"), part.number("lat"),
            part.text("cell"),
            jurisdiction=part.text("jurisdiction"), zone=part.text("zone") or "UTC", low=known.low, high=known.high,
            cadence_s=every / 1e6, stages=self._numbers(part, "stages"),
            labels={str(key): str(word) for key, word in part.table("labels").items()},
        )  # fmt: skip
        rows = tuple(
            (begins + sample.place * every, sample.value) for sample in samples if self._sane(part, stream, sample)
        )
        return TestStream(stream, rows)

    def _sane(self, part: Section, stream: Stream, sample: Sample) -> bool:
        if sample.value < stream.low or sample.value > stream.high:
            part.fault(f"{sample.value:g} lies outside {stream.low:g} to {stream.high:g} {stream.unit}: "
                       "it would be refused at the door", "write a value that can be", "series")  # fmt: skip
        return True

    def _numbers(self, part: Section, key: str) -> dict[str, float]:
        values = part.table(key)
        if not all(isinstance(value, int | float) and not isinstance(value, bool) for value in values.values()):
            part.fault(f"{key} must hold numbers", f"write {key} = {{ alert_level = 12.5 }}", key)
            return {}
        return {str(name): float(value) for name, value in values.items()}

    def _signal(self, part: Section, streams: Mapping[str, Stream]) -> Expected | None:
        part.known(_SIGNAL_KEYS)
        at, rule = self._moment(part, "at"), part.text("rule", need=True)
        change = part.text("change", need=True)
        if change and change not in _CHANGES:
            part.fault(f"no change {change!r}", nearest(change, _CHANGES), "change")
        level = part.text("level") or ("none" if change == Change.CLEARED.value else "")
        self._known_rule(part, rule, "rule")
        self._known_level(part, rule, level, change)
        subject = self._subject(part, streams)
        evidence = part.data.get("evidence", [])
        said = [evidence] if isinstance(evidence, str) else evidence
        if not isinstance(said, list) or not all(isinstance(one, str) for one in said):
            part.fault(
                "evidence must be a text or a list of texts", 'write evidence = "value 20 cm >= 15 cm"', "evidence"
            )
            return None
        if at is None or not subject:
            return None
        return Expected(at, rule, subject, change, level, tuple(said), self.document.line(*part.path))

    def _standing(self, part: Section, streams: Mapping[str, Stream]) -> Standing | None:
        part.known(("at", "rule", "levels", "note"))
        at, rule = self._moment(part, "at"), part.text("rule", need=True)
        self._known_rule(part, rule, "rule")
        levels = {}
        for subject, level in part.table("levels").items():
            self._known_level(part, rule, str(level), Change.RAISED.value, "levels", str(subject))
            levels[subject if ":" in subject else f"stream:{subject}"] = str(level)
            if ":" not in subject and subject not in streams:
                part.fault(
                    f"no stream {subject!r} in this test", nearest(str(subject), streams), "levels", str(subject)
                )
        return Standing(at, rule, levels, self.document.line(*part.path)) if at is not None else None

    def _subject(self, part: Section, streams: Mapping[str, Stream]) -> str:
        name, subject = part.text("stream"), part.text("subject")
        if bool(name) == bool(subject):
            part.fault(
                "a signal names its stream or its subject", 'write stream = "a", or subject = "street:Mill Lane"'
            )
            return ""
        if name and name not in streams:
            part.fault(f"no stream {name!r} in this test", nearest(name, streams), "stream")
        return subject or f"stream:{name}"

    def _moment(self, part: Section, key: str) -> int | None:
        text = part.text(key, need=True)
        if text in ("0", "0s", "0min", "0h", "0d"):
            return 0
        try:
            return to_microseconds(*split_quantity(text)) if text else None
        except ValueError as error:
            part.fault(f"{key}: {error}", f'write {key} = "25min", counted from the start', key)
            return None

    def _known_rule(self, part: Section, rule: str, key: str) -> None:
        if rule and rule not in self.ids:
            part.fault(f"no rule {rule!r} is there", nearest(rule, self.ids), key)

    def _known_level(self, part: Section, rule: str, level: str, change: str, *key: str) -> None:
        codes = [*self.pack.scheme.codes, FLAG, *(["none"] if change == Change.CLEARED.value else [])]
        if level not in codes:
            what = f"no level {level!r}" if level else "level is missing"
            part.fault(what, nearest(level, codes), *(key or ("level",)))
