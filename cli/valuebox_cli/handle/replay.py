"""Replaying a history: what would have been forecast at each moment, by what was loaded then."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from valuebox.compartments.handle.baselines import baselines
from valuebox.compartments.handle.book import DAY, Book, Fixture
from valuebox.compartments.handle.forecasting import Fitted, Forecast
from valuebox.errors import ValueboxError
from valuebox.statistics.arrays import Floats
from valuebox_cli.handle.cleaning import clean, moments
from valuebox_cli.handle.memory import Loads

if TYPE_CHECKING:
    from valuebox.compartments.handle.recipe import Recipe

Contender = Callable[[Floats, Floats, Floats], Floats]
"""Function of numbers of matches that are over, their handle, and numbers of those that are asked
about, which forecasts these."""
ZONE: Final = ZoneInfo("EST")
"""Time zone of a replayed warehouse."""
_TABLES: Final = ("events", "users", "wagers")
_RELEARN: Final = 7 * DAY
"""After how long variances and intervals are learned anew."""
_NEAR: Final = DAY * 3 / 2
"""How far the beginning of a match that is asked about may be from the one that is known."""


def replay(folder: Path, contenders: Mapping[str, Contender] | None = None) -> pd.DataFrame:
    """Forecasts of every question of a folder.

    Args:
        folder: What was loaded, and what was asked.
        contenders: Other ways to forecast, by name; each gets a column, and so do simple ones.

    Returns:
        The questions with `forecast`, `lower` and `upper`.

    Raises:
        ValueboxError: naming the file that is not there.
    """
    asks, questions = _read(folder / "asks.csv"), _read(folder / "questions.csv")
    questions["_at"] = moments(questions["asked_at"], ZONE)
    asks["_at"], asks["_to"] = moments(asks["asked_at"], ZONE), moments(asks["loaded_to"], ZONE)
    nights = _nights(folder)
    loads = Loads()
    first = min([*asks["_to"].to_numpy(dtype="datetime64[s]"), *(night for night, _ in nights)])
    loads.add(_load(folder / "warehouse"), first)
    recipe: Recipe | None = None
    learned_at = np.datetime64("1970-01-01", "s")
    book: Book | None = None
    found = []
    asks = asks.sort_values("_at", kind="stable")
    moments_asked = asks["_at"].to_numpy(dtype="datetime64[s]")
    for at, to in zip(moments_asked, asks["_to"].to_numpy(dtype="datetime64[s]"), strict=True):
        while nights and nights[0][0] <= to:
            night, place = nights.pop(0)
            loads.add(_load(place), night)
            book = None
        if book is None:
            book = loads.book()
        known = book.at(to)
        if recipe is None or to - learned_at >= _RELEARN:
            from valuebox_training.handle.learning import learn

            recipe, learned_at = learn(known), to
        asked = questions[questions["_at"] == at]
        found.append(_answered(Fitted(recipe, known), asked, contenders))
    return pd.concat(found).sort_index().drop(columns="_at")


def _answered(
    fitted: Fitted, asked: pd.DataFrame, contenders: Mapping[str, Contender] | None
) -> pd.DataFrame:
    fixtures = [_fixture(fitted.book, one) for one in asked.to_dict("records")]
    if not fixtures:
        return asked.assign(forecast=[], lower=[], upper=[])
    said = fitted.forecast(fixtures)
    columns = {"forecast": said.mean, "lower": said.lower, "upper": said.upper}
    if contenders is not None:
        columns |= baselines(fitted, said) | _contending(fitted, said, contenders)
    return asked.assign(**{name: np.round(values, 2) for name, values in columns.items()})


def _contending(
    fitted: Fitted, said: Forecast, contenders: Mapping[str, Contender]
) -> dict[str, Floats]:
    """What others say who see the same numbers and the slot of every match."""
    past, asked = fitted.past, said.described
    slots = np.unique(past.slot)
    rows, new = (
        np.hstack([one.numbers, one.slot[:, None] == slots, one.week[:, None]])
        for one in (past, asked)
    )
    handle = fitted.totals[fitted.over]
    return {name: learn(rows, handle, new) for name, learn in contenders.items()}


def _fixture(book: Book, question: dict[Any, Any]) -> Fixture:
    """The match that is asked about: the one that is known, or one made of the question."""
    home, away = (" ".join(str(question[one]).split()) for one in ("home_team", "away_team"))
    kickoff = moments(pd.Series([question["kickoff"]]), ZONE).to_numpy(dtype="datetime64[s]")[0]
    matches = book.matches
    apart = np.abs(matches.kickoff - kickoff)
    rows = np.flatnonzero((matches.home == home) & (matches.away == away) & (apart <= _NEAR))
    if len(rows):
        nearest = rows[[int(np.argmin(apart[rows]))]]
        return book.fixtures(nearest)[0]._replace(kickoff=kickoff, slot=str(question["time_slot"]))
    places = {
        **dict(zip(matches.away, matches.away_place, strict=True)),
        **dict(zip(matches.home, matches.home_place, strict=True)),
    }
    return Fixture(
        *(f"{home} - {away} {kickoff}", int(question["season"]), int(float(question["week"]))),
        *(home, away, str(places.get(home, "")), str(places.get(away, ""))),
        *(str(question["time_slot"]), kickoff),
    )


def _nights(folder: Path) -> list[tuple[np.datetime64, Path]]:
    """The nightly loads in their order, by their midnights in UTC."""
    found = sorted((folder / "nightly").iterdir()) if (folder / "nightly").is_dir() else []
    days = moments(pd.Series([one.name for one in found], dtype=object), ZONE)
    return list(zip(days.to_numpy(dtype="datetime64[s]"), found, strict=True))


def _load(folder: Path) -> Any:
    events, users, wagers = (_read(folder / f"{one}.csv") for one in _TABLES)
    return clean(events, users, wagers, ZONE)


def _read(file: Path) -> pd.DataFrame:
    try:
        return pd.read_csv(file, dtype={"bet_id": str, "event_id": str, "user_number": str})
    except FileNotFoundError:
        raise ValueboxError(f"{file}: there is no such file") from None
