"""From a file of transactions to a report, by what docs/import.md says and nothing else."""

import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from support.commands import valuebox
from support.imports import imported

from valuebox.store.engine import Store

DOCUMENT = Path(__file__).parents[3] / "docs" / "import.md"


def test_a_file_of_transactions_becomes_a_report(store: Store, tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    invoice = np.sort(rng.integers(300, size=1_000))
    lines = pd.DataFrame(
        {
            "InvoiceNo": 500_000 + invoice,
            "Description": rng.choice(["CAKESTAND", "HOLDER, WHITE"], size=1_000),
            "Quantity": rng.integers(1, 9, size=1_000) * np.where(rng.random(1_000) < 0.05, -1, 1),
            "InvoiceDate": pd.Timestamp("2010-12-13 8:26") + pd.to_timedelta(invoice, unit="D"),
            "UnitPrice": np.round(rng.lognormal(1, 0.5, size=1_000), 2),
            "CustomerID": (12_000.0 + invoice % 60),
            "Country": np.where(invoice % 60 < 20, "EIRE", "France"),
        }
    )
    lines["InvoiceDate"] = lines["InvoiceDate"].dt.strftime("%m/%d/%Y %H:%M")
    lines.to_csv(tmp_path / "transactions.csv", index=False)
    told, *_ = re.findall(r"```toml\n(.*?from = \"events\".*?)```", DOCUMENT.read_text(), re.DOTALL)
    assert len(told.splitlines()) < 15
    (tmp_path / "transactions.toml").write_text(told)
    imported(store, tmp_path / "transactions.csv", tmp_path / "transactions.toml")

    url = store.engine.url.render_as_string(hide_password=False)
    said, _ = valuebox("growth", "report", "--by", "country", "--json", "--database-url", url)
    found = json.loads(said)
    assert {one["name"]: one["count"] for one in found["users"]} == {"EIRE": 20, "France": 40}
    amounts = lines["Quantity"] * lines["UnitPrice"]
    assert found["profits"]["revenue"] == pytest.approx(amounts.sum())
    assert found["profits"]["refunds"] == (amounts < 0).sum()
    assert found["profits"]["refunded"] == pytest.approx(-amounts[amounts < 0].sum())
