"""Django's name for this part."""

from django.apps import AppConfig


class OutboxConfig(AppConfig):
    """Label ``outbox``."""

    name = "tocsin.records.outbox"
    label = "outbox"
