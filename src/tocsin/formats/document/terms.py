"""What a document may be, and why one is not taken."""

from __future__ import annotations

from enum import Enum, StrEnum

from tocsin.terms.errors import BadForm

__all__ = ["MOST_BYTES", "FileKind", "NotTaken", "Why"]

MOST_BYTES = 12 << 20  # as much as a photograph may have


class FileKind(StrEnum):
    """What is kept; the value is the ending of the name under which it is given out."""

    PICTURE = "jpg"
    PDF = "pdf"
    DOCX = "docx"
    XLSX = "xlsx"
    ODT = "odt"
    TEXT = "txt"

    @property
    def media_type(self) -> str:
        """As IANA registers it."""
        return _MEDIA[self.value]


_MEDIA = {
    "jpg": "image/jpeg", "pdf": "application/pdf", "txt": "text/plain",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "odt": "application/vnd.oasis.opendocument.text",
}  # fmt: skip


class Why(Enum):
    """Why a document is not taken; the value says it in English, for programs and commands."""

    EMPTY = "it is empty"
    BIG = "it is larger than is kept"
    KIND = "it is none of PDF, DOCX, XLSX, ODT, plain text and pictures by its content"
    OLD_OFFICE = "it is a file of an old office program, whose parts cannot be looked at"
    BROKEN = "it is cut off or damaged"
    TWO_THINGS = "it is two files in one"
    LOCKED = "it is locked with a password, so that nobody can look what is in it"
    UNSEEN = "it packs its parts in a way that cannot be looked at"
    BOMB = "it unpacks to far more than it is"
    SCRIPT = "it holds a program (a macro or a script)"
    LAUNCH = "it can start programs or send data away"
    EMBEDDED = "it holds other files"
    OUTSIDE = "it loads parts from elsewhere"
    ENTITIES = "it declares entities, with which readers are attacked"
    MARKUP = "it is a web page or markup, no plain text"
    HIDDEN = "it holds characters that no text has"


class NotTaken(BadForm):
    """A document that is not taken; ``why`` for words in the reader's language."""

    def __init__(self, why: Why) -> None:
        self.why = why
        super().__init__("document", why.value, "save it anew as PDF without scripts and attachments, or as plain text")
