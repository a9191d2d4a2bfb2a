"""What tells blocks apart, as a declaration says it."""

import ast

from valuebox_cli.features.blurr.documents import Refused, Said
from valuebox_cli.features.blurr.fields import Fields, Measured
from valuebox_cli.features.blurr.idioms import Idioms
from valuebox_cli.features.blurr.parts import Aggregate
from valuebox_cli.features.blurr.trees import field_of, key_of, same, written


def split_of(
    blocks: Aggregate, fields: Fields, idioms: Idioms
) -> tuple[dict[str, object], ast.expr | None]:
    """The split of a declaration, and its value where an event alone has it.

    Raises:
        Refused: where a declaration has no such split.
    """
    differences = idioms.differences
    if fields.always is not None and not blocks.dimensions:
        differences.add("when", blocks.place)
    if blocks.silence is not None:
        return {"gap": f"{blocks.silence} seconds"}, None
    if blocks.split is not None:
        return {"change": written(_changed(blocks.split, blocks, fields, idioms))}, None
    if len(blocks.dimensions) > 1:
        raise Refused.at(
            blocks.dimensions[1].place, "a declaration tells blocks apart by one value, not several"
        )
    dimension = blocks.dimensions[0]
    if dimension.when is not None:
        raise Refused.at(dimension.when.place, "a dimension on a condition has no meaning here")
    if _is_day(dimension.value.tree):
        differences.add("day", dimension.place)
        if fields.always is not None:
            differences.add("when", blocks.place)
        return {"day": "UTC"}, None
    value = idioms.value(dimension.value)
    by = value
    if fields.always is not None:
        by = ast.IfExp(fields.always, value, ast.Constant(None))
    return {"by": written(by)}, value


def _is_day(node: ast.expr) -> bool:
    match node:
        case ast.Call(func=ast.Name(id="str"), args=[inside], keywords=[]):
            return _is_day(inside)
        case ast.Call(
            func=ast.Attribute(value=ast.Name(id="time"), attr="date"), args=[], keywords=[]
        ):
            return True
        case ast.Call(func=ast.Attribute(value=inside, attr="isoformat"), args=[], keywords=[]):
            return _is_day(inside)
        case ast.Call(
            func=ast.Attribute(value=ast.Name(id="time"), attr="strftime"),
            args=[ast.Constant(value="%Y-%m-%d" | "%Y%m%d" | "%Y/%m/%d")],
        ):
            return True
    return False


def _changed(split: Said, blocks: Aggregate, fields: Fields, idioms: Idioms) -> ast.expr:
    """The value whose change begins a block, of `source.x != games.x` or `source.x != x`."""
    match split.tree:
        case ast.Compare(left=one, ops=[ast.NotEq()], comparators=[other]):
            for value, kept in ((one, other), (other, one)):
                name = kept.id if isinstance(kept, ast.Name) else None
                if (found := field_of(kept)) is not None and found[0] == blocks.name:
                    name = found[1]
                if name is None or key_of(value) is None:
                    continue
                changing = idioms.value(split, value)
                if name not in fields.by_name and name == key_of(value):
                    return changing
                meaning = fields.meaning(name, split.place)
                is_last = isinstance(meaning, Measured) and meaning.aggregate == "last"
                if is_last and same(fields.by_name[name].value.tree, value):
                    return changing
    raise Refused.at(
        split.place, f"{split.text[:60]}: a block can begin where a value changes, as source.x != "
        f"{blocks.name}.x"
    )  # fmt: skip
