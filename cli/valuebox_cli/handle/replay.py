"""Replaying a history: what would have been forecast at each moment, by what was loaded then."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from valuebox.compartments.handle.baselines import baselines
from valuebox.compartments.handle.book import DAY, Book, Fixture
from valuebox.compartments.handle.feed import FeedSaid, content_of
from valuebox.compartments.handle.forecasting import Fitted, Forecast
from valuebox.compartments.handle.reading import told
from valuebox.compartments.handle.weighing import Weighed, weigh
from valuebox.errors import ValueboxError
from valuebox.statistics.arrays import Floats
from valuebox_cli.handle.cleaning import NAMES, Clean, clean, is_clerical
from valuebox_cli.handle.columns import moments
from valuebox_cli.handle.history import WAREHOUSE, ZONE, answer_of, has_feed, nights
from valuebox_cli.handle.memory import Loads
from valuebox_cli.importing.columns.moment_reader import ISO

if TYPE_CHECKING:
    from valuebox.compartments.handle.recipe import Recipe

Contender = Callable[[Floats, Floats, Floats], Floats]
"""Function of numbers of matches that are over, their handle, and numbers of those that are asked
about, which forecasts these."""
_ASKED: Final = ("season", "week", "home_team", "away_team", "time_slot")
"""What a question has beside its moments."""
_MOST: Final = 10_000
_RELEARN: Final = 7 * DAY
"""After how long variances and intervals are learned anew."""
_NEAR: Final = DAY * 3 / 2
"""How far the beginning of a match that is asked about may be from the one that is known."""


@dataclass(frozen=True)
class Replayed:
    """What would have been forecast."""

    forecasts: pd.DataFrame
    """The questions with `forecast`, `lower` and `upper`."""
    weighed: dict[str, Weighed] = field(default_factory=dict)
    """What was believed of the feed, by the name of its answer; empty without a feed."""


def replay(folder: Path, contenders: Mapping[str, Contender] | None = None) -> Replayed:
    """Forecasts of every question of a folder, each by what was loaded, and what a feed said, then.

    Args:
        folder: What was loaded, what was asked, and what a feed answered.
        contenders: Other ways to forecast, by name; each gets a column, and so do simple ones.

    Raises:
        ValueboxError: naming the file that is not there or cannot be read, or the row that is
            wrong.
    """
    # Matrices are small: several threads take longer than one.
    with threadpool_limits(1):
        return _replay(folder, contenders)


def _replay(folder: Path, contenders: Mapping[str, Contender] | None) -> Replayed:
    asks, questions = _asked(folder)
    later = [(np.datetime64(one.at.replace(tzinfo=None), "s"), one.place) for one in nights(folder)]
    loads = Loads()
    first = min([*asks["_to"].to_numpy(dtype="datetime64[s]"), *(night for night, _ in later)])
    # Midnight of the first asking may be later than the load that had come by then.
    loads.add(_load(folder / WAREHOUSE, {}, max([first, *asks["_at"].head(1)])), first)
    recipe: Recipe | None = None
    learned_at = np.datetime64("1970-01-01", "s")
    book: Book | None = None
    found, weighed = [], {}
    for at, to in zip(*(asks[one].to_numpy(dtype="datetime64[s]") for one in ("_at", "_to")),
                      strict=True):  # fmt: skip
        while later and later[0][0] <= to:
            night, place = later.pop(0)
            loads.add(_load(place, loads.usual(ZONE), night), night)
            book = None
        if book is None:
            book = loads.book()
        known = book.at(to)
        if recipe is None or to - learned_at >= _RELEARN:
            from valuebox_training.handle.learning import learn

            recipe, learned_at = learn(book.up_to(to)), to
        asked, fitted = questions[questions["_at"] == at], Fitted(recipe, known)
        fixtures = [_fixture(known, one) for one in asked.to_dict("records")]
        name, said = _said(folder, at)
        believed = weigh(said, fitted, fixtures, told(at))
        if said is not None:
            weighed[name] = believed
        found.append(_answered(fitted, asked, fixtures, believed, contenders))
    return Replayed(pd.concat(found).sort_index().drop(columns="_at"), weighed)


def _asked(folder: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """When was asked, by which loads, in order, and what; with moments in UTC."""
    asks, questions = _read(folder / "asks.csv"), _read(folder / "questions.csv")
    if missing := [one for one in _ASKED if one not in questions.columns]:
        raise ValueboxError(f"{folder / 'questions.csv'}: has no column {', '.join(missing)}")
    for one in ("season", "week"):
        numbers = pd.to_numeric(questions[one], errors="coerce")
        if (wrong := np.flatnonzero(~numbers.between(0, _MOST))).size:
            where = f"{folder / 'questions.csv'}, row {wrong[0] + 1}: {one}"
            raise ValueboxError(f"{where} is no number: {str(questions[one].iloc[wrong[0]])!r}")
    for rows, file, names in (
        (asks, "asks.csv", {"_at": "asked_at", "_to": "loaded_to"}),
        (questions, "questions.csv", {"_at": "asked_at", "_kickoff": "kickoff"}),
    ):
        for ours, theirs in names.items():
            if theirs not in rows.columns:
                raise ValueboxError(f"{folder / file}: has no column {theirs}")
            rows[ours] = moments(rows[theirs], ZONE, f"{theirs} of {file}", ISO)
            if (wrong := np.flatnonzero(rows[ours].isna())).size:
                value = rows[theirs].iloc[wrong[0]]
                where = f"{folder / file}, row {wrong[0] + 1}: {theirs}"
                raise ValueboxError(f"{where} is no moment: {str(value)!r}")
    local = questions["_kickoff"].dt.tz_localize("UTC").dt.tz_convert(ZONE).dt.tz_localize(None)
    questions["_clerical"] = is_clerical(local)
    unknown = np.flatnonzero(~questions["_at"].isin(asks["_at"]))
    if unknown.size:
        row = f"{folder / 'questions.csv'}, row {unknown[0] + 1}"
        when = questions["asked_at"].iloc[unknown[0]]
        raise ValueboxError(f"{row}: asks.csv has no asking at {when}")
    # A doubled row asks once.
    return asks.drop_duplicates("_at", keep="last").sort_values("_at"), questions


def _said(folder: Path, at: np.datetime64) -> tuple[str, FeedSaid | None]:
    """What the feed answered at a moment, and the name of the answer; None without a feed."""
    asked_at = told(at)
    file = answer_of(folder, asked_at)
    if not has_feed(folder):
        return file.name, None
    try:
        content, failure = content_of(file.read_bytes())
    except OSError as error:
        content, failure = None, f"Its answer cannot be read: {error.strerror}."
    return file.name, FeedSaid(asked_at, content, None, failure or None, 0.0)


def _answered(
    fitted: Fitted,
    asked: pd.DataFrame,
    fixtures: list[Fixture],
    believed: Weighed,
    contenders: Mapping[str, Contender] | None,
) -> pd.DataFrame:
    given = asked.drop(columns=["_kickoff", "_clerical"])
    if not fixtures:
        return given.assign(forecast=[], lower=[], upper=[])
    said = fitted.forecast(fixtures, believed.users, believed.unsure)
    columns = {"forecast": said.mean, "lower": said.lower, "upper": said.upper}
    if contenders is not None:
        columns |= baselines(fitted, said) | _contending(fitted, said, contenders)
    return given.assign(**{name: np.round(values, 2) for name, values in columns.items()})


def _contending(
    fitted: Fitted, said: Forecast, contenders: Mapping[str, Contender]
) -> dict[str, Floats]:
    """What others say who see the same numbers and the slot of every match."""
    past, asked = fitted.every, said.described
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
    kickoff = np.datetime64(question["_kickoff"], "s")
    matches = book.matches
    apart = np.abs(matches.kickoff - kickoff)
    rows = np.flatnonzero((matches.home == home) & (matches.away == away) & (apart <= _NEAR))
    if len(rows):
        found = book.fixtures(rows[[int(np.argmin(apart[rows]))]])[0]
        if not question["_clerical"]:
            found = found._replace(kickoff=kickoff)
        return found._replace(slot=str(question["time_slot"]))
    places = {
        **dict(zip(matches.away, matches.away_place, strict=True)),
        **dict(zip(matches.home, matches.home_place, strict=True)),
    }
    return Fixture(
        *(
            f"{home} - {away} {kickoff}",
            int(float(question["season"])),
            int(float(question["week"])),
        ),
        *(home, away, str(places.get(home, "")), str(places.get(away, ""))),
        *(str(question["time_slot"]), kickoff),
    )


def _load(folder: Path, usual: Mapping[str, float], at: Any) -> Clean:
    events, users, wagers = (_read(folder / f"{one}.csv") for one in NAMES)
    return clean(events, users, wagers, ZONE, usual, pd.Timestamp(at, tz="UTC"))


def _read(file: Path) -> pd.DataFrame:
    try:
        return pd.read_csv(file, dtype={"bet_id": str, "event_id": str, "user_number": str})
    except FileNotFoundError:
        raise ValueboxError(f"{file}: there is no such file") from None
    except (ValueError, UnicodeDecodeError) as error:
        # Of pandas: no columns, or rows of several lengths.
        raise ValueboxError(f"{file}: is no CSV: {error}") from None
