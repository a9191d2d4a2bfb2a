"""Rows of a table made into customers."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from valuebox.facts.arriving import ArrivingCustomers
from valuebox.schemas.values import MAX_ROW_BYTES
from valuebox_cli.importing.columns.moments import MomentColumn
from valuebox_cli.importing.columns.plain import PlainColumn
from valuebox_cli.importing.events import plain
from valuebox_cli.importing.found import Mask
from valuebox_cli.importing.mapping import CustomerRows, Mapping
from valuebox_cli.importing.objects import Values, encoded, objects, outsized, unstorable
from valuebox_cli.importing.opened import Source
from valuebox_cli.importing.prepared import Batch, Prepared

_CREATED: Final = "created"


@dataclass(frozen=True)
class Known:
    """Customers of a batch, some of which can be stored."""

    source: str
    created: NDArray[np.datetime64]
    """When customers joined, of all rows of the batch: `datetime64[us]` in UTC."""
    attributes: dict[str, Values]
    again: Mask
    """Which rows have the id of an earlier one."""
    batch: Batch

    def some(self, rows: Mask) -> ArrivingCustomers:
        """Customers of some rows, as the database takes them."""
        chosen = np.flatnonzero(rows).tolist()
        return ArrivingCustomers(
            [self.source] * len(chosen),
            self.batch.ids[rows].tolist(),
            self.created[rows],
            objects(self.attributes, chosen),
        )


class CustomerTable:
    """A table of customers.

    Args:
        source: Where it is.
        rows: What the mapping says of it.
        mapping: The rest of the mapping.
    """

    def __init__(self, source: Source, rows: CustomerRows, mapping: Mapping):
        self.table = Prepared(source, rows, mapping)
        self._rows = rows
        if (came := rows.created) is not None:
            column = MomentColumn(came.column, mapping.zone, came.format)
            self.table.want(_CREATED, came.column, column)
        for name, one in rows.attributes.items():
            self.table.want(("attribute", name), one.column, PlainColumn(one.column, one.is_a))

    def customers(self, name: str) -> Iterator[Known]:
        """The second reading.

        Args:
            name: The source that they are known to come from.
        """
        for batch in self.table.batches():
            count = batch.rows.count
            created = np.full(count, "NaT", dtype="datetime64[us]")
            if self._rows.created is not None:
                read = batch.table.seen.read(_CREATED, batch.values)
                created = read.values
                what = f"{self._rows.created.column} is no moment; stored as unknown"
                batch.rows.note(read.wrong, what)
            attributes = {one: plain(batch, ("attribute", one)) for one in self._rows.attributes}
            for values in attributes.values():
                batch.rows.refuse(unstorable(values), "attributes hold NUL, or no proper text")
            too_large = outsized(encoded(attributes, count))
            batch.rows.refuse(too_large, f"attributes take more than {MAX_ROW_BYTES:,} bytes")
            yield Known(name, created, attributes, self.table.again(batch), batch)
