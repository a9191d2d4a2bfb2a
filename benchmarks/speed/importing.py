"""How long `valuebox import` takes for a file of transactions, into both kinds of database.

    make bench-import

Lines of invoices go from CSV by the mapping that ships for them: customers from their events,
amounts worked out, cancellations as refunds. The start of the command is part of it.
"""

import os
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Final

import numpy as np
import pandas as pd
import typer
from benchmarks.report import measured_with, put_section, table
from support.databases import Postgres

from valuebox.store import migrate
from valuebox.store.engine import make_engine

MAPPING: Final = Path(__file__).parents[2] / "data" / "mappings" / "online-retail.toml"
HEADING: Final = "### A file of transactions"
# Lines of an invoice, on average.
LINES: Final = 25


def made(path: Path, rows: int) -> None:
    """A file of lines of invoices, of which two in a hundred are cancelled."""
    rng = np.random.default_rng(7)
    invoice = np.sort(rng.integers(rows // LINES, size=rows))
    cancelled = rng.random(rows) < 0.02
    customers = max(rows // 250, 1)
    minutes = pd.to_timedelta(invoice * (525_600 * LINES / rows), unit="min")
    lines = {
        "InvoiceNo": 500_000 + invoice,
        "StockCode": rng.integers(20_000, 24_000, size=rows),
        "Description": np.char.add("ARTICLE ", rng.integers(4_000, size=rows).astype(str)),
        "Quantity": rng.integers(1, 12, size=rows) * np.where(cancelled, -1, 1),
        "InvoiceDate": (pd.Timestamp("2010-12-01 08:00") + minutes).floor("min"),
        "UnitPrice": np.round(rng.lognormal(1, 0.8, size=rows), 2),
        "CustomerID": 12_000 + invoice * 7_919 % customers,
        "Country": rng.choice(["United Kingdom", "EIRE", "France"], size=rows),
    }
    pd.DataFrame(lines).to_csv(path, index=False)


@contextmanager
def databases(folder: Path) -> Iterator[dict[str, str]]:
    """An SQLite file and a PostgreSQL that survives power cuts, both empty."""
    server = Postgres(durable=True)
    try:
        urls = {"SQLite": f"sqlite:///{folder}/facts.db", "PostgreSQL": server.new_database()}
        for url in urls.values():
            engine = make_engine(url)
            migrate.upgrade(engine)
            engine.dispose()
        yield urls
    finally:
        server.remove()


def imported(file: Path, url: str) -> tuple[float, float]:
    """Seconds until the command has ended, and seconds of processors that it took itself."""
    command = [str(Path(sys.executable).with_name("valuebox")), "import", str(file)]
    command += ["--mapping", str(MAPPING), "--database-url", url]
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    took, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    worked = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return took, worked


def main(
    rows: Annotated[int, typer.Option(help="Of the file.")] = 1_500_000,
    into: Annotated[Path | None, typer.Option(help="Document whose table is replaced.")] = None,
) -> None:
    """Print the table."""
    with TemporaryDirectory() as folder, databases(Path(folder)) as urls:
        file = Path(folder) / "transactions.csv"
        made(file, rows)
        shown: list[list[object]] = []
        for name, url in urls.items():
            took, worked = imported(file, url)
            load = os.getloadavg()[0]
            shown.append([name, f"{took:.1f}", f"{worked:.1f}", f"{load:.1f}"])
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    header = ["into", "seconds", "of them at work in the command", "load of the machine"]
    told = (
        f"{table(header, shown)}\n\n{rows:,} lines of invoices from CSV, with their customers; at "
        f"most {peak:,.0f} MiB of memory. {measured_with()}"
    )
    print(told)
    if into:
        put_section(into, HEADING, told)


if __name__ == "__main__":
    typer.run(main)
