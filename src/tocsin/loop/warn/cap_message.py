"""A warning as a CAP message, in both languages."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _

from tocsin.formats.cap import Alert, Area, Circle, Info, Pair, Producer, Reference
from tocsin.geo import cell_ring
from tocsin.loop.warn.content import LANGUAGES, Content, Texts
from tocsin.loop.warn.lifecycle import Kind
from tocsin.loop.warn.names import Names
from tocsin.loop.warn.outline import simple_rings

__all__ = ["CAP_LANGUAGES", "SPEECH", "cap_language", "cap_message", "our_producer", "permanent_path"]

CAP_LANGUAGES = {"zh-hans": "zh-CN", "en": "en"}
_MESSAGE_TYPES = {Kind.ALERT: "Alert", Kind.UPDATE: "Update", Kind.CANCEL: "Cancel"}
_CAP_LEVELS = ("Minor", "Moderate", "Severe", "Extreme")  # from the lowest rank up (P10 of warnings.md)
_SHORT_NAMES = {
    "short": "CMAMtext",
    "brief": "CMAMlongtext",
}  # of 90 and 360 characters, as public alerting systems call them
SPEECH = "speechText"
_TERMS = "OET:v1.2"
_AREA_CODE = "GB/T2260"  # the name under which a jurisdiction's geocode goes out


def cap_language(language: str) -> str:
    """What CAP calls a language of ours, or of a pack."""
    return CAP_LANGUAGES.get(language, language)


def permanent_path(identifier: str) -> str:
    """Where a message stays readable for good, on this deployment."""
    return f"/warnings/{identifier}"


def our_producer(names: Names) -> Producer:
    """What this deployment's messages are judged by."""
    offices = frozenset(title for titles in names.bodies.values() for title in titles.values())
    return Producer(languages=tuple(CAP_LANGUAGES.values()), offices=offices)


def cap_message(
    content: Content, names: Names, *, identifier: str, sent: datetime, references: Sequence[Reference] = ()
) -> Alert:
    """The message. Moments are written in the area's own time, whole seconds."""
    zone = names.zone(content.areas.paths)
    at = sent.replace(microsecond=0).astimezone(zone)
    infos = []
    for language in content.languages:
        with translation.override(language if language in LANGUAGES else "en"):
            infos.append(_info(content, names, language, identifier, at))
    return Alert(
        identifier, settings.CONFIGURATION.cap_sender, at, "Exercise" if content.exercise else "Actual",
        _MESSAGE_TYPES[content.kind], "Public", note=content.exercise_note if content.exercise else "",
        references=tuple(references), infos=tuple(infos),
    )  # fmt: skip


def _info(content: Content, names: Names, language: str, identifier: str, at: datetime) -> Info:
    texts, zone = content.text(language), at.tzinfo
    marked = _("EXERCISE") + " " if content.exercise else ""
    told = texts.description
    if texts.beware:
        beware = _("Beware: {what}").format(what=texts.beware) if language in LANGUAGES else texts.beware
        told = "\n".join(part for part in (told, beware) if part)
    codes = (Pair(_TERMS, content.event_code),) if content.event_code else ()
    return Info(
        cap_language(language), content.categories, names.hazard(content.hazard, language), content.urgency,
        _cap_level(content.level, names), content.certainty, response_types=content.responses, event_codes=codes,
        effective=at, onset=content.onset.replace(microsecond=0).astimezone(zone),
        expires=content.expires.replace(microsecond=0).astimezone(zone), sender_name=names.body(content.body, language),
        headline=marked + texts.headline if texts.headline else "", description=marked + told if told else "",
        instruction=texts.instruction,
        web=settings.CONFIGURATION.public_address + permanent_path(identifier), contact=content.contact,
        parameters=_parameters(content, names, texts, marked),
        areas=tuple(_areas(content, names, language)),
    )  # fmt: skip


def _cap_level(rank: int, names: Names) -> str:
    ranks = len(names.scheme.levels)
    if not 1 <= rank <= ranks:
        return "Unknown"
    return _CAP_LEVELS[round((rank - 1) * (len(_CAP_LEVELS) - 1) / max(1, ranks - 1))]


def _parameters(content: Content, names: Names, texts: Texts, marked: str) -> tuple[Pair, ...]:
    pairs = []
    if 1 <= content.level <= len(names.scheme.levels):
        level = names.scheme.level(content.level)
        pairs = [Pair("colour", level.code), Pair("grade", level.numeral)]
    pairs.append(Pair("verification", content.verdict))
    for name, called in (*_SHORT_NAMES.items(), ("speech", SPEECH)):
        if words := getattr(texts, name):
            pairs.append(Pair(called, marked + words))
    return tuple(pairs)


def _areas(content: Content, names: Names, language: str) -> list[Area]:
    where = content.areas
    if not where.shaped:
        return [_whole(path, names, language) for path in where.paths]
    titles = names.area_list(where.paths, language)
    parts = [
        Area(_circle_words(titles, km, content.place), circles=(Circle(lat, lon, km),))
        for lat, lon, km in where.circles
    ]
    for ring in where.polygons:
        parts.append(
            Area(_("{areas}: the part inside the outline").format(areas=titles), polygons=simple_rings([ring]))
        )
    if where.cells:  # cells side by side are one outline
        inside = simple_rings([cell_ring(cell) for cell in where.cells])
        parts.append(Area(_("{areas}: the part inside the chosen cells").format(areas=titles), polygons=inside))
    return parts


def _circle_words(titles: str, km: float, place: str) -> str:
    if place:
        return _("{areas}: within {km} km of {place}").format(areas=titles, km=f"{km:g}", place=place)
    return _("{areas}: a circle of {km} km").format(areas=titles, km=f"{km:g}")


def _whole(path: str, names: Names, language: str) -> Area:
    area = names.areas.get(path)
    rings = simple_rings(area.boundary) if area and area.boundary else ()
    return Area(
        names.area(path, language), polygons=rings,
        geocodes=(Pair(_AREA_CODE, area.geocode),) if area and area.geocode else (),
    )  # fmt: skip
