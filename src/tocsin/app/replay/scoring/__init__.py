"""The closed set of scorers: code that knows how one kind of recorded truth is to be compared with signals."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from tocsin.app.replay.report import Score
from tocsin.app.replay.run import Replayed
from tocsin.app.replay.scoring.beijing_air import score_beijing_air
from tocsin.app.replay.scoring.river import score_river

__all__ = ["SCORERS"]

SCORERS: Mapping[str, Callable[[Replayed], Score]] = {
    "beijing_air": score_beijing_air,
    "river": score_river,
}
