"""Several small requests for predictions at once: the model asked once, one statement."""

import logging
from collections.abc import Sequence
from itertools import chain
from typing import TYPE_CHECKING, Final

from starlette.responses import Response

from valuebox.compartments.ltv import repository, schemas
from valuebox.compartments.ltv.answers import Answer, no_model
from valuebox.compartments.ltv.columns import UserColumns
from valuebox.compartments.ltv.model import LtvModel
from valuebox.compartments.ltv.names import names_of
from valuebox.serving.endpoint import Asked, failed, is_away
from valuebox.serving.exchange import Exchange, answering
from valuebox.serving.logs import kind_of
from valuebox.store.engine import TooLate, is_fresh, is_in_time
from valuebox.store.ids import new_ids

if TYPE_CHECKING:
    from valuebox.compartments.ltv.api import LtvApi

_SMALL: Final = 10
"""Users of a request from which on it is not held up by others, nor holds them up."""

_log = logging.getLogger("valuebox")


def fits(exchange: Exchange, users: schemas.Users) -> bool:
    """Whether a request asks for a few predictions, and for nothing else to be stored.

    One whose body took its time has less left than the others, who would have to hurry with it.
    """
    return (
        exchange.idempotency_key is None
        and len(users.root) < _SMALL
        and all(user.target is None for user in users.root)
        and is_fresh(exchange.deadline)
    )


def predict(api: "LtvApi", asked: Sequence[Asked]) -> list[Response]:
    """What `LtvApi.ltv_predict` answers to each of several requests that fit."""
    answers: dict[int, Response] = {}
    left: dict[int, Asked] = {}
    for position, one in enumerate(asked):
        with answering(one.exchange):
            try:
                one.exchange.count_rows(len(one.given.root))
                if api.ltv is None:
                    answers[position] = no_model()
                else:
                    left[position] = one
            except Exception as error:
                answers[position] = failed(error)
    while left:
        late = [at for at, one in left.items() if not is_in_time(one.exchange.deadline)]
        answers |= {at: _failed(left.pop(at), TooLate()) for at in late}
        try:
            answers |= zip(left, _predict(api, api.ltv, list(left.values())), strict=True)
            break
        except TooLate:
            # Of those who came first. The others may have time left, and begin again.
            continue
    return [answers[position] for position in range(len(asked))]


def _predict(api: "LtvApi", model: LtvModel | None, asked: Sequence[Asked]) -> list[Response]:
    if not asked or model is None:
        return []
    exchange = Exchange(deadline=min(one.exchange.deadline for one in asked))
    try:
        with answering(exchange):
            return _stored(api, model, exchange, asked)
    except Exception as error:
        if len(asked) == 1 or is_away(error):
            return [_failed(one, error) for one in asked]
        if isinstance(error, TooLate):
            raise
        _log.warning("%d requests are answered one by one (%s)", len(asked), kind_of(error))
    finally:
        for one in asked:
            one.exchange.spend(exchange.spent)
    # One of them may have been the reason, which is none to refuse the others.
    return [answer for one in asked for answer in _predict(api, model, [one])]


def _failed(asked: Asked, error: Exception) -> Response:
    with answering(asked.exchange):
        return failed(error)


def _stored(
    api: "LtvApi", model: LtvModel, exchange: Exchange, asked: Sequence[Asked]
) -> list[Response]:
    users = UserColumns.of([user for one in asked for user in one.given.root])
    estimates = api.estimate(model, exchange, users.features)
    blocks = [new_ids(len(one.given.root)) for one in asked]
    request_ids = [one.exchange.request_id for one in asked for _ in one.given.root]
    ids = list(chain.from_iterable(blocks))
    rows = repository.new_predictions(ids, request_ids, users, lambda: estimates, model.tag)
    with exchange.timing("store"):
        api.store.insert(rows)
    exchange.count()
    prediction, lower, upper = (values.tolist() for values in estimates)
    answers = []
    start = 0
    for one, block in zip(asked, blocks, strict=True):
        of = slice(start, start + len(block))
        start = of.stop
        answer = Answer(
            users.user_id[of], prediction[of], lower[of], upper[of], block.texts(), model.tag
        )
        stv = [user.STV for user in one.given.root]
        warnings = names_of(one.given.root).warnings() + model.warnings({"STV": stv})
        answers.append(answer.by_row(warnings))
    return answers
