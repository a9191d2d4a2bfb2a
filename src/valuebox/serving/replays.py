"""Requests that may be sent again: stored once, answered alike.

The claim of a key is a row in the same transaction as everything else that its request stores. A
second request with the key waits for that transaction: when it commits, the second finds the
claim and repeats the answer; when it fails, nothing is left and the second is the first.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, String
from sqlalchemy.orm import Mapped, Session, mapped_column

from valuebox.access.keys import ID_LENGTH
from valuebox.errors import ValueboxError
from valuebox.serving.exchange import Exchange
from valuebox.store.base import Base, UtcDateTime
from valuebox.store.pruning import Pruned, deleted, next_batch
from valuebox.store.upsert import insert_missing
from valuebox.worker.expiry import Expiry

MAX_KEY = 200


class KeyReused(ValueboxError):
    """The key came before, with another body or at another address."""


class AnswerGone(ValueboxError):
    """The request was stored, but rows of its answer have been deleted since."""


class IdempotentRequest(Base):
    """A request that was stored with an `Idempotency-Key`."""

    __tablename__ = "idempotent_requests"

    caller_id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    """Id of the API key, or empty; callers may use the same `Idempotency-Key` without meeting."""
    key: Mapped[str] = mapped_column(String(MAX_KEY), primary_key=True)
    body_sha256: Mapped[str] = mapped_column(String(64))
    request_id: Mapped[UUID]
    answer: Mapped[Any | None] = mapped_column(JSON(none_as_null=True))
    """The answer that was given; NULL where it is made from the stored rows again."""
    claimed_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


@dataclass(frozen=True)
class Replays:
    """Claims keys for the requests that are being answered."""

    keep: timedelta
    """Time for which a key answers alike; after that it is as new."""

    def claim(self, session: Session, exchange: Exchange) -> IdempotentRequest | None:
        """Claim the key of an exchange, if it has one.

        Returns:
            The earlier request with the same key and body, whose answer is to be given again;
            the exchange then carries its request id. None where this is the first: the claim is
            part of the session's transaction.

        Raises:
            KeyReused: when the key was claimed with another body.
        """
        if exchange.idempotency_key is None:
            return None
        now = datetime.now(UTC)
        claimed = {
            "caller_id": exchange.caller_id,
            "key": exchange.idempotency_key,
            "body_sha256": exchange.body.hexdigest(),
            "request_id": exchange.request_id,
            "answer": None,
            "claimed_at": now,
        }
        earlier = None
        while earlier is None:
            if insert_missing(session, IdempotentRequest, claimed):
                return None
            # None where it has just been deleted, for it had expired.
            earlier = session.get(IdempotentRequest, _identity(exchange), with_for_update=True)
        if earlier.claimed_at < now - self.keep:
            for name, value in claimed.items():
                setattr(earlier, name, value)
            return None
        if earlier.body_sha256 != claimed["body_sha256"]:
            raise KeyReused
        exchange.request_id = earlier.request_id
        exchange.replayed = True
        return earlier

    def remember(self, session: Session, exchange: Exchange, answer: Any) -> None:
        """Keep an answer that cannot be made from stored rows; nothing without a key."""
        if exchange.idempotency_key is not None:
            session.get_one(IdempotentRequest, _identity(exchange)).answer = answer

    @property
    def expiry(self) -> Expiry:
        """How claims that are old are deleted."""
        return Expiry(self.prune, {"claims": "expired keys"})

    def prune(self, session: Session, after: datetime | None = None) -> Pruned:
        """Delete the first claims, in order of time, that are as new again."""
        claimed_at = IdempotentRequest.claimed_at
        batch = next_batch(session, claimed_at, datetime.now(UTC) - self.keep, after)
        # By time and not by key: a claim that is made anew meanwhile is no longer one of these.
        claims = deleted(session, IdempotentRequest, batch.holds(claimed_at))
        return Pruned({"claims": claims}, batch.last)


def _identity(exchange: Exchange) -> tuple[str, str | None]:
    return exchange.caller_id, exchange.idempotency_key
