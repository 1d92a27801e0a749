"""What pages of a warning show of it: texts in both languages, preview and checks, whom it reaches, what may be chosen."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from tocsin.doors.console.frame import Frame
from tocsin.doors.console.standing import post_title
from tocsin.doors.console.warn_form import SHOWN_LIMITS
from tocsin.doors.console.warn_words import finding_on_page
from tocsin.loop.warn import queries
from tocsin.loop.warn.content import LANGUAGES
from tocsin.loop.warn.names import Names
from tocsin.loop.warn.preview import Preview
from tocsin.packkit.warnings import TEXTS
from tocsin.records.dispatch.failures import unreached

__all__ = [
    "area_choices", "body_choices", "language_fields", "preview_context", "reach_of", "reach_words", "texts_of",
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


def reach_words(reach: queries.Reach) -> str:
    """``Notifies 12 posts in 2 areas``, and how many have no address."""
    posts = ngettext("{n} post", "{n} posts", reach.posts).format(n=reach.posts)
    areas = ngettext("{n} area", "{n} areas", reach.areas).format(n=reach.areas)
    said = _("Notifies {posts} in {areas}").format(posts=posts, areas=areas)
    if reach.without_address:
        missing = ngettext("{n} post has no address", "{n} posts have no address", reach.without_address)
        said = _("{said}; {missing}").format(said=said, missing=missing.format(n=reach.without_address))
    return said


def texts_of(content: Any, names: Names) -> list[dict[str, Any]]:
    """Both languages side by side."""
    tongues = {"zh-hans": ("zh-Hans", "中文"), "en": ("en", "English")}
    return [
        {
            "lang": tongues[language][0], "name": tongues[language][1], "texts": content.text(language),
            "level": names.level(content.level, language), "body": names.body(content.body, language),
            "area": names.area_list(content.areas.paths, language),
            "until": names.moment(content.expires, content.areas.paths, language),
        }
        for language in LANGUAGES
    ]  # fmt: skip


def language_fields(language: str, values: dict[str, Any]) -> dict[str, Any]:
    """The fields of one language's texts."""
    labels = {"headline": _("Headline"), "description": _("What is happening"), "beware": _("What to beware of"),
              "instruction": _("What to do"), "short": _("Short text")}  # fmt: skip
    return {
        "code": language, "lang": "zh-Hans" if language == "zh-hans" else "en",
        "name": "中文" if language == "zh-hans" else "English",
        "fields": [
            {"name": f"{name}_{language}", "label": labels[name], "value": values[f"{name}_{language}"],
             "limit": SHOWN_LIMITS[name], "length": len(values[f"{name}_{language}"]), "is_line": name in ("headline", "short")}
            for name in TEXTS
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
