"""Who is asking, and whether they may: API keys as the guard checks them."""

import hmac
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

import anyio
import anyio.to_thread
from sqlalchemy.exc import SQLAlchemyError

from valuebox.access.keys import ApiKey, Scope, digest, split_key, working_keys
from valuebox.access.limits import Limits
from valuebox.errors import ValueboxError
from valuebox.store.deadline import within
from valuebox.store.engine import Store

Mode = Literal["keys", "local", "open"]

# A key that was revoked or created is noticed after at most this long.
REFRESH_SECONDS: Final = 5.0
# A database that takes longer is taken for away.
READ_SECONDS: Final = 3.0
ROW_BYTES: Final = 4_096
"""Bytes of a body for each row that a key may send: several times what a usual row takes."""
_BEARER: Final = "bearer"
# Compared with where there is no such key, so that the time taken does not tell.
_NOBODY: Final = digest("")


class Unauthenticated(ValueboxError):
    """No key was sent, or one that does not work."""


class Forbidden(ValueboxError):
    """The key works, but lacks the scope that the request needs."""


@dataclass(frozen=True)
class Caller:
    """The sender of a request, and what is counted against the limits of their key."""

    key: ApiKey
    limits: Limits

    def use_request(self) -> None:
        """Count a request; see `Limits.use`."""
        self.limits.use(self.key.id, "requests", 1, self.key.requests_per_minute)

    def use_rows(self, rows: int, size: int) -> None:
        """Count rows that were sent, and the bytes that they came in; see `Limits.use`."""
        limit = self.key.rows_per_minute
        # Few rows may be as much to store as many.
        bytes_limit = None if limit is None else limit * ROW_BYTES
        self.limits.use(self.key.id, "bytes", size, bytes_limit)
        self.limits.use(self.key.id, "rows", rows, limit)


class Access:
    """Checks keys against those in the database, of which it keeps a copy for some seconds.

    While the database is away the last copy is used: without it, nothing could be told from a
    wrong key, and nothing can be read or stored anyway.
    """

    def __init__(self, store: Store, mode: Mode, clock: Callable[[], float] = time.monotonic):
        self.mode = mode
        self._store = store
        self._clock = clock
        self._limits = Limits()
        self._keys: dict[str, ApiKey] = {}
        self._read_at = float("-inf")
        self._reading = anyio.Lock()

    async def check(self, authorization: str | None, needed: frozenset[Scope]) -> Caller:
        """The caller whose key the header `Authorization` holds, if they may do what is asked for.

        Args:
            authorization: Its value, `Bearer vbx_…`.
            needed: Scopes of which one suffices.

        Raises:
            Unauthenticated: when no key that works was sent.
            Forbidden: when it is not for this.
            RateLimited: when it has no request left in this minute.
            sqlalchemy.exc.SQLAlchemyError: when the keys could never be read yet.
        """
        scheme, _, text = (authorization or "").partition(" ")
        await self._refresh()
        key_id, secret = split_key(text.strip()) if scheme.lower() == _BEARER else ("", "")
        key = self._keys.get(key_id)
        stored = key.secret_sha256 if key else _NOBODY
        if not hmac.compare_digest(digest(secret), stored) or key is None:
            raise Unauthenticated
        return self._caller(key, needed)

    async def resume(self, key_id: str, needed: frozenset[Scope]) -> Caller:
        """The caller who signed in with a key, if it still works; raises as `check` does."""
        await self._refresh()
        key = self._keys.get(key_id)
        if key is None:
            raise Unauthenticated
        return self._caller(key, needed)

    def _caller(self, key: ApiKey, needed: frozenset[Scope]) -> Caller:
        scopes = set(key.scopes.split())
        if not scopes & needed and Scope.ADMIN not in scopes:
            raise Forbidden(" or ".join(scope for scope in Scope if scope in needed))
        caller = Caller(key, self._limits)
        caller.use_request()
        return caller

    async def _refresh(self) -> None:
        if self._clock() < self._read_at + REFRESH_SECONDS:
            return
        async with self._reading:
            if self._clock() >= self._read_at + REFRESH_SECONDS:
                await self._read()

    async def _read(self) -> None:
        first = self._read_at == float("-inf")
        try:
            self._keys = await anyio.to_thread.run_sync(self._working_keys)
        except SQLAlchemyError:
            if first:
                raise
        self._read_at = self._clock()

    def _working_keys(self) -> dict[str, ApiKey]:
        with within(READ_SECONDS), self._store.reading() as session:
            keys = {key.id: key for key in working_keys(session)}
            session.expunge_all()
        return keys

    def close(self) -> None:
        """Close the counters."""
        self._limits.close()
