"""Making public pages of what is public and a moment: no database, no request. The same words whether they go to a file or
straight to a reader."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass

from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext as _

from tocsin.doors.portal.frame import frame_context
from tocsin.doors.portal.public import Public, PublicMessage, Words
from tocsin.geo import is_inside
from tocsin.loop.warn.lifecycle import WarningState
from tocsin.terms.moment import iso

__all__ = ["Shown", "as_geojson", "in_force_page", "message_page", "widget_page"]


@dataclass(frozen=True, slots=True)
class Shown:
    """A message in the language of a page."""

    message: PublicMessage
    words: Words

    @property
    def until_ms(self) -> int:
        """When it is over, for the page's script."""
        return self.message.expires_us // 1000

    @property
    def is_unverified(self) -> bool:
        """Whether nobody had seen it on the spot when it was written."""
        return self.message.verdict == "unverified"


def in_force_page(public: Public, language: str, now_us: int) -> bytes:
    """Warnings in force, the highest level first. Exercises stand apart and say so."""
    with translation.override(language):
        shown = _shown(public.holding(now_us), language)
        context = frame_context("/warnings", language, now_us) | {
            "actual": [one for one in shown if not one.message.exercise],
            "exercises": [one for one in shown if one.message.exercise],
            "others": [(one, one.words[language]) for one in public.others_holding(now_us)],
        }  # fmt: skip
        return render_to_string("portal/warnings.html", context).encode()


def message_page(message: PublicMessage, language: str, now_us: int) -> bytes:
    """One message for good: what it said, and what became of it."""
    with translation.override(language):
        context = frame_context(f"/warnings/{message.identifier}", language, now_us) | {
            "shown": Shown(message, message.words[language]), "standing": _standing(message, now_us),
            "is_in_force": message.in_force(now_us),
        }  # fmt: skip
        return render_to_string("portal/warning.html", context).encode()


def widget_page(
    public: Public, language: str, now_us: int, *, area: str = "", hazard: str = "", theme: str = ""
) -> bytes:
    """What another page shows in a frame: actual warnings in force of an area and a hazard ("" = all), in few words."""
    with translation.override(language):
        held = [message for message in public.holding(now_us) if _concerns(message, area, hazard)]
        title = next((one.titles.get(language, one.code) for one in public.areas if one.code == area), "")
        context = frame_context(f"/widget/{area}".rstrip("/"), language, now_us) | {
            "shown": _shown(held, language), "area_title": title, "theme": theme,
        }  # fmt: skip
        return render_to_string("portal/widget.html", context).encode()


def as_geojson(public: Public, now_us: int) -> bytes:
    """Areas of actual warnings in force, one feature an area, WGS 84. An area without border has no geometry."""
    features = []
    for message in public.holding(now_us):
        if message.exercise:
            continue
        for area in message.areas:
            properties = {
                "identifier": message.identifier, "hazard": message.hazard, "level": message.level, "area": area["area"],
                "headline": {language: words.headline for language, words in message.words.items()},
                "onset": iso(message.onset_us), "expires": iso(message.expires_us),
                "cap": f"/warnings/{message.identifier}.xml",
            }  # fmt: skip
            features.append({"type": "Feature", "properties": properties, "geometry": area["geometry"]})
    return json.dumps({"type": "FeatureCollection", "features": features}, ensure_ascii=False).encode()


def _shown(messages: Iterable[PublicMessage], language: str) -> list[Shown]:
    return [Shown(message, message.words[language]) for message in messages]


def _concerns(message: PublicMessage, area: str, hazard: str) -> bool:
    if message.exercise or (hazard and message.hazard != hazard):
        return False
    return not area or any(is_inside(path, area) or is_inside(area, path) for path in message.paths)


def _standing(message: PublicMessage, now_us: int) -> str:
    """What became of it, in a sentence."""
    if message.in_force(now_us):
        return _("This warning is in force.")
    if message.is_cancel:
        return _("This message ended an earlier warning.")
    if message.state == WarningState.SUPERSEDED:
        return _("This warning is not in force any more. A newer one replaced it.")
    if message.state == WarningState.CANCELLED:
        return _("This warning is not in force any more. It was cancelled.")
    return _("This warning is not in force any more. Its time is over; that is no all-clear.")
