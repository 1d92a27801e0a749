"""Django's name for this part."""

from django.apps import AppConfig


class CallOutConfig(AppConfig):
    """Label ``callout``."""

    name = "tocsin.records.callout"
    label = "callout"
