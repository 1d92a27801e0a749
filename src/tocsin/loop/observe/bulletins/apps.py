"""Django's name for this part."""

from django.apps import AppConfig


class BulletinsConfig(AppConfig):
    """Label ``bulletins``."""

    name = "tocsin.loop.observe.bulletins"
    label = "bulletins"
