"""Where the records of a CSV file begin and end, and whether each is whole.

Parsers are lenient: a quote that is never closed swallows the rows after it, a row of too few or
too many fields is filled up or cut. Here the bytes are looked at for themselves, so that what a
parser makes of them can be compared with how many records there are.

A file is as RFC 4180 says: fields between commas; a field with a comma, a quote or a line end in
it stands in quotes, and a quote in it is doubled. Lines end in LF, CRLF or CR. Lines of nothing but
blanks are no records.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from valuebox.files.problems import Problems

Positions = NDArray[np.intp]

COMMA: Final = ord(",")
_QUOTE: Final = ord('"')
_LF: Final = ord("\n")
_CR: Final = ord("\r")
_SHOWN_NAME: Final = 60
_STRAY: Final = "quote out of place in {name}, or never closed (within quotes it is doubled)"


@dataclass(frozen=True)
class Marks:
    """Where the marks lie that make records of bytes, as far as they are outside of quotes."""

    ends: Positions
    """Position of the byte that ends each line: LF, or CR that no LF follows."""
    commas: Positions
    quotes: Positions
    """Positions of all quotes."""
    is_split: bool
    """Whether a line end lies within quotes."""


def marks(data: bytes, delimiter: int = COMMA) -> Marks:
    """Find the marks in bytes that begin with a record.

    A CR at the very end counts as a line end: hand out no bytes between a CR and its LF.
    """
    seen = np.frombuffer(data, np.uint8)
    is_end = seen == _LF
    if b"\r" in data:
        is_lone = seen == _CR
        is_lone[:-1] &= ~is_end[1:]
        is_end |= is_lone
    is_comma = seen == delimiter
    quotes = np.empty(0, np.intp)
    is_split = False
    if b'"' in data:
        is_quote = seen == _QUOTE
        quotes = np.flatnonzero(is_quote)
        outside = np.bitwise_xor.accumulate(is_quote.view(np.uint8)) == 0
        is_split = bool((is_end & ~outside).any())
        is_end &= outside
        is_comma &= outside
    return Marks(np.flatnonzero(is_end), np.flatnonzero(is_comma), quotes, is_split)


def stray_quote(data: bytes, quotes: Positions, delimiter: int = COMMA) -> int | None:
    """Where the first quote lies that is out of place in `data`, which ends with a record.

    Fields are either quoted from end to end, or hold no quote at all.
    """
    if not quotes.size:
        return None
    seen = np.frombuffer(data, np.uint8)
    opening, closing = quotes[::2], quotes[1::2]
    before = np.where(opening > 0, seen[opening - 1], _LF)
    # Of a doubled one, the second seems to open again what the first has closed.
    doubled = np.zeros(opening.size, dtype=bool)
    doubled[1:] = opening[1:] == closing[: opening.size - 1] + 1
    good = doubled | (before == delimiter) | (before == _LF) | (before == _CR)
    after = np.where(closing + 1 < seen.size, seen[np.minimum(closing + 1, seen.size - 1)], _LF)
    ended = (after == delimiter) | (after == _LF) | (after == _CR) | (after == _QUOTE)
    bad = [*opening[~good][:1], *closing[~ended][:1]]
    if quotes.size % 2:
        bad.append(quotes[-1])
    return int(min(bad)) if bad else None


class Records:
    """The records of a file, checked block by block.

    Args:
        names: Of the columns, from the header.
        delimiter: The byte between fields.
    """

    def __init__(self, names: list[str], delimiter: int = COMMA):
        self.count = 0
        """Number of records below the header so far."""
        self.problems = Problems()
        self._names, self._delimiter = names, delimiter

    def check(self, block: bytes, found: Marks) -> tuple[bytes, int]:
        """Look at a block of whole records, and note what is wrong with them.

        Args:
            block: Ends with a line end.
            found: Its marks.

        Returns:
            The block without lines that are blank, and how many records are in it.
        """
        quote = stray_quote(block, found.quotes, self._delimiter)
        if quote is not None:
            self._refuse_at(block, found, quote, _STRAY)
            return b"", 0
        wanted = len(self._names) - 1
        if _are_regular(found, wanted):
            fields, blank = None, None
        else:
            fields = np.diff(np.searchsorted(found.commas, found.ends), prepend=0)
            blank = self._blank(block, found, fields)
            found_fields = fields[~blank]
            few = f"fewer fields than the {wanted + 1} of the header"
            many = few.replace("fewer", "more") + " (a comma in a field needs quotes)"
            self.problems.add(found_fields < wanted, few, self.count)
            self.problems.add(found_fields > wanted, many, self.count)
        if b"\0" in block:
            self._refuse_at(block, found, block.index(b"\0"), "{name} holds NUL")
        if not block.isascii():
            try:
                block.decode()
            except UnicodeDecodeError as error:
                what = f"{{name}} is no UTF-8 (byte 0x{block[error.start]:02x})"
                self._refuse_at(block, found, error.start, what)
        records = found.ends.size
        if blank is not None and blank.any():
            block = _without(block, found.ends, blank)
            records -= int(blank.sum())
        self.count += records
        return block, records

    def _blank(self, block: bytes, found: Marks, fields: Positions) -> NDArray[np.bool_]:
        """Which lines hold nothing but blanks, `(n_lines,)`."""
        starts = np.concatenate([[0], found.ends[:-1] + 1])
        blank = np.zeros(found.ends.size, dtype=bool)
        for line in np.flatnonzero(fields == 0):
            blank[line] = not block[starts[line] : found.ends[line]].strip(b" \t\r")
        return blank

    def _refuse_at(self, block: bytes, found: Marks, position: int, what: str) -> None:
        """Note a problem at one byte of a block."""
        line = int(np.searchsorted(found.ends, position))
        start = int(found.ends[line - 1]) + 1 if line else 0
        column = int(np.searchsorted(found.commas, position) - np.searchsorted(found.commas, start))
        known = column < len(self._names)
        name = self._names[column][:_SHOWN_NAME] if known else f"field {column + 1}"
        above = np.diff(np.searchsorted(found.commas, found.ends[:line]), prepend=0)
        head = Marks(found.ends[:line], found.commas, found.quotes, found.is_split)
        row = line - int(self._blank(block, head, above).sum()) if line else 0
        self.problems.add(np.ones(1, dtype=bool), what.format(name=name), self.count + row)


def _are_regular(found: Marks, wanted: int) -> bool:
    """Whether every line has `wanted` commas: quicker than counting them."""
    if not wanted or found.commas.size != wanted * found.ends.size:
        return False
    by_line = found.commas.reshape(-1, wanted)
    return bool((by_line[:, -1] < found.ends).all() and (by_line[1:, 0] > found.ends[:-1]).all())


def _without(block: bytes, ends: Positions, blank: NDArray[np.bool_]) -> bytes:
    starts = np.concatenate([[0], ends[:-1] + 1])
    kept = [block[s : e + 1] for s, e in zip(starts[~blank], ends[~blank], strict=True)]
    return b"".join(kept)
