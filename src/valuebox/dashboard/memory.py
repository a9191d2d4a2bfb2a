"""A cache of what was read of the sums, kept until these change."""

import threading
from collections import OrderedDict, deque
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy.orm import Session

from valuebox.compartments.register import ledgers
from valuebox.dashboard.choices import Choice
from valuebox.dashboard.panels import BESIDE, Panel, shown
from valuebox.dashboard.reading import Frame, frame, has_rows
from valuebox.predictions.ledger import Ledger
from valuebox.predictions.sums import queries
from valuebox.store.engine import Store

if TYPE_CHECKING:
    from valuebox.predictions.sums.answers import Span

_VIEWS: Final = 32


@dataclass(frozen=True)
class View:
    """What a view is over, and what has been read of it so far."""

    over: Frame
    _found: dict[str, Sequence[Any]] = field(default_factory=dict)

    def rows(self, session: Session, panel: Panel) -> Sequence[Any]:
        """What a panel shows."""
        if panel.is_live:
            return panel.read(session, self.over)
        if panel.name not in self._found:
            self._found[panel.name] = panel.read(session, self.over)
        return self._found[panel.name]

    def all_rows(self, store: Store, session: Session) -> Mapping[str, Sequence[Any]]:
        """What every panel shows, by name.

        Each panel is read by a statement or a few of its own. Where more than one is not known yet,
        a second connection reads some of them: while PostgreSQL works on one panel, this process
        makes sense of another.
        """
        panels = shown(self.over.ledger) | BESIDE
        unread = deque(
            one for one in panels.values() if not one.is_live and one.name not in self._found
        )
        if store.reads_side_by_side and len(unread) > 1:
            with ThreadPoolExecutor(1, "view") as beside:
                other = beside.submit(copy_context().run, self._read_beside, store, unread)
                self._read(session, unread)
            other.result()
        return {name: self.rows(session, panel) for name, panel in panels.items()}

    def _read_beside(self, store: Store, unread: deque[Panel]) -> None:
        with store.reading() as session:
            self._read(session, unread)

    def _read(self, session: Session, unread: deque[Panel]) -> None:
        while (panel := _next(unread)) is not None:
            self.rows(session, panel)


def _next(unread: deque[Panel]) -> Panel | None:
    # Another thread may take the last one between a look and a grasp.
    try:
        return unread.popleft()
    except IndexError:
        return None


class Memory:
    """The views that were asked for last; for as long as nothing was added to the sums."""

    def __init__(self, least_users: int) -> None:
        """A memory without any view yet; views tell of no fewer than `least_users`."""
        self._least = least_users
        self._views: OrderedDict[tuple[str, Choice, Span], View] = OrderedDict()
        self._lock = threading.Lock()

    def view(self, session: Session, choice: Choice) -> View:
        """A view, as far as it is known."""
        choice, ledger = _completed(session, choice)
        span = queries.span(session, ledger)
        key = (ledger.name, choice, span)
        with self._lock:
            known = self._views.get(key)
        if known is not None:
            return known
        found = View(frame(session, ledger, choice, span, self._least))
        with self._lock:
            # Of other spans nothing will be asked again.
            for old in [one for one in self._views if one[0] == ledger.name and one[2] != span]:
                del self._views[old]
            self._views[key] = found
            if len(self._views) > _VIEWS:
                self._views.popitem(last=False)
        return found


def _completed(session: Session, choice: Choice) -> tuple[Choice, Ledger]:
    """The choice with a compartment: the first with rows, or the first of all, if none was picked.

    What links to the same view then names it, and leads there also when others have rows.
    """
    known = ledgers()
    name = choice.compartment or next(
        (name for name, ledger in known.items() if has_rows(session, ledger)), next(iter(known))
    )
    return choice.model_copy(update={"compartment": name}), known[name]
