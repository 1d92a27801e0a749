"""Django's name for this part."""

from django.apps import AppConfig


class SealConfig(AppConfig):
    """Label ``seal``."""

    name = "tocsin.records.seal"
    label = "seal"
