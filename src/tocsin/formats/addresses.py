"""Addresses of channels that more than one part must know by sight: telephone numbers and MQTT topics. Pure."""

from __future__ import annotations

import re

__all__ = ["TELEPHONE", "TOPIC"]

TELEPHONE = re.compile(r"\+[1-9][0-9]{5,14}")  # ITU-T E.164, with country code
TOPIC = re.compile(r"[^\x00-\x1f+#\x7f]{1,200}")  # a topic to publish to has no wildcard (MQTT 5, section 4.7)
