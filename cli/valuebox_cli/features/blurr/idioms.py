"""Python's expressions over raw events as expressions of declarations, part by part.

The trees are matched and never worked out; what has no meaning in a declaration is refused.
"""

import ast
import keyword
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from valuebox.features.declared.worth import ARITHMETIC
from valuebox_cli.features.blurr.differences import Differences
from valuebox_cli.features.blurr.documents import Place, Refused, Said
from valuebox_cli.features.blurr.parts import Aggregate, Stream
from valuebox_cli.features.blurr.trees import called, field_of, key_of

_MOST_PARTS: Final = 300
_OF_TEXTS: Final = ("startswith", "endswith")


@dataclass
class Names:
    """What raw events call the parts of ours, and which of their names were read."""

    own: Mapping[str, str]
    """Ours by theirs, such as `customer` by `user_id`."""
    read: dict[str, str] = field(default_factory=dict)
    """Ours by theirs of everything that was read."""

    def of(self, key: str) -> ast.expr:
        """Ours for a name of theirs."""
        self.read[key] = ours = self.own.get(key, key)
        plain = ours.isidentifier() and not keyword.iskeyword(ours)
        return ast.Name(ours if plain else f"`{ours}`")


class Idioms:
    """Translates expressions over one raw event.

    Args:
        stream: Where variables are found.
        names: What raw events call the parts of ours.
        differences: Collects what changes its meaning.
    """

    def __init__(self, stream: Stream, names: Names, differences: Differences):
        self.names, self.differences = names, differences
        self._variables: dict[str, Aggregate] = {
            one.name: one for one in stream.aggregates if one.kind == "variable"
        }

    def value(self, said: Said, node: ast.expr | None = None) -> ast.expr:
        """The value of an expression, or of a part of it.

        Raises:
            Refused: where it has no meaning in a declaration.
        """
        return _Translated(self, said.place, self._variables).value(node or said.tree)

    def condition(self, said: Said, node: ast.expr | None = None) -> ast.expr:
        """A condition, or a part of it; likewise."""
        return _Translated(self, said.place, self._variables).condition(node or said.tree)


class _Translated:
    def __init__(self, idioms: Idioms, place: Place, variables: Mapping[str, Aggregate]):
        self._names, self._differences = idioms.names, idioms.differences
        self._place, self._variables = place, variables
        self._left = _MOST_PARTS

    def value(self, node: ast.expr) -> ast.expr:
        self._spend(node)
        if (key := key_of(node)) is not None:
            return self._names.of(key)
        if (variable := self._variable(node)) is not None:
            return self.value(variable)
        match node:
            case ast.Constant(value=bool() | int() | float() | str()):
                return node
            case ast.Compare() | ast.UnaryOp(op=ast.Not()):
                return self.condition(node)
            case ast.BoolOp() if all(map(_is_condition, node.values)):
                return self.condition(node)
            case ast.IfExp():
                parts = self.value(node.body), self.value(node.orelse)
                return ast.IfExp(self.condition(node.test), *parts)
            case ast.UnaryOp(op=ast.USub() | ast.UAdd()):
                return ast.UnaryOp(node.op, self.value(node.operand))
            case ast.BinOp() if type(node.op) in ARITHMETIC:
                sides = node.left, node.right
                if not any(isinstance(one, ast.Constant | ast.JoinedStr) and isinstance(
                        getattr(one, "value", ""), str) for one in sides):  # fmt: skip
                    return ast.BinOp(self.value(sides[0]), node.op, self.value(sides[1]))
            case ast.Call(keywords=[]):
                return self._called(node)
        raise self._refused(node)

    def condition(self, node: ast.expr) -> ast.expr:
        self._spend(node)
        if (variable := self._variable(node)) is not None:
            return self.condition(variable)
        match node:
            case ast.BoolOp():
                return ast.BoolOp(node.op, [self.condition(one) for one in node.values])
            case ast.UnaryOp(op=ast.Not()):
                return ast.UnaryOp(node.op, self.condition(node.operand))
            case ast.Compare():
                return self._compared(node)
            case ast.IfExp():
                tests = [self.condition(one) for one in (node.test, node.body, node.orelse)]
                return ast.IfExp(*tests)
            case ast.Constant(value=bool()):
                return node
            case ast.Call(func=ast.Name(id="bool"), args=[argument], keywords=[]):
                return self.condition(argument)
            case ast.Call(func=ast.Attribute(attr=name)) if name in _OF_TEXTS:
                return self.value(node)
        return _is_there(self.value(node))

    def _called(self, node: ast.Call) -> ast.expr:
        match node:
            case ast.Call(func=ast.Name(id="float" | "int" as name), args=[argument]):
                if name == "int":
                    self._differences.add("whole", self._place)
                return called("number", self.value(argument))
            case ast.Call(func=ast.Name(id="str"), args=[argument]):
                return called("text", self.value(argument))
            case ast.Call(func=ast.Name(id="abs"), args=[argument]):
                return called("abs", self.value(argument))
            case ast.Call(func=ast.Name(id="bool")):
                return self.condition(node)
            case ast.Call(func=ast.Attribute(value=whole, attr="lower"), args=[]):
                return called("lower", self.value(whole))
            case ast.Call(
                func=ast.Attribute(value=whole, attr=name), args=[ast.Constant(value=str()) as part]
            ) if name in _OF_TEXTS:
                return called(name, self.value(whole), part)
        raise self._refused(node)

    def _compared(self, node: ast.Compare) -> ast.expr:
        if len(node.ops) == 1:
            how, other = node.ops[0], node.comparators[0]
            negated = isinstance(how, ast.NotEq | ast.IsNot | ast.NotIn)
            if _is_none(other) and isinstance(how, ast.Eq | ast.NotEq | ast.Is | ast.IsNot):
                found = called("missing", self.value(node.left))
                return ast.UnaryOp(ast.Not(), found) if negated else found
            if isinstance(how, ast.In | ast.NotIn):
                if negated:
                    self._differences.add("missing", self._place)
                return self._contained(node, how, other)
            if isinstance(how, ast.Is | ast.IsNot) and _is_truth(other):
                equal = ast.NotEq() if negated else ast.Eq()
                return ast.Compare(self.value(node.left), [equal], [self.value(other)])
        for one in node.ops:
            if isinstance(one, ast.Is | ast.IsNot | ast.In | ast.NotIn):
                raise self._refused(node)
            if isinstance(one, ast.NotEq):
                self._differences.add("missing", self._place)
        others = [self.value(one) for one in node.comparators]
        return ast.Compare(self.value(node.left), node.ops, others)

    def _contained(self, node: ast.Compare, how: ast.cmpop, other: ast.expr) -> ast.expr:
        if isinstance(other, ast.Tuple | ast.List | ast.Set):
            if other.elts and all(_is_constant(one) for one in other.elts):
                several = ast.Tuple([one for one in other.elts if not _is_none(one)])
                return ast.Compare(self.value(node.left), [how], [several])
        elif isinstance(node.left, ast.Constant) and isinstance(node.left.value, str):
            found = called("contains", self.value(other), node.left)
            return ast.UnaryOp(ast.Not(), found) if isinstance(how, ast.NotIn) else found
        raise self._refused(node)

    def _variable(self, node: ast.expr) -> ast.expr | None:
        """What a variable is; None where a node is none."""
        found = field_of(node)
        if found is None or (variables := self._variables.get(found[0])) is None:
            return None
        for one in variables.fields:
            if one.name == found[1]:
                if one.when is not None or variables.when is not None:
                    raise self._refused(
                        node, "a variable on a condition keeps its value from event to event, "
                        "which expressions cannot"
                    )  # fmt: skip
                return one.value.tree
        raise self._refused(node, "is no variable there is")

    def _spend(self, node: ast.expr) -> None:
        self._left -= 1
        if self._left < 0:
            raise self._refused(node, "is too large with its variables written out")

    def _refused(self, node: ast.expr, said: str = "") -> Refused:
        if not said and (found := field_of(node)) is not None:
            said = f"{found[0]} is not the event, of which alone expressions know"
        if not said and isinstance(node, ast.Name):
            said = f"{node.id} is not the event, of which alone expressions know"
        part = ast.unparse(node)[:60]
        return Refused.at(self._place, f"{part}: {said or 'has no meaning in a declaration'}")


def _is_condition(node: ast.expr) -> bool:
    match node:
        case ast.Compare() | ast.UnaryOp(op=ast.Not()) | ast.Constant(value=bool()):
            return True
        case ast.Call(func=ast.Name(id="bool")):
            return True
        case ast.BoolOp():
            return all(map(_is_condition, node.values))
    return False


def _is_there(value: ast.expr) -> ast.expr:
    """What Python takes for true: neither missing nor empty, 0 or False, as a text or not."""
    match value:
        case ast.Constant():
            return ast.Constant(bool(value.value))
        case ast.Call(func=ast.Name(id="startswith" | "endswith" | "contains")):
            return value
        case ast.Call(func=ast.Name(id="text" | "lower")):
            return ast.Compare(value, [ast.NotEq()], [ast.Constant("")])
        case ast.Name():
            pass
        case _:
            return ast.Compare(called("number", value), [ast.NotEq()], [ast.Constant(0)])
    says_no = ast.Compare(called("true", value), [ast.Eq()], [ast.Constant(False)])
    is_filled = ast.Compare(value, [ast.NotEq()], [ast.Constant("")])
    return ast.BoolOp(ast.And(), [is_filled, ast.UnaryOp(ast.Not(), says_no)])


def _is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _is_truth(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, bool)


def _is_constant(node: ast.expr) -> bool:
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.UAdd):
        return isinstance(node.operand, ast.Constant)
    return isinstance(node, ast.Constant) and isinstance(node.value, str | int | float | None)
