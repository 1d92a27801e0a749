"""Django's name for this room."""

from django.apps import AppConfig


class ObserveConfig(AppConfig):
    """Label ``observe``."""

    name = "tocsin.loop.observe"
    label = "observe"
