"""The endpoint of the response model: read facts, predict, store, answer."""

from datetime import UTC, datetime
from typing import Final

import numpy as np
from starlette.responses import Response

from valuebox.access.keys import Scope
from valuebox.compartments.response import repository
from valuebox.compartments.response.model import Predictor
from valuebox.compartments.response.schemas import ResponsePredictions, ResponseQuestion
from valuebox.facts.clock import moment
from valuebox.facts.reading import Choice, read_facts
from valuebox.serving.endpoint import endpoint
from valuebox.serving.errors import Problem, error_response, lacks_model
from valuebox.serving.exchange import current
from valuebox.serving.replays import Replays
from valuebox.store.engine import Store
from valuebox.store.writing import write

TRAINED_BY: Final = "valuebox growth train"
_UNKNOWN: Final = "Nothing is known of some of these customers; nothing of this request was stored."


class ResponseApi:
    """Endpoints of the compartment; the service that they are part of has these attributes."""

    store: Store
    replays: Replays
    responses: Predictor | None

    @endpoint(
        "/v1/growth/response",
        Scope.PREDICT,
        stores=True,
        answers=ResponsePredictions,
        refuses=("not_found", "unanswerable"),
    )
    def growth_response(self, question: ResponseQuestion, /) -> Response:
        """Predict who will buy, like or share, by category, within the coming period.

        Takes 1 to 1,000 stored customers, looks at what they did before, and answers in the same
        order. All predictions are stored or none.
        """
        if self.responses is None:
            return error_response("not_found", lacks_model("response", TRAINED_BY))
        exchange, keys = current(), question.keys
        exchange.count_rows(len(keys))
        start = question.at or datetime.now(UTC)
        with exchange.timing("encode"):
            choice = Choice(
                before=start, category=self.responses.category, customers=keys, amounts=False
            )
            facts = read_facts(self.store, choice)
        sources = facts.customers.source
        known = {
            (sources.names[code], one): place
            for place, (code, one) in enumerate(
                zip(sources.codes.tolist(), facts.customers.id.tolist(), strict=True)
            )
        }
        if missing := [row for row, key in enumerate(keys) if key not in known]:
            problems = [
                Problem(row=row, field="customers", message="This customer is not stored")
                for row in missing
            ]
            return error_response("unanswerable", _UNKNOWN, problems)
        with exchange.timing("predict"):
            chosen = np.array([known[key] for key in keys], dtype=np.intp)
            chances = self.responses.predict(facts, moment(start), chosen)
        cells, model = self.responses.cells, self.responses
        said = repository.answer(keys, cells, chances, model.tag, start, model.days)
        with exchange.timing("store"), self.store.writing() as session:
            if self.replays.claim(session, exchange):
                said = repository.answer_of_request(session, exchange.request_id, keys)
            else:
                rows = repository.new_rows(exchange.request_id, said, cells, chances)
                write(session, [rows])
        return Response(said.model_dump_json(), media_type="application/json")
