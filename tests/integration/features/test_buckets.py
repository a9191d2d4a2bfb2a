"""Tables are the same however their events are cut: into buckets, on a cluster, and by columns."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from support.dirty_logs import dirty_log, moments_in
from support.odd_declarations import declarations

from valuebox.errors import ValueboxError
from valuebox.facts.event_files.texts import ArrowTexts
from valuebox.features.declared.building import manifest_of
from valuebox.features.declared.declaration import Declaration
from valuebox.features.declared.doubled import repeated
from valuebox_cli.features.building import Question, Told, write_at_once, write_spread

if TYPE_CHECKING:
    from collections.abc import Iterator

    from distributed import Client

NOW = datetime(2025, 1, 1, tzinfo=UTC)
QUIET = Told(lambda count: None, lambda done, total: None)


@pytest.fixture(scope="module")
def client() -> "Iterator[Client]":
    # Every process that collects this file would import it, and one runs the tests.
    from distributed import Client, LocalCluster

    with (
        LocalCluster(
            n_workers=1, threads_per_worker=2, processes=False, dashboard_address=None
        ) as cluster,
        Client(cluster) as client,
    ):
        yield client


def written(log: list[dict[str, Any]], file: Path) -> Path:
    file.write_text("".join(f"{json.dumps(one)}\n" for one in log))
    return file


@pytest.mark.parametrize(
    "seed", [0, *(pytest.param(one, marks=pytest.mark.slow) for one in (1, 2, 3))]
)
def test_any_number_of_buckets(seed: int, tmp_path: Path, client: "Client") -> None:
    # A dozen customers, some events without, two sources, ids that come twice with two customers.
    log = [
        {**one, "customer": one["customer"] and f"{one['customer']}{part}"}
        if one.get("customer")
        else one
        for part in range(3)
        for one in dirty_log(3 * seed + part)
    ]
    files = [written(log[place::2], tmp_path / f"log-{place}.jsonl") for place in range(2)]
    for number, (name, declaration) in enumerate(list(declarations().items())[seed::8]):
        at = (None, *moments_in(seed, log))[number % 3]
        question = Question(Declaration.model_validate(declaration), at, NOW, counts_bins=True)
        kind = ("jsonl", "csv", "parquet")[number % 3]
        wanted, found = tmp_path / f"wanted.{kind}", tmp_path / f"found.{kind}"
        try:
            told = write_at_once(question, question.of_files(files), wanted)
        except ValueboxError:
            with pytest.raises(ValueboxError):
                write_spread(question, question.of_files(files), found, 3, QUIET)
            continue
        manifest = manifest_of(question.declared, at, NOW, *told)
        assert set(manifest.bins.features) == set(question.declared.features)
        for buckets, where in ((1, None), (3, None), (50, client)):
            told = write_spread(question, question.of_files(files), found, buckets, QUIET, where)
            assert found.read_bytes() == wanted.read_bytes(), (name, buckets)
            assert manifest_of(question.declared, at, NOW, *told) == manifest
    assert not list(tmp_path.glob(".*"))


def test_columns_say_what_objects_say(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    count = 4_000
    when = pd.Timestamp("2024-03-01") + pd.to_timedelta(rng.integers(0, 10**7, count), "s")
    frame = pd.DataFrame(
        {
            "source": rng.choice(["game", "shop"], count),
            # A few come twice, with other customers and other times.
            "id": [f"e{number}" for number in rng.integers(0, 20 * count, count)],
            # Some are told by numbers; there are so many that they stay with Arrow.
            "customer": rng.integers(0, 1_500, count),
            "session": [f"{number:x}" for number in rng.integers(0, 2_500, count)],
            "type": rng.choice(["purchase", "offer_shown", "game_end"], count),
            "time": when,
            "received_at": when + pd.to_timedelta(rng.integers(0, 90_000, count), "s"),
            "amount": np.where(rng.random(count) < 0.5, np.nan, rng.integers(1, 9, count) / 4),
            "won": rng.choice(["1", "no", "", "perhaps"], count),
            "level": pd.array(rng.integers(0, 5, count), "Int64"),
            "score": np.where(rng.random(count) < 0.3, np.inf, rng.random(count)),
            "is_new": rng.random(count) < 0.5,
            "unread": 1,
        }
    )
    frame.loc[rng.random(count) < 0.1, ["session", "level", "received_at"]] = None
    parquet, lines = tmp_path / "events.parquet", tmp_path / "events.jsonl"
    pq.write_table(pa.Table.from_pandas(frame, preserve_index=False), parquet)
    frame = frame.astype(object).where(frame.notna(), None)
    written(
        [
            {
                name: str(value) if isinstance(value, pd.Timestamp) else value
                for name, value in row.items()
                if value not in (None, "", np.inf)
            }
            for row in frame.to_dict("records")
        ],
        lines,
    )
    of_value = {"distinct": ("won", "session", "level"), "last": ("won", "score", "is_new")}
    question = Question(
        Declaration.model_validate(
            {
                "name": "columns",
                "split": {"by": "session"},
                "anchor": {"type": "offer_shown", "columns": ["won", "level", "is_new", "score"]},
                "field": {
                    f"{aggregate}_{name}": {aggregate: name}
                    for aggregate, names in of_value.items()
                    for name in names
                }
                | {"paid": {"sum": "amount", "when": "true(won) and level in (1, 3)"}},
                "window": {"month": {"days": -30}, "block": {"blocks": -2}},
            }
        ),
        None,
        NOW,
    )
    wanted, found = tmp_path / "wanted.jsonl", tmp_path / "found.jsonl"
    write_at_once(question, question.of_files([lines]), wanted)
    assert write_at_once(question, question.of_files([parquet]), found).counts.anchors > count / 4
    assert found.read_bytes() == wanted.read_bytes()
    write_spread(question, question.of_files([parquet]), found, 5, QUIET)
    assert found.read_bytes() == wanted.read_bytes()


@pytest.mark.parametrize(
    ("column", "value", "said"),
    [
        ("time", None, "time: is no moment in ISO 8601: row 2"),
        ("time", datetime(1969, 1, 1, tzinfo=UTC), "time: is no moment in ISO 8601: row 2"),
        ("received_at", datetime(2300, 1, 1, tzinfo=UTC), "received_at: is no moment"),
        ("type", "", "type: is missing, or no text: row 2"),
        ("source", None, "source: is missing, or no text: row 2"),
        ("amount", "much", "amount: is no number: row 2"),
    ],
)
def test_columns_that_cannot_be_used(column: str, value: Any, said: str, tmp_path: Path) -> None:
    day = datetime(2024, 3, 1, tzinfo=UTC)
    row = {"source": "game", "id": "e", "type": "offer_shown", "time": day, "received_at": day}
    row |= {"customer": "c", "amount": "1"}
    file = tmp_path / "events.parquet"
    pq.write_table(pa.Table.from_pylist([row, {**row, "id": "f", column: value}]), file)
    question = Question(Declaration.model_validate(next(iter(declarations().values()))), None, NOW)
    for write in (write_at_once, lambda *given: write_spread(*given, 3, QUIET)):
        with pytest.raises(ValueboxError, match=said):
            write(question, question.of_files([file]), tmp_path / "rows.csv")


def test_ids_that_come_again() -> None:
    texts = ["", "a", "ab", "abcdefgh", "abcdefghi", "abcdefgh\0", "b" * 100, "b" * 101, "Zoë", "a"]
    ids = ArrowTexts(pa.array(["cut", *texts, "ab"])[1:])
    assert len(set(ids.hashes().tolist())) == len(set(texts))
    source = np.zeros(len(ids), dtype=np.int8)
    received = np.arange(len(ids), dtype=np.int64)[::-1]
    assert repeated(ids, source, received).tolist() == [1, 2]
    source[[1, 2]] = 1
    assert repeated(ids, source, received).tolist() == []
