"""`valuebox import`, from files and other databases into both kinds of ours."""

import csv
import sqlite3
from collections import Counter
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from sqlalchemy import create_engine, text
from support.databases import PASSWORD, Postgres
from support.facts import (
    customer,
    event,
    put_customers,
    put_events,
    stored_customers,
    stored_events,
)
from support.imports import imported
from support.real import BY_CAMPAIGN, BY_TYPE, SPENT, counts

from valuebox.store.engine import Store
from valuebox_cli.importing.parts import Table
from valuebox_cli.importing.sources import open_source
from valuebox_training.facts.workshop import FIRST_CAMPAIGN, SECOND_CAMPAIGN, write

ROOT = Path(__file__).parents[3]
WORKSHOP = ROOT / "data" / "workshop.toml"

SHOP = """
timezone = "Europe/Berlin"
[events]
table = "sales"
id = "sale"
customer = "who"
type = { always = "bought" }
time = "at"
amount = "price"
currency = "unit"
properties = { colour = "colour" }
"""
HEADER = "sale,who,at,price,unit,colour,unused"


def counted(store: Store, query: str) -> dict[Any, Any]:
    with store.reading() as session:
        return {tuple(row[:-1]): row[-1] for row in session.execute(text(query))}


def plain(path: Path, query: str) -> dict[Any, Any]:
    with closing(sqlite3.connect(path)) as database:
        return {tuple(row[:-1]): row[-1] for row in database.execute(query)}


def shop(folder: Path, *lines: str) -> tuple[Path, Path]:
    """A file of sales, and its mapping."""
    (folder / "sales.csv").write_text("\n".join([HEADER, *lines]) + "\n", encoding="utf-8")
    (folder / "shop.toml").write_text(SHOP)
    return folder / "sales.csv", folder / "shop.toml"


def everything(store: Store) -> list[Any]:
    with store.reading() as session:
        return [
            sorted(map(tuple, session.execute(text(f"SELECT * FROM {table}"))), key=str)
            for table in ("customers", "events")
        ]


@pytest.fixture(scope="module")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("workshop"), FIRST_CAMPAIGN)


def test_what_ships_is_what_the_generator_makes(tmp_path: Path) -> None:
    for campaign in (FIRST_CAMPAIGN, SECOND_CAMPAIGN):
        made = write(tmp_path, campaign)
        shipped = ROOT / "data" / made.name
        for table in ("Users", "Meal", "Event"):
            query = f'SELECT * FROM "{table}"'
            with closing(sqlite3.connect(made)) as one, closing(sqlite3.connect(shipped)) as other:
                assert one.execute(query).fetchall() == other.execute(query).fetchall()


def test_the_workshop_is_imported_whole_and_its_dirt_named(store: Store, workshop: Path) -> None:
    said, _ = imported(store, workshop, WORKSHOP)
    in_source = 'SELECT "Type", count(*) FROM "Event" GROUP BY 1'
    assert counted(store, "SELECT type, count(*) FROM events GROUP BY 1") == plain(
        workshop, in_source
    )
    campaigns = Counter(one.attributes["campaign"] for one in stored_customers(store).values())
    in_source = 'SELECT "Campaign_ID", count(*) FROM "Users" GROUP BY 1'
    assert {(name,): count for name, count in campaigns.items()} == plain(workshop, in_source)
    dirt = plain(
        workshop,
        """
        WITH joined AS (
            SELECT e.*, u.id AS there, u."Created_Date" AS created, m.id AS meal, m.price
            FROM "Event" e LEFT JOIN "Users" u ON u.id = e."User_Id"
            LEFT JOIN "Meal" m ON m.id = e."Meal_Id"
        )
        SELECT 'nothing is known', sum(there IS NULL) FROM joined
        UNION ALL SELECT 'before their customer', sum(created > date) FROM joined
        UNION ALL SELECT 'no row of Meal', sum(meal IS NULL) FROM joined
        UNION ALL SELECT 'is missing', sum("Type" = 'bought' AND meal IS NULL) FROM joined
        UNION ALL SELECT 'read as an amount',
            sum("Type" = 'bought' AND typeof(price) = 'text' AND price <> 'eleven') FROM joined
        UNION ALL SELECT 'cannot be read', sum("Type" = 'bought' AND price = 'eleven') FROM joined
        """,
    )
    for (what,), count in dirt.items():
        assert count
        (line,) = [line for line in said.splitlines() if what in line]
        *shown, last = (
            line.rsplit(": ", 1)[1].removeprefix("rows ").removeprefix("row ").split(", ")
        )
        last, _, more = last.partition(" and ")
        assert len([*shown, last]) + int(more.removesuffix(" more") or 0) == count, line
    odd = [one for one in stored_events(store).values() if "amount_as_written" in one.properties]
    assert {one.properties["amount_as_written"] for one in odd} == {"eleven"}
    assert {one.amount for one in odd} == {None}


def test_the_same_import_again_changes_nothing(store: Store, workshop: Path) -> None:
    imported(store, workshop, WORKSHOP)
    before = everything(store)
    said, _ = imported(store, workshop, WORKSHOP)
    assert (
        "events of workshop-1: 1,609 read, 0 added, 1,609 unchanged, 0 doubled, 0 differing" in said
    )
    assert "customers of workshop-1: 800 read, 0 added, 0 corrected, 800 unchanged" in said
    assert everything(store) == before


def test_two_databases_with_the_same_ids_stay_apart(store: Store, workshop: Path) -> None:
    imported(store, workshop, WORKSHOP)
    imported(store, f"sqlite:///{workshop}", WORKSHOP, "--source", "again")
    counts = counted(store, "SELECT source, count(*) FROM events GROUP BY 1")
    assert counts == {("workshop-1",): 1609, ("again",): 1609}


def test_a_campaign_is_imported_as_its_database_has_it(store: Store, campaign: Path) -> None:
    imported(store, campaign, WORKSHOP)
    found = counted(store, "SELECT type, count(*) FROM events GROUP BY 1")
    assert {kind: count for (kind,), count in found.items()} == counts(campaign, BY_TYPE)
    spent = counts(campaign, SPENT)["bought"]
    assert counted(store, "SELECT sum(amount) FROM events") == {(): spent}
    campaigns = Counter(one.attributes["campaign"] for one in stored_customers(store).values())
    assert campaigns == counts(campaign, BY_CAMPAIGN)


def test_a_file_is_imported(store: Store, tmp_path: Path) -> None:
    file, mapping = shop(
        tmp_path,
        's1,7,2013-07-01 12:00,"7,50",EUR,red,x',
        "s2,007,2013-07-01T12:00Z,9,,,",
    )
    imported(store, file, mapping, "--source", "stall")
    events = stored_events(store)
    first, second = events["s1"], events["s2"]
    assert first.time == datetime(2013, 7, 1, 10, tzinfo=UTC)
    assert second.time == datetime(2013, 7, 1, 12, tzinfo=UTC)
    assert (first.source, first.type, first.customer, second.customer) == (
        *("stall", "bought", "7"),
        "007",
    )
    assert (first.amount, first.currency, first.properties) == (7.5, "EUR", {"colour": "red"})
    assert (second.amount, second.currency, second.properties) == (9.0, None, None)


def test_parquet_and_csv_in_a_folder_are_the_same(store: Store, tmp_path: Path) -> None:
    file, mapping = shop(tmp_path, *(f"{n},{n % 3},2013-07-01 12:00Z,{n},USD,," for n in range(9)))
    imported(store, file, mapping)
    before = everything(store)
    columns = {
        "sale": pa.array(range(9), pa.int32()),
        "who": [float(n % 3) for n in range(9)],
        "at": [datetime(2013, 7, 1, 12, tzinfo=UTC)] * 9,
        "price": pa.array(range(9), pa.decimal128(9, 2)),
        "unit": ["USD"] * 9,
        "colour": [None] * 9,
    }
    folder = tmp_path / "exports"
    folder.mkdir()
    pq.write_table(pa.table(columns), folder / "sales.parquet")
    said, _ = imported(store, folder, mapping, "--source", "sales")
    assert "9 read, 0 added, 9 unchanged" in said
    assert everything(store) == before


def test_a_postgresql_is_read_too(store: Store, postgres: Postgres, tmp_path: Path) -> None:
    other = Store(create_engine(postgres.new_database()))
    with other.engine.begin() as connection:
        connection.execute(text('CREATE SCHEMA "Old"'))
        connection.execute(
            text('CREATE TABLE "Old".log ("Id" uuid, who int, at timestamptz, price numeric)')
        )
        connection.execute(
            text(
                "INSERT INTO \"Old\".log VALUES (gen_random_uuid(), 7, '2013-07-01 12:00+02', 7.25)"
            )
        )
    (tmp_path / "old.toml").write_text(
        '[events]\ntable = "Old.log"\nid = "Id"\ncustomer = "who"\ntype = {always = "bought"}\n'
        'time = "at"\namount = "price"\n'
    )
    (tmp_path / "query.toml").write_text(
        '[events]\nquery = \'SELECT * FROM "Old".log WHERE who = 7\'\nid = "Id"\n'
        'customer = "who"\ntype = {always = "bought"}\ntime = "at"\namount = "price"\n'
    )
    url = other.engine.url.render_as_string(hide_password=False)
    imported(store, url, tmp_path / "old.toml", "--source", "old")
    (stored,) = stored_events(store).values()
    assert len(stored.id) == 36
    assert (stored.customer, stored.amount) == ("7", 7.25)
    assert stored.time == datetime(2013, 7, 1, 10, tzinfo=UTC)
    said, _ = imported(store, url, tmp_path / "query.toml", "--source", "old")
    assert "1 read, 0 added, 1 unchanged" in said
    other.close()


def test_a_query_is_read_many_rows_at_a_time(tmp_path: Path) -> None:
    path = tmp_path / "log.db"
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("CREATE TABLE log (id)")
        database.executemany("INSERT INTO log VALUES (?)", [(n,) for n in range(20_500)])
    for asked in (Table(query="SELECT * FROM log"), Table(table="log")):
        with open_source(str(path)).open(asked) as opened:
            assert [one.num_rows for one in opened.batches(["id"])] == [20_000, 500]


def test_rows_that_cannot_be_stored_are_named_and_the_rest_is_stored(
    store: Store, tmp_path: Path
) -> None:
    good = [f"g{n},1,2013-07-01,1,USD,," for n in range(3)]
    bad = [
        ",1,2013-07-01,1,USD,,",
        "b1,,2013-07-01,1,USD,,",
        "b2,1,yesterday,1,USD,,",
        f"{'x' * 201},1,2013-07-01,1,USD,,",
        "b3,1,,1,USD,,",
        f"b4,{'y' * 201},2013-07-01,1,USD,,",
        f"b5,1,2013-07-01,1,USD,{'z' * 66_000},",
    ]
    file, mapping = shop(tmp_path, *good, *bad)
    rejects = tmp_path / "rejects.csv"
    said, error = imported(store, file, mapping, "--rejected", rejects, exit_code=2)
    assert "not all that was read is stored" in error
    assert "10 read, 3 added, 0 unchanged, 0 doubled, 0 differing, 7 rejected" in said
    assert set(stored_events(store)) == {"g0", "g1", "g2"}
    with rejects.open() as opened:
        listed = {int(row["row"]): row["reason"] for row in csv.DictReader(opened)}
    assert listed == {
        4: "sale is missing",
        5: "who is missing: whose event it is",
        6: "at is no moment such as 2013-05-02 18:20:13",
        7: "sale is longer than 200 characters",
        8: "at is missing",
        9: "who is longer than 200 characters",
        10: "properties take more than 65,536 bytes",
    }
    for reason in listed.values():
        assert reason in said


def test_another_event_of_a_known_id_is_named_and_the_first_stays(
    store: Store, tmp_path: Path
) -> None:
    file, mapping = shop(tmp_path, "s1,1,2013-07-01,1,USD,,", "s2,1,2013-07-01,1,USD,,")
    imported(store, file, mapping)
    shop(tmp_path, "s1,1,2013-07-01,2,USD,,", "s2,1,2013-07-01,1,USD,,")
    said, _ = imported(store, file, mapping, exit_code=2)
    assert "another event is stored by the same id, and stays: s1" in said
    assert stored_events(store)["s1"].amount == 1.0


def test_an_amount_in_another_currency_is_not_taken_for_ours(store: Store, tmp_path: Path) -> None:
    file, mapping = shop(tmp_path, "s1,1,2013-07-01,$5,EUR,,", "s2,1,2013-07-01,$5,,,")
    said, _ = imported(store, file, mapping)
    assert "price cannot be read" in said
    events = stored_events(store)
    assert (events["s1"].amount, events["s1"].properties) == (None, {"amount_as_written": "$5"})
    assert (events["s2"].amount, events["s2"].currency) == (5.0, "USD")


def test_late_customers_mend_what_hung(store: Store, tmp_path: Path) -> None:
    put_events(store, event(1, source="sales", customer="1"))
    file, mapping = shop(tmp_path, "s1,1,2014-07-01,1,USD,,", "s2,2,2014-07-01,1,USD,,")
    said, _ = imported(store, file, mapping)
    assert "of whom nothing is known: 1, s1, s2" in said
    put_customers(store, *(customer(n, source="sales", created=None) for n in (1, 2)))
    said, _ = imported(store, file, mapping)
    assert "nothing is known" not in said


def test_a_lookup_that_leads_to_several_rows_is_refused(store: Store, tmp_path: Path) -> None:
    _, mapping = shop(tmp_path, "s1,1,2013-07-01,1,USD,c1,")
    mapping.write_text(
        SHOP.replace('"colour" }', '"hues.name" }')
        + '[events.lookups.hues]\ntable = "hues"\nkey = "hue"\nby = "colour"\n'
    )
    (tmp_path / "hues.csv").write_text("hue,name\nc1,red\n")
    imported(store, tmp_path, mapping, "--source", "sales")
    assert stored_events(store)["s1"].properties == {"colour": "red"}
    (tmp_path / "hues.csv").write_text("hue,name\nc1,red\nc1,red\nc1,blue\n")
    _, error = imported(store, tmp_path, mapping, exit_code=2)
    assert "hues: several rows have the hue c1" in error


def test_several_columns_together_are_an_id(store: Store, tmp_path: Path) -> None:
    file, mapping = shop(tmp_path, "s1,1,2013-07-01,1,USD,,", "s1,2,2013-07-01,1,USD,,")
    mapping.write_text(SHOP.replace('id = "sale"', 'id = ["sale", "who"]'))
    imported(store, file, mapping)
    assert set(stored_events(store)) == {"s1/1", "s1/2"}


@pytest.mark.parametrize(
    ("mapping", "said"),
    [
        ("", "should map customers, events"),
        ("[events", "is no TOML"),
        (SHOP.replace('sale"\n', 'nr"\n', 1).replace('id = "sale"', 'id = "nr"'), "column nr"),
        (SHOP.replace('"Europe/Berlin"', '"Atlantis"'), "time zone"),
        (SHOP.replace('"colour" }', '"meal.colour" }'), "there is none of meal"),
        (SHOP.replace('customer = "who"', ""), "customer or a session"),
        (SHOP + "colour = 1", "colour"),
        (SHOP.replace('table = "sales"', 'query = "SELECT 1"'), "is no database"),
        (SHOP.replace('table = "sales"', 'table = "other"'), "the table other"),
    ],
)
def test_a_bad_mapping_is_one_line(store: Store, tmp_path: Path, mapping: str, said: str) -> None:
    file, path = shop(tmp_path, "s1,1,2013-07-01,1,USD,,")
    path.write_text(mapping)
    _, error = imported(store, file, path, exit_code=2)
    assert said in error
    assert "Traceback" not in error
    assert stored_events(store) == {}


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("missing.csv", "no such file"),
        ("missing.db", "no such file"),
        ("sqlite:///missing.db", "no such file"),
        ("strange.xlsx", "ends in none of"),
        ("empty.csv", "it is empty"),
        ("broken.parquet", "cannot be read"),
        ("broken.db", "not a database"),
        ("nonsense://host/db", "not known"),
        (f"postgresql://me:{PASSWORD}@127.0.0.1:1/db", "refused"),
    ],
)
def test_a_source_that_cannot_be_read_is_one_line(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str, said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "shop.toml").write_text(SHOP.replace('table = "sales"', ""))
    for name in ("strange.xlsx", "broken.parquet", "broken.db"):
        (tmp_path / name).write_text("nothing that anybody could read" * 100)
    (tmp_path / "empty.csv").touch()
    mapping = tmp_path / "shop.toml"
    if "db" in source:
        mapping.write_text(SHOP)
    _, error = imported(store, source, mapping, exit_code=2)
    assert said in error
    assert PASSWORD not in error
    assert not (tmp_path / "missing.db").exists()
