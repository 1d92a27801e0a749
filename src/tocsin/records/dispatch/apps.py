"""Django's name for this part."""

from django.apps import AppConfig


class DispatchConfig(AppConfig):
    """Label ``dispatch``."""

    name = "tocsin.records.dispatch"
    label = "dispatch"
