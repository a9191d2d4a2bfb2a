"""A/B tests of offers beside a model that keeps learning: what each loses, testing and after.

    make bench-offers-ab [OPTIONS="--only few --seeds 101,102"] [INTO="--into docs/offers.md"]

A test shows types of offers at random for some weeks, and then to everybody the type whose players
have spent most within a week of it, or that was itself bought for most; to every country its own,
where it is read by country. Where the winner is not among the candidates, the next of its order is
shown. Regret is what is left of the gap between an oracle, 0, and chance, 1.
"""

import os
from pathlib import Path
from typing import Annotated, Any, Final

import numpy as np
import typer
from benchmarks.offers.contenders import Ours, Uniform, greedy, uniform
from benchmarks.offers.playing import Playing
from benchmarks.report import put_section, table

from valuebox.compartments.offers.candidates import Candidates
from valuebox.compartments.offers.decisions import DAY, WEEK, Decisions
from valuebox.features.declared.columns import Coded, Column
from valuebox_training.offers.games.game import Regret
from valuebox_training.offers.games.players import Floats
from valuebox_training.offers.games.worlds import WORLDS

HEADING: Final = "### A/B tests in the same games"
_NEVER_SEEN: Final = -np.inf
app = typer.Typer()


class ABTest(Uniform):
    """Chance for some days, then the winner.

    Args:
        days: How long is tested.
        by_country: Whether each country gets its own winner.
        by_own: Whether the winner is who has sold most itself, and not whose players have spent
            most within a week.
    """

    def __init__(self, days: int, by_country: bool = False, by_own: bool = False):
        self.days, self.by_country, self.by_own = days, by_country, by_own
        self.winners: dict[tuple[Any, Any], float] | None = None
        self.began: int | None = None

    def learn(self, decisions: Decisions, now: int) -> None:
        """Read the test once it is over."""
        self.began = int(decisions.time.min()) if self.began is None else self.began
        if self.winners is not None or now < self.began + self.days * DAY:
            return
        over = decisions.where(decisions.observed >= WEEK)
        countries = self._countries(over.features, len(over))
        kinds = [over.type.values[code] for code in over.type.codes[over.chosen].tolist()]
        sums: dict[tuple[Any, Any], list[float]] = {}
        weeks = (over.own if self.by_own else over.own + over.rest).tolist()
        for country, kind, week in zip(countries, kinds, weeks, strict=True):
            sums.setdefault((country, kind), []).append(week)
        self.winners = {key: float(np.mean(weeks)) for key, weeks in sums.items()}

    def propensities(
        self, features: dict[str, Column], candidates: Candidates, truth: Floats
    ) -> Floats:
        """All are as likely, until there is a winner."""
        if self.winners is None:
            return uniform(candidates.begins)
        countries = self._countries(features, len(candidates.begins) - 1)
        kinds = [candidates.type.values[code] for code in candidates.type.codes.tolist()]
        keys = zip([countries[one] for one in candidates.decision.tolist()], kinds, strict=True)
        value = np.array([self.winners.get(key, _NEVER_SEEN) for key in keys])
        return greedy(value, candidates)

    def _countries(self, features: Any, count: int) -> list[Any]:
        column = features["country"]
        if not self.by_country or not isinstance(column, Coded):
            return [None] * count
        return [column.values[code] for code in column.codes.tolist()]


CONTENDERS: Final = {
    "A/B, 2 weeks": lambda: ABTest(14),
    "A/B, 4 weeks": lambda: ABTest(28),
    "4 weeks, by own purchases": lambda: ABTest(28, by_own=True),
    "4 weeks, own, by country": lambda: ABTest(28, by_country=True, by_own=True),
    "valuebox": Ours,
}


@app.command()
def main(
    only: Annotated[str, typer.Option(help="Worlds, by commas.")] = (
        "few-stationary,few-shift,few-new-type,many-calm"
    ),
    seeds: Annotated[str, typer.Option(help="Seeds of the games, by commas.")] = "101,102",
    who: Annotated[str, typer.Option(help="Contenders, by semicolons; all by default.")] = "",
    into: Annotated[Path | None, typer.Option(help="Document whose table is replaced.")] = None,
) -> None:
    """Play each world with each of them."""
    rows: list[list[object]] = []
    names = [one for one in CONTENDERS if not who or one in who.split(";")]
    for world in only.split(","):
        cells = []
        for name in names:
            found = [
                Playing(WORLDS[world].game(seed), seed).run(CONTENDERS[name]())
                for seed in map(int, seeds.split(","))
            ]
            cells.append(_cell(found))
        rows.append([world, *cells])
        print(*rows[-1], sep=" | ", flush=True)
    about = (
        f"Regret of the first four weeks / the last 14 days / all days; means of seeds {seeds}; "
        "0 is an oracle, 1 is chance."
    )
    text = f"{about}\n\n{table(['world', *names], rows)}"
    print(text)
    if into is not None:
        put_section(into, HEADING, text)


def _cell(found: list[Regret]) -> str:
    spans = (slice(0, 28), slice(-14, None), slice(0, None))
    return " / ".join(f"{np.mean([one.over(span) for one in found]):.2f}" for span in spans)


if __name__ == "__main__":
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    app()
