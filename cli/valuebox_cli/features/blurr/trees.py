"""Python's syntax trees: what a part names, and how parts are put together."""

import ast


def key_of(node: ast.expr) -> str | None:
    """Name of a raw event's value that a node reads, as `source.x`; None where it reads none."""
    match node:
        case ast.Attribute(value=ast.Name(id="source"), attr=key):
            return key
        case ast.Subscript(value=ast.Name(id="source"), slice=ast.Constant(value=str(key))):
            return key
        case ast.Call(
            func=ast.Attribute(value=ast.Name(id="source"), attr="get"),
            args=[ast.Constant(value=str(key))],
            keywords=[],
        ):
            return key
    return None


def field_of(node: ast.expr) -> tuple[str, str] | None:
    """Name and field of `name.field` or `name['field']`; None where a node is neither."""
    match node:
        case ast.Attribute(value=ast.Name(id=name), attr=part):
            return name, part
        case ast.Subscript(value=ast.Name(id=name), slice=ast.Constant(value=str(part))):
            return name, part
    return None


def same(one: ast.expr, other: ast.expr) -> bool:
    """Whether two expressions are the same."""
    return ast.dump(one) == ast.dump(other)


def bare(node: ast.expr) -> ast.expr:
    """A number without `float(…)` or `int(…)` around it."""
    while (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in ("float", "int", "number")
        and len(node.args) == 1
    ):
        node = node.args[0]
    return node


def called(name: str, *arguments: ast.expr) -> ast.expr:
    """A call of a function of declarations."""
    return ast.Call(ast.Name(name), list(arguments), [])


def all_of(*conditions: ast.expr | None) -> ast.expr | None:
    """A condition that holds where all of some do; None where there are none."""
    found: list[ast.expr] = []
    for one in conditions:
        for part in parts_of(one):
            if not any(same(part, each) for each in found):
                found.append(part)
    return ast.BoolOp(ast.And(), found) if len(found) > 1 else found[0] if found else None


def parts_of(condition: ast.expr | None) -> list[ast.expr]:
    """The conditions that all hold where one does."""
    if condition is None:
        return []
    if isinstance(condition, ast.BoolOp) and isinstance(condition.op, ast.And):
        return [part for one in condition.values for part in parts_of(one)]
    return [condition]


def written(node: ast.expr) -> str:
    """The text of an expression."""
    return ast.unparse(ast.fix_missing_locations(node))
