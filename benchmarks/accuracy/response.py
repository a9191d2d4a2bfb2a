"""The response model beside a logistic regression of ten lines, month by month.

    make bench-response

In each world a model is trained on what happened before each of the last months, and predicts it;
so do two logistic regressions for each response and category, on recency and the counts of the last
30, 90 and 365 days: of what is predicted ("own"), and of all events besides ("all"). AUC, the lift
of the best tenth, and the Brier score are means over months.
"""

import time
from pathlib import Path
from typing import Annotated, Any, Final, NamedTuple

import numpy as np
import pandas as pd
import typer
from benchmarks.accuracy.response_worlds import worlds
from benchmarks.report import measured_with, put_section, table
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import brier_score_loss, roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from valuebox.compartments.response.features import Cell
from valuebox.facts.reading import FactColumns
from valuebox.facts.windows import Positions, there
from valuebox.statistics.arrays import Floats
from valuebox_training.response.train import learn

HEADING: Final = "## Beside a logistic regression"
DAYS: Final = 30
_FEWEST: Final = 10
_NEVER: Final = 9_999.0
_WHO: Final = ("ours", "own", "all")


class Scores(NamedTuple):
    """How well some probabilities fit who responded."""

    auc: float
    lift: float
    brier: float


def scores(chances: Floats, did: NDArray[np.bool_]) -> Scores:
    """Of all customers of a month; equal probabilities are asked in no order."""
    tenth = max(1, round(len(did) / 10))
    edge = np.sort(chances)[-tenth]
    above, level = chances > edge, chances == edge
    found = did[above].sum() + did[level].mean() * (tenth - above.sum())
    return Scores(
        roc_auc_score(did, chances), found / tenth / did.mean(), brier_score_loss(did, chances)
    )


class Plain:
    """Recency and counts of one cell, or of everything, without any code of the model."""

    def __init__(self, facts: FactColumns, cell: Cell | None) -> None:
        events = facts.events
        rows = events.customer >= 0
        if cell is not None:
            rows &= events.type.codes == events.type.names.index(cell.response)
            if cell.category is not None:
                rows &= events.category.codes == events.category.names.index(cell.category)
        self.who, self.time = events.customer[rows], events.time[rows]
        self.customers = len(facts.customers)

    def matrix(self, at: np.datetime64) -> Floats:
        """`(n_customers, 4)`."""
        ago = (at - self.time) / np.timedelta64(1, "D")
        columns: list[Floats] = []
        recency = np.full(self.customers, _NEVER)
        np.minimum.at(recency, self.who[ago > 0], ago[ago > 0])
        for days in (30, 90, 365):
            inside = (ago > 0) & (ago <= days)
            columns.append(np.bincount(self.who[inside], minlength=self.customers))
        return np.log1p(np.column_stack([recency, *columns]))

    def did(self, at: np.datetime64) -> NDArray[np.bool_]:
        """Who responds within the month."""
        inside = (self.time >= at) & (self.time < at + np.timedelta64(DAYS, "D"))
        return np.bincount(self.who[inside], minlength=self.customers) > 0


class Months:
    """The months before one, and that one itself, as matrices of all events."""

    def __init__(
        self, facts: FactColumns, starts: list[np.datetime64], at: np.datetime64, now: Positions
    ) -> None:
        self.facts, self.starts, self.at, self.now = facts, starts, at, now
        self.chosen = [there(facts, one, DAYS) for one in starts]
        self.everything = self._matrices(Plain(facts, None))

    def _matrices(self, plain: Plain) -> list[Floats]:
        whom = zip([*self.starts, self.at], [*self.chosen, self.now], strict=True)
        return [plain.matrix(one)[chosen] for one, chosen in whom]

    def plainly(self, cell: Cell) -> dict[str, Floats]:
        """What logistic regressions that know the earlier months say of the last one."""
        plain = Plain(self.facts, cell)
        own = self._matrices(plain)
        both = [np.hstack(pair) for pair in zip(own, self.everything, strict=True)]
        answers = [
            plain.did(one)[chosen] for one, chosen in zip(self.starts, self.chosen, strict=True)
        ]
        did = np.concatenate(answers)
        if did.all() or not did.any():
            return dict.fromkeys(_WHO[1:], np.full(len(self.now), did.mean()))
        return {
            name: make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
            .fit(np.concatenate(inputs[:-1]), did)
            .predict_proba(inputs[-1])[:, 1]
            for name, inputs in zip(_WHO[1:], (own, both), strict=True)
        }


def before(facts: FactColumns, at: np.datetime64) -> FactColumns:
    """What had happened by then."""
    events = facts.events
    rows = events.time < at
    return facts._replace(
        events=type(events)(
            events.customer[rows],
            events.type._replace(codes=events.type.codes[rows]),
            events.time[rows],
            events.amount[rows],
            events.category._replace(codes=events.category.codes[rows]),
        )
    )


def compared(facts: FactColumns, responses: list[str], months: int) -> pd.DataFrame:
    """A row for each of the last months and each cell: the model's scores, and the plain ones."""
    month = np.timedelta64(DAYS, "D")
    end = facts.events.time.max()
    found: list[dict[str, Any]] = []
    for back in range(months, 0, -1):
        at = end - back * month
        known = before(facts, at)
        began = time.process_time()
        model = learn(known, responses, "category", DAYS).model
        took = time.process_time() - began
        chosen = there(facts, at, DAYS)
        said = model.predict(facts, at, chosen)
        first = facts.events.time.min()
        starts = [at - k * month for k in range(1, 25) if at - (k + 1) * month >= first]
        known_months = Months(facts, starts, at, chosen)
        for place, cell in enumerate(model.cells):
            did = Plain(facts, cell).did(at)[chosen]
            if not _FEWEST <= did.sum() < len(did):
                continue
            each = {"ours": said[:, place]} | known_months.plainly(cell)
            found.append(
                {
                    "response": cell.response, "category": cell.category, "month": back,
                    "responders": did.sum(), "expected": said[:, place].sum(), "seconds": took,
                }
                | {
                    f"{name} {who}": value
                    for who, chances in each.items()
                    for name, value in scores(chances, did)._asdict().items()
                }
            )  # fmt: skip
    return pd.DataFrame(found)


def summary(world: str, rows: pd.DataFrame) -> list[list[str]]:
    """A row for each response in any category, and one for all single categories together."""
    kind = rows["response"].where(rows["category"].isna(), "single categories")
    made = []
    for name, some in rows.groupby(kind, sort=False):
        mean = some.mean(numeric_only=True)
        cells = [f"{mean[f'auc {who}']:.4f}" for who in _WHO]
        cells += [f"{mean[f'lift {who}']:.2f}" for who in _WHO]
        cells += [f"{mean[f'brier {who}']:.5f}" for who in _WHO]
        made.append([world, str(name), f"{some['responders'].mean():,.0f}", *cells])
    return made


def main(
    into: Annotated[Path | None, typer.Option(help="A page whose section is replaced.")] = None,
    world: Annotated[list[str] | None, typer.Option(help="Only these.")] = None,
    seeds: int = 2,
    months: int = 3,
) -> None:
    """Print, and put into a page, how the model does beside the logistic regression."""
    rows: dict[str, list[pd.DataFrame]] = {}
    for seed in range(1, seeds + 1):
        for name, facts, responses in worlds(seed, world or []):
            rows.setdefault(name, []).append(compared(facts, responses, months))
            for line in summary(name, rows[name][-1]):
                print(*line, sep=" | ", flush=True)
    heads = ["world", "response", "responders"]
    heads += [one for name in ("AUC", "lift", "Brier") for one in (name, *_WHO[1:])]
    lines = [line for name, some in rows.items() for line in summary(name, pd.concat(some))]
    text = table(heads, lines)
    print(text)
    if into is not None:
        put_section(into, HEADING, f"{measured_with()}\n\n{text}")


if __name__ == "__main__":
    typer.run(main)
