"""Endpoints of the lifetime-value compartment: validate, encode, predict, store, answer."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from typing import Any

from starlette.responses import Response

from valuebox.access.keys import Scope
from valuebox.compartments.ltv import bulk, repository, schemas, together
from valuebox.compartments.ltv.answers import Answer, no_model
from valuebox.compartments.ltv.columns import Estimates, UserColumns
from valuebox.compartments.ltv.model import LtvModel
from valuebox.compartments.ltv.names import Heading, names_of
from valuebox.predictions.tally import Tally
from valuebox.serving.endpoint import Together, endpoint
from valuebox.serving.exchange import Exchange, current
from valuebox.serving.replays import Replays
from valuebox.store.engine import Store
from valuebox.store.ids import new_ids
from valuebox.store.writing import COPY_FROM, write


class LtvApi:
    """Endpoints of the compartment; the service that they are part of has these attributes."""

    store: Store
    replays: Replays
    ltv: LtvModel | None
    tally: Tally | None
    """Counts what the model says, for Prometheus."""
    aside: Executor

    @endpoint(
        "/v1/ltv/predict",
        Scope.PREDICT,
        stores=True,
        warns=True,
        answers=schemas.Predictions,
        refuses=("not_found",),
        together=Together(together.fits, together.predict),
    )
    def ltv_predict(self, users: schemas.Users, /) -> Response:
        """Predict lifetime values, store what was received and what was predicted, answer.

        Takes 1 to 10,000 users and answers in the same order. All rows are stored or none.
        """
        if self.ltv is None:
            return no_model()
        columns, targets = UserColumns.of(users.root), [user.target for user in users.root]
        warnings = names_of(users.root).warnings() + self.ltv.warnings(columns.features)
        return self._predict(self.ltv, columns, targets).by_row(warnings)

    @endpoint(
        "/v1/ltv/predict/bulk",
        Scope.PREDICT,
        stores=True,
        warns=True,
        answers=bulk.PredictionTable,
        refuses=("not_found",),
    )
    def ltv_predict_bulk(self, users: bulk.UserTable, /) -> Response:
        """The same for users by column, which takes less time where they are many.

        Takes 1 to 100,000 users and answers in the same order. All rows are stored or none.
        """
        if self.ltv is None:
            return no_model()
        columns, heading = users.columns, Heading.of(users.model_fields_set)
        warnings = heading.warnings() + self.ltv.warnings(columns.features)
        return self._predict(self.ltv, columns, users.target or []).by_column(warnings)

    def _predict(
        self, model: LtvModel, users: UserColumns, targets: Sequence[float | None]
    ) -> Answer:
        exchange = current()
        exchange.count_rows(len(users))
        estimates = self._estimates(model, users)
        known = {
            user_id: target
            for user_id, target in zip(users.user_id, targets, strict=False)
            if target is not None
        }
        ids = new_ids(len(users))
        rows = repository.new_predictions(ids, exchange.request_id, users, estimates, model.tag)
        with exchange.timing("store"):
            if exchange.idempotency_key is None and not known:
                self.store.insert(rows)
            else:
                with self.store.writing() as session:
                    if self.replays.claim(session, exchange):
                        return repository.answer_of_request(
                            session, exchange.request_id, len(users)
                        )
                    write(session, rows)
                    repository.put_outcomes(session, known)
        prediction, lower, upper = (values.tolist() for values in estimates())
        return Answer(users.user_id, prediction, lower, upper, ids.texts(), model.tag)

    def _estimates(self, model: LtvModel, users: UserColumns) -> Callable[[], Estimates]:
        """Function that returns the estimates; many users are estimated while they are stored."""
        if len(users) < COPY_FROM:
            estimates = self.estimate(model, current(), users.features)
            return lambda: estimates
        return self.aside.submit(self.estimate, model, current(), users.features).result

    def estimate(
        self, model: LtvModel, exchange: Exchange, features: Mapping[str, Sequence[Any]]
    ) -> Estimates:
        """What the model says of users, by `features`; timed and counted in `exchange`."""
        with exchange.timing("encode"):
            matrix = model.encoder.transform(features)
        with exchange.timing("predict"):
            estimates = model.estimate_encoded(matrix, features)
        if self.tally is not None:
            exchange.counts = self.tally.of(features, matrix, estimates.prediction)
        return estimates

    @endpoint("/v1/ltv/predictions/search", Scope.READ)
    def ltv_search(self, search: schemas.PredictionSearch, /) -> schemas.PredictionPage:
        """Look up stored predictions by users, request or join period, newest first, in pages."""
        with self.store.reading() as session:
            return repository.find_predictions(session, search)

    @endpoint("/v1/ltv/outcomes", Scope.PREDICT, stores=True)
    def ltv_outcomes(self, outcomes: schemas.Outcomes, /) -> schemas.OutcomesStored:
        """Report realised values; the same again changes nothing, another one replaces it."""
        exchange = current()
        exchange.count_rows(len(outcomes.root))
        targets = {row.user_id: row.target for row in outcomes.root}
        with exchange.timing("store"), self.store.writing() as session:
            if earlier := self.replays.claim(session, exchange):
                return schemas.OutcomesStored.model_validate(earlier.answer)
            stored = repository.put_outcomes(session, targets)
            self.replays.remember(session, exchange, stored.model_dump())
            return stored

    @endpoint(
        "/v1/ltv/model",
        Scope.PREDICT,
        Scope.READ,
        answers=schemas.ModelCard,
        refuses=("not_found",),
    )
    def ltv_model(self) -> schemas.ModelCard | Response:
        """The model that answers: its tag, how it was made, and the baseline to beat."""
        if self.ltv is None:
            return no_model()
        return schemas.ModelCard(
            model=self.ltv.tag,
            kind="ltv",
            created_at=self.ltv.created_at,
            metadata=self.ltv.metadata,
            baseline=self.ltv.baseline.to_dict(),
            uncertainty=self.ltv.uncertainty,
            contributions=self.ltv.contributions,
            paid=self.ltv.paid,
        )
