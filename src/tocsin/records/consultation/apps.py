"""Django's name for this part."""

from django.apps import AppConfig


class ConsultationConfig(AppConfig):
    """Label ``consultation``."""

    name = "tocsin.records.consultation"
    label = "consultation"
