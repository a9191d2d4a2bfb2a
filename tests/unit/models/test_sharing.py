"""Every training says the same where a Dask cluster does parts of it, to the last bit."""

import pickle
import threading
import time
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from support import matches
from support.commands import only_line, valuebox
from support.dask_clusters import local_cluster
from support.responses import world

from valuebox.compartments.handle.recipe import Recipe
from valuebox.compartments.ltv.files import read_users
from valuebox.compartments.recommend.ranking.setting import Setting
from valuebox.facts.windows import Positions
from valuebox_training.customers import learn as learn_of_customers
from valuebox_training.handle.backtest import backtest
from valuebox_training.handle.learning import learn_by_past
from valuebox_training.ltv.search import Trial, search
from valuebox_training.recommend.evaluating import evaluate
from valuebox_training.recommend.questions import Log
from valuebox_training.recommend.ranking import Learning, learn_ranker
from valuebox_training.recommend.tuning import Tuning, tune
from valuebox_training.response.train import learn as learn_of_responses
from valuebox_training.sharing import Shared

EXAMPLES = Path(__file__).parents[3] / "examples"


@pytest.fixture(scope="module")
def client() -> Iterator[Any]:
    from distributed import Client

    with local_cluster() as cluster, Client(cluster) as connected:
        yield connected


@pytest.mark.slow
def test_responses(client: Any) -> None:
    facts = world(1)
    here, there = (
        learn_of_responses(facts, ["bought", "like"], "category", 30, client=one)
        for one in (None, client)
    )
    assert len(here.earlier) == len(there.earlier) > 0
    everybody = np.arange(len(facts.customers.created))
    for one, other in zip([here.model, *here.earlier], [there.model, *there.earlier], strict=True):
        chances = [each.anywhere(facts, here.starts[0], everybody) for each in (one, other)]
        np.testing.assert_array_equal(*chances)


@pytest.mark.slow
def test_handle(client: Any) -> None:
    recipes = [learn_by_past(matches.book(), 2, one)[0] for one in (None, client)]
    assert recipes[0] == recipes[1] != Recipe()
    rows = [backtest(matches.book(), 2, recipes[0], one)[1] for one in (None, client)]
    pd.testing.assert_frame_equal(*rows, check_exact=True)


def shop(sessions: int) -> Log:
    """Visitors walk up a shelf of ten items."""
    random = np.random.default_rng(0)
    starts, lengths = random.integers(0, 200, sessions), random.integers(2, 7, sessions)
    keys = np.repeat(np.arange(sessions), lengths)
    place = np.concatenate([np.arange(length) for length in lengths])
    items = (np.repeat(starts, lengths) + place * random.choice([1, 1, 2], len(keys))) % 200
    times = 1.7e9 + keys * 60.0 + place * 5
    return Log.of(keys, items, times, [f"item {one}" for one in range(200)], Setting())


@pytest.mark.slow
def test_recommend(client: Any) -> None:
    log, how = shop(300), Learning(folds=2, share=0.2, rounds=5, fewest=10)
    learned = [learn_ranker(log, Setting(), how, client=one) for one in (None, client)]
    assert learned[0].gain == learned[1].gain
    assert learned[0].ranker.booster.save_raw() == learned[1].ranker.booster.save_raw()
    few = Tuning(most=30, fewest=5, sure=-100.0)
    assert tune(log, Setting(), few, client=client) == tune(log, Setting(), few)
    asked = [evaluate(log, Setting(), most=20, ranked=how, client=one) for one in (None, client)]
    assert len(asked[0].ways) > 7
    assert pickle.dumps(asked[0]) == pickle.dumps(asked[1])


def test_customers_of_packages(client: Any) -> None:
    facts = world(2)
    times, whose = facts.events.time, facts.events.customer

    def features(at: np.datetime64, chosen: Positions) -> Any:
        counts = np.bincount(whose[times < at], minlength=len(facts.customers.created))
        return counts[chosen, None].astype(float)

    found = [
        learn_of_customers(facts, features, ["events"], np.ones(len(times)), 14, one)
        for one in (None, client)
    ]
    assert found[0] == found[1]


def test_hyperparameters(client: Any, data_dir: Path) -> None:
    users = read_users(data_dir / "train.csv").head(1_000)
    tried: dict[bool, list[Trial]] = {True: [], False: []}
    for one in (None, client):
        search(users, 1, 1, tried[one is None].append, one)
    assert tried[True] == tried[False]


def test_tables_of_features(client: Any, tmp_path: Path) -> None:
    folder, there = EXAMPLES / "features", ("--dask", client.scheduler.address)
    command = ["features", "build", folder / "offers.toml", "--events", folder / "events.jsonl"]
    valuebox(*command, "--out", tmp_path / "here.csv")
    for buckets in (1, 5):
        valuebox(*command, "--out", tmp_path / "there.csv", "--buckets", buckets, *there)
        assert (tmp_path / "there.csv").read_bytes() == (tmp_path / "here.csv").read_bytes()


def _slowly(factor: int, part: int) -> int:
    time.sleep(0.02)
    return factor * part


def test_parts_of_a_worker_that_goes_are_done_by_another() -> None:
    from distributed import Client

    with local_cluster() as cluster, Client(cluster) as client:
        found = Shared(client, _slowly, 3).each(range(12))
        first = [next(found) for _ in range(3)]
        cluster.sync(cluster.workers[0].close)
        assert [*first, *found] == [3 * part for part in range(12)]


def test_workers_with_other_packages_are_refused(
    client: Any, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Workers run in other threads than the command.
    main = threading.current_thread()
    monkeypatch.setattr(
        "valuebox_cli.cluster.version",
        lambda name: (
            "1.0" if name == "numpy" and threading.current_thread() is not main else version(name)
        ),
    )
    command = "train", "--data", data_dir, "--dask", client.scheduler.address
    _, said = valuebox(*command, exit_code=2)
    assert f"has numpy 1.0 and not {version('numpy')}" in only_line(said)
