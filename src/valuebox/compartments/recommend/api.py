"""The endpoints of recommend."""

from starlette.responses import Response

from valuebox.access.keys import Scope
from valuebox.compartments.recommend.catalogue import put_items
from valuebox.compartments.recommend.desk import RecommendDesk
from valuebox.compartments.recommend.model import KIND, TRAINED_BY
from valuebox.compartments.recommend.schemas import (
    ItemsStored,
    Recommendation,
    Recommendations,
    RecommendCard,
    RecommendQuestion,
    RecommendQuestions,
    ShopItems,
    SimilarItems,
    SimilarQuestion,
)
from valuebox.compartments.recommend.similar import similar
from valuebox.compartments.recommend.steps import RecommendSteps, SeveralSteps
from valuebox.serving.endpoint import endpoint
from valuebox.serving.errors import NoModel
from valuebox.serving.pipeline import Pipeline
from valuebox.serving.together import gathered
from valuebox.store.engine import Store


class RecommendApi:
    """Endpoints of the compartment; the service that they are part of has these attributes."""

    store: Store
    pipeline: Pipeline
    recommend_desk: RecommendDesk

    @endpoint("/v1/items", Scope.INGEST, stores=True)
    def recommend_items(self, items: ShopItems, /) -> ItemsStored:
        """Store items of shops; what is told of a known item replaces what was known of it.

        Takes 1 to 10,000 items. All are stored or none. An item that is out of stock, and not
        `available` any more, is on no list a few seconds later.
        """
        return self.pipeline.keep(
            items, ItemsStored, lambda session: put_items(session, items.root)
        )

    @endpoint(
        "/v1/recommend",
        Scope.PREDICT,
        stores=True,
        answers=Recommendation,
        together=gathered(lambda api: _recommending(api)),
    )
    def recommend(self, question: RecommendQuestion, /) -> Response:
        """List what a visitor should see next, by what others looked at, and store the list.

        A list can always be made: of popular items where nothing is known of the visitor.
        """
        return self.pipeline.predict(_recommending(self), question)

    @endpoint("/v1/recommend/model", Scope.PREDICT, Scope.READ, refuses=("not_found",))
    def recommend_model(self) -> RecommendCard:
        """Show the model whose settings and rankers lists are made with."""
        model = self.recommend_desk.model
        if model is None:
            raise NoModel("recommend", TRAINED_BY)
        return RecommendCard(
            model=model.tag, kind=KIND, created_at=model.created_at, metadata=model.metadata
        )

    @endpoint(
        "/v1/recommend/batch",
        Scope.PREDICT,
        stores=True,
        answers=Recommendations,
    )
    def recommend_batch(self, questions: RecommendQuestions, /) -> Response:
        """List what each of several visitors should see next, and store the lists.

        Takes 1 to 1,000 questions. All lists are stored or none.
        """
        return self.pipeline.predict(SeveralSteps(self.store, self.recommend_desk), questions)

    @endpoint(
        "/v1/recommend/similar", Scope.PREDICT, answers=SimilarItems, document="application/json"
    )
    def recommend_similar(self, question: SimilarQuestion, /) -> Response:
        """List the items that visitors of an item looked at as well.

        Takes an item of a shop, for its page. Nothing is stored.
        """
        found = similar(self.recommend_desk.snapshot(question.source), question)
        return Response(found.model_dump_json(), media_type="application/json")


def _recommending(api: RecommendApi) -> RecommendSteps:
    return RecommendSteps(api.store, api.recommend_desk)
