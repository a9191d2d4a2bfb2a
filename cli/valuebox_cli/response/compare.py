"""Two response models, judged on the customers of the last month of the stored facts."""

from datetime import datetime

from valuebox.compartments.loading import LoadedModel
from valuebox.errors import ValueboxError
from valuebox_cli.response.command import evaluate


def compare(
    first: LoadedModel,
    second: LoadedModel,
    joined_from: datetime | None,
    joined_before: datetime | None,
    database_url: str | None,
) -> None:
    """Print how the first one does beside the second; see `valuebox growth evaluate`.

    Raises:
        ValueboxError: when users are chosen by when they joined, or the month says nothing.
    """
    if joined_from or joined_before:
        raise ValueboxError(
            "response models are judged on the customers of a month, whenever these joined; "
            "`valuebox growth evaluate --against` takes another month and some sources"
        )
    evaluate(first.tag, second.tag, database_url=database_url)
