"""Django's name for this part."""

from django.apps import AppConfig


class CasesConfig(AppConfig):
    """Label ``cases``."""

    name = "tocsin.records.cases"
    label = "cases"
