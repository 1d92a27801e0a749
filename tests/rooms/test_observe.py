"""Catalogue rows follow the log's catalogue records; tokens are shown once."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from tests.rooms.town import EAST, HOUR_US, NOW, SOURCE, WEST, record, register, transition
from tocsin.app.wiring import WIRING
from tocsin.loop.observe import queries, services
from tocsin.loop.observe.models import CatalogueMark, SourceRow, SourceToken, StreamRow
from tocsin.records.ledger import queries as ledger
from tocsin.records.org.scope import EVERYWHERE, Scope
from tocsin.records.outbox.carrier import Carrier
from tocsin.records.outbox.models import OutboxFact
from tocsin.terms.errors import UnknownName
from tocsin.terms.stream import Catalogue, Source, Stream

pytestmark = pytest.mark.django_db


def test_what_was_registered_is_read_back_as_it_was() -> None:
    register(EAST, WEST)
    catalogue = queries.load_catalogue()
    assert catalogue.sources == {"hydro": SOURCE}
    assert catalogue.streams[0] == EAST
    west = catalogue.streams[1]
    assert math.isnan(west.lon)
    assert (west.low, west.high) == (-math.inf, math.inf)
    assert (catalogue.version, queries.catalogue_version(), queries.catalogue_seq()) == (1, 1, 0)


def test_a_record_applied_twice_changes_nothing() -> None:
    register(EAST, seq=3)
    before = list(StreamRow.objects.values()), len(ledger.chain("catalogue")), OutboxFact.objects.count()
    assert register(EAST, WEST, seq=3) == 1
    assert register(EAST, WEST, seq=2) == 1
    assert (list(StreamRow.objects.values()), len(ledger.chain("catalogue")), OutboxFact.objects.count()) == before


def test_an_unknown_source_is_refused_and_nothing_of_the_record_is_kept() -> None:
    with pytest.raises(UnknownName, match="'nobody' is not registered"):
        register(EAST, Stream("x", "nobody", "f", "p", "mm"))
    assert (StreamRow.objects.count(), SourceRow.objects.count(), queries.catalogue_version()) == (0, 0, 0)


IDS = st.sampled_from([f"g{n}" for n in range(6)])
RECORDS = st.lists(st.lists(st.tuples(IDS, st.sampled_from(["mm", "m", "Cel"])), max_size=5), max_size=6)


class SameAsTheEngine(TestCase):
    """Property: rows and indices equal what ``Catalogue.with_changes`` gives the engine from the same records."""

    @settings(max_examples=40, deadline=None)
    @given(RECORDS)
    def test_the_catalogue_is_the_engines(self, records: list[list[tuple[str, str]]]) -> None:
        for model in (StreamRow, SourceRow, CatalogueMark):
            model.objects.all().delete()
        twin = Catalogue()
        for seq, rows in enumerate(records):
            streams = [Stream(name, "hydro", name, "level", unit) for name, unit in rows]
            twin = twin.with_changes([SOURCE], streams)
            register(*streams, seq=seq)
        found = queries.load_catalogue()
        assert [(s.id, s.unit) for s in found.streams] == [(s.id, s.unit) for s in twin.streams]
        assert (found.version, found.sources) == (twin.version, twin.sources)


def test_a_token_is_shown_once_and_only_its_digest_is_kept() -> None:
    register(EAST)
    token = services.issue_token("hydro", actor="account:ann", now=NOW)
    assert queries.source_for_token(token) == "hydro"
    assert queries.source_for_token(token + "x") is None
    assert queries.source_for_token("") is None
    (row,) = SourceToken.objects.values_list()
    assert token not in repr(row)
    assert token not in repr(ledger.chain("source:hydro"))
    assert services.issue_token("hydro", actor="account:ann", now=NOW) != token


def test_a_revoked_token_is_refused_at_once_and_for_good() -> None:
    register(EAST)
    token = services.issue_token("hydro", actor="account:ann", now=NOW)
    (line,) = queries.tokens("hydro")
    services.revoke_token(line.id, actor="account:bob", now=NOW)
    services.revoke_token(line.id, actor="account:bob", now=NOW)
    assert queries.source_for_token(token) is None
    assert [entry.verb for entry in ledger.chain("source:hydro")] == ["token_issued", "token_revoked"]
    assert queries.tokens("hydro")[0].revoked_at == NOW


def test_no_token_for_a_source_that_nobody_registered() -> None:
    with pytest.raises(UnknownName):
        services.issue_token("nobody", actor="account:ann", now=NOW)


def test_lists_keep_to_the_scope() -> None:
    other = Source("air", "Air", "Environment bureau")
    register(
        EAST, WEST, Stream("a1", "air", "s", "pm25", "ug/m3", jurisdiction="simcity/west"), sources=(SOURCE, other)
    )
    east = Scope("simcity/east", "duty_officer")
    assert [stream.id for stream in queries.streams(east)] == ["g1"]
    assert [(line.source.id, line.streams) for line in queries.sources(east)] == [("hydro", 1)]
    assert [(line.source.id, line.streams) for line in queries.sources(EVERYWHERE)] == [("hydro", 2), ("air", 1)]


def silence(stream: str, change: str = "raised", *, seq: int, at_us: int, rule: str = "q/silent") -> object:
    previous = 1 if change == "cleared" else 0
    what = "silent" if change == "raised" else "rule withdrawn or changed"
    return transition(stream, change, level=1, previous=previous, seq=seq, at_us=at_us, onset_us=HOUR_US, quality=True,
                      what=what, rule=rule)  # fmt: skip


def carry() -> None:
    assert Carrier(WIRING).carry(now=NOW).failed == 0


def test_a_silent_stream_is_no_data_until_it_is_heard_again() -> None:
    register(EAST, WEST)
    record(silence("g1", seq=1, at_us=HOUR_US), transition("g2"), seq=1)
    carry()
    assert queries.silent_streams(EVERYWHERE) == {"g1": HOUR_US}
    assert queries.silent_streams(Scope("simcity/west", "duty_officer")) == {}
    assert queries.sources(EVERYWHERE)[0].silent == 1
    assert OutboxFact.objects.filter(kind="stream_fell_silent").count() == 1

    record(silence("g1", "cleared", seq=2, at_us=2 * HOUR_US), seq=2)
    carry()
    assert queries.silent_streams(EVERYWHERE) == {}
    assert [entry.verb for entry in ledger.chain("silence")] == ["streams_fell_silent", "streams_were_heard"]


def test_a_stream_stays_silent_while_another_rule_of_silence_holds() -> None:
    register(EAST)
    record(silence("g1", seq=1, at_us=HOUR_US), silence("g1", seq=1, at_us=HOUR_US, rule="q/longer"), seq=1)
    record(silence("g1", "cleared", seq=2, at_us=2 * HOUR_US), seq=2)
    carry()
    assert queries.silent_streams(EVERYWHERE) == {"g1": HOUR_US}
