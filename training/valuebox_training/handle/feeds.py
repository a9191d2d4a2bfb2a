"""What a live feed of a simulated sportsbook says of the coming week: the truth, or anything."""

from typing import Any

import numpy as np

from valuebox_training.handle.simulate import Sportsbook


def says(
    book: Sportsbook, at: np.datetime64, rng: np.random.Generator, lies: bool = False
) -> dict[str, Any]:
    """The answer of the feed at a moment.

    Args:
        book: The world.
        at: The moment, on the clock of the warehouse.
        rng: Of what is made up.
        lies: Whether counts are made up, whatever the teams are.
    """
    registered = book.users["registered"].to_numpy(dtype="datetime64[s]") <= at
    by_place = book.users["location"][registered].value_counts()
    rows = (book.kickoff > at) & (book.kickoff < at + np.timedelta64(7, "D"))
    told = []
    for one in book.events[rows].itertuples():
        home, away = (
            int(by_place.get(place, 0))
            for place in (one.home_team_location, one.away_team_location)
        )
        every = int(registered.sum())
        if lies:
            home, away = int(rng.integers(11_369, 12_000)), int(rng.integers(0, 2_400))
            every = int(rng.integers(1_000, 4 * every))
        told.append(
            {
                "home_team": str(one.home_team).strip(),
                "away_team": str(one.away_team).strip(),
                "time_slot": one.time_slot,
                "week_of_season": int(float(str(one.week_of_season))),
                "home_users": home,
                "away_users": away,
                "all_users": home + away,
                "all_registered": every,
            }
        )
    return {"events": told}
