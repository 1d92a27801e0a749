"""Django's name for this part."""

from django.apps import AppConfig


class RisksConfig(AppConfig):
    """Label ``risks``."""

    name = "tocsin.records.risks"
    label = "risks"
