"""The ASGI application that granian serves: the door for observations and the public files in front of Django."""

from __future__ import annotations

import os
from collections.abc import MutableMapping
from typing import Any, cast

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tocsin.app.settings")

from django.conf import settings
from django.core.asgi import get_asgi_application

# Django spools a whole body before any view sees it, so the limit stands in front of it.
_django = get_asgi_application()

from tocsin.app.destroyed_again import destroy_again  # noqa: E402 - rooms need Django set up
from tocsin.doors.console.too_big import too_big_page  # noqa: E402
from tocsin.doors.intake.http.body_limit import Application, BodyLimit  # noqa: E402
from tocsin.doors.intake.http.observations import PATH, ObservationsDoor  # noqa: E402
from tocsin.doors.portal.files import published_folder  # noqa: E402
from tocsin.doors.portal.served import PublishedDoor  # noqa: E402
from tocsin.records import clock  # noqa: E402

destroy_again()  # a restored backup is purged again before it is served

_pages = PublishedDoor(
    published_folder(),
    BodyLimit(cast(Application, _django), settings.CONFIGURATION.max_body_bytes, too_big_page),
    clock=clock.now,
    warm=True,
)
_observations = ObservationsDoor(settings.HOME.engine_socket, limit=settings.CONFIGURATION.max_body_bytes)


async def application(scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
    """Observations go to their own door, what is published comes from files, everything else goes to Django."""
    door = _observations if scope["type"] == "http" and scope["path"] == PATH else _pages
    await door(scope, receive, send)
