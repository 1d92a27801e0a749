"""Why a row was refused, in the reader's language. The pure floors write their reasons in English, since what is kept must not
depend on who reads it; here each is recognised, with the names and numbers in it, and said again. A reason that nobody has
translated is shown as it was written, after the word of its code."""

from __future__ import annotations

import re

from django.utils.functional import Promise
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

__all__ = ["code_word", "in_words"]

_CODES: dict[str, Promise] = {
    "unknown_name": _("Unknown name"), "bad_unit": _("Bad unit"), "bad_value": _("Bad value"), "bad_time": _("Bad time"),
    "bad_form": _("Bad form"), "too_big": _("Too big"), "not_allowed": _("Not allowed"),
}  # fmt: skip
# As the floors write them; {name} stands for whatever is there.
_SAID: tuple[tuple[str, Promise], ...] = (
    ("the time cannot be read", _("the time cannot be read")),
    ("the time has no zone", _("the time has no zone")),
    ("a whole number before 1973: it looks like seconds or milliseconds",
     _("a whole number before 1973: it looks like seconds or milliseconds")),
    ("the local time comes twice or never (clocks change there)",
     _("the local time comes twice or never (clocks change there)")),
    ("the row has no time", _("the row has no time")),
    ("the value is no number", _("the value is no number")),
    ("the value is not a number", _("the value is no number")),
    ("the value is not a finite number (NaN or infinite)", _("the value is not a finite number (NaN or infinite)")),
    ("a forecast without its time of issue", _("a forecast without its time of issue")),
    ("issued_at is given, but the stream holds no forecasts", _("issued_at is given, but the stream holds no forecasts")),
    ("{field} is more than {seconds} s ahead of our clock", _("{field} is more than {seconds} s ahead of our clock")),
    ("stream {stream} belongs to source {own}, not to {source}", _("stream {stream} belongs to source {own}, not to {source}")),
    ("stream {stream} is not in the catalogue", _("stream {stream} is not in the catalogue")),
    ("the stream is not in the catalogue", _("the stream is not in the catalogue")),
    ("outside the sane range {low} to {high} {unit} of stream {stream}",
     _("outside the sane range {low} to {high} {unit} of stream {stream}")),
    ("{sent} does not convert to {wanted}: they measure different things",
     _("{sent} does not convert to {wanted}: they measure different things")),
    ("it is not a unit we know", _("it is not a unit we know")),
    # remedies
    ("write it as 2026-07-20T08:00:00Z (RFC 3339)", _("write it as 2026-07-20T08:00:00Z (RFC 3339)")),
    ("end it with Z or an offset such as +08:00, or name the zone in the mapping",
     _("end it with Z or an offset such as +08:00, or name the zone in the mapping")),
    ("write it with Z or an offset such as +08:00", _("write it with Z or an offset such as +08:00")),
    ("send microseconds since 1970", _("send microseconds since 1970")),
    ("send it with an offset such as +08:00", _("send it with an offset such as +08:00")),
    ("send observed_at in every row", _("send observed_at in every row")),
    ("send a number, or null where there is no value", _("send a number, or null where there is no value")),
    ("send null where there is no value", _("send null where there is no value")),
    ("leave the value out or send null for missing", _("send null where there is no value")),
    ("send issued_at with forecast streams", _("send issued_at with forecast streams")),
    ("register the stream with forecast = true, or leave issued_at empty",
     _("register the stream with forecast = true, or leave issued_at empty")),
    ("send it with the token of its own source", _("send it with the token of its own source")),
    ("register it or correct its id (did you mean {near}?)", _("register it or correct its id (did you mean {near}?)")),
    ("register it or correct its id", _("register it or correct its id")),
    ("check the clock and the time zone of the source", _("check the clock and the time zone of the source")),
    ("check the instrument, or correct the range in the catalogue",
     _("check the instrument, or correct the range in the catalogue")),
    ("send {wanted}, or a unit of the same kind", _("send {wanted}, or a unit of the same kind")),
    ("did you mean {near}? use a UCUM code such as mm, Cel, m/s, hPa, ug/m3",
     _("did you mean {near}? use a UCUM code such as mm, Cel, m/s, hPa, ug/m3")),
    ("use a UCUM code such as mm, Cel, m/s, hPa, ug/m3", _("use a UCUM code such as mm, Cel, m/s, hPa, ug/m3")),
)  # fmt: skip


def _pattern(said: str) -> re.Pattern[str]:
    """The sentence, with anything on one line for each name in braces."""
    parts = re.split(r"\{(\w+)\}", said)
    made = "".join(f"(?P<{part}>.{{1,300}}?)" if n % 2 else re.escape(part) for n, part in enumerate(parts))
    return re.compile(made)


_KNOWN = tuple((_pattern(said), words) for said, words in _SAID)


def code_word(code: str) -> str:
    """What the glossary calls a code of refusal."""
    return str(_CODES.get(code, code))


def in_words(said: str) -> tuple[str, bool]:
    """A rule or a remedy in the present language, and whether it is: what nobody has translated stays English."""
    for pattern, words in _KNOWN:
        if found := pattern.fullmatch(said):
            return str(words).format(**found.groupdict()), True
    return said, (get_language() or "en").startswith("en")
