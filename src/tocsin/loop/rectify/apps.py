"""Django's name for this room."""

from django.apps import AppConfig


class RectifyConfig(AppConfig):
    """Label ``rectify``."""

    name = "tocsin.loop.rectify"
    label = "rectify"
