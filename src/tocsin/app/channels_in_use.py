"""Which channels this deployment has, by its settings. What is put on a channel that it does not have waits until it has."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tocsin.app.configuration import Configuration
from tocsin.doors.channels.broker import Broker
from tocsin.doors.channels.gateway import Gateway
from tocsin.doors.channels.gateway_request import GatewayRequest
from tocsin.doors.channels.mail import Mail
from tocsin.doors.channels.platform import Platform
from tocsin.doors.channels.smsc import Smsc
from tocsin.doors.channels.smtp_server import SmtpServer
from tocsin.doors.channels.webhook import Webhook
from tocsin.doors.channels.websub import WebSub
from tocsin.doors.outward.client import Outward
from tocsin.doors.outward.guard import Guard
from tocsin.records.dispatch.channel import Channel

__all__ = ["channels_in_use", "outward_of"]


def outward_of(configuration: Configuration) -> Outward:
    """The client that calls other servers, as the settings limit it."""
    return Outward(Guard(configuration.outward_inside), ca=configuration.outward_ca)


def channels_in_use(configuration: Configuration) -> list[Channel]:
    """One of each kind."""
    return list(_channels(configuration))


def _channels(configuration: Configuration) -> Iterator[Channel]:
    outward = outward_of(configuration)
    if configuration.smtp:
        yield Mail(SmtpServer.of(configuration.smtp), configuration.mail_from)
    for name in ("sms", "voice"):
        if url := getattr(configuration, f"{name}_gateway"):
            request, header = (getattr(configuration, f"{name}_{part}") for part in ("request", "header"))
            yield Gateway(name, outward, GatewayRequest(url, request, header))
    if configuration.release_gateway:
        from tocsin.doors.channels.release import Release  # needs the database

        url, header, where = (getattr(configuration, f"release_{part}") for part in ("gateway", "header", "receipt"))
        yield Release(outward, Platform(url, header, where), configuration.home.webhook_keys())
    if configuration.smpp:
        from tocsin.doors.channels.smpp import Smpp

        yield Smpp(Smsc.of(configuration.smpp, configuration.smpp_from, inside=configuration.outward_inside))
    yield Webhook(outward, configuration.home.webhook_keys())
    yield _web_push(configuration, outward)
    public = configuration.public_address
    feed = Path(configuration.publish_to or configuration.home.published) / "warnings" / "feed.atom"
    yield WebSub(outward, feed.read_bytes, f"{public}/warnings/feed.atom", f"{public}/hub")
    if configuration.chats:
        from tocsin.doors.channels.chat import Chat, rooms_of  # its library loads a hundred services

        yield Chat(rooms_of(configuration.chats))
    if configuration.mqtt:
        from tocsin.doors.channels.mqtt import Mqtt

        yield Mqtt(Broker.of(configuration.mqtt, inside=configuration.outward_inside))


def _web_push(configuration: Configuration, outward: Outward) -> Channel:
    from tocsin.doors.channels.web_push import WebPush, new_key, read_key

    return WebPush(outward, read_key(configuration.home.vapid_key(new_key)), f"mailto:{configuration.mail_from}")
