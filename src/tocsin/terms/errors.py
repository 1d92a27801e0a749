"""What can go wrong, said in one way.

    TocsinError                 anything we refuse or fail at, with a remedy
    +- Refused                  input broke a rule; the caller can repair it
    |  +- UnknownName           a name nobody registered (stream, rule, pack, level ...)
    |  +- BadUnit               a unit we do not know or cannot convert
    |  +- BadValue              not a number, infinite, outside the sane range, wrong type
    |  +- BadTime               too far in the future, without zone, unreadable
    |  +- BadForm               bytes that are not what they claim to be (JSON, Arrow, TOML ...)
    |  +- TooBig                over a stated limit
    |  +- NotAllowed            no token, wrong token, outside scope
    |  +- Stale                 somebody else was quicker, or a move the lifecycle does not allow
    |  +- BadPack               a pack fault (file, line, remedy)
    |  +- BadRule               a rule text fault (line, column, expected)
    +- Damaged                  stored bytes fail their check (log segment, snapshot)
    +- Unavailable              a part we need does not answer

Every error names the *thing*, the *rule* it broke and the *remedy*.
"""

from __future__ import annotations

__all__ = [
    "BadForm", "BadPack", "BadRule", "BadTime", "BadUnit", "BadValue", "Damaged", "NotAllowed",
    "Refused", "Stale", "TocsinError", "TooBig", "Unavailable", "UnknownName",
]  # fmt: skip


class TocsinError(Exception):
    """Anything refused or failed. ``thing`` broke ``rule``; ``remedy`` says what to do.

    >>> str(BadUnit("stream g1", "unit must convert to mm, got 'Cel'", "send mm or register the stream in Cel"))
    "stream g1: unit must convert to mm, got 'Cel'. Remedy: send mm or register the stream in Cel."
    """

    code = "error"

    def __init__(self, thing: str, rule: str, remedy: str) -> None:
        self.thing, self.rule, self.remedy = thing, rule, remedy
        super().__init__(thing, rule, remedy)

    def __str__(self) -> str:
        return f"{self.thing}: {self.rule}. Remedy: {self.remedy}."

    def as_problem(self) -> dict[str, str]:
        """RFC 9457 members that do not depend on the door (``status`` is the door's)."""
        return {
            "type": f"urn:tocsin:problem:{self.code}",
            "title": self.rule,
            "thing": self.thing,
            "remedy": self.remedy,
            "detail": str(self),
        }


class Refused(TocsinError):
    """The input broke a rule; whoever sent it can repair it."""

    code = "refused"


class UnknownName(Refused):
    """A name that nobody registered."""

    code = "unknown_name"


class BadUnit(Refused):
    """A unit that is unknown or has another dimension."""

    code = "bad_unit"


class BadValue(Refused):
    """A value that is no number, infinite, out of the sane range or of the wrong type."""

    code = "bad_value"


class BadTime(Refused):
    """A moment without zone, unreadable, or too far in the future."""

    code = "bad_time"


class BadForm(Refused):
    """Bytes that are not what they claim to be."""

    code = "bad_form"


class TooBig(Refused):
    """More than a stated limit."""

    code = "too_big"


class NotAllowed(Refused):
    """No token, a wrong token, or outside the caller's scope."""

    code = "not_allowed"


class Stale(Refused):
    """The thing is no longer as the caller saw it: somebody else changed it, or this move is over."""

    code = "stale"


class BadPack(Refused):
    """A fault in a pack's declarations."""

    code = "bad_pack"


class BadRule(Refused):
    """A fault in a rule's text. ``line`` and ``column`` count from 1 inside that text; 0 = about the whole."""

    code = "bad_rule"
    line = 0
    column = 0


class Damaged(TocsinError):
    """Stored bytes that fail their check."""

    code = "damaged"


class Unavailable(TocsinError):
    """A part that we need does not answer."""

    code = "unavailable"
