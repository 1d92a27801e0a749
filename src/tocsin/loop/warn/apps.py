"""Django's name for this room."""

from django.apps import AppConfig


class WarnConfig(AppConfig):
    """Label ``warn``."""

    name = "tocsin.loop.warn"
    label = "warn"
