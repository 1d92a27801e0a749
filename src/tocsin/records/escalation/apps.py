"""Django's name for this part."""

from django.apps import AppConfig


class EscalationConfig(AppConfig):
    """Label ``escalation``."""

    name = "tocsin.records.escalation"
    label = "escalation"
