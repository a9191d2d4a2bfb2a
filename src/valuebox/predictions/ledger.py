"""What a compartment predicted and what came true, as sums, monitoring and the dashboard read both.

A compartment offers one `Ledger`. It names the columns of its own tables and nothing else here
knows them: a new compartment is added up, watched and drawn as soon as its ledger is registered.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from sqlalchemy import ColumnElement, FromClause, Select, and_, select, tuple_
from sqlalchemy.orm import InstrumentedAttribute, Session

from valuebox.features.bins import PREDICTION_EDGES, Bins, NumberBins
from valuebox.predictions.sums.tables import SumTables
from valuebox.predictions.words import Words

if TYPE_CHECKING:
    from valuebox.predictions.monitoring.results import Evidence

Column = ColumnElement[Any] | InstrumentedAttribute[Any]
Settle = Callable[[Session, datetime], int]


class CohortSummary(NamedTuple):
    """A cohort, as far as the interval of its mean depends on it; means are per row that counts."""

    segment: str
    middle: datetime
    """The middle of the days of the cohort."""
    rows: int
    prediction: float
    extras: Mapping[str, float]
    """Means of what the `Spread` adds up beside the prediction, by name."""
    bins: Mapping[int, int]
    """Rows by the bin of the `Spread`; empty where it has none."""


class Spread(Protocol):
    """How far the mean of a cohort may be from its prediction, and what is summed to tell."""

    @property
    def extras(self) -> tuple[str, ...]:
        """What is added up beside the prediction; columns of the cohorts' table are called so."""

    def learned(self, stored: Any) -> Any:
        """What a model has learned of it, from the JSON that was noted of the model."""

    def amounts(self, learned: Any | None) -> Sequence[ColumnElement[float]]:
        """The value of each of `extras` in a row; `learned` is None of a model without a note."""

    @property
    def is_calibrated(self) -> bool:
        """Whether predictions and outcomes are added up by bin, too."""

    def bin(self, learned: Any | None) -> ColumnElement[int] | None:
        """The bin of a row; None where it has none."""

    def level(self, learned: Any | None, segment: str, variance: float) -> float:
        """Deviation of a cohort's mean by what moves all of its rows alike, from period to period.

        0 where that is not left to chance. `variance` is that of outcomes around predictions.
        """

    def interval(self, learned: Any, cohort: CohortSummary) -> tuple[float, float] | None:
        """Where the mean of what comes true is expected, in 9 of 10 cases; None if untold."""


@dataclass(frozen=True)
class Outcomes:
    """Where it is stored what came true."""

    table: type[Any]
    """A table with `target`, and `summed`: the value that the sums hold, NULL while they have
    none."""
    key: tuple[Column, ...]
    """Columns of the table that say what an outcome belongs to."""
    of: tuple[Column, ...]
    """The same columns of predicted rows, in the same order."""
    settle: Settle | None = None
    """Function of a session and a moment: stores outcomes that are known by then, and says how
    many. It is called until there are none left. None where somebody reports outcomes."""

    @property
    def is_of_row(self) -> ColumnElement[bool]:
        """Whether an outcome belongs to a predicted row."""
        return and_(*(one == other for one, other in zip(self.key, self.of, strict=True)))

    @property
    def is_new(self) -> ColumnElement[bool]:
        """Whether the sums hold another value of an outcome, or none."""
        changed: ColumnElement[bool] = self.table.target.is_distinct_from(self.table.summed)
        return changed


@dataclass(frozen=True)
class Ledger:
    """The predictions of one compartment, and where to find what is needed to judge them."""

    name: str
    """Name of the compartment."""
    source: Any
    """A table, or a join of tables, with one row for each prediction."""
    ids: tuple[Column, ...]
    """The id of a row, which increases over time, and columns of joined tables that equal it."""
    request_id: Column
    received_at: Column
    model: Column
    """Exact tag of the model that predicted."""
    prediction: Column
    subject: tuple[Column, ...]
    """Columns that say what was predicted; of each the newest row counts in cohorts. Not NULL."""
    day: Column
    """The moment whose day makes the cohort."""
    segment: Column
    """The segment by name; NULL where there is none."""
    outcomes: Outcomes
    sums: SumTables
    spread: Spread
    feature: Callable[[str, Bins], Column]
    """Function that gives the column of a feature, by its name and its bins."""
    people: tuple[Column, ...] = ()
    """Columns that say of whom a row is, where several rows may be of the same: together these know
    less than as many rows of different people. Empty where each row is of somebody else."""
    evidence: "Callable[[Session, Ledger, date, date, str | None], Evidence] | None" = None
    """Function of the first and the last day, and a model or None for all, that tests what was
    predicted in the compartment's own way. Where there is one, the PSI of features and predictions
    is told and no finding: rows are too few, or too much alike, for it to tell drift."""
    features_source: Any = None
    """The rows that features are counted in, where these are fewer than `source` has."""
    edges: Sequence[float] = PREDICTION_EDGES
    """Where the bins of predictions end."""
    is_share: bool = False
    """Whether predictions are probabilities, rather than amounts of money."""
    words: Words = field(default_factory=Words)

    @property
    def title(self) -> str:
        """What is predicted, as a heading."""
        return self.words.title or self.name.capitalize()

    @property
    def id(self) -> Column:
        """The id of a predicted row."""
        return self.ids[0]

    @property
    def keyed(self) -> list[Any]:
        """The id of a row and its subject, as columns that `is_same` compares."""
        labelled = [column.label(f"subject_{place}") for place, column in enumerate(self.subject)]
        return [self.id.label("id"), *labelled]

    def is_same(self, one: FromClause, other: FromClause) -> ColumnElement[bool]:
        """Whether rows of two queries for `keyed` have the same subject."""
        names = [f"subject_{place}" for place in range(len(self.subject))]
        return and_(*(one.c[name] == other.c[name] for name in names))

    def select(self, *columns: Column) -> Select[*tuple[Any, ...]]:
        """A query for columns of predicted rows."""
        return select(*columns).select_from(self.source)

    def select_features(self, *columns: Column) -> Select[*tuple[Any, ...]]:
        """A query for columns of the rows that features are counted in."""
        return select(*columns).select_from(
            self.source if self.features_source is None else self.features_source
        )


def known_features(known: Any) -> Callable[[str, Bins], Column]:
    """The features of rows that hold what was known of them as JSON, in one column."""

    def feature(name: str, bins: Bins) -> Column:
        value = known[name]
        found: Column = value.as_float() if isinstance(bins, NumberBins) else value.as_string()
        return found

    return feature


def among(columns: Sequence[Column], keys: Sequence[Sequence[Any]]) -> ColumnElement[bool]:
    """Whether columns have the values of one of several keys, `(n_keys, n_columns)`."""
    if len(columns) == 1:
        return columns[0].in_([one for (one,) in keys])
    return tuple_(*columns).in_(keys)
