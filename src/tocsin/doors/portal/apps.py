"""Django's name for this door, so that its templates are found."""

from django.apps import AppConfig


class PortalConfig(AppConfig):
    """Label ``portal``."""

    name = "tocsin.doors.portal"
    label = "portal"
