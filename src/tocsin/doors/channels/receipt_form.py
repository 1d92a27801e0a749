"""How a gateway reports what became of a letter: the settings ``sms_receipt`` and ``voice_receipt`` read and checked.

sms_receipt = "id=MessageId status=MessageStatus delivered=delivered acknowledged=read returned=failed,undelivered"

``id`` and ``status`` are names of fields, of JSON (dots go deeper) or of a form; the rest are the gateway's words, in any
case. A word that is not listed says nothing ("queued"). ``id`` is needed only where the gateway reports at one fixed address.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from tocsin.records.dispatch.lifecycle import Receipt
from tocsin.terms.errors import BadForm, BadValue

__all__ = ["OURS", "ReceiptForm", "fields_of"]

_REMEDY = "write id=FIELD status=FIELD delivered=WORD,WORD returned=WORD, each without spaces"
_FIELDS_AT_MOST = 100


@dataclass(frozen=True, slots=True)
class ReceiptForm:
    """``words``: what the gateway's words mean, in lower case."""

    status: str
    words: Mapping[str, Receipt]
    id: str = ""

    @classmethod
    def of(cls, setting: str, name: str = "setting sms_receipt") -> ReceiptForm:
        """Read a setting. Raises BadValue."""
        parts = dict(part.partition("=")[::2] for part in setting.split())
        kinds = {one.value for one in Receipt}
        if not parts.get("status") or set(parts) - kinds - {"id", "status"} or not kinds & set(parts):
            raise BadValue(name, "does not say which field holds the status, and which words mean what", _REMEDY)
        words = {
            word.lower(): Receipt(kind)
            for kind in sorted(kinds & set(parts))
            for word in parts[kind].split(",")
            if word
        }
        return cls(parts["status"], words, parts.get("id", ""))

    def read(self, fields: Mapping[str, Any]) -> tuple[str, Receipt | None, str]:
        """The letter's key ("" where it is not said), what it means (None: nothing), and the gateway's word."""
        word = _deep(fields, self.status)
        return _deep(fields, self.id) if self.id else "", self.words.get(word.lower()), word


OURS = ReceiptForm("status", {one.value: one for one in Receipt} | {"": Receipt.ACKNOWLEDGED})


def fields_of(body: bytes, kind: str) -> dict[str, Any]:
    """The fields of a report, JSON or a form. Raises BadForm."""
    try:
        if kind.startswith("application/json"):
            read = json.loads(body or b"{}")
        else:
            read = dict(parse_qsl(body.decode(), max_num_fields=_FIELDS_AT_MOST))
    except (ValueError, RecursionError):
        read = None
    if not isinstance(read, dict):
        raise BadForm("receipt", "is neither a JSON object nor a form", "send one of them")
    return read


def _deep(fields: Mapping[str, Any], name: str) -> str:
    found: Any = fields
    for part in name.split("."):
        found = found.get(part) if isinstance(found, Mapping) else None
    return str(found)[:200] if isinstance(found, str | int) else ""
