"""Grouping: signals of one hazard, near each other in place and time, become one event (engine.md section 4).

An event is *alive* from its first signal until ``gap_s`` after the last of its signals cleared; while one of its signals
is raised it stays alive. A new signal joins the event of its hazard that is alive at the signal's onset and has a member
place within ``distance_km``; both edges are included. A signal that touches several such events makes them one: the one
that began first keeps its id, the others end as MERGED and their signals are its own from then on. Nothing ever splits
an event. A signal without coordinates is near its own subject only.

A gauge that falls silent while raised is itself a signal (a rule with ``silent(...)``, named in ``no_data_rules``): the
event says ``no_data`` while that holds, and cannot end.

A cascade proposes a child event at a facility; the nearest proposal within the child's ``distance_km`` of a first signal
of the child's hazard is confirmed by it: it keeps its id and parent, and from then on is where its signals are. When the
parent ends, what nobody confirmed ends with it. One facility never carries two live proposals of one hazard.

A provisional signal raises an event, or joins one, like any other, but merges none and confirms no proposal: that waits until
it is final. Where it is retracted and the event has no other ground, the event ends as RETRACTED; else it no longer counts.

Pure: order is the order of transitions, time is what ``advance`` is told (the log's ticks), so replay equals live.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import partial

import msgspec

from tocsin.engine.cascade import FacilityMap, cascade_key, proposed_event_id
from tocsin.engine.event_change import ChangeKind, EventChange
from tocsin.engine.grade import grade, grade_proposal
from tocsin.engine.hazard import Cascade, Facility, HazardSpec
from tocsin.engine.language.rule import Rule
from tocsin.engine.language.tree import Silent
from tocsin.engine.language.walk import nodes
from tocsin.geo import Place, PointIndex, common_path, direction, unit_vector
from tocsin.terms.errors import Damaged, UnknownName
from tocsin.terms.event import Event, EventState, LevelPart
from tocsin.terms.ids import event_id
from tocsin.terms.level import Scheme
from tocsin.terms.moment import SECOND_US
from tocsin.terms.signal import Change, Finality, Subject, Transition

__all__ = ["Grouper", "no_data_rules"]

_FORM = 1  # of the snapshot


def no_data_rules(rules: Iterable[Rule]) -> frozenset[str]:
    """The names of the rules that say "no data in danger": hazard rules whose condition asks for silence."""
    return frozenset(
        rule.name
        for rule in rules
        if not rule.quality and any(isinstance(node, Silent) for rung in rule.rungs for node in nodes(rung.when))
    )


class _Raised(msgspec.Struct):
    """A member that holds now: its rank and where."""

    rank: int
    point: str


class _Group(msgspec.Struct):
    """A live event while it grows. Mappings stand for ordered sets, so that snapshots are reproducible."""

    id: str
    hazard: str
    state: EventState
    began_us: int
    changed_us: int
    level: int = 0
    explanation: tuple[LevelPart, ...] = ()
    ended_us: int | None = None
    merged_into: str | None = None
    parent: str | None = None
    children: list[str] = []
    proposed: dict[str, bool] = {}  # what this event has proposed: child hazard @ facility
    swept: dict[str, bool] = {}  # cascades that have looked at every point but the fresh ones
    fresh: list[str] = []
    facility: str = ""  # of a proposal
    signals: list[str] = []
    raised: dict[str, _Raised] = {}
    ranks: dict[int, dict[str, bool]] = {}  # rank -> raised members in order of reaching it
    no_data: dict[str, bool] = {}
    independent: dict[str, bool] = {}
    exposed: dict[str, str] = {}
    points: dict[str, Place] = {}
    vector: tuple[float, float, float] = (0.0, 0.0, 0.0)
    place: str = ""
    jurisdiction: str = ""
    last_clear_us: int = 0
    confirmed: bool = True  # one of its members is final
    retracted: bool = False
    tentative: dict[str, str] = {}  # member that is not final yet -> what makes it independent evidence
    said: dict[str, int] = {}  # member -> rank said of it provisionally

    @property
    def finality(self) -> Finality:
        if self.retracted:
            return Finality.RETRACTED
        return Finality.FINAL if self.confirmed else Finality.PROVISIONAL

    @property
    def ahead(self) -> bool:
        """Whether its level rests on what is provisional: no final member holds as high."""
        return bool(self.ranks) and all(signal in self.said for signal in self.ranks[max(self.ranks)])

    def event(self) -> Event:
        lon, lat = direction(*self.vector)
        return Event(
            id=self.id, hazard=self.hazard, state=self.state, level=self.level, began_us=self.began_us,
            changed_us=self.changed_us, ended_us=self.ended_us, lon=lon, lat=lat, place=self.place,
            signals=tuple(self.signals), parent=self.parent, merged_into=self.merged_into, no_data=bool(self.no_data),
            explanation=self.explanation, jurisdiction=self.jurisdiction, finality=self.finality, ahead=self.ahead,
        )  # fmt: skip

    def shown(self) -> tuple[object, ...]:
        """What a reader would see change; the members by number, since they only ever grow."""
        return (self.state, self.level, self.explanation, self.began_us, self.ended_us, self.merged_into, self.parent,
                len(self.signals), self.vector, self.place, self.jurisdiction, bool(self.no_data),
                self.finality, self.ahead)  # fmt: skip

    def add_point(self, key: str, place: Place) -> bool:
        """Takes a member's place; False if it had it. The jurisdiction widens to hold it, the centroid moves."""
        if key in self.points:
            return False
        self.jurisdiction = common_path([self.jurisdiction, place.jurisdiction]) if self.points else place.jurisdiction
        self.points[key] = place
        self.fresh.append(key)
        if place.located:
            x, y, z = unit_vector(place.lon, place.lat)
            self.vector = (self.vector[0] + x, self.vector[1] + y, self.vector[2] + z)
        return True

    def put(self, signal: str, rank: int, point: str) -> None:
        """Sets the rank at which a member holds now."""
        self.lower(signal)
        self.raised[signal] = _Raised(rank, point)
        self.ranks.setdefault(rank, {})[signal] = True

    def lower(self, signal: str) -> None:
        """Forgets that a member holds."""
        before = self.raised.pop(signal, None)
        if before is not None:
            del self.ranks[before.rank][signal]
            if not self.ranks[before.rank]:
                del self.ranks[before.rank]


class _Snapshot(msgspec.Struct):
    form: int
    seq: int
    groups: list[_Group]


class _Ground:
    """Where the live events of one hazard are: member points, and which events hold each."""

    def __init__(self, km: float) -> None:
        self._index: PointIndex[str] = PointIndex(km)
        self._owners: dict[str, list[str]] = {}

    def hold(self, key: str, place: Place, event: str) -> None:
        owners = self._owners.setdefault(key, [])
        if event not in owners:
            owners.append(event)
        if place.located and key not in self._index:
            self._index.add(key, place.lon, place.lat)

    def leave(self, key: str, event: str) -> None:
        owners = self._owners[key]
        owners.remove(event)
        if not owners:
            del self._owners[key]
            self._index.discard(key)

    def near(self, key: str, place: Place) -> Iterator[tuple[float, str]]:
        """(distance in km, event) for every live event's point near the place, or the very same point without place."""
        found = self._index.near(place.lon, place.lat) if place.located else [(0.0, key)]
        for away, point in found:
            for event in self._owners.get(point, ()):
                yield away, event


class Grouper:
    """Turns transitions into events; keeps only what is alive.

    ``independent_of``: subject -> what makes it independent evidence (such as a rain group shared by stations); subjects
    with the same answer count once for certainty. ``no_data_rules``: see the function of that name.
    Raises UnknownName for a cascade whose hazards have no ``HazardSpec``, or a transition of such a hazard."""

    def __init__(
        self, hazards: Mapping[str, HazardSpec], cascades: Sequence[Cascade], facilities: Sequence[Facility],
        scheme: Scheme, *, independent_of: Callable[[Subject], str] = str, no_data_rules: Collection[str] = (),
    ) -> None:  # fmt: skip
        self._hazards, self._scheme, self._independent_of = dict(hazards), scheme, independent_of
        self._no_data_rules = frozenset(no_data_rules)
        self._map = FacilityMap(facilities)
        self._cascades: dict[str, list[tuple[str, Cascade]]] = {}
        for cascade in cascades:
            for hazard in (cascade.parent, cascade.child):
                self._spec(hazard, f"cascade {cascade.parent} -> {cascade.child}")
            self._cascades.setdefault(cascade.parent, []).append((cascade_key(cascade), cascade))
        self._grounds = {code: _Ground(spec.distance_km) for code, spec in self._hazards.items()}
        self._live: dict[str, _Group] = {}
        self._event_of: dict[str, str] = {}  # raised signal -> event
        self._quiet: dict[str, int] = {}  # event without raised members -> when it falls due
        self._proposals: dict[str, str] = {}  # child hazard @ facility -> proposed event
        self._near: dict[tuple[str, str], list[Facility]] = {}  # (hazard or cascade, point) -> facilities, remembered
        self._shown: dict[str, tuple[object, ...]] = {}
        self._seq = -1
        self._out: list[EventChange] = []
        self._last: dict[str, int] = {}  # event -> where its newest change stands in _out

    # ---------------------------------------------------------------- what callers see
    def feed(self, transitions: Iterable[Transition], place_of: Callable[[Subject], Place]) -> list[EventChange]:
        """Takes transitions in order and says what became of which event. Several changes of one event by one log record
        at one moment are said once. Nothing is taken if a hazard is unknown."""
        wanted = [transition for transition in transitions if not transition.quality]
        for transition in wanted:
            self._spec(transition.hazard, f"rule {transition.rule}")
        for transition in wanted:
            self._seq = max(self._seq, transition.seq)
            self._take(transition, place_of)
        return self._said()

    def advance(self, now_us: int, *, seq: int = -1) -> list[EventChange]:
        """Ends what fell due before ``now_us``, stamped when it fell due. ``seq``: of the tick, else the newest seen."""
        self._seq = max(self._seq, seq)
        while self._quiet:
            due, identity = min((due, identity) for identity, due in self._quiet.items())
            if due >= now_us:
                break
            self._end(self._live[identity], due, "gap")
        return self._said()

    @property
    def live(self) -> list[Event]:
        """The events that are proposed or open now, in order of beginning."""
        return [group.event() for group in self._live.values()]

    def snapshot(self) -> bytes:
        """Everything a new Grouper needs to go on as if nothing had happened (MessagePack, with the form's number)."""
        return msgspec.msgpack.encode(_Snapshot(_FORM, self._seq, list(self._live.values())))

    @classmethod
    def restore(
        cls, hazards: Mapping[str, HazardSpec], cascades: Sequence[Cascade], facilities: Sequence[Facility],
        scheme: Scheme, data: bytes, *, independent_of: Callable[[Subject], str] = str,
        no_data_rules: Collection[str] = (),
    ) -> Grouper:  # fmt: skip
        """The Grouper that ``snapshot`` described. Raises Damaged for other bytes, UnknownName for events of a hazard
        that is no longer declared."""
        try:
            kept = msgspec.msgpack.decode(data, type=_Snapshot)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise Damaged("snapshot of grouping", f"cannot be read ({error})", "use the snapshot before it") from error
        if kept.form != _FORM:
            raise Damaged("snapshot of grouping", f"form {kept.form} is not {_FORM}", "replay the log from its start")
        self = cls(hazards, cascades, facilities, scheme, independent_of=independent_of, no_data_rules=no_data_rules)
        self._seq = kept.seq
        for group in kept.groups:
            self._spec(group.hazard, f"event {group.id}")
            self._start(group)
            self._event_of.update(dict.fromkeys(group.raised, group.id))
            self._settle(group)
            self._shown[group.id] = group.shown()
        return self

    # ---------------------------------------------------------------- one transition
    def _take(self, transition: Transition, place_of: Callable[[Subject], Place]) -> None:
        signal = transition.known_as
        group = self._live.get(self._event_of.get(signal, ""))
        because = f"signal:{signal}"
        if transition.level == 0:
            if group is None:
                return  # over before we ever saw it raised: nothing to clear
            self._leave(group, signal, transition)
            if transition.change is Change.RETRACTED:
                because = f"retracted:{signal}"
                if not (group.confirmed or group.raised):
                    group.retracted = True
                    self._end(group, transition.at_us, because)
                    return
        elif group is None:
            group = self._join(transition, signal, place_of(transition.subject))
        else:
            if signal in group.tentative and transition.finality is Finality.FINAL:
                group = self._bear_out(group, transition, signal)
                because = f"confirmed:{signal}"
            self._hold(group, transition, signal, group.raised[signal].point)
        self._settle(group)
        self._grade(group)
        self._say("changed", group, transition.at_us, because)
        self._sweep(group, transition.at_us)

    def _leave(self, group: _Group, signal: str, transition: Transition) -> None:
        """A member no longer holds."""
        group.lower(signal)
        for kept in (group.no_data, group.tentative, group.said):
            kept.pop(signal, None)
        group.last_clear_us = max(group.last_clear_us, transition.at_us)
        del self._event_of[signal]

    def _hold(self, group: _Group, transition: Transition, signal: str, point: str) -> None:
        """A member holds at the higher of what is final and what is said provisionally."""
        if transition.change is Change.RETRACTED or transition.amends:
            group.said.pop(signal, None)
        elif transition.finality is Finality.PROVISIONAL:
            group.said[signal] = transition.level
        group.put(signal, max(transition.level, group.said.get(signal, 0)), point)

    def _bear_out(self, group: _Group, transition: Transition, signal: str) -> _Group:
        """A member became final: now it counts as any other, and makes one event of those that it touches."""
        group.independent[group.tentative.pop(signal)] = True
        group.confirmed = True
        group.began_us = min(group.began_us, transition.onset_us)
        key = group.raised[signal].point
        opened, proposal = self._touched(transition.hazard, key, group.points[key], transition.onset_us)
        return self._unite(min([group, *opened], key=_seniority), [group, *opened], proposal, transition.at_us)

    def _join(self, transition: Transition, signal: str, place: Place) -> _Group:
        """The event that takes a new signal in: an old one, several made one, or its own."""
        key = f"{transition.subject}@{place.lon!r},{place.lat!r}" if place.located else str(transition.subject)
        opened, proposal = self._touched(transition.hazard, key, place, transition.onset_us)
        final = transition.finality is Finality.FINAL
        if not final:
            opened, proposal = sorted(opened, key=_seniority)[:1], None
        group = min(opened, key=_seniority) if opened else proposal
        if group is None:
            onset = transition.onset_us
            group = _Group(
                event_id(signal), transition.hazard, EventState.OPEN, onset, onset, last_clear_us=onset, confirmed=final
            )
            self._start(group)
        elif group.state is EventState.PROPOSED:
            self._confirm(group, transition.onset_us)
        group = self._unite(group, opened, proposal, transition.at_us)
        self._enrol(group, transition, signal, key, place)
        return group

    def _unite(self, group: _Group, opened: Sequence[_Group], proposal: _Group | None, at_us: int) -> _Group:
        for other in sorted([*opened, *([proposal] if proposal else [])], key=_seniority):
            if other is not group and other.id in self._live:
                self._merge(other, group, at_us)
        return group

    def _touched(self, hazard: str, key: str, place: Place, onset_us: int) -> tuple[list[_Group], _Group | None]:
        """The open events alive at ``onset_us`` with a member near the place, and the nearest proposal."""
        opened: dict[str, _Group] = {}
        proposals: list[tuple[float, int, str]] = []
        for away, identity in self._grounds[hazard].near(key, place):
            group = self._live[identity]
            if group.state is EventState.PROPOSED:
                proposals.append((away, group.began_us, identity))
            elif onset_us <= self._quiet.get(identity, onset_us):
                opened[identity] = group
        return list(opened.values()), self._live[min(proposals)[2]] if proposals else None

    def _enrol(self, group: _Group, transition: Transition, signal: str, key: str, place: Place) -> None:
        group.began_us = min(group.began_us, transition.onset_us)
        group.signals.append(signal)
        witness = self._independent_of(transition.subject)
        if transition.finality is Finality.FINAL:
            group.independent[witness] = group.confirmed = True
        else:
            group.tentative[signal] = witness
        self._hold(group, transition, signal, key)
        if transition.rule in self._no_data_rules:
            group.no_data[signal] = True
        self._event_of[signal] = group.id
        if group.add_point(key, place):
            self._grounds[group.hazard].hold(key, place, group.id)
            spec = self._hazards[group.hazard]
            for facility in self._facilities(f"exposure:{spec.code}", key, partial(self._exposed, spec, place)):
                group.exposed.setdefault(facility.kind, facility.id)

    def _merge(self, other: _Group, group: _Group, at_us: int) -> None:
        """``other`` gives way to ``group``, which takes all it had."""
        self._retire(other, EventState.MERGED)
        other.merged_into = group.id
        self._adopt(other, group, at_us)
        if other.facility == "":
            group.began_us = min(group.began_us, other.began_us)
            group.last_clear_us = max(group.last_clear_us, other.last_clear_us)
            for key, place in other.points.items():
                if group.add_point(key, place):
                    self._grounds[group.hazard].hold(key, place, group.id)
        group.signals.extend(other.signals)
        for rank, signals in other.ranks.items():
            group.ranks.setdefault(rank, {}).update(signals)
        group.raised.update(other.raised)
        self._event_of.update(dict.fromkeys(other.raised, group.id))
        group.no_data.update(other.no_data)
        group.independent.update(other.independent)
        group.tentative.update(other.tentative)
        group.said.update(other.said)
        group.confirmed |= other.confirmed and other.facility == ""
        group.exposed = {**other.exposed, **group.exposed}
        group.proposed.update(other.proposed)
        self._say("merged", other, at_us, f"merged:{group.id}")
        for identity in other.children:
            child = self._live.get(identity)
            if child is not None and child.parent == group.id:
                self._say("changed", child, at_us, f"parent:{group.id}")

    def _adopt(self, other: _Group, group: _Group, at_us: int) -> None:
        """Keeps the family a tree: the children of ``other`` become those of ``group``, and its parent too where
        ``group`` has none. An event is never its own ancestor (cascades may run in a ring)."""
        if other.id in self._ancestors(group) or (group.parent is None and group.id not in self._ancestors(other)):
            group.parent = other.parent
        if group.parent in self._live and group.id not in self._live[group.parent].children:
            self._live[group.parent].children.append(group.id)
        for identity in other.children:
            child = self._live.get(identity)
            if child is not None and child.parent == other.id and child is not group:
                child.parent = group.id
                group.children.append(identity)

    def _ancestors(self, group: _Group) -> list[str]:
        found: list[str] = []
        while group.parent is not None and group.parent not in found:
            found.append(group.parent)
            if group.parent not in self._live:
                break
            group = self._live[group.parent]
        return found

    # ---------------------------------------------------------------- beginnings and ends
    def _start(self, group: _Group) -> None:
        self._live[group.id] = group
        for key, place in group.points.items():
            self._grounds[group.hazard].hold(key, place, group.id)
        if group.state is EventState.PROPOSED:
            self._proposals[_at_facility(group.hazard, group.facility)] = group.id

    def _leave_ground(self, group: _Group) -> None:
        for key in group.points:
            self._grounds[group.hazard].leave(key, group.id)
        if group.state is EventState.PROPOSED:
            del self._proposals[_at_facility(group.hazard, group.facility)]

    def _confirm(self, group: _Group, onset_us: int) -> None:
        """A proposal becomes real: from now on it is where its signals are, no longer at the facility."""
        self._leave_ground(group)
        group.state, group.facility, group.began_us, group.last_clear_us = EventState.OPEN, "", onset_us, onset_us
        group.points, group.vector, group.jurisdiction = {}, (0.0, 0.0, 0.0), ""

    def _retire(self, group: _Group, state: EventState) -> None:
        self._leave_ground(group)
        del self._live[group.id]
        self._quiet.pop(group.id, None)
        group.state = state

    def _settle(self, group: _Group) -> None:
        """Notes when an open event falls due: ``gap_s`` after its last clearance, if none of its members holds."""
        if group.state is EventState.OPEN and not group.raised:
            gap_us = round(self._hazards[group.hazard].gap_s * SECOND_US)
            self._quiet[group.id] = group.last_clear_us + gap_us
        else:
            self._quiet.pop(group.id, None)

    def _end(self, group: _Group, at_us: int, because: str) -> None:
        self._retire(group, EventState.ENDED)
        group.ended_us = at_us
        self._say("ended", group, at_us, because)
        freed = set()
        for identity in group.children:
            child = self._live.get(identity)
            if child is not None and child.state is EventState.PROPOSED and child.parent == group.id:
                self._end(child, at_us, f"parent:{group.id}")
                freed.add(child.hazard)
        # Another parent may expect the same at these facilities, and kept still because one proposal was enough.
        for other in list(self._live.values()) if freed else []:
            if any(cascade.child in freed for _, cascade in self._cascades.get(other.hazard, ())):
                other.swept.clear()
                self._sweep(other, at_us)

    # ---------------------------------------------------------------- level and cascades
    def _grade(self, group: _Group) -> None:
        """The level follows the members that hold; once all have cleared it stays what it was until the event ends."""
        if not group.raised:
            return
        rank = max(group.ranks)
        signal = next(iter(group.ranks[rank]))
        group.level, group.explanation = grade(
            self._hazards[group.hazard], self._scheme, signal, rank, group.exposed,
            len({*group.independent, *group.tentative.values()}),
        )  # fmt: skip
        group.place = group.points[group.raised[signal].point].title

    def _sweep(self, group: _Group, at_us: int) -> None:
        """Proposes what the cascades expect near this event's points, looking at each point once while the level holds."""
        for name, cascade in self._cascades.get(group.hazard, ()):
            if group.state is not EventState.OPEN or group.level < cascade.rank:
                group.swept.pop(name, None)
                continue
            keys = list(group.fresh if name in group.swept else group.points)
            group.swept[name] = True
            for key in keys:
                find = partial(self._map.proposed_by, cascade, group.points[key])
                for facility in self._facilities(name, key, find):
                    self._propose(group, cascade, facility, at_us)
        group.fresh.clear()

    def _propose(self, parent: _Group, cascade: Cascade, facility: Facility, at_us: int) -> None:
        name = _at_facility(cascade.child, facility.id)
        if name in parent.proposed or name in self._proposals:
            return
        title = next(iter(facility.title.values()), facility.id)
        place = Place(facility.lon, facility.lat, jurisdiction=facility.jurisdiction, title=title)
        key = f"facility:{facility.id}"
        if self._touched(cascade.child, key, place, at_us)[0]:
            return  # it is not expected there: it is already observed
        child = _Group(
            proposed_event_id(parent.id, facility.id, cascade.child), cascade.child, EventState.PROPOSED, at_us, at_us,
            parent=parent.id, facility=facility.id, place=title,
        )  # fmt: skip
        child.level, child.explanation = grade_proposal(self._scheme, cascade.child_rank, parent.id, facility.id)
        child.add_point(key, place)
        child.fresh.clear()
        self._start(child)
        parent.proposed[name] = True
        parent.children.append(child.id)
        self._say("proposed", child, at_us, f"cascade:{facility.id}")

    def _exposed(self, spec: HazardSpec, place: Place) -> list[Facility]:
        return self._map.near(place, spec.distance_km, spec.exposure)

    def _facilities(self, purpose: str, key: str, find: Callable[[], list[Facility]]) -> list[Facility]:
        """Facilities near a point never change while we run: found once."""
        if (purpose, key) not in self._near:
            self._near[purpose, key] = find()
        return self._near[purpose, key]

    # ---------------------------------------------------------------- saying it
    def _say(self, kind: ChangeKind, group: _Group, at_us: int, because: str) -> None:
        shown, before = group.shown(), self._shown.get(group.id)
        if kind == "changed":
            if shown == before:
                return
            if before is None or (before[0], group.state) == (EventState.PROPOSED, EventState.OPEN):
                kind = "opened"
        group.changed_us = max(group.changed_us, at_us)
        change = EventChange(kind, group.event(), at_us, self._seq, because)
        if group.state in (EventState.ENDED, EventState.MERGED):
            self._shown.pop(group.id, None)
        else:
            self._shown[group.id] = shown
        last = self._last.get(group.id)
        if last is not None and kind == "changed":
            earlier = self._out[last]
            if earlier.change in ("opened", "changed") and (earlier.at_us, earlier.seq) == (at_us, self._seq):
                kept = earlier.because if earlier.change == "opened" else because
                self._out[last] = EventChange(earlier.change, change.event, at_us, self._seq, kept)
                return
        self._last[group.id] = len(self._out)
        self._out.append(change)

    def _said(self) -> list[EventChange]:
        said, self._out = self._out, []
        self._last.clear()
        return said

    def _spec(self, hazard: str, who: str) -> HazardSpec:
        try:
            return self._hazards[hazard]
        except KeyError:
            raise UnknownName(who, f"hazard {hazard!r} is not declared", "declare it in a pack's hazards") from None


def _seniority(group: _Group) -> tuple[int, str]:
    return group.began_us, group.id


def _at_facility(hazard: str, facility: str) -> str:
    return f"{hazard}@{facility}"
