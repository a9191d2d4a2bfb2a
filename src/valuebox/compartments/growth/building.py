"""A report out of the database: read the facts once, and make every part of them."""

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import TypeVar
from zoneinfo import ZoneInfo

import numpy as np

from valuebox.compartments.growth.activity.churn import churn
from valuebox.compartments.growth.activity.counts import (
    NotEnough,
    actions,
    bars,
    events_per_customer,
)
from valuebox.compartments.growth.activity.demographics import demographics
from valuebox.compartments.growth.activity.months import Activity, activity
from valuebox.compartments.growth.activity.retention import Retention, retention
from valuebox.compartments.growth.activity.series import series
from valuebox.compartments.growth.change.claims import Tested, shares
from valuebox.compartments.growth.change.comparison import Comparison, comparison
from valuebox.compartments.growth.change.segments import Discovery, discover
from valuebox.compartments.growth.loaded.facts import Loaded, load
from valuebox.compartments.growth.loaded.frames import Facts, grouped
from valuebox.compartments.growth.loaded.money import Money, money_of
from valuebox.compartments.growth.loaded.observed import end_of
from valuebox.compartments.growth.loaded.unmatched import unmatched
from valuebox.compartments.growth.report import GrowthReport, Span
from valuebox.compartments.growth.schemas import GrowthQuestion
from valuebox.compartments.growth.spending.advertising import advertising
from valuebox.compartments.growth.spending.profit import profits
from valuebox.compartments.growth.value.bgnbd import NoFit
from valuebox.compartments.growth.value.formula import Factors, factors, formula_value
from valuebox.compartments.growth.value.holdout import Holdout, halfway, holdout
from valuebox.compartments.growth.value.leaving import Leaving, leaving
from valuebox.compartments.growth.value.predicted import Predicted, predicted
from valuebox.compartments.growth.value.probabilistic import (
    Buyers,
    ProbabilisticValue,
    buyers,
    future,
)
from valuebox.compartments.growth.value.purchases import first_purchases
from valuebox.compartments.growth.value.rfm import rfm
from valuebox.compartments.register import ledgers
from valuebox.facts.clock import aware, moment
from valuebox.predictions.latest import latest_predictions
from valuebox.schemas.values import MAX_USER_ID
from valuebox.statistics.subsampling import MeanTails
from valuebox.store.deadline import deadline
from valuebox.store.engine import Store, TooLate

Part = TypeVar("Part")


@dataclass(frozen=True)
class _Known:
    """Figures that several parts of a report need, each worked out once."""

    question: GrowthQuestion
    facts: Facts
    money: Money
    until: np.datetime64
    activity: Activity
    factors: Factors

    @property
    def start(self) -> np.datetime64 | None:
        """When the report begins, if the question says so."""
        asked = self.question
        return None if asked.start is None else moment(asked.start, asked.zone)

    @cached_property
    def buyers(self) -> Buyers:
        """What was learned of buyers."""
        return buyers(self.facts, self.money, self.until)


def report(
    store: Store, question: GrowthQuestion, most: int | None = None, now: datetime | None = None
) -> GrowthReport:
    """Answer a question.

    Args:
        store: Where the facts are.
        question: What is asked.
        most: Events that may be read; None for any number.
        now: When the report is made; nothing can have happened later. None for now.

    Raises:
        SeveralCurrencies: when amounts cannot be added, and no currency was named.
        TooManyEvents: when there are more than that.
        TooLate: when nobody waits for the answer any more.
    """
    loaded = load(store, question, most, now)
    facts = loaded.facts
    until = end_of(facts, question.end, question.zone)
    brought = money_of(facts, question)
    known = None
    if until is not None and len(facts.customers):
        acted = activity(facts, np.ones(len(facts.events), dtype=bool), until)
        since = None if question.start is None else moment(question.start, question.zone)
        valued = factors(facts, brought, until, since)
        known = _Known(question, facts, brought, until, acted, valued)
    tails = MeanTails(facts.amount_per_customer(brought.amount))
    left_out: dict[str, str] = {}
    may_err = shares(facts, question.attribute, is_compared=loaded.both is not None)

    def part(name: str, make: Callable[[_Known], Part]) -> Part | None:
        if time.monotonic() > deadline():
            raise TooLate
        if known is None:
            left_out[name] = "there are no customers or no events"
            return None
        try:
            return make(known)
        except (NotEnough, NoFit) as error:
            left_out[name] = str(error)
            return None

    return GrowthReport(
        question=question,
        unmatched=unmatched(loaded, question),
        span=_span(loaded, until, question.zone),
        users=bars(facts.customers.groups(question.attribute)),
        types=bars(grouped(facts.events.type)),
        actions=actions(facts, question.attribute),
        events_per_customer=events_per_customer(facts),
        profits=profits(facts, brought, question.attribute, question.top, tails),
        series=part(
            "series", lambda it: series(facts, brought, question.attribute, it.start, it.until)
        )
        or [],
        comparison=part("comparison", lambda _: _comparison(loaded, question, may_err)),
        retention=part("retention", _retention),
        churn=part(
            "churn",
            lambda it: churn(facts, it.activity, question.attribute, it.until, question.churn_days),
        ),
        formula=part(
            "formula",
            lambda it: formula_value(facts, it.factors, question.attribute, question.top),
        ),
        probabilistic=part("probabilistic", _probabilistic),
        rfm=part(
            "rfm",
            lambda it: rfm(facts, brought, question.attribute, it.until, question.churn_days),
        ),
        leaving=part("leaving", _leaving),
        holdout=part("holdout", _holdout),
        demographics=part(
            "demographics", lambda it: demographics(facts, brought, it.factors, tails)
        )
        or [],
        advertising=part(
            "advertising",
            lambda it: advertising(
                facts,
                brought,
                question.attribute,
                question.spend,
                share=may_err["advertising"],
                until=it.until,
                since=it.start,
                tails=tails,
            ),
        ),
        segments=part("segments", lambda it: _segments(it, may_err["segments"])),
        predicted=part("predicted", lambda it: _predicted(store, it)),
        left_out=left_out,
    )


def _span(loaded: Loaded, until: np.datetime64 | None, zone: ZoneInfo) -> Span:
    facts = loaded.facts
    when = facts.events.time
    return Span(
        customers=len(facts.customers),
        events=len(facts.events),
        hanging=int((facts.events.customer < 0).sum()),
        sources=bars(grouped(facts.customers.source)),
        first=aware(when.min(), zone) if len(when) else None,
        last=aware(when.max(), zone) if len(when) else None,
        until=None if until is None else aware(until, zone),
        set_aside=loaded.set_aside,
    )


def _comparison(
    loaded: Loaded, question: GrowthQuestion, may_err: Mapping[Tested, float]
) -> Comparison:
    if loaded.both is None:
        raise NotEnough("no baseline was named")
    return comparison(loaded.both, question, (may_err["lifts"], may_err["curves"]))


def _retention(it: _Known) -> Retention:
    facts, acted, joined = it.facts, it.activity, it.facts.customers.created
    by = it.question.cohorts
    if by == "first_purchase":
        acted = activity(facts, it.money.is_purchase, it.until)
        joined = first_purchases(facts, it.money, it.start)
    found = retention(joined, acted, it.start, by)
    if not found.cohorts and by == "first_purchase":
        raise NotEnough("nobody is known to have bought for the first time within this time")
    if not found.cohorts:
        raise NotEnough(
            "it is not known of any customer that they joined within this time; cohorts may be "
            "made by the `first_purchase` instead"
        )
    return found


def _probabilistic(it: _Known) -> ProbabilisticValue:
    asked = it.question
    return future(it.facts, it.buyers, asked.attribute, asked.weeks, asked.top, asked.discount)


def _leaving(it: _Known) -> Leaving:
    return leaving(it.facts, it.money, it.buyers, it.question, it.until)


def _holdout(it: _Known) -> Holdout:
    cut = halfway(it.facts, it.money, it.until)
    if cut is None:
        raise NotEnough("nobody bought anything")
    return holdout(it.facts, it.money, cut, it.until, it.question.zone)


def _segments(it: _Known, share: float) -> Discovery:
    facts, asked = it.facts, it.question
    did = {
        response: facts.per_customer(facts.events.type.are(response)) > 0
        for response in asked.responses
    }
    everybody = np.ones(len(facts.customers), dtype=bool)
    customers = facts.customers
    told = [name for name in customers.attributes if len(customers.groups(name).names) > 1]
    return discover(customers, told, did, everybody, asked.top, share)


def _predicted(store: Store, it: _Known) -> Predicted:
    source, customers = it.question.users_source, it.facts.customers
    if source is None:
        raise NotEnough("no source was named whose customers are users of `ltv`")
    ids = customers.id[customers.source.have(source)].tolist()
    with store.reading() as session:
        found = latest_predictions(
            session, ledgers()["ltv"], [int(one) for one in ids if _is_user_id(one)]
        )
    if not found:
        raise NotEnough(f"no customer of {source} is a user with a prediction")
    return predicted(it.facts, it.money, it.question.attribute, source, found)


def _is_user_id(text: str) -> bool:
    # Its text is that of a number that a user can have, without zeros in front.
    return bool(re.fullmatch("0|[1-9][0-9]{0,18}", text)) and int(text) <= MAX_USER_ID
