"""Examples pass: what the engine makes of their observations is exactly what they expect."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from tocsin.engine.judge import check_rule
from tocsin.packkit.concerns.outcome import Outcome
from tocsin.packkit.document import Folder
from tocsin.packkit.example import event_lines, play, read_example, signal_lines
from tocsin.packkit.fault import Faults
from tocsin.packkit.fit import unfit_streams
from tocsin.packkit.pack import Pack

__all__ = ["check_examples"]


def check_examples(pack: Pack, folder: Folder, faults: Faults) -> list[Outcome]:
    """Run every folder under examples/."""
    for rule in pack.rules:
        try:
            check_rule(rule)
        except ValueError as error:
            faults.add("rules.toml", 0, str(error), "split the rule")
            return []
    out = []
    for path in folder.subfolders("examples"):
        name, before = path.name, len(faults.faults)
        example = read_example(pack.path, name, faults)
        if example is None:
            out.append(Outcome(name, False, False))
            continue
        if example.batch.num_rows == 0:
            faults.add(f"examples/{name}/observations.csv", 0, "the example has no observations", "write some")
            out.append(Outcome(name, example.quiet, False))
            continue
        for unfit in unfit_streams(pack, example.catalogue):
            faults.add(f"examples/{name}/streams.toml", 0, f"{unfit.thing} {unfit.rule}", unfit.remedy)
        played = play(pack, example)
        document = folder.document(f"examples/{name}/expected.toml")
        for key, wanted, found in (("signal", example.signals, signal_lines(pack, played)),
                                   ("event", example.events, event_lines(pack, played))):  # fmt: skip
            _compare(document.name, document.line, key, wanted, found, faults)
        out.append(Outcome(name, example.quiet, len(faults.faults) == before))
    return out


def _compare(
    name: str,
    line: Any,
    key: str,
    wanted: Sequence[Mapping[str, Any]],
    found: Sequence[Mapping[str, Any]],
    faults: Faults,
) -> None:
    left = Counter(_plain(entry) for entry in found)
    for index, entry in enumerate(wanted):
        plain = _plain(entry)
        if left[plain] > 0:
            left[plain] -= 1
        else:
            faults.add(name, line(key, index), f"expected {key} did not come: {plain}",
                       "see what came with `tocsin pack replay`, then correct the rule or the example")  # fmt: skip
    for plain in left.elements():
        faults.add(name, line(key), f"{key} came that is not expected: {plain}",
                   "see what came with `tocsin pack replay`, then correct the rule or the example")  # fmt: skip


def _plain(entry: Mapping[str, Any]) -> str:
    return json.dumps({key: entry[key] for key in sorted(entry) if key != "note"}, ensure_ascii=False, default=_moment)


def _moment(value: object) -> str:
    text = value.isoformat() if hasattr(value, "isoformat") else str(value)
    return text.replace("+00:00", "Z")
