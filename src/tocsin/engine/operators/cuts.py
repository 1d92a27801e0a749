"""Where ticks belong in a column of moments."""

from __future__ import annotations

from tocsin.engine.operators.kernel import kernel

__all__ = ["cuts_of"]


@kernel
def cuts_of(moments, known, high, last, every, cut, tick):
    """Positions before which a tick belongs, and which multiple of ``every`` it is. ``last``: the multiple below the running
    maximum ``high`` so far, where ``known``. Returns how many, and both as they are afterwards."""
    n = 0
    if not known:
        high = moments[0]
        last = (high - 1) // every
    limit = (last + 1) * every
    for i in range(moments.shape[0]):
        if moments[i] > high:
            high = moments[i]
            if high > limit:
                last = (high - 1) // every
                limit = (last + 1) * every
                cut[n], tick[n] = i, last
                n += 1
    return n, high, last
