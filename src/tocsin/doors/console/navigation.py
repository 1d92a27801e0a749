"""Navigation: the pages in the head of the console, each with the acts that open it. A role sees what it may open.

A part that brings a page adds one line here. An address that is not there yet is left out.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from tocsin.records.org.actor import Actor
from tocsin.records.org.roles import Act

__all__ = ["ENTRIES", "Entry", "Link", "first_page", "links"]


@dataclass(frozen=True, slots=True)
class Entry:
    """``page``: the name that the page gives its frame; ``url``: its URL name; shown to roles that may do one of ``acts``."""

    page: str
    url: str
    label: Promise
    acts: tuple[Act, ...]


@dataclass(frozen=True, slots=True)
class Link:
    """An entry as the template shows it."""

    page: str
    url: str
    label: str


ENTRIES: tuple[Entry, ...] = (
    Entry("field", "field:tasks", _("My tasks"), (Act.ANSWER_VERIFICATION,)),
    Entry("duty", "console:duty", _("Duty console"), (Act.READ_EVENTS,)),
    Entry("map", "console:map", _("Map"), (Act.READ_EVENTS,)),
    Entry("warnings", "console:warnings", _("Warnings"), (Act.READ_WARNINGS,)),
    Entry("bulletins", "console:bulletins", _("Bulletins"), (Act.READ_WARNINGS,)),
    Entry("told", "console:told", _("Who is told"), (Act.READ_WARNINGS,)),
    Entry("responses", "respond:responses", _("Responses"), (Act.READ_RESPONSE,)),
    Entry("findings", "rectify:findings", _("Findings"), (Act.READ_FINDINGS,)),
    Entry("cases", "cases:cases", _("Cases"), (Act.READ_CASES,)),
    Entry("tasks", "respond:tasks", _("Tasks of this post"), (Act.DO_TASK,)),
    Entry("sources", "console:sources", _("Sources"), (Act.READ_SOURCES,)),
    Entry("quarantine", "console:quarantine", _("Refused rows"), (Act.READ_SOURCES,)),
    Entry("laws", "console:laws", _("Law library"), (Act.READ_EVENTS, Act.READ_CASES, Act.READ_FINDINGS)),
    Entry("shadows", "console:shadows", _("Rules on trial"), (Act.READ_SHADOWS,)),
    Entry("evaluation", "console:evaluation", _("Evaluation"), (Act.READ_EVALUATION,)),
    Entry("ledger", "console:ledger", _("Ledger"), (Act.READ_LEDGER,)),
    Entry("staff", "console:staff", _("Staff"), (Act.MANAGE_STAFF,)),
    Entry("consultations", "console:consultations", _("Consultations"), (Act.READ_CONSULTATIONS,)),
    Entry("risks", "console:risks", _("Risk register"), (Act.READ_RISKS,)),
    Entry("duties", "console:duties", _("Duty lists"), (Act.READ_EVENTS, Act.READ_CASES, Act.MANAGE_STAFF)),
    Entry("roster", "console:roster", _("Roster"), (Act.READ_EVENTS, Act.DO_TASK, Act.MANAGE_STAFF)),
)


def links(actor: Actor) -> list[Link]:
    """What this actor may open, in order."""
    return list(_links(actor))


def first_page(actor: Actor) -> str:
    """Where this actor's work begins; empty where no page is open to the role."""
    return next((link.url for link in _links(actor)), "")


def _links(actor: Actor) -> Iterator[Link]:
    for entry in ENTRIES:
        if any(actor.may(act) for act in entry.acts):
            try:
                yield Link(entry.page, reverse(entry.url), str(entry.label))
            except NoReverseMatch:
                continue
