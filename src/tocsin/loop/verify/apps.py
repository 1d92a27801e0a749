"""Django's name for this room."""

from django.apps import AppConfig


class VerifyConfig(AppConfig):
    """Label ``verify``."""

    name = "tocsin.loop.verify"
    label = "verify"
