"""What verify writes to posts: short, place first, then what, then what to do. Each gives subject and body in a language."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from django.utils.translation import gettext as _

from tocsin.loop.observe.queries import place_title
from tocsin.loop.verify.lifecycle import Answer
from tocsin.loop.verify.models import Dossier, Verification
from tocsin.loop.verify.wanted import hazard_title, scheme
from tocsin.records.dispatch.message import Text
from tocsin.records.org import queries as org
from tocsin.records.places import queries as places

__all__ = [
    "Write", "answer_word", "answered", "asked", "event_loud", "event_page", "event_retracted", "hastened", "overdue",
    "task_page", "title", "waiting", "withdrawn",
]  # fmt: skip

Write = Callable[[str], Text]


def event_page(event_id: str) -> str:
    """The path of an event's page."""
    return f"/events/{event_id}/"


def task_page(verification_id: str) -> str:
    """The path of a verification on the inspector's phone."""
    return f"/field/task/{verification_id}"


def title(row: Dossier, language: str) -> str:
    """Place and hazard."""
    return _("{place}, {hazard}").format(place=_place(row), hazard=hazard_title(row.hazard, language))


def event_loud(row: Dossier, *, rose: bool) -> Write:
    """An event of the upper levels opened or rose."""

    def write(language: str) -> Text:
        what = _titled(row, language)
        if row.state == "proposed":
            body = _("Expected as a consequence of another event. Nothing of it was observed yet.")
        elif row.verdict == "confirmed":
            body = _("Confirmed on the spot.")
        else:
            body = _("Unverified: nobody has looked yet.")
        if row.finality == "provisional":
            body += " " + _("Provisional: late data are still awaited.")
        subject = _("Now {what}").format(what=what) if rose else _("New: {what}").format(what=what)
        return Text(subject, body + " " + _("Acknowledge it on the duty console."))

    return write


def event_retracted(row: Dossier) -> Write:
    """What duty officers were told of provisionally was not borne out by the data that came late."""

    def write(language: str) -> Text:
        return Text(
            _("Retracted: {what}").format(what=title(row, language)),
            _("Judged before all data were in; late data do not bear it out. Take back what was begun on it."),
        )

    return write


def asked(row: Dossier, verification: Verification) -> Write:
    """To the inspector: go and look."""

    def write(language: str) -> Text:
        what = _titled(row, language)
        body = [_("Please go and look, and answer by {time}.").format(time=_clock(row, verification.due_at))]
        body += [f"{n}. {words.get(language) or words.get('en', '')}" for n, words in enumerate(verification.checks, 1)]
        return Text(
            _("Verify by {time}: {what}").format(time=_clock(row, verification.due_at), what=what), "\n".join(body)
        )

    return write


def hastened(row: Dossier, verification: Verification) -> Write:
    """To the inspector: it rose, so the time is shorter."""

    def write(language: str) -> Text:
        what, at = _titled(row, language), _clock(row, verification.due_at)
        return Text(_("Sooner, by {time}: {what}").format(time=at, what=what),
                    _("The event rose. Please answer by {time}.").format(time=at))  # fmt: skip

    return write


def withdrawn(row: Dossier) -> Write:
    """To the inspector: no longer needed."""

    def write(language: str) -> Text:
        what = title(row, language)
        body = _("The verification was taken back. If you are there already, your answer is kept all the same.")
        return Text(_("No longer needed: {what}").format(what=what), body)

    return write


def waiting(row: Dossier, verification: Verification) -> Write:
    """To the duty officers: nobody to send."""

    def write(language: str) -> Text:
        what = _titled(row, language)
        body = [_("No inspector of this area is on duty, or none is left to ask. The event stays unverified.")]
        if verification.skills:
            body = [_("No inspector on duty has the skills needed: {skills}. The event stays unverified.").format(
                skills=", ".join(verification.skills))]  # fmt: skip
        body.append(
            _("Whoever comes on duty next is asked. You can also ask somebody by name of post on the event's page.")
        )
        return Text(_("Nobody on duty to verify: {what}").format(what=what), "\n".join(body))

    return write


def answered(row: Dossier, verification: Verification) -> Write:
    """To the duty officers: what the inspector said."""

    def write(language: str) -> Text:
        said = answer_word(Answer(verification.answer))
        body = [_("{post} answered: {answer}.").format(post=_post(verification.post, language), answer=said)]
        if verification.answer == Answer.CANNOT_TELL:
            body.append(_("The event stays unverified."))
        if verification.overdue_at is not None:
            body.append(_("The answer came after the deadline."))
        photos = verification.evidence.count()
        if photos:
            body.append(_("Photographs: {n}.").format(n=photos))
        return Text(_("{answer}: {what}").format(answer=said, what=_titled(row, language)), " ".join(body))

    return write


def overdue(row: Dossier, verification: Verification, second: Verification | None) -> Write:
    """To the duty officers: no answer in time."""

    def write(language: str) -> Text:
        body = [_("{post} was to answer by {time}. The event stays unverified.").format(
            post=_post(verification.post, language) if verification.post else _("Nobody was on duty; somebody"),
            time=_clock(row, verification.due_at))]  # fmt: skip
        if second is not None and second.post:
            body.append(_("{post} was asked as well, by {time}.").format(
                post=_post(second.post, language), time=_clock(row, second.due_at)))  # fmt: skip
        else:
            body.append(_("Nobody else on duty could be asked."))
        return Text(_("No answer in time: {what}").format(what=_titled(row, language)), " ".join(body))

    return write


def answer_word(answer: Answer) -> str:
    """The answer as buttons and letters write it."""
    return {
        Answer.CONFIRMED: _("Confirmed"),
        Answer.REFUTED: _("Not confirmed"),
        Answer.CANNOT_TELL: _("Cannot tell"),
    }[answer]


def _titled(row: Dossier, language: str) -> str:
    known = scheme()
    if not 1 <= row.level <= len(known.levels):
        return title(row, language)
    return _("{level}, {what}").format(level=known.level(row.level).word(language), what=title(row, language))


def _place(row: Dossier) -> str:
    return place_title(row.place) if row.place else _("Place not known")


def _post(post_id: str, language: str) -> str:
    words = org.post(post_id).title
    return words.get(language) or words.get("en") or post_id


def _clock(row: Dossier, moment: datetime) -> str:
    """In the civil time of where it happens."""
    return places.local_time(moment, row.jurisdiction).strftime("%m-%d %H:%M")
