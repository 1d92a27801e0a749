"""The closed lists of CAP 1.2: which words an element may hold. Case matters."""

from __future__ import annotations

__all__ = [
    "CATEGORIES", "CERTAINTIES", "MSG_TYPES", "NAMESPACE", "RESPONSE_TYPES", "SCOPES", "SEVERITIES", "STATUSES",
    "URGENCIES",
]  # fmt: skip

NAMESPACE = "urn:oasis:names:tc:emergency:cap:1.2"

STATUSES = ("Actual", "Exercise", "System", "Test", "Draft")
MSG_TYPES = ("Alert", "Update", "Cancel", "Ack", "Error")
SCOPES = ("Public", "Restricted", "Private")
CATEGORIES = ("Geo", "Met", "Safety", "Security", "Rescue", "Fire", "Health", "Env", "Transport", "Infra", "CBRNE",
              "Other")  # fmt: skip
RESPONSE_TYPES = ("Shelter", "Evacuate", "Prepare", "Execute", "Avoid", "Monitor", "Assess", "AllClear", "None")
# From the highest down; Unknown ranks with the highest, for nobody knows that it is harmless (rule R59).
URGENCIES = ("Immediate", "Expected", "Future", "Past", "Unknown")
SEVERITIES = ("Extreme", "Severe", "Moderate", "Minor", "Unknown")
CERTAINTIES = ("Observed", "Likely", "Possible", "Unlikely", "Unknown")
