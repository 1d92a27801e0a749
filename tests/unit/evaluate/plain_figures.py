"""The plain twin of evaluate's computing: one loop a question, nothing shared, nothing fast."""

from __future__ import annotations

import statistics
from typing import Any

from tocsin.terms.moment import to_us


def plain(
    indicator: Any, lines: list[Any], since_us: int | None, until_us: int | None, as_of_us: int
) -> dict[str, Any]:
    """n, hits, waiting, median and the delays of one indicator."""
    how = {"delay": plain_delay, "share": plain_share, "sum": plain_sum}[indicator.kind]
    return how(
        indicator,
        lines,
        lambda us: (since_us is None or us >= since_us) and (until_us is None or us < until_us),
        as_of_us,
    )


def plain_delay(ind: Any, lines: list[Any], within: Any, as_of_us: int) -> dict[str, Any]:
    good = bad = without = waiting = 0
    delays = []
    for k, line in enumerate(lines):
        if line.verb not in ind.start or not within(to_us(line.at)):
            continue
        thing = line.body.get(ind.thing, "") if ind.thing else line.subject
        same = [other for other in lines if (other.body.get(ind.thing, "") if ind.thing else other.subject) == thing]
        mine = [other for other in lines[k + 1 :] if other in same]
        if not thing or (not ind.every and any(other.verb in ind.start for other in lines[:k] if other in same)):
            continue
        ended = held = None
        dropped = False
        for other in mine:
            if ind.every and other.verb in ind.start:
                break
            if other.verb in ind.end:
                if ind.confirm and held is not True:
                    ended, held = other, None
                elif not ind.confirm and ended is None:
                    ended = other
            elif ended is None and other.verb in ind.dropped:
                dropped = True
                break
            elif ended is not None and held is not True and other.verb in ind.confirm and by_another(other, ended):
                held = other.body.get("said") == "fixed"
        if dropped:
            continue
        start_us = to_us(line.at)
        limit = (
            ind.limit_s * 1_000_000
            if ind.limit_s
            else (line.body[ind.due] - start_us if ind.due in line.body else None)
        )
        delay = to_us(ended.at) - start_us if ended is not None else None
        if limit is None:
            if delay is None:
                waiting += 1
            else:
                without += 1
                delays.append(delay)
        elif delay is None:
            if as_of_us - start_us <= limit:
                waiting += 1
            else:
                bad += 1
        elif delay > limit:
            bad += 1
            delays.append(delay)
        elif ind.confirm and held is None:
            waiting += 1
        elif ind.confirm and held is False:
            if as_of_us - start_us <= limit:
                waiting += 1
            else:
                bad += 1
                delays.append(delay)
        else:
            good += 1
            delays.append(delay)
    timed = bool(ind.limit_s or ind.due)
    n = good + bad if timed else good + bad + without
    return {"n": n, "hits": good if timed else None, "waiting": waiting, "median": _median(delays)}


def by_another(line: Any, other: Any) -> bool:
    return bool(line.actor.split("/")[-1] != other.actor.split("/")[-1])


def plain_share(ind: Any, lines: list[Any], within: Any, as_of_us: int) -> dict[str, Any]:
    n = hits = 0
    for subject in {line.subject for line in lines}:
        verdicts = [line for line in lines if line.subject == subject and line.verb in ind.of]
        if verdicts and within(to_us(verdicts[-1].at)):
            n += 1
            hits += verdicts[-1].verb in ind.hit
    return {"n": n, "hits": hits, "waiting": 0, "median": None}


def plain_sum(ind: Any, lines: list[Any], within: Any, as_of_us: int) -> dict[str, Any]:
    n = hits = 0
    delays = []
    for line in lines:
        if line.verb in ind.of and within(to_us(line.at)):
            hits += sum(line.body.get(key, 0) for key in ind.part)
            n += sum(line.body.get(key, 0) for key in ind.whole)
            puts = [p for p in lines if p.verb == ind.put and line.body.get("dispatch") in p.body.get("dispatches", [])]
            if puts and line.body.get(ind.first) is not None:
                delays.append(line.body[ind.first] - to_us(puts[-1].at))
    return {"n": n, "hits": hits, "waiting": 0, "median": _median(delays)}


def _median(delays: list[int]) -> float | None:
    return float(statistics.median(delays)) if delays else None
