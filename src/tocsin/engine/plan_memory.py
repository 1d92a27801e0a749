"""How much memory rules will need, before a single observation has come: said by `tocsin rules explain`, refused by an engine
that has a budget.

Nothing here lists what an operator keeps. A small engine is built twice over invented streams and its arrays are measured: what
grows with the streams is state, exactly; what a ring of a window holds is worked out from the window's width and the spacing of
the observations. So a new operator is predicted the day it is written.

Counted are the engine's arrays as far as they are written to. Not counted: the catalogue's own words (Python objects), and
pages that rings reserve ahead of need but have not touched.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from tocsin.engine.group import Group, Selector, selects
from tocsin.engine.judge import area_inner
from tocsin.engine.language.quantity import duration_text
from tocsin.engine.language.rule import Rule
from tocsin.engine.language.walk import nodes, rule_nodes
from tocsin.engine.operators.area import AreaStage
from tocsin.engine.operators.pairs import Pairs
from tocsin.engine.operators.rings import Rings, make_room
from tocsin.engine.operators.windows import IRREGULAR_US, History
from tocsin.terms.stream import Catalogue, Source, Stream

if TYPE_CHECKING:
    from tocsin.engine.runner import Engine

__all__ = ["IRREGULAR_US", "Load", "MemoryPart", "MemoryPlan", "held_memory", "loads_of", "plan_memory", "selector_of"]

ENTRY = 16  # bytes of one observation in a ring: its time and its value
_PROBES = (4, 8)  # sizes of the two invented catalogues
Where = tuple[Any, ...]
_Owners = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Load:
    """Streams of one selector: how many, their usual spacing (us), in how many areas they lie, and how many observations of one
    stream come in one batch at most."""

    streams: int
    cadence_us: int = IRREGULAR_US
    areas: int = 1
    rows: int = 1


@dataclass(frozen=True, slots=True)
class MemoryPart:
    """Bytes of one thing that an engine keeps, and the rules that need it: more than one share it. ``window``: it is what
    windows hold, not state of fixed size."""

    name: str
    rules: tuple[str, ...]
    bytes: int
    window: bool = False


@dataclass(frozen=True, slots=True)
class MemoryPlan:
    """All parts of an engine. ``bytes`` = ``state`` + ``windows``."""

    parts: tuple[MemoryPart, ...]

    @property
    def state(self) -> int:
        """Bytes apart from windows."""
        return sum(part.bytes for part in self.parts if not part.window)

    @property
    def windows(self) -> int:
        """Bytes that windows hold when they are full."""
        return sum(part.bytes for part in self.parts if part.window)

    @property
    def bytes(self) -> int:
        """All bytes."""
        return self.state + self.windows

    def of_rule(self, name: str) -> tuple[MemoryPart, ...]:
        """What one rule needs, shared parts whole."""
        return tuple(part for part in self.parts if name in part.rules)


def selector_of(rule: Rule) -> Selector:
    """What the engine groups streams by: rules of one selector share windows."""
    return tuple(sorted((name, tuple(values)) for name, values in rule.select.items()))


def plan_memory(
    rules: Sequence[Rule], loads: Load | Mapping[Selector, Sequence[Load]], streams: int | None = None
) -> MemoryPlan:
    """The memory that an engine of these rules needs once its windows are full. ``loads``: by selector, as ``loads_of`` gives
    them, or one load that every selector has (its streams are then those of each selector, not of all together).
    ``streams``: how many the catalogue has in all, where not simply those of the loads together.

    Windows are predicted for streams that begin together and observe as often as they say; a lowest or highest, and a count
    over an area, are taken at their worst (a series that only falls or rises, members that are always true)."""
    rules = tuple(rules)
    selectors = dict.fromkeys(selector_of(rule) for rule in rules)
    by_select = {select: [loads] if isinstance(loads, Load) else list(loads.get(select, ())) for select in selectors}
    every = sum(part.streams for parts in by_select.values() for part in parts) if streams is None else streams
    planner = _Planner(rules, by_select, every)
    return MemoryPlan(tuple(sorted(planner.parts(), key=lambda part: (-part.bytes, part.name))))


def loads_of(rules: Iterable[Rule], catalogue: Catalogue, rows: int = 1) -> dict[Selector, list[Load]]:
    """The loads of a real catalogue: for each selector of the rules its streams by spacing."""
    out: dict[Selector, list[Load]] = {}
    areas: dict[Selector, set[str]] = {}
    for rule in rules:
        areas.setdefault(selector_of(rule), set()).add(rule.per)
    for select, labels in areas.items():
        members = [stream for stream in catalogue.streams if selects(select, stream)]
        number = max((len({stream.label(label) for stream in members}) for label in labels - {"stream"}), default=1)
        spacing: dict[int, int] = {}
        for stream in members:
            cadence = round(stream.cadence_s * 1e6) or IRREGULAR_US
            spacing[cadence] = spacing.get(cadence, 0) + 1
        out[select] = [Load(count, cadence, number, rows) for cadence, count in sorted(spacing.items())]
    return out


def held_memory(engine: Engine) -> int:
    """Bytes that an engine's arrays hold now, of rings what is in use."""
    total = 0
    for where, owners, array in _arrays(engine):
        if _shared(owners, where):
            total += int(owners[0].bump[0]) * array.itemsize
        else:
            total += array.nbytes
    return total


# ---------------------------------------------------------------- the arrays of an engine
def _arrays(engine: Engine) -> Iterator[tuple[Where, _Owners, np.ndarray]]:
    """Every array an engine holds, with its way from the engine and the objects that own it (innermost first). What lies in a
    group is called by the group's selector, by whatever way it is reached."""
    seen: set[int] = set()
    stack: list[tuple[Where, _Owners, Any]] = [((name,), (), value) for name, value in reversed(vars(engine).items())]
    while stack:
        where, owner, value = stack.pop()
        if id(value) in seen:
            continue
        if isinstance(value, np.ndarray):
            seen.add(id(value))
            yield where, owner, value
        elif isinstance(value, dict):
            seen.add(id(value))
            stack += [((*where, key), owner, inner) for key, inner in reversed(value.items())]
        elif isinstance(value, list | tuple) and not (
            value and isinstance(value[0], str | int | float | Stream | Rule)
        ):
            stack += [((*where, key), owner, inner) for key, inner in enumerate(value)]
        elif type(value).__module__.startswith("tocsin.engine") and hasattr(value, "__dict__"):
            seen.add(id(value))
            way = (_GROUP, value.select) if isinstance(value, Group) else where
            stack += [((*way, name), (value, *owner), inner) for name, inner in reversed(vars(value).items())]


_GROUP = "group"


def _shared(owners: _Owners, where: Where) -> bool:
    """Whether an array is what all slots of a ring share: reserved ahead of need."""
    return bool(owners) and isinstance(owners[0], Rings) and where[-1] in ("times", "values")


# ---------------------------------------------------------------- from a small engine to a large one
_WORDS = {"_judges": "ladder", "_silence": "silence", "_pairs": "pairs", "_juries": "areas"}
_FIELDS = ("source", "feature", "property", "unit", "cell", "jurisdiction", "zone")


class _Planner:
    """Measures two small engines and scales their arrays up to the loads."""

    def __init__(self, rules: tuple[Rule, ...], loads: Mapping[Selector, Sequence[Load]], every: int) -> None:
        self.rules = {rule.name: rule for rule in rules}
        self.loads, self.every = loads, every
        self.small, self.large = (self._probe(size) for size in _PROBES)
        self.sharers = self._sharers()

    def parts(self) -> Iterator[MemoryPart]:
        found: dict[tuple[str, tuple[str, ...], bool], float] = {}
        before = {where: array for where, owners, array in _arrays(self.small) if not _shared(owners, where)}
        seen: set[int] = set()
        for where, owners, array in _arrays(self.large):
            if not _shared(owners, where):
                key = (*self._called(where), False)
                found[key] = found.get(key, 0.0) + self._scaled(where, before.get(where), array)
            if owners and isinstance(owners[0], Rings | AreaStage | Pairs) and id(owners[0]) not in seen:
                seen.add(id(owners[0]))
                name, users = self._called(where)
                key = (f"{name}: {'full windows' if isinstance(owners[0], Rings) else 'waiting rows'}", users, True)
                found[key] = found.get(key, 0.0) + self._filled(owners, where)
        for (name, users, window), size in found.items():
            if round(size):
                yield MemoryPart(name, users, round(size), window)

    def _probe(self, size: int) -> Engine:
        """An engine over ``size`` streams of each selector, two of them in each area."""
        from tocsin.engine.runner import Engine  # noqa: PLC0415 - the engine asks this module whether it fits its budget

        streams = []
        for number, select in enumerate(self.loads):
            pers = {rule.per for rule in self.rules.values() if selector_of(rule) == select} - {"stream", *dict(select)}
            for k in range(size):
                words = {name: values[0] for name, values in select} | dict.fromkeys(pers, f"{number} {k // 2}")
                own = {"source": "probe", "feature": f"{number} {k}", "property": "x", "unit": "1"}
                own |= {name: word for name, word in words.items() if name in _FIELDS}
                labels = {name: word for name, word in words.items() if name not in _FIELDS}
                streams.append(Stream(id=f"{number} {k}", **own, labels=labels))  # type: ignore[arg-type]
        sources = [Source(name, "", "") for name in {stream.source for stream in streams}]
        return Engine(tuple(self.rules.values()), Catalogue(sources, streams))

    def _scaled(self, where: Where, before: np.ndarray | None, after: np.ndarray) -> float:
        """Bytes of an array at the real size: it grows with the catalogue, with the members of its group, or with areas."""
        grown = after.shape[-1] - before.shape[-1] if before is not None and after.ndim else 0
        if not grown:
            return float(after.nbytes)
        a_slot = (after.nbytes - (before.nbytes if before is not None else 0)) / grown
        select = self._select(where)
        if select is None:
            return a_slot * self.every
        members, areas = (self._sizes(engine, select) for engine in (self.large, self.small))
        if grown == members[0] - areas[0]:
            return a_slot * sum(part.streams for part in self.loads[select])
        if grown == members[1] - areas[1]:
            return a_slot * max((part.areas for part in self.loads[select]), default=0)
        return a_slot * self.every

    def _sizes(self, engine: Engine, select: Selector) -> tuple[int, int]:
        members = [stream for stream in engine.catalogue.streams if selects(select, stream)]
        pers = {rule.per for rule in self.rules.values() if selector_of(rule) == select} - {"stream"}
        return len(members), max((len({stream.label(per) for stream in members}) for per in pers), default=0)

    # ------------------------------------------------------------ whose it is
    def _select(self, where: Where) -> Selector | None:
        if where[0] == _GROUP:
            return where[1]  # type: ignore[no-any-return]
        name = where[1] if len(where) > 1 else None
        return selector_of(self.rules[name]) if isinstance(name, str) and name in self.rules else None

    def _called(self, where: Where) -> tuple[str, tuple[str, ...]]:
        """What holds an array, and the rules that need it."""
        select = self._select(where)
        if select is None:
            return "order and counters of streams", tuple(self.rules)
        if where[0] != _GROUP:
            return f"{_WORDS.get(where[0], where[0])} of {where[1].rpartition('/')[2]}", (where[1],)
        watched = ", ".join("|".join(values) for _, values in select)
        if len(where) > 3 and where[2] == "operators":
            return f"{_operator_words(where[3])} of {watched}", self.sharers.get((select, where[3]), ())
        if where[2] == "history" and (select, "history") in self.sharers:
            return f"observations of {watched}", self.sharers[select, "history"]
        return f"list of {watched}", tuple(name for name, rule in self.rules.items() if selector_of(rule) == select)

    def _sharers(self) -> dict[tuple[Selector, Any], tuple[str, ...]]:
        """(selector, operator) -> the rules that need it; operator ``history``: the rules whose windows look into it."""
        out: dict[tuple[Selector, Any], list[str]] = {}
        for rule in self.rules.values():
            own = Group(selector_of(rule))
            for node in [node for part in area_inner(rule) for node in nodes(part)] or rule_nodes(rule):
                own.prepare(node)
            for key in [*own.operators, *(["history"] if own.history.width else [])]:
                out.setdefault((selector_of(rule), key), []).append(rule.name)
        return {key: tuple(names) for key, names in out.items()}

    # ------------------------------------------------------------ what data ask for
    def _filled(self, owners: _Owners, where: Where) -> float:
        """Bytes of rings when their windows are full, and of rows that wait for a tick or for their sister."""
        select = self._select(where)
        if select is None:  # rows that wait for their frontier: none where sources declare no lateness
            return 0.0
        loads = self.loads[select]
        if isinstance(owners[0], AreaStage):  # buffers have room for twice what came since the last tick
            return float(sum(2 * part.streams * part.rows * (4 + owners[0].columns) * 8 for part in loads))
        if isinstance(owners[0], Pairs):
            return float(sum(part.streams * part.rows * 25 for part in loads))
        width = int(getattr(owners[1], "width", 0))
        in_group = where[0] == _GROUP
        return float(sum(ENTRY * self._entries(owners[1], width, in_group, part) for part in loads)) if width else 0.0

    @staticmethod
    def _entries(holder: Any, width: int, in_group: bool, load: Load) -> int:
        inside = -(-width // load.cadence_us)
        if isinstance(holder, History):  # it takes a batch in before it forgets, and knows what to expect
            fresh = History()
            fresh.width = width
            fresh.grow(1, np.array([load.cadence_us / 1e6]))
            return load.streams * _blocks(fresh.rings, inside + load.rows, load.rows)
        if in_group:
            return load.streams * _blocks(Rings(1), inside, load.rows)
        areas = max(load.areas, 1)  # every member may stand in its area's ring with every observation of the window
        return areas * _blocks(Rings(1), -(-load.streams // areas) * inside)


def _blocks(rings: Rings, entries: int, rows: int = 1) -> int:
    """Entries of all blocks that the first slot of empty rings has on its way to so many. Those left behind are of no use to
    others while all grow together, except the small ones that one batch of ``rows`` passes through at once."""
    sizes: list[int] = []
    while not sizes or sizes[-1] < entries:
        if make_room(0, *rings.args):
            sizes.append(1 << int(rings.klass[0]))
        else:
            rings.widen()
    return sum(size for size in sizes if size >= min(rows, sizes[-1]))


def _operator_words(key: Any) -> str:
    parts = key if isinstance(key, tuple) else (key,)
    words = " ".join(part for part in parts if isinstance(part, str))
    width = next((part for part in parts if isinstance(part, int)), 0)
    return f"{words}({duration_text(width)})" if width else words
