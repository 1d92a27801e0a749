"""Django's name for this part."""

from django.apps import AppConfig


class ReleaseConfig(AppConfig):
    """Label ``release``."""

    name = "tocsin.records.release"
    label = "release"
