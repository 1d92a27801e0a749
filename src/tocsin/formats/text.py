"""The text of files: UTF-8 (with or without mark) and GB 18030 / GBK."""

from __future__ import annotations

import codecs

from tocsin.terms.errors import BadForm

__all__ = ["decoded"]


def decoded(data: bytes, encoding: str = "") -> str:
    """The text of a file: the encoding named, else UTF-8, else GB 18030. Raises BadForm."""
    tries = (encoding,) if encoding else ("utf-8-sig", "gb18030")
    for name in tries:
        try:
            if "\0" not in (text := codecs.decode(data, "utf-8-sig" if name.casefold() in ("utf-8", "utf8") else name)):
                return text
        except LookupError:
            raise BadForm(f"encoding {name}", "it is not known", "write utf-8 or gb18030") from None
        except ValueError:
            continue
    raise BadForm(
        "file", f"it is no text in {' or '.join(tries)}", "save it as UTF-8, or name its encoding in the mapping"
    )
