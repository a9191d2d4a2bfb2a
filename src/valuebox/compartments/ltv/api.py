"""Endpoints of the lifetime-value compartment."""

from collections.abc import Callable
from typing import TypeVar

from starlette.responses import Response

from valuebox.access.keys import Scope
from valuebox.compartments.ltv import bulk, repository, schemas
from valuebox.compartments.ltv.columns import outcomes_of
from valuebox.compartments.ltv.counting import UserTally
from valuebox.compartments.ltv.model import TRAINED_BY, LtvModel
from valuebox.compartments.ltv.steps import OfColumns, OfRows
from valuebox.serving.endpoint import endpoint
from valuebox.serving.errors import NoModel
from valuebox.serving.pipeline import Pipeline
from valuebox.serving.together import gathered
from valuebox.store.engine import Store

OfUsers = TypeVar("OfUsers", OfRows, OfColumns)


class LtvApi:
    """Endpoints of the compartment; the service that they are part of has these attributes."""

    store: Store
    pipeline: Pipeline
    ltv: LtvModel | None
    tally: UserTally | None

    def ltv_steps(self, of: Callable[[LtvModel, UserTally | None], OfUsers]) -> OfUsers:
        """The steps that predict users by row or by column.

        Raises:
            NoModel: when the service has none.
        """
        if self.ltv is None:
            raise NoModel("ltv", TRAINED_BY)
        return of(self.ltv, self.tally)

    @endpoint(
        "/v1/ltv/predict",
        Scope.PREDICT,
        stores=True,
        warns=True,
        answers=schemas.Predictions,
        refuses=("not_found",),
        together=gathered(lambda api: api.ltv_steps(OfRows), lambda users: not outcomes_of(users)),
    )
    def ltv_predict(self, users: schemas.Users, /) -> Response:
        """Predict lifetime values, store what was received and what was predicted, answer.

        Takes 1 to 10,000 users and answers in the same order. All rows are stored or none.
        """
        # Or a table, which `Users.read` makes of many.
        return self.pipeline.predict(self.ltv_steps(OfRows), users)

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
        return self.pipeline.predict(self.ltv_steps(OfColumns), users)

    @endpoint("/v1/ltv/predictions/search", Scope.READ)
    def ltv_search(self, search: schemas.PredictionSearch, /) -> schemas.PredictionPage:
        """Look up stored predictions by users, request or join period, newest first, in pages."""
        with self.store.reading() as session:
            return repository.find_predictions(session, search)

    @endpoint("/v1/ltv/outcomes", Scope.PREDICT, stores=True)
    def ltv_outcomes(self, outcomes: schemas.Outcomes, /) -> schemas.OutcomesStored:
        """Report realised values; the same again changes nothing, another one replaces it."""
        return self.pipeline.keep(
            outcomes,
            schemas.OutcomesStored,
            lambda session: repository.put_outcomes(session, outcomes.columns),
        )

    @endpoint("/v1/ltv/model", Scope.PREDICT, Scope.READ, refuses=("not_found",))
    def ltv_model(self) -> schemas.ModelCard:
        """The model that answers: its tag, how it was made, and the baseline to beat."""
        if self.ltv is None:
            raise NoModel("ltv", TRAINED_BY)
        return schemas.ModelCard(
            model=self.ltv.tag,
            kind="ltv",
            created_at=self.ltv.created_at,
            metadata=self.ltv.metadata,
            baseline=self.ltv.baseline.to_dict(),
            uncertainty=self.ltv.uncertainty,
            contributions=self.ltv.contributions,
            columns=self.ltv.shape.own,
            paid=self.ltv.paid,
        )
