"""What pages of a warning show of it: texts in both languages, preview and checks, whom it reaches, what may be chosen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from tocsin.doors.console.frame import Frame
from tocsin.doors.console.standing import post_title
from tocsin.doors.console.warn_form import SHOWN_LIMITS, mark_of
from tocsin.doors.console.warn_words import finding_on_page, text_label, tongue
from tocsin.formats.sms import segments, shown
from tocsin.loop.warn import queries
from tocsin.loop.warn.names import Names
from tocsin.loop.warn.presigned import Presigned
from tocsin.loop.warn.preview import Preview
from tocsin.loop.warn.reach import Reach
from tocsin.packkit.warnings import SHORTENED, TEXTS
from tocsin.records.dispatch.failures import unreached

__all__ = [
    "PresignedOnPage", "area_choices", "body_choices", "language_fields", "presigned_on_page", "preview_context", "reach_of",
    "reach_words", "texts_of",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class PresignedOnPage:
    """A message signed in advance with its words."""

    id: str
    level: int
    headline: str
    area: str
    body: str
    state: str
    state_word: str
    season: str


def presigned_on_page(lines: Sequence[Presigned], names: Names) -> list[PresignedOnPage]:
    """As lists show them."""
    states = {"proposed": _("Proposed, not signed"), "signed": pgettext("presigned", "May be released"),
              "suspended": pgettext("presigned", "Suspended"), "withdrawn": _("Taken back")}  # fmt: skip
    return [
        PresignedOnPage(
            line.id, line.level, _("{level} {hazard}, {area}").format(
                level=names.level(line.level), hazard=names.hazard(line.hazard), area=names.area_list(line.paths)),
            names.area_list(line.paths), names.body(line.body), line.state, states[line.state],
            _("Season {first} to {last}").format(first=line.season_from, last=line.season_to),
        )
        for line in lines
    ]  # fmt: skip


def reach_of(line: queries.WarningLine, frame: Frame) -> dict[str, Any]:
    """Whom its letters reached, and who must be reached another way."""
    found = unreached(line.id)
    posts = [(post_title(post, frame.language), said) for post, said in found.posts]
    return {
        "posts": posts,
        "others": found.others,
        "waiting": found.waiting,
        "reached": found.reached,
        "count": found.count,
    }


def preview_context(shown: Preview, names: Names, frame: Frame) -> dict[str, Any]:
    """Template context of preview and checks."""
    content = shown.content
    findings = [finding_on_page(finding) for finding in shown.findings]
    unique = {(f.rule, f.blocks): f for f in findings}
    reach = shown.reach
    return {
        "preview": shown, "phones": texts_of(content, names), "preview_level": content.level,
        "problems": shown.problems, "findings": sorted(unique.values(), key=lambda f: not f.blocks),
        "reach_words": reach_words(reach), "areas_words": names.area_list(content.areas.paths),
        "preview_until": names.moment(content.expires, content.areas.paths),
    }  # fmt: skip


def reach_words(reach: Reach) -> str:
    """``Notifies 12 posts in 2 areas``, and how many have no address."""
    posts = ngettext("{n} post", "{n} posts", reach.posts).format(n=reach.posts)
    areas = ngettext("{n} area", "{n} areas", reach.areas).format(n=reach.areas)
    said = _("Notifies {posts} in {areas}").format(posts=posts, areas=areas)
    for part in _inside(reach):
        said = _("{said}; {missing}").format(said=said, missing=part)
    if reach.without_address:
        missing = ngettext("{n} post has no address", "{n} posts have no address", reach.without_address)
        said = _("{said}; {missing}").format(said=said, missing=missing.format(n=reach.without_address))
    return said


def _inside(reach: Reach) -> list[str]:
    """What else it reaches, in figures."""
    said = []
    if reach.targets:
        said.append(
            ngettext("{n} display or system", "{n} displays and systems", reach.targets).format(n=reach.targets)
        )
    if reach.subscribers is None:
        said.append(_("fewer than 5 subscribers"))
    elif reach.subscribers:
        n = ngettext("{n} subscriber", "{n} subscribers", reach.subscribers)
        said.append(n.format(n=f"{reach.subscribers:,}"))
    if reach.facilities:
        n = ngettext("{n} facility inside", "{n} facilities inside", reach.facilities)
        said.append(n.format(n=reach.facilities))
    if reach.people is not None:
        said.append(_("about {n} people live there").format(n=f"{reach.people:,}"))
    return said


def texts_of(content: Any, names: Names) -> list[dict[str, Any]]:
    """All languages side by side."""
    return [
        {
            "lang": tongue(language).lang, "name": tongue(language).name, "texts": content.text(language),
            "sms": _as_sms(content, language),
            "level": names.level(content.level, language), "body": names.body(content.body, language),
            "area": names.area_list(content.areas.paths, language),
            "until": names.moment(content.expires, content.areas.paths, language),
        }
        for language in content.languages
    ]  # fmt: skip


def _as_sms(content: Any, language: str) -> str:
    """How many segments the short text takes as it is sent."""
    words = content.text(language).short
    if content.exercise:  # as dispatch begins every letter of an exercise
        with translation.override(language):
            words = f"{_('Exercise. Not a real warning.')}\n\n{words}"
    over = segments(shown(words))
    said = ngettext("{n} message", "{n} messages", over.count).format(n=over.count)
    return _("{n} characters, sent as {segments} ({alphabet})").format(
        n=len(content.text(language).short), segments=said, alphabet=over.alphabet
    )


def language_fields(language: str, values: dict[str, Any], marks: dict[str, str]) -> dict[str, Any]:
    """The fields of one language's texts."""
    return {
        "code": language, "lang": tongue(language).lang, "name": tongue(language).name,
        "fields": [
            {"name": f"{name}_{language}", "label": text_label(name), "is_short": name in SHORTENED, "value": value,
             "limit": SHOWN_LIMITS[name], "length": len(value), "mark": marks.get(f"{name}_{language}", mark_of(value)),
             "is_line": name in ("headline", "short")}
            for name in TEXTS for value in (values.get(f"{name}_{language}", ""),)
        ],
    }  # fmt: skip


def area_choices(names: Names, frame: Frame, chosen: tuple[str, ...] = ()) -> list[dict[str, Any]]:
    """The areas of the actor's scope, and those that are chosen already; indented by their depth."""
    paths = [path for path in names.areas if frame.scope.covers(path) or path in chosen]
    top = min((path.count("/") for path in paths), default=0)
    return [
        {"path": path, "title": names.area(path), "depth": path.count("/") - top,
         "has_border": bool(names.areas[path].boundary)}
        for path in paths
    ]  # fmt: skip


def body_choices(names: Names, chosen: str) -> list[tuple[str, str]]:
    """The bodies of the register, and the one that is chosen."""
    return [(body, names.body(body)) for body in dict.fromkeys([*names.bodies, *([chosen] if chosen else [])])]
