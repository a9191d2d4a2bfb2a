"""The Open Bandit sample, by files of its layout."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from benchmarks.offers import open_bandit


@pytest.fixture
def sample(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both policies of a campaign `men` of five items, 3,000 decisions each, in obp's layout."""
    items = 5
    prior = {"men": {"alpha": [2.0, 1.0, 1.0, 1.0, 6.0], "beta": [20.0] * items}}
    (tmp_path / "policy" / "conf").mkdir(parents=True)
    (tmp_path / "policy" / "conf" / "prior_bts.yaml").write_text(yaml.safe_dump(prior))
    monkeypatch.setenv("OPEN_BANDIT", str(tmp_path))
    monkeypatch.setattr(open_bandit, "_DRAWS", 5_000)
    open_bandit.thompson.cache_clear()
    rng = np.random.default_rng(0)
    bts = open_bandit.thompson("men")
    for served, likely in (("random", np.full((items, 3), 1 / items)), ("bts", bts)):
        position = rng.integers(0, 3, 3_000)
        item = np.array([rng.choice(items, p=likely[:, place]) for place in position])
        folder = tmp_path / "dataset" / "obd" / served / "men"
        folder.mkdir(parents=True)
        pd.DataFrame(
            {
                "timestamp": np.arange(3_000)[::-1],
                "item_id": item,
                "position": position + 1,
                "click": (rng.random(3_000) < 0.05 + 0.05 * item).astype(int),
                "propensity_score": likely[item, position],
                "user_feature_0": rng.choice(["a", "b"], 3_000),
                "user-item_affinity_0": 0.0,
            }
        ).to_csv(folder / "men.csv")
        pd.DataFrame(
            {
                "item_id": np.arange(items),
                "item_feature_0": np.linspace(-1, 1, items),
                "item_feature_1": ["x", "y", "x", "y", "x"],
            }
        ).to_csv(folder / "item_context.csv")


@pytest.mark.usefixtures("sample")
def test_each_policy_by_the_log_of_the_other_earns_what_its_own_has() -> None:
    rows = [*open_bandit.beside("random", "men"), *open_bandit.beside("bts", "men")]
    assert [row[0] for row in rows] == [
        "random by random, men", "bts by random, men", "random by bts, men", "bts by bts, men"
    ]  # fmt: skip
    for _, own, *estimates, _, _ in rows:
        for one in estimates:
            assert float(str(one)) == pytest.approx(float(str(own)), abs=0.03)


@pytest.mark.usefixtures("sample")
def test_a_model_of_rewards_gives_all_estimates() -> None:
    seen, held = open_bandit.ours("random", "men")
    found = open_bandit.evaluate(seen, {"bts": held}).policies[1]
    clicks = open_bandit.sample("bts", "men")["click"].mean()
    for one in (found.ips, found.direct, found.doubly_robust):
        assert one is not None
        assert one.value == pytest.approx(clicks, abs=0.03)
