"""Two models of handle, judged on matches that neither has learned from."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, cast

from valuebox.compartments.handle.reading import read_book, second
from valuebox.compartments.loading import LoadedModel
from valuebox.errors import ValueboxError
from valuebox_cli.handle.telling import tell
from valuebox_cli.terminal.console import out
from valuebox_cli.terminal.options import migrated_store

if TYPE_CHECKING:
    from valuebox.compartments.handle.model import HandleModel
    from valuebox_training.handle.learning import Past


def compare(
    first: LoadedModel,
    second_: LoadedModel,
    joined_from: datetime | None,
    joined_before: datetime | None,
    database_url: str | None,
) -> None:
    """Print how far forecasts of past weeks by both are off; see `valuebox models compare`.

    Raises:
        ValueboxError: when nothing was loaded, or no match is over.
    """
    from valuebox_training.handle.learning import made_again, past
    from valuebox_training.handle.train import judge

    with migrated_store(database_url) as store, store.reading() as session:
        book = read_book(session)
    known = book.up_to(second(joined_before or datetime.now(UTC)))
    made: list[Past] = []
    for name, loaded in (("first:", first), ("second:", second_)):
        model = cast("HandleModel", loaded.artifact)
        if made:
            made = made_again(model.recipe, made)
        elif len(known.bets):
            made = list(past(model.recipe, known, 10))
        if not made:
            raise ValueboxError("no match is over that could be looked back at")
        out.print(name, model.tag)
        tell(judge(model.recipe, made))
