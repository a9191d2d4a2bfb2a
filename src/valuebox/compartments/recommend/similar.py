"""Items that are like an item, for its page."""

from msgspec.structs import asdict

from valuebox.compartments.recommend.schemas import Listed, SimilarItems, SimilarQuestion
from valuebox.compartments.recommend.shop import Snapshot
from valuebox.compartments.recommend.steps import listed


def similar(snapshot: Snapshot | None, question: SimilarQuestion) -> SimilarItems:
    """Items that visitors of an item looked at as well, the best first.

    Args:
        snapshot: What is known of the shop; None where that is nothing yet.
        question: The item.
    """
    if snapshot is None:
        return SimilarItems(items=[])
    found = snapshot.fresh.answer([question.item], question.count, again=False)
    if found.generator == "popular":
        return SimilarItems(items=[])
    own = len(found.items) - found.filled
    pairs = list(zip(found.items, found.scores, strict=True))[:own]
    return SimilarItems(
        items=[
            Listed.model_validate(
                asdict(listed({"item": item, "score": score}, snapshot.items.get(item)))
            )
            for item, score in pairs
        ]
    )
