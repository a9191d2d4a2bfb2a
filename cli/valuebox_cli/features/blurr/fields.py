"""Fields of blocks as measures: a value that events change one after another, said at once.

`games.played + 1` is a count, `games.spent + float(source.amount)` a sum, a value that is taken
where it is greater than the one before a maximum.
"""

import ast
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from valuebox_cli.features.blurr.documents import Place, Refused, Said
from valuebox_cli.features.blurr.idioms import Idioms
from valuebox_cli.features.blurr.parts import END, START, Aggregate, Field
from valuebox_cli.features.blurr.trees import (
    all_of,
    bare,
    called,
    field_of,
    parts_of,
    same,
    written,
)

DEFAULTS: Final[Mapping[str, object]] = {
    "integer": 0, "float": 0, "string": "", "boolean": False
}  # fmt: skip
_GREATER: Final = (ast.Gt, ast.GtE)
_LESS: Final = (ast.Lt, ast.LtE)


@dataclass(frozen=True)
class Measured:
    """An aggregate of events, with expressions of declarations."""

    aggregate: Literal["count", "sum", "min", "max", "first", "last", "distinct"]
    value: ast.expr | None
    """None where events alone are counted."""
    when: ast.expr | None = None

    @property
    def table(self) -> dict[str, object]:
        """The measure as a declaration writes it."""
        found: dict[str, object] = {
            self.aggregate: True if self.value is None else written(self.value)
        }
        return found if self.when is None else {**found, "when": written(self.when)}


@dataclass(frozen=True)
class Divided:
    """A field of the block divided by another field."""

    parts: tuple[str, str]


class Fields:
    """What the fields of an aggregate mean.

    Args:
        aggregate: Blocks, or the state of customers.
        always: Condition on all events.
        idioms: Translates expressions.
    """

    def __init__(self, aggregate: Aggregate, always: ast.expr | None, idioms: Idioms):
        self._of = aggregate.name
        self._idioms = idioms
        of_aggregate = None if aggregate.when is None else idioms.condition(aggregate.when)
        self.always = all_of(always, of_aggregate)
        """Condition on every event that the aggregate looks at."""
        self.by_name = {one.name: one for one in (*aggregate.fields, *aggregate.dimensions)}

    def field(self, name: str, asked: Place) -> Field:
        """A field by its name.

        Raises:
            Refused: where there is none.
        """
        if (found := self.by_name.get(name)) is None:
            raise Refused.at(asked, f"{self._of} has no field {name}")
        return found

    def meaning(self, name: str, asked: Place) -> Measured | Divided:
        """What a field is.

        Args:
            name: The field.
            asked: Who asks for it.

        Raises:
            Refused: where no measure says the same.
        """
        field = self.field(name, asked)
        if field.type in ("list", "map", "set", "datetime"):
            raise Refused.at(
                field.place, f"{name}: values of type {field.type} have no meaning in a declaration"
            )
        pure, about = self._conditions(field)
        if (divided := self._divided(field)) is not None:
            if not all(self._is_about_divisor(one, divided) for one in about):
                raise self._refused(field)
            self._idioms.differences.add("ratio", field.value.place)
            return divided
        return self._gathered(field, pure, about) or self._taken(field, pure, about)

    def _conditions(self, field: Field) -> tuple[ast.expr | None, list[ast.expr]]:
        """What a field's condition asks of the event, and what of the block so far."""
        when = field.when
        if when is None:
            return self.always, []
        parts = parts_of(when.tree)
        about = [one for one in parts if self._is_about_block(one)]
        of_event = [self._idioms.condition(when, one) for one in parts if one not in about]
        return all_of(self.always, *of_event), about

    def _is_about_block(self, node: ast.expr) -> bool:
        return any(
            isinstance(one, ast.Name) and one.id in (self._of, "time") for one in ast.walk(node)
        )

    def _divided(self, field: Field) -> Divided | None:
        match field.value.tree:
            case ast.BinOp(op=ast.Div(), left=above, right=below):
                found = [field_of(bare(one)) for one in (above, below)]
                names = [one[1] for one in found if one is not None and one[0] == self._of]
                if len(names) == 2:
                    return Divided((names[0], names[1]))
        return None

    def _is_about_divisor(self, node: ast.expr, divided: Divided) -> bool:
        """Whether a condition only keeps from dividing by nothing."""
        if isinstance(node, ast.Compare) and len(node.ops) == 1:
            against = node.comparators[0]
            if not (isinstance(against, ast.Constant) and against.value == 0):
                return False
            if not isinstance(node.ops[0], ast.Gt | ast.NotEq):
                return False
            node = node.left
        return field_of(bare(node)) == (self._of, divided.parts[1])

    def _gathered(
        self, field: Field, when: ast.expr | None, about: list[ast.expr]
    ) -> Measured | None:
        """A count, a sum, a maximum or a minimum that names the field itself."""
        match field.value.tree:
            case ast.BinOp(op=ast.Add(), left=one, right=other) if not about:
                aggregate: Literal["sum", "min", "max"] = "sum"
                sides = [one, other]
            case ast.Call(func=ast.Name(id="max" | "min" as name), args=[_, _] as sides) if (
                not about
            ):
                aggregate = "max" if name == "max" else "min"
                self._idioms.differences.add("defaults", field.value.place)
            case _:
                return None
        rest = [one for one in sides if field_of(bare(one)) != (self._of, field.name)]
        if len(rest) != 1:
            return None
        if aggregate == "sum" and isinstance(rest[0], ast.Constant) and rest[0].value == 1:
            return Measured("count", None, when)
        value = bare(self._idioms.value(field.value, rest[0]))
        return Measured(aggregate, value, when)

    def _taken(self, field: Field, when: ast.expr | None, about: list[ast.expr]) -> Measured:
        """A value of one event: the last, the first, the greatest or the least."""
        if len(about) > 1:
            raise self._refused(field)
        aggregate = self._which(field, about[0]) if about else "last"
        if aggregate is None:
            raise self._refused(field)
        value = self._idioms.value(field.value)
        if aggregate in ("max", "min"):
            return Measured(aggregate, bare(value), when)
        if field.type in ("integer", "float"):
            if field.type == "integer":
                self._idioms.differences.add("whole", field.place)
            value = called("number", bare(value))
        elif field.type == "boolean" and isinstance(value, ast.Name):
            value = called("true", value)
        return Measured(aggregate, value, when)

    def _which(
        self, field: Field, about: ast.expr
    ) -> Literal["min", "max", "first", "last"] | None:
        """Which of the events a condition on the block so far takes."""
        parts = [about]
        if isinstance(about, ast.BoolOp) and isinstance(about.op, ast.Or):
            parts = about.values
        said = {self._said(field, one) for one in parts}
        if len(said) == 2:
            said -= {"first"}
        return said.pop() if len(said) == 1 else None

    def _said(self, field: Field, node: ast.expr) -> Literal["min", "max", "first", "last"] | None:
        me = (self._of, field.name)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            return "first" if field_of(node.operand) == me else None
        if not (isinstance(node, ast.Compare) and len(node.ops) == 1):
            return None
        how, one, other = node.ops[0], node.left, node.comparators[0]
        if isinstance(how, ast.Eq) and isinstance(one, ast.Name) and one.id == "time":
            edges: dict[tuple[str, str] | None, Literal["first", "last"]] = {
                (self._of, START): "first", (self._of, END): "last"
            }  # fmt: skip
            return edges.get(field_of(other))
        if isinstance(how, ast.Eq | ast.Is) and isinstance(other, ast.Constant):
            is_default = other.value is None or other.value == DEFAULTS[field.type]
            return "first" if field_of(one) == me and is_default else None
        is_flipped = field_of(bare(one)) == me
        mine, value = (one, other) if is_flipped else (other, one)
        if field_of(bare(mine)) != me or not same(bare(value), bare(field.value.tree)):
            return None
        greater = isinstance(how, _LESS if is_flipped else _GREATER)
        lesser = isinstance(how, _GREATER if is_flipped else _LESS)
        self._idioms.differences.add("defaults", field.value.place)
        return "max" if greater else "min" if lesser else None

    def _refused(self, field: Field) -> Refused:
        about: Said = field.when or field.value
        return Refused.at(
            about.place,
            f"{field.name}: {about.text[:60]} asks for the block so far in a way that no measure "
            "of a declaration does",
        )
