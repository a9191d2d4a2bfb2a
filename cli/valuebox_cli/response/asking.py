"""What commands of the response model are asked: a moment, and of which stored facts."""

from datetime import UTC, datetime

from pydantic import TypeAdapter, ValidationError

from valuebox.errors import ValueboxError
from valuebox.facts.reading import Choice, FactColumns, read_facts
from valuebox.schemas.moments import Moment
from valuebox_cli.terminal.options import migrated_store

_MOMENT: TypeAdapter[datetime] = TypeAdapter(Moment)


def stored_facts(
    database_url: str | None, sources: list[str] | None, category: str, before: datetime | None
) -> FactColumns:
    """What is stored of these sources before a moment, at most now.

    Raises:
        ValueboxError: when nothing is.
    """
    # An event of a year to come would make all months until then ones in which nobody responds.
    now = datetime.now(UTC)
    with migrated_store(database_url) as store:
        end = now if before is None else min(before, now)
        choice = Choice(sources or None, None, end, category, amounts=False)
        facts = read_facts(store, choice)
    if not len(facts.events):
        raise ValueboxError("there are no events of these sources in this time")
    return facts


def moment_of(text: str | None) -> datetime | None:
    """A moment as an option says it.

    Raises:
        ValueboxError: when it is none.
    """
    try:
        return None if text is None else _MOMENT.validate_python(text)
    except ValidationError as error:
        raise ValueboxError(error.errors(include_url=False)[0]["msg"]) from None
