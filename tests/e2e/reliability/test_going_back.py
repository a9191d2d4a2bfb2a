"""A new version of a model turns out worse, and the one before is served again."""

from pathlib import Path

import pandas as pd
import pytest
from support.commands import valuebox, write_users
from support.services import running
from support.users import user

from valuebox.store.engine import Store
from valuebox_training.ltv.train import train

pytestmark = pytest.mark.slow("src/valuebox/compartments/ltv", "cli/valuebox_cli/ltv/compare.py")


def test_the_previous_version_is_served_again_and_what_was_stored_stays(
    postgres_store: Store, data_dir: Path, tmp_path: Path
) -> None:
    url = postgres_store.engine.url.render_as_string(hide_password=False)
    known = pd.read_csv(data_dir / "train.csv", keep_default_na=False, na_values=["NA"])
    spoiled = write_users(tmp_path / "train.csv", known.assign(target=known["target"] * 3))
    previous = train(data_dir / "train.csv", None, "going-back").tag
    newest = train(spoiled, None, "going-back").tag

    with running(url, tmp_path, {"VALUEBOX_MODEL": "going-back"}) as service:
        first = service.predict([user(1)])
        sent, _ = valuebox("evaluate", data_dir / "valid.csv", "--url", service.url)
        assert newest in sent
        valid = pd.read_csv(data_dir / "valid.csv")
        outcomes = valid[["user_id", "target"]].to_dict("records")
        assert service.http.post("/v1/ltv/outcomes", json=outcomes).status_code == 200

    compared, _ = valuebox("models", "compare", newest, previous, "--database-url", url)
    (averages,) = (line for line in compared.splitlines() if line.startswith("by users"))
    of_newest, of_previous = (float(word) for word in averages.split()[2:4])
    assert of_previous < of_newest

    with running(url, tmp_path, {"VALUEBOX_MODEL": previous}) as service:
        assert service.http.post("/v1/ltv/model", json={}).json()["model"] == previous
        again = service.predict([user(1)])
        page = service.http.post("/v1/ltv/predictions/search", json={"user_ids": [1]}).json()
    assert [one["model"] for one in (*again, *first)] == [previous, newest]
    stored = [(one["model"], one["prediction"]) for one in page["predictions"]]
    assert stored == [(one["model"], one["prediction"]) for one in (*again, *first)]
    assert first[0]["prediction"] > 1.5 * again[0]["prediction"]
