"""Predictions, from what a body holds to the answer: of a request alone, of several, of many rows.

A compartment gives the `Steps` that differ from question to question. What all questions have in
common is done here, once: rows are counted against the caller's limits, ids are made, the key of
the request is claimed, rows are stored, by one statement where they are few and while they are
still predicted where they are many, and a request that came before is answered as it was.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Any, ClassVar, Final, Generic, TypeVar
from uuid import UUID

import msgspec
from pydantic import BaseModel
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from starlette.responses import Response

from valuebox.schemas.requests import RequestModel
from valuebox.serving.endpoint import Asked
from valuebox.serving.errors import WARNINGS_HEADER
from valuebox.serving.exchange import Exchange, current
from valuebox.serving.replays import Replays
from valuebox.store.engine import Store
from valuebox.store.ids import Blocks, Ids, Repeated, ids_from
from valuebox.store.writing import Rows, Then, write

ASIDE_FROM: Final = 1_000
"""Rows from which on it takes longer to predict them than to hand them to another thread."""
_JSON: Final = msgspec.json.Encoder()

Given = TypeVar("Given", bound=RequestModel)
Columns = TypeVar("Columns")
Said = TypeVar("Said")
Stored = TypeVar("Stored", bound=BaseModel)


class Steps(ABC, Generic[Given, Columns, Said]):
    """The steps of a prediction that a compartment takes itself, with its model.

    `Given` is what the body of a request holds, `Columns` what is asked about, by column, and
    `Said` what the model says of it. None of the steps knows keys, limits or transactions.
    """

    may_meet: ClassVar[bool] = False
    """Whether others may store the same rows at the same time: then everything is asked anew."""
    while_storing: ClassVar[bool] = False
    """Whether many rows are predicted while the first of what `rows` yields is being stored."""

    @abstractmethod
    def columns(self, given: Sequence[Given]) -> Columns:
        """What is asked about, by column.

        Args:
            given: What one request asks, or what several ask that are answered together: the rows
                of the first one, then those of the next.

        Raises:
            Unanswerable: when there is no answer to some of the rows.
        """

    @abstractmethod
    def say(self, columns: Columns, exchange: Exchange) -> Said:
        """What the model says, in whichever thread.

        Args:
            columns: What is asked about.
            exchange: Takes the time of the stages `encode` and `predict`, and the counters that
                go up once all is stored.
        """

    @abstractmethod
    def rows(
        self,
        ids: Sequence[UUID],
        request_ids: UUID | Sequence[UUID],
        columns: Columns,
        said: Callable[[], Said],
    ) -> Iterable[Rows | Then]:
        """The rows that hold what was received and what was said, in the order of writing.

        Args:
            ids: One for each row that is asked about; those of a request follow its own id.
            request_ids: Id of the request; one for each row, where there are several requests.
            columns: What is asked about.
            said: Function that returns what was said, and waits for it where there are many rows.
        """

    def also(self, given: Given) -> Callable[[Session], object] | None:
        """What a request stores besides, in the same transaction; None where it is nothing."""
        return None

    @abstractmethod
    def answer(self, given: Given, columns: Columns, said: Said, of: slice, ids: Ids) -> Response:
        """The answer to a request.

        Args:
            given: What the request asks.
            columns: What is asked about, by this request and by others.
            said: What was said of all of it.
            of: The rows of this request.
            ids: One for each of these rows, as given to `rows`.
        """

    @abstractmethod
    def again(self, given: Given, session: Session, request_id: UUID) -> Response:
        """The answer to a request that was stored before, made of its rows.

        Raises:
            AnswerGone: when not all of them are stored any more.
        """


@dataclass(frozen=True)
class Pipeline:
    """Answers requests that store, each once; a service has one of these."""

    store: Store
    replays: Replays
    aside: Executor
    """Threads that predict while rows are on their way."""

    def predict(self, steps: Steps[Given, Any, Any], given: Given) -> Response:
        """Predict what the current request asks for, store it, and answer.

        Raises:
            RateLimited, NeverAllowed: see `Exchange.count_rows`.
            Unanswerable: when there is no answer to some of the rows.
            KeyReused, AnswerGone: see `Replays.claim` and `Steps.again`.
            TooLate: when the deadline is too near to commit.
        """
        exchange = current()
        exchange.count_rows(given.n_rows)
        (answer,) = self.answers(steps, exchange, [Asked(exchange, given)])
        return answer

    def answers(
        self, steps: Steps[Given, Columns, Said], exchange: Exchange, asked: Sequence[Asked]
    ) -> list[Response]:
        """Predict for requests whose rows have been counted; store all of them, or none.

        Args:
            steps: Of the compartment.
            exchange: Whose stages are timed: that of the request, or one for several.
            asked: The requests; several only where none has a key.

        Returns:
            An answer to each.
        """
        try:
            return self._answers(steps, exchange, asked)
        except IntegrityError:
            if not steps.may_meet:
                raise
        return self._answers(steps, exchange, asked)

    def _answers(
        self, steps: Steps[Given, Columns, Said], exchange: Exchange, asked: Sequence[Asked]
    ) -> list[Response]:
        given: list[Given] = [one.given for one in asked]
        columns = steps.columns(given)
        blocks = [ids_from(one.exchange.request_id, one.given.n_rows) for one in asked]
        said = self._said(steps, columns, exchange, sum(map(len, blocks)))
        rows = steps.rows(*_numbered(asked, blocks), columns, said)
        also = [store for one in given if (store := steps.also(one)) is not None]
        with exchange.timing("store"):
            if exchange.idempotency_key is None and not also:
                self.store.insert(rows)
            else:
                with self.store.writing() as session:
                    if self.replays.claim(session, exchange):
                        return [steps.again(one, session, exchange.request_id) for one in given]
                    write(session, rows)
                    for store in also:
                        store(session)
        answers, start = [], 0
        for one, ids in zip(given, blocks, strict=True):
            of = slice(start, start + len(ids))
            answers.append(steps.answer(one, columns, said(), of, ids))
            start = of.stop
        return answers

    def _said(
        self, steps: Steps[Any, Columns, Said], columns: Columns, exchange: Exchange, count: int
    ) -> Callable[[], Said]:
        """Function that returns what is said of `count` rows, now or while they are stored."""
        if steps.while_storing and count >= ASIDE_FROM:
            return self.aside.submit(steps.say, columns, exchange).result
        said = steps.say(columns, exchange)
        return lambda: said

    def keep(
        self, given: RequestModel, stored: type[Stored], put: Callable[[Session], Stored]
    ) -> Stored:
        """Store what the current request holds, where nothing is predicted.

        Args:
            given: What the body holds.
            stored: What `put` returns, which is remembered with the key of the request.
            put: Function that stores, and tells what has become of the rows.

        Raises:
            RateLimited, NeverAllowed, KeyReused, TooLate: as in `predict`.
        """
        exchange = current()
        exchange.count_rows(given.n_rows)
        with exchange.timing("store"), self.store.writing() as session:
            if earlier := self.replays.claim(session, exchange):
                return stored.model_validate(earlier.answer)
            answer = put(session)
            self.replays.remember(session, exchange, answer.model_dump(mode="json"))
            return answer


def warned(content: Any, warnings: Sequence[str]) -> Response:
    """An answer as JSON, with what is strange about what was sent in a header."""
    headers = {WARNINGS_HEADER: " ".join(warnings)} if warnings else None
    return Response(_JSON.encode(content), headers=headers, media_type="application/json")


def _numbered(
    asked: Sequence[Asked], blocks: Sequence[Ids]
) -> tuple[Sequence[UUID], UUID | Sequence[UUID]]:
    """The ids of all rows, and those of the requests that they came with."""
    if len(asked) == 1:
        return blocks[0], asked[0].exchange.request_id
    requests = [one.exchange.request_id for one in asked]
    return Blocks(blocks), Repeated(requests, [len(ids) for ids in blocks])
