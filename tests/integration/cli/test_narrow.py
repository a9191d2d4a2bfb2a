"""In a window of 60 columns no command cuts a figure, a tag or a name."""

from pathlib import Path

import pytest
from rich.cells import cell_len
from support.commands import valuebox
from support.dashboards import show
from support.databases import migrated_sqlite
from support.facts import customer, event, put_customers, put_events

from valuebox.compartments.ltv.files import read_users
from valuebox.compartments.ltv.model import LtvModel
from valuebox.store.engine import Store, make_engine
from valuebox_training.ltv.train import train

WIDTH = 60
LONG = "2024-q3_prospecting_lookalike_video_us_desktop_variant-b_autumn-sale"


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory, model: LtvModel, data_dir: Path) -> str:
    url = migrated_sqlite(tmp_path_factory.mktemp("narrow"))
    valuebox("keys", "create", LONG, "--scope", "read", "--database-url", url)
    store = Store(make_engine(url))
    show(store, model, read_users(data_dir / "valid.csv"))
    campaigns = (LONG, "FB", "TW")
    put_customers(
        store, *(customer(n, attributes={"campaign": campaigns[n % 3]}) for n in range(60))
    )
    put_events(
        store,
        *(event(n, customer=str(n % 60), amount=98_765.25 * (n % 31)) for n in range(900)),
        event("last", customer=None, type="closed", time="2013-09-01T00:00:00Z"),
    )
    store.close()
    return url


def printed(columns: int, *asked: object, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("COLUMNS", str(columns))
    return valuebox(*asked)[0]


@pytest.mark.parametrize(
    "asked",
    [
        ("growth", "report"),
        ("growth", "experiment", "--arm", "campaign", "--control", "FB"),
        ("monitor", "--max-error", "10", "--max-psi", "10"),
        ("keys", "list"),
        ("models", "compare", "ltv", "ltv", "--joined-from", "2019-07-02"),
    ],
    ids=lambda asked: " ".join(asked[:2]),
)
def test_tables_wrap_between_figures(
    database: str, asked: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = (*asked, "--database-url", database)
    wide = printed(400, *asked, monkeypatch=monkeypatch)
    narrow = printed(WIDTH, *asked, monkeypatch=monkeypatch)
    assert max(map(cell_len, wide.splitlines())) > WIDTH
    # Sentences are broken by the terminal, between their words.
    tables = [line for line in narrow.splitlines() if line not in wide]
    assert max(map(cell_len, tables)) <= WIDTH
    assert "…" not in narrow
    # A column of nothing is left out, and names are broken where a line ends.
    figures = {word for word in wide.split() if any(map(str.isdigit, word)) and word != LONG}
    assert figures - set(narrow.split()) == set()
    assert (LONG in wide) == (LONG in "".join(narrow.split("\n")))


def test_tags_are_whole(model: LtvModel, data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tag = train(data_dir / "train.csv", data_dir / "valid.csv", "a-model-of-a-long-name").tag
    narrow = printed(WIDTH, "models", "list", monkeypatch=monkeypatch)
    assert {tag, model.tag} <= set(narrow.splitlines())
    assert max(map(cell_len, narrow.splitlines())) <= WIDTH
