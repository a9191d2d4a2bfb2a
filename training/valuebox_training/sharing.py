"""Work that falls into parts: done here, one after another, or side by side on a Dask cluster."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import CancelledError
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

if TYPE_CHECKING:
    from distributed import Client

__all__ = ("Shared", "each", "processors")

_AHEAD: Final = 2
"""Parts that are on their way to each processor of the cluster, or worked out already."""
_TRIES: Final = 3

Made = TypeVar("Made")


def each(
    client: "Client | None", make: Callable[..., Made], parts: Iterable[Any], *shared: Any
) -> Iterator[Made]:
    """What a function makes of each part; see `Shared`."""
    return Shared(client, make, *shared).each(parts)


def processors(client: "Client | None") -> int:
    """Number of parts that are worked out side by side."""
    return 1 if client is None else max(1, int(sum(client.nthreads().values())))


class Shared(Generic[Made]):
    """A function and what all parts have in common, sent once to every worker."""

    def __init__(self, client: "Client | None", make: Callable[..., Made], *shared: Any):
        """Nothing is sent before the first part is.

        Args:
            client: Of a Dask cluster; None does everything here.
            make: Function of everything that is shared, and at last of a part.
            shared: What is the same for all parts.
        """
        self._client, self._make, self._shared = client, make, shared
        self._there: list[Any] | None = None

    def each(
        self, parts: Iterable[Any], sent: Callable[[Any], Any] = lambda part: part
    ) -> Iterator[Made]:
        """What the function makes of each part, in the order of the parts.

        A part whose worker has gone is handed out once more.

        Args:
            parts: One after another; no more of them are taken up than are soon worked out.
            sent: What is sent of a part, made when it is handed out.

        Raises:
            CancelledError: when workers went, and took the same part along each time.
        """
        if self._client is None:
            for part in parts:
                yield self._make(*self._shared, sent(part))
            return
        waiting: deque[tuple[Any, Any]] = deque()
        try:
            for part in parts:
                waiting.append((part, self._handed_out(self._client, sent(part))))
                while len(waiting) >= _AHEAD * processors(self._client):
                    yield self._taken(self._client, *waiting[0], sent)
                    waiting.popleft()
            while waiting:
                yield self._taken(self._client, *waiting[0], sent)
                waiting.popleft()
        finally:
            self._client.cancel([task for _, task in waiting])

    def _handed_out(self, client: "Client", part: Any) -> Any:
        # Within a list, since Dask would take a list or a mapping apart.
        if self._there is None:
            self._there = [
                client.scatter([one], broadcast=True, hash=False)[0] for one in self._shared
            ]
        (there,) = client.scatter([part], hash=False)
        return client.submit(self._make, *self._there, there, pure=False)

    def _taken(self, client: "Client", part: Any, task: Any, sent: Callable[[Any], Any]) -> Made:
        for _ in range(_TRIES):
            try:
                return self._result(task)
            except CancelledError:
                # With the worker went what it alone had.
                self._there = None
                task = self._handed_out(client, sent(part))
        return self._result(task)

    def _result(self, task: Any) -> Made:
        made: Made = task.result()
        return made
