"""API keys: who may call the service, what for and how often; only their digests are stored."""

import hashlib
import secrets
from collections.abc import Collection
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final

from sqlalchemy import String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from valuebox.errors import ValueboxError
from valuebox.store.base import Base, UtcDateTime


class Scope(StrEnum):
    """What a key may be used for."""

    PREDICT = "predict"
    READ = "read"
    INGEST = "ingest"
    ADMIN = "admin"


MAX_NAME: Final = 100
ID_LENGTH: Final = 12
# Says what it is to whoever finds it, and lets scanners of repositories find it.
PREFIX: Final = "vbx"
_MAX_TEXT: Final = 200


class KeyNameTaken(ValueboxError):
    """There is, or was, a key of that name."""


class KeyUnknown(ValueboxError):
    """There is no key of that name that still works."""


class BadKeyName(ValueboxError):
    """A name that no key can have; the message says which names there may be."""


class ApiKey(Base):
    """A key that was handed out. Its text is `vbx_ID_SECRET`, and known to its owner alone."""

    __tablename__ = "api_keys"

    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    name: Mapped[str] = mapped_column(String(MAX_NAME), unique=True)
    secret_sha256: Mapped[str] = mapped_column(String(64))
    """A plain digest serves: there is nothing to guess in 256 random bits."""
    scopes: Mapped[str] = mapped_column(String(MAX_NAME))
    """Separated by spaces."""
    requests_per_minute: Mapped[int | None]
    rows_per_minute: Mapped[int | None]
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


def check_name(name: str) -> None:
    """Refuse names that would break a line of a list or of the log.

    Raises:
        BadKeyName: saying what a name is.
    """
    if not (0 < len(name) <= MAX_NAME and name.isprintable() and name == name.strip()):
        raise BadKeyName(f"the name of a key takes 1 to {MAX_NAME} printable characters")


def create_key(
    session: Session,
    name: str,
    scopes: Collection[Scope],
    requests_per_minute: int | None = None,
    rows_per_minute: int | None = None,
) -> str:
    """Store a new key and return its text, which cannot be had again.

    Args:
        session: Of the transaction that stores it.
        name: For people, and for the log; never used twice.
        scopes: What it is for.
        requests_per_minute: Limit; None for none.
        rows_per_minute: Limit of rows sent; None for none.

    Raises:
        BadKeyName: see `check_name`.
        KeyNameTaken: when a key has that name already, even a revoked one.
    """
    check_name(name)
    if session.scalar(select(ApiKey).where(ApiKey.name == name)):
        raise KeyNameTaken(f"there is or was a key {name!r}; names are not used again")
    key_id, secret = secrets.token_hex(ID_LENGTH // 2), secrets.token_urlsafe(32)
    session.add(
        ApiKey(
            id=key_id,
            name=name,
            secret_sha256=digest(secret),
            scopes=" ".join(scope for scope in Scope if scope in scopes),
            requests_per_minute=requests_per_minute,
            rows_per_minute=rows_per_minute,
            created_at=datetime.now(UTC),
        )
    )
    return f"{PREFIX}_{key_id}_{secret}"


def revoke_key(session: Session, name: str) -> None:
    """Make a key useless for good.

    Raises:
        KeyUnknown: when there is none of that name, or it has been revoked before.
    """
    found = session.scalar(select(ApiKey).where(ApiKey.name == name, ApiKey.revoked_at.is_(None)))
    if found is None:
        raise KeyUnknown(f"there is no key {name!r} that still works")
    found.revoked_at = datetime.now(UTC)


def all_keys(session: Session) -> list[ApiKey]:
    """Every key that was ever handed out, oldest first."""
    return list(session.scalars(select(ApiKey).order_by(ApiKey.created_at, ApiKey.name)))


def working_keys(session: Session) -> list[ApiKey]:
    """The keys that have not been revoked."""
    return [key for key in all_keys(session) if key.revoked_at is None]


def digest(secret: str) -> str:
    """What is stored of a secret: its SHA-256, in hexadecimal."""
    return hashlib.sha256(secret.encode()).hexdigest()


def split_key(text: str) -> tuple[str, str]:
    """The id and the secret in the text of a key; empty ones where it is none."""
    prefix, _, rest = text[:_MAX_TEXT].partition("_")
    key_id, _, secret = rest.partition("_")
    return (key_id, secret) if prefix == PREFIX else ("", "")
