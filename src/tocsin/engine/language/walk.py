"""Ways through a tree."""

from __future__ import annotations

from collections.abc import Iterator

from tocsin.engine.language import joint, tree
from tocsin.engine.language.rule import Rule

__all__ = ["is_joint", "leaves", "nodes", "rule_nodes"]


def nodes(node: object, *, into_areas: bool = False) -> Iterator[object]:
    """Every node of a tree, parents first, in the order written. What stands inside an area function is judged in the
    member streams, not in the area: it is entered only ``into_areas``."""
    yield node
    match node:
        case (
            tree.And(left, right)
            | tree.Or(left, right)
            | tree.Arithmetic(_, left, right)
            | tree.Compare(_, left, right)
        ):
            parts: list[object] = [left, right]
        case tree.Not(of) | tree.Index(of, _, _, _):
            parts = [of]
        case tree.AreaNumber(_, _, truth, number) if into_areas:
            parts = [part for part in (truth, number) if part is not None]
        case _:
            parts = []
    for part in parts:
        yield from nodes(part, into_areas=into_areas)


def leaves(truth: tree.Truth) -> Iterator[tree.Truth]:
    """What a truth joins by and, or, not, in the order written: comparisons, silent, stuck, spike."""
    match truth:
        case tree.And(left, right) | tree.Or(left, right):
            yield from leaves(left)
            yield from leaves(right)
        case tree.Not(of):
            yield from leaves(of)
        case _:
            yield truth


def is_joint(rule: Rule) -> bool:
    """Whether a rule looks at signals, reports or bulletins rather than at observations."""
    return any(isinstance(node, joint.JointTruth | joint.JointNumber) for node in rule_nodes(rule))


def rule_nodes(rule: Rule, *, into_areas: bool = False) -> Iterator[object]:
    """Every node of a rule's conditions, the clear condition included."""
    for truth in [rung.when for rung in rule.rungs] + ([rule.clear.when] if rule.clear.when is not None else []):
        yield from nodes(truth, into_areas=into_areas)
