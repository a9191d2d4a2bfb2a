"""Two campaigns of the workshop's shape, imported once of each kind, beside plain SQL on them."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from support.commands import valuebox
from support.databases import BACKENDS, copied_database, migrated_database, open_store
from support.once import learned_once
from valuebox.compartments.growth.building import report
from valuebox.compartments.growth.loaded.facts import load
from valuebox.compartments.growth.loaded.unmatched import unmatched
from valuebox.compartments.growth.report import GrowthReport
from valuebox.compartments.growth.schemas import GrowthQuestion
from valuebox.store.engine import Store
from valuebox_training.facts.workshop import FIRST_CAMPAIGN, SECOND_CAMPAIGN, write

WORKSHOP = Path(__file__).parents[2] / "data" / "workshop.toml"
MODEL = "campaigns"
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
    _reports: dict[str, GrowthReport] = field(default_factory=dict)

    def plain(self, source: str, query: str) -> dict[Any, Any]:
        """The last column by the others, of the database that a source came from."""
        with closing(sqlite3.connect(self.files[source])) as database:
            rows = database.execute(f"WITH joined AS ({JOINED}) {query}").fetchall()
        return {row[:-1] if len(row) > 2 else row[0]: row[-1] for row in rows}

    def report(self, **asked: Any) -> GrowthReport:
        """What is answered to a question, which is worked out once."""
        question = GrowthQuestion.model_validate(asked)
        key = question.model_dump_json()
        if key not in self._reports:
            self._reports[key] = report(self.store, question)
        return self._reports[key]

    def unmatched(self, **asked: Any) -> dict[str, list[str]]:
        """Names in a question that nothing is called by, as its report has them, without one."""
        question = GrowthQuestion.model_validate(asked)
        return unmatched(load(self.store, question), question)


@dataclass(frozen=True)
class Imported:
    """Campaigns that are imported once in this test process, to be read and copied."""

    files: dict[str, Path]
    url: Callable[[str], str]
    """The URL of a database of a kind that holds the campaigns, and that nobody may change."""


@pytest.fixture(scope="session")
def imported_campaigns(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Imported:
    """Both campaigns; a kind of database holds them once somebody asks for its URL."""
    folder = tmp_path_factory.mktemp("imported")
    files = {one.name: write(folder, one) for one in (FIRST_CAMPAIGN, SECOND_CAMPAIGN)}

    @cache
    def url(kind: str) -> str:
        found = migrated_database(request, kind, folder)
        for file in files.values():
            valuebox("import", file, "--mapping", WORKSHOP, "--database-url", found)
        return found

    return Imported(files, url)


@pytest.fixture(scope="session")
def campaign_model(imported_campaigns: Imported) -> str:
    """Tag of a response model that has seen the whole year of the first campaign."""
    return learned_once("campaigns", lambda: learn(imported_campaigns.url("postgresql")))


def learn(url: str, *options: str, name: str = MODEL) -> str:
    """Have the command learn from the first campaign; returns the tag of the model."""
    asked = ("--source", FIRST_CAMPAIGN.name, "--model", name, "--database-url", url)
    output, _ = valuebox("growth", "train", *asked, *options)
    assert "customers, 2024-" in output
    return output.split()[-1]


@pytest.fixture(scope="module", params=BACKENDS)
def campaigns(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    imported_campaigns: Imported,
) -> Iterator[Campaigns]:
    folder = tmp_path_factory.mktemp("campaigns")
    url = copied_database(request, imported_campaigns.url(request.param), folder)
    store = open_store(url)
    yield Campaigns(store, url, imported_campaigns.files)
    store.close()
