"""Rules that leave candidates out, whatever a model says of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from sqlalchemy import Connection, func, select

from valuebox.compartments.offers.schemas import Candidate
from valuebox.compartments.offers.tables import OfferDecision
from valuebox.settings import Settings
from valuebox.store.writing import table_of

WEEK: Final = timedelta(days=7)
A_WEEK: Final = "offers_a_week"
BUDGET: Final = "offers_budgets"
DEARER: Final = "offers_price_days"
_DECIDED: Final = table_of(OfferDecision).c


class Past(NamedTuple):
    """An offer that was chosen for the same player before."""

    at: datetime
    type: str
    price: float


@dataclass(frozen=True)
class Rules:
    """What is never offered; each rule is called like the setting that it comes from."""

    a_week: int | None = None
    """Offers to a player within seven days at most."""
    budgets: Mapping[str, int] = field(default_factory=dict)
    """How often each type of offer is chosen at most, counted since the first decision."""
    price_days: float | None = None
    """Days within which a player is offered no type at a dearer price than before."""

    @classmethod
    def of(cls, settings: Settings) -> "Rules":
        """The rules that are set."""
        return cls(settings.offers_a_week, settings.offers_budgets, settings.offers_price_days)

    def left_out(
        self,
        connection: Connection,
        whom: tuple[str, str],
        candidates: Sequence[Candidate],
        at: datetime,
    ) -> list[str | None]:
        """The rule that leaves each candidate out, None for none.

        Decisions that are taken at the same moment do not know of each other: a budget may be
        exceeded by as many.

        Args:
            connection: To the database with the decisions.
            whom: Source and id of the player.
            candidates: The offers to choose from.
            at: Moment of the decision.
        """
        past = self._past(connection, whom, at)
        if self.a_week is not None and sum(one.at > at - WEEK for one in past) >= self.a_week:
            return [A_WEEK] * len(candidates)
        spent = self._spent(connection, {one.offer_type for one in candidates})
        return [
            BUDGET
            if one.offer_type in spent
            else DEARER
            if self._is_dearer(one, past, at)
            else None
            for one in candidates
        ]

    def _past(self, connection: Connection, whom: tuple[str, str], at: datetime) -> list[Past]:
        days = [7.0] * (self.a_week is not None) + [self.price_days or 0.0]
        if not any(days):
            return []
        query = select(_DECIDED.at, _DECIDED.offer_type, _DECIDED.offer_price).where(
            _DECIDED.source == whom[0],
            _DECIDED.customer == whom[1],
            _DECIDED.at < at,
            _DECIDED.at > at - timedelta(days=max(days)),
            _DECIDED.offer_type.is_not(None),
        )
        return [Past(*row) for row in connection.execute(query)]

    def _spent(self, connection: Connection, types: set[str]) -> set[str]:
        capped = sorted(types & self.budgets.keys())
        if not capped:
            return set()
        query = (
            select(_DECIDED.offer_type, func.count())
            .where(_DECIDED.offer_type.in_(capped))
            .group_by(_DECIDED.offer_type)
        )
        used = {name: int(count) for name, count in connection.execute(query)}
        return {one for one in capped if used.get(one, 0) >= self.budgets[one]}

    def _is_dearer(self, one: Candidate, past: Sequence[Past], at: datetime) -> bool:
        if self.price_days is None:
            return False
        since = at - timedelta(days=self.price_days)
        prices = [was.price for was in past if was.type == one.offer_type and was.at > since]
        return bool(prices) and one.offer_price > min(prices)
