"""How a gateway is asked: the settings ``sms_gateway``, ``sms_request`` and ``sms_header`` (or ``voice_...``) read and checked.

sms_gateway = "https://sms.example/v1/send"
sms_request = '{"to": "{to}", "text": "{text}", "id": "{key}"}'    JSON; or To={to}&Body={text} for a form
sms_header = "Authorization: Bearer ..."
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import quote_plus

from tocsin.terms.errors import BadValue

__all__ = ["GatewayRequest"]

_PLACE = re.compile(r"\{(\w+)\}")
_KNOWN = frozenset({"to", "text", "key", "language", "level", "receipt"})


@dataclass(frozen=True, slots=True)
class GatewayRequest:
    """How a gateway is asked: address, body with places, one header (``Name: value``) that proves who we are."""

    url: str
    body: str
    header: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        places = set(_PLACE.findall(self.body))
        if not {"to", "text"} <= places or places - _KNOWN:
            rule = "must hold {to} and {text}, and of others only {key}, {language}, {level}, {receipt}"
            raise BadValue("gateway request", rule,
                           'write {"to": "{to}", "text": "{text}"} or To={to}&Body={text}')  # fmt: skip
        if self.is_json:
            self.filled(dict.fromkeys(_KNOWN, '"\\\n'))  # must stay JSON whatever is filled in
        if self.header and ":" not in self.header:
            raise BadValue("gateway header", "has no colon", "write Authorization: Bearer ...")

    @property
    def is_json(self) -> bool:
        """JSON, else a form."""
        return self.body.lstrip().startswith("{") and '"' in self.body

    @property
    def headers(self) -> dict[str, str]:
        """Headers of every request."""
        name, _, value = self.header.partition(":")
        kind = "application/json" if self.is_json else "application/x-www-form-urlencoded"
        return {"content-type": kind} | ({name.strip(): value.strip()} if name else {})

    def filled(self, values: Mapping[str, str]) -> bytes:
        """The body of one request: values are put in as JSON text, or percent-encoded in a form. Raises BadValue where
        the declared body is not JSON."""
        if not self.is_json:
            return _PLACE.sub(lambda found: quote_plus(values[found[1]]), self.body).encode()
        text = _PLACE.sub(lambda found: json.dumps(values[found[1]], ensure_ascii=False)[1:-1], self.body)
        try:
            json.loads(text)
        except ValueError as error:
            raise BadValue("gateway request", f"is not JSON ({error})", "put every place in double quotes") from None
        return text.encode()
