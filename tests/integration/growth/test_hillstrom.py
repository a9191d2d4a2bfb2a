"""An e-mail test of the shape of Hillstrom's, from its table to a verdict."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from support.commands import valuebox

from valuebox.store.engine import Store

MAPPING = Path(__file__).parents[3] / "data" / "mappings" / "hillstrom.toml"
ARMS = ("Mens E-Mail", "Womens E-Mail", "No E-Mail")
COLUMNS = (
    "recency, history_segment, history, mens, womens, zip_code, newbie, channel, segment, visit, "
    "conversion, spend"
)


def write_twin(path: Path, n: int) -> None:
    """Customers of whom those who bought men's things visit more often after men's e-mails."""
    rng = np.random.default_rng(1)
    rows = []
    for who in range(n):
        arm, mens = ARMS[who % 3], int(rng.integers(2))
        rate = 0.1 + 0.02 * (arm != ARMS[2]) + (0.2 * mens if arm == ARMS[0] else 0.0)
        visit = int(rng.random() < rate)
        conversion = int(visit and rng.random() < 0.3)
        history = round(float(rng.lognormal(5, 1)), 2)
        rows.append(
            (
                int(rng.integers(1, 13)), "1) $0 - $100", history, mens, 1 - mens, "Urban",
                int(rng.integers(2)), "Web", arm, visit, conversion,
                round(20 + 80 * float(rng.random()), 2) if conversion else 0.0,
            )
        )  # fmt: skip
    # As SQLite's own import of a CSV file has them, all of them are texts.
    with closing(sqlite3.connect(path)) as database, database:
        database.execute(f"CREATE TABLE hillstrom ({COLUMNS.replace(',', ' TEXT,')} TEXT)")
        places = ", ".join("?" * len(rows[0]))
        database.executemany(f"INSERT INTO hillstrom VALUES ({places})", rows)


@pytest.mark.slow("cli/valuebox_cli", "src/valuebox/compartments/growth")
def test_an_email_test_goes_from_its_table_to_a_verdict(store: Store, tmp_path: Path) -> None:
    path = tmp_path / "hillstrom.db"
    write_twin(path, 3_000)
    url = store.engine.url.render_as_string(hide_password=False)
    valuebox("import", path, "--mapping", MAPPING, "--database-url", url)
    options = ("--arm", "segment", "--control", "No E-Mail", "--exposure", "mailed")
    options += ("--horizon", "14", "--to", "2008-04-03", "--database-url", url, "--json")
    metrics = ("--metric", "visit", "--metric", "bought:amount")
    found = json.loads(valuebox("growth", "experiment", *options, *metrics)[0])
    with closing(sqlite3.connect(path)) as database:
        plain = dict(
            database.execute(
                "SELECT segment, avg(visit) || ' ' || avg(spend) FROM hillstrom GROUP BY 1"
            ).fetchall()
        )
    for one in found["effects"]:
        for arm, each in ((one["arm"], one["each"]), ("No E-Mail", one["control"])):
            rates = plain[arm].split()
            assert each == pytest.approx(float(rates[one["type"] == "bought"]))
    assert [one["judged"] for one in found["arms"]] == [1_000] * 3
    real = [(one["arm"], one["type"]) for one in found["effects"] if one["is_real"]]
    assert ("Mens E-Mail", "visit") in real
    treated = ("--treated", "Mens E-Mail", "--metric", "visit")
    uplift = json.loads(valuebox("growth", "uplift", *options, *treated)[0])
    assert (uplift["customers"], uplift["judged"]) == (2_000, 1_000)
    assert uplift["is_proven"]
    assert "mens 1" in uplift["features"]
    first, last = uplift["parts"][0], uplift["parts"][-1]
    assert first["predicted"] > last["predicted"]
    women = ("--treated", "Womens E-Mail", "--metric", "visit")
    told, _ = valuebox("growth", "uplift", *options[:-1], *women)
    assert "Nothing is proven of on whom Womens E-Mail has more effect" in told
