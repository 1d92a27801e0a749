"""Django's name for this part."""

from django.apps import AppConfig


class DutiesConfig(AppConfig):
    """Label ``duties``."""

    name = "tocsin.records.duties"
    label = "duties"
