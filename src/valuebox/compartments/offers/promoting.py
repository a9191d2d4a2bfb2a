"""Which model decides: promotions, one after the other, and the way back."""

from collections.abc import Sequence

from sqlalchemy import Connection, select
from sqlalchemy.orm import Session

from valuebox.compartments.offers.tables import OfferPromotion
from valuebox.errors import ValueboxError
from valuebox.store.clock import CLOCK
from valuebox.store.ids import new_id


class NothingBefore(ValueboxError):
    """No other model was promoted before the one that decides."""


def promote(session: Session, model: str, why: str) -> None:
    """Have a model decide from now on, in every worker.

    Args:
        session: Of the transaction that stores it.
        model: Tag of the model, which is in the model store.
        why: What was found when it was compared, in a sentence.
    """
    session.add(OfferPromotion(id=new_id(), model=model, promoted_at=CLOCK.moment(), why=why))


def promoted(connection: Connection) -> str | None:
    """Tag of the model that was promoted last; None before there is one."""
    newest = select(OfferPromotion.model).order_by(OfferPromotion.id.desc()).limit(1)
    tag: str | None = connection.scalar(newest)
    return tag


def newest_promotion(session: Session) -> OfferPromotion | None:
    """The promotion of the model that decides; None before there is one."""
    return session.scalar(select(OfferPromotion).order_by(OfferPromotion.id.desc()).limit(1))


def promotions(session: Session) -> Sequence[OfferPromotion]:
    """Every promotion, the newest first."""
    return session.scalars(select(OfferPromotion).order_by(OfferPromotion.id.desc())).all()


def roll_back(session: Session) -> tuple[str, str]:
    """Have the model decide again that did before the one that does.

    Rolling back twice goes back by two models: promotions that were rolled back do not count.

    Returns:
        Tags of the model that decides now, and of the one that did.

    Raises:
        NothingBefore: where there is none.
    """
    now, before = _history(promotions(session))
    promote(session, before, f"{ROLLED_BACK}{now}")
    return before, now


ROLLED_BACK = "rolled back from "


def _history(newest_first: Sequence[OfferPromotion]) -> tuple[str, str]:
    stack: list[str] = []
    for one in reversed(newest_first):
        if one.why.startswith(ROLLED_BACK) and len(stack) > 1:
            stack.pop()
        else:
            stack.append(one.model)
    if len(stack) < 2:
        raise NothingBefore("no other model was promoted before the one that decides")
    return stack[-1], stack[-2]
