"""What the endpoints of recommend take and answer."""

from datetime import datetime
from typing import Annotated, Any, Final
from uuid import UUID

from pydantic import AfterValidator, Field, RootModel, StringConstraints
from pydantic_core import PydanticCustomError

from valuebox.compartments.recommend.tables import MAX_CATEGORY, MAX_NAME
from valuebox.facts.schemas import MAX_AMOUNT, Id, Source
from valuebox.schemas.moments import Moment
from valuebox.schemas.requests import RequestModel
from valuebox.schemas.values import Model, no_nul

MAX_SEEN: Final = 200
"""Items of a visitor that may be sent; the latest 20 are looked at."""
MAX_COUNT: Final = 100
"""Items of a list at most."""
MAX_NAMED: Final = 1_000
"""Items that a question names at most of a kind."""
MAX_ITEMS: Final = 10_000
MAX_LISTS: Final = 1_000
MAX_TEXT: Final = 2_000
MAX_BOOST: Final = 100.0


def _bounds(longest: int) -> StringConstraints:
    return StringConstraints(min_length=1, max_length=longest)


Category = Annotated[str, _bounds(MAX_CATEGORY), AfterValidator(no_nul)]
Text = Annotated[str, _bounds(MAX_TEXT), AfterValidator(no_nul)]
Name = Annotated[str, _bounds(MAX_NAME), AfterValidator(no_nul)]
Arm = Annotated[str, StringConstraints(pattern="^(personal|popular)$")]
Named = Annotated[list[Id], Field(max_length=MAX_NAMED)]


class ShopItem(Model):
    """An item of a shop; what is not told is not known."""

    source: Source = Field(
        description="The shop, called as the source of its events.", examples=["shop"]
    )
    id: Id = Field(description="Id of the item within the shop.", examples=["sku-17"])
    category: Category | None = Field(
        default=None, description="The category of the item; null for none.", examples=["shoes"]
    )
    price: Annotated[float, Field(strict=True, ge=0, le=MAX_AMOUNT)] | None = Field(
        default=None, description="The price; null where it is not known.", examples=[49.9]
    )
    title: Text | None = Field(
        default=None, description="The title that people read.", examples=["Running shoe"]
    )
    url: Text | None = Field(
        default=None, description="Address of its page.", examples=["/shoes/17"]
    )
    image: Text | None = Field(
        default=None, description="Address of a picture.", examples=["/images/17.jpg"]
    )
    available: Annotated[bool, Field(strict=True)] = Field(
        default=True, description="Whether the item is in stock; it is not recommended otherwise."
    )
    begins: Moment | None = Field(
        default=None, description="From when on the item may be recommended; null for any time."
    )
    ends: Moment | None = Field(
        default=None, description="Until when the item may be recommended; null for any time."
    )
    boost: Annotated[float, Field(strict=True, ge=0, le=MAX_BOOST)] = Field(
        default=1.0, description="What scores of the item are multiplied by.", examples=[1.0]
    )


def _each_once(items: list[ShopItem]) -> list[ShopItem]:
    seen: set[tuple[str, str]] = set()
    for place, one in enumerate(items):
        if (one.source, one.id) in seen:
            raise PydanticCustomError(
                "twice", "Item {row} of the list came before in it", {"row": place}
            )
        seen.add((one.source, one.id))
    return items


class ShopItems(RequestModel, RootModel[list[ShopItem]]):
    """Items of shops, at most 10,000, each once."""

    max_values = 12 * MAX_ITEMS

    root: Annotated[
        list[ShopItem], Field(min_length=1, max_length=MAX_ITEMS), AfterValidator(_each_once)
    ]

    @property
    def n_rows(self) -> int:
        """How many items were sent."""
        return len(self.root)


class ItemsStored(Model):
    """What has become of items."""

    received: int = Field(description="How many items were sent.")
    added: int = Field(description="How many of them were not known.")


class RecommendQuestion(Model, RequestModel):
    """Who is there, and what may be shown."""

    max_values = 5 * MAX_NAMED

    source: Source = Field(description="The shop.", examples=["shop"])
    session: Id = Field(
        description="The visitor's session: it decides on the arm of an experiment.",
        examples=["s-4711"],
    )
    items: Annotated[list[Id], Field(max_length=MAX_SEEN)] | None = Field(
        default=None,
        description="What the visitor has looked at, the latest last, of which 20 count; null "
        "for what is stored of the session.",
        examples=[["sku-17", "sku-4"]],
    )
    count: Annotated[int, Field(strict=True, ge=1, le=MAX_COUNT)] = Field(
        default=20, description="How many items are listed at most.", examples=[10]
    )
    place: Name | None = Field(
        default=None, description="Where in the shop the list is shown.", examples=["home"]
    )
    fresh: Annotated[bool, Field(strict=True)] = Field(
        default=True,
        description="Whether the item that the visitor looks at is left out of the list.",
    )
    unseen: Annotated[bool, Field(strict=True)] = Field(
        default=False,
        description="Whether every item that the visitor has looked at is left out of the list.",
    )
    exclude: Named = Field(default=[], description="Items that are not listed.", examples=[[]])
    only: Named | None = Field(
        default=None, description="The only items that may be listed; null for all."
    )
    pin: Annotated[list[Id], Field(max_length=MAX_COUNT)] = Field(
        default=[],
        description="Items that the list begins with, as far as they may be recommended.",
        examples=[[]],
    )
    most_of_a_category: Annotated[int, Field(strict=True, ge=1)] | None = Field(
        default=None, description="Items of a category at most, pinned ones not counted."
    )
    explain: Annotated[bool, Field(strict=True)] = Field(
        default=False, description="Whether the list tells what each item was chosen because of."
    )
    explore: Annotated[float, Field(strict=True, ge=0, le=1)] = Field(
        default=0.02,
        description="Share of personal lists whose last place tries an item that nobody has looked "
        "at yet, of a category and price like those of what the visitor looks at.",
    )
    variant: Arm | None = Field(
        default=None,
        description="`personal` or `popular`: the kind of list, whatever experiments say; such a "
        "list counts in none. Null for what they say.",
    )

    at: Moment | None = Field(
        default=None,
        description="When the list is shown, in a world that is lived through at another time; "
        "null for now.",
    )

    @property
    def n_rows(self) -> int:
        """A list is one row."""
        return 1


class RecommendQuestions(Model, RequestModel):
    """What several visitors should see next."""

    max_values = 100_000

    questions: Annotated[list[RecommendQuestion], Field(min_length=1, max_length=MAX_LISTS)] = (
        Field(description="Who is there, and what may be shown to each; at most 1,000.")
    )

    @property
    def n_rows(self) -> int:
        """A list is one row."""
        return len(self.questions)


class Listed(Model):
    """An item of a list."""

    item: str = Field(description="Id of the item.")
    score: float = Field(description="What the list is sorted by.")
    because_of: list[str] | None = Field(
        default=None,
        description="Items that the visitor has looked at, and that most speak for the item; null "
        "where that was not asked for.",
    )
    title: str | None = Field(default=None, description="Title of the item, if it is known.")
    url: str | None = Field(default=None, description="Address of its page, if it is known.")
    image: str | None = Field(default=None, description="Address of a picture, if it is known.")
    price: float | None = Field(default=None, description="Price of the item, if it is known.")
    explored: float | None = Field(
        default=None,
        description="Of an item that nobody has looked at yet, and that is tried: how likely it "
        "was that this list has it; null for all others.",
    )
    picked_by: str | None = Field(
        default=None,
        description="Of an interleaved list: `personal` or `popular`, the ranking that picked the "
        "item and whose `score` it has; null where neither did, and in all other lists.",
    )


class Recommendation(Model):
    """What to show to a visitor."""

    id: UUID = Field(
        description="Id of the list: a view that it led to is sent with it, as the property `via`."
    )
    items: list[Listed] = Field(description="Items, the best first.")
    arm: str = Field(
        description="`personal` or `popular`: how the list was made; `interleaved`: of both, which "
        "pick items by turns; or `holdback`: of popular items, as always in a twentieth of the "
        "sessions."
    )
    experiment: str | None = Field(
        description="Name of the experiment that decided on the arm; null for none."
    )
    fallback: str | None = Field(
        description="Why the list is of popular items although it should be personal: `no_index` "
        "or `no_views`; null where it is as it should be."
    )
    model: str | None = Field(
        description="Exact tag of the model, with its settings and its ranker; null before there "
        "is one, while the usual settings are used."
    )
    index_age: float | None = Field(
        ge=0,
        description="Seconds since the newest view was looked for that lists are made of; null "
        "where there is no index.",
    )


class Recommendations(Model):
    """What to show to each of several visitors."""

    lists: list[Recommendation] = Field(description="A list for each question, in their order.")


class SimilarQuestion(Model, RequestModel):
    """Which item to find others for."""

    max_values = 10

    source: Source = Field(description="The shop.", examples=["shop"])
    item: Id = Field(description="Id of the item.", examples=["sku-17"])
    count: Annotated[int, Field(ge=1, le=MAX_COUNT)] = Field(
        default=20, description="How many items are listed at most.", examples=[10]
    )

    @property
    def n_rows(self) -> int:
        """A list is one row."""
        return 1


class SimilarItems(Model):
    """Items that visitors of an item looked at as well."""

    items: list[Listed] = Field(description="Items, the best first; none of an unknown item.")


class RecommendCard(Model):
    """The model whose settings and rankers lists are made with."""

    model: str = Field(description="Tag of the model.")
    kind: str = Field(description="Name of the compartment that the model belongs to.")
    created_at: datetime = Field(description="When the model was learned, in UTC.")
    metadata: dict[str, Any] = Field(
        description="What the model has learned from, how it did, and library versions."
    )
