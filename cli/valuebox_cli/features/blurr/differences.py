"""What a declaration means otherwise than the files of Blurr that it was made of."""

from typing import Final

from valuebox_cli.features.blurr.documents import Place

DIFFERENCES: Final = {
    "anchor": "an anchor is the first event of a block that fulfils the condition, and features "
    "are what was known then; Blurr asks whole blocks when they have ended, and begins windows at "
    "their first event",
    "rows": "every anchor has a row, with null where nothing is known; Blurr drops the row as soon "
    "as one window has no block, or too few",
    "edges": "windows of time cut blocks at their edges, and count events of no block; Blurr takes "
    "whole blocks that begin within, so that events of a later moment may count as earlier",
    "last": "of the last so many blocks, ours are those that exist, as far as their events were "
    "visible; Blurr needs all of them, and has what happened in them after the anchor, too",
    "target": "what comes after an anchor counts from its own moment on, in its own block as well; "
    "Blurr leaves out the anchor's block",
    "known": 'events count that had been received by then (known = "received"); Blurr knows only '
    "when something happened",
    "once": "an event with an id counts once, and events are in the order of time and id; Blurr "
    "counts what comes twice, and keeps the order of the file within a second",
    "values": 'texts that are numbers are numbers, and truths may be texts such as "1" and '
    "\"false\"; Blurr compares as Python does ('1' == 1 is False, bool('false') is True)",
    "missing": "a comparison with what is missing is false, != and not in included; in Blurr None "
    "!= 'x' is true",
    "defaults": "a field that no event has set is null (a count or sum within a window of time is "
    "0); in Blurr it is 0, '' or False, also in what max() and min() compare with",
    "whole": "numbers are not cut to whole ones; Blurr does so where int() or the type integer "
    "says so",
    "ratio": "a ratio is worked out of both figures of a window at the end, and is null over 0; "
    "Blurr keeps the value of the last event at which it could be worked out",
    "blocks": "the number of blocks is the number of different values of the split among the "
    "events in the window, the parts of blocks at its edges included; Blurr counts whole blocks",
    "last block": "the value of the last event counts, whichever block it is of",
    "attributes": "attributes are those of the moment of the anchor; Blurr has one state a "
    "customer, and gives the one of the end",
    "when": "all events are divided into blocks; Blurr divides those for which When holds",
    "day": "calendar days are those of UTC; Blurr takes the zone that the text of the time has",
    "most": "at most one row a block; Blurr takes Max rows a customer and calendar day",
    "columns": "columns of the anchor are values of its event; Blurr has those that its block "
    "ended with. Name what only becomes known later in `outcomes`, so that it is refused",
    "sum": "the anchor is the event itself that fulfils the condition; Blurr compares the sum of "
    "the block",
}
"""By name, in the order in which they are told."""


class Differences:
    """Differences of meaning that matter for some files, and where each begins."""

    def __init__(self) -> None:
        self._found: dict[str, Place | None] = {}
        self._more: list[str] = []

    def add(self, name: str, place: Place | None = None) -> None:
        """Note that a difference matters.

        Args:
            name: One of `DIFFERENCES`.
            place: What in the files it is about; the first place is told.
        """
        self._found.setdefault(DIFFERENCES[name], place)

    def add_own(self, place: Place, said: str) -> None:
        """Note a difference of these files alone."""
        self._more.append(f"{place}: {said}")

    @property
    def lines(self) -> list[str]:
        """What there is to say, a line for each."""
        return [
            *(
                f"{place}: {said}" if (place := self._found[said]) is not None else said
                for said in DIFFERENCES.values()
                if said in self._found
            ),
            *self._more,
        ]
