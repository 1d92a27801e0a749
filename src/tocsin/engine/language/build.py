"""Syntax -> typed tree: names, kinds (number or truth), units, and where each function may stand."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, cast, get_args

from lark import Token, Tree

from tocsin.engine.language import tree, walk
from tocsin.engine.language.build_joint import JointBuilder, Span, check_stage
from tocsin.engine.language.faults import bad_rule, nearest
from tocsin.engine.language.quantity import (
    DURATION_UNITS,
    converts,
    dimension,
    is_offset_unit,
    rate_unit,
    split_quantity,
    tidy,
    to_microseconds,
)
from tocsin.engine.language.vocabulary import Vocabulary
from tocsin.terms.errors import BadRule, BadUnit

MOST_DAYS = 31  # that same_hour keeps: its memory grows with them

__all__ = ["FUNCTIONS", "MOST_DAYS", "Builder", "Typed"]

Node = Tree[Token] | Token
Context = Literal["stream", "area", "member"]

FUNCTIONS = {
    **{how: f"{how}(3h)" for how in get_args(tree.Aggregate)},
    "quantile": "quantile(3h, 0.9)",
    "same_hour": "same_hour(7d)",
    "days": "days(max(day) >= 35 Cel)",
    "index": 'index(mean(24h), "table")',
    "sister": 'sister("pm25")',
    "silent": "silent(3h)",
    "stuck": "stuck(6h)",
    "spike": "spike(1.5 m)",
    "how_many": "how_many(value >= 50 mm, 5min)",
    "share": "share(value >= 50 mm, 1h)",
    "highest": "highest(sum(3h), 2h)",
    "average": "average(value, 1h)",
}
_AREA = ("how_many", "share", "highest", "average")
_TRUTHS = ("silent", "stuck", "spike")
_NAMES = ("value", "previous", "changed")
_CIVIL = ("sum", "mean", "min", "max", "count")
_FLIPPED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!="}
_BESIDE = (
    tree.And,
    tree.Or,
    tree.Not,
    tree.Compare,
    tree.Arithmetic,
    tree.Index,
    tree.Value,
    tree.Attribute,
    tree.Constant,
)


@dataclass(frozen=True, slots=True)
class Typed:
    """A number node with its unit. ``literal``: as written, takes the unit of what it meets. ``bare``: without unit.
    ``exact``: converts by scale and zero point; False for differences, which convert by scale alone."""

    node: tree.Number
    unit: str
    at: int
    text: str
    literal: bool = False
    bare: bool = False
    exact: bool = True


class Builder:
    """Builds the tree of one text. Raises BadRule with the position of the fault."""

    def __init__(self, text: str, vocabulary: Vocabulary) -> None:
        self.text, self.words = text, vocabulary
        self.context: Context = "area" if vocabulary.area else "stream"
        self.joint = JointBuilder(self)
        self._span: Span | None = None

    # ------------------------------------------------------------ whole
    def condition(self, syntax: Node) -> tree.Truth:
        """The condition of a whole text."""
        truth = self.truth(cast("Tree[Token]", syntax).children[0])
        for lonely in (tree.Silent, tree.Sister):
            self._stands_alone(truth, lonely)
        check_stage(truth, self)
        return truth

    def _stands_alone(self, truth: tree.Truth, lonely: type[tree.Silent | tree.Sister]) -> None:
        """``silent`` is judged when silence begins and ends, ``sister`` at moments both properties were observed: what
        needs the stream's own course may not stand beside them."""
        name = lonely.__name__.lower()
        nodes = list(walk.nodes(truth))
        found = {node for node in nodes if isinstance(node, lonely)}
        if not found:
            return
        if len(found) > 1:
            raise self._fault(0, f"a condition has two different {name}(...)", "write one rule for each")
        for node in nodes:
            if not isinstance(node, (lonely, *_BESIDE)):
                raise self._fault(0, f"{type(node).__name__.lower()} stands beside {name}(...)",
                                  f"beside {name}(...) only value, @stages and numbers may stand")  # fmt: skip

    # ------------------------------------------------------------ truths
    def truth(self, syntax: Node) -> tree.Truth:
        """A node that must be true, false or not known."""
        kind, children = _parts(syntax)
        match kind:
            case "either":
                return tree.Or(self.truth(children[0]), self.truth(children[1]))
            case "both":
                return tree.And(self.truth(children[0]), self.truth(children[1]))
            case "negated":
                return tree.Not(self.truth(children[0]))
            case "group":
                return self.truth(children[0])
            case "compared":
                return self._compare(children)
            case "compared_near":
                return self._compare_near(syntax, children)
            case "stands" | "stood" | "sequence" | "endless":
                self._not_member(syntax)
                return self.joint.truth(cast("Tree[Token]", syntax))
            case "name" if str(children[0]) == "changed":
                self._not_area(syntax, "changed")
                return tree.Changed()
            case "call" if str(children[0]) in _TRUTHS:
                return self._truth_call(str(children[0]), syntax, children[1:])
        if kind == "call" and str(children[0]) not in FUNCTIONS:
            raise self._unknown_function(syntax, str(children[0]))
        raise self._fault(syntax, f"{self._slice(syntax)!r} is a number, not a condition",
                          f"compare it, for example {self._slice(syntax)} >= 50 mm")  # fmt: skip

    def _compare(self, children: list[Node]) -> tree.Compare:
        left, right = self.number(children[0]), self.number(children[2])
        comparison = str(children[1])
        if left.literal and right.literal:
            raise self._fault(
                children[0], "two fixed numbers are compared", "compare something observed, such as value"
            )
        if left.literal:
            left, right, comparison = right, left, _FLIPPED[comparison]
        right = self._meet(right, left)
        return tree.Compare(cast("Literal['<']", comparison), left.node, right.node, left.text, left.unit)

    def _compare_near(self, syntax: Node, children: list[Node]) -> tree.Compare:
        """``count(reports: gas_smell) >= 2 within 500 m in 30min``: what stands after belongs to the count."""
        sides = [side for side in (children[0], children[2]) if self.joint.is_reports(side)]
        if len(sides) != 1:
            raise self._fault(children[3], "`within` and `in` belong to a count of reports or a signal",
                              "write count(reports: gas_smell) >= 2 within 500 m in 30min")  # fmt: skip
        self._span = self.joint.span(cast("Tree[Token]", children[3]))
        try:
            return self._compare(children[:3])
        finally:
            self._span = None

    def _not_member(self, syntax: Node) -> None:
        if self.context == "member":
            raise self._fault(syntax, "signals are not looked at inside an area function over observations",
                              "write how_many(gas_leak at yellow in 1h)")  # fmt: skip

    def _truth_call(self, name: str, syntax: Node, arguments: list[Node]) -> tree.Truth:
        self._need(arguments, 1, syntax, name)
        if self.context == "area":
            raise self._needs_area(syntax, name)
        if name == "silent":
            if self.context == "member":
                raise self._fault(syntax, "silent(...) cannot stand inside an area function",
                                  "write a rule with per = \"stream\" for silence")  # fmt: skip
            return tree.Silent(self._duration(arguments[0]))
        if name == "stuck":
            return tree.Stuck(self._duration(arguments[0]))
        size = self.number(arguments[0])
        if not size.literal:
            raise self._fault(arguments[0], "spike(...) takes a fixed number", f"write it as {FUNCTIONS['spike']}")
        self._unit_of_value(arguments[0])
        met = self._meet(size, Typed(tree.Value(), self.words.unit, self._at(syntax), "the value", exact=False))
        constant = cast("tree.Constant", met.node)
        if constant.value <= 0:
            raise self._fault(arguments[0], "the size of a spike is above zero", "write how far it must depart")
        return tree.Spike(constant.value)

    # ------------------------------------------------------------ numbers
    def number(self, syntax: Node) -> Typed:
        """A node that must be a number, with its unit."""
        kind, children = _parts(syntax)
        match kind:
            case "quantity":
                return self._quantity(syntax, str(children[0]))
            case "group":
                inner = self.number(children[0])
                return replace(inner, text=self._slice(syntax) if not inner.literal else inner.text)
            case "negative":
                return self._negative(syntax, children[1])
            case "arithmetic":
                return self._arithmetic(syntax, children)
            case "name":
                return self._name(syntax, str(children[0]))
            case "stage":
                return self._stage(syntax, str(children[0])[1:])
            case "reports":
                self._not_member(syntax)
                node, written = self.joint.reports(cast("Tree[Token]", syntax), self._span)
                return Typed(node, "1", self._at(syntax), written)
            case "call":
                return self._call(syntax, str(children[0]), children[1:])
            case "string":
                raise self._fault(
                    syntax, "a name in quotes has no place here", "only sister(...) and index(...) take one"
                )
            case "over":
                raise self._fault(syntax, "`over` has no place here", "only rate(3h, over 60s) takes it")
        raise self._fault(syntax, f"{self._slice(syntax)!r} is a condition, not a number", "compare numbers only")

    def _quantity(self, syntax: Node, text: str) -> Typed:
        try:
            number, unit = split_quantity(text)
            if unit:
                converts(unit, unit)
        except BadUnit as error:
            raise self._fault(syntax, f"{error.thing}: {error.rule}", error.remedy) from None
        except ValueError as error:
            raise self._fault(syntax, str(error), "write a smaller number") from None
        return Typed(
            tree.Constant(number, unit or "1"), unit or "1", self._at(syntax), text, literal=True, bare=not unit
        )

    def _negative(self, syntax: Node, inner: Node) -> Typed:
        number = self.number(inner)
        if not isinstance(number.node, tree.Constant):
            raise self._fault(syntax, "only fixed numbers take a minus sign", f"write 0 - {number.text}")
        return replace(number, node=tree.Constant(-number.node.value, number.unit), text=self._slice(syntax))

    def _name(self, syntax: Node, name: str) -> Typed:
        if name in {"value", "previous"}:
            self._not_area(syntax, name)
            node: tree.Number = tree.Value() if name == "value" else tree.Previous()
            return Typed(node, self._unit_of_value(syntax), self._at(syntax), name)
        if name in FUNCTIONS:
            raise self._fault(syntax, f"{name} needs parentheses", f"write it as {FUNCTIONS[name]}")
        if name == "changed":
            raise self._fault(syntax, "changed is a condition, not a number", "join it with and, or, not")
        if name in ("today", "day"):
            raise self._fault(syntax, f"{name!r} stands only inside a function", "write max(today) or mean(day)")
        raise self._fault(syntax, f"{name!r} is not a name of the language",
                          nearest(name, [*_NAMES, *FUNCTIONS], "use value, previous or sum(3h)"))  # fmt: skip

    def _stage(self, syntax: Node, name: str) -> Typed:
        self._not_area(syntax, f"@{name}")
        if self.words.stages is not None and name not in self.words.stages:
            raise self._fault(syntax, f"no stage {name!r} is declared",
                              nearest(name, self.words.stages, "declare it under stages in streams.toml"))  # fmt: skip
        return Typed(tree.Attribute(name), self._unit_of_value(syntax), self._at(syntax), f"@{name}")

    def _arithmetic(self, syntax: Node, children: list[Node]) -> Typed:
        left, op, right = self.number(children[0]), str(children[1]), self.number(children[2])
        made = self._multiply(syntax, left, op, right) if op in "*/" else self._add(left, op, right)
        made = replace(made, at=self._at(syntax), text=self._slice(syntax))
        return self._folded(syntax, made)

    def _add(self, left: Typed, op: str, right: Typed) -> Typed:
        if left.literal and not right.literal:
            left = self._meet(replace(left, exact=False), replace(right, exact=False))
        else:
            plain = is_offset_unit(left.unit) and right.literal
            right = self._meet(right, replace(left, exact=False) if plain else left)
        difference = op == "-" and left.exact and right.exact and not right.literal
        node = tree.Arithmetic(cast("Literal['+']", op), left.node, right.node)
        return Typed(node, left.unit, left.at, "", literal=left.literal and right.literal, bare=left.bare and right.bare,
                     exact=left.exact and not difference)  # fmt: skip

    def _multiply(self, syntax: Node, left: Typed, op: str, right: Typed) -> Typed:
        if left.unit != "1" and right.unit != "1":
            if op == "*":
                raise self._fault(syntax, f"{left.text} ({left.unit}) is multiplied by {right.text} ({right.unit})",
                                  "multiply by a number without unit")  # fmt: skip
            right, unit = self._meet(right, left), "1"
        elif left.unit == "1" and op == "/" and right.unit != "1":
            raise self._fault(syntax, f"a plain number is divided by {right.text} ({right.unit})",
                              "divide by a number without unit")  # fmt: skip
        else:
            unit = left.unit if right.unit == "1" else right.unit
        node = tree.Arithmetic(cast("Literal['*']", op), left.node, right.node)
        return Typed(node, unit, left.at, "", literal=left.literal and right.literal, bare=left.bare and right.bare,
                     exact=left.exact and right.exact)  # fmt: skip

    def _folded(self, syntax: Node, number: Typed) -> Typed:
        """Two fixed numbers become one."""
        match number.node:
            case tree.Arithmetic(op, tree.Constant(a), tree.Constant(b)):
                if op == "/" and b == 0:
                    raise self._fault(syntax, "division by zero", "divide by something else")
                result = a + b if op == "+" else a - b if op == "-" else a * b if op == "*" else a / b
                return replace(number, node=tree.Constant(tidy(result), number.unit), literal=True)
        return number

    # ------------------------------------------------------------ functions
    def _call(self, syntax: Node, name: str, arguments: list[Node]) -> Typed:
        if name in _TRUTHS:
            raise self._fault(syntax, f"{name}(...) is a condition, not a number", "join it with and, or, not")
        if name not in FUNCTIONS:
            raise self._unknown_function(syntax, name)
        at, text = self._at(syntax), self._slice(syntax)
        if name in ("how_many", "share") and any(_parts(part)[0] in ("stands", "stood") for part in arguments):
            self._not_member(syntax)
            counted = self.joint.signals(cast("Tree[Token]", syntax), name)
            return Typed(counted, "%" if name == "share" else "1", at, text)
        if name in _AREA:
            return self._area_call(syntax, name, arguments)
        if name == "index":
            return self._index(syntax, arguments)
        self._not_area(syntax, name)
        if name == "sister":
            return self._sister(syntax, arguments)
        if name == "quantile":
            return self._quantile(syntax, arguments)
        if name == "same_hour":
            return self._same_hour(syntax, arguments)
        if name == "days":
            self._need(arguments, 1, syntax, name)
            return Typed(self._days(arguments[0]), "1", at, text)
        if len(arguments) == 1 and (which := _civil(arguments[0])) is not None:
            return self._civil(syntax, name, which)
        return self._window(syntax, name, arguments)

    def _window(self, syntax: Node, name: str, arguments: list[Node]) -> Typed:
        over = 0
        if name == "rate" and len(arguments) == 2:
            kind, children = _parts(arguments[1])
            if kind != "over":
                raise self._fault(arguments[1], "the second part of rate(...) is written `over 60s`",
                                  "write rate(3h, over 60s)")  # fmt: skip
            over = self._duration(children[0])
        else:
            self._need(arguments, 1, syntax, name)
        width = self._duration(arguments[0])
        if over > width:
            raise self._fault(arguments[1], "`over` is longer than the window", "make the window at least that long")
        grows = name == "sum" and self.words.nonnegative
        node = tree.Window(cast("tree.Aggregate", name), width, over, grows)
        if name == "count":
            return Typed(node, "1", self._at(syntax), self._slice(syntax))
        unit = self._unit_of_value(syntax)
        if name == "sum" and is_offset_unit(unit):
            raise self._fault(syntax, f"values in {unit} cannot be added up", "use mean, min, max or delta")
        unit = rate_unit(unit) if name == "rate" else unit
        return Typed(node, unit, self._at(syntax), self._slice(syntax), exact=name not in ("delta", "rate", "stddev"))

    def _quantile(self, syntax: Node, arguments: list[Node]) -> Typed:
        self._need(arguments, 2, syntax, "quantile")
        width, share = self._duration(arguments[0]), self.number(arguments[1])
        q = share.node.value if isinstance(share.node, tree.Constant) and share.bare else 0.0
        if not 0 < q < 1:
            raise self._fault(arguments[1], "the share of a quantile is a plain number between 0 and 1",
                              f"write it as {FUNCTIONS['quantile']}; min(3h) and max(3h) are the ends")  # fmt: skip
        return Typed(tree.Quantile(width, q), self._unit_of_value(syntax), self._at(syntax), self._slice(syntax))

    def _same_hour(self, syntax: Node, arguments: list[Node]) -> Typed:
        how = "mean"
        if len(arguments) == 2:
            kind, children = _parts(arguments[1])
            how = str(children[0]) if kind == "name" else ""
            if how not in ("mean", "median"):
                raise self._fault(arguments[1], "same_hour(...) takes the mean or the median of the days",
                                  "write same_hour(7d) or same_hour(7d, median)")  # fmt: skip
        else:
            self._need(arguments, 1, syntax, "same_hour")
        days, rest = divmod(self._duration(arguments[0]), DURATION_UNITS["d"])
        if rest or not 1 <= days <= MOST_DAYS:
            raise self._fault(arguments[0], f"same_hour(...) looks back over 1 to {MOST_DAYS} whole days",
                              f"write it as {FUNCTIONS['same_hour']}")  # fmt: skip
        node = tree.SameHour(days, cast("Literal['mean']", how))
        return Typed(node, self._unit_of_value(syntax), self._at(syntax), self._slice(syntax))

    def _civil(self, syntax: Node, name: str, which: Literal["today", "day"]) -> Typed:
        if name not in _CIVIL:
            raise self._fault(syntax, f"{name}({which}) does not exist", "use sum, mean, min, max or count by the day")
        node = tree.Civil(cast("Literal['max']", name), which)
        if name == "count":
            return Typed(node, "1", self._at(syntax), self._slice(syntax))
        unit = self._unit_of_value(syntax)
        if name == "sum" and is_offset_unit(unit):
            raise self._fault(syntax, f"values in {unit} cannot be added up", "use mean, min or max")
        return Typed(node, unit, self._at(syntax), self._slice(syntax))

    def _days(self, argument: Node) -> tree.ConsecutiveDays:
        kind, children = _parts(argument)
        form = f"write it as {FUNCTIONS['days']}"
        if kind != "compared":
            raise self._fault(argument, "days(...) takes one comparison of a daily value", form)
        daily, limit, comparison = self.number(children[0]), self.number(children[2]), str(children[1])
        node = daily.node
        if not isinstance(node, tree.Civil) or node.which != "day" or node.how == "count" or not limit.literal:
            raise self._fault(argument, "days(...) compares sum, mean, min or max of a day with a fixed number", form)
        if comparison in ("==", "!="):
            raise self._fault(children[1], "days(...) compares with <, <=, > or >=", form)
        met = cast("tree.Constant", self._meet(limit, daily).node)
        return tree.ConsecutiveDays(node.how, cast("Literal['<']", comparison), met.value)

    def _index(self, syntax: Node, arguments: list[Node]) -> Typed:
        self._need(arguments, 2, syntax, "index")
        of, name = self.number(arguments[0]), self._string(arguments[1], "index")
        table = self.words.tables.get(name)
        if table is None:
            raise self._fault(arguments[1], f"no index table {name!r} is declared",
                              nearest(name, self.words.tables, "declare it in tables.toml"))  # fmt: skip
        of = self._in_unit(of, table.unit, f"table {name}")
        node = tree.Index(of.node, table.name, table.points, table.rounding)
        return Typed(node, "1", self._at(syntax), self._slice(syntax))

    def _sister(self, syntax: Node, arguments: list[Node]) -> Typed:
        self._need(arguments, 1, syntax, "sister")
        if self.context == "member":
            raise self._fault(
                syntax, "sister(...) cannot stand inside an area function", "judge pairs in a stream rule"
            )
        name = self._string(arguments[0], "sister")
        if name not in self.words.units:
            raise self._fault(arguments[0], f"no property {name!r} is declared",
                              nearest(name, self.words.units, "declare it in streams.toml"))  # fmt: skip
        return Typed(tree.Sister(name), self.words.units[name], self._at(syntax), self._slice(syntax))

    def _area_call(self, syntax: Node, name: str, arguments: list[Node]) -> Typed:
        if self.context == "stream":
            raise self._fault(syntax, f"{name}(...) looks at an area, but the rule judges single streams",
                              "set per to a label such as cell or jurisdiction, or leave the function out")  # fmt: skip
        if self.context == "member":
            raise self._fault(syntax, "area functions do not nest", "take the inner one out")
        self._need(arguments, 2, syntax, name)
        width = self._duration(arguments[1])
        self.context = "member"
        try:
            if name in ("how_many", "share"):
                node = tree.AreaNumber(cast("Literal['share']", name), width, truth=self.truth(arguments[0]))
                return Typed(node, "%" if name == "share" else "1", self._at(syntax), self._slice(syntax))
            inner = self.number(arguments[0])
            if inner.literal:
                raise self._fault(
                    arguments[0], f"{name}(...) looks at a fixed number", f"write it as {FUNCTIONS[name]}"
                )
            node = tree.AreaNumber(cast("Literal['highest']", name), width, number=inner.node)
            return Typed(node, inner.unit, self._at(syntax), self._slice(syntax), exact=inner.exact)
        finally:
            self.context = "area"

    # ------------------------------------------------------------ units
    def _meet(self, number: Typed, other: Typed) -> Typed:
        """``number`` in the unit of ``other``."""
        if number.literal and number.bare and other.unit != "1":
            raise self._fault(number.at, f"{number.text} has no unit, {other.text} is in {other.unit}",
                              f"write {number.text} {other.unit}")  # fmt: skip
        exact = number.exact and other.exact
        return self._in_unit(replace(number, exact=exact), other.unit, other.text)

    def _in_unit(self, number: Typed, unit: str, what: str) -> Typed:
        if number.unit == unit:
            return number
        if number.bare and number.literal:
            raise self._fault(
                number.at, f"{number.text} has no unit, {what} is in {unit}", f"write {number.text} {unit}"
            )
        factor = converts(number.unit, unit)
        if factor is None:
            raise self._fault(
                number.at,
                f"{what} is in {unit} ({dimension(unit)}), {number.text} is {dimension(number.unit)}",
                f"write {number.text if not number.literal else 'a number'} in {unit}",
            )
        scale, offset = factor[0], factor[1] if number.exact else 0.0
        # A conversion of something observed is arithmetic that nobody wrote: its constant's unit is in braces.
        node = number.node
        if isinstance(node, tree.Constant):
            return replace(number, node=tree.Constant(tidy(node.value * scale + offset), unit), unit=unit)
        if scale != 1:
            node = tree.Arithmetic("*", node, tree.Constant(tidy(scale), f"{{{unit}}}"))
        if offset != 0:
            node = tree.Arithmetic("+", node, tree.Constant(tidy(offset), f"{{{unit}}}"))
        return replace(number, node=node, unit=unit)

    def _unit_of_value(self, syntax: Node) -> str:
        if not self.words.unit:
            raise self._fault(syntax, "the rule's streams do not share one unit",
                              "select one property, or properties of one unit, under streams")  # fmt: skip
        return self.words.unit

    # ------------------------------------------------------------ small parts
    def _duration(self, argument: Node) -> int:
        token = argument if isinstance(argument, Token) else None
        if token is None:
            kind, children = _parts(argument)
            if kind != "quantity":
                raise self._fault(
                    argument, f"{self._slice(argument)!r} is no duration", "write one such as 3h, 5min, 60s, 2d"
                )
            token = cast("Token", children[0])
        try:
            return to_microseconds(*split_quantity(str(token)))
        except ValueError as error:
            raise self._fault(token, str(error), "write a duration such as 3h, 5min, 60s, 2d") from None

    def _string(self, argument: Node, name: str) -> str:
        kind, children = _parts(argument)
        if kind != "string":
            raise self._fault(argument, f"{name}(...) takes a name in double quotes", f"write it as {FUNCTIONS[name]}")
        return str(children[0])[1:-1]

    def _need(self, arguments: list[Node], number: int, syntax: Node, name: str) -> None:
        if len(arguments) != number:
            raise self._fault(syntax, f"{name}(...) takes {number} part{'s' if number > 1 else ''}, not {len(arguments)}",
                              f"write it as {FUNCTIONS[name]}")  # fmt: skip

    def _not_area(self, syntax: Node, name: str) -> None:
        if self.context == "area":
            raise self._needs_area(syntax, name)

    def _needs_area(self, syntax: Node, name: str) -> BadRule:
        return self._fault(syntax, f"{name} looks at one stream, but the rule judges an area",
                           "put it inside how_many, share, highest or average")  # fmt: skip

    def _unknown_function(self, syntax: Node, name: str) -> BadRule:
        return self._fault(syntax, f"no function {name}(...) exists", nearest(name, FUNCTIONS))

    def _at(self, syntax: Node) -> int:
        at = syntax.start_pos if isinstance(syntax, Token) else getattr(syntax.meta, "start_pos", 0)
        return int(at or 0)

    def _slice(self, syntax: Node) -> str:
        end = syntax.end_pos if isinstance(syntax, Token) else getattr(syntax.meta, "end_pos", len(self.text))
        return " ".join(self.text[self._at(syntax) : int(end or len(self.text))].split())

    def _fault(self, where: Node | int, rule: str, remedy: str) -> BadRule:
        return bad_rule(self.text, where if isinstance(where, int) else self._at(where), rule, remedy)


def _parts(syntax: Node) -> tuple[str, list[Node]]:
    if isinstance(syntax, Token):
        return "token", [syntax]
    return str(syntax.data), syntax.children


def _civil(argument: Node) -> Literal["today", "day"] | None:
    kind, children = _parts(argument)
    if kind == "name" and str(children[0]) in ("today", "day"):
        return cast("Literal['today', 'day']", str(children[0]))
    return None
