"""Django's name for this room."""

from django.apps import AppConfig


class RespondConfig(AppConfig):
    """Label ``respond``."""

    name = "tocsin.loop.respond"
    label = "respond"
