"""Django's name for this part."""

from django.apps import AppConfig


class TasksConfig(AppConfig):
    """Label ``tasks``."""

    name = "tocsin.records.tasks"
    label = "tasks"
