"""The timeline of the event page, newest first: what the machine judged, and what people and the rooms did, from the ledger."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.utils.translation import gettext as _

from tocsin.doors.console.explanation import Names, because_words
from tocsin.doors.console.frame import Frame
from tocsin.doors.console.lines import said_of
from tocsin.doors.console.story_words import Teller
from tocsin.loop.detect import queries as detect
from tocsin.records.ledger import queries as ledger
from tocsin.terms.signal import Change, Finality

__all__ = ["Moment", "timeline"]

# What detect tells already with its reasons; the file merely follows it.
_FOLLOWS = frozenset(
    {
        "dossier_opened",
        "level_changed",
        "state_changed",
        "raised_provisionally",
        "confirmed_by_data",
        "retracted_by_data",
        "task_given",
        "task_done",
        "message_put",
    }
)


@dataclass(frozen=True, slots=True)
class Moment:
    """One entry: ``level`` None where it is not about one; ``who``: a post, or the part of the product that did it."""

    at_us: int
    level: int | None
    said: str
    who: str
    is_person: bool
    particulars: tuple[tuple[str, str], ...] = ()


def timeline(frame: Frame, detail: detect.EventDetail, names: Names) -> list[Moment]:
    """Everything that is known of the event, the newest first."""
    entries = [*_judged(frame, detail, names), *_done(frame, detail)]
    return [moment for _key, moment in sorted(entries, key=lambda entry: entry[0], reverse=True)]


_Keyed = tuple[tuple[int, int, int, int], Moment]


def _judged(frame: Frame, detail: detect.EventDetail, names: Names) -> Iterator[_Keyed]:
    verbs = {"opened": _("Event opened"), "changed": _("Event changed"), "merged": _("Event merged"),
             "ended": _("Event ended"), "proposed": _("Event proposed")}  # fmt: skip
    for number, change in enumerate(detail.changes):
        what = verbs.get(change.change, change.change)
        if change.finality is Finality.RETRACTED:
            what = _("Event retracted")
        elif change.finality is Finality.PROVISIONAL:
            what = _("{what}, provisionally").format(what=what)
        said = _("{what}. {because}").format(what=what, because=because_words(change.because, names))
        yield (change.at_us, change.seq, 1, number), Moment(change.at_us, change.level, said, _("Grouping"), False)
    moves = {"raised": _("Raised"), "changed": _("Level changed"), "cleared": _("Cleared"), "retracted": _("Retracted")}
    lines = {line.id: line for line in detail.signals}
    for number, transition in enumerate(detail.signal_changes):
        line = lines[transition.signal]
        said = _("{what}: {said}").format(
            what=_move_words(transition, moves),
            said=said_of(line, transition, frame.words, frame.register, frame.language),
        )
        who = _("Rule {rule}").format(rule=line.rule.rpartition("/")[2])
        yield (
            (transition.at_us, transition.seq, 0, number),
            Moment(transition.at_us, transition.level, said, who, False),
        )


def _move_words(change: detect.SignalChangeLine, moves: dict[str, str]) -> str:
    what = moves.get(change.change, change.change)
    if change.change == Change.RETRACTED:
        return what
    if change.finality is Finality.PROVISIONAL:
        return _("{what}, provisionally").format(what=what)
    if not change.amends:
        return what
    return _("Confirmed by data") if change.amends == change.level else _("Amended by data")


def _done(frame: Frame, detail: detect.EventDetail) -> Iterator[_Keyed]:
    teller = Teller(frame)
    for line in ledger.chain(detail.event.id):
        if line.verb in _FOLLOWS:
            continue
        told = teller.line(line)
        yield (
            (told.at_us, 1 << 62, 2, line.number),
            Moment(told.at_us, None, told.what, told.who, told.is_person, tuple(told.with_)),
        )
