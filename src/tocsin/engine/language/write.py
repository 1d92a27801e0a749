"""Typed tree -> text: the way back of ``parse_condition``, in one normal form."""

from __future__ import annotations

from tocsin.engine.language import joint, tree
from tocsin.engine.language.quantity import duration_text, number_text
from tocsin.engine.language.write_joint import write_joint

__all__ = ["write_number", "write_truth"]


def write_truth(node: tree.Truth, unit: str) -> str:
    """The text of a condition; ``unit`` is that of the rule's property (day limits and spikes carry none themselves)."""
    match node:
        case tree.Compare(comparison, left, right):
            return f"{_operand(left, unit)} {comparison} {_operand(right, unit)}"
        case tree.And(left, right):
            return f"{_join(left, unit, tree.Or)} and {_join(right, unit, (tree.Or, tree.And))}"
        case tree.Or(left, right):
            return f"{write_truth(left, unit)} or {_join(right, unit, tree.Or)}"
        case tree.Not(of):
            return f"not ({write_truth(of, unit)})"
        case tree.Silent(limit):
            return f"silent({duration_text(limit)})"
        case tree.Stuck(width):
            return f"stuck({duration_text(width)})"
        case tree.Changed():
            return "changed"
        case joint.Stands() | joint.Then():
            return write_joint(node)
        case tree.Spike(size):
            return f"spike({_literal(size, unit)})"


def write_number(node: tree.Number, unit: str) -> str:
    """The text of a number."""
    match node:
        case tree.Constant(value, own):
            return _literal(value, own)
        case tree.Value():
            return "value"
        case tree.Previous():
            return "previous"
        case tree.Attribute(name):
            return f"@{name}"
        case tree.Window("rate", width, over) if over:
            return f"rate({duration_text(width)}, over {duration_text(over)})"
        case tree.Window(how, width):
            return f"{how}({duration_text(width)})"
        case tree.Quantile(width, q):
            return f"quantile({duration_text(width)}, {number_text(q)})"
        case tree.SameHour(days, how):
            return f"same_hour({days}d)" if how == "mean" else f"same_hour({days}d, {how})"
        case tree.Civil(how, which):
            return f"{how}({which})"
        case tree.ConsecutiveDays(how, comparison, threshold):
            return f"days({how}(day) {comparison} {_literal(threshold, unit)})"
        case tree.Index(of, table):
            return f'index({write_number(of, unit)}, "{table}")'
        case joint.Reports() | joint.Signals():
            return write_joint(node)
        case tree.Sister(name):
            return f'sister("{name}")'
        case tree.Arithmetic(_, left, tree.Constant(_, own)) if own.startswith("{"):
            return write_number(left, unit)  # a conversion, made anew when the text is read
        case tree.Arithmetic(op, left, right):
            return f"{_operand(left, unit)} {op} {_operand(right, unit)}"
        case tree.AreaNumber(how, width, truth, number):
            inner = (
                write_truth(truth, unit)
                if truth is not None
                else write_number(number, unit)
                if number is not None
                else ""
            )
            return f"{how}({inner}, {duration_text(width)})"


def _operand(node: tree.Number, unit: str) -> str:
    while (
        isinstance(node, tree.Arithmetic) and isinstance(node.right, tree.Constant) and node.right.unit.startswith("{")
    ):
        node = node.left
    text = write_number(node, unit)
    return f"({text})" if isinstance(node, tree.Arithmetic) else text


def _join(node: tree.Truth, unit: str, weaker: type | tuple[type, ...]) -> str:
    text = write_truth(node, unit)
    return f"({text})" if isinstance(node, weaker) else text


def _literal(value: float, unit: str) -> str:
    return number_text(value) if unit in ("1", "") else f"{number_text(value)} {unit}"
