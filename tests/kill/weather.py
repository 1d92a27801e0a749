"""Senders with streams of their own: rain that swells and ebbs, each batch sent again until it is acknowledged."""

from __future__ import annotations

import http.client
import json
import threading
import time

import numpy as np
import pyarrow as pa
from tests.kill.roles import Deployment

from tocsin.formats.arrow import OBSERVATIONS
from tocsin.terms.errors import Unavailable
from tocsin.terms.stream import Source, Stream

CLIENTS = 5  # the first three through the engine's socket, the others through the ingest door
STREAMS = 40
START_US = 1_760_000_000_000_000
STEP_US = 5 * 60_000_000
SOURCES = [Source("gauges", "Gauges", "Water")]
GAUGES = [
    Stream(f"rain-{n}", "gauges", f"gauge-{n}", "precipitation", "mm", 110 + n / 50, 30.0, low=0.0, cadence_s=300.0)
    for n in range(STREAMS)
]


def rows_of(number: int, step: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(stream, observed_at in microseconds, millimetres) of one batch: each gauge in its own rhythm, half of it dry and
    longer than the 12 h that the lowest level looks back, so that levels rise, change and clear all the time."""
    streams = np.arange(number, STREAMS, CLIENTS, dtype=np.int32)
    period = 1800 + 20 * streams  # minutes
    rain = np.maximum(0.0, np.sin(2 * np.pi * (step * 5 + streams) / period)) * (4 + streams % 7)
    return streams, np.full(len(streams), START_US + step * STEP_US), rain.round(1)


def batch_of(number: int, step: int) -> pa.RecordBatch:
    """The same in the columns of the log."""
    streams, at, rain = rows_of(number, step)
    moments = pa.array(at).cast(OBSERVATIONS.field("observed_at").type)
    columns = [
        pa.array(streams), moments, pa.array(rain), pa.array(np.zeros(len(streams), np.uint8)), moments,
        pa.nulls(len(streams), OBSERVATIONS.field("issued_at").type),
    ]  # fmt: skip
    return pa.RecordBatch.from_arrays(columns, schema=OBSERVATIONS)


class Storm(threading.Thread):
    """One sender. ``acknowledged``: seq by step; ``sent_again`` counts what it had to repeat; ``refused`` answers 503."""

    def __init__(self, to: Deployment, number: int, token: str, pause_s: float) -> None:
        super().__init__(daemon=True, name=f"storm-{number}")
        self.to, self.number, self.token, self.pause_s = to, number, token, pause_s
        self.by_http = number >= 3
        self.acknowledged: dict[int, int] = {}
        self.sent_again = self.steps = 0
        self.answers: list[tuple[int, str, str]] = []  # (status, Retry-After, detail) of what was not taken
        self.failure = ""
        self.stopping = threading.Event()
        self._client = to.client()
        self._connection: http.client.HTTPConnection | None = None

    def run(self) -> None:
        try:
            while not self.stopping.is_set():
                seq = self._post() if self.by_http else self._hand_over()
                if seq is None:
                    self.sent_again += 1
                    self.stopping.wait(0.02)
                    continue
                self.acknowledged[self.steps] = seq
                self.steps += 1
                if self.pause_s:
                    time.sleep(self.pause_s)
        except Exception as error:
            self.failure = f"{type(error).__name__}: {error}"
            raise

    def _hand_over(self) -> int | None:
        try:
            return self._client.observations(batch_of(self.number, self.steps), source="gauges")
        except Unavailable as error:
            self.answers.append((503, "", str(error)))
            return None

    def _post(self) -> int | None:
        streams, at, rain = rows_of(self.number, self.steps)
        body = json.dumps({"stream": streams.tolist(), "observed_at": at.tolist(), "value": rain.tolist()})
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {self.token}"}
        try:
            if self._connection is None:
                self._connection = http.client.HTTPConnection("127.0.0.1", self.to.port, timeout=15)
            self._connection.request("POST", "/api/v1/observations", body, headers)
            response = self._connection.getresponse()
            document = json.loads(response.read())
        except (OSError, http.client.HTTPException, json.JSONDecodeError):
            self._connection = None
            return None
        if response.status == 200:
            assert document["accepted"] == len(streams), document
            return int(document["seq"])
        assert response.status == 503, document
        self.answers.append((response.status, response.headers.get("Retry-After", ""), document["detail"]))
        return None
