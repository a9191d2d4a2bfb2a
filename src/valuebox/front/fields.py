"""Fields of a JSON schema as rows of a table, and an example of what it describes."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

Schema = Mapping[str, Any]

_REF: Final = "$ref"
_BOUNDS: Final = {
    "minimum": "at least {}",
    "exclusiveMinimum": "above {}",
    "maximum": "at most {}",
    "exclusiveMaximum": "below {}",
    "minLength": "{} characters or more",
    "maxLength": "{} characters at most",
    "minItems": "{} items or more",
    "maxItems": "{} items at most",
    "maxProperties": "{} names at most",
}


@dataclass(frozen=True)
class Field:
    """A field of a request or an answer."""

    name: str
    """Name, after those of what it lies in, such as `[].user_id`; empty for the whole body."""
    kind: str
    """Type and bounds, in words."""
    meaning: str
    required: bool


class Definitions:
    """The schemas that others refer to by name."""

    def __init__(self, found: Mapping[str, Schema]):
        self._found = found

    def fields(self, schema: Schema, name: str = "", required: bool = True) -> Iterator[Field]:
        """A row for every field of a body, those of nested ones after what they lie in.

        Args:
            schema: Of the body.
            name: That its fields have in common.
            required: Whether it has to be there.
        """
        known, optional = self._resolved(schema)
        meaning = known.get("description", "") if name else ""
        properties = known.get("properties", {})
        if not properties or name.rpartition(".")[2]:
            yield Field(name, _kind(known, optional), meaning, required)
        needed = known.get("required", ())
        for own, inner in properties.items():
            yield from self.fields(inner, f"{name}.{own}" if name else own, own in needed)
        items = known.get("items")
        if items and _REF in str(items):
            yield from self._within(items, f"{name}[]")
        values = known.get("additionalProperties")
        if isinstance(values, Mapping) and _REF in str(values):
            yield from self._within(values, f"{name}.*" if name else "*")

    def _within(self, schema: Schema, name: str) -> Iterator[Field]:
        known, _ = self._resolved(schema)
        needed = known.get("required", ())
        for own, inner in known.get("properties", {}).items():
            yield from self.fields(inner, f"{name}.{own}", own in needed)

    def example(self, schema: Schema) -> Any:
        """A body as the examples of its fields make it; fields without an example are left out."""
        known, _ = self._resolved(schema)
        if "examples" in known:
            return known["examples"][0]
        if "items" in known:
            item = self.example(known["items"])
            return [] if item is None else [item]
        found = {name: self.example(inner) for name, inner in known.get("properties", {}).items()}
        return {name: value for name, value in found.items() if value is not None} or None

    def _resolved(self, schema: Schema) -> tuple[Schema, bool]:
        """What a schema stands for, without null, and whether null is allowed."""
        optional = False
        known = dict(schema)
        while _REF in known or "anyOf" in known:
            if choices := known.pop("anyOf", None):
                others = [one for one in choices if one.get("type") != "null"]
                optional |= len(others) < len(choices)
                known = {**others[0], **known} if len(others) == 1 else {**known, "oneOf": others}
            if name := known.pop(_REF, None):
                known = {**self._found[str(name).rpartition("/")[2]], **known}
        return known, optional


def _kind(schema: Schema, optional: bool) -> str:
    choices = schema.get("oneOf")
    names = [_named(one) for one in choices] if choices else [_named(schema)]
    bounds = [text.format(schema[name]) for name, text in _BOUNDS.items() if name in schema]
    return ", ".join([" or ".join([*names, *(["null"] if optional else [])]), *bounds])


def _named(schema: Schema) -> str:
    if "const" in schema or "enum" in schema:
        return " or ".join(f"“{one}”" for one in schema.get("enum", [schema.get("const")]))
    kind = str(schema.get("type", "any value"))
    return {"array": "list", "string": str(schema.get("format", "text"))}.get(kind, kind)
