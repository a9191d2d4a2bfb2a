"""Files of Blurr as parts, or everything in them that cannot be read, by line."""

from collections.abc import Collection
from pathlib import Path
from typing import Final, cast, get_args

from valuebox_cli.features.blurr.documents import Entry, Refusals, Refused, Said, read_yaml
from valuebox_cli.features.blurr.parts import Aggregate, Field, Kind, Span, Stream, Type, Windows

_KINDS: Final[dict[str, Kind]] = {
    "identity": "identity",
    "block": "block",
    "session": "block",
    "activity": "activity",
    "variable": "variable",
}
_OF_ALL: Final = ("Type", "Name", "Description", "Version", "Stores", "Import")
_OF_STREAM: Final = (*_OF_ALL, "Identity", "Time", "When", "Aggregates", "DataGroups")
_OF_WINDOWS: Final = (*_OF_ALL, "SourceBTS", "SourceDTC", "Anchor", "Aggregates", "DataGroups")
_OF_AGGREGATE: Final = ("Type", "Name", "Description", "Store", "When", "Fields")
_OF_FIELD: Final = ("Type", "Name", "Description", "Value", "When", "Atomic")
_FARTHEST: Final = {"day": 36_525, "hour": 876_600, "count": 1_000}


def read_stream(path: Path) -> Stream:
    """Read a streaming transform.

    Raises:
        Refused: naming everything that cannot be read.
    """
    whole = read_yaml(path)
    _check_type(whole, "streaming")
    refusals = Refusals()
    aggregates = []
    for one in _of(whole, "Aggregates", "DataGroups").list:
        with refusals.noted():
            aggregates.append(_aggregate(one))
    with refusals.noted():
        found = Stream(
            _name(whole, _OF_STREAM),
            _imports(whole),
            _of(whole, "Identity").expression,
            _of(whole, "Time").expression,
            _optional(whole, "When"),
            tuple(aggregates),
            whole.place,
        )
        names: set[str] = set()
        for each in aggregates:
            if each.name in names:
                raise Refused.at(each.place, f"{each.name} is the name of two aggregates")
            names.add(each.name)
        if len([one for one in aggregates if one.kind in ("block", "activity")]) > 1:
            raise whole.refused("has several aggregates of blocks, of which Blurr takes one")
    refusals.raise_any()
    return found


def read_windows(path: Path, stream: Stream) -> Windows:
    """Read a window transform of a streaming one.

    Raises:
        Refused: naming everything that cannot be read.
    """
    whole = read_yaml(path)
    _check_type(whole, "window")
    blocks = stream.blocks
    if blocks is None:
        raise Refused.at(stream.place, "has no aggregate of blocks, which windows need")
    refusals = Refusals()
    spans = []
    for one in _of(whole, "Aggregates", "DataGroups").list:
        with refusals.noted():
            spans.append(_span(one, f"{stream.name}.{blocks.name}"))
    with refusals.noted():
        anchor = _of(whole, "Anchor")
        _check_keys(anchor, ("Condition", "Max"))
        most = anchor.table.get("Max")
        if most is not None and most.number < 1:
            raise most.refused("should be 1 or more")
        found = Windows(
            _name(whole, _OF_WINDOWS),
            _of(anchor, "Condition").expression,
            None if most is None else most.number,
            None if most is None else most.place,
            tuple(spans),
            whole.place,
        )
    refusals.raise_any()
    return found


def _check_type(whole: Entry, wanted: str) -> None:
    said = _of(whole, "Type")
    if said.text.lower().rpartition(":")[2] != wanted:
        raise said.refused(f"{said.text} is not Blurr:Transform:{wanted.title()}")


def _check_keys(entry: Entry, known: Collection[str]) -> None:
    for name, one in entry.table.items():
        if name not in known:
            raise one.refused(f"{name} is no key that Blurr 0.4.1 reads there")


def _of(entry: Entry, *names: str) -> Entry:
    """The first of some parts that is there."""
    for name in names:
        if (found := entry.table.get(name)) is not None:
            return found
    raise entry.refused(f"{names[0]} is missing")


def _optional(entry: Entry, name: str) -> Said | None:
    found = entry.table.get(name)
    return None if found is None else found.expression


def _name(entry: Entry, known: Collection[str]) -> str:
    _check_keys(entry, known)
    said = _of(entry, "Name")
    if not said.text.isidentifier() or said.text.startswith(("_", "run_")):
        raise said.refused(f"{said.text} is no name: letters, digits and _, the first a letter")
    return said.text


def _imports(whole: Entry) -> dict[str, str]:
    found = {}
    given = whole.table.get("Import")
    for one in [] if given is None else given.list:
        _check_keys(one, ("Module", "Identifiers"))
        module, identifiers = _of(one, "Module").text, one.table.get("Identifiers")
        said = [module] if identifiers is None else [each.text for each in identifiers.list]
        for each in said:
            name, _, called = each.partition(" as ")
            whole_name = name.strip() if identifiers is None else f"{module}.{name.strip()}"
            found[called.strip() or name.strip()] = whole_name
    return found


def _aggregate(entry: Entry) -> Aggregate:
    said = _of(entry, "Type")
    kind = _KINDS.get(said.text.lower().rpartition(":")[2].removesuffix("aggregate"))
    if kind is None:
        raise said.refused(
            f"{said.text} has no meaning here; known are Identity, Block, Activity and Variable"
        )
    more = {
        "identity": ("Dimensions",),
        "block": ("Dimensions", "Split"),
        "activity": ("SeparateByInactiveSeconds",),
        "variable": (),
    }[kind]
    name = _name(entry, (*_OF_AGGREGATE, *more))
    given = entry.table.get("Dimensions")
    dimensions = () if given is None else tuple(_field(one) for one in given.list)
    split = _optional(entry, "Split")
    if kind == "block" and not dimensions and split is None:
        raise entry.refused("Dimensions is missing: what tells one block from another")
    silence = None
    if kind == "activity":
        seconds = _of(entry, "SeparateByInactiveSeconds")
        if (silence := seconds.number) < 1:
            raise seconds.refused("should be 1 or more")
    fields = tuple(_field(one) for one in _of(entry, "Fields").list)
    _check_once((*fields, *dimensions))
    when = _optional(entry, "When")
    return Aggregate(kind, name, when, fields, dimensions, split, silence, entry.place)


def _check_once(fields: Collection[Field]) -> None:
    names: set[str] = set()
    for one in fields:
        if one.name in names:
            raise Refused.at(one.place, f"{one.name} is the name of two fields")
        names.add(one.name)


def _field(entry: Entry) -> Field:
    name = _name(entry, _OF_FIELD)
    said = entry.table.get("Type")
    kind = "string" if said is None else said.text.lower()
    if said is not None and kind not in get_args(Type):
        raise said.refused(f"{said.text} is no type; known are {', '.join(get_args(Type))}")
    value = _of(entry, "Value").expression
    return Field(name, cast("Type", kind), value, _optional(entry, "When"), entry.place)


def _span(entry: Entry, blocks: str) -> Span:
    said = _of(entry, "Type")
    if said.text.lower().rpartition(":")[2].removesuffix("aggregate") != "window":
        raise said.refused(f"{said.text} has no meaning here; known is Window")
    if (when := entry.table.get("When")) is not None:
        raise when.refused("a window on a condition has no meaning here")
    name = _name(entry, (*_OF_AGGREGATE, "WindowType", "WindowValue", "Source"))
    unit, value, source = (_of(entry, one) for one in ("WindowType", "WindowValue", "Source"))
    if (kind := unit.text.lower()) not in _FARTHEST:
        raise unit.refused(f"{unit.text} is no type of window; known are day, hour and count")
    if not 0 < abs(value.number) <= _FARTHEST[kind]:
        raise value.refused(f"should not be 0, nor farther than {_FARTHEST[kind]:,}")
    if source.text != blocks:
        raise source.refused(f"{source.text} is not {blocks}, the only blocks there are")
    fields = tuple(_field(one) for one in _of(entry, "Fields").list)
    _check_once(fields)
    return Span(name, kind, value.number, fields, entry.place)  # type: ignore[arg-type]
