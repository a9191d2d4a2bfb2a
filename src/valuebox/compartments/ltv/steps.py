"""The steps of predicting lifetime values: users by row or by column in, stored and answered."""

from abc import abstractmethod
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import ClassVar, TypeVar
from uuid import UUID

from sqlalchemy.orm import Session
from starlette.responses import Response

from valuebox.compartments.ltv import repository
from valuebox.compartments.ltv.answers import Answer
from valuebox.compartments.ltv.bulk import UserTable
from valuebox.compartments.ltv.columns import Estimates, UserColumns, outcomes_of
from valuebox.compartments.ltv.counting import UserTally
from valuebox.compartments.ltv.model import LtvModel
from valuebox.compartments.ltv.schemas import Users
from valuebox.serving.exchange import Exchange
from valuebox.serving.pipeline import Steps
from valuebox.store.ids import Ids
from valuebox.store.writing import Rows, Then

Sent = TypeVar("Sent", bound=Users | UserTable)


@dataclass(frozen=True)
class _Steps(Steps[Sent, UserColumns, Estimates]):
    """What is the same of users by row and by column."""

    model: LtvModel
    tally: UserTally | None
    """Counts what the model says, for Prometheus."""

    while_storing: ClassVar[bool] = True

    def columns(self, given: Sequence[Sent]) -> UserColumns:
        """The users of all requests."""
        return UserColumns.of(given, self.model.shape.columns)

    def say(self, columns: UserColumns, exchange: Exchange) -> Estimates:
        """Expected lifetime values, with their intervals."""
        features = columns.features
        with exchange.timing("encode"):
            matrix = self.model.encoder.transform(features)
        with exchange.timing("predict"):
            estimates = self.model.estimate_encoded(matrix, features)
        if self.tally is not None:
            exchange.counts = self.tally.of(features, matrix, estimates.prediction)
        return estimates

    def rows(
        self,
        ids: Sequence[UUID],
        request_ids: UUID | Sequence[UUID],
        columns: UserColumns,
        said: Callable[[], Estimates],
    ) -> Iterable[Rows | Then]:
        """Features first, then what was said of them."""
        own = self.model.shape.own.columns
        return repository.new_predictions(ids, request_ids, columns, said, self.model.tag, own)

    def also(self, given: Sent) -> Callable[[Session], object] | None:
        """Realised values, where some were sent."""
        known = outcomes_of(given)
        return partial(repository.put_outcomes, targets=known) if known else None

    def answer(
        self, given: Sent, columns: UserColumns, said: Estimates, of: slice, ids: Ids
    ) -> Response:
        """The predictions, as the users were sent: by row or by column."""
        prediction, lower, upper = (values[of].tolist() for values in said)
        user_id, tag = columns.user_id[of], self.model.tag
        return self.told(given, Answer(user_id, prediction, lower, upper, ids.texts(), tag))

    def again(self, given: Sent, session: Session, request_id: UUID) -> Response:
        """The same, of what is stored."""
        return self.told(given, repository.answer_of_request(session, request_id, given.n_rows))

    def warnings(self, given: Sent) -> list[str]:
        """What is strange about the users, in sentences."""
        heading = self.model.names.heading(given.names)
        return heading.warnings() + self.model.warnings({"STV": given.column("STV")})

    @abstractmethod
    def told(self, given: Sent, answer: Answer) -> Response:
        """An answer as the users were sent, with what is strange about these."""


class OfRows(_Steps[Users | UserTable]):
    """Users one by one: `Users`, or the table that `Users.read` makes of them sooner."""

    def told(self, given: Users | UserTable, answer: Answer) -> Response:
        """The answer by row."""
        return answer.by_row(self.warnings(given))


class OfColumns(_Steps[UserTable]):
    """Users by column, as `UserTable` has them."""

    def told(self, given: UserTable, answer: Answer) -> Response:
        """The answer by column."""
        return answer.by_column(self.warnings(given))
