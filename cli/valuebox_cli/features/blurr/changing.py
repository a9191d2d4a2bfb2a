"""How values change with each event, and what a condition is worth, as Blurr has it."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from valuebox_cli.features.blurr.documents import Refused, Said
from valuebox_cli.features.blurr.evaluating import FAILURES, Env, Known, Worked, worked
from valuebox_cli.features.blurr.parts import Field

_DEFAULTS: Final[dict[str, Any]] = {
    "integer": 0,
    "float": 0.0,
    "string": "",
    "boolean": False,
    "datetime": None,
}
_TYPES: Final[dict[str, type]] = {
    "integer": int,
    "float": float,
    "string": str,
    "boolean": bool,
    "datetime": datetime,
}
Values = dict[str, Any]
"""Fields by name."""


class Condition:
    """A condition, if there is one."""

    def __init__(self, said: Said | None, names: Mapping[str, Known], imports: Mapping[str, str]):
        self._worked = None if said is None else worked(said, names, imports)

    def holds(self, env: Env) -> bool:
        """Whether there is none, or it is true and does not fail."""
        return self._worked is None or bool(tried(self._worked, env))


class Change:
    """How a field gets its next value."""

    def __init__(self, field: Field, names: Mapping[str, Known], imports: Mapping[str, str]):
        if field.type not in _DEFAULTS:
            raise Refused.at(field.place, f"{field.name}: fields of type {field.type} have no "
                             "meaning here")  # fmt: skip
        self.name, self.default = field.name, _DEFAULTS[field.type]
        self._type = _TYPES[field.type]
        self._when = Condition(field.when, names, imports)
        self._value = worked(field.value, names, imports)

    def of(self, env: Env) -> Any:
        """The next value; None where the one before stays."""
        found = tried(self._value, env) if self._when.holds(env) else None
        if found is not None and not isinstance(found, self._type):
            found = tried(lambda _: self._type(found), env)
        return with_zone(found) if isinstance(found, datetime) else found


def tried(function: Worked, env: Env) -> Any:
    """What an expression is worth; None where it fails."""
    try:
        return function(env)
    except FAILURES:
        return None


def with_zone(time: datetime) -> datetime:
    """A moment in the zone that it names, or else in UTC."""
    return time.replace(tzinfo=UTC) if time.utcoffset() is None else time


def plain(value: Any) -> Any:
    """A value as JSON has it."""
    return value.isoformat() if isinstance(value, datetime) else value
