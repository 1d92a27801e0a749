"""Django's name for this part."""

from django.apps import AppConfig


class LedgerConfig(AppConfig):
    """Label ``ledger``."""

    name = "tocsin.records.ledger"
    label = "ledger"
