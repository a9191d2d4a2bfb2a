"""Databases of campaigns: those that ship, and real ones, which are not ours to ship."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
VARIABLE = "REAL_DATA"
"""Names a folder of real data; `.ci/run` sets it where there is one."""

_SHIPPED = sorted((ROOT / "data").glob("workshop-*.db"))
_REAL = sorted(Path(os.environ[VARIABLE]).glob("growth/*.db")) if VARIABLE in os.environ else []


@pytest.fixture(params=[*_SHIPPED, *_REAL], ids=lambda path: path.stem)
def campaign(request: pytest.FixtureRequest) -> Path:
    """One of the databases."""
    path: Path = request.param
    return path


def counts(path: Path, query: str) -> dict[str, int]:
    """What a database says itself: a number by name."""
    with closing(sqlite3.connect(path)) as database:
        return dict(database.execute(query).fetchall())


BY_CAMPAIGN = 'SELECT "Campaign_ID", count(*) FROM "Users" GROUP BY 1'
BY_TYPE = 'SELECT "Type", count(*) FROM "Event" GROUP BY 1'
# Among the prices are $8, 12 USD and 9,5; a word is none.
SPENT = """
SELECT e."Type", sum(CAST(replace(replace(m.price, '$', ''), ',', '.') AS REAL))
FROM "Event" e JOIN "Meal" m ON m.id = e."Meal_Id" WHERE e."Type" = 'bought' GROUP BY 1
"""
