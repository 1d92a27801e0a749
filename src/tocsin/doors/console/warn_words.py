"""What pages say of warnings: states, kinds, and the rules of CAP that a composer can break."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf.locale import LANG_INFO
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from tocsin.formats.cap import Finding
from tocsin.loop.warn.lifecycle import Kind

__all__ = ["FindingOnPage", "Tongue", "finding_on_page", "kind_word", "text_label", "tongue"]


def kind_word(kind: Kind) -> str:
    """What kind of message it is."""
    return {
        Kind.ALERT: pgettext("warning", "First message"),
        Kind.UPDATE: pgettext("warning", "Update"),
        Kind.CANCEL: pgettext("warning", "Cancellation"),
    }[kind]


@dataclass(frozen=True, slots=True)
class Tongue:
    """A language of a warning: its code for HTML, and what its speakers call it."""

    lang: str
    name: str


def tongue(language: str) -> Tongue:
    """Of one of our own languages, or one of a pack's."""
    own = {"zh-hans": Tongue("zh-Hans", "中文"), "en": Tongue("en", "English")}
    name = LANG_INFO.get(language.lower(), {}).get("name_local", language)
    return own.get(language) or Tongue(language, str(name))


def text_label(name: str) -> str:
    """What a text of a warning is called."""
    return {
        "headline": _("Headline"), "description": _("What is happening"), "beware": _("What to beware of"),
        "instruction": _("What to do"), "short": _("Short message (90 characters)"),
        "brief": _("Chat and push (360 characters)"), "speech": _("To be read aloud"),
    }[name]  # fmt: skip


@dataclass(frozen=True, slots=True)
class FindingOnPage:
    """One line of the checks: whether it keeps the warning from going out, what is wrong, and where (the CAP path)."""

    blocks: bool
    rule: str
    said: str
    where: str


def finding_on_page(finding: Finding) -> FindingOnPage:
    """In the reader's language; a rule without words here is shown as the checker says it."""
    said = _rules().get(finding.rule, finding.what)
    where = finding.xpath.replace("/cap:alert", "").replace("cap:", "").strip("/")
    return FindingOnPage(finding.grade == "error", finding.rule, said, where)


def _rules() -> dict[str, str]:
    return {
        "R4": _("The sender or identifier cannot be used in CAP. The administrator sets cap_sender."),
        "R13": _("An exercise must say which exercise it is."),
        "R20": _("Category, event, urgency, severity or certainty is missing."),
        "R22": _("The kind of response is not one that CAP knows."),
        "R24": _("The two languages do not say the same about level, time or area."),
        "R25": _("The same text stands under both languages. Translate it."),
        "R27": _("It does not say when it ends."),
        "R28": _("It ends before it begins or before it is sent."),
        "R30": _("The headline is longer than 160 characters, or an address is not complete."),
        "R31": _("A text holds HTML. Readers will see it as plain characters; better take it out."),
        "R38": _("An area has no name."),
        "R39": _("An outline needs at least four points, the last equal to the first."),
        "R40": _("A point is not on the earth. Latitude comes first, then longitude."),
        "R41": _("An outline crosses itself or has no area."),
        "R42": _("An outline crosses the 180th meridian. Split it there."),
        "R43": _("The radius of a circle is no number of kilometres."),
        "R44": _("It does not say where. No area does not mean everywhere."),
        "R45": _("An area has a code but no border: many readers cannot find it."),
        "P2": _("Something a reader wants is missing (what to do, contact, times or address)."),
        "P3": _("It says nothing in one of the languages."),
        "P4": _("Best is a border together with an area code."),
        "P5": _("The hazard has no international event code, or its name is long."),
        "P6": _("A level is unknown. Decide on one."),
        "P7": _("It lasts long. Better let it end within a day and update it."),
        "P8": _("A time lies before the moment of issue; that is right where the danger has begun."),
        "P9": _("A text seems to be in another language than its heading says."),
        "P10": _("The colour in the headline is not the level of the warning."),
        "P11": _("All-clear is said only when the danger is over."),
        "P12": _("The issuing office is not one of ours."),
        "P15": _("The short text has more than 90 characters."),
    }
