"""A history of a sportsbook in a folder: its first load, nightly loads, and answers of a feed.

The folder holds `warehouse`, `nightly/2020-02-26` and so on, and `feed/2020-02-25T0900.json`.
"""

from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from valuebox.errors import ValueboxError

ZONE: Final = ZoneInfo("EST")
"""Time zone of a simulated or replayed warehouse, where no mapping names another one."""
WAREHOUSE: Final = "warehouse"
_NIGHTLY: Final = "nightly"
_FEED: Final = "feed"
_ANSWER: Final = "%Y-%m-%dT%H%M.json"


class Night(NamedTuple):
    """A load, and when it began, in UTC."""

    at: datetime
    place: Path


def nights(folder: Path, zone: tzinfo = ZONE) -> list[Night]:
    """The nightly loads in their order; none where there is no folder of them.

    Raises:
        ValueboxError: naming the folder whose name is no day.
    """
    places = [one for one in (folder / _NIGHTLY).glob("*") if one.is_dir()]
    return sorted(Night(_midnight(one, zone), one) for one in places)


def is_history(source: str) -> bool:
    """Whether a source, as on the command line, is a folder with a history."""
    return (Path(source) / WAREHOUSE).is_dir()


def loads(source: str, at: datetime, zone: tzinfo = ZONE) -> list[tuple[str, datetime]]:
    """What is to be loaded, and when each load began.

    Args:
        source: As on the command line. Of a folder with a history, the warehouse and every night
            that is over are loaded, each as of its own midnight.
        at: Now, or until when there were loads.
        zone: Time zone of the midnights.

    Raises:
        ValueboxError: naming the folder of a night whose name is no day.
    """
    if not is_history(source):
        return [(source, at)]
    folder = Path(source)
    every = nights(folder, zone)
    first = min([at, *(one.at - timedelta(days=1) for one in every[:1])])
    due = [Night(first, folder / WAREHOUSE), *(one for one in every if one.at <= at)]
    return [(str(one.place), one.at) for one in due]


def answer_of(folder: Path, at: datetime) -> Path:
    """The file with what the feed answered at a moment, whether it is there or not."""
    return folder / _FEED / f"{at.astimezone(ZONE):{_ANSWER}}"


def answer_at(folder: Path, at: datetime) -> Path | None:
    """The next answer of the feed from a moment on, or its last; None where it has none."""
    files = sorted((folder / _FEED).glob("*.json"))
    wanted = answer_of(folder, at)
    return next((one for one in files if one >= wanted), files[-1] if files else None)


def has_feed(folder: Path) -> bool:
    """Whether a history has a feed."""
    return (folder / _FEED).is_dir()


def _midnight(place: Path, zone: tzinfo) -> datetime:
    try:
        return datetime.fromisoformat(place.name).replace(tzinfo=zone).astimezone(UTC)
    except ValueError:
        raise ValueboxError(f"{place}: is not named by a day, such as 2020-02-26") from None
