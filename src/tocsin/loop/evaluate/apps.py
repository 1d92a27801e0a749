"""Django's name for this room."""

from django.apps import AppConfig


class EvaluateConfig(AppConfig):
    """Label ``evaluate``."""

    name = "tocsin.loop.evaluate"
    label = "evaluate"
