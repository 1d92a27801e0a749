"""Django's name for this part."""

from django.apps import AppConfig


class PlacesConfig(AppConfig):
    """Label ``places``."""

    name = "tocsin.records.places"
    label = "places"
