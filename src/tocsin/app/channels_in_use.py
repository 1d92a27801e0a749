"""Which channels this deployment has, by its settings."""

from __future__ import annotations

from tocsin.app.configuration import Configuration
from tocsin.doors.channels.mail import Mail
from tocsin.doors.channels.smtp_server import SmtpServer
from tocsin.records.dispatch.channel import Channel

__all__ = ["channels_in_use"]


def channels_in_use(configuration: Configuration) -> list[Channel]:
    """One of each kind. Without a mail server there is no mail: what is put on that channel waits until there is."""
    if not configuration.smtp:
        return []
    return [Mail(SmtpServer.of(configuration.smtp), configuration.mail_from)]
