"""How predictions about a period are judged: by which events of the period each comes true."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement
from sqlalchemy.orm import Session


class Case(NamedTuple):
    """Predictions that come true by an event with the same values."""

    rows: ColumnElement[bool]
    """Which predictions."""
    said: tuple[Any, ...] = ()
    """Columns of the predictions, such as the type of event that is predicted."""
    did: tuple[Any, ...] = ()
    """The same of an event; NULL is the same as nothing."""


class Condition(NamedTuple):
    """How predictions that came true are told from those that did not."""

    events: ColumnElement[bool]
    """Which events count."""
    cases: tuple[Case, ...]
    """Predictions in no case are not judged."""


@dataclass(frozen=True)
class Judging:
    """How the predictions of a compartment are judged by events."""

    compartment: str
    predictions: type[Any]
    """Mapped class with `id`, `request_id`, `source`, `customer`, `starts_at` and `ends_at`."""
    outcomes: type[Any]
    """Mapped class with `id`, of the prediction, `target`, 1.0 or 0.0, and `changed_at`."""
    condition: Callable[[Session, str | None], Condition]
    """Function that says, by the `judged_by` of a period, how `predictions` and events go
    together."""
