"""Whatever callers' texts hold, no command passes it on to the terminal or to a spreadsheet."""

import csv
import json
import sqlite3
import unicodedata
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.commands import only_line, valuebox
from support.dashboards import show
from support.databases import migrated_sqlite
from support.facts import customer, event, put_customers, put_events
from typer.testing import CliRunner

from valuebox.compartments.ltv.files import read_users
from valuebox.compartments.ltv.model import LtvModel
from valuebox.store.engine import Store, make_engine
from valuebox_cli.main import app

NAME = "=name\x9b1m\u202egnp\u200b"
"""Of an attribute, which takes less."""
HOSTILE = "=cmd()\x1b]0;owned\x07\x1b[31m\x9b1m\u202egnp\u2066\u200b\xad\x7f\U000e0041"
ARMS = (f"{HOSTILE}A", f"{HOSTILE}B")


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Customers and events of which every text is hostile: in two arms, with purchases."""
    url = migrated_sqlite(tmp_path_factory.mktemp("hostile"))
    store = Store(make_engine(url))
    rng = np.random.default_rng(1)
    put_customers(
        store,
        *(
            customer(
                f"{HOSTILE}{n}",
                source=HOSTILE,
                attributes={"campaign": ARMS[n % 2], NAME: f"{HOSTILE}{n % 3}"},
            )
            for n in range(420)
        ),
    )
    put_events(
        store,
        *(
            event(
                f"{HOSTILE}{n}",
                source=HOSTILE,
                customer=f"{HOSTILE}{n % 420}",
                type=("bought", HOSTILE)[n % 3 == 0],
                time=f"2013-{5 + n % 5:02d}-{1 + n % 27:02d}T12:00:00Z",
                amount=float(rng.integers(1, 30)),
                properties={"category": HOSTILE},
            )
            for n in range(2000)
        ),
    )
    store.close()
    return url


def harmless(text: str) -> str:
    """The text, of which a terminal obeys nothing and hides nothing."""
    hidden = {one for one in text if unicodedata.category(one) in {"Cc", "Cf"}} - {"\n"}
    assert hidden == set()
    return text


TREATED = ("--treated", ARMS[1])
TEST = ("--source", HOSTILE, "--arm", "campaign", "--control", ARMS[0])


@pytest.mark.parametrize(
    "asked",
    [
        ("report",),
        ("report", "--by", NAME, "--source", HOSTILE, "--category", NAME),
        ("report", "--source", f"no {HOSTILE}"),
        ("experiment", *TEST, "--metric", "bought", "--metric", f"{HOSTILE}:conversion"),
        ("uplift", *TEST, *TREATED),
    ],
    ids=["report", "by", "nothing", "experiment", "uplift"],
)
def test_reports_of_hostile_names(database: str, asked: tuple[str, ...]) -> None:
    said, complained = valuebox("growth", *asked, "--database-url", database)
    assert "⟨U+202E⟩" in harmless(said).replace("\n", "")
    harmless(complained)


@pytest.mark.parametrize(
    "asked",
    [("report",), ("experiment", *TEST, "--metric", HOSTILE), ("uplift", *TEST, *TREATED)],
    ids=["report", "experiment", "uplift"],
)
def test_json_says_the_same_in_escapes(database: str, asked: tuple[str, ...]) -> None:
    said, _ = valuebox("growth", *asked, "--json", "--database-url", database)
    assert HOSTILE in "".join(texts_of(json.loads(harmless(said))))


def texts_of(value: Any) -> Iterator[str]:
    """All texts of a JSON value."""
    for one in [*value, *value.values()] if isinstance(value, dict) else value:
        yield from texts_of(one) if isinstance(one, dict | list) else (str(one),)


def test_customers_to_ask_are_listed_without_formulas(database: str, tmp_path: Path) -> None:
    file = tmp_path / f"{HOSTILE}.csv"
    said, _ = valuebox("growth", "whom", "--out", file, "--database-url", database)
    harmless(said)
    with file.open(newline="", encoding="utf-8") as opened:
        row = next(csv.DictReader(opened))
    assert row["source"] == f"'{HOSTILE}"
    assert row["customer"].startswith(f"'{HOSTILE}")
    assert row["group"].startswith(f"'{HOSTILE}")


def test_the_page_shows_what_hides(database: str, tmp_path: Path) -> None:
    file = tmp_path / "page.html"
    valuebox("growth", "report", "--html", file, "--database-url", database)
    page = harmless(file.read_text(encoding="utf-8"))
    assert "⟨U+202E⟩gnp" in page


def test_people_are_handed_out_and_forgotten(database: str) -> None:
    who = (f"{HOSTILE}419", "--source", HOSTILE, "--database-url", database)
    said, _ = valuebox("users", "export", *who)
    assert HOSTILE in "".join(texts_of([json.loads(line) for line in harmless(said).splitlines()]))
    said, complained = valuebox("users", "forget", *who, exit_code=1)
    assert "customers of =cmd()⟨U+001B⟩" in harmless(said + complained)


def test_keys_are_named_and_listed(tmp_path: Path) -> None:
    at = ("--database-url", f"sqlite:///{tmp_path}/valuebox.db")
    for asked in (("create", HOSTILE, "--scope", "read"), ("list",), ("revoke", HOSTILE)):
        result = CliRunner().invoke(app, ["keys", *asked, *at])
        harmless(result.output)


def test_segments_are_monitored(tmp_path: Path, model: LtvModel, data_dir: Path) -> None:
    url = migrated_sqlite(tmp_path)
    store = Store(make_engine(url))
    show(store, model, read_users(data_dir / "valid.csv").assign(country_segment=HOSTILE[:30]))
    store.close()
    result = CliRunner().invoke(app, ["monitor", "--database-url", url])
    assert "⟨U+001B⟩" in harmless(result.output).replace("\n", "")


def test_imports_name_rows_and_files(tmp_path: Path) -> None:
    database = tmp_path / f"{HOSTILE}.db"
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("CREATE TABLE sales (sale, who, at, price)")
        rows = [(f"{HOSTILE}{n % 9}", HOSTILE, "2013-05-01", n) for n in range(20)]
        rows += [(f"{HOSTILE}{n}", HOSTILE, "2013-05-01", HOSTILE) for n in range(20, 25)]
        rows += [("long" * 200, HOSTILE, "2013-05-01", 1)]
        connection.executemany("INSERT INTO sales VALUES (?, ?, ?, ?)", rows)
    mapping, rejected = tmp_path / f"{HOSTILE}.toml", tmp_path / "rejected.csv"
    mapping.write_text(
        'timezone = "UTC"\n[events]\ntable = "sales"\nid = "sale"\ncustomer = "who"\n'
        'type = { always = "bought" }\ntime = "at"\namount = "price"\n'
    )
    asked = ["import", str(database), "--mapping", str(mapping), "--rejected", str(rejected)]
    url = migrated_sqlite(tmp_path)
    result = CliRunner().invoke(app, [*asked, "--database-url", url])
    assert "⟨U+001B⟩" in harmless(result.output)


@pytest.mark.parametrize(
    "asked",
    [
        ("train", "--train", f"{HOSTILE}.csv"),
        ("score", f"{HOSTILE}.csv", "--out", "out.csv"),
        ("evaluate", f"{HOSTILE}.csv", "--run", "one"),
        ("simulate", "out", "--world", HOSTILE),
        ("import", f"{HOSTILE}.csv", "--mapping", f"{HOSTILE}.toml"),
        ("models", "show", HOSTILE),
        ("growth", "report", "--spend", HOSTILE),
        ("monitor", "--since", HOSTILE),
        ("predictions", "--limit", HOSTILE),
        ("users", "export", HOSTILE),
        ("db", "upgrade", "--database-url", HOSTILE),
        (HOSTILE,),
        ("models", HOSTILE),
        ("models", "list", f"--{HOSTILE}"),
    ],
    ids=" ".join,
)
def test_complaints_quote_what_was_given(asked: tuple[str, ...]) -> None:
    result = CliRunner().invoke(app, list(asked))
    assert result.exit_code == 2
    harmless(result.output)


def test_a_line_break_in_a_name_makes_no_line(tmp_path: Path) -> None:
    file = tmp_path / "users.csv\nerror: all is well"
    _, said = valuebox("train", "--train", file, exit_code=2)
    assert "⟨U+000A⟩error: all is well" in only_line(said)
