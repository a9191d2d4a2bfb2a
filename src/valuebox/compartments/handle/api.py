"""The endpoints of handle."""

from starlette.responses import Response

from valuebox.access.keys import Scope
from valuebox.compartments.handle.desk import Desk
from valuebox.compartments.handle.feed import Feed
from valuebox.compartments.handle.flat import CSV, XLSX, ForecastRow, Render, as_csv, as_xlsx
from valuebox.compartments.handle.model import TRAINED_BY
from valuebox.compartments.handle.repository import history
from valuebox.compartments.handle.schemas import (
    HandleCard,
    HandleForecasts,
    HandleQuestion,
    History,
    HistoryQuestion,
)
from valuebox.compartments.handle.steps import HandleSteps, as_json
from valuebox.predictions.tally import Tally
from valuebox.serving.endpoint import endpoint
from valuebox.serving.errors import NoModel
from valuebox.serving.pipeline import Pipeline
from valuebox.store.engine import Store


class HandleApi:
    """Endpoints of the compartment; the service that they are part of has these attributes."""

    store: Store
    pipeline: Pipeline
    handle_desk: Desk | None
    handle_tally: Tally
    """Counts what the model says, where there is one."""
    handle_feed: Feed | None

    @endpoint(
        "/v1/handle/forecast",
        Scope.PREDICT,
        stores=True,
        answers=HandleForecasts,
        refuses=("not_found", "unanswerable"),
    )
    def handle_forecast(self, question: HandleQuestion, /) -> Response:
        """Forecast the handle of coming matches, and say how old what is known is.

        Takes ids of matches, or none for all that begin within some days. Every forecast is stored
        as a vintage, unless `as_of` asks for one of the past.
        """
        return self._foretold(question, as_json)

    @endpoint(
        "/v1/handle/forecast.csv",
        Scope.PREDICT,
        stores=True,
        answers=ForecastRow,
        refuses=("not_found", "unanswerable"),
        document=CSV,
    )
    def handle_forecast_csv(self, question: HandleQuestion, /) -> Response:
        """Forecast the same, as a flat CSV for spreadsheets and scripts.

        A row a match, and one for the total of each week; every row says how old what it is made
        of is. Vintages are stored as for `/v1/handle/forecast`.
        """
        return self._foretold(question, as_csv)

    @endpoint(
        "/v1/handle/forecast.xlsx",
        Scope.PREDICT,
        stores=True,
        answers=ForecastRow,
        refuses=("not_found", "unanswerable"),
        document=XLSX,
    )
    def handle_forecast_xlsx(self, question: HandleQuestion, /) -> Response:
        """Forecast the same, as an Excel workbook with a single table.

        A row a match, and one for the total of each week; every row says how old what it is made
        of is. Vintages are stored as for `/v1/handle/forecast`.
        """
        return self._foretold(question, as_xlsx)

    def _foretold(self, question: HandleQuestion, write: Render) -> Response:
        if self.handle_desk is None:
            raise NoModel("handle", TRAINED_BY)
        steps = HandleSteps(
            self.store, self.handle_desk, self.handle_tally, self.handle_feed, write=write
        )
        return self.pipeline.predict(steps, question)

    @endpoint("/v1/handle/history", Scope.READ)
    def handle_history(self, question: HistoryQuestion, /) -> History:
        """Look up all vintages of a match, and its handle once it is over."""
        with self.store.reading() as session:
            return history(session, question)

    @endpoint("/v1/handle/model", Scope.PREDICT, Scope.READ, refuses=("not_found",))
    def handle_model(self) -> HandleCard:
        """The model of handle that answers: its tag, what it has learned and how it did."""
        if self.handle_desk is None:
            raise NoModel("handle", TRAINED_BY)
        model = self.handle_desk.model
        return HandleCard(
            model=model.tag,
            kind="handle",
            created_at=model.created_at,
            recipe=model.recipe,
            metadata=model.metadata,
            reference=model.reference,
        )
