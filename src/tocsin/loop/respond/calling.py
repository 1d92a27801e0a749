"""Actions that call out villages: giving one begins the call-out that its playbook declares, at the areas that the facility
names for it. Part of services: called inside their transactions only. Whether causes of this kind call at all, how often, and
when it is told that nobody answered is the deployment's plan (``tocsin callout``)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from django.utils import translation
from django.utils.translation import gettext as _

from tocsin.loop.respond import doers, playbooks
from tocsin.loop.respond.models import ActionRow, IncidentRow
from tocsin.records.callout import services as callout
from tocsin.records.callout.cause import Cause, Spoken
from tocsin.records.dispatch.notify import LANGUAGES
from tocsin.records.org.actor import Actor

__all__ = ["CAUSE", "begin", "stop"]

CAUSE = "response"
_AT_LEAST = timedelta(hours=12)  # own: for a shift, or as long as the response is expected to run
_SUBJECT, _SHORT = 200, 90  # characters


def begin(row: IncidentRow, line: ActionRow, *, actor: Actor, now: datetime) -> str:
    """The call-out of an action that was just given; its id, "" where the action calls nobody or the plan does not."""
    action = playbooks.action(line.action)
    if action is None or not action.calls_out or not (areas := doers.named_areas(line.facility, action.calls_out)):
        return ""
    until = max(row.expected_until or now, now + _AT_LEAST)
    cause = Cause(CAUSE, line.task, line.task, row.event, row.hazard, row.warning_level, row.exercise, now, until,
                  _texts(line, action.call), f"/tasks/{line.task}/")  # fmt: skip
    return callout.start_callout(cause, areas, actor=actor, now=now)


def stop(line: ActionRow, *, actor: Actor, now: datetime) -> None:
    """The action was taken back: nobody is called any more, and whoever was called is told."""
    over = {}
    for language in LANGUAGES:
        with translation.override(language):
            over[language] = _("The call to move is taken back.")
    callout.stop_callout(CAUSE, line.task, _texts(line, over), actor=actor, now=now)


def _texts(line: ActionRow, words: Mapping[str, str]) -> dict[str, Spoken]:
    out = {}
    for language in LANGUAGES:
        place, said = doers.facility_title(line.facility, language), words.get(language) or words["en"]
        text = f"{place}：{said}" if language == "zh-hans" else f"{place}: {said}"
        out[language] = Spoken(text[:_SUBJECT], text, text[:_SHORT])
    return out
