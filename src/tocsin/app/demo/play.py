"""Play: register a day's catalogue, give its sources tokens, and post its deliveries while moving the city clock."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path

import httpx

from tocsin.app.demo.parcels import Parcel
from tocsin.app.home import Home
from tocsin.doors.intake.socket.client import EngineClient
from tocsin.formats.catalogue import catalogue_body
from tocsin.loop.observe import queries, services
from tocsin.records import clock
from tocsin.terms.errors import Unavailable
from tocsin.terms.stream import Source, Stream

__all__ = ["Player"]

ACTOR = "demo"
WAIT_S = 60.0
STEP_S = 0.5  # in a live play the clock's hand is set this often, and runs between


class Player:
    """Plays parcels into a running deployment. ``told`` is called with city time (us) after each moment of arrival."""

    def __init__(self, home: Home, address: str, *, told: Callable[[int], None] = lambda at_us: None) -> None:
        self._home, self._told = home, told
        self._clock: Path = home.run / "clock"
        self._engine = EngineClient(home.engine_socket)
        self._http = httpx.Client(base_url=address, timeout=60.0)
        self._tokens: dict[str, str] = {}
        self.posted = self.rows = 0

    def close(self) -> None:
        """Hang up."""
        self._http.close()
        self._engine.close()

    def register(self, sources: Sequence[Source], streams: Sequence[Stream]) -> None:
        """Put the catalogue into the log, wait until it is in force, and make a token for every source."""
        seq = self._engine.catalogue(catalogue_body(sources, streams))
        self._wait(lambda: queries.catalogue_seq() >= seq, "the catalogue to be in force")
        for source in sources:
            self._tokens[source.id] = services.issue_token(source.id, actor=ACTOR, now=clock.now())

    def play(self, parcels: Iterable[Parcel], *, ends_us: int, factor: float = 0.0) -> None:
        """Post everything in order of arrival. ``factor``: city seconds a second; 0 = as fast as it is taken."""
        began_us = clock.now_us()
        began = time.monotonic()
        for arrives_us, together in groupby(parcels, key=lambda parcel: parcel.arrives_us):
            for step_us in self._steps(began, began_us, arrives_us, factor):
                clock.drive(self._clock, step_us, rate=factor, at_most_us=arrives_us)
                self._told(step_us)
            clock.drive(self._clock, arrives_us)
            for parcel in together:
                self._post(parcel)
            self._told(arrives_us)
        clock.drive(self._clock, max(ends_us, clock.now_us()))

    def caught_up(self) -> None:
        """Wait until everything posted so far is recorded; time itself may not have been told yet."""
        self._wait(lambda: not self._engine.health()["unsettled_records"], "the engine to record what was posted")

    def settle(self) -> None:
        """Wait until the engine has told the log of the present moment, and has recorded all that follows from it."""

        def settled() -> bool:
            health = self._engine.health()
            tick_age = health.get("tick_age_s")
            return not health["lag_records"] and tick_age is not None and float(tick_age) < 1.0

        self._wait(settled, "the engine to have recorded everything")

    def _steps(self, began: float, began_us: int, until_us: int, factor: float) -> Iterator[int]:
        """City moments at which to look up while waiting for ``until_us``; none when playing as fast as possible."""
        while factor:
            now_us = began_us + int((time.monotonic() - began) * factor * 1e6)
            if now_us >= until_us:
                return
            yield now_us
            time.sleep(min(STEP_S, (until_us - now_us) / factor / 1e6))

    def _post(self, parcel: Parcel) -> None:
        answer = self._http.post(
            "/api/v1/observations",
            content=parcel.body,
            headers={"Authorization": f"Bearer {self._tokens[parcel.source]}", "Content-Type": "application/json"},
        )
        if answer.status_code not in (httpx.codes.OK, httpx.codes.UNPROCESSABLE_ENTITY):
            raise Unavailable("intake door", f"answered {answer.status_code}: {answer.text[:300]}",
                              f"read {self._home.root / 'serve.log'}")  # fmt: skip
        said: Mapping[str, int] = answer.json()
        self.posted += 1
        self.rows += int(said.get("accepted", 0))

    def _wait(self, done: Callable[[], bool], what: str) -> None:
        deadline = time.monotonic() + WAIT_S
        while not done():
            if time.monotonic() > deadline:
                raise Unavailable(
                    "engine", f"waited {WAIT_S:.0f} s for {what}", f"read {self._home.root / 'serve.log'}"
                )
            time.sleep(0.02)
