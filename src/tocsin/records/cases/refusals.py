"""What is refused of a case, in words that say what to do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from tocsin.packkit.answers import AnswerFault, has_unseen
from tocsin.packkit.case_moves import WhyNot
from tocsin.packkit.forms import Form
from tocsin.packkit.lifecycle import CaseKind
from tocsin.terms.errors import BadForm, BadValue, NotAllowed, Refused, Stale

__all__ = [
    "WORDS_AT_MOST", "AnswersRefused", "fault_words", "in_words", "merged", "move_refused", "purged", "stale", "words_of",
]  # fmt: skip

WORDS_AT_MOST = 4000
_MOST_SAID = 30


class AnswersRefused(BadForm):
    """A form with faults; ``faults`` are all of them, so that a page can say each beside its field."""

    def __init__(self, faults: Sequence[AnswerFault], form: Form | None) -> None:
        self.faults = list(faults)
        shown = faults[:_MOST_SAID]  # a checklist is told whole
        said = [f"{_title(form, fault.field)}: {fault_words(fault.what)}" for fault in shown]
        super().__init__(_("form"), "; ".join(said), _("correct these and send it again; nothing was changed"))


def in_words(words: Mapping[str, str]) -> str:
    """Words of a pack in the present language."""
    language = "zh-hans" if (get_language() or "en").startswith("zh") else "en"
    return words.get(language) or words.get("en") or next(iter(words.values()), "")


def fault_words(what: str) -> str:
    """What is wrong with an answer."""
    return {
        "missing": _("is needed"), "surplus": _("is not asked for here"), "type": _("is of another kind than asked for"),
        "long": _("is too long"), "choice": _("is none of the choices"), "range": _("is outside what is possible"),
        "hidden": _("holds characters that cannot be seen"), "day": _("is no day; write it as 2026-01-31"),
        "moment": _("is no moment; write day and time"), "zone": _("has no time zone"), "ahead": _("lies in the future"),
        "behind": _("lies in the past"),
        "unmet": _("an item of the checklist is not met: choose findings, or correct the item"),
        "recorded": _("a finding was recorded at this inspection already: choose findings"),
        "all_met": _("no item of the checklist is not met, and no finding was recorded: choose in order, or mark the item"),
        "picture": _("is not met and needs a photograph"),
    }.get(what, what)  # fmt: skip


def move_refused(kind: CaseKind, code: str, reason: WhyNot, number: str, state: str) -> Refused:
    """Why a move is refused."""
    move = kind.moves.get(code)
    thing = _("case {number}").format(number=number)
    named = in_words(move.title) if move else code[:40]
    again = _("load the page again and decide anew")
    if reason is WhyNot.STATE:
        now = in_words(kind.states[state].title)
        return Stale(thing, _("“{move}” is not possible while it is “{state}”").format(move=named, state=now), again)
    if reason is WhyNot.UNKNOWN:
        return BadValue(thing, _("there is no move {move}").format(move=named), again)
    if reason is WhyNot.ROLE:
        return NotAllowed(thing, _("“{move}” is another post's to make").format(move=named), _("hand it to that post"))
    if reason is WhyNot.SAME_PERSON:
        return NotAllowed(thing, _("“{move}” needs somebody else than who came before").format(move=named),
                          _("have a colleague do it"))  # fmt: skip
    if reason is WhyNot.OPERATOR:
        return NotAllowed(thing, _("who operates the facility does not look again"), _("have a colleague do it"))
    if reason is WhyNot.LATE and move:
        clause = kind.clocks[move.within[0]].clause
        return Stale(thing, _("the time in which “{move}” is possible is over ({clause})").format(move=named, clause=clause),
                     _("write it as a note on the record, which changes nothing that was decided"))  # fmt: skip
    rule, remedy = {
        WhyNot.CHAIN: (_("its report has gone up as far as it has to"), _("nothing more has to be passed up")),
        WhyNot.WHEN: (_("“{move}” is not for a case with these answers").format(move=named), again),
        WhyNot.LEGS: (_("helpers have not replied yet"), _("wait for them, or waive their part with a reason")),
        WhyNot.CONTESTED: (_("it is disputed whose it is"), _("wait for the ruling")),
        WhyNot.REPLY: (_("the requester has had no answer yet"), _("answer first")),
    }[reason]
    return Stale(thing, rule, remedy)


def stale(number: str) -> Stale:
    """Somebody else was quicker."""
    return Stale(_("case {number}").format(number=number), _("somebody has changed it since you saw it"),
                 _("load the page again; what you typed is kept"))  # fmt: skip


def merged(number: str, survivor: str) -> Stale:
    """It goes on under another number."""
    return Stale(_("case {number}").format(number=number), _("it was merged into {survivor}").format(survivor=survivor),
                 _("work on that one, or split them again"))  # fmt: skip


def purged(number: str) -> Stale:
    """Nothing is left of it but number, state and moments."""
    return Stale(_("case {number}").format(number=number), _("what it held has been destroyed, as its pack says"),
                 _("open a new one; the certificate says when and by which rule"))  # fmt: skip


def words_of(text: str, what: str, *, most: int = WORDS_AT_MOST) -> str:
    """What somebody wrote, which must not be empty. Raises BadValue."""
    text = text.replace("\r\n", "\n").strip()
    if not text:
        raise BadValue(what, _("is empty"), _("say it in a few words"))
    if len(text) > most:
        raise BadValue(what, _("is longer than {n} characters").format(n=most), _("shorten it"))
    if has_unseen(text):
        raise BadValue(what, _("holds characters that cannot be seen"), _("type it again without them"))
    return text


def _title(form: Form | None, name: str) -> str:
    question = form.question(name) if form else None
    return in_words(question.title) if question else name[:60]
