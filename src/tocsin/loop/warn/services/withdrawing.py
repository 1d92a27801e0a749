"""Withdrawing by the clock: the one message that no person signs. It takes back what one person alone sent out and nobody
countersigned in time, and says why (ADR 16)."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from django.utils import translation
from django.utils.translation import gettext as _

from tocsin.loop.warn.content import LANGUAGES, Content, Texts
from tocsin.loop.warn.filling import condensed_texts, filled
from tocsin.loop.warn.lifecycle import Kind, WarningState
from tocsin.loop.warn.models import WarningRow
from tocsin.loop.warn.names import Names
from tocsin.loop.warn.services.issuing import Signing, issue
from tocsin.loop.warn.services.rows import move, put_draft, row_of
from tocsin.records.org.actor import service

__all__ = ["withdraw_uncountersigned"]

_CLOCK = service("rule:countersignature")


def withdraw_uncountersigned(row: WarningRow, *, now: datetime) -> str:
    """The cancellation of a warning in force; its id. Inside a transaction."""
    names, before = Names.read(), Content.of(row.content)
    content = replace(before, kind=Kind.CANCEL, predecessor=row.id, urgency="Past", responses=("None",), texts={})
    content = replace(content, texts=_why(content, names))
    made = row_of(put_draft(content, row.event, row.lineage, "", _CLOCK, now))
    move(made, WarningState.SUBMITTED)
    made.submitted_at = now
    signing = Signing("", "", _CLOCK.name, made.version, content.digest)
    issue(made, content, names, signing, actor=_CLOCK, now=now)
    return made.id


def _why(content: Content, names: Names) -> dict[str, Texts]:
    """Why, in every language: that it is no all-clear. A pack's language says that it was withdrawn."""
    texts = filled(content, names, {})
    for language in LANGUAGES:
        with translation.override(language):
            hazard = names.hazard(content.hazard, language)
            what = {
                "hazard": hazard.lower() if language == "en" else hazard,
                "level": names.level(content.level, language),
                "area": names.area_list(content.areas.paths, language),
            }
            texts[language] = Texts(
                _("Withdrawn: {level} {hazard} warning for {area}").format(**what),
                _("The {level} {hazard} warning for {area} is withdrawn because no second person confirmed it within "
                  "30 minutes. That is no all-clear.").format(**what), "",
                _("Stay alert, and follow what the authorities say next."),
            )  # fmt: skip
    return condensed_texts(content, texts, names, {})
