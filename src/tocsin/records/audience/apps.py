"""Django's name for this part."""

from django.apps import AppConfig


class AudienceConfig(AppConfig):
    """Label ``audience``. Tells dispatch how its ranges become recipients."""

    name = "tocsin.records.audience"
    label = "audience"

    def ready(self) -> None:
        """See AppConfig."""
        from tocsin.records.audience import hub  # noqa: PLC0415
        from tocsin.records.audience.selection import SUBSCRIBERS, subscribers  # noqa: PLC0415 - needs models
        from tocsin.records.dispatch.selection import register  # noqa: PLC0415

        register(SUBSCRIBERS, subscribers())
        register("hub", hub.subscribers())
