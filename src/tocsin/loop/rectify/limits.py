"""How long things may take in rectify. The handler writes the limit of an order; these are what the form begins with."""

from __future__ import annotations

from datetime import timedelta

from tocsin.loop.rectify.lifecycle import Grade

__all__ = ["LOOK_BACK", "LOOK_BACK_WITHIN", "ORDER", "RECHECK", "RECORD_AT_MOST"]

# own: no national number was found in the facts at hand; the order's own limit is what counts.
ORDER: dict[Grade, timedelta] = {Grade.GENERAL: timedelta(days=7), Grade.MAJOR: timedelta(days=30)}
# facts/workplace_safety.yaml#clocks.major_hazard_recheck: 10 calendar days for major ones (verified, local override).
RECHECK = timedelta(days=10)
# facts/workplace_safety.yaml#clocks.rectification_review: within a year (verified).
LOOK_BACK = timedelta(days=365)
LOOK_BACK_WITHIN = RECHECK  # own: from its day on, as long as for a re-check
RECORD_AT_MOST = 6  # photographs at a time
