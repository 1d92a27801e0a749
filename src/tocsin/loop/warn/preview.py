"""Preview: what a draft would be if it were signed now - its message, what its checks say, and whom it would tell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from django.utils.translation import gettext as _

from tocsin.formats.cap import Finding, check
from tocsin.formats.cap.encode import encode
from tocsin.loop.warn import drafting
from tocsin.loop.warn.authority import require_authority, require_shape
from tocsin.loop.warn.cap_message import cap_message, our_producer
from tocsin.loop.warn.changing import changed
from tocsin.loop.warn.content import Content, missing_items
from tocsin.loop.warn.filling import evidence_of, follow
from tocsin.loop.warn.item_words import item_words
from tocsin.loop.warn.lifecycle import Kind
from tocsin.loop.warn.names import Names
from tocsin.loop.warn.reach import Reach, reach
from tocsin.loop.warn.text_checks import text_faults
from tocsin.terms.errors import Refused, TocsinError

__all__ = ["Preview", "Problem", "preview", "with_changes"]


@dataclass(frozen=True, slots=True)
class Problem:
    """Why it would not be signed: what, why, what to do."""

    thing: str
    rule: str
    remedy: str


@dataclass(frozen=True, slots=True)
class Preview:
    """``document``: the message as it would go out; "" where it cannot be written at all. ``problems`` keep it from being
    sent for approval; ``findings`` are those of the CAP checker, errors among them do so too."""

    content: Content
    document: str
    problems: tuple[Problem, ...]
    findings: tuple[Finding, ...]
    reach: Reach

    @property
    def is_ready(self) -> bool:
        """Whether nothing keeps it from being sent for approval."""
        return not self.problems and not any(finding.grade == "error" for finding in self.findings)


def with_changes(content: Content, changes: Mapping[str, Any], event: str, names: Names) -> Content:
    """What ``services.edit`` would make of a draft. Raises BadValue, TooBig."""
    after = drafting.follow_pack(content, changed(content, changes), names, event)
    return follow(content, after, names, evidence_of(event, names)) if after != content else after


def preview(content: Content, warning_id: str, names: Names, *, now: datetime) -> Preview:
    """The preview now. References are left out: what is replaced is known only when it is signed."""
    alert = cap_message(content, names, identifier=warning_id, sent=now)
    findings = [f for f in check(alert, now=now, producer=our_producer(names)) if f.rule != "R16"]
    lasts = content.expires - content.onset
    is_long = content.kind is not Kind.CANCEL and lasts > names.stands_at_most(content.hazard)
    if is_long and all(
        f.rule != "P7" for f in findings
    ):  # a short-lived hazard without a code by which the checker knows it
        where = "/cap:alert/cap:info[1]/cap:expires"
        findings.append(
            Finding("P7", "warning", where, "it lasts more than six hours", "let it end sooner, and update it")
        )
    try:
        document = encode(alert).decode()
    except TocsinError:
        document = ""
    return Preview(content, document, tuple(_problems(content, names, now)), tuple(findings), reach(content, names))


def _problems(content: Content, names: Names, now: datetime) -> list[Problem]:
    found = [Problem(item_words([item]), _("it is empty"), _("fill it in")) for item in missing_items(content)]
    found += [Problem(fault.thing, fault.rule, fault.remedy) for fault in text_faults(content)]
    if content.expires <= now:
        found.append(Problem(_("period"), _("it is over"), _("set a later end")))
    elif content.expires <= content.onset:
        found.append(Problem(_("period"), _("it ends before it begins"), _("set the end after the beginning")))
    for guard in (partial(require_shape, content.areas, names), partial(
        require_authority, content.body, content.hazard, content.level, content.areas, names)):  # fmt: skip
        try:
            guard()
        except Refused as error:
            found.append(Problem(error.thing, error.rule, error.remedy))
    return found
