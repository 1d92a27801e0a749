"""Django's name for this room."""

from django.apps import AppConfig


class ReviewConfig(AppConfig):
    """Label ``review``."""

    name = "tocsin.loop.review"
    label = "review"
