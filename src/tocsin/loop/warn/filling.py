"""Filling: the pack's texts for a hazard and a level, with what is known of the event put in."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

from django.utils import translation
from django.utils.translation import gettext as _

from tocsin.loop.detect import queries as detect
from tocsin.loop.observe import queries as observe
from tocsin.loop.warn.content import LANGUAGES, Content, Texts
from tocsin.loop.warn.lifecycle import Kind
from tocsin.loop.warn.names import Names
from tocsin.packkit.explain import measure_words
from tocsin.packkit.warnings import TEXTS
from tocsin.records.org.scope import EVERYWHERE
from tocsin.terms.signal import Measure

__all__ = ["Evidence", "evidence_of", "filled", "follow"]

Evidence = Mapping[str, str]  # language -> words; "place" -> where it was measured


def filled(content: Content, names: Names, evidence: Evidence) -> dict[str, Texts]:
    """The texts of the pack for this hazard and level, in every language; empty ones where no pack has any. Of a
    cancellation: why it ends."""
    return {language: _texts(content, names, language, evidence) for language in LANGUAGES}


def follow(before: Content, after: Content, names: Names, evidence: Evidence) -> Content:
    """``after`` with those texts filled anew that nobody had touched: they say the new level, area and time."""
    old, new = filled(before, names, evidence), filled(after, names, evidence)
    for language in LANGUAGES:
        for name in TEXTS:
            was = getattr(before.text(language), name)
            if getattr(after.text(language), name) == was == getattr(old[language], name):
                after = after.with_text(language, **{name: getattr(new[language], name)})
    return after


def evidence_of(event_id: str, names: Names) -> dict[str, str]:
    """What was measured, in each language: the newest figures of the event's highest signal. ``place``: where."""
    if not event_id:
        return {"place": ""}
    detail = detect.event(EVERYWHERE, event_id)
    said = {"place": observe.place_title(detail.event.place) if detail.event.place else ""}
    highest = max(detail.signals, key=lambda line: (line.level, line.peak, -line.onset_us), default=None)
    changes = [c for c in detail.signal_changes if highest is not None and c.signal == highest.id and c.level]
    for language in LANGUAGES:
        said[language] = _measured(changes[-1], highest.rule, names, language) if changes and highest else ""
    return said


def _texts(content: Content, names: Names, language: str, evidence: Evidence) -> Texts:
    with translation.override(language):
        if content.kind is Kind.CANCEL:
            return _ending(content, names, language)
        spec = names.spec(content.hazard)
        words = spec.levels.get(content.level) if spec else None
        if words is None:
            return Texts()
        paths = content.areas.paths
        known = {
            "area": names.area_list(paths, language), "level": names.level(content.level, language),
            "hazard": names.hazard(content.hazard, language), "body": names.body(content.body, language),
            "evidence": evidence.get(language) or _("no figures yet"),
            "place": evidence.get("place") or names.area_list(paths, language),
            "from": names.moment(content.onset, paths, language), "until": names.moment(content.expires, paths, language),
        }  # fmt: skip
        return Texts(
            **{name: text[language].format_map(known) for name, text in words.texts.items() if language in text}
        )


def _ending(content: Content, names: Names, language: str) -> Texts:
    hazard = names.hazard(content.hazard, language)
    what = {"hazard": hazard.lower() if language == "en" else hazard, "level": names.level(content.level, language),
            "area": names.area_list(content.areas.paths, language)}  # fmt: skip
    if "AllClear" in content.responses:
        return Texts(
            _("Cancelled: {level} {hazard} warning for {area}").format(**what),
            _("The danger is over. The {level} {hazard} warning for {area} is cancelled.").format(**what), "",
            _("Go on with what you do. Keep away from damage that is left behind."), "",
        )  # fmt: skip
    return Texts(
        _("Withdrawn: {level} {hazard} warning for {area}").format(**what),
        _("The {level} {hazard} warning for {area} was issued in error and is withdrawn.").format(**what), "",
        _("You need not do anything."), "",
    )  # fmt: skip


def _measured(change: detect.SignalChangeLine, rule_name: str, names: Names, language: str) -> str:
    """The first figure that decided, without its threshold: a reader wants what was measured, not our rule."""
    told: Measure | None = next(
        (m for m in change.evidence if math.isfinite(m.value) and m.threshold is not None), None
    )
    if told is None:
        return ""
    for pack in names.packs:
        for rule in pack.rules:
            if rule.name == rule_name:
                return measure_words(pack, rule, replace(told, threshold=None), language)
    return measure_words(None, None, replace(told, threshold=None), language)
