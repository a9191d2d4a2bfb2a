"""Two campaigns of the workshop's shape, imported once of each kind, beside plain SQL on them."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from support.commands import valuebox
from support.databases import BACKENDS, copied_database, migrated_database
from valuebox.compartments.growth.building import report
from valuebox.compartments.growth.report import GrowthReport
from valuebox.compartments.growth.schemas import GrowthQuestion
from valuebox.store.engine import Store, make_engine
from valuebox_training.facts.workshop import FIRST_CAMPAIGN, SECOND_CAMPAIGN, write

WORKSHOP = Path(__file__).parents[2] / "data" / "workshop.toml"
JOINED = """
    SELECT u."Campaign_ID" AS campaign, m."Type" AS category, e."Type" AS type, e."User_Id" AS who,
        e.date AS date, u.id IS NOT NULL AS there,
        CASE WHEN e."Type" = 'bought' THEN
            CASE m.price WHEN '$8' THEN 8 WHEN '12 USD' THEN 12 WHEN '9,5' THEN 9.5
                WHEN '7.00 $' THEN 7 WHEN 'eleven' THEN 0 ELSE coalesce(m.price, 0) END
        END AS amount
    FROM "Event" e LEFT JOIN "Users" u ON u.id = e."User_Id"
    LEFT JOIN "Meal" m ON m.id = e."Meal_Id"
"""


@dataclass(frozen=True)
class Campaigns:
    """Two imported databases, and where they came from."""

    store: Store
    url: str
    files: dict[str, Path]

    def plain(self, source: str, query: str) -> dict[Any, Any]:
        """The last column by the others, of the database that a source came from."""
        with closing(sqlite3.connect(self.files[source])) as database:
            rows = database.execute(f"WITH joined AS ({JOINED}) {query}").fetchall()
        return {row[:-1] if len(row) > 2 else row[0]: row[-1] for row in rows}

    def report(self, **asked: Any) -> GrowthReport:
        """What is answered to a question."""
        return report(self.store, GrowthQuestion.model_validate(asked))


@dataclass(frozen=True)
class Imported:
    """Campaigns that were imported once in this test process, to be copied."""

    files: dict[str, Path]
    urls: dict[str, str]
    """Databases that hold the campaigns, and to which nobody is connected, by kind."""


@pytest.fixture(scope="session")
def imported_campaigns(tmp_path_factory: pytest.TempPathFactory) -> Imported:
    """The files of both campaigns, and no database yet."""
    folder = tmp_path_factory.mktemp("imported")
    campaigns = (FIRST_CAMPAIGN, SECOND_CAMPAIGN)
    return Imported({one.name: write(folder, one) for one in campaigns}, {})


@pytest.fixture(scope="module", params=BACKENDS)
def campaigns(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    imported_campaigns: Imported,
) -> Iterator[Campaigns]:
    files, urls = imported_campaigns.files, imported_campaigns.urls
    if request.param not in urls:
        url = migrated_database(request, tmp_path_factory.mktemp("campaigns"))
        for file in files.values():
            valuebox("import", file, "--mapping", WORKSHOP, "--database-url", url)
        urls[request.param] = url
    url = copied_database(request, urls[request.param], tmp_path_factory.mktemp("campaigns"))
    store = Store(make_engine(url))
    yield Campaigns(store, url, files)
    store.close()
