"""Does one condition imply another? Enough logic to prove a ladder monotone, or to prove that it is not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from tocsin.engine.language import joint, tree

__all__ = ["implies"]

Verdict = bool | None


def implies(strong: tree.Truth, weak: tree.Truth, nonnegative: bool = False) -> Verdict:
    """True: whenever ``strong`` holds, ``weak`` holds (of one stream at one moment, both known). False: data exist where
    it does not. None: not decidable from the texts alone (different quantities, stages that are data of the stream).
    ``nonnegative``: the property never falls below zero, so sums grow with their window."""
    match strong, weak:
        case _ if strong == weak:
            return True
        case tree.Or(left, right), _:
            return _all(implies(left, weak, nonnegative), implies(right, weak, nonnegative))
        case _, tree.And(left, right):
            return _all(implies(strong, left, nonnegative), implies(strong, right, nonnegative))
        case tree.And(left, right), _:
            return _any(implies(left, weak, nonnegative), implies(right, weak, nonnegative))
        case _, tree.Or(left, right):
            return _any(implies(strong, left, nonnegative), implies(strong, right, nonnegative))
        case tree.Not(a), tree.Not(b):
            return implies(b, a, nonnegative)
        case tree.Compare(), tree.Compare():
            return _compares(strong, weak, nonnegative)
        case joint.Stands(a, early), joint.Stands(b, late):
            return _joined(_terms(a, b), early <= late)
        case joint.Then(a, b, early), joint.Then(c, d, late):
            return _joined(_all(_terms(a, c), _terms(b, d)), early <= late)
        case joint.Then(_, second, _), joint.Stands(term, _):
            return _terms(second, term) or None
        case tree.Silent(a), tree.Silent(b):
            return a >= b
        case tree.Stuck(a), tree.Stuck(b):
            return a >= b
        case tree.Spike(a), tree.Spike(b):
            return a >= b
    return None


def _all(a: Verdict, b: Verdict) -> Verdict:
    return False if a is False or b is False else None if a is None or b is None else True


def _any(a: Verdict, b: Verdict) -> Verdict:
    return True if a or b else None


@dataclass(frozen=True, slots=True)
class _Quantity:
    """What is compared, apart from its window. ``grows``: +1 never falls as the window widens, -1 never rises, 0 has none."""

    family: object
    grows: Literal[-1, 0, 1] = 0
    width: int = 0


def _quantities(node: tree.Number, nonnegative: bool) -> list[_Quantity]:
    out = [_Quantity(node)]
    match node:
        case tree.Value():
            out += [_Quantity("max", 1, 0), _Quantity("min", -1, 0)]
        case tree.Window("max", width):
            out.append(_Quantity("max", 1, width))
        case tree.Window("min", width):
            out.append(_Quantity("min", -1, width))
        case tree.Window("count", width):
            out.append(_Quantity("count", 1, width))
        case tree.Window("sum", width) if nonnegative:
            out.append(_Quantity("sum", 1, width))
        case joint.Reports(category, within, width):
            out.append(_Quantity(("reports", category, within), 1, width))
        case tree.AreaNumber("how_many", width, truth):
            out.append(_Quantity(("how_many", truth), 1, width))
        case tree.AreaNumber("highest", width, _, number):
            out.append(_Quantity(("highest", number), 0, width))
    return out


def _compares(strong: tree.Compare, weak: tree.Compare, nonnegative: bool) -> Verdict:
    match strong.left, weak.left:
        case tree.ConsecutiveDays() as a, tree.ConsecutiveDays() as b if a != b:
            return _days(strong, a, weak, b)
        case tree.AreaNumber() as a, tree.AreaNumber() as b if a.how in ("how_many", "share") and a.truth != b.truth:
            return _areas(strong, a, weak, b, nonnegative)
        case joint.Signals() as a, joint.Signals() as b if a.how == b.how == "how_many":
            if not isinstance(strong.right, tree.Constant) or not isinstance(weak.right, tree.Constant):
                return None
            members = _terms(a.term, b.term)
            wide = _bounds(strong, _Quantity("near", 1, a.window_us), weak, _Quantity("near", 1, b.window_us))
            return wide if members else members
    if not isinstance(strong.right, tree.Constant) or not isinstance(weak.right, tree.Constant):
        return None
    for one in _quantities(strong.left, nonnegative):
        for other in _quantities(weak.left, nonnegative):
            if one.family == other.family:
                return _bounds(strong, one, weak, other)
    return None


def _bounds(strong: tree.Compare, one: _Quantity, weak: tree.Compare, other: _Quantity) -> Verdict:
    up, down = (">", ">="), ("<", "<=")
    a, b = strong.comparison, weak.comparison
    if a == "==" and one.width == other.width:
        return _holds(_limit(strong), b, _limit(weak))
    if not ((a in up and b in up) or (a in down and b in down)):
        return False if a in up + down and b in up + down else None
    if one.grows == 0 and one.width != other.width:
        return None
    wider = other.width - one.width
    if wider * one.grows * (1 if a in up else -1) < 0:
        return False
    return _tighter(a, _limit(strong), b, _limit(weak))


def _limit(compare: tree.Compare) -> float:
    assert isinstance(compare.right, tree.Constant)  # noqa: S101 - the callers made sure
    return compare.right.value


def _tighter(a: str, limit_a: float, b: str, limit_b: float) -> bool:
    if limit_a == limit_b:
        return not (a in ("<=", ">=") and b in ("<", ">"))
    return limit_a > limit_b if a in (">", ">=") else limit_a < limit_b


def _holds(value: float, comparison: str, limit: float) -> bool:
    return {"<": value < limit, "<=": value <= limit, ">": value > limit, ">=": value >= limit,
            "==": value == limit, "!=": value != limit}[comparison]  # fmt: skip


def _days(strong: tree.Compare, a: tree.ConsecutiveDays, weak: tree.Compare, b: tree.ConsecutiveDays) -> Verdict:
    same = a.how == b.how and a.comparison[0] == b.comparison[0]
    if not same or not isinstance(strong.right, tree.Constant) or not isinstance(weak.right, tree.Constant):
        return None
    fewer = _tighter(a.comparison, a.threshold, b.comparison, b.threshold)
    return fewer and _bounds(strong, _Quantity("days"), weak, _Quantity("days"))


def _terms(strong: joint.Term, weak: joint.Term) -> Verdict:
    """Whether where the one stands the other does: the same rule or hazard, no lower, no farther."""
    match strong, weak:
        case joint.SignalTerm(), joint.SignalTerm() if strong.rule == weak.rule:
            if (strong.within_m == 0) != (weak.within_m == 0):
                return None  # of one feature is not the same as near
            return strong.rank >= weak.rank and strong.within_m <= weak.within_m
        case joint.BulletinTerm(), joint.BulletinTerm() if strong.hazard == weak.hazard:
            return strong.rank >= weak.rank
    return None


def _joined(terms: Verdict, narrower: bool) -> Verdict:
    return terms if terms is not True else narrower


def _areas(
    strong: tree.Compare, a: tree.AreaNumber, weak: tree.Compare, b: tree.AreaNumber, nonnegative: bool
) -> Verdict:
    if a.how != b.how or a.truth is None or b.truth is None or (a.how == "share" and a.width_us != b.width_us):
        return None
    if not isinstance(strong.right, tree.Constant) or not isinstance(weak.right, tree.Constant):
        return None
    members = implies(a.truth, b.truth, nonnegative)
    if not members:
        return members
    return _bounds(strong, _Quantity("area", 1, a.width_us), weak, _Quantity("area", 1, b.width_us))
