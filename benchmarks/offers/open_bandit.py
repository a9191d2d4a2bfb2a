"""The Open Bandit sample beside what obp has published of it.

    OPEN_BANDIT=…/obp make bench-offers-open-bandit

`OPEN_BANDIT` is the folder `obp` of obp's wheel (0.4.1, Apache 2.0), of which nothing is shipped
here: three campaigns of a shop, each of which showed items at random and by Thompson sampling,
10,000 decisions each. obp's quickstart asks what Thompson sampling earns by a log drawn at random;
the same model of rewards, learned here as it is there, gives all of its estimates.
"""

import os
from functools import cache
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
import yaml
from benchmarks.report import table
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import KFold

from valuebox.compartments.offers.evaluation.estimates import evaluate
from valuebox.compartments.offers.evaluation.fixed import evaluate_fixed
from valuebox.compartments.offers.evaluation.replay import Choices, Replay, Seen, replay
from valuebox_cli.offers.logs import Columns, log_of

FOLDER: Final = "OPEN_BANDIT"
CAMPAIGNS: Final = ("all", "men", "women")
PUBLISHED: Final = {"ips": 0.004553, "direct": 0.003545, "doubly_robust": 0.004727}
"""Estimates of obp's examples/quickstart/obd.ipynb, run with version 0.5.4."""
_SEED: Final = 12345
_DRAWS: Final = 100_000
_POSITIONS: Final = 3
Floats = np.ndarray[Any, np.dtype[np.float64]]


def sample(served: str, campaign: str) -> pd.DataFrame:
    """A sample as it is, in the order of time.

    Args:
        served: `random` or `bts`, which is Thompson sampling.
        campaign: One of `CAMPAIGNS`.
    """
    found = pd.read_csv(_data(served, campaign) / f"{campaign}.csv", index_col=0)
    return found.sort_values("timestamp").reset_index(drop=True)


def log(sample: pd.DataFrame) -> pd.DataFrame:
    """A sample with the columns that `valuebox offers evaluate` reads by default."""
    users = [name for name in sample if str(name).startswith("user_feature")]
    renamed = sample[["item_id", "propensity_score", "click", "position", *users]]
    return renamed.rename(
        columns={"item_id": "action", "propensity_score": "propensity", "click": "reward"}
    )


@cache
def thompson(campaign: str) -> Floats:
    """How likely each item is at each position, `(n_items, 3)`, drawn as obp draws it."""
    prior = yaml.safe_load((_folder() / "policy" / "conf" / "prior_bts.yaml").read_text())[campaign]
    random = np.random.RandomState(_SEED)
    counts = np.zeros((len(prior["alpha"]), _POSITIONS))
    for _ in range(_DRAWS):
        drawn = random.beta(prior["alpha"], prior["beta"])
        counts[drawn.argsort()[::-1][:_POSITIONS], np.arange(_POSITIONS)] += 1
    return counts / _DRAWS


def thompson_of_all(context: pd.DataFrame, actions: list[int]) -> Floats:
    """How likely Thompson sampling shows each item of the campaign `all`, a policy to ask about."""
    return thompson("all")[actions][:, context["position"] - 1].T


def expected(sample: pd.DataFrame, items: pd.DataFrame) -> Floats:
    """Expected clicks of each item, `(n, n_items)`, by logistic regressions crossed by decision.

    As in obp's quickstart: a regression for each position, on the user's features and the item's,
    in three folds.
    """
    users = [name for name in sample if str(name).startswith("user_feature")]
    context = pd.get_dummies(sample[users], drop_first=True).to_numpy(dtype=float)
    coded = items.drop(columns=["item_id", "item_feature_0"]).apply(
        lambda one: pd.factorize(one, sort=True)[0]
    )
    features = np.column_stack([coded, items["item_feature_0"]])
    position = sample["position"].to_numpy() - 1
    action, click = sample["item_id"].to_numpy(), sample["click"].to_numpy()
    found = np.zeros((len(sample), len(items)))
    for known, unknown in KFold(3, shuffle=True, random_state=_SEED).split(context):
        for place in range(_POSITIONS):
            rows = known[position[known] == place]
            asked = unknown[position[unknown] == place]
            model = LogisticRegression(max_iter=1000, random_state=_SEED)
            model.fit(np.column_stack([context[rows], features[action[rows]]]), click[rows])
            for item, its in enumerate(features):
                both = np.column_stack([context[asked], np.tile(its, (len(asked), 1))])
                found[asked, item] = model.predict_proba(both)[:, 1]
    return found


def ours(served: str, campaign: str) -> tuple[Seen, Replay]:
    """Thompson sampling held against a sample, by obp's model of rewards."""
    rows = sample(served, campaign)
    items = pd.read_csv(_data(served, campaign) / "item_context.csv", index_col=0)
    model = expected(rows, items)
    n, k = model.shape
    begins = np.arange(n + 1) * k
    action = rows["item_id"].to_numpy()
    choices = Choices(begins, begins[:-1] + action, rows["propensity_score"].to_numpy())
    likely = thompson(campaign)[:, rows["position"] - 1].T
    seen = Seen(np.arange(n), rows["click"].to_numpy(float), model[np.arange(n), action])
    return seen, replay(choices, likely.ravel(), model.ravel())


def _folder() -> Path:
    return Path(os.environ[FOLDER])


def _data(served: str, campaign: str) -> Path:
    return _folder() / "dataset" / "obd" / served / campaign


def beside(served: str, campaign: str) -> list[list[object]]:
    """Both policies by a sample, beside what the samples that each of them drew have brought."""
    drawn = log_of(_data(served, campaign), log(sample(served, campaign)), Columns())
    items = thompson(campaign)

    def bts(context: pd.DataFrame, actions: list[int]) -> Floats:
        return items[actions][:, context["position"] - 1].T

    found = evaluate_fixed(drawn, {"random": None, "bts": bts})
    rows: list[list[object]] = []
    for one in found.policies[1:]:
        truth = sample(one.policy, campaign)["click"].mean()
        name = f"{one.policy} by {served}, {campaign}"
        robust, effective = one.doubly_robust, f"{one.overlap.effective_decisions:,.0f}"
        if robust is None or one.ips is None or one.snips is None:
            rows.append([name, f"{truth:.4f}", "refused", "", "", "", effective])
            continue
        ends = f"{robust.lower:.4f} to {robust.upper:.4f}"
        values = [f"{each.value:.4f}" for each in (one.ips, one.snips, robust)]
        rows.append([name, f"{truth:.4f}", *values, ends, effective])
    return rows


def main() -> None:
    """Print obp's estimates beside ours, and both policies by each of the six samples."""
    seen, held = ours("random", "all")
    found = evaluate(seen, {"bts": held}).policies[1]
    rows: list[list[object]] = [
        [name, f"{value:.6f}", f"{getattr(found, name).value:.6f}"]
        for name, value in PUBLISHED.items()
    ]
    print(table(["bts by random, all", "obp", "valuebox"], rows), end="\n\n")
    header = ["policy by log", "its own log", "IPS", "self-normalised", "doubly robust", "90 %",
              "effective"]  # fmt: skip
    print(table(header, [row for campaign in CAMPAIGNS for served in ("random", "bts")
                         for row in beside(served, campaign)]))  # fmt: skip


if __name__ == "__main__":
    main()
