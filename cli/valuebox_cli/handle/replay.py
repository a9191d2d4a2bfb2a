"""Replaying a history: what would have been forecast at each moment, by what was loaded then."""

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from valuebox.compartments.handle.book import DAY, Book, Fixture
from valuebox.compartments.handle.forecasting import Fitted
from valuebox.errors import ValueboxError
from valuebox_cli.handle.cleaning import clean, moments
from valuebox_cli.handle.memory import Loads

if TYPE_CHECKING:
    from valuebox.compartments.handle.recipe import Recipe

ZONE: Final = ZoneInfo("EST")
"""Time zone of a replayed warehouse."""
_TABLES: Final = ("events", "users", "wagers")
_RELEARN: Final = 7 * DAY
"""After how long variances and intervals are learned anew."""
_NEAR: Final = DAY * 3 / 2
"""How far the beginning of a match that is asked about may be from the one that is known."""


def replay(folder: Path) -> pd.DataFrame:
    """Forecasts of every question of a folder.

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
        found.append(_answered(Fitted(recipe, known), asked))
    return pd.concat(found).sort_index().drop(columns="_at")


def _answered(fitted: Fitted, asked: pd.DataFrame) -> pd.DataFrame:
    fixtures = [_fixture(fitted.book, one) for one in asked.to_dict("records")]
    if not fixtures:
        return asked.assign(forecast=[], lower=[], upper=[])
    said = fitted.forecast(fixtures)
    return asked.assign(
        forecast=np.round(said.mean, 2),
        lower=np.round(said.lower, 2),
        upper=np.round(said.upper, 2),
    )


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
