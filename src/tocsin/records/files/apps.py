"""Django's name for this part."""

from django.apps import AppConfig


class FilesConfig(AppConfig):
    """Label ``files``."""

    name = "tocsin.records.files"
    label = "files"
