"""Two models of offers, judged by the decisions that are stored."""

from datetime import UTC, datetime

from valuebox.compartments.loading import LoadedModel
from valuebox.compartments.offers.evaluation.parts import Part
from valuebox_cli.offers.evaluating import Question, by_database, tell
from valuebox_cli.terminal.console import out
from valuebox_cli.terminal.options import migrated_store


def compare(
    first: LoadedModel,
    second: LoadedModel,
    joined_from: datetime | None,
    joined_before: datetime | None,
    database_url: str | None,
) -> None:
    """Print what each would have earned; see `valuebox offers evaluate`.

    Args:
        first: A model.
        second: Another one.
        joined_from: Earliest moment of decisions; None for all.
        joined_before: Moment before which decisions and events are looked at; None for now.
        database_url: Where decisions are stored.
    """
    question = Question(Part.OWN, None, {}, [first.tag, second.tag])
    out.print(f"{first.tag} beside {second.tag}", soft_wrap=True, markup=False)
    with migrated_store(database_url) as store:
        tell(by_database(store, joined_before or datetime.now(UTC), joined_from, question))
