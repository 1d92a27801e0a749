"""``tocsin watch``: runs on another machine, looks at the heartbeat, and calls for help when it stops. It needs no database and
no other part of Tocsin, only settings for mail or a gateway of its own."""

from __future__ import annotations

import logging
import signal
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import click

from tocsin.app.commands.django_ready import django_ready
from tocsin.app.watching import Call, Watch
from tocsin.terms.errors import BadValue, TocsinError

if TYPE_CHECKING:
    from tocsin.app.configuration import Configuration
    from tocsin.doors.outward.client import Outward
    from tocsin.records.dispatch.channel import Channel

__all__ = ["watch"]

log = logging.getLogger(__name__)
_WORDS = {
    Call.STOPPED: (
        "Tocsin is silent",
        "No good heartbeat from {url} since {since}. Warnings may not go out. Look at it now.",
    ),
    Call.STILL: ("Tocsin is still silent", "Still no good heartbeat from {url}, since {since}. Last heard: {said}"),
    Call.BACK: ("Tocsin beats again", "{url} sends good heartbeats again."),
}


@dataclass(frozen=True, slots=True)
class _Help:
    channel: Channel
    address: str


@click.command()
@click.argument("url")
@click.option("--mail", "mails", multiple=True, help="Mail address to call (needs the setting smtp here).")
@click.option("--webhook", "webhooks", multiple=True, help="https address to call.")
@click.option("--sms", "numbers", multiple=True, help="Telephone number to call (needs the setting sms_gateway here).")
@click.option(
    "--every", type=click.FloatRange(0.1, 3600), default=30.0, show_default=True, help="Seconds between looks."
)
@click.option("--after", type=click.FloatRange(0, 86400), default=180.0, show_default=True, help="Seconds of silence.")
@click.option(
    "--again", type=click.FloatRange(1, 86400), default=1800.0, show_default=True, help="Seconds until told again."
)
@click.option("--once", is_flag=True, help="Look once; exit code 1 where it is not well.")
def watch(
    url: str, mails: Sequence[str], webhooks: Sequence[str], numbers: Sequence[str], every: float, after: float,
    again: float, once: bool,
) -> None:  # fmt: skip
    """Look at the heartbeat of the Tocsin at URL (its address, as browsers use it) and call for help when it stops.

    Run it on another machine, in another building. Until SIGTERM or Ctrl-C.
    """
    configuration = django_ready()
    outward = _outward(configuration, url)
    look = _look_at(outward, url.rstrip("/") + "/heartbeat")
    if once:
        well, said = look()
        click.echo(said)
        raise SystemExit(0 if well else 1)
    helpers = list(_helpers(configuration, outward, mails, webhooks, numbers))
    if not helpers:
        raise click.UsageError("nobody to call: give --mail, --webhook or --sms")
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: stop.set())
    click.echo(f"watching {url}; calls after {after:g} s of silence")
    _run(look, helpers, Watch(after, again, time.monotonic()), url, every, stop)


def _run(
    look: Callable[[], tuple[bool, str]], helpers: Sequence[_Help], state: Watch, url: str, every: float,
    stop: threading.Event,
) -> None:  # fmt: skip
    since = time.strftime("%Y-%m-%d %H:%M:%S %z")
    while not stop.is_set():
        well, said = look()
        if well:
            since = time.strftime("%Y-%m-%d %H:%M:%S %z")
        call = state.look(well, time.monotonic())
        if call is not Call.NOTHING:
            subject, body = _WORDS[call]
            if _call(helpers, subject, body.format(url=url, since=since, said=said)):
                state.said(call, time.monotonic())
        stop.wait(every)


def _look_at(outward: Outward, address: str) -> Callable[[], tuple[bool, str]]:
    def look() -> tuple[bool, str]:
        try:
            answer = outward.call("GET", address)
        except TocsinError as error:
            return False, str(error)
        return answer.ok, f"{answer.status} {answer.body[:200].decode('utf-8', 'replace')}"

    return look


def _call(helpers: Sequence[_Help], subject: str, body: str) -> bool:
    """Whether anybody was reached; all are tried."""
    from tocsin.records.dispatch.message import Letter

    reached, key = False, f"watch-{time.time_ns()}"
    for number, helper in enumerate(helpers):
        letter = Letter(f"{key}-{number}", "watch", helper.address, subject, f"{subject}. {body}", "en", 4)
        try:
            outcome = helper.channel.send([letter])[0]
            log.warning("%s by %s: %s", subject, helper.channel.name, outcome.said or outcome.accepted)
            reached = reached or outcome.accepted
        except TocsinError as error:
            log.error("%s could not be told by %s: %s", subject, helper.channel.name, error)
    return reached


def _outward(configuration: Configuration, url: str) -> Outward:
    """Calls others as the settings limit it, and the watched address wherever it is: its owner named it here."""
    from tocsin.doors.outward.client import Outward
    from tocsin.doors.outward.guard import Guard

    host = urlsplit(url).hostname
    if not host:
        raise BadValue(url[:100], "is no address", "write https://tocsin.example")
    return Outward(Guard((*configuration.outward_inside, host)), ca=configuration.outward_ca)


def _helpers(
    configuration: Configuration,
    outward: Outward,
    mails: Sequence[str],
    webhooks: Sequence[str],
    numbers: Sequence[str],
) -> list[_Help]:
    from tocsin.doors.channels.gateway import Gateway
    from tocsin.doors.channels.gateway_request import GatewayRequest
    from tocsin.doors.channels.mail import Mail
    from tocsin.doors.channels.smtp_server import SmtpServer
    from tocsin.doors.channels.webhook import Webhook

    found: list[_Help] = []
    if mails:
        if not configuration.smtp:
            raise BadValue("option --mail", "the setting smtp is empty here", "set smtp in this machine's tocsin.toml")
        mail = Mail(SmtpServer.of(configuration.smtp), configuration.mail_from)
        found += [_Help(mail, address) for address in mails]
    if numbers:
        if not configuration.sms_gateway:
            raise BadValue(
                "option --sms", "the setting sms_gateway is empty here", "set it in this machine's tocsin.toml"
            )
        request = GatewayRequest(configuration.sms_gateway, configuration.sms_request, configuration.sms_header)
        found += [_Help(Gateway("sms", outward, request), number) for number in numbers]
    if webhooks:
        hook = Webhook(outward, configuration.home.webhook_keys(), patience_s=10.0)
        for address in webhooks:
            outward.guard.require_url(address)
            found.append(_Help(hook, address))
    return found
