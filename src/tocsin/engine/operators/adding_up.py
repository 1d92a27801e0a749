"""Two sums that add up what lies beyond a slack, upward and downward (Page 1954), in units of the usual size."""

from __future__ import annotations

import numpy as np

from tocsin.engine.operators.kernel import kernel

__all__ = ["add_up"]


@kernel
def add_up(slot, residual, slack, forget, warm, clip, judging, size, seen, up, down, out):
    for i in range(slot.shape[0]):
        s = slot[i]
        out[i] = np.nan
        r = residual[i]
        if not np.isfinite(r):
            continue
        if seen[s] >= warm and size[s] > 0.0:
            z = min(max(r / size[s], -clip), clip)
            if judging:
                up[s] = max(0.0, up[s] + z - slack)
                down[s] = max(0.0, down[s] - z - slack)
            out[i] = max(up[s], down[s])
        # The size is that of calm: a residual is let in up to a few times what is usual.
        a = abs(r)
        if seen[s] >= warm and size[s] > 0.0:
            a = min(a, 3.0 * size[s])
        seen[s] += 1
        weight = max(1.0 / seen[s], forget)
        size[s] += weight * (a - size[s])
