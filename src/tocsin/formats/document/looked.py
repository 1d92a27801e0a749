"""What a file is, by its first bytes and by its whole; never by its name."""

from __future__ import annotations

from tocsin.formats.document.office import look_at_office
from tocsin.formats.document.pdf import look_at_pdf
from tocsin.formats.document.terms import MOST_BYTES, FileKind, NotTaken, Why
from tocsin.formats.document.text import look_at_text
from tocsin.formats.document.zipped import END, LOCAL

__all__ = ["look_at"]

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_TAIL = (1 << 16) + 22  # where readers of ZIP look for its end
_PICTURES = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n")


def look_at(content: bytes) -> FileKind:
    """The kind of a document in which nothing acts. A picture is only recognised: whoever keeps it writes it anew. Raises
    NotTaken."""
    if not content:
        raise NotTaken(Why.EMPTY)
    if len(content) > MOST_BYTES:
        raise NotTaken(Why.BIG)
    if content.startswith(_PICTURES) or (content[:4] == b"RIFF" and content[8:12] == b"WEBP"):
        return FileKind.PICTURE
    if content.startswith(_OLE):
        raise NotTaken(Why.OLD_OFFICE)
    if content.startswith(LOCAL):
        return look_at_office(content)
    if content.startswith(b"%PDF-"):
        if END in content[-_TAIL:]:
            raise NotTaken(Why.TWO_THINGS)
        look_at_pdf(content)
        return FileKind.PDF
    if END in content[-_TAIL:] or b"%PDF-" in content[:1024]:  # readers look that far for a beginning
        raise NotTaken(Why.TWO_THINGS)
    look_at_text(content)
    return FileKind.TEXT
