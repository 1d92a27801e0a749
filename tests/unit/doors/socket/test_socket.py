"""The engine's socket with a real log behind it: acknowledged means on the disk; bad frames harm nobody else."""

from __future__ import annotations

import socket
import stat
import struct
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from tocsin.doors.intake.socket import frames
from tocsin.doors.intake.socket.client import AsyncEngineClient, EngineClient
from tocsin.doors.intake.socket.group_commit import GroupCommit, Wish
from tocsin.doors.intake.socket.server import SocketServer
from tocsin.formats.arrow import OBSERVATIONS
from tocsin.formats.refused import REFUSED
from tocsin.loop.observe.log import Entry, Quarantine, SegmentLog
from tocsin.terms.errors import BadForm, TooBig, Unavailable, UnknownName
from tocsin.terms.record import Record, RecordKind


def a_batch(rows: int = 3, stream: int = 0) -> pa.RecordBatch:
    times = pa.array(np.arange(rows) * 1_000_000).cast(pa.timestamp("us", tz="UTC"))
    columns = [
        pa.array(np.full(rows, stream, np.int32)), times, pa.array(np.arange(rows, dtype=float)),
        pa.array(np.zeros(rows, np.uint8)), times, pa.nulls(rows, pa.timestamp("us", tz="UTC")),
    ]  # fmt: skip
    return pa.RecordBatch.from_arrays(columns, schema=OBSERVATIONS)


def a_refusal() -> pa.Table:
    row = {"row": 0, "source": "s", "stream": "nobody", "observed_at": "", "value": "1", "code": "unknown_name"}
    return pa.Table.from_pylist([{"received_at": 5, **row, "rule": "r", "remedy": "m"}], REFUSED)


class Engine:
    """The writer's side of the engine process, without evaluation."""

    def __init__(self, root: Path) -> None:
        self.path = root / "run" / "engine.sock"
        self.log = SegmentLog.open(root / "log", sync=self.sync)
        self.quarantine = Quarantine.open(root / "quarantine")
        self.hold = threading.Event()
        self.hold.set()
        self.begun = self.syncs = 0
        self.failing: OSError | None = None
        self.seen: list[Record] = []
        self.server = SocketServer(self.path, now_us=lambda: 42, health=lambda: {"next_seq": self.log.next_seq})
        self.commit = GroupCommit(
            self.log, self.quarantine, admit=self.admit, written=self.seen.extend, answered=self.server.flush
        )
        self.server.commit = self.commit
        self.server.start()

    def sync(self, descriptor: int) -> None:
        self.begun += 1
        assert self.hold.wait(10)
        if self.failing:
            raise self.failing
        self.syncs += 1

    def admit(self, entry: Entry) -> None:
        if entry.body == b"unknown":
            raise UnknownName("source x", "not registered", "register it")

    def close(self) -> None:
        self.server.close()
        self.commit.close()
        self.log.close()
        self.quarantine.close()


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    running = Engine(tmp_path)
    yield running
    running.close()


@pytest.fixture
def client(engine: Engine) -> Iterator[EngineClient]:
    made = EngineClient(engine.path, timeout_s=10)
    yield made
    made.close()


def raw(engine: Engine, data: bytes) -> frames.Answer:
    """One frame sent byte by byte as given; the answer."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(10)
        connection.connect(str(engine.path))
        connection.sendall(data)
        connection.shutdown(socket.SHUT_WR)
        received = b"".join(iter(lambda: connection.recv(65536), b""))
    header, _ = frames.read_prelude(received[: frames.PRELUDE.size])
    return frames.read_answer(received[frames.PRELUDE.size :][:header])


def test_an_acknowledged_batch_is_in_the_log(engine: Engine, client: EngineClient) -> None:
    assert client.observations(a_batch(3), source="s") == 0
    assert client.catalogue(b'{"sources":[]}') == 1
    first, second = engine.log.read()
    assert first.batch is not None
    assert first.batch.equals(a_batch(3))
    assert (first.kind, first.at_us, second.kind, second.body) == (
        RecordKind.OBSERVATIONS, 42, RecordKind.CATALOGUE, b'{"sources":[]}',
    )  # fmt: skip
    assert [record.seq for record in engine.seen] == [0, 1]


def test_only_the_same_account_may_write(engine: Engine) -> None:
    assert stat.S_IMODE(engine.path.stat().st_mode) == 0o600


def test_refused_rows_go_to_quarantine_and_need_no_record(engine: Engine, client: EngineClient) -> None:
    assert client.observations(a_batch(0), source="s", refused=a_refusal()) is None
    assert client.observations(a_batch(1), source="s", refused=a_refusal()) == 0
    assert engine.quarantine.read().num_rows == 2


@pytest.mark.parametrize(
    "refused", [pa.table({"a": [1]}), a_refusal().set_column(2, REFUSED.field(2), pa.array([None], pa.int64()))]
)
def test_refusals_of_another_form_refuse_only_that_request(
    engine: Engine, client: EngineClient, refused: pa.Table
) -> None:
    with pytest.raises(BadForm):
        client.observations(a_batch(1), source="s", refused=refused)
    assert client.observations(a_batch(1), source="s", refused=a_refusal()) == 0


def test_those_who_come_while_an_fsync_runs_share_the_next(engine: Engine, client: EngineClient) -> None:
    client.observations(a_batch(1), source="s")
    before = engine.syncs
    engine.hold.clear()
    with ThreadPoolExecutor(9) as pool:
        first = pool.submit(client.observations, a_batch(1), source="s")
        waiting_for(lambda: engine.begun == before + 1)
        others = [pool.submit(client.observations, a_batch(1), source="s") for _ in range(8)]
        waiting_for(lambda: len(engine.commit._waiting) == 8)
        assert not first.done()  # nobody is told before the disk has it
        engine.hold.set()
        assert sorted([first.result(), *(other.result() for other in others)]) == list(range(1, 10))
    assert engine.syncs == before + 2


def test_a_refused_entry_refuses_only_itself(engine: Engine, client: EngineClient) -> None:
    with pytest.raises(UnknownName, match="register it"):
        client.catalogue(b"unknown")
    assert client.observations(a_batch(1), source="s") == 0


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b"GET / HTTP/1.1\r\n", BadForm),
        (struct.pack(">4sII", b"TCS1", 1 << 30, 0), TooBig),
        (struct.pack(">4sII", b"TCS1", 10, 1 << 31), TooBig),
        (struct.pack(">4sII", b"TCS1", 8, 0) + b"not json", BadForm),
        (b"".join(map(bytes, frames.pack_frame(frames.Ask(id=1, kind="observations", parts=[3]), b"abc"))), BadForm),
        (b"".join(map(bytes, frames.pack_frame(frames.Ask(id=1, kind="observations", parts=[9]), b"abc"))), BadForm),
        (b"".join(map(bytes, frames.pack_frame(frames.Ask(id=1, kind="catalogue"), b""))), BadForm),
    ],
)
def test_a_malformed_frame_gets_a_fault_and_the_server_lives_on(
    engine: Engine, client: EngineClient, data: bytes, error: type[Exception]
) -> None:
    fault = raw(engine, data).fault
    assert fault is not None
    assert isinstance(frames.error_of(fault), error)
    assert client.observations(a_batch(1), source="s") == 0


def test_a_bad_frame_of_known_length_leaves_its_connection_usable(engine: Engine) -> None:
    good = frames.pack_frame(frames.Ask(id=2, kind="health"))
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(10)
        connection.connect(str(engine.path))
        connection.sendall(struct.pack(">4sII", b"TCS1", 4, 0) + b"what" + b"".join(map(bytes, good)))
        received = b""
        while received.count(b"TCS1") < 2 or not received.endswith(b"}}"):
            received += connection.recv(65536)
    assert b"next_seq" in received


def test_columns_that_are_not_observations_are_refused(engine: Engine) -> None:
    part = frames.table_bytes(pa.table({"stream": [1]})).to_pybytes()
    data = b"".join(map(bytes, frames.pack_frame(frames.Ask(id=7, kind="observations", parts=[len(part)]), part)))
    answer = raw(engine, data)
    assert answer.id == 7
    assert answer.fault is not None
    assert "columns must be" in answer.fault.rule


def test_a_null_where_none_may_be_refuses_only_that_batch(engine: Engine, client: EngineClient) -> None:
    broken = a_batch(2).set_column(2, OBSERVATIONS.field("value"), pa.array([1.0, None]))
    with pytest.raises(BadForm):
        client.observations(broken, source="s")
    assert client.observations(a_batch(1), source="s") == 0


def test_a_full_disk_is_said_and_overcome(engine: Engine, client: EngineClient) -> None:
    client.observations(a_batch(1), source="s")
    engine.failing = OSError(28, "No space left on device")
    with pytest.raises(Unavailable, match="No space left"):
        client.observations(a_batch(1), source="s")
    engine.failing = None
    assert client.observations(a_batch(1), source="s") == 1
    assert [record.seq for record in engine.seen] == [0, 1]
    assert engine.log.abandoned == 1  # the segment of the failed write takes nothing more


def test_a_disk_that_cannot_cut_back_ends_the_log(engine: Engine, client: EngineClient) -> None:
    client.observations(a_batch(1), source="s")
    engine.failing = OSError(5, "Input/output error")
    with pytest.raises(Unavailable):
        client.observations(a_batch(1), source="s")
    engine.failing = None
    with pytest.raises(Unavailable):  # the cut back to what was acknowledged failed too: only a restart can tell
        client.observations(a_batch(1), source="s")
    assert [record.seq for record in engine.seen] == [0]
    assert engine.log.broken


def test_without_room_doors_are_refused_and_the_engine_itself_is_not(engine: Engine, client: EngineClient) -> None:
    def no_room() -> None:
        raise Unavailable("disk", "only 3 MiB are free", "free space, then send again")

    engine.commit._room = no_room
    with pytest.raises(Unavailable, match="only 3 MiB are free"):
        client.observations(a_batch(1), source="s")
    told: list[object] = []
    engine.commit.submit(Wish(Entry(RecordKind.TICK, 7), told.append))
    waiting_for(lambda: told == [0])


def test_an_engine_that_is_down_is_said_with_a_remedy(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="tocsin serve"):
        EngineClient(tmp_path / "engine.sock").observations(a_batch(1), source="s")


def test_a_client_outlives_a_restart_of_the_engine(tmp_path: Path) -> None:
    first = Engine(tmp_path)
    client = EngineClient(first.path, timeout_s=10)
    assert client.observations(a_batch(1), source="s") == 0
    first.close()
    second = Engine(tmp_path)
    try:
        assert client.observations(a_batch(1), source="s") == 1
    finally:
        client.close()
        second.close()


def test_many_requests_share_one_connection_of_an_event_loop(engine: Engine) -> None:
    import asyncio

    async def talk() -> list[int | None]:
        client = AsyncEngineClient(engine.path, timeout_s=10)
        answers = await asyncio.gather(*(client.observations(a_batch(2), source="s") for _ in range(50)))
        await client.close()
        return list(answers)

    assert sorted(asyncio.run(talk()), key=int) == list(range(50))  # type: ignore[arg-type]


def test_an_event_loop_learns_that_the_engine_is_down(tmp_path: Path) -> None:
    import asyncio

    with pytest.raises(Unavailable, match="tocsin serve"):
        asyncio.run(AsyncEngineClient(tmp_path / "engine.sock").observations(a_batch(1), source="s"))


def waiting_for(condition: object, deadline_s: float = 10.0) -> None:
    """Until ``condition()``; fails after the deadline."""
    import time

    until = time.monotonic() + deadline_s
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < until, "waited in vain"
        time.sleep(0.002)
