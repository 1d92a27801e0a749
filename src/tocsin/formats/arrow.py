"""The Arrow form of observations: what doors hand to the log, what the log keeps, what the engine reads."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

__all__ = ["OBSERVATIONS", "values_of"]

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

_KINDS = {
    kind.id: np.dtype(np.int64 if pa.types.is_timestamp(kind) else kind.to_pandas_dtype())
    for kind in OBSERVATIONS.types
}


def values_of(batch: pa.RecordBatch, name: str) -> np.ndarray:
    """A column that is never null, as NumPy sees the same memory (times as int64 us). ``pyarrow.Array.to_numpy`` would do
    the same after importing pandas."""
    column = batch.column(name)
    kind = _KINDS.get(column.type.id) or np.dtype(column.type.to_pandas_dtype())
    if len(column) == 0:
        return np.zeros(0, kind)
    return np.frombuffer(column.buffers()[1], kind, len(column), column.offset * kind.itemsize)
