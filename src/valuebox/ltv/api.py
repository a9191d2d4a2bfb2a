"""Endpoints of the lifetime-value compartment: validate, encode, predict, store, answer."""

from valuebox.endpoint import endpoint
from valuebox.exchange import current
from valuebox.ltv import repository, schemas
from valuebox.ltv.features import FEATURES
from valuebox.ltv.model import LtvModel
from valuebox.store.engine import Store
from valuebox.store.idempotency import Replays
from valuebox.store.keys import Scope


class LtvApi:
    """Needs `store`, `replays` and `ltv` from the service that it is part of."""

    store: Store
    replays: Replays
    ltv: LtvModel

    @endpoint("/v1/ltv/predict", Scope.PREDICT, stores=True)
    def ltv_predict(self, users: schemas.Users, /) -> schemas.Predictions:
        """Predict lifetime values, store what was received and what was predicted, answer.

        Takes 1 to 10,000 users and answers in the same order. All rows are stored or none.
        """
        rows = users.root
        exchange = current()
        exchange.count_rows(len(rows))
        columns = {name: [getattr(row, name) for row in rows] for name in FEATURES}
        values = self.ltv.predict(columns)
        lower, upper = self.ltv.interval(values, columns)
        estimates = [
            repository.Estimate(*ends)
            for ends in zip(values.tolist(), lower.tolist(), upper.tolist(), strict=True)
        ]
        targets = {row.user_id: row.target for row in rows if row.target is not None}
        with self.store.writing() as session:
            if self.replays.claim(session, exchange):
                return repository.answer_of_request(session, exchange.request_id, len(rows))
            ids = repository.add_predictions(
                session, exchange.request_id, rows, estimates, self.ltv.tag
            )
            if targets:
                repository.put_outcomes(session, targets)
        return schemas.Predictions.model_construct(
            [
                schemas.Prediction.model_construct(
                    user_id=row.user_id,
                    **estimate._asdict(),
                    model=self.ltv.tag,
                    prediction_id=prediction_id,
                )
                for row, estimate, prediction_id in zip(rows, estimates, ids, strict=True)
            ]
        )

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
        with self.store.writing() as session:
            if earlier := self.replays.claim(session, exchange):
                return schemas.OutcomesStored.model_validate(earlier.answer)
            stored = repository.put_outcomes(session, targets)
            self.replays.remember(session, exchange, stored.model_dump())
            return stored

    @endpoint("/v1/ltv/model", Scope.PREDICT, Scope.READ)
    def ltv_model(self) -> schemas.ModelCard:
        """The model that answers: its tag, how it was made, and the baseline to beat."""
        return schemas.ModelCard(
            model=self.ltv.tag,
            kind="ltv",
            created_at=self.ltv.created_at,
            metadata=self.ltv.metadata,
            baseline=self.ltv.baseline.to_dict(),
            uncertainty=self.ltv.uncertainty,
            contributions=self.ltv.contributions,
        )
