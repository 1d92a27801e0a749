"""States of a verification and of an event's verdict, and the moves between them. Pure."""

from __future__ import annotations

import enum

__all__ = [
    "OPEN", "VERDICT_MOVES", "VERIFICATION_MOVES", "Answer", "Verdict", "VerificationState", "after_answer", "may", "merged",
]  # fmt: skip


class VerificationState(enum.StrEnum):
    """WAITING: asked for, but nobody suitable is on duty. ASKED: a post has the task. ANSWERED and KEPT are final: KEPT is
    an answer that came after the task was taken back, which is kept beside and decides nothing. Being overdue is no state:
    it is a mark, set once, that stays."""

    WAITING = "waiting"
    ASKED = "asked"
    ANSWERED = "answered"
    WITHDRAWN = "withdrawn"
    KEPT = "kept"


class Answer(enum.StrEnum):
    """What an inspector may say."""

    CONFIRMED = "confirmed"
    REFUTED = "refuted"
    CANNOT_TELL = "cannot_tell"


class Verdict(enum.StrEnum):
    """What is known of an event by looking. UNVERIFIED until somebody looked and could tell."""

    UNVERIFIED = "unverified"
    CONFIRMED = "confirmed"
    REFUTED = "refuted"


_S, _V = VerificationState, Verdict
VERIFICATION_MOVES: frozenset[tuple[VerificationState, VerificationState]] = frozenset(
    {
        (_S.WAITING, _S.ASKED),  # somebody came on duty
        (_S.WAITING, _S.WITHDRAWN),
        (_S.ASKED, _S.ANSWERED),
        (_S.ASKED, _S.WITHDRAWN),
        (_S.WITHDRAWN, _S.KEPT),
    }
)
VERDICT_MOVES: frozenset[tuple[Verdict, Verdict]] = frozenset(
    {
        (_V.UNVERIFIED, _V.CONFIRMED),
        (_V.UNVERIFIED, _V.REFUTED),
        (_V.REFUTED, _V.CONFIRMED),  # a second look found it
        (_V.REFUTED, _V.UNVERIFIED),  # it rose above what was refuted, or met another event
    }
)
OPEN = (_S.WAITING, _S.ASKED)
_STRENGTH = (_V.REFUTED, _V.UNVERIFIED, _V.CONFIRMED)


def may(before: VerificationState, after: VerificationState) -> bool:
    """Whether a verification may go from one state to the other."""
    return (before, after) in VERIFICATION_MOVES


def after_answer(verdict: Verdict, answer: Answer) -> Verdict:
    """The verdict after one more answer. Once confirmed it stays so: that it is over later does not undo that it was.

    >>> after_answer(Verdict.REFUTED, Answer.CONFIRMED).value, after_answer(Verdict.CONFIRMED, Answer.REFUTED).value
    ('confirmed', 'confirmed')
    """
    if answer is Answer.CANNOT_TELL or verdict is _V.CONFIRMED:
        return verdict
    return Verdict(answer.value)


def merged(one: Verdict, other: Verdict) -> Verdict:
    """The verdict of two events that turned out to be one: confirmed wins, and only two refuted ones are refuted.

    >>> merged(Verdict.REFUTED, Verdict.UNVERIFIED).value
    'unverified'
    """
    return max(one, other, key=_STRENGTH.index)
