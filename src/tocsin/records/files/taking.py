"""A document as it comes: read within its limit, looked at, kept. What is refused is said in words that help."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.translation import gettext as _

from tocsin.formats.document import MOST_BYTES, FileKind, NotTaken, Why, look_at
from tocsin.records.blobs import Picture, made_anew
from tocsin.terms.errors import BadForm, Refused, TooBig

__all__ = ["Given", "take", "too_big"]

_NAME = 120
_UNWANTED = re.compile(r'[\x00-\x1f\x7f-\x9f"<>:|?*/\\]')


@dataclass(frozen=True, slots=True)
class Given:
    """A document that was looked at and is not kept yet: content, kind, and its name without path and ending."""

    content: bytes
    kind: FileKind
    name: str

    @property
    def digest(self) -> str:
        """SHA-256 of its content."""
        return hashlib.sha256(self.content).hexdigest()


def take(chunks: Iterable[bytes], name: str) -> Given | Picture:
    """A document as it was given, looked at; a picture is written anew. Neither is kept: whoever keeps it knows about seals.
    The kind is what it is by content, whatever its name says. Raises TooBig over MOST_BYTES, BadForm for what is no such
    file, is damaged or could act."""
    shown = _clean(name)
    content = bytearray()
    for chunk in chunks:
        content += chunk
        if len(content) > MOST_BYTES:
            raise too_big(shown)
    whole = bytes(content)
    try:
        kind = look_at(whole)
    except NotTaken as error:
        raise _in_words(error, shown) from None
    if kind is FileKind.PICTURE:
        return made_anew([whole], shown)
    return Given(whole, kind, shown.rsplit(".", 1)[0].strip(" .") or _("document"))


def too_big(name: str) -> TooBig:
    """The refusal of one that is larger than is kept."""
    return TooBig(_("document {name}").format(name=_clean(name)), _("is larger than {n} MB").format(n=MOST_BYTES >> 20),
                  _("send it in parts, or with smaller pictures in it"))  # fmt: skip


def _clean(name: str) -> str:
    """A name as it can be shown and given to a browser: no path, nothing unseen, nothing that turns its order round."""
    last = re.split(r"[/\\]", name)[-1]
    seen = "".join(
        letter
        for letter in unicodedata.normalize("NFC", last)
        if unicodedata.category(letter) not in ("Cf", "Cc", "Cs")
    )
    return _UNWANTED.sub("", seen).strip()[:_NAME]


def _in_words(error: NotTaken, name: str) -> Refused:
    anew = _("save it anew as PDF without scripts and attachments, and send that")
    as_pdf = _("save it as PDF, and send that")
    rule, remedy = {
        Why.EMPTY: (_("is empty"), _("choose the right file")),
        Why.BIG: (_("is larger than {n} MB").format(n=MOST_BYTES >> 20), _("send it in parts, or with smaller pictures in it")),
        Why.KIND: (_("is no PDF, Word, Excel or OpenDocument file, text or picture by its content"), as_pdf),
        Why.OLD_OFFICE: (_("was made by an old office program, whose files can hide programs"), as_pdf),
        Why.BROKEN: (_("is damaged or was cut off"), _("open it, save it anew, and send that")),
        Why.TWO_THINGS: (_("is two files in one"), anew),
        Why.LOCKED: (_("is locked with a password"), _("save it without a password")),
        Why.UNSEEN: (_("is packed so that nobody can look what is in it"), anew),
        Why.BOMB: (_("unpacks to far more than it is"), anew),
        Why.SCRIPT: (_("holds a program (a macro or a script)"), anew),
        Why.LAUNCH: (_("can start programs or send data away"), anew),
        Why.EMBEDDED: (_("holds other files"), _("take them out, and send each by itself")),
        Why.OUTSIDE: (_("loads parts from elsewhere"), anew),
        Why.ENTITIES: (_("declares entities, with which readers are attacked"), anew),
        Why.MARKUP: (_("is a web page or markup, no plain text"), as_pdf),
        Why.HIDDEN: (_("holds characters that no text has"), _("save it as plain text in UTF-8")),
    }[error.why]  # fmt: skip
    return BadForm(_("document {name}").format(name=name), rule, remedy)
