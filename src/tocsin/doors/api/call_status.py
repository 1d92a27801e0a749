"""What gateways call the end of a call, as one of our own words. A human's key is no status: it is an answer (ADR 18)."""

from __future__ import annotations

from tocsin.records.callout.lifecycle import Heard
from tocsin.records.dispatch.answers import HEARD_DIGIT

__all__ = ["heard_of"]

# Words of voice gateways in use (Twilio, Vonage, Aliyun and their like), in small letters, - for _ and space.
_WORDS: dict[Heard, frozenset[str]] = {
    Heard.MACHINE: frozenset({"machine", "answering-machine", "voicemail", "machine-start", "machine-end-beep", "fax"}),
    Heard.ENGAGED: frozenset({"busy", "engaged", "user-busy"}),
    Heard.NO_ANSWER: frozenset({"no-answer", "noanswer", "unanswered", "timeout", "ring-timeout"}),
    Heard.CONNECTED: frozenset({"connected", "answered", "in-progress", "completed", "human", "call-connected"}),
    Heard.FAILED: frozenset({"failed", "rejected", "canceled", "cancelled", "unreachable", "invalid", "power-off"}),
}


def heard_of(digit: str, status: str) -> Heard | None:
    """What came of a call that nobody answered; None where the gateway says nothing that we know, or a human answered.

    >>> heard_of("", "No_Answer"), heard_of("7", ""), heard_of("1", "completed")
    (<Heard.NO_ANSWER: 'no_answer'>, <Heard.WRONG_KEY: 'wrong_key'>, None)
    """
    if digit.strip():
        return None if digit.strip() == HEARD_DIGIT else Heard.WRONG_KEY
    word = status.strip().lower().replace("_", "-").replace(" ", "-")[:40]
    return next((heard for heard, words in _WORDS.items() if word in words), None)
