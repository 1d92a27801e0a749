"""Nodes of the second stage -> text, the way back of ``build_joint``."""

from __future__ import annotations

from tocsin.engine.language import joint
from tocsin.engine.language.quantity import duration_text, number_text

__all__ = ["distance_text", "write_joint", "write_term"]


def write_joint(node: joint.JointTruth | joint.JointNumber) -> str:
    """``rainstorm at yellow within 20 km then river_rise at yellow in 6h``."""
    match node:
        case joint.Stands(term, window):
            return write_term(term) + _in(window)
        case joint.Then(first, second, window):
            return f"{write_term(first)} then {write_term(second)}{_in(window)}"
        case joint.Reports(category, within, window):
            return f"count(reports: {category}{_within(within)}{_in(window)})"
        case joint.Signals(how, term, window):
            return f"{how}({write_term(term)}{_in(window)})"


def write_term(term: joint.Term) -> str:
    """``gas_leak at yellow within 500 m``; ``bulletin(rainstorm) at orange``."""
    if isinstance(term, joint.BulletinTerm):
        return f"bulletin({term.hazard}) at {term.level}"
    return f"{term.rule.rpartition('/')[2]} at {term.level}{_within(term.within_m)}"


def distance_text(metres: float) -> str:
    """The shortest way to write a distance: ``500 m``, ``20 km``."""
    return f"{number_text(metres / 1000)} km" if metres % 1000 == 0 else f"{number_text(metres)} m"


def _within(metres: float) -> str:
    return f" within {distance_text(metres)}" if metres else ""


def _in(window_us: int) -> str:
    return f" in {duration_text(window_us)}" if window_us else ""
