"""Files of Blurr as a declaration, with a list of what it means otherwise."""

import ast
from dataclasses import dataclass
from typing import Any, Final

from valuebox.features.declared.declaration import OWN
from valuebox.features.declared.reading import BadDeclaration, declaration_of
from valuebox_cli.features.blurr.anchors import anchor_of
from valuebox_cli.features.blurr.differences import Differences
from valuebox_cli.features.blurr.documents import Refusals, Refused, Said
from valuebox_cli.features.blurr.fields import Divided, Fields
from valuebox_cli.features.blurr.idioms import Idioms, Names
from valuebox_cli.features.blurr.parts import Stream, Windows
from valuebox_cli.features.blurr.splits import split_of
from valuebox_cli.features.blurr.trees import key_of, written
from valuebox_cli.features.blurr.windows import Windowed
from valuebox_cli.features.blurr.writing import toml

TYPES: Final = ("event_id", "event_name", "event_type")
"""What the type of an event is called where nobody says so."""
SESSION: Final = "session_id"


@dataclass(frozen=True)
class Translation:
    """A declaration that was made of files of Blurr."""

    text: str
    """TOML."""
    differences: list[str]
    """What it means otherwise, a line for each."""
    names: str
    """What the names of raw events have to become."""


def translated(
    stream: Stream, windows: Windows, type_name: str | None, session: str | None
) -> Translation:
    """Make a declaration of two files.

    Args:
        stream: How events become blocks.
        windows: What is worked out around which blocks.
        type_name: What raw events call their type; None for one of the usual names.
        session: What they call their session, likewise.

    Raises:
        Refused: naming everything that has no meaning in a declaration.
    """
    customer, time = _key(stream.identity), _time(stream)
    own = {customer: "customer", time: "time", session or SESSION: "session"}
    own |= dict.fromkeys(TYPES if type_name is None else [type_name], "type")
    names, differences, refusals = Names(own), Differences(), Refusals()
    names.read = {customer: "customer", time: "time"}
    idioms = Idioms(stream, names, differences)
    for one in ("anchor", "rows", "known", "once", "values", "defaults"):
        differences.add(one)
    if windows.most is not None:
        differences.add("most", windows.most_at)
    content: dict[str, Any] = {"name": windows.name, "version": 1}
    if (blocks := stream.blocks) is None:
        raise Refused.at(stream.place, "has no aggregate of blocks, which windows need")
    always = None if stream.when is None else idioms.condition(stream.when)
    fields = Fields(blocks, always, idioms)
    by: ast.expr | None = None
    anchor: ast.expr | None = None
    with refusals.noted():
        content["split"], by = split_of(blocks, fields, idioms)
    with refusals.noted():
        anchor = anchor_of(windows, stream, blocks, fields, idioms)
    around = Windowed(stream, fields, by, anchor, idioms)
    for span in windows.spans:
        with refusals.noted():
            around.add(span)
    attributes: dict[str, Any] = {}
    with refusals.noted():
        attributes = _attributes(stream, always, idioms)
    refusals.raise_any()
    columns = around.columns
    content["anchor"] = {"when": written(anchor or ast.Constant(True)), "most": 1}
    if columns.of_anchor:
        content["anchor"]["columns"] = columns.of_anchor
    content |= {"attribute": attributes, "field": columns.fields, "window": columns.windows}
    told = _names(names)
    text = toml(
        content, [f"Made of {stream.place.file} and {windows.place.file}, files of Blurr.", told,
                  "What this means otherwise than there:",
                  *(f"- {one}" for one in differences.lines)]
    )  # fmt: skip
    try:
        declaration_of(text, f"{stream.place.file} and {windows.place.file}")
    except BadDeclaration as error:
        raise Refused(*error.args) from None
    return Translation(text, differences.lines, told)


def _attributes(stream: Stream, always: ast.expr | None, idioms: Idioms) -> dict[str, Any]:
    found: dict[str, Any] = {}
    refusals = Refusals()
    for aggregate in stream.aggregates:
        if aggregate.kind != "identity":
            continue
        if aggregate.dimensions:
            raise Refused.at(
                aggregate.place,
                "a state by dimension has no meaning in a declaration",
            )
        fields = Fields(aggregate, always, idioms)
        idioms.differences.add("attributes", aggregate.place)
        for one in aggregate.fields:
            with refusals.noted():
                if one.name in found:
                    raise Refused.at(one.place, f"{one.name} is the name of two attributes")
                meaning = fields.meaning(one.name, one.place)
                if isinstance(meaning, Divided):
                    raise Refused.at(one.place, f"{one.name}: an attribute cannot be a ratio")
                found[one.name] = meaning.table
    refusals.raise_any()
    return found


def _key(said: Said) -> str:
    node = said.tree
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "str":
        node = node.args[0] if len(node.args) == 1 else node
    if (found := key_of(node)) is None:
        raise Refused.at(said.place, f"{said.text[:60]}: should be one value of the event")
    return found


def _time(stream: Stream) -> str:
    """The name of the value that the time is read of."""
    parts = [one for one in ast.walk(stream.time.tree) if isinstance(one, ast.expr)]
    found = {key_of(one) for one in parts} - {None}
    if len(found) != 1:
        raise Refused.at(
            stream.time.place, f"{stream.time.text[:60]}: should read one value of the event"
        )
    return str(found.pop())


def _names(names: Names) -> str:
    own = [f"{ours} is {theirs}" for theirs, ours in names.read.items() if ours in OWN]
    return f"Names of raw events: {', '.join(own)}; all others are properties."
