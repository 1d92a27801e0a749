"""Django's name for this part."""

from django.apps import AppConfig


class DraftsConfig(AppConfig):
    """Label ``drafts``."""

    name = "tocsin.records.drafts"
    label = "drafts"
