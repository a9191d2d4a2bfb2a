"""How long a growth report over millions of events takes, and how much memory.

    make bench-growth

Customers of four campaigns, twelve countries and any age come over two years, and do what they do
in an hour of their own; a quarter of it is buying. The whole report is made by a process of its
own, from PostgreSQL: of everything, and of the second year beside the first one.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from benchmarks.measured_service import database_version
from benchmarks.report import measured_with, put_section, table
from sqlalchemy import text
from support.databases import Postgres

from valuebox.store import migrate
from valuebox.store.engine import Store, make_engine

HEADING: Final = "## How fast"
QUESTIONS: Final[dict[str, dict[str, Any]]] = {
    "everything": {},
    "the second year beside the first": {
        "start": "2024-01-01",
        "baseline": {"end": "2024-01-01"},
    },
}
REPORTING: Final = """
import json, resource, sys, time
from valuebox.compartments.growth.building import report
from valuebox.compartments.growth.schemas import GrowthQuestion
from valuebox.store.engine import Store, make_engine
store = Store(make_engine(sys.argv[1]))
question = GrowthQuestion.model_validate(json.loads(sys.argv[2]))
began = time.perf_counter()
made = report(store, question)
text = made.model_dump_json()
took = time.perf_counter() - began
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
compared = made.comparison.baseline.events if made.comparison else 0
print(made.span.events + compared, made.span.customers, took, peak, len(made.left_out))
"""
CUSTOMERS: Final = """
INSERT INTO customers SELECT 'shop', n::text,
    timestamptz '2023-01-01' + random() * interval '700 days',
    json_build_object('campaign', (ARRAY['TW', 'RE', 'FB', 'PI'])[1 + n % 4],
        'country', 'C' || n % 12, 'age', 18 + n % 60), now(), now()
FROM generate_series(1, :customers) n
"""
EVENTS: Final = """
INSERT INTO events SELECT 'shop', 'e' || n,
    (1 + power(random(), 2) * (:customers - 1))::int::text, NULL,
    (ARRAY['bought', 'like', 'share', 'nothing'])[1 + n % 4],
    timestamptz '2023-01-01' + random() * interval '730 days',
    CASE WHEN n % 4 = 0 THEN round((1 + random() * 30)::numeric, 2) END, 'USD',
    json_build_object('category', n % 7, 'meal', n % 900), now()
FROM generate_series(1, :events) n
"""


def fill(store: Store, events: int) -> None:
    """Make up customers, ten events each on average."""
    sizes = {"events": events, "customers": events // 10}
    with store.engine.begin() as connection:
        connection.execute(text("SET LOCAL statement_timeout = 0"))
        connection.execute(text(CUSTOMERS), sizes)
        connection.execute(text(EVENTS), sizes)
    with store.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("SET statement_timeout = 0"))
        connection.execute(text("VACUUM ANALYZE customers, events"))


def reported(url: str, question: dict[str, Any]) -> list[object]:
    """Events, customers, seconds and peak of a report; the median of three."""
    command = [sys.executable, "-c", REPORTING, url, json.dumps(question)]
    runs = [
        subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
        for _ in range(3)
    ]
    events, customers, took, peak, _ = sorted(runs, key=lambda run: float(run[2]))[1]
    return [int(events), int(customers), f"{float(took):.1f}", f"{float(peak):,.0f}"]


def main(
    events: Annotated[int, typer.Option(help="How many to report on.")] = 5_000_000,
    into: Annotated[Path | None, typer.Option(help="Document whose table is replaced.")] = None,
) -> None:
    """Print the table."""
    server = Postgres(durable=True)
    try:
        url = server.new_database()
        store = Store(make_engine(url))
        migrate.upgrade(store.engine)
        fill(store, events)
        rows = [[name, *reported(url, asked)] for name, asked in QUESTIONS.items()]
        version = database_version(store)
        store.close()
    finally:
        server.remove()
    header = ["report", "events", "customers", "seconds", "peak of the process, MiB"]
    told = f"{table(header, rows)}\n\nMedians of three. {measured_with(version)}"
    print(told)
    if into:
        put_section(into, HEADING, told)


if __name__ == "__main__":
    typer.run(main)
