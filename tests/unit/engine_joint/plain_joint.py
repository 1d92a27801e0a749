"""The slow readable twin of the second stage: every minute, every subject, from the whole past.

Written from the docstrings of ``engine/language/joint.py``. What the first stage said comes from its own twin.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field

from tests.unit.engine_twin.twin import Said

from tocsin.engine.language import joint, tree
from tocsin.engine.language.rule import Rule
from tocsin.geo import cell_centroid, distance_km, is_inside
from tocsin.terms.bulletin import Bulletin
from tocsin.terms.report import Report
from tocsin.terms.stream import Catalogue, Stream

MINUTE = 60_000_000
FOREVER = 1 << 62
Span = tuple[int, int, int]


@dataclass
class Place:
    """A subject of the rule, or of a signal."""

    kind: str
    key: str
    lon: float
    lat: float
    streams: list[Stream]


@dataclass
class World:
    catalogue: Catalogue
    said: list[Said]
    reports: list[Report]
    bulletins: list[Bulletin]
    rules: dict[str, Rule]
    known: dict[object, dict[str, list[Span]]] = field(
        default_factory=dict
    )  # the same question again is not computed again


def judge(rule: Rule, world: World, start_us: int, end_us: int) -> list[Said]:
    out: list[Said] = []
    for place in places(rule, world):
        out += climb(rule, place, world, max(start_us, known_from(place, rule, world)), end_us)
    return sorted(out, key=lambda line: (line.at_us, line.rule, line.subject))


def places(rule: Rule, world: World) -> list[Place]:
    chosen = [stream for stream in world.catalogue
              if all(stream.label(name) in values for name, values in rule.select.items())]  # fmt: skip
    if rule.per == "stream":
        return [of_stream(stream) for stream in chosen]
    keys = {stream.label(rule.per) for stream in chosen} - {""}
    if rule.per == "cell":
        asked = asked_for(rule)
        keys |= {report.cell for report in world.reports if report.category in asked}
    return [of_area(rule.per, key, [s for s in chosen if s.label(rule.per) == key]) for key in sorted(keys)]


def asked_for(rule: Rule) -> set[str]:
    return {node.category for truth in truths(rule) for node in walk(truth) if isinstance(node, joint.Reports)}


def known_from(place: Place, rule: Rule, world: World) -> int:
    """Nobody knows of a cell without a stream before its first report; then all that lies near it counts."""
    if place.streams or place.kind != "cell":
        return 0
    asked = asked_for(rule)
    return min(r.counts_from_us for r in world.reports if r.cell == place.key and r.category in asked)


def truths(rule: Rule) -> list[tree.Truth]:
    return [rung.when for rung in rule.rungs] + ([rule.clear.when] if rule.clear.when else [])


def walk(node: object) -> Iterable[object]:
    yield node
    for name in ("left", "right", "of"):
        if hasattr(node, name):
            yield from walk(getattr(node, name))


def of_stream(stream: Stream) -> Place:
    return Place("stream", stream.id, stream.lon, stream.lat, [stream])


def of_area(label: str, key: str, streams: list[Stream]) -> Place:
    if label == "cell":
        return Place(label, key, *cell_centroid(key), streams)
    located = [s for s in streams if math.isfinite(s.lon)]
    if not located:
        return Place(label, key, math.nan, math.nan, streams)
    return Place(
        label, key, sum(s.lon for s in located) / len(located), sum(s.lat for s in located) / len(located), streams
    )


def source_place(subject: str, catalogue: Catalogue) -> Place:
    kind, _, key = subject.partition(":")
    if kind == "stream":
        return of_stream(next(stream for stream in catalogue if stream.id == key))
    return of_area(kind, key, [stream for stream in catalogue if stream.label(kind) == key])


# ---------------------------------------------------------------- where
def reaches(place: Place, source: Place, within_m: float) -> bool:
    if within_m:
        return distance_km(place.lon, place.lat, source.lon, source.lat) <= within_m / 1000
    if source.kind == place.kind != "stream":
        return source.key == place.key
    if source.kind != "stream":
        return place.kind == "stream" and place.streams[0].label(source.kind) == source.key
    stream = source.streams[0]
    return (
        stream.feature == place.streams[0].feature if place.kind == "stream" else stream.label(place.kind) == place.key
    )


def holds_place(bulletin: Bulletin, place: Place) -> bool:
    paths = [place.key] if place.kind == "jurisdiction" else [common([s.jurisdiction for s in place.streams])]
    cells = {s.cell for s in place.streams} | ({place.key} if place.kind == "cell" else set())
    if any(path and is_inside(path, outer) for path in paths for outer in bulletin.jurisdictions if outer):
        return True
    if (cells - {""}) & set(bulletin.cells):
        return True
    return bulletin.circle is not None and distance_km(place.lon, place.lat, *bulletin.circle[:2]) <= bulletin.circle[2]


def common(paths: list[str]) -> str:
    for length in range(10, 0, -1):
        starts = {"/".join(path.split("/")[:length]) if len(path.split("/")) >= length else None for path in paths}
        if len(starts) == 1 and None not in starts:
            return starts.pop()
    return ""


# ---------------------------------------------------------------- when
def signal_spans(rule: str, subject: str, world: World) -> list[Span]:
    spans: list[list[int]] = []
    for line in world.said:
        if (line.rule, line.subject) == (rule, subject):
            if spans and spans[-1][1] == FOREVER:
                spans[-1][1] = line.at_us
            if line.level:
                spans.append([line.at_us, FOREVER, line.level])
    return [(a, b, rank) for a, b, rank in spans if b > a]


def bulletin_spans(hazard: str, place: Place, world: World) -> dict[str, list[Span]]:
    """By id: each version in force from when it was sent until the next version is."""
    out: dict[str, list[Span]] = {}
    for bulletin in world.bulletins:
        later = [b.sent_us for b in world.bulletins if b.id == bulletin.id and b.sent_us > bulletin.sent_us]
        begins, ends = max(bulletin.from_us, bulletin.sent_us), min([bulletin.until_us, *later])
        if bulletin.hazard == hazard and begins < ends and holds_place(bulletin, place):
            out.setdefault(bulletin.id, []).append((begins, ends, bulletin.rank))
    return out


def spans_near(term: joint.Term, place: Place, world: World) -> dict[str, list[Span]]:
    key = (term, place.kind, place.key)
    if key not in world.known:
        world.known[key] = find_spans_near(term, place, world)
    return world.known[key]


def find_spans_near(term: joint.Term, place: Place, world: World) -> dict[str, list[Span]]:
    if isinstance(term, joint.BulletinTerm):
        return bulletin_spans(term.hazard, place, world)
    subjects = sorted({line.subject for line in world.said if line.rule == term.rule})
    return {subject: signal_spans(term.rule, subject, world) for subject in subjects
            if reaches(place, source_place(subject, world.catalogue), term.within_m)}  # fmt: skip


def stood(spans: list[Span], rank: int, now: int, window_us: int) -> bool:
    return any(a <= now and b > now - window_us and high >= rank for a, b, high in spans)


def begun(spans: list[Span], rank: int, now: int) -> int | None:
    """When what stands now at that rank or above began."""
    if not stood(spans, rank, now, 0):
        return None
    at = now
    while stood(spans, rank, at - MINUTE, 0):
        at -= MINUTE
    return at


# ---------------------------------------------------------------- what is said
def truth(node: tree.Truth, place: Place, world: World, rule: Rule, now: int) -> bool | None:
    match node:
        case tree.And(left, right):
            both = (truth(left, place, world, rule, now), truth(right, place, world, rule, now))
            return False if False in both else None if None in both else True
        case tree.Or(left, right):
            both = (truth(left, place, world, rule, now), truth(right, place, world, rule, now))
            return True if True in both else None if None in both else False
        case tree.Not(of):
            said = truth(of, place, world, rule, now)
            return None if said is None else not said
        case tree.Compare(comparison, left, right):
            a, b = number(left, place, world, rule, now), number(right, place, world, rule, now)
            if a is None or b is None:
                return None
            return {"<": a < b, "<=": a <= b, ">": a > b, ">=": a >= b, "==": a == b, "!=": a != b}[comparison]
        case joint.Stands(term, window):
            if getattr(term, "within_m", 0) and math.isnan(place.lon):
                return None
            return any(stood(spans, term.rank, now, window) for spans in spans_near(term, place, world).values())
        case joint.Then(first, second, window):
            for spans in spans_near(second, place, world).values():
                began = begun(spans, second.rank, now)
                if began is not None and any(
                    a < began and b > began - window and rank >= first.rank
                    for firsts in spans_near(first, place, world).values() for a, b, rank in firsts
                ):  # fmt: skip
                    return True
            return False
    raise TypeError(node)


def number(node: tree.Number, place: Place, world: World, rule: Rule, now: int) -> float | None:
    match node:
        case tree.Constant(value):
            return value
        case joint.Reports(category, within, window):
            if within and math.isnan(place.lon):
                return None
            return float(sum(
                report.count for report in world.reports
                if report.category == category and now - window < report.counts_from_us <= now
                and (distance_km(place.lon, place.lat, *cell_centroid(report.cell)) <= within / 1000 if within
                     else report.cell == place.key)
            ))  # fmt: skip
        case joint.Signals(how, term, window):
            if term.within_m and math.isnan(place.lon):
                return None
            near = spans_near(term, place, world)
            found = {
                once(subject, rule, world) for subject, spans in near.items() if stood(spans, term.rank, now, window)
            }
            if how == "how_many":
                return float(len(found))
            every = {once(str_, rule, world) for str_ in subjects(world.rules[term.rule], world)
                     if reaches(place, source_place(str_, world.catalogue), term.within_m)}  # fmt: skip
            return 100.0 * len(found) / len(every) if every else None
    raise TypeError(node)


def once(subject: str, rule: Rule, world: World) -> str:
    stream = next((s for s in world.catalogue if f"stream:{s.id}" == subject), None)
    return (stream.label(rule.distinct) if stream and rule.distinct else "") or subject


def subjects(rule: Rule, world: World) -> list[str]:
    chosen = [s for s in world.catalogue if all(s.label(name) in values for name, values in rule.select.items())]
    if rule.per == "stream":
        return [f"stream:{s.id}" for s in chosen]
    return sorted({f"{rule.per}:{s.label(rule.per)}" for s in chosen if s.label(rule.per)})


# ---------------------------------------------------------------- the ladder, every minute
def climb(rule: Rule, place: Place, world: World, start_us: int, end_us: int) -> list[Said]:
    """Level changes. The streak towards the next step down begins with the change itself."""
    out: list[Said] = []
    level = onset = level_since = cool_until = cool_rank = 0
    down_since: int | None = None
    since: dict[int, int | None] = {rung.rank: None for rung in rule.rungs}
    for now in range(start_us, end_us + 1, MINUTE):
        answers = {rung.rank: truth(rung.when, place, world, rule, now) for rung in rule.rungs}
        reached = 0
        for rung in rule.rungs:
            if answers[rung.rank] is not True:
                since[rung.rank] = None
                continue
            since[rung.rank] = now if since[rung.rank] is None else since[rung.rank]
            if now - since[rung.rank] >= rung.hold.time_us:
                reached = max(reached, rung.rank)
        if level == 0 and reached <= cool_rank and now < cool_until and reached < rule.never_held_back:
            reached = 0
        target = level
        if reached > level:
            target = reached
        elif level:
            down_since = streak(rule, place, world, level, answers, now, down_since)
            keep = next(rung.at_least_us for rung in rule.rungs if rung.rank == level)
            if down_since is not None and now - down_since >= rule.clear.hold.time_us and now - level_since >= keep:
                target = min(max([rank for rank, answer in answers.items() if answer is True], default=0), level)
        if target != level:
            onset = now if level == 0 else onset
            change = "raised" if level == 0 else "cleared" if target == 0 else "changed"
            out.append(Said(rule.name, f"{place.kind}:{place.key}", change, target, level, now, onset))
            if target == 0:
                cool_until, cool_rank = now + rule.cool_down_us, level
            level, level_since = target, now
            down_since = streak(rule, place, world, level, answers, now, None) if level else None
    return out


def streak(rule, place, world, level, answers, now, down_since) -> int | None:
    """Since when what lets the level go has held; None if it does not."""
    own = rule.clear.when
    down = truth(own, place, world, rule, now) is True if own is not None else answers[level] is False
    return (now if down_since is None else down_since) if down else None
