"""MQTT: letters to sirens and displays through one broker (MQTT 5, QoS 1, acknowledged by the broker). An address is a
topic. Messages are kept by the broker (retained), so that a display which comes back shows what holds."""

from __future__ import annotations

import json
import ssl
import threading
import time
from collections.abc import Sequence
from functools import cache
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from tocsin.doors.channels.broker import Broker
from tocsin.doors.channels.webhook import as_document
from tocsin.formats.addresses import TOPIC
from tocsin.records.dispatch.channel import Outcome
from tocsin.records.dispatch.message import Letter
from tocsin.terms.errors import Unavailable

__all__ = ["Mqtt"]

TIMEOUT_S = 8.0
_FINAL = {0x87, 0x90}  # not authorized, topic name invalid


class Mqtt:
    """The channel ``mqtt``. The broker's acknowledgement is the proof of hand-over; the connection is kept between calls
    until the sender says that nothing more is due."""

    name = "mqtt"

    def __init__(self, broker: Broker, *, timeout_s: float = TIMEOUT_S) -> None:
        self._broker, self._timeout_s = broker, timeout_s
        self._line: _Line | None = None

    def send(self, letters: Sequence[Letter]) -> list[Outcome]:
        """As Channel says."""
        if not letters:
            return []
        if self._line is not None and self._line.is_lost:
            self.let_go()
        line = self._line = self._line or _Line(self._broker, self._timeout_s)
        try:
            line.connect()
            return line.publish(letters)
        finally:
            if line.is_lost:  # at once: the library would connect again by itself and send what is tried again anyway
                self.let_go()

    def let_go(self) -> None:
        """As KeepsOpen says."""
        if self._line is not None:
            self._line.close()
            self._line = None


@cache
def _json() -> Any:
    """What each message says of its form; making it takes longer than all else that is done for one."""
    properties: Any = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
    properties.ContentType = "application/json"
    return properties


class _Line:
    """One connection: publishes everything, then waits for the acknowledgements together. Once lost it is not used again."""

    def __init__(self, broker: Broker, timeout_s: float) -> None:
        self._broker, self._timeout_s = broker, timeout_s
        self._changed = threading.Condition()
        self._said: dict[int, Any] = {}  # message number -> the broker's reason code
        self._connected: Any = None
        self._lost, self._behind = "", False
        self._client = paho.Client(CallbackAPIVersion.VERSION2, protocol=paho.MQTTv5)
        self._client.on_connect = self._on_connect
        self._client.on_publish = self._on_publish
        self._client.on_disconnect = self._on_disconnect
        self._client.connect_timeout = timeout_s
        if broker.user:
            self._client.username_pw_set(broker.user, broker.password)
        if broker.tls:
            self._client.tls_set_context(ssl.create_default_context())

    def connect(self) -> None:
        """If it is not. Raises Unavailable."""
        if self._connected is not None:
            return
        try:
            self._client.connect(self._broker.host, self._broker.port, keepalive=30)
        except (OSError, ValueError) as error:
            self._behind = True
            raise self._unavailable(f"does not answer ({error})") from error
        self._client.loop_start()
        with self._changed:
            self._changed.wait_for(lambda: self._connected is not None or self._lost, self._timeout_s)
            connected, lost = self._connected, self._lost
        if connected is None or connected.is_failure:
            self._behind = True
            raise self._unavailable(
                f"does not let us in ({connected if connected is not None else lost or 'no answer'})"
            )

    def publish(self, letters: Sequence[Letter]) -> list[Outcome]:
        """Publish all, wait for all."""
        with self._changed:
            self._said.clear()  # numbers begin anew after 65,535
        numbers = [self._begin(letter) for letter in letters]
        asked = {number for number in numbers if number is not None}
        ends = time.monotonic() + self._timeout_s
        with self._changed:
            self._changed.wait_for(lambda: asked <= self._said.keys() or self._lost, max(0.0, ends - time.monotonic()))
            said = dict(self._said)
        self._behind = not asked <= said.keys()
        return [self._outcome(letter, number, said) for letter, number in zip(letters, numbers, strict=True)]

    @property
    def is_lost(self) -> bool:
        """Whether the broker is gone, does not let us in, or did not acknowledge all of what it was given: what comes late
        must not be taken for the acknowledgement of something else."""
        return bool(self._lost) or self._behind

    def close(self) -> None:
        """Say good-bye."""
        self._client.disconnect()
        self._client.loop_stop()

    def _begin(self, letter: Letter) -> int | None:
        if not TOPIC.fullmatch(letter.address):
            return None
        body = json.dumps(as_document(letter), ensure_ascii=False, separators=(",", ":"))
        made = self._client.publish(letter.address, body.encode(), qos=1, retain=True, properties=_json())
        return made.mid if made.rc in (MQTTErrorCode.MQTT_ERR_SUCCESS, MQTTErrorCode.MQTT_ERR_NO_CONN) else -1

    def _outcome(self, letter: Letter, number: int | None, said: dict[int, Any]) -> Outcome:
        if number is None:
            return Outcome(letter.key, False, "not a topic to publish to", final=True)
        code = said.get(number)
        if code is None:
            return Outcome(letter.key, False, self._lost or "the broker did not acknowledge it")
        if code.is_failure:
            return Outcome(letter.key, False, str(code), final=code.value in _FINAL)
        return Outcome(letter.key, True, f"acknowledged by the broker ({code})")

    def _on_connect(self, client: Any, data: Any, flags: Any, code: Any, properties: Any) -> None:
        with self._changed:
            self._connected = code
            self._changed.notify_all()

    def _on_publish(self, client: Any, data: Any, number: int, code: Any, properties: Any) -> None:
        with self._changed:
            self._said[number] = code
            self._changed.notify_all()

    def _on_disconnect(self, client: Any, data: Any, flags: Any, code: Any, properties: Any) -> None:
        with self._changed:
            self._lost = f"the broker broke the connection ({code})"
            self._changed.notify_all()

    def _unavailable(self, rule: str) -> Unavailable:
        return Unavailable(f"MQTT broker {self._broker.host}:{self._broker.port}", rule,
                           "see that it runs and that the setting mqtt is right")  # fmt: skip
