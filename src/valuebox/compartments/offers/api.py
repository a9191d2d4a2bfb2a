"""The endpoints of offers."""

from starlette.responses import Response

from valuebox.access.keys import Scope
from valuebox.compartments.offers.desk import OffersDesk
from valuebox.compartments.offers.feedback import TYPE_OF, put_feedback
from valuebox.compartments.offers.model import KIND, TRAINED_BY
from valuebox.compartments.offers.promoting import promoted
from valuebox.compartments.offers.replaying import decision_of, explained, remade
from valuebox.compartments.offers.rules import Rules
from valuebox.compartments.offers.schemas import (
    DecideQuestion,
    Decision,
    DecisionQuestion,
    ExplainedDecision,
    FeedbackStored,
    OffersCard,
    OffersFeedback,
)
from valuebox.compartments.offers.steps import DecideSteps
from valuebox.compartments.offers.tables import OfferOutcome
from valuebox.facts.counting import counted
from valuebox.serving.endpoint import endpoint
from valuebox.serving.errors import NoModel, NotFound
from valuebox.serving.exchange import current
from valuebox.serving.pipeline import Pipeline
from valuebox.serving.together import gathered
from valuebox.store.clock import CLOCK
from valuebox.store.engine import Store


class OffersApi:
    """Endpoints of the compartment; the service that they are part of has these attributes."""

    store: Store
    pipeline: Pipeline
    offers_desk: OffersDesk
    offers_rules: Rules

    @endpoint(
        "/v1/offers/decide",
        Scope.PREDICT,
        stores=True,
        answers=Decision,
        refuses=("unanswerable",),
        together=gathered(lambda api: _deciding(api)),
    )
    def offers_decide(self, question: DecideQuestion, /) -> Response:
        """Choose the offer that a player is shown in a session, and store why.

        A session has one decision: whoever asks again is answered alike. Before there is a model,
        every candidate is as likely as the others.
        """
        return self.pipeline.predict(_deciding(self), question)

    @endpoint("/v1/offers/feedback", Scope.INGEST, stores=True, refuses=("unanswerable",))
    def offers_feedback(self, feedback: OffersFeedback, /) -> FeedbackStored:
        """Tell what became of offers: shown, purchased or dismissed, each once for a decision.

        What is told is stored as an event of the player. A game that sends these events itself, to
        `/v1/events` or `/v1/events/raw`, tells nothing here: purchases would count twice.
        """
        current().counts += counted(TYPE_OF[one.what] for one in feedback.feedback)
        return self.pipeline.keep(
            feedback,
            FeedbackStored,
            lambda session: put_feedback(session, feedback.feedback, CLOCK.moment()),
        )

    @endpoint("/v1/offers/decision", Scope.READ, refuses=("not_found",))
    def offers_decision(self, question: DecisionQuestion, /) -> ExplainedDecision:
        """Tell of a decision: what was known and thought, what was drawn, and what came of it.

        It is made once more of what is stored, by the same model and seed.
        """
        with self.store.reading() as session:
            decision = decision_of(session, question.decision_id)
            if decision is None:
                raise NotFound("There is no such decision.")
            return explained(remade(decision), session.get(OfferOutcome, decision.id))

    @endpoint("/v1/offers/model", Scope.PREDICT, Scope.READ, refuses=("not_found",))
    def offers_model(self) -> OffersCard:
        """The model that decides: its tag, what it has learned from and how it did."""
        with self.store.looking() as connection:
            model = self.offers_desk.model(promoted(connection))
        if model is None:
            raise NoModel("offers", TRAINED_BY)
        return OffersCard(
            model=model.tag, kind=KIND, created_at=model.created_at, metadata=model.metadata
        )


def _deciding(api: OffersApi) -> DecideSteps:
    return DecideSteps(api.store, api.offers_desk, api.offers_rules)
