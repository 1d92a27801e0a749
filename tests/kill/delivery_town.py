"""The town of the delivery proof: its database, its receivers, its worker as a real process, and warnings that two people
really draft and sign by the services, with a key of the deployment."""

from __future__ import annotations

import http.client
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from tests.kill.receivers import Arrivals, Mosquitto, Receiver, free_port

__all__ = ["CHANNELS", "DeliveryTown", "Signed", "environment_of"]

CHANNELS = ("mail", "sms", "mqtt")  # each with all the recipients
ROOT = Path(__file__).parents[2]
_ROWS = 5_000


@dataclass(frozen=True)
class Signed:
    """One warning: when the signer's click began and when signing came back (monotonic ns)."""

    identifier: str
    began_ns: int
    done_ns: int


@dataclass(frozen=True)
class Ports:
    """Where the receivers are; nobody is at ``dead``."""

    mail: int
    web: int
    broker: int
    dead: int

    @classmethod
    def chosen(cls) -> Ports:
        return cls(*(free_port() for _ in range(4)))


def environment_of(folder: Path, database: str, ports: Ports) -> dict[str, str]:
    """Settings of every process of the deployment."""
    web = f"http://127.0.0.1:{ports.web}"
    return {
        "TOCSIN_HOME": str(folder / "home"), "TOCSIN_DATABASE": database, "TOCSIN_LOG_LEVEL": "error",
        "DJANGO_SETTINGS_MODULE": "tocsin.app.settings", "TOCSIN_OUTWARD_INSIDE": "127.0.0.1",
        "TOCSIN_SMTP": f"smtp://127.0.0.1:{ports.mail}", "TOCSIN_MAIL_FROM": "warnings@town.example",
        "TOCSIN_SMS_GATEWAY": f"{web}/sms", "TOCSIN_MQTT": f"mqtt://127.0.0.1:{ports.broker}",
        "TOCSIN_VOICE_GATEWAY": f"http://127.0.0.1:{ports.dead}/voice", "TOCSIN_CAP_SENDER": "town.example",
        "TOCSIN_CAP_KEY": str(folder / "key.pem"), "TOCSIN_CAP_CERTIFICATE": str(folder / "certificate.pem"),
        "TOCSIN_LISTEN": f"127.0.0.1:{free_port()}",
    }  # fmt: skip


class DeliveryTown:
    """Django is set up on ``environment_of`` before one is made. East is for the many recipients, west for the few."""

    def __init__(self, folder: Path, ports: Ports) -> None:
        self.folder, self.ports = folder, ports
        self.environment = dict(os.environ)
        self.receivers = [Receiver("mail", folder, ports.mail), Receiver("web", folder, ports.web),
                          Receiver("display", folder, ports.broker)]  # fmt: skip
        self.broker = Mosquitto(folder, ports.broker)
        self.arrivals = Arrivals(self.receivers)
        self.starts_ns: list[int] = []
        self.kills_ns: list[int] = []
        self._worker: subprocess.Popen[bytes] | None = None

    # ------------------------------------------------------------ the world outside
    def open(self) -> None:
        """Broker first: the display listens at it."""
        self.broker.open()
        for receiver in self.receivers:
            receiver.open()

    def close(self) -> None:
        """Nobody outside answers any more."""
        for receiver in reversed(self.receivers):
            receiver.close()
        self.broker.close()

    # ------------------------------------------------------------ the worker
    def start(self, *, whole: bool = False, **settings: str) -> None:
        """``tocsin serve --role worker``; ``whole``: ``tocsin serve`` with all its roles."""
        command = [sys.executable, "-m", "tocsin.app.cli", "serve", *([] if whole else ["--role", "worker"])]
        self.starts_ns.append(time.monotonic_ns())
        with (self.folder / "worker.txt").open("ab") as output:
            self._worker = subprocess.Popen(
                command, env=self.environment | settings, stdout=output, stderr=output, cwd=ROOT
            )

    def kill(self) -> None:
        """SIGKILL."""
        assert self._worker is not None
        assert self._worker.poll() is None, f"the worker ended by itself: {self.said()}"
        self._worker.send_signal(signal.SIGKILL)
        self.kills_ns.append(time.monotonic_ns())
        self._worker.wait(10)

    def stop(self) -> int:
        """SIGTERM; how it ended."""
        assert self._worker is not None
        self._worker.terminate()
        return self._worker.wait(90)

    def end(self) -> None:
        """Whatever runs is ended."""
        if self._worker is not None and self._worker.poll() is None:
            self._worker.kill()
            self._worker.wait(10)
        self.close()
        self.arrivals.close()

    def fetch(self, path: str) -> bytes | None:
        """What the web process serves there; None while it does not."""
        connection = http.client.HTTPConnection(self.environment["TOCSIN_LISTEN"], timeout=10)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            content = answer.read()
            return content if answer.status == 200 else None
        except (OSError, http.client.HTTPException):
            return None
        finally:
            connection.close()

    def said(self) -> str:
        """The worker's last words."""
        path = self.folder / "worker.txt"
        return path.read_text(errors="replace")[-2000:] if path.exists() else ""

    # ------------------------------------------------------------ the town
    def build(self, east: int, west: int) -> None:
        """Database, key, offices, authority, and so many recipients of each channel in the east and in the west."""
        from django.core.management import call_command

        from tocsin.app.commands.django_ready import configured
        from tocsin.formats.cap.new_key import new_pair
        from tocsin.loop.warn import services as warn
        from tocsin.loop.warn.authority import AuthorityLine
        from tocsin.records import clock
        from tocsin.records.org import services as org
        from tocsin.records.org.actor import SYSTEM
        from tocsin.records.org.services import PostLine
        from tocsin.records.places import services as places
        from tocsin.testing.town import AREAS, CITY, DEPARTMENTS, EAST, WEST

        configured().home.prepare()
        call_command("migrate", verbosity=0)
        now = clock.now()
        for name, content in zip(("key.pem", "certificate.pem"), new_pair("Town", days=30, at=now), strict=True):
            (self.folder / name).write_bytes(content)
        places.put_jurisdictions(AREAS, actor="proof", now=now)
        org.put_departments(DEPARTMENTS, actor=SYSTEM, now=now)
        posts = ("duty", "duty_officer"), ("signer", "signer")
        org.put_posts([PostLine(name, {"en": name}, "emergency", role, CITY, mail=f"{name}@town.example", language="en")
                       for name, role in posts], actor=SYSTEM, now=now)  # fmt: skip
        self.accounts = {}
        for name, _role in posts:
            self.accounts[name], _ = org.open_account(name, name, actor=SYSTEM, now=now)
            org.start_shift(name, self.accounts[name], from_at=now, actor=SYSTEM, now=now)
        warn.put_authority([AuthorityLine("emergency", "*", CITY, 1, 4, "the proof")], actor=SYSTEM, now=now)
        self.settle_in(EAST, range(east))
        self.settle_in(WEST, range(1_000_000, 1_000_000 + west))

    def settle_in(self, area: str, numbers: range) -> None:
        """Recipients of each channel come to live in an area."""
        from tocsin.records import clock

        _subscribe(area, numbers, clock.now())
        _list_targets(_display(area, number) for number in numbers)

    def bad_neighbours(self, area: str, offices: int, hooks: int, *, healthy_only: bool = False) -> None:
        """Targets beside the many: ``hooks`` other systems that answer, and, if not ``healthy_only``, a dead, a slow and a
        flapping one, and ``offices`` whose call gateway is dead."""
        from tocsin.records.audience.models import TargetRow

        TargetRow.objects.exclude(channel="mqtt").delete()
        web = f"http://127.0.0.1:{self.ports.web}"
        rows = [("webhook", f"hook-{n}", f"{web}/hook/{n}") for n in range(hooks)]
        if not healthy_only:
            rows += [("voice", f"office-{n}", f"+86571{n:07}") for n in range(offices)]
            rows += [("webhook", "a-dead", f"http://127.0.0.1:{self.ports.dead}/"), ("webhook", "a-slow", f"{web}/slow"),
                     ("webhook", "a-flapping", f"{web}/flapping")]  # fmt: skip
        _list_targets(TargetRow(id=name, channel=channel, address=address, language="en", areas=[area])
                      for channel, name, address in rows)  # fmt: skip

    def sign(
        self, area: str, *, hazard: str = "rainstorm", level: int = 4, lasts: timedelta = timedelta(hours=6)
    ) -> Signed:
        """Draft, submit and sign one warning of an area."""
        from tocsin.loop.warn import queries, services
        from tocsin.loop.warn.content import Areas
        from tocsin.records import clock
        from tocsin.records.org import queries as org

        now = clock.now()
        duty, signer = (org.actor_of(self.accounts[name], name, now=now) for name in ("duty", "signer"))
        warning = services.draft(hazard=hazard, level=level, areas=Areas((area,)), body="emergency", exercise=False,
                                 expires=now + lasts, actor=duty, now=now)  # fmt: skip
        version = queries.warning(duty.scope, warning).version
        digest = services.submit(warning, version=version, actor=duty, now=now)
        began = time.monotonic_ns()
        identifier = services.sign(warning, version=version, digest=digest, actor=signer, now=clock.now())
        return Signed(identifier, began, time.monotonic_ns())

    def keys_of(self, signed: Signed) -> set[str]:
        """Keys of all deliveries of a warning that were made so far."""
        from tocsin.records.dispatch.models import DeliveryRow

        rows = DeliveryRow.objects.filter(dispatch__about=signed.identifier).values_list("dispatch", "number")
        return {f"{dispatch}-{number}" for dispatch, number in rows}


# ---------------------------------------------------------------- who is told
def _subscribe(area: str, numbers: range, now: datetime) -> None:
    """Confirmed subscribers by mail and by short message: rows as ``audience.services`` leaves them after the link was
    confirmed, without the two hundred thousand letters that ask for it."""
    from tocsin.records.audience.models import SubscriberRow
    from tocsin.records.audience.selection import CONFIRMED, seal

    kept, batch = seal(), []
    for number in numbers:
        for channel, contact in (("mail", f"p{number}@town.example"), ("sms", f"+8613{number:09}")):
            batch.append(SubscriberRow(
                id=f"sub_{channel}{number}", channel=channel, contact=kept.close(contact),
                mark=kept.marks(channel, contact)[0], language="en" if number % 2 else "zh-hans", places=[area],
                state=CONFIRMED, asked_at=now, confirmed_at=now, letters_asked=0,
            ))  # fmt: skip
        if len(batch) >= _ROWS:
            SubscriberRow.objects.bulk_create(batch)
            batch.clear()
    SubscriberRow.objects.bulk_create(batch)


def _display(area: str, number: int):  # type: ignore[no-untyped-def] # models are there after Django is set up
    from tocsin.records.audience.models import TargetRow

    language = "en" if number % 2 else "zh-hans"
    return TargetRow(id=f"display-{number}", channel="mqtt", address=f"town/display/{number}", language=language,
                     areas=[area])  # fmt: skip


def _list_targets(rows: Iterable[object]) -> None:
    from tocsin.records.audience.models import TargetRow

    TargetRow.objects.bulk_create(list(rows), batch_size=_ROWS)  # type: ignore[arg-type]
