"""Windows over blocks as windows over events: what a list of blocks' values comes down to.

`sum(source.played)` of counts is the count of the window's events; a mean of counts is that count
divided by the number of blocks. Other figures of figures have no meaning in a declaration.
"""

import ast
from dataclasses import dataclass, field
from typing import Final

from valuebox_cli.features.blurr.documents import Place, Refused
from valuebox_cli.features.blurr.fields import Divided, Fields, Measured
from valuebox_cli.features.blurr.idioms import Idioms
from valuebox_cli.features.blurr.parts import Field, Span, Stream
from valuebox_cli.features.blurr.trees import bare, field_of, parts_of, written

_ALIKE: Final = {
    "count": "sum", "sum": "sum", "min": "min", "max": "max"
}  # fmt: skip
"""Which aggregate of blocks is the same aggregate of their events."""
_MEAN: Final = "mean"
_LAST: Final = "last"
Table = dict[str, object]


@dataclass
class Columns:
    """What a declaration gets beside its head."""

    fields: dict[str, Table] = field(default_factory=dict)
    windows: dict[str, Table] = field(default_factory=dict)
    of_anchor: list[str] = field(default_factory=list)

    def named(self, wanted: str, window: str, table: Table, place: Place) -> str:
        """Have a field, by the name that is wanted or, where that means something else, another.

        Raises:
            Refused: where both names mean something else.
        """
        for name in (wanted, f"{window}_{wanted}"):
            if self.fields.setdefault(name, table) == table:
                return name
        raise Refused.at(place, f"{wanted}: both {wanted} and {window}_{wanted} are other fields")


class Windowed:
    """Translates windows.

    Args:
        stream: Where blocks and states of customers are.
        fields: What fields of blocks mean.
        by: What tells one block from another; None where that is no value of an event.
        anchor: Condition on anchors; None where it was refused.
        idioms: Translates expressions.
    """

    def __init__(
        self,
        stream: Stream,
        fields: Fields,
        by: ast.expr | None,
        anchor: ast.expr | None,
        idioms: Idioms,
    ):
        self._stream, self._fields, self._by, self._idioms = stream, fields, by, idioms
        self._anchor = anchor
        self.columns = Columns()

    def add(self, span: Span) -> None:
        """Translate a window into the columns.

        Raises:
            Refused: naming every field without a meaning.
        """
        table: Table = {_UNITS[span.unit]: span.value}
        if span.unit == "count":
            if span.value > 0:
                raise Refused.at(
                    span.place, f"{span.name}: windows after an anchor are of hours or days, not "
                    "of a number of blocks"
                )  # fmt: skip
            self._idioms.differences.add("last", span.place)
        elif span.value > 0:
            table["target"] = True
            self._idioms.differences.add("target", span.place)
        else:
            table["own"] = False
            self._idioms.differences.add("edges", span.place)
        names: list[str] = []
        said: list[str] = []
        for one in span.fields:
            try:
                name = self._column(span, one)
            except Refused as error:
                said += [str(each) for each in error.args]
                continue
            if name is not None and name not in names:
                names.append(name)
        if said:
            raise Refused(*said)
        if names:
            self.columns.windows[span.name] = {**table, "fields": names}

    def _column(self, span: Span, field: Field) -> str | None:
        """The field of a window; None where it is no column of a window in a declaration."""
        if field.when is not None:
            raise Refused.at(
                field.when.place, f"{field.name}: a condition on a window's field has no meaning "
                "in a declaration"
            )  # fmt: skip
        if field.type in ("list", "map", "set", "datetime"):
            raise self._refused(field, f"values of type {field.type} are no columns")
        if self._elsewhere(span, field):
            return None
        table = self._table(span, field)
        if field.type == "integer" and "count" not in table:
            self._idioms.differences.add("whole", field.place)
        name = self.columns.named(field.name, span.name, table, field.place)
        if name != field.name:
            self._idioms.differences.add_own(
                field.place, f"{span.name}.{field.name} is the column {span.name}.{name}"
            )
        return name

    def _elsewhere(self, span: Span, field: Field) -> bool:
        """Whether a field is a column of the anchor, or an attribute, rather than of a window."""
        tree = bare(field.value.tree)
        found = field_of(tree)
        if found is not None and found[0] == "anchor":
            meaning = self._fields.meaning(found[1], field.place)
            if not isinstance(meaning, Measured) or meaning.aggregate not in ("last", "first"):
                raise self._refused(
                    field, "the anchor's block goes on after the anchor; a column of the anchor "
                    "can be a value of its event"
                )  # fmt: skip
            of_anchor = {ast.dump(one) for one in parts_of(self._anchor)}
            of_field = {ast.dump(one) for one in parts_of(meaning.when)}
            if self._anchor is not None and not of_field <= of_anchor:
                raise self._refused(field, "is set by other events than the anchor")
            text = written(meaning.value or ast.Constant(True))
            if text not in self.columns.of_anchor:
                self.columns.of_anchor.append(text)
            self._idioms.differences.add("columns", field.place)
            self._idioms.differences.add_own(
                field.place, f"{span.name}.{field.name} is the column anchor.{text}"
            )
            return True
        match tree:
            case ast.Attribute(
                value=ast.Attribute(value=ast.Name(id=stream), attr=name), attr=attribute
            ) if stream == self._stream.name:
                for one in self._stream.aggregates:
                    is_there = attribute in [each.name for each in one.fields]
                    if one.name == name and one.kind == "identity" and is_there:
                        self._idioms.differences.add_own(
                            field.place, f"{span.name}.{field.name} is the column {attribute}"
                        )
                        return True
        return False

    def _table(self, span: Span, field: Field) -> Table:
        tree = bare(field.value.tree)
        if self._counts_blocks(tree):
            return self._blocks(field).table
        if isinstance(tree, ast.BinOp) and isinstance(tree.op, ast.Div):
            return self._divided(span, field, tree)
        if (found := self._of_list(tree)) is None:
            raise self._refused(field, "")
        return self._figure(span, field, *found)

    def _figure(self, span: Span, field: Field, how: str, name: str) -> Table:
        """A figure of the values that blocks have for a field."""
        meaning = self._fields.meaning(name, field.place)
        if isinstance(meaning, Divided):
            if not _is_one_block(span):
                raise self._of_blocks(field, how)
            return self._ratio(span, field, *meaning.parts)
        if not _is_one_block(span) and how != _ALIKE.get(meaning.aggregate):
            if how != _LAST or meaning.aggregate != "last":
                raise self._of_blocks(field, how)
            self._idioms.differences.add("last block", field.place)
        return meaning.table

    def _divided(self, span: Span, field: Field, tree: ast.BinOp) -> Table:
        """A mean of blocks, or one sum divided by another."""
        above, below = bare(tree.left), bare(tree.right)
        is_mean = self._counts_blocks(below)
        of_above, of_below = self._of_list(above), self._of_list(below)
        if of_above is None or of_above[0] != "sum":
            raise self._refused(field, "")
        if is_mean:
            if _is_one_block(span):
                return self._figure(span, field, "first", of_above[1])
            meaning = self._fields.meaning(of_above[1], field.place)
            if not isinstance(meaning, Measured) or _ALIKE.get(meaning.aggregate) != "sum":
                raise self._of_blocks(field, _MEAN)
            top = self.columns.named(of_above[1], span.name, meaning.table, field.place)
            blocks = self.columns.named("blocks", span.name, self._blocks(field).table, field.place)
            return {"ratio": [top, blocks]}
        if of_below is None or of_below[0] != "sum":
            raise self._refused(field, "")
        return self._ratio(span, field, of_above[1], of_below[1])

    def _ratio(self, span: Span, field: Field, above: str, below: str) -> Table:
        names = []
        for name in (above, below):
            meaning = self._fields.meaning(name, field.place)
            if not isinstance(meaning, Measured) or not (
                _is_one_block(span) or _ALIKE.get(meaning.aggregate) == "sum"
            ):
                raise self._refused(field, f"{name} is no count and no sum")
            names.append(self.columns.named(name, span.name, meaning.table, field.place))
        return {"ratio": names}

    def _blocks(self, field: Field) -> Measured:
        if self._by is None:
            raise self._refused(
                field, "the number of blocks is known where a value of events tells blocks apart, "
                "not where a day, a silence or a change does"
            )  # fmt: skip
        self._idioms.differences.add("blocks", field.place)
        return Measured("distinct", self._by, self._fields.always)

    def _counts_blocks(self, node: ast.expr) -> bool:
        match node:
            case ast.Call(func=ast.Name(id="len"), args=[argument], keywords=[]):
                found = field_of(argument)
                return found is not None and found[0] == "source"
        return False

    def _of_list(self, node: ast.expr) -> tuple[str, str] | None:
        """What is done to the values of which field of the window's blocks."""
        match node:
            case ast.Call(func=ast.Name(id="sum" | "min" | "max" as name), args=[argument]):
                how = str(name)
            case ast.Subscript(value=argument, slice=ast.Constant(value=0)):
                how = "first"
            case ast.Subscript(
                value=argument, slice=ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=1))
            ):
                how = _LAST
            case _:
                return None
        found = field_of(argument)
        return None if found is None or found[0] != "source" else (how, found[1])

    def _of_blocks(self, field: Field, how: str) -> Refused:
        return self._refused(
            field, f"a {how} over blocks of what is no such figure of their events has no meaning "
            "in a declaration, whose windows hold events"
        )  # fmt: skip

    def _refused(self, field: Field, why: str) -> Refused:
        known = (
            "has no meaning in a declaration; known are sum, min and max of a field of the blocks, "
            "sum / len, sum / sum, len, [0] and [-1]"
        )
        place = field.value.place
        return Refused.at(place, f"{field.name}: {field.value.text[:60]}: {why or known}")


_UNITS: Final = {"day": "days", "hour": "hours", "count": "blocks"}


def _is_one_block(span: Span) -> bool:
    return span.unit == "count" and abs(span.value) == 1
