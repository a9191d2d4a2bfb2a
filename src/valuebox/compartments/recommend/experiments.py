"""Experiments of shops: begun, ended, and what sessions did in them, out of the database."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final, TypeVar

from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.orm import Session

from valuebox.compartments.recommend.listing import PERSONAL, POPULAR
from valuebox.compartments.recommend.proof.assignment import HOLDBACK, HOLDBACK_SHARE, assign
from valuebox.compartments.recommend.proof.coding import ListRow, OrderRow, ViewRow, coded
from valuebox.compartments.recommend.proof.interleaving import NOBODY
from valuebox.compartments.recommend.proof.months import MonthFigure, by_month
from valuebox.compartments.recommend.proof.report import report
from valuebox.compartments.recommend.proof.schemas import Experiment as Laid
from valuebox.compartments.recommend.proof.schemas import ProofReport
from valuebox.compartments.recommend.proof.sessions import Watched, watched
from valuebox.compartments.recommend.repository import laid_of
from valuebox.compartments.recommend.tables import Experiment, Exposure
from valuebox.compartments.recommend.views import BOUGHT, VIA, VIEWED, item_in, session_in
from valuebox.errors import ValueboxError
from valuebox.facts.naming import name_in
from valuebox.facts.tables import Event
from valuebox.store.clock import CLOCK

_Row = TypeVar("_Row", ViewRow, OrderRow)
_AT_ONCE: Final = 5_000
_BEFORE: Final = timedelta(days=1)
"""How long before the first list views may tell of a machine."""
_BETWEEN: Final = Laid(
    name="between experiments",
    shares={HOLDBACK: HOLDBACK_SHARE, PERSONAL: 1 - HOLDBACK_SHARE},
    control=HOLDBACK,
    holdback=0.0,
)
"""The comparison that goes on while no experiment runs."""


class ExperimentRefused(ValueboxError):
    """An experiment that cannot be begun, ended or told of."""


def begin_experiment(session: Session, source: str, laid: Laid) -> None:
    """Begin an experiment: from now on the shop's sessions are dealt out to its arms.

    Raises:
        ExperimentRefused: where the name is taken, or another one runs.
    """
    if session.get(Experiment, (source, laid.name)) is not None:
        raise ExperimentRefused(f"{source} has had an experiment called {laid.name} before")
    runs = session.scalar(
        select(Experiment.name).where(Experiment.source == source, Experiment.ends.is_(None))
    )
    if runs is not None:
        raise ExperimentRefused(f"{runs} runs in {source}; end it first")
    row: dict[str, Any] = laid.model_dump(mode="json")
    shares = row.pop("shares")
    session.add(
        Experiment(source=source, name=laid.name, shares=shares, plan=row, begins=CLOCK.moment())
    )


def end_experiment(session: Session, source: str, name: str) -> None:
    """End an experiment: from now on all sessions but those held back get personal lists.

    Raises:
        ExperimentRefused: where no such experiment runs.
    """
    found = session.get(Experiment, (source, name))
    if found is None or found.ends is not None:
        raise ExperimentRefused(f"no experiment called {name} runs in {source}")
    found.ends = CLOCK.moment()


def experiments_of(session: Session, source: str) -> list[Experiment]:
    """The experiments of a shop, the newest first."""
    query = select(Experiment).where(Experiment.source == source)
    return list(session.scalars(query.order_by(Experiment.begins.desc())))


def report_of(session: Session, source: str, name: str | None) -> ProofReport:
    """What an experiment has shown by now.

    Args:
        session: Of the database; reads all lists of the experiment, and all events of the shop
            since it began.
        source: The shop.
        name: Of the experiment; None for what is shown while none runs, beside the sessions that
            are held back.

    Raises:
        ExperimentRefused: where there is none of that name.
    """
    laid = _BETWEEN if name is None else _laid(session, source, name)
    theirs = Exposure.experiment.is_(None) if name is None else Exposure.experiment == name
    rankings = laid.shares if laid.is_interleaved else ()
    arms = *laid.dealt, HOLDBACK
    return report(_watched(session, source, arms, theirs, tuple(rankings)), laid)


def months_of(session: Session, source: str, since: datetime) -> list[MonthFigure]:
    """The figures of each month and arm, of whichever experiments.

    Args:
        session: Of the database; reads all lists since then, and all events of the shop.
        source: The shop.
        since: Lists are counted that were shown since.
    """
    arms = POPULAR, PERSONAL, HOLDBACK
    return by_month(_watched(session, source, arms, Exposure.at >= since))


def _watched(
    session: Session,
    source: str,
    arms: Iterable[str],
    theirs: ColumnElement[bool],
    rankings: Sequence[str] = (),
) -> Watched:
    """The sessions that were shown some of a shop's lists.

    Args:
        session: Of the database.
        source: The shop.
        arms: Their names.
        theirs: Which lists.
        rankings: The two of which lists are made, where they are interleaved.
    """
    shown = _Shown(_lists(session, source, theirs, rankings))
    # Views of before the first list tell of machines; those of after the last one are its clicks.
    views = shown.of(lambda: _views(session, source, shown.first))
    orders = shown.of(lambda: _orders(session, source, shown.first))
    is_told = _tells_orders(session, source)
    return watched(*coded(views, shown, orders if is_told else None, tuple(dict.fromkeys(arms))))


class _Shown:
    """Lists as they are read, of which the sessions and the first moment are remembered."""

    def __init__(self, lists: Iterator[ListRow]):
        self._lists = lists
        self._sessions: set[str] = set()
        self.first = CLOCK.moment().timestamp()

    def __iter__(self) -> Iterator[ListRow]:
        for one in self._lists:
            self._sessions.add(one.session)
            self.first = min(self.first, one.time)
            yield one

    def of(self, rows: "Callable[[], Iterable[_Row]]") -> "Iterator[_Row]":
        """What is told of these sessions, to be read once all lists have been."""
        for one in rows():
            if one.session in self._sessions:
                yield one


def _laid(session: Session, source: str, name: str) -> Laid:
    found = session.get(Experiment, (source, name))
    if found is None:
        raise ExperimentRefused(f"{source} has no experiment called {name}")
    return laid_of(found)


def _lists(
    session: Session, source: str, theirs: ColumnElement[bool], rankings: Sequence[str]
) -> Iterator[ListRow]:
    teams = {ranking: team for team, ranking in enumerate(rankings)}
    query = select(
        Exposure.id, Exposure.session, Exposure.at, Exposure.experiment, Exposure.arm,
        Exposure.items,
    ).where(Exposure.source == source, theirs)  # fmt: skip
    for id_, name, at, experiment, arm, items in _streamed(session, query):
        # Lists that somebody asked for by the name of their arm are no part of a comparison.
        if experiment is None and arm != assign(source, "", name, {PERSONAL: 1.0}):
            continue
        listed = [row["item"] for row in items]
        team = [teams.get(row.get("picked_by"), NOBODY) for row in items] if teams else None
        yield ListRow(str(id_), name, at.timestamp(), arm, listed, team)


def _views(session: Session, source: str, since: float) -> Iterator[ViewRow]:
    item, via = item_in(session), name_in(session, Event.properties, VIA)
    query = select(session_in(), item, Event.time, via).where(*_theirs(source, since, VIEWED))
    for name, found, at, told in _streamed(session, query):
        yield ViewRow(name, found, at.timestamp(), told)


def _orders(session: Session, source: str, since: float) -> list[OrderRow]:
    """Orders; amounts count in the currency that most have, and are not known in others."""
    query = select(session_in(), Event.amount, Event.currency)
    rows = _streamed(session, query.where(*_theirs(source, since, BOUGHT))).all()
    currencies = Counter(currency for _, amount, currency in rows if amount is not None)
    most = max(currencies, key=currencies.__getitem__, default=None)
    return [OrderRow(name, amount if currency == most else None) for name, amount, currency in rows]


def _tells_orders(session: Session, source: str) -> bool:
    """Whether the shop has ever told of an order: then a session without one has none."""
    told = select(Event.id).where(Event.source == source, Event.type.in_(BOUGHT)).limit(1)
    return session.scalar(told) is not None


def _theirs(source: str, since: float, types: tuple[str, ...]) -> tuple[Any, ...]:
    begun = datetime.fromtimestamp(since, tz=UTC) - _BEFORE
    return Event.source == source, Event.type.in_(types), Event.time >= begun


def _streamed(session: Session, query: "Select[*tuple[Any, ...]]") -> Any:
    return session.execute(query.execution_options(yield_per=_AT_ONCE))
