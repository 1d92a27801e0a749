"""The Arrow form of observations: what doors hand to the log, what the log keeps, what the engine reads."""

from __future__ import annotations

import pyarrow as pa

__all__ = ["OBSERVATIONS"]

# stream: catalogue index; value in the stream's unit (NaN where quality is MISSING); times in us UTC;
# issued_at only for forecast streams (observed_at is then the valid time).
OBSERVATIONS = pa.schema(
    [
        pa.field("stream", pa.int32(), nullable=False),
        pa.field("observed_at", pa.timestamp("us", tz="UTC"), nullable=False),
        pa.field("value", pa.float64(), nullable=False),
        pa.field("quality", pa.uint8(), nullable=False),
        pa.field("received_at", pa.timestamp("us", tz="UTC"), nullable=False),
        pa.field("issued_at", pa.timestamp("us", tz="UTC"), nullable=True),
    ]
)
