"""The short mode: the kept corpus and some mutations of it, the same at every run. The long mode is `scripts/fuzz`."""

from __future__ import annotations

import json
import random
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fuzz.campaign import CORPUS, SLOWEST_S, blind, mutated
from tests.fuzz.seeds import seeds
from tests.fuzz.targets import TARGETS, Target, run_one

MUTATIONS = {
    "rule": 300,
    "pack": 40,
    "arrow": 400,
    "json": 400,
    "csv": 200,
    "catalogue": 400,
    "cap": 200,
    "document": 300,
}
LARGEST, MOST_FILES = 8000, 250


def kept(name: str) -> list[bytes]:
    return [path.read_bytes() for path in sorted((CORPUS / name).iterdir())]


@pytest.mark.parametrize("name", TARGETS)
def test_the_kept_corpus_is_taken_or_refused(name: str) -> None:
    target, inputs = TARGETS[name], kept(name)
    assert 0 < len(inputs) <= MOST_FILES
    assert max(map(len, inputs)) <= LARGEST
    for data in seeds(name):  # what is built at the first use is not what an input costs
        run_one(target, data)
    for data in inputs:
        began = time.thread_time()
        run_one(target, data)
        assert time.thread_time() - began < SLOWEST_S, data[:80]


@pytest.mark.parametrize("name", TARGETS)
def test_good_inputs_are_taken(name: str) -> None:
    assert any(run_one(TARGETS[name], data) for data in seeds(name))


@pytest.mark.parametrize("name", TARGETS)
def test_mutations_are_taken_or_refused(name: str) -> None:
    target, pool, rng = TARGETS[name], [*kept(name), *seeds(name)], random.Random(name)
    for _ in range(MUTATIONS[name]):
        run_one(target, mutated(rng, pool, target.words, target.longest))


@settings(deadline=None, max_examples=60)
@given(st.sampled_from(["rule", "arrow", "json", "csv", "catalogue", "cap", "document"]), st.binary(max_size=200))
def test_any_bytes_are_taken_or_refused(name: str, data: bytes) -> None:
    run_one(TARGETS[name], data)


def test_a_campaign_counts_and_keeps_what_it_finds(tmp_path, monkeypatch) -> None:
    """The harness itself: a reader that breaks its promise is found, once for each place, and the run goes on."""

    def breaks(data: bytes) -> bool:
        if b"mm" in data:
            raise KeyError("mm")
        return TARGETS["catalogue"].takes(data)

    monkeypatch.setitem(TARGETS, "broken", Target("broken", breaks, 500))
    monkeypatch.setattr("tests.fuzz.seeds.seeds", lambda name: iter(()))
    monkeypatch.setattr(Target, "words", (b"mm",))
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "a").write_bytes(b"\0{}")
    run = blind("broken", tmp_path, 0.3, seed=1)
    told = json.loads((tmp_path / "broken.json").read_text("utf-8"))
    assert run.stats["finds"] == told["finds"] == 1
    assert told["executions"] > 10
    [text] = (tmp_path / "finds").glob("*.txt")
    assert "KeyError" in text.read_text("utf-8")
    assert b"mm" in text.with_suffix("").read_bytes()
