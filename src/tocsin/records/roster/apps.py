"""Django's name for this part."""

from django.apps import AppConfig


class RosterConfig(AppConfig):
    """Label ``roster``."""

    name = "tocsin.records.roster"
    label = "roster"
