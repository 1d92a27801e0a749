"""Documents that strangers send: what a file is by its content, and whether anything in it could act. Nothing is run, rendered
or fetched; what cannot be looked at whole is refused."""

from tocsin.formats.document.looked import look_at
from tocsin.formats.document.terms import MOST_BYTES, FileKind, NotTaken, Why

__all__ = ["MOST_BYTES", "FileKind", "NotTaken", "Why", "look_at"]
