"""Shards: streams that a rule looks at together stay together; the rest is spread evenly.

An area rule joins the streams of one area (``per``: a cell, a jurisdiction, a basin), a rule with ``sister`` those of one
feature; a rule of a kind not known here joins all it selects. What is joined lies in one shard, so every shard can be judged
by itself and gives what the whole would have given.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from tocsin.engine.judge import check_rule
from tocsin.engine.language.rule import Rule
from tocsin.terms.stream import Stream

__all__ = ["shard_of_streams"]


def shard_of_streams(versions: Sequence[Sequence[Stream]], rules: Sequence[Rule], count: int) -> npt.NDArray[np.int16]:
    """The shard (0 to ``count`` - 1) of each stream by catalogue index.

    ``versions[index]``: the stream as it was registered, in all its versions (one that moved joins both its areas).
    Largest groups first, each to the shard with the fewest streams; equal input gives equal shards."""
    parent = list(range(len(versions)))

    def root(at: int) -> int:
        while parent[at] != at:
            parent[at] = parent[parent[at]]
            at = parent[at]
        return at

    joining = [(rule, how) for rule in rules if (how := check_rule(rule)) not in ("stream", "silence")]
    first: dict[tuple[str, str], int] = {}
    for index, streams in enumerate(versions):
        for key in {key for stream in streams for rule, how in joining for key in _joined_by(rule, how, stream)}:
            a, b = root(index), root(first.setdefault(key, index))
            parent[max(a, b)] = min(a, b)
    groups: dict[int, list[int]] = {}
    for index in range(len(versions)):
        groups.setdefault(root(index), []).append(index)
    shard, load = np.zeros(len(versions), np.int16), [0] * count
    for members in sorted(groups.values(), key=lambda group: (-len(group), group[0])):
        least = load.index(min(load))
        shard[members] = least
        load[least] += len(members)
    return shard


def _joined_by(rule: Rule, how: str, stream: Stream) -> Iterator[tuple[str, str]]:
    if how == "pair":
        yield "feature", stream.feature
    elif all(stream.label(name) in accepted for name, accepted in rule.select.items()):
        yield (rule.per, stream.label(rule.per)) if how == "area" else ("", "")
