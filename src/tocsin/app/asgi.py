"""The ASGI application that granian serves."""

from __future__ import annotations

import os

from django.conf import settings
from django.core.asgi import get_asgi_application

from tocsin.doors.intake.http.body_limit import BodyLimit

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tocsin.app.settings")
# the limit stands in front of Django, which spools a whole body before any view sees it
application = BodyLimit(get_asgi_application(), settings.CONFIGURATION.max_body_bytes)
