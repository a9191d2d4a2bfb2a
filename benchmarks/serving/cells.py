"""How many rows are asked about at once, and by how many."""

from typing import Final, NamedTuple


class Cell(NamedTuple):
    """What is asked, and how many ask at once."""

    rows: int
    """In each request."""
    connections: int

    def __str__(self) -> str:
        return f"{self.rows:,} × {self.connections}"


ONE: Final = Cell(1, 1)
MANY: Final = Cell(10_000, 1)
BUSY: Final = Cell(1, 16)
BUSIER: Final = Cell(100, 16)
CELLS: Final = (ONE, Cell(100, 1), Cell(1_000, 1), MANY, BUSY, BUSIER)
