"""A real Mosquitto on loopback, with a display that listens."""

from __future__ import annotations

import shutil
import socket
import subprocess
import threading
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

__all__ = ["BrokerHouse"]


class BrokerHouse:
    """Keeps what a display at ``town/#`` gets. ``refuse`` closes a topic by the broker's own access list."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._refused: list[str] = []
        self.messages: list[tuple[str, bytes, bool]] = []
        self._came = threading.Condition()
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        self._process: subprocess.Popen[bytes] | None = None
        self._display: paho.Client | None = None

    def open(self) -> None:
        rights = "".join(f"topic deny {topic}\n" for topic in self._refused) + "topic readwrite town/#\n"
        acl = self._folder / "acl"
        acl.write_text(rights)
        acl.chmod(0o644)
        settings = self._folder / "mosquitto.conf"
        settings.write_text(f"listener {self.port} 127.0.0.1\nallow_anonymous true\nacl_file {acl}\nuser root\n")
        program = shutil.which("mosquitto") or "/usr/sbin/mosquitto"
        self._process = subprocess.Popen(
            [program, "-c", str(settings)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        self._listen()

    def close(self) -> None:
        if self._display is not None:
            self._display.disconnect()
            self._display.loop_stop()
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def refuse(self, topic: str) -> None:
        self._refused.append(topic)
        self.close()
        self.open()

    def wait_for(self, number: int) -> list[tuple[str, bytes, bool]]:
        """The messages, once so many have come (10 s at most)."""
        with self._came:
            self._came.wait_for(lambda: len(self.messages) >= number, 10)
            return list(self.messages)

    def _listen(self) -> None:
        ready = threading.Event()
        display = paho.Client(CallbackAPIVersion.VERSION2, protocol=paho.MQTTv5)

        def on_connect(client: Any, data: Any, flags: Any, code: Any, properties: Any) -> None:
            client.subscribe("town/#", qos=1)

        def on_subscribe(client: Any, data: Any, number: Any, codes: Any, properties: Any) -> None:
            ready.set()

        def on_message(client: Any, data: Any, message: Any) -> None:
            with self._came:
                self.messages.append((message.topic, message.payload, message.retain))
                self._came.notify_all()

        display.on_connect, display.on_subscribe, display.on_message = on_connect, on_subscribe, on_message
        deadline = threading.Event()
        for _ in range(200):
            try:
                display.connect("127.0.0.1", self.port)
                break
            except OSError:
                deadline.wait(0.05)
        display.loop_start()
        assert ready.wait(10), "Mosquitto does not answer: is it installed (apt: mosquitto)?"
        self._display = display
