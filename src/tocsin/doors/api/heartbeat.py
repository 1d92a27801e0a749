"""``/heartbeat``: the newest beat of the whole loop, for ``tocsin watch`` and other watchers outside. 200 while it is well and
fresh, else 503. Names no place, person or address."""

from __future__ import annotations

import json
import time
from pathlib import Path

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse

__all__ = ["FRESH_S", "heartbeat"]

FRESH_S = 150.0  # two beats and a half


def heartbeat(request: HttpRequest) -> HttpResponse:
    """``{"well": true, "age_s": 12.3, "faults": 0}``."""
    path: Path = settings.HOME.run / "heartbeat.json"
    try:
        age = max(
            0.0, time.time() - path.stat().st_mtime
        )  # the file's own clock: a demo's city clock is no proof of life
        said = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return _answer({"well": False, "age_s": None, "faults": 1})
    fresh = age <= FRESH_S
    return _answer({"well": bool(said["well"]) and fresh, "age_s": round(age, 1), "faults": len(said["faults"])})


def _answer(said: dict[str, object]) -> HttpResponse:
    response = JsonResponse(said, status=200 if said["well"] else 503)
    response["Cache-Control"] = "no-store"
    response._has_been_logged = True  # type: ignore[attr-defined]  # "not well" is an answer, not an error of ours
    return response
