"""How decisions are written, found again and answered once more."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

from sqlalchemy import Connection, and_, bindparam, literal, select

from valuebox.compartments.offers.model import KIND
from valuebox.compartments.offers.schemas import Candidate, DecideQuestion, Decision, Weighed
from valuebox.compartments.offers.tables import OfferDecision, OfferPrediction, OfferPromotion
from valuebox.predictions.sums.passed_over import noting
from valuebox.serving.errors import Unanswerable
from valuebox.store.clock import CLOCK
from valuebox.store.writing import Rows, Then, table_of

_TABLE: Final = table_of(OfferDecision)
_COLUMNS: Final = (
    *("id", "at", "candidates", "choice", "propensities", "worths", "left_out", "features"),
    *("declaration", "model", "seed", "explored"),
)
_PROMOTED: Final = table_of(OfferPromotion).c
_NEWEST: Final = select(_PROMOTED.model).order_by(_PROMOTED.id.desc()).limit(1)
_LOOK_UP: Final = (
    select(_NEWEST.scalar_subquery().label("promoted"), *(_TABLE.c[name] for name in _COLUMNS))
    .select_from(select(literal(1).label("one")).subquery())
    .outerjoin(
        _TABLE,
        and_(*(_TABLE.c[name] == bindparam(name) for name in ("source", "customer", "session"))),
    )
)
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


class Found(NamedTuple):
    """What is stored of a session, and the model that decides now."""

    decision: Decided | None
    """The decision of the session; None where there is none."""
    promoted: str | None
    """Tag of the model that was promoted last; None before there is one."""


def look_up(connection: Connection, source: str, customer: str, session: str) -> Found:
    """What is stored of a session: one question, as each takes a trip to the database."""
    row = connection.execute(
        _LOOK_UP, {"source": source, "customer": customer, "session": session}
    ).one()
    return Found(None if row.id is None else Decided(*row[1:]), row.promoted)


def rows_of(
    question: DecideQuestion, decision: Decided, chance: float | None
) -> Iterator[Rows | Then]:
    """The rows that hold a decision, and what was foretold of its choice.

    Args:
        question: What was asked.
        decision: The decision.
        chance: How likely the choice is bought; None where no model has said so.
    """
    now = CLOCK.moment()
    chosen = {} if decision.choice is None else decision.candidates[decision.choice]
    whom = {"source": question.source, "customer": question.customer}
    columns = (
        decision._asdict()
        | whom
        | {
            "session": question.session,
            "decided_at": now,
            "offer_type": chosen.get("offer_type"),
            "offer_price": chosen.get("offer_price"),
        }
    )
    yield Rows(OfferDecision, 1, {name: [value] for name, value in columns.items()})
    if chance is None:
        return
    columns = whom | {
        "id": decision.id,
        "offer_type": chosen["offer_type"],
        "at": decision.at,
        "prediction": chance,
        "model": decision.model,
        "decided_at": now,
    }
    yield Rows(OfferPrediction, 1, {name: [value] for name, value in columns.items()})
    yield noting(KIND, OfferPrediction.__tablename__, [decision.id])


def answer_of(decision: Decided, asked: Sequence[Candidate]) -> Decision:
    """What is answered to a question with these candidates.

    Raises:
        Unanswerable: where the decision was over others, and its offer is not among these.
    """
    decided_of = [one.model_dump() for one in asked]
    if decided_of == decision.candidates:
        places: list[int | None] = list(range(len(asked)))
    else:
        known = {_key(one): place for place, one in enumerate(decision.candidates)}
        places = [known.get(_key(one)) for one in decided_of]
    choice = None
    if decision.choice is not None:
        if decision.choice not in places:
            raise Unanswerable(_OTHERS)
        choice = places.index(decision.choice)
    return Decision.model_construct(
        decision_id=decision.id,
        choice=choice,
        propensity=None if choice is None else decision.propensities[decision.choice or 0],
        candidates=[
            _weighed(one, decision, place) for one, place in zip(asked, places, strict=True)
        ],
        model=decision.model,
        at=decision.at,
    )


def _key(candidate: dict[str, Any]) -> tuple[str, float]:
    return candidate["offer_type"], candidate["offer_price"]


def _weighed(one: Candidate, decision: Decided, place: int | None) -> Weighed:
    worths, left_out = decision.worths, decision.left_out
    return Weighed.model_construct(
        offer_type=one.offer_type,
        offer_price=one.offer_price,
        worth=None if worths is None or place is None else worths[place],
        propensity=0.0 if place is None else decision.propensities[place],
        left_out=None if left_out is None or place is None else left_out[place],
    )
