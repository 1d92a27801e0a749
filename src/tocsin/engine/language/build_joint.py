"""Syntax -> nodes of the second stage: signals of other rules, report counts, bulletins, sequences."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, cast

from lark import Token, Tree

from tocsin.engine.language import joint, tree, walk
from tocsin.engine.language.faults import nearest
from tocsin.engine.language.quantity import converts, split_quantity
from tocsin.engine.language.write_joint import write_joint
from tocsin.terms.errors import BadUnit

if TYPE_CHECKING:
    from tocsin.engine.language.build import Builder

__all__ = ["FARTHEST_M", "JointBuilder", "Span", "check_stage"]

Node = Tree[Token] | Token
FARTHEST_M = 500_000.0
LONGEST_US = 31 * 86_400_000_000  # what a joint rule remembers grows with its windows
_FORM = "count(reports: gas_smell within 500 m in 30min)"


@dataclass(frozen=True, slots=True)
class Span:
    """How near (m, 0 = here) and since when (us, 0 = now)."""

    within_m: float = 0.0
    window_us: int = 0


class JointBuilder:
    """The second stage's part of a ``Builder``, whose texts, vocabulary and refusals it uses."""

    def __init__(self, builder: Builder) -> None:
        self.of = builder

    def is_reports(self, syntax: Node) -> bool:
        """Whether this is ``count(reports: ...)``."""
        return isinstance(syntax, Tree) and syntax.data == "reports"

    def truth(self, syntax: Tree[Token]) -> joint.JointTruth:
        """``stands``, ``stood``, ``sequence``, ``endless``."""
        children = syntax.children
        if syntax.data == "stands":
            return joint.Stands(self.term(children[0]))
        if syntax.data == "stood":
            return joint.Stands(self.term(children[0]), self.window(children[1]))
        if syntax.data == "endless":
            raise self.of._fault(syntax, "a sequence needs a time in which the second follows the first",
                                 "write ... then ... in 6h")  # fmt: skip
        return joint.Then(self.term(children[0]), self.term(children[1]), self.window(children[2]))

    def term(self, syntax: Node) -> joint.Term:
        """``gas_leak at yellow within 500 m`` or ``bulletin(rainstorm) at orange``."""
        assert isinstance(syntax, Tree)  # noqa: S101 - the grammar gives no token here
        subject, code = syntax.children[0], str(syntax.children[1])
        metres = self.distance(syntax.children[2]) if len(syntax.children) > 2 else 0.0
        rank = self._rank(syntax.children[1], code)
        if isinstance(subject, Tree) and subject.data == "name":
            return joint.SignalTerm(self._rule(subject, str(subject.children[0])), code, rank, metres)
        if isinstance(subject, Tree) and subject.data == "call" and str(subject.children[0]) == "bulletin":
            if metres:
                raise self.of._fault(syntax, "a bulletin has an area of its own", "leave `within` out")
            return joint.BulletinTerm(self._hazard(subject), code, rank)
        raise self.of._fault(subject, f"{self.of._slice(subject)!r} is neither a rule nor a bulletin",
                             "write gas_leak at yellow, or bulletin(rainstorm) at orange")  # fmt: skip

    def reports(self, syntax: Tree[Token], span: Span | None = None) -> tuple[joint.Reports, str]:
        """``count(reports: gas_smell within 500 m in 30min)``, the span inside or after the comparison; and its text."""
        name, category = str(syntax.children[0]), str(syntax.children[1])
        if name != "count":
            raise self.of._fault(
                syntax, f"reports are only counted, {name}(reports: ...) does not exist", f"write {_FORM}"
            )
        inside = self.span(cast("Tree[Token]", syntax.children[2])) if len(syntax.children) > 2 else None
        if inside is not None and span is not None:
            raise self.of._fault(syntax, "`within` and `in` stand twice", f"write {_FORM}")
        near = inside or span or Span()
        known = self.of.words.categories
        if known is not None and category not in known:
            raise self.of._fault(syntax.children[1], f"no reports of {category!r} are declared",
                                 nearest(category, known, "declare it under [report] in streams.toml"))  # fmt: skip
        if not near.window_us:
            raise self.of._fault(syntax, "a count of reports needs a window", f"write {_FORM}")
        if not near.within_m and self.of.words.per != "cell":
            raise self.of._fault(syntax, "reports come from cells: say how near", f'write {_FORM}, or set per = "cell"')
        node = joint.Reports(category, near.within_m, near.window_us)
        return node, write_joint(node)

    def signals(self, syntax: Tree[Token], name: str) -> joint.Signals:
        """``how_many(gas_leak at yellow within 2 km in 1h)``."""
        argument = syntax.children[1] if len(syntax.children) == 2 else syntax
        if not (isinstance(argument, Tree) and argument.data in ("stands", "stood")):
            raise self.of._fault(
                argument, f"{name}(...) counts signals of one rule", f"write {name}(gas_leak at yellow in 1h)"
            )
        stands = cast("joint.Stands", self.truth(argument))
        if not isinstance(stands.term, joint.SignalTerm):
            raise self.of._fault(argument, f"{name}(...) counts signals, not bulletins", "name a rule")
        return joint.Signals(cast("Literal['share']", name), stands.term, stands.window_us)

    def span(self, syntax: Tree[Token]) -> Span:
        """``within 500 m``, ``in 30min``, or both."""
        match str(syntax.data):
            case "near":
                return Span(within_m=self.distance(syntax.children[0]))
            case "since":
                return Span(window_us=self.window(syntax.children[0]))
        return Span(self.distance(syntax.children[0]), self.window(syntax.children[1]))

    def distance(self, token: Node) -> float:
        """A length in metres."""
        try:
            number, unit = split_quantity(str(token))
            factor = converts(unit, "m") if unit else None
        except (ValueError, BadUnit) as error:
            raise self.of._fault(token, str(error), "write a distance such as 500 m or 20 km") from None
        if factor is None:
            raise self.of._fault(token, f"{str(token)!r} is no distance", "write one such as 500 m or 20 km")
        metres = round(number * factor[0], 3)
        if not 0 < metres <= FARTHEST_M:
            raise self.of._fault(
                token, f"a distance lies above 0 m and up to {FARTHEST_M / 1000:g} km", "correct the number"
            )
        return metres

    def window(self, token: Node) -> int:
        """A duration in us."""
        window = self.of._duration(token)
        if window > LONGEST_US:
            raise self.of._fault(
                token, "what signals and reports said is remembered for at most 31d", "shorten the window"
            )
        return window

    def _rank(self, token: Node, code: str) -> int:
        ranks = self.of.words.ranks
        if code not in ranks:
            raise self.of._fault(token, f"{code!r} is no level", nearest(code, ranks))
        return ranks[code]

    def _rule(self, syntax: Node, name: str) -> str:
        rules = self.of.words.rules
        if rules is None:
            return name
        if name not in rules:
            raise self.of._fault(syntax, f"no rule {name!r} of this pack judges streams",
                                 nearest(name, rules, "name a rule of this pack that is not itself joint"))  # fmt: skip
        return rules[name]

    def _hazard(self, syntax: Tree[Token]) -> str:
        argument = syntax.children[1] if len(syntax.children) == 2 else syntax
        if not (isinstance(argument, Tree) and argument.data == "name"):
            raise self.of._fault(syntax, "bulletin(...) takes a hazard type", "write bulletin(rainstorm) at orange")
        hazard, known = str(argument.children[0]), self.of.words.hazards
        if known is not None and hazard not in known:
            raise self.of._fault(argument, f"no hazard {hazard!r} is declared", nearest(hazard, known))
        return hazard


_BESIDE = (tree.And, tree.Or, tree.Not, tree.Compare, tree.Arithmetic, tree.Constant)


def check_stage(truth: tree.Truth, builder: Builder) -> None:
    """What looks at signals and what looks at observations are two stages, never in one condition."""
    nodes = list(walk.nodes(truth))
    second = [node for node in nodes if isinstance(node, joint.JointTruth | joint.JointNumber)]
    if not second:
        return
    for node in nodes:
        if node not in second and not isinstance(node, _BESIDE):
            raise builder._fault(0, f"{type(node).__name__.lower()} looks at observations, {write_joint(second[0])} at signals",
                                 "judge the observations in a rule of their own and name it here")  # fmt: skip
