"""Before anything is served: what had been destroyed and has come back out of a backup is destroyed again."""

from __future__ import annotations

__all__ = ["destroy_again"]


def destroy_again() -> list[str]:
    """By the notes in TOCSIN_HOME/destroyed; the subjects. Django is set up. Without such notes the database is not asked."""
    from django.conf import settings
    from django.db import connection

    from tocsin.records import clock
    from tocsin.records.cases.services.purging import purge_again
    from tocsin.records.seal import vault

    if not settings.CONFIGURATION.home.destroyed():
        return []
    now = clock.now()
    again = [*purge_again(now=now), *(vault.subject_of(event) for event in vault.destroy_again(now=now))]
    connection.close()  # whoever forks after this shares none
    return again
