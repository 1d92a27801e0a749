"""Parcels: a scenario's deliveries, or a recorded folder, as bodies for the intake door in order of arrival."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import msgspec
import numpy as np

from tocsin.app.replay.dataset import Dataset
from tocsin.app.simulator.storm_day import Scenario

__all__ = ["Parcel", "of_recording", "of_scenario"]

ROWS_MOST = 10_000


@dataclass(frozen=True, slots=True)
class Parcel:
    """A JSON columns body: when it arrives (city time, us), whose it is, its bytes."""

    arrives_us: int
    source: str
    body: bytes


def of_scenario(scenario: Scenario) -> Iterator[Parcel]:
    """Every delivery as its source sends it, mistakes included."""
    for delivery in scenario.deliveries:
        yield Parcel(delivery.arrives_us, delivery.source, msgspec.json.encode(delivery.columns()))


def of_recording(data: Dataset, step_us: int) -> Iterator[Parcel]:
    """Recorded rows in steps of ``step_us`` of their own time, one body a source and step (more where it is large)."""
    rows = data.rows
    source_of = [stream.source for stream in data.catalogue]
    number = {name: index for index, name in enumerate(data.catalogue.sources)}
    source = np.array([number[name] for name in source_of], np.int32)[rows.stream]
    step = rows.observed_at // step_us
    starts = np.flatnonzero(np.diff(step, prepend=step[0] - 1)) if len(step) else np.array([], np.int64)
    for start, end in zip(starts, [*starts[1:], len(step)], strict=True):
        arrives_us = int(rows.observed_at[end - 1])
        for name, index in number.items():
            members = np.flatnonzero(source[start:end] == index) + start
            for part in range(0, len(members), ROWS_MOST):
                yield Parcel(arrives_us, name, _body(data, members[part : part + ROWS_MOST]))


def _body(data: Dataset, members: np.ndarray[tuple[int], np.dtype[np.int64]]) -> bytes:
    rows = data.rows.take(members)
    value = [
        None if missing else number for number, missing in zip(rows.value.tolist(), rows.missing.tolist(), strict=True)
    ]
    units = {rows.units[code] for code in set(rows.unit.tolist())}
    unit = units.pop() if len(units) == 1 else [rows.units[code] for code in rows.unit.tolist()]
    columns = {"stream": rows.stream.tolist(), "observed_at": rows.observed_at.tolist(), "value": value, "unit": unit}
    return msgspec.json.encode(columns)
