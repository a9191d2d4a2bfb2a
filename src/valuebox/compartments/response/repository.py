"""How predictions of responses are written, and answered once more."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select
from sqlalchemy.orm import Session

from valuebox.compartments.response.features import Cell
from valuebox.compartments.response.known import Known
from valuebox.compartments.response.schemas import (
    CustomerResponses,
    Probabilities,
    ResponsePredictions,
)
from valuebox.compartments.response.settling import NAME
from valuebox.compartments.response.tables import (
    ResponseFeatures,
    ResponsePrediction,
)
from valuebox.predictions.periods import period_rows
from valuebox.predictions.sums.passed_over import noting
from valuebox.serving.replays import AnswerGone
from valuebox.store.clock import CLOCK
from valuebox.store.ids import ids_from
from valuebox.store.writing import Rows, Then

Keys = Sequence[tuple[str, str]]


def new_rows(
    request_id: UUID,
    answer: ResponsePredictions,
    cells: Sequence[Cell],
    chances: NDArray[np.float64],
    known: Sequence[Known],
    category: str,
) -> list[Rows | Then]:
    """The rows that hold what was answered, and why, in the order in which they are written.

    Args:
        request_id: Of the request.
        answer: What was answered.
        cells: What was predicted of each customer.
        chances: `(n_customers, n_cells)`.
        known: What was known of each customer.
        category: The property of events that holds the category.
    """
    each, count = len(cells), chances.size
    ids, bounds = ids_from(request_id, count), (answer.start, answer.end)
    sources = [one.source for one in answer.customers for _ in cells]
    said = Rows(
        ResponsePrediction,
        count,
        {
            "id": ids,
            "request_id": request_id,
            "source": sources,
            "customer": [one.id for one in answer.customers for _ in cells],
            "starts_at": answer.start,
            "ends_at": answer.end,
            "response": [cell.response for cell in cells] * (count // each),
            "category": [cell.category for cell in cells] * (count // each),
            "probability": chances.ravel(),
            "model": answer.model,
            "predicted_at": CLOCK.moment(),
        },
    )
    features = Rows(ResponseFeatures, len(known), {"id": ids[::each], "known": known})
    periods = period_rows(NAME, request_id, answer.model, category, bounds, sources)
    noted = noting(NAME, ResponsePrediction.__tablename__, ids)
    return [said, features, periods, noted]


def answer(
    keys: Keys,
    cells: Sequence[Cell],
    chances: NDArray[np.float64],
    model: str,
    start: datetime,
    days: int,
) -> ResponsePredictions:
    """What is answered; see `new_rows`."""
    return ResponsePredictions.model_construct(
        model=model,
        start=start,
        end=start + timedelta(days=days),
        customers=[
            _customer(key, cells, row) for key, row in zip(keys, chances.tolist(), strict=True)
        ],
    )


def answer_of_request(session: Session, request_id: UUID, keys: Keys) -> ResponsePredictions:
    """What a request was answered with, once more.

    Raises:
        AnswerGone: when not all of its predictions are stored any more.
    """
    query = select(ResponsePrediction).where(ResponsePrediction.request_id == request_id)
    rows = session.scalars(query.order_by(ResponsePrediction.id)).all()
    each = len(rows) // len(keys)
    whole = [key for key in keys for _ in range(each)]
    if not rows or [(one.source, one.customer) for one in rows] != whole:
        raise AnswerGone
    cells = [Cell(one.response, one.category) for one in rows[:each]]
    chances = [one.probability for one in rows]
    return ResponsePredictions.model_construct(
        model=rows[0].model,
        start=rows[0].starts_at,
        end=rows[0].ends_at,
        customers=[
            _customer(key, cells, chances[place * each : (place + 1) * each])
            for place, key in enumerate(keys)
        ],
    )


def _customer(
    key: tuple[str, str], cells: Sequence[Cell], chances: Sequence[float]
) -> CustomerResponses:
    responses: dict[str, Probabilities] = {}
    for (response, category), chance in zip(cells, chances, strict=True):
        if category is None:
            responses[response] = Probabilities.model_construct(any=chance, by_category={})
        else:
            responses[response].by_category[category] = chance
    return CustomerResponses.model_construct(source=key[0], id=key[1], responses=responses)
