"""Rows of one width out of PostgreSQL: arrays, by the binary format of COPY.

64 bits of a hash stand for texts: two of five million have the same one with a chance below one
in a million.
"""

import io
from collections.abc import Mapping
from contextlib import closing
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import BigInteger, ColumnElement, Connection, Select, func

from valuebox.store.copying import HEADER_BYTES, TRAILER_BYTES


def hashed(value: Any, seed: Any = 0) -> ColumnElement[int]:
    """The hash of a text, as the database makes it."""
    return func.hashtextextended(value, seed, type_=BigInteger)


def copied(
    connection: Connection, query: "Select[*tuple[Any, ...]]", kinds: Mapping[str, str]
) -> NDArray[Any]:
    """The rows of a query, as an array with named fields.

    Args:
        connection: To PostgreSQL.
        query: Its columns have eight bytes each and are never NULL.
        kinds: What NumPy calls the type of each column, big-endian, by the name it is to have.
    """
    compiled = query.compile(
        dialect=connection.dialect, compile_kwargs={"render_postcompile": True}
    )
    content = io.BytesIO()
    with closing(connection.connection.cursor()) as cursor:
        order = cursor.mogrify(f"COPY ({compiled}) TO STDOUT (FORMAT binary)", compiled.params)
        cursor.copy_expert(order, content)
    row = np.dtype(
        [("fields", ">i2")]
        + [
            part
            for name, kind in kinds.items()
            for part in ((f"{name} length", ">i4"), (name, kind))
        ]
    )
    count = (content.tell() - HEADER_BYTES - TRAILER_BYTES) // row.itemsize
    return np.frombuffer(content.getbuffer(), row, count, HEADER_BYTES)
