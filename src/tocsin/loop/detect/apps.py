"""Django's name for this room."""

from django.apps import AppConfig


class DetectConfig(AppConfig):
    """Label ``detect``."""

    name = "tocsin.loop.detect"
    label = "detect"
