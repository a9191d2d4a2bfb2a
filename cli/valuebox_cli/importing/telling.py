"""The account of an import, in lines of text."""

from collections.abc import Iterator
from typing import Final

from valuebox_cli.importing.run import Imported
from valuebox_cli.importing.storing import Stored, Sums

_OF_CUSTOMERS: Final = ("added", "corrected", "unchanged", "doubled")
_OF_EVENTS: Final = ("added", "unchanged", "doubled", "differing")


def told(done: Imported) -> Iterator[str]:
    """Line by line, the account first and then what should be looked at."""
    for one in done.customers:
        yield from _table(done, one, "customers", _OF_CUSTOMERS)
    if done.from_events is not None:
        counts = ", ".join(f"{done.from_events[name]:,} {name}" for name in _OF_CUSTOMERS)
        yield f"customers of {done.name}, from their events: {counts}"
    for one in done.events:
        of = f"events of {one.found.called}" if len(done.events) > 1 else "events"
        yield from _table(done, one, of, _OF_EVENTS)
    differing = sum(one.counts["differing"] for one in done.events)
    if differing:
        first = [one for table in done.events for one in table.differing][:5]
        yield f"another event is stored by the same id, and stays: {_ids(differing, first)}"
    if done.loose:
        for what, events in (
            ("of customers of whom nothing is known", done.loose.hanging),
            ("from before their customer came", done.loose.early),
        ):
            if events.count:
                yield f"events of {done.name} {what}: {_ids(events.count, events.first)}"


def _table(done: Imported, one: Stored, what: str, names: tuple[str, ...]) -> Iterator[str]:
    found = one.found
    if found.rows or not found.rejected:
        told = {"read": found.rows, **{name: one.counts[name] for name in names}}
        told |= {"left out": found.left_out} if found.left_out else {}
        told |= {"rejected": len(found.rejected)}
        counted = ", ".join(f"{count:,} {name}" for name, count in told.items())
        yield f"{what} of {done.name}: {counted}"
    for note in one.notes:
        yield f"  {note}"
    yield from _listed(f"stored, but look at these {what}", found.kept.lines())
    yield from _listed(f"these {what} cannot be stored", found.refused.lines())
    if found.doubled:
        yield from _doubled(one, what)


def _doubled(one: Stored, what: str) -> Iterator[str]:
    if what == "customers":
        yield from _listed("told more than once, and stored as one each", one.found.doubled.lines())
        return
    lost = _amounts(one.lost, one.moved)
    yield from _listed(
        f"not stored a second time, since an earlier row is the same{lost}",
        [
            *one.found.doubled.lines(),
            'if such rows are events of their own, say id = [..., "#"] or id = { row = true } in '
            "the mapping, and import again",
        ],
    )


def _amounts(lost: Sums, moved: Sums) -> str:
    parts = [
        f"{amount:,.2f} of {moved[currency]:,.2f} {currency}".strip()
        for currency, amount in sorted(lost.items())
    ]
    return f", with {' and '.join(parts)}" if parts else ""


def _listed(heading: str, lines: list[str]) -> Iterator[str]:
    if lines:
        yield f"{heading} (rows count from 1):"
        yield from (f"  - {line}" for line in lines)


def _ids(count: int, first: list[str]) -> str:
    more = f" and {count - len(first):,} more" if count > len(first) else ""
    return f"{', '.join(first)}{more}"
