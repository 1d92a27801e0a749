"""The worker's threads: a channel that hangs or is down delays no other, a sweep that fails stops no other."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime

import pytest
from django.db import OperationalError, connection, transaction

from tests.rooms.test_dispatch import people, put_to
from tests.rooms.town import NOW
from tocsin.app import sender, sweeper
from tocsin.app.channels_in_use import channels_in_use
from tocsin.app.configuration import load
from tocsin.app.home import Home
from tocsin.records.dispatch.message import Letter
from tocsin.records.dispatch.queries import undelivered_by_channel
from tocsin.testing.channels import Inbox

pytestmark = pytest.mark.django_db


@contextmanager
def running(*channels: Inbox) -> Iterator[None]:
    """Each channel in its thread, as in the worker."""
    stop = threading.Event()
    threads = [
        threading.Thread(target=sender.run, args=(channel, stop, lambda: NOW), kwargs={"idle_s": 0.1})
        for channel in channels
    ]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join(20)
    assert not any(thread.is_alive() for thread in threads)


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline
        threading.Event().wait(0.01)


# ---------------------------------------------------------------- sending
@pytest.mark.django_db(transaction=True)
def test_what_is_put_is_sent_and_the_thread_ends_when_told() -> None:
    mail = Inbox()
    with running(mail):
        put_to(people(3))
        until(lambda: len(mail.letters) == 3)
        put_to(people(2), about="wrn_2")
        until(lambda: len(mail.letters) == 5)
        until(lambda: not undelivered_by_channel(now=NOW))


@pytest.mark.django_db(transaction=True)
def test_a_channel_that_hangs_delays_no_other() -> None:
    siren, mail, answer = Inbox("siren"), Inbox("mail"), threading.Event()
    siren.when_asked = lambda letters: answer.wait(20) and None
    put_to(people(3), channel="siren")
    put_to(people(3), channel="mail")
    with running(siren, mail):
        until(lambda: siren.calls == 1 and len(mail.letters) == 3)
        assert siren.letters == []
        answer.set()
        until(lambda: len(siren.letters) == 3)


@pytest.mark.django_db(transaction=True)
def test_a_channel_that_is_down_delays_no_other() -> None:
    siren, mail = Inbox("siren"), Inbox("mail")
    siren.down = "no power"
    put_to(people(3), channel="siren")
    put_to(people(3), channel="mail")
    with running(siren, mail):
        until(lambda: siren.calls == 1 and len(mail.letters) == 3)
    assert set(undelivered_by_channel(now=NOW)) == {"siren"}


@pytest.mark.django_db(transaction=True)
def test_a_database_that_goes_away_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    mail, falls, real = Inbox(), iter([True, True]), sender.dispatch.take_due

    def take_due(channel: str, *, now: datetime, at_most: int, node: str) -> list[str]:
        if next(falls, False):
            raise OperationalError("server closed the connection unexpectedly")
        return real(channel, now=now, at_most=at_most, node=node)

    monkeypatch.setattr(sender.dispatch, "take_due", take_due)
    put_to(people(1))
    with running(mail):
        until(lambda: len(mail.letters) == 1)


def test_a_dispatch_that_cannot_be_read_delays_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    mail, real = Inbox(), sender.dispatch.letters
    (bad,) = put_to(people(1), level=4)
    put_to(people(1), about="wrn_2")

    def letters(dispatch_id: str, *, now: datetime, node: str) -> list[Letter]:
        if dispatch_id == bad:
            raise KeyError("subject")
        return real(dispatch_id, now=now, node=node)

    monkeypatch.setattr(sender.dispatch, "letters", letters)
    assert sender.send_due(mail, now=NOW) == 2
    assert len(mail.letters) == 1


def test_between_two_portions_the_thread_can_be_stopped() -> None:
    """Asked to stop while a portion is under way, it settles that one and takes no other."""
    mail, stop = Inbox(), threading.Event()
    put_to(people(200))
    mail.when_asked = lambda letters: stop.set()

    class Sees:
        def wait(self, timeout_s: float) -> bool:
            return False

    sender._work(mail, stop, lambda: NOW, Sees(), 0.1, "")  # type: ignore[arg-type]
    assert (mail.calls, len(mail.letters)) == (1, 50)
    assert undelivered_by_channel(now=NOW)["mail"].dispatches == 1


def test_without_a_mail_server_there_is_no_mail_channel_and_mail_waits(tmp_path: object) -> None:
    home = Home.of({"TOCSIN_HOME": str(tmp_path)})
    without = ["webhook", "web_push", "websub"]  # these need no server
    assert [channel.name for channel in channels_in_use(load(home, {}))] == without
    channels = channels_in_use(
        load(home, {"TOCSIN_SMTP": "smtps://mail.example", "TOCSIN_MAIL_FROM": "t@office.example"})
    )
    assert [channel.name for channel in channels] == ["mail", *without]


# ---------------------------------------------------------------- sweeping
class Counted:
    def __init__(self, fault: Exception | None = None) -> None:
        self.times: list[datetime] = []
        self.fault = fault

    def __call__(self, *, now: datetime) -> int:
        self.times.append(now)
        if self.fault is not None:
            raise self.fault
        return 2


def test_a_sweep_that_fails_stops_no_other(caplog: pytest.LogCaptureFixture) -> None:
    first, bad, last = Counted(), Counted(RuntimeError("no such pack")), Counted()
    assert sweeper.sweep_all([first, bad, last], now=NOW) == 4
    assert (first.times, last.times) == ([NOW], [NOW])
    assert "no such pack" in caplog.text


@pytest.mark.django_db(transaction=True)
def test_sweeps_run_until_told_to_stop() -> None:
    stop, counted = threading.Event(), Counted()

    def sweep(*, now: datetime) -> int:
        with transaction.atomic():
            counted(now=now)
        stop.set()
        return 0

    thread = threading.Thread(target=sweeper.run, args=([sweep], stop, lambda: NOW))
    thread.start()
    thread.join(20)
    assert not thread.is_alive()
    assert counted.times == [NOW]
    connection.close()


def test_letters_reach_a_channel_in_portions() -> None:
    mail = Inbox()
    sizes: list[int] = []

    def count(letters: Sequence[Letter]) -> None:
        sizes.append(len(letters))

    mail.when_asked = count
    put_to(people(120))
    sender.send_due(mail, now=NOW)
    assert sizes == [50, 50, 20]
