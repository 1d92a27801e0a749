"""The slow readable twin of the engine: a rule's meaning, computed from the whole past each time.

Written from the docstrings of ``engine/language/tree.py`` and ``rule.py``. Not known is ``None``. Observations are
(stream index, observed_at in us, value), value ``None`` for MISSING, in any order; each stream and moment once.
"""

from __future__ import annotations

import math
import statistics
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from itertools import pairwise
from math import isfinite
from typing import NamedTuple
from zoneinfo import ZoneInfo

from tocsin.engine.language import tree
from tocsin.engine.language.rule import Hold, Rule
from tocsin.terms.stream import Catalogue, Stream

Observation = tuple[int, int, float | None]
Past = list[tuple[int, float]]  # (moment, value), oldest first, the present observation last


class Said(NamedTuple):
    """A transition without what depends on delivery (seq) and what equality never depends on (evidence)."""

    rule: str
    subject: str
    change: str
    level: int
    previous: int
    at_us: int
    onset_us: int


@dataclass
class Sight:
    """What a condition is judged on: one stream's past, or what the kind of rule puts in its place."""

    stream: Stream | None = None
    past: Past = field(default_factory=list)
    coverage: float = 0.0
    silent: bool | None = None
    sister: float | None = None
    area: Area | None = None

    @property
    def now(self) -> int:
        return self.past[-1][0]


@dataclass
class Area:
    """The pasts of an area's streams up to a moment, by what counts once."""

    now: int
    members: list[tuple[str, Stream, Past]]


# ---------------------------------------------------------------- numbers
def number(node: tree.Number, sight: Sight) -> float | None:
    match node:
        case tree.Constant(value):
            return value
        case tree.Value():
            return sight.past[-1][1] if sight.past else None
        case tree.Previous():
            return sight.past[-2][1] if len(sight.past) > 1 else None
        case tree.Attribute(name):
            return sight.stream.stages.get(name)
        case tree.Window():
            return window(node, sight)
        case tree.Quantile():
            return quantile(node, sight)
        case tree.SameHour():
            return same_hour(node, sight)
        case tree.Civil():
            return civil(node, sight)
        case tree.ConsecutiveDays():
            return float(days_in_a_row(node, sight))
        case tree.Index(of, _, points, rounding):
            return index(number(of, sight), points, rounding)
        case tree.Sister():
            return sight.sister
        case tree.Arithmetic(op, left, right):
            return arithmetic(op, number(left, sight), number(right, sight))
        case tree.AreaNumber():
            return area_number(node, sight)
    raise TypeError(node)


def aggregate(how: str, values: list[float]) -> float:
    total = Fraction(0)
    for value in values:
        total += Fraction(value)
    match how:
        case "sum":
            return float(total)
        case "mean":
            return float(total) / len(values)
        case "count":
            return float(len(values))
        case "min":
            return min(values)
        case "max":
            return max(values)
        case "stddev":
            mean = total / len(values)
            return math.sqrt(sum((Fraction(value) - mean) ** 2 for value in values) / len(values))
    raise ValueError(how)


def window(node: tree.Window, sight: Sight) -> float | None:
    inside = [(t, v) for t, v in sight.past if sight.now - node.width_us < t]
    values = [v for _, v in inside]
    if node.how != "count" and lacks(len(values), node.width_us, sight):
        return None
    if node.how == "first":
        return values[0]
    if node.how == "delta":
        return values[-1] - values[0]
    if node.how == "rate":
        elapsed = inside[-1][0] - inside[0][0]
        return (values[-1] - values[0]) / (elapsed / 1e6) if elapsed > 0 and elapsed >= node.over_us else None
    return aggregate(node.how, values)


def lacks(number_: int, width_us: int, sight: Sight) -> bool:
    """Whether a window holds less than the rule's share of what is expected in it."""
    if sight.coverage == 0 or sight.stream.cadence_s == 0:
        return False
    return number_ < sight.coverage * (width_us / 1e6 / sight.stream.cadence_s)


def quantile(node: tree.Quantile, sight: Sight) -> float | None:
    values = sorted(v for t, v in sight.past if sight.now - node.width_us < t)
    if lacks(len(values), node.width_us, sight):
        return None
    place = node.q * (len(values) - 1)
    below, above = values[math.floor(place)], values[min(math.floor(place) + 1, len(values) - 1)]
    return below + (above - below) * (place - math.floor(place))


def same_hour(node: tree.SameHour, sight: Sight) -> float | None:
    """Day by day, oldest first: the mean of what was observed in the hour of the local clock."""
    now = local_clock(sight.now, sight.stream)
    means = []
    for back in range(node.days, 0, -1):
        day = now.date() - timedelta(days=back)
        then = [v for t, v in sight.past
                if (clock := local_clock(t, sight.stream)).date() == day and clock.hour == now.hour]  # fmt: skip
        if then:
            means.append(sum(then) / len(then))
    if not means or len(means) < sight.coverage * node.days:
        return None
    return statistics.median(means) if node.how == "median" else sum(means) / len(means)


def by_what_is_seen(comparison: str, node: tree.Window, limit: float, sight: Sight) -> bool | None:
    """What an incomplete window decides: whatever is missing, a sum of values never negative and a max can only be
    more than what is seen, a min only less."""
    seen = number(node, replace(sight, coverage=0.0))
    only_more = node.how == "max" or (node.how == "sum" and (node.grows or sight.stream.low >= 0))
    if seen is None or not (only_more or node.how == "min") or comparison in ("==", "!="):
        return None
    said = compare(comparison, seen, limit)
    decided = said is (comparison in (">", ">=")) if only_more else said is (comparison in ("<", "<="))
    return said if decided else None


def local_clock(t: int, stream: Stream) -> datetime:
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=t)).astimezone(ZoneInfo(stream.zone))


def local_day(t: int, stream: Stream) -> date:
    return local_clock(t, stream).date()


def values_of_day(sight: Sight, day: date) -> list[float]:
    return [v for t, v in sight.past if local_day(t, sight.stream) == day]


def civil(node: tree.Civil, sight: Sight) -> float | None:
    today = local_day(sight.now, sight.stream)
    if node.which == "today":
        return aggregate(node.how, values_of_day(sight, today))
    values = values_of_day(sight, today - timedelta(days=1))
    if not values:
        return None
    if (
        sight.coverage > 0
        and sight.stream.cadence_s > 0
        and len(values) < sight.coverage * 86_400 / sight.stream.cadence_s
    ):
        return None
    return aggregate(node.how, values)


def days_in_a_row(node: tree.ConsecutiveDays, sight: Sight) -> int:
    def holds(day: date) -> bool:
        values = values_of_day(sight, day)
        return bool(values) and compare(node.comparison, aggregate(node.how, values), node.threshold)

    today = local_day(sight.now, sight.stream)
    day, length = today - timedelta(days=1), 0
    while holds(day):
        day, length = day - timedelta(days=1), length + 1
    stays_true = (node.how in ("max", "sum") and node.comparison in (">", ">=")) or (
        node.how == "min" and node.comparison in ("<", "<=")
    )
    return length + (stays_true and holds(today))


def index(x: float | None, points: tuple[tuple[float, float], ...], rounding: str) -> float | None:
    if x is None:
        return None
    if x < points[0][0]:
        y = Fraction(0)
    elif x >= points[-1][0]:
        y = Fraction(points[-1][1])
    else:
        (x0, y0), (x1, y1) = next((a, b) for a, b in pairwise(points) if a[0] <= x < b[0])
        y = Fraction(y0) + (Fraction(x) - Fraction(x0)) * Fraction(y1 - y0) / Fraction(x1 - x0)
    if rounding == "nearest":
        y = Fraction((y + Fraction(1, 2)).__floor__())
    elif rounding == "up":
        y = Fraction(y.__ceil__())
    return float(y)


def arithmetic(op: str, a: float | None, b: float | None) -> float | None:
    if a is None or b is None or (op == "/" and b == 0):
        return None
    result = {"+": a + b, "-": a - b, "*": a * b, "/": a / b if b else 0.0}[op]
    return result if isfinite(result) else None


def area_number(node: tree.AreaNumber, sight: Sight) -> float | None:
    area = sight.area
    looked: dict[str, list[tuple[int, bool | float | None]]] = {}  # group -> what each observation in the window said
    for group, stream, past in area.members:
        for i, (t, _) in enumerate(past):
            if area.now - node.width_us < t <= area.now:
                member = Sight(stream, past[: i + 1], sight.coverage)
                said = truth(node.truth, member) if node.truth is not None else number(node.number, member)
                looked.setdefault(group, []).append((t, said))
    if node.how in ("how_many", "share"):
        true = sum(any(said is True for _, said in rows) for rows in looked.values())
        return float(true) if node.how == "how_many" else 100.0 * true / len(looked)
    newest = [max((t, said) for t, said in rows if said is not None)[1] for rows in looked.values()
              if any(said is not None for _, said in rows)]  # fmt: skip
    if not newest:
        return None
    return max(newest) if node.how == "highest" else aggregate("mean", newest)


# ---------------------------------------------------------------- truths
def compare(comparison: str, a: float, b: float) -> bool:
    return {"<": a < b, "<=": a <= b, ">": a > b, ">=": a >= b, "==": a == b, "!=": a != b}[comparison]


def truth(node: tree.Truth, sight: Sight) -> bool | None:
    match node:
        case tree.Compare(comparison, left, right):
            a, b = number(left, sight), number(right, sight)
            if a is None and b is not None and isinstance(left, tree.Window):
                return by_what_is_seen(comparison, left, b, sight)
            if b is None and a is not None and isinstance(right, tree.Window) and not isinstance(left, tree.Window):
                mirror = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}.get(comparison, comparison)
                return by_what_is_seen(mirror, right, a, sight)
            return None if a is None or b is None else compare(comparison, a, b)
        case tree.And(left, right):
            both = (truth(left, sight), truth(right, sight))
            return False if False in both else None if None in both else True
        case tree.Or(left, right):
            both = (truth(left, sight), truth(right, sight))
            return True if True in both else None if None in both else False
        case tree.Not(of):
            said = truth(of, sight)
            return None if said is None else not said
        case tree.Silent():
            return sight.silent
        case tree.Stuck(width):
            same = []
            for t, v in reversed(sight.past):
                if v != sight.past[-1][1]:
                    break
                same.append(t)
            return len(same) >= 3 and same[0] - same[-1] >= width
        case tree.Changed():
            return sight.past[-1][1] != sight.past[-2][1] if len(sight.past) > 1 else None
        case tree.Spike(size):
            if len(sight.past) < 3:
                return None
            before, it, after = (v for _, v in sight.past[-3:])
            return (it - before >= size and it - after >= size) or (before - it >= size and after - it >= size)
    raise TypeError(node)


# ---------------------------------------------------------------- the ladder
def held(said: list[tuple[int, bool]], hold: Hold) -> bool:
    """Whether the last answers in a row are true for the hold."""
    streak = []
    for t, true in reversed(said):
        if not true:
            break
        streak.append(t)
    return bool(streak) and streak[0] - streak[-1] >= hold.time_us and len(streak) >= hold.observations


def climb(rule: Rule, subject: str, sights: list[tuple[int, Sight]]) -> list[Said]:
    """Level changes over the moments at which a rule is judged. A streak towards clearing starts anew at each change of
    level, at the judgement after it. A level is kept for its ``at_least``; for the cool-down after a clearance nothing up
    to the level that cleared is raised, unless nothing may hold it back."""
    out: list[Said] = []
    level, onset, clearing_from = 0, 0, 0
    level_since = cool_until = cool_rank = 0
    answers = [{rung.rank: truth(rung.when, sight) for rung in rule.rungs} for _, sight in sights]
    for i, (now, _) in enumerate(sights):
        said = {rung.rank: [(t, answers[k][rung.rank] is True) for k, (t, _) in enumerate(sights[: i + 1])]
                for rung in rule.rungs}  # fmt: skip
        reached = max([rung.rank for rung in rule.rungs if held(said[rung.rank], rung.hold)], default=0)
        target = level
        if level == 0 and reached <= cool_rank and now < cool_until and reached < rule.never_held_back:
            reached = 0
        if reached > level:
            target = reached
        elif level > 0:
            if rule.clear.when is not None:
                down = [(t, truth(rule.clear.when, s) is True) for t, s in sights[clearing_from : i + 1]]
            else:
                down = [(t, answers[clearing_from + k][level] is False)
                        for k, (t, _) in enumerate(sights[clearing_from : i + 1])]  # fmt: skip
            keep = next((rung.at_least_us for rung in rule.rungs if rung.rank == level), 0)
            if held(down, rule.clear.hold) and now - level_since >= keep:
                target = min(max([rank for rank, answer in answers[i].items() if answer is True], default=0), level)
        if target != level:
            onset = now if level == 0 else onset
            change = "raised" if level == 0 else "cleared" if target == 0 else "changed"
            out.append(Said(rule.name, subject, change, target, level, now, onset))
            if target == 0:
                cool_until, cool_rank = now + rule.cool_down_us, level
            level, clearing_from, level_since = target, i + 1, now
    return out


# ---------------------------------------------------------------- the four kinds of rule
def judge(rules: list[Rule], catalogue: Catalogue, observations: list[Observation], end_us: int) -> list[Said]:
    """Everything the rules say of these observations, by moment, rule and subject. Silence is judged up to ``end_us``."""
    pasts: list[Past] = [sorted((t, v) for s, t, v in observations if s == index_ and v is not None)
                         for index_ in range(len(catalogue))]  # fmt: skip
    said = [line for rule in rules for line in judge_rule(rule, catalogue, pasts, end_us)]
    return sorted(said, key=lambda line: (line.at_us, line.rule, line.subject))


def judge_rule(rule: Rule, catalogue: Catalogue, pasts: list[Past], end_us: int) -> list[Said]:
    members = [
        (stream, past) for stream, past in zip(catalogue, pasts, strict=True)
        if all(stream.label(name) in accepted for name, accepted in rule.select.items())
    ]  # fmt: skip
    if rule.per != "stream":
        return judge_areas(rule, members)
    out: list[Said] = []
    for stream, past in members:
        if limit := find(rule, tree.Silent):
            sights = silences(stream, past, limit.limit_us, catalogue, end_us)
        elif sister := find(rule, tree.Sister):
            sights = pairs(stream, past, sister.property, catalogue, pasts)
        else:
            sights = [(t, Sight(stream, past[: i + 1], rule.coverage)) for i, (t, _) in enumerate(past)]
        out += climb(rule, f"stream:{stream.id}", sights)
    return out


def find(node: object, kind: type) -> object:
    """The first node of a kind anywhere in a rule's conditions."""
    if isinstance(node, kind):
        return node
    if isinstance(node, Rule):
        below = [rung.when for rung in node.rungs] + [node.clear.when]
    else:
        below = [getattr(node, name) for name in ("left", "right", "of") if hasattr(node, name)]
    return next((found for part in below if (found := find(part, kind)) is not None), None)


def silences(stream: Stream, past: Past, limit_us: int, catalogue: Catalogue, end_us: int) -> list[tuple[int, Sight]]:
    """The moments at which silence began and ended: an observation just when silence falls due prevents it; at the end
    of the log, when none can come any more, what falls due then counts (as the reference of W1 has it)."""
    limit = limit_us + round(catalogue.sources[stream.source].delay_s * 1e6)
    out = []
    for i, (t, v) in enumerate(past):
        following = past[i + 1][0] if i + 1 < len(past) else None
        if (following is None and end_us - t >= limit) or (following is not None and following - t > limit):
            out.append((t + limit, Sight(stream, [(t, v)], silent=True)))
            if following is not None:
                out.append((following, Sight(stream, [past[i + 1]], silent=False)))
    return out


def pairs(stream: Stream, past: Past, prop: str, catalogue: Catalogue, pasts: list[Past]) -> list[tuple[int, Sight]]:
    """The moments both sisters observed."""
    other = dict(past_ for s, p in zip(catalogue, pasts, strict=True)
                 if (s.feature, s.property) == (stream.feature, prop) for past_ in p)  # fmt: skip
    return [(t, Sight(stream, [(t, v)], sister=other[t])) for t, v in past if t in other]


def judge_areas(rule: Rule, members: list[tuple[Stream, Past]]) -> list[Said]:
    """Each area once at every moment one of its streams observed."""
    out = []
    for name in sorted({stream.label(rule.per) for stream, _ in members} - {""}):
        inside = [((stream.label(rule.distinct) if rule.distinct else "") or "\0" + stream.id, stream, past)
                  for stream, past in members if stream.label(rule.per) == name]  # fmt: skip
        moments = sorted({t for _, _, past in inside for t, _ in past})
        sights = [(t, Sight(coverage=rule.coverage, area=Area(t, inside))) for t in moments]
        out += climb(rule, f"{rule.per}:{name}", sights)
    return out
