"""Which known columns are there, which are not, and which are there under nearly their name."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from typing import Final

# Names that are longer are not compared letter by letter.
_LONGEST: Final = 40
_SHOWN: Final = 60
# Warnings go into a header, which has an end.
_MOST: Final = 10
# One slip of the pen in a name of some letters, two in a long one; "STV" has to be spelt right.
_SLIPS: Final = ((5, 1), (9, 2))


@dataclass(frozen=True)
class Known:
    """The columns that a compartment knows, by name."""

    columns: tuple[str, ...]
    """Every column, in the order in which a name is compared with theirs."""
    features: tuple[str, ...]
    """The columns that its model looks at."""

    def without(self, features: Collection[str]) -> "Known":
        """These columns, where it is no loss that nobody has some features."""
        return Known(self.columns, tuple(one for one in self.features if one not in features))

    def meant_by(self, name: str) -> str | None:
        """The known column that another name is nearly equal to, if any.

        Capitals, blanks, underscores and the like make no difference, and a letter or two of a
        longer name may be wrong, missing, too many or swapped.
        """
        if name in self.columns or len(name) > _LONGEST:
            return None
        return _meant_by(name, self.columns)

    def heading(self, names: Iterable[str]) -> "Heading":
        """How a file or a request fits that has columns of these names."""
        return _heading(self, frozenset(names))


@dataclass(frozen=True)
class Heading:
    """How the columns of rows fit what a model knows."""

    absent: list[str]
    """Features that no column is called by."""
    near: dict[str, str]
    """What columns are called that may be meant for one that is absent, and for which."""

    def warnings(self) -> list[str]:
        """A sentence for what is absent, and one for every name that is nearly right."""
        told = [
            f'The column "{shown(name)}" is not used: is {meant} meant?'
            for name, meant in islice(self.near.items(), _MOST)
        ]
        if self.absent:
            several = len(self.absent) > 1
            told.append(
                f"No column is called {' or '.join(self.absent)}: "
                f"{'they are' if several else 'it is'} taken as missing for every user."
            )
        return told


def shown(name: str) -> str:
    """A name as it can stand in a line of ASCII, shortened."""
    text = ascii(name)[1:-1]
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."


# Requests have the same names again and again.
@lru_cache(maxsize=256)
def _heading(known: Known, there: frozenset[str]) -> Heading:
    absent = [name for name in known.features if name not in there]
    near = {name: meant for name in there if (meant := known.meant_by(name)) and meant not in there}
    return Heading(absent, dict(sorted(near.items())))


@lru_cache(maxsize=4096)
def _meant_by(name: str, columns: tuple[str, ...]) -> str | None:
    letters = _letters(name)
    for known in columns:
        if letters == _letters(known):
            return known
    for known in columns:
        meant = _letters(known)
        slips = max((slips for length, slips in _SLIPS if len(meant) >= length), default=0)
        if abs(len(letters) - len(meant)) <= slips and _distance(letters, meant) <= slips:
            return known
    return None


def _letters(name: str) -> str:
    return "".join(letter for letter in name.casefold() if letter.isalnum())


def _distance(one: str, other: str) -> int:
    """Fewest letters to change, add, leave out or swap with the next (optimal string alignment)."""
    before, row = list(range(len(other) + 1)), list(range(len(other) + 1))
    for i, letter in enumerate(one, 1):
        earlier, before, row = before, row, [i]
        for j, wanted in enumerate(other, 1):
            least = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (letter != wanted))
            if i > 1 and j > 1 and letter == other[j - 2] and one[i - 2] == wanted:
                least = min(least, earlier[j - 2] + 1)
            row.append(least)
    return row[-1]
