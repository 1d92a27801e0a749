"""Django's name for this part."""

from django.apps import AppConfig


class OrgConfig(AppConfig):
    """Label ``org``."""

    name = "tocsin.records.org"
    label = "org"
