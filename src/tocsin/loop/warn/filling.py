"""Filling: the pack's texts for a hazard and a level, with what is known of the event put in; the short ones follow from the
long ones, whoever wrote those."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

from django.utils import translation
from django.utils.translation import gettext as _

from tocsin.loop.detect import queries as detect
from tocsin.loop.observe import queries as observe
from tocsin.loop.warn.condensing import LIMITS, condensed, exercise_mark
from tocsin.loop.warn.content import LANGUAGES, Content, Texts
from tocsin.loop.warn.lifecycle import Kind
from tocsin.loop.warn.names import Names
from tocsin.packkit.explain import measure_words
from tocsin.packkit.warnings import ENDINGS, SHORTENED, TEXTS
from tocsin.records.org.scope import EVERYWHERE
from tocsin.terms.signal import Measure

__all__ = [
    "LONG", "Evidence", "carried_over", "condensed_texts", "evidence_of", "filled", "follow", "known_values", "standard",
]  # fmt: skip

LONG = tuple(name for name in TEXTS if name not in SHORTENED)
Evidence = Mapping[str, str]  # language -> words; "place" -> where it was measured


def filled(content: Content, names: Names, evidence: Evidence) -> dict[str, Texts]:
    """The texts of the pack for this hazard and level, in every language; empty ones where no pack has any. Of a
    cancellation: why it ends."""
    found = {}
    for language in names.languages(content.hazard, content.level):
        texts = _texts(content, names, language, evidence)
        found[language] = replace(texts, **_short(content, texts, names, language, evidence))
    return found


def standard(content: Content, names: Names, evidence: Evidence) -> dict[str, Texts]:
    """The same, with the short texts made from what the long ones say now: against it a change by hand is shown."""
    return {
        language: replace(texts, **_short(content, content.text(language), names, language, evidence))
        for language, texts in filled(content, names, evidence).items()
    }


def condensed_texts(content: Content, texts: Mapping[str, Texts], names: Names, evidence: Evidence) -> dict[str, Texts]:
    """Long texts with the short ones that follow from them."""
    return {k: replace(told, **_short(content, told, names, k, evidence)) for k, told in texts.items()}


def follow(before: Content, after: Content, names: Names, evidence: Evidence) -> Content:
    """``after`` with those texts filled anew that nobody had touched: they say the new level, area and time. Short texts
    that nobody had touched, or that somebody cleared, follow the long ones."""
    old, new = standard(before, names, evidence), filled(after, names, evidence)
    texts = {}
    for language in dict.fromkeys((*after.texts, *new)):
        was, told = before.text(language), after.text(language)
        template = old.get(language, Texts())
        fresh = new.get(language, Texts())
        untouched = [name for name in LONG if getattr(told, name) == getattr(was, name) == getattr(template, name)]
        told = replace(told, **{name: getattr(fresh, name) for name in untouched})
        made = _short(after, told, names, language, evidence)
        own = {
            n for n in SHORTENED if getattr(told, n) and not getattr(told, n) == getattr(was, n) == getattr(template, n)
        }
        texts[language] = replace(told, **{name: words for name, words in made.items() if name not in own})
    return replace(after, texts={k: told for k, told in texts.items() if k in LANGUAGES or not told.is_empty})


def carried_over(
    before: Content, after: Content, template: Mapping[str, Mapping[str, str]], names: Names, evidence: Evidence
) -> dict[str, Texts]:
    """The texts of a message that follows another: what somebody wrote by hand stays; what still is the pack's text
    (``template``) says the new level, area and time."""
    fresh, texts = filled(after, names, evidence), {}
    for language in dict.fromkeys((*before.texts, *fresh)):
        was, pack, new = before.text(language), template.get(language, {}), fresh.get(language, Texts())
        own = {n: getattr(was, n) for n in TEXTS if getattr(was, n) and getattr(was, n) != pack.get(n, "")}
        told = replace(new, **{name: words for name, words in own.items() if name in LONG})
        made = _short(after, told, names, language, evidence)
        texts[language] = replace(told, **{name: own.get(name, words) for name, words in made.items()})
    return {k: told for k, told in texts.items() if k in LANGUAGES or not told.is_empty}


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
        known = known_values(content, names, language, evidence)
        return Texts(
            **{name: text[language].format_map(known) for name, text in words.texts.items() if language in text}
        )


def known_values(content: Content, names: Names, language: str, evidence: Evidence) -> dict[str, str]:
    """What the variables of a template stand for."""
    paths = content.areas.paths
    return {
        "area": names.area_list(paths, language), "level": names.level(content.level, language),
        "hazard": names.hazard(content.hazard, language), "body": names.body(content.body, language),
        "evidence": evidence.get(language) or (_("no figures yet") if language in LANGUAGES else evidence.get("en") or "-"),
        "place": evidence.get("place") or names.area_list(paths, language),
        "from": names.moment(content.onset, paths, language), "until": names.moment(content.expires, paths, language),
    }  # fmt: skip


def _short(content: Content, texts: Texts, names: Names, language: str, evidence: Evidence) -> dict[str, str]:
    """The short texts: the pack's where it has one that fits, else made from the long ones."""
    made = condensed(content, texts, names, language)
    spec = names.spec(content.hazard)
    words = spec.levels.get(content.level) if spec else None
    if words is None or content.kind is Kind.CANCEL:
        return made
    with translation.override(language if language in LANGUAGES else "en"):
        known, mark = known_values(content, names, language, evidence), len(exercise_mark(content))
    for name in SHORTENED:
        if language in words.texts.get(name, {}):
            said = words.texts[name][language].format_map(known)
            made[name] = said if len(said) + mark <= LIMITS[name] else made[name]
    return made


def _ending(content: Content, names: Names, language: str) -> Texts:
    """Why it ends (P11 of warnings.md)."""
    over = "AllClear" in content.responses
    spec = names.spec(content.hazard)
    if language not in LANGUAGES:
        words = spec.endings.get(ENDINGS[0] if over else ENDINGS[1], {}) if spec else {}
        known = known_values(content, names, language, {})
        return Texts(**{name: said[language].format_map(known) for name, said in words.items() if language in said})
    hazard = names.hazard(content.hazard, language)
    what = {"hazard": hazard.lower() if language == "en" else hazard, "level": names.level(content.level, language),
            "area": names.area_list(content.areas.paths, language)}  # fmt: skip
    if over:
        return Texts(
            _("Cancelled: {level} {hazard} warning for {area}").format(**what),
            _("The danger is over. The {level} {hazard} warning for {area} is cancelled.").format(**what), "",
            _("Go on with what you do. Keep away from damage that is left behind."),
        )  # fmt: skip
    return Texts(
        _("Withdrawn: {level} {hazard} warning for {area}").format(**what),
        _("The {level} {hazard} warning for {area} was issued in error and is withdrawn.").format(**what), "",
        _("You need not do anything."),
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
