"""A shop whose visitors look at items that belong together."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from valuebox.compartments.recommend.listing import PERSONAL
from valuebox.compartments.recommend.repository import Shown, rows_of
from valuebox.facts import repository as facts
from valuebox.facts.schemas import Events
from valuebox.store.clock import CLOCK
from valuebox.store.engine import Store
from valuebox.store.ids import new_id

SHOP = "boutique"
ITEMS = ["boot", "lace", "sole", "hat", "scarf", "glove"]
"""The first three are looked at together, and so are the others."""
FIRST = datetime(2025, 10, 1, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def view(session: str, item: str, at: datetime, **others: Any) -> dict[str, Any]:
    """A view, as it is sent."""
    return {
        "source": SHOP,
        "id": f"{session}-{item}-{at:%d%H%M%S}",
        "session": session,
        "type": "view",
        "time": at.isoformat(),
        "properties": {"item": item},
    } | others


def views(count: int = 24) -> list[dict[str, Any]]:
    """Views of some visitors, each of two or three items that belong together."""
    found = []
    for number in range(count):
        group = ITEMS[:3] if number % 3 else ITEMS[3:]
        begun = FIRST + number * 40 * MINUTE
        chosen = [group[(number + step) % 3] for step in range(2 + number % 2)]
        found += [
            view(f"v{number}", item, begun + step * MINUTE) for step, item in enumerate(chosen)
        ]
    return found


def store_events(store: Store, events: Sequence[dict[str, Any]]) -> None:
    """Store events as `/v1/events` does."""
    columns = Events.model_validate(list(events)).columns
    with store.writing() as session:
        facts.put_events(session, columns)


def look_around(store: Store) -> None:
    """Store what some visitors looked at, `s1` among them."""
    store_events(store, [*views(), view("s1", "boot", FIRST + timedelta(days=2))])


def show(store: Store, session: str, **others: Any) -> Shown:
    """Store a list that was shown to a visitor."""
    shown = Shown(
        id=new_id(),
        source=SHOP,
        session=session,
        at=CLOCK.moment(),
        place=None,
        seen=["boot"],
        items=[{"item": "lace", "score": 1.0}],
        arm=PERSONAL,
        experiment=None,
        fallback=None,
        model=None,
        built_at=None,
        looked_at=None,
    )._replace(**others)
    store.insert(rows_of([shown]))
    return shown
