"""A small sportsbook: its loads, a model of what these brought, and forecasts of its matches."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from support.filled import Rows
from support.once import learned_once
from valuebox.compartments.handle.book import Book
from valuebox.compartments.handle.desk import Desk
from valuebox.compartments.handle.ledger import note
from valuebox.compartments.handle.model import HandleModel
from valuebox.compartments.handle.recipe import LEADS
from valuebox.compartments.handle.schemas import HandleQuestion
from valuebox.compartments.handle.steps import HandleSteps
from valuebox.predictions.tally import Tally
from valuebox.serving.exchange import Exchange
from valuebox.store.engine import Store
from valuebox.store.writing import write
from valuebox_cli.handle.cleaning import Clean, clean
from valuebox_cli.handle.memory import Loads
from valuebox_cli.handle.storing import store_clean
from valuebox_training.handle.simulate import Sportsbook, simulate
from valuebox_training.handle.train import train
from valuebox_training.handle.warehouse import Warehouse
from valuebox_training.handle.worlds import World

ZONE = ZoneInfo("EST")
FIRST_LOAD = -25
"""Days from today to the first load; nightly loads follow until today."""


@cache
def today() -> date:
    """The day on which tests began, for all that is kept of them; midnight may pass meanwhile.

    By the clock of the warehouse: a load of a midnight that is still to come would never be old.
    """
    return datetime.now(ZONE).date()


@cache
def sportsbook() -> Sportsbook:
    """A world whose last match was some days ago."""
    small = World("small", bets=25_000, users=3_000, early_users=800)
    return simulate(small.until(pd.Timestamp(today())))


@cache
def warehouse() -> Warehouse:
    """Its warehouse."""
    return Warehouse(sportsbook())


def midnight(days: int) -> np.datetime64:
    """The midnight so many days from today, on the clock of the warehouse."""
    return np.datetime64(today(), "s") + np.timedelta64(days, "D")


def moment(days: float) -> datetime:
    """The same with the part of a day, in UTC."""
    at: datetime = midnight(0).astype(datetime)
    return at.replace(tzinfo=ZONE).astimezone(UTC) + timedelta(days=days)


def loaded(since: int | None, until: int) -> Clean:
    """What a load at a midnight brings, after the one before."""
    found = _loaded(since, until)
    tables = {name: getattr(found, name).copy() for name in ("matches", "users", "bets")}
    return replace(found, **tables)


@cache
def _loaded(since: int | None, until: int) -> Clean:
    before = None if since is None else midnight(since)
    at, source = midnight(until), warehouse()
    return clean(source.events(at), source.users(before, at), source.wagers(before, at), ZONE)


def store_loads(store: Store, until: int = 0, times: float = 1.0, since: int = FIRST_LOAD) -> None:
    """Store the loads up to a midnight.

    Args:
        store: Where to.
        until: Days from today.
        times: By how much bets of nightly loads are larger than they were.
        since: The first load.
    """
    before = None
    for day in range(since, until + 1):
        rows = loaded(before, day)
        if before is not None:
            rows.bets["amount"] *= times
        store_clean(store, rows, moment(day))
        before = day


def rows(until: int, since: int) -> Rows:
    """The same, for databases that hold these loads when a test begins."""
    return Rows(f"loads {since} to {until}", lambda store: store_loads(store, until, since=since))


@cache
def book(until: int = FIRST_LOAD) -> Book:
    """What the first load brings, in memory."""
    loads = Loads()
    loads.add(loaded(None, until), np.datetime64(moment(until).replace(tzinfo=None), "s"))
    return loads.book()


@cache
def tag() -> str:
    """The tag of a model that has learned from the first load."""

    def learn() -> str:
        return train(book(), "handle-of-tests", weeks=10, is_forced=True).tag

    # Midnight may pass between the beginnings of two processes.
    return learned_once(f"handle-{today()}", learn)


def steps(store: Store, days: float | None = None, desk: Desk | None = None) -> HandleSteps:
    """Steps that forecast at a moment, by the model of `tag` or of a desk that is open already."""
    desk = desk or Desk(store, HandleModel.load(tag()))
    counted = Tally("handle", desk.model.tag, desk.model.created_at, list(LEADS))
    now = None if days is None else moment(days)
    return HandleSteps(store, desk, counted, now=now)


def ask(store: Store, of: HandleSteps, **question: object) -> str:
    """Forecast and store, as the service does; returns the answer as JSON."""
    asked = HandleQuestion.model_validate(question)
    columns = of.columns([asked])
    exchange = Exchange()
    said = of.say(columns, exchange)
    with store.writing() as session:
        note(session, of.desk.model)
        write(
            session,
            list(of.rows([exchange.request_id], exchange.request_id, columns, lambda: said)),
        )
    return said.answer.model_dump_json()
