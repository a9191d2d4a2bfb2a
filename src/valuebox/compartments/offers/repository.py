"""How decisions are written, found again and answered once more."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

import msgspec
from sqlalchemy import Connection, select, tuple_
from starlette.responses import Response

from valuebox.compartments.offers.model import KIND
from valuebox.compartments.offers.schemas import Candidate, DecideQuestion
from valuebox.compartments.offers.tables import OfferDecision, OfferPrediction
from valuebox.predictions.sums.passed_over import noting
from valuebox.serving.errors import Unanswerable
from valuebox.store.asking import Aside
from valuebox.store.clock import CLOCK
from valuebox.store.texts import Written
from valuebox.store.writing import Rows, Then, table_of

_TABLE: Final = table_of(OfferDecision)
_KEY: Final = ("source", "customer", "session")
_COLUMNS: Final = (
    *("id", "at", "candidates", "choice", "propensities", "worths", "left_out", "features"),
    *("declaration", "model", "seed", "explored"),
)
_WRITTEN: Final = ("candidates", "propensities", "worths", "left_out", "features")
_FORETOLD: Final = ("id", "source", "customer", "offer_type", "at", "model")
_NAMED: Final = ", ".join(_KEY)
_ASIDE: Final = (
    "SELECT (SELECT model FROM offers_promotions ORDER BY id DESC LIMIT 1) AS promoted, {} AS taken"
)
_ANY: Final = (
    # By the index, however few rows there were when PostgreSQL made its plan.
    f"(SELECT bool_or((SELECT true FROM offers_decisions WHERE ({_NAMED}) = (asked.of_source, "  # noqa: S608
    "asked.of_customer, asked.of_session))) FROM unnest(%s::text[], %s::text[], %s::text[]) "
    "AS asked (of_source, of_customer, of_session))"
)
_JSON: Final = msgspec.json.Encoder().encode
_OTHERS: Final = "This session has a decision already, and the offer is not among these candidates."


class Decided(NamedTuple):
    """A decision, as it is stored."""

    id: UUID
    at: datetime
    candidates: list[dict[str, Any]]
    choice: int | None
    propensities: list[float]
    worths: list[float] | None
    left_out: list[str | None] | None
    features: dict[str, Any]
    declaration: str
    model: str | None
    seed: int
    explored: bool


Key = tuple[str, str, str]
"""Source, customer and session of a decision."""


class Found(NamedTuple):
    """What is stored of sessions, and the model that decides now."""

    decisions: dict[Key, Decided]
    """The decision of each session that has one."""
    promoted: str | None
    """Tag of the model that was promoted last; None before there is one."""


def key_of(question: DecideQuestion) -> Key:
    """What a question is about."""
    return question.source, question.customer, question.session


def look_up(connection: Connection, keys: Sequence[Key]) -> Found:
    """What is stored of sessions."""
    return found_of(connection, keys, aside_of(connection, keys))


def aside_of(connection: Connection, keys: Sequence[Key]) -> Aside:
    """What is asked of sessions along with something else: the promoted model, and if any is."""
    if connection.dialect.name == "sqlite":
        places = ", ".join(["(?, ?, ?)"] * len(keys))
        any_ = f"EXISTS (SELECT 1 FROM offers_decisions WHERE ({_NAMED}) IN (VALUES {places}))"  # noqa: S608
        return Aside(_ASIDE.format(any_), [part for key in keys for part in key], 2)
    return Aside(_ASIDE.format(_ANY), list(map(list, zip(*keys, strict=True))), 2)


def found_of(connection: Connection, keys: Sequence[Key], aside: Aside) -> Found:
    """What is stored of sessions, of which something may have been asked already."""
    promoted, is_any = aside.answer(connection)
    return Found(_decided(connection, keys) if is_any else {}, promoted)


def _decided(connection: Connection, keys: Sequence[Key]) -> dict[Key, Decided]:
    key = [_TABLE.c[name] for name in _KEY]
    query = select(*key, *(_TABLE.c[name] for name in _COLUMNS)).where(tuple_(*key).in_(keys))
    return {tuple(row[:3]): Decided(*row[3:]) for row in connection.execute(query)}


class New(NamedTuple):
    """A decision that is to be stored."""

    question: DecideQuestion
    decision: Decided
    chance: float | None
    """How likely the choice is bought; None where no model has said so."""


def rows_of(new: Sequence[New]) -> Iterator[Rows | Then]:
    """The rows that hold decisions, and what was foretold of their choices."""
    now = CLOCK.moment()
    decided = [one.decision for one in new]
    columns: dict[str, Any] = _columns(Decided._fields, decided)
    columns |= _columns(_KEY, [key_of(one.question) for one in new])
    offers = [{} if one.choice is None else one.candidates[one.choice] for one in decided]
    columns |= {name: [one.get(name) for one in offers] for name in ("offer_type", "offer_price")}
    written = {name: Written(map(_written, columns[name])) for name in _WRITTEN}
    yield Rows(OfferDecision, len(new), {**columns, **written, "decided_at": now})
    rows = [row for row, one in enumerate(new) if one.chance is not None]
    if rows:
        foretold = {name: [columns[name][row] for row in rows] for name in _FORETOLD}
        foretold["prediction"] = [new[row].chance for row in rows]
        yield Rows(OfferPrediction, len(rows), {**foretold, "decided_at": now})
        yield noting(KIND, OfferPrediction.__tablename__, foretold["id"])


def _columns(names: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> dict[str, list[Any]]:
    return dict(zip(names, map(list, zip(*rows, strict=True)), strict=True))


def _written(value: Any) -> str | None:
    return None if value is None else _JSON(value).decode()


def as_json(decision: Decided, asked: Sequence[Candidate]) -> Response:
    """A decision as it is answered to a question with these candidates.

    Raises:
        Unanswerable: where the decision was over others, and its offer is not among these.
    """
    keys = [(one.offer_type, one.offer_price) for one in asked]
    decided_of = [(one["offer_type"], one["offer_price"]) for one in decision.candidates]
    places: list[int | None] = list(range(len(keys)))
    if keys != decided_of:
        known = {key: place for place, key in enumerate(decided_of)}
        places = [known.get(key) for key in keys]
    choice = None
    if decision.choice is not None:
        if decision.choice not in places:
            raise Unanswerable(_OTHERS)
        choice = places.index(decision.choice)
    content = {
        "decision_id": decision.id,
        "choice": choice,
        "propensity": None if choice is None else decision.propensities[decision.choice or 0],
        "candidates": [
            {"offer_type": key[0], "offer_price": key[1], **_weighed(decision, place)}
            for key, place in zip(keys, places, strict=True)
        ],
        "model": decision.model,
        "at": decision.at,
    }
    return Response(_JSON(content), media_type="application/json")


def _weighed(decision: Decided, place: int | None) -> dict[str, Any]:
    if place is None:
        return {"worth": None, "propensity": 0.0, "left_out": None}
    worths, left_out = decision.worths, decision.left_out
    return {
        "worth": None if worths is None else worths[place],
        "propensity": decision.propensities[place],
        "left_out": None if left_out is None else left_out[place],
    }
