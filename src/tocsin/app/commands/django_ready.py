"""Django, for the commands that need it; the others never import it."""

from __future__ import annotations

import os

from tocsin.app import configuration
from tocsin.app.configuration import Configuration
from tocsin.app.home import Home

__all__ = ["configured", "django_ready"]


def configured() -> Configuration:
    """The checked settings of this TOCSIN_HOME. Raises UnknownName, BadForm, BadValue."""
    return configuration.load(Home.of(os.environ), os.environ)


def django_ready() -> Configuration:
    """The settings, with Django set up on them."""
    checked = configured()
    checked.home.prepare()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tocsin.app.settings")
    import django

    django.setup()
    return checked
