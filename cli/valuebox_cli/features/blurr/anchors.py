"""Conditions on blocks as conditions on the event that makes a block fulfil them."""

import ast
import operator
from collections.abc import Callable
from typing import Any, Final

from valuebox_cli.features.blurr.documents import Refused
from valuebox_cli.features.blurr.fields import DEFAULTS, Fields, Measured
from valuebox_cli.features.blurr.idioms import Idioms
from valuebox_cli.features.blurr.parts import Aggregate, Stream, Windows
from valuebox_cli.features.blurr.trees import all_of, called, parts_of

_SIGNS: Final[dict[type[ast.cmpop], Callable[[Any, Any], Any]]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}
_FLIPPED: Final[dict[type[ast.cmpop], type[ast.cmpop]]] = {
    ast.Lt: ast.Gt, ast.LtE: ast.GtE, ast.Gt: ast.Lt, ast.GtE: ast.LtE,
}  # fmt: skip


def anchor_of(
    windows: Windows, stream: Stream, blocks: Aggregate, fields: Fields, idioms: Idioms
) -> ast.expr:
    """The condition on an event with which a block begins to fulfil a condition.

    Raises:
        Refused: where no single event makes it do so.
    """
    return _Anchoring(windows, stream, blocks, fields, idioms).whole()


class _Anchoring:
    def __init__(
        self, windows: Windows, stream: Stream, blocks: Aggregate, fields: Fields, idioms: Idioms
    ):
        self._said = windows.condition
        self._stream, self._blocks, self._fields, self._idioms = stream, blocks, fields, idioms

    def whole(self) -> ast.expr:
        parts = parts_of(self._said.tree)
        found = [self._part(one) for one in parts]
        whens = {ast.dump(when) if when is not None else "" for when, _ in found}
        if len(whens) > 1:
            raise self._refused(
                self._said.tree, "several events make it true together, and an anchor is one event"
            )
        condition = all_of(found[0][0], *(one for _, one in found))
        return ast.Constant(True) if condition is None else condition

    def _part(self, node: ast.expr) -> tuple[ast.expr | None, ast.expr | None]:
        """Which events set the field that is asked for, and what has to be true of its value."""
        how: ast.cmpop = ast.Eq()
        against: ast.expr = ast.Constant(True)
        asked = node
        match node:
            case ast.Compare(left=one, ops=[sign], comparators=[other]):
                asked, how, against = one, sign, other
                if self._name(asked) is None:
                    how = _FLIPPED.get(type(sign), type(sign))()
                    asked, against = other, one
                if isinstance(how, ast.Is) and isinstance(against, ast.Constant) and isinstance(
                        against.value, bool):  # fmt: skip
                    how = ast.Eq()
        name = self._name(asked)
        if name is None or type(how) not in _SIGNS:
            raise self._refused(node, "should compare a field of the block with a value")
        limit = _constant(against)
        if limit is None:
            raise self._refused(node, "should compare a field of the block with a value")
        field = self._fields.field(name, self._said.place)
        if asked is node and field.type != "boolean":
            how, limit = ast.NotEq(), DEFAULTS.get(field.type, 0)
        meaning = self._fields.meaning(name, self._said.place)
        default = DEFAULTS.get(field.type, 0)
        try:
            of_nothing = _SIGNS[type(how)](default, limit)
        except TypeError:
            raise self._refused(node, "is true of no block") from None
        if of_nothing:
            raise self._refused(node, "holds of blocks in which no event has set the field")
        if not isinstance(meaning, Measured):
            raise self._refused(node, "a ratio is made true by no single event")
        return meaning.when, self._made_true(node, meaning, how, limit)

    def _made_true(
        self, node: ast.expr, meaning: Measured, how: ast.cmpop, limit: Any
    ) -> ast.expr | None:
        is_any = (isinstance(how, ast.Gt | ast.NotEq) and limit == 0) or (
            isinstance(how, ast.GtE) and limit == 1
        )
        if meaning.aggregate == "count":
            if is_any:
                return None
            raise self._refused(node, "counts further than to the first event")
        value = meaning.value or ast.Constant(True)
        match meaning.aggregate:
            case "sum":
                if not (isinstance(how, ast.Gt | ast.NotEq) and limit == 0):
                    raise self._refused(node, "a sum is made true by no single event")
                self._idioms.differences.add("sum", self._said.place)
                return ast.Compare(called("number", value), [ast.Gt()], [ast.Constant(0)])
            case "max" if not isinstance(how, ast.Gt | ast.GtE):
                raise self._refused(node, "a maximum is made so by all events together")
            case "min" if not isinstance(how, ast.Lt | ast.LtE):
                raise self._refused(node, "a minimum is made so by all events together")
        if meaning.aggregate in ("min", "max"):
            value = called("number", value)
        if isinstance(value, ast.Constant) and value.value is limit:
            return None
        if limit is True and isinstance(how, ast.Eq) and isinstance(value, ast.Call):
            return value
        return ast.Compare(value, [how], [ast.Constant(limit)])

    def _name(self, node: ast.expr) -> str | None:
        """The field of the block that a node reads; None where it reads none."""
        match node:
            case ast.Attribute(
                value=ast.Attribute(value=ast.Name(id=stream), attr=aggregate), attr=name
            ) if stream in (self._stream.name, "source") and aggregate == self._blocks.name:
                return name
        return None

    def _refused(self, node: ast.expr, why: str) -> Refused:
        return Refused.at(self._said.place, f"{ast.unparse(node)[:60]}: {why}")


def _constant(node: ast.expr) -> Any:
    match node:
        case ast.Constant(value=str() | int() | float()):
            return node.value
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as value)):
            return -value
    return None
