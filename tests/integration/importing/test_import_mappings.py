"""What mappings can say, and those that ship, each on a few rows of what it is for."""

import gzip
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from sqlalchemy import create_engine, text
from support.databases import Postgres
from support.facts import stored_customers, stored_events
from support.imports import imported

from valuebox.store.engine import Store

MAPPINGS = Path(__file__).parents[3] / "data" / "mappings"
INVOICES = """\
InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country
900001,85123A,"WHITE HOLDER, LARGE",6,12/1/2010 8:26,2.55,17850.0,United Kingdom
900001,85123A,"WHITE HOLDER, LARGE",6,12/1/2010 8:26,2.55,17850.0,United Kingdom
C900002,85123A,"WHITE HOLDER, LARGE",-6,12/1/2010 9:26,2.55,17850.0,EIRE
900003,22423,CAKESTAND,1,1/13/2011 9:26,12.75,,EIRE
"""


def write(path: Path, content: str, encoding: str = "utf-8") -> Path:
    path.write_text(content, encoding=encoding)
    return path


@pytest.mark.sqlite_alone
def test_lines_of_invoices_tell_of_customers_orders_and_refunds(
    store: Store, tmp_path: Path
) -> None:
    file = write(tmp_path / "Online Retail.csv", INVOICES)
    said, _ = imported(store, file, MAPPINGS / "online-retail.toml")
    assert "4 read, 4 added, 0 unchanged, 0 doubled, 0 differing, 0 rejected" in said
    assert "customers of online-retail, from their events: 1 added" in said
    events = stored_events(store).values()
    assert [(one.customer, one.session, one.type, one.amount) for one in events] == [
        ("17850", "900001", "bought", 15.3),
        ("17850", "900001", "bought", 15.3),
        ("17850", "C900002", "refunded", -15.3),
        (None, "900003", "bought", 12.75),
    ]
    (customer,) = stored_customers(store).values()
    assert (customer.id, customer.attributes) == ("17850", {"country": "United Kingdom"})
    assert customer.created == min(one.time for one in events if one.customer)
    again, _ = imported(store, file, MAPPINGS / "online-retail.toml")
    assert "4 read, 0 added, 4 unchanged" in again
    assert "0 added, 0 corrected, 1 unchanged" in again


@pytest.mark.sqlite_alone
def test_a_file_of_columns_below_one_another_has_no_header(store: Store, tmp_path: Path) -> None:
    lines = [
        " 00001 19970101  1   11.77",
        " 00002 19970112  1   12.00",
        " 00002 19970112  5   77.00",
    ]
    file = write(tmp_path / "CDNOW_master.txt", "\n".join(lines))
    imported(store, file, MAPPINGS / "cdnow.toml")
    events = stored_events(store)
    assert {
        one.id: (one.customer, str(one.time.date()), one.amount) for one in events.values()
    } == {
        "CDNOW_master#1": ("00001", "1997-01-01", 11.77),
        "CDNOW_master#2": ("00002", "1997-01-12", 12.0),
        "CDNOW_master#3": ("00002", "1997-01-12", 77.0),
    }
    assert set(stored_customers(store)) == {"00001", "00002"}


@pytest.mark.sqlite_alone
def test_what_visitors_did_is_called_as_the_report_calls_it(store: Store, tmp_path: Path) -> None:
    lines = [
        "timestamp,visitorid,event,itemid,transactionid",
        "1400000000117,71,view,10,",
        "1400000001000,72,addtocart,11,",
        *["1400000002000,72,transaction,11,501"] * 2,
    ]
    file = write(tmp_path / "events.csv", "\n".join(lines))
    imported(store, file, MAPPINGS / "retailrocket.toml")
    events = stored_events(store)
    assert sorted(one.type for one in events.values()) == ["addtocart", "bought", "bought", "view"]
    assert "1400000002000/72/transaction/11/#2" in events
    first = events["1400000000117/71/view/10"]
    assert (first.time.isoformat(), first.properties) == (
        "2014-05-13T16:53:20.117000+00:00",
        {"item": "10", "category": "10"},
    )


@pytest.mark.sqlite_alone
def test_clicks_of_sessions_are_views_of_items(store: Store, tmp_path: Path) -> None:
    lines = ["SessionId\tItemId\tTime", "1\t0214\t1396860669.277", "1\t0215\t1396860886.998"]
    tabbed = write(tmp_path / "clicks.tsv", "\n".join(lines))
    imported(store, tabbed, MAPPINGS / "session-clicks.toml")
    lines = ["1,2014-04-07T10:51:09.277Z,214536502,0", "1,2014-04-07T10:54:09.868Z,007,S"]
    bare = write(tmp_path / "yoochoose-clicks.dat.csv", "\n".join(lines))
    imported(store, bare, MAPPINGS / "yoochoose-clicks.toml")
    events = stored_events(store).values()
    assert {(one.source, one.session, one.type) for one in events} == {
        ("session-clicks", "1", "view"),
        ("yoochoose", "1", "view"),
    }
    assert sorted((one.properties or {})["item"] for one in events) == [
        *("007", "0214", "0215", "214536502"),
    ]


@pytest.mark.sqlite_alone
def test_prices_of_what_was_only_looked_at_are_no_money(store: Store, tmp_path: Path) -> None:
    lines = [
        "event_time,event_type,product_id,category_code,brand,price,user_id,user_session",
        "2019-10-01 00:00:00 UTC,view,4460,,shiny,35.79,5413,72d76fde",
        "2019-10-01 00:00:09 UTC,purchase,3900,appliances.water_heater,aqua,33.20,5547,9333",
    ]
    file = tmp_path / "2019-Oct.csv.gz"
    file.write_bytes(gzip.compress("\n".join(lines).encode()))
    imported(store, file, MAPPINGS / "ecommerce-events.toml")
    looked, bought = sorted(stored_events(store).values(), key=lambda one: one.time)
    assert (looked.type, looked.amount, looked.properties) == (
        "view",
        None,
        {"item": "4460", "brand": "shiny", "price": 35.79},
    )
    assert (bought.type, bought.amount, bought.currency) == ("bought", 33.2, "USD")


ORDERS = """
[events]
id = "id"
customer = "who"
type = { always = "bought" }
time = "at"
amount = "price"
"""


@pytest.mark.parametrize(
    ("layout", "content", "encoding"),
    [
        ('delimiter = ";"', 'id;who;at;price\n1;"Jos;é";2024-05-02;7,50\n', "cp1252"),
        ('delimiter = "tab"', "id\twho\tat\tprice\n1\tJos;é\t2024-05-02\t7,50\n", "utf-16"),
        (
            'delimiter = "|"\ncolumns = ["id", "who", "at", "price"]',
            "1|Jos;é|2024-05-02|7,50\n",
            "latin-1",
        ),
    ],
)
@pytest.mark.sqlite_alone
def test_files_laid_out_in_other_ways_are_read_when_the_mapping_says_so(
    store: Store, tmp_path: Path, layout: str, content: str, encoding: str
) -> None:
    file = write(tmp_path / "orders.csv", content, encoding)
    mapping = write(tmp_path / "m.toml", f'encoding = "{encoding}"\n{layout}\n{ORDERS}')
    imported(store, file, mapping)
    (event,) = stored_events(store).values()
    assert (event.customer, event.amount) == ("Jos;é", 7.5)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"id;who;at;price\n1;u;2024-05-02;7,50\n", 'say delimiter = ";"'),
        (b"id\twho\tat\tprice\n1\tu\t2024-05-02\t7\n", 'say delimiter = "tab"'),
        ("id,who,at,price\n1,u,2024-05-02,7\n".encode("utf-16"), 'say encoding = "utf-16"'),
        (
            "id,who,at,price\n1,u,2024-05-02,7\n2,é,2024-05-02,7\n".encode("latin-1"),
            "row 2; say its encoding",
        ),
        (
            b"id,who,at,price\n1,u,2024-05-02,7\n2,u,2024-05-02\n",
            "fewer fields than the 4 of the header: row 2",
        ),
        (b'id,who,at,price\n1,u,2024-05-02,7\n2,"u,2024-05-02,7\n3,u,2024-05-02,7\n', "row 2"),
        (b"id,who,at,price,price\n1,u,2024-05-02,7,8\n", "more than one column price"),
        (b"id, who, At, price\n1,u,2024-05-02,7\n", "nearly so are called ' who', ' At', ' price'"),
    ],
)
@pytest.mark.sqlite_alone
def test_a_file_that_is_not_what_it_seems_is_refused_and_nothing_stored(
    store: Store, tmp_path: Path, content: bytes, said: str
) -> None:
    (tmp_path / "orders.csv").write_bytes(content)
    mapping = write(tmp_path / "m.toml", ORDERS)
    _, error = imported(store, tmp_path / "orders.csv", mapping, exit_code=2)
    assert said in error
    assert str(tmp_path / "orders.csv") in error
    assert stored_events(store) == {}


@pytest.mark.sqlite_alone
def test_columns_with_a_dot_are_columns(store: Store, tmp_path: Path) -> None:
    header = "event.id,user.id,event.time,user.city"
    file = write(tmp_path / "log.csv", f"{header}\n1,u1,2024-05-02,own\n")
    write(tmp_path / "cities.csv", "id,city\nu1,theirs\n")
    mapping = write(
        tmp_path / "m.toml",
        '[events]\ntable = "log"\nid = "event.id"\ncustomer = "user.id"\n'
        'type = { always = "bought" }\ntime = "event.time"\n'
        'properties = { own = "user.city", theirs = \'user."city"\' }\n'
        '[events.lookups.user]\ntable = "cities"\nkey = "id"\nby = "user.id"\n',
    )
    imported(store, file.parent, mapping)
    assert stored_events(store)["1"].properties == {"own": "own", "theirs": "theirs"}


def test_the_same_line_twice_is_counted_with_what_it_cost(store: Store, tmp_path: Path) -> None:
    lines = ["900001,85123A,2.55", "900001,85123A,2.55", "900001,22423,12.75"]
    header = "order,sku,price"
    file = write(tmp_path / "lines.csv", "\n".join([header, *lines]))
    told = (
        'currency = "GBP"\n[events]\nid = ["order", "sku"]\ncustomer = "order"\n'
        'type = { always = "bought" }\ntime = { column = "at", format = "%Y" }\namount = "price"\n'
    )
    file.write_text("\n".join([f"{header},at", *(f"{one},2024" for one in lines)]))
    mapping = write(tmp_path / "m.toml", told)
    said, _ = imported(store, file, mapping)
    assert "3 read, 2 added, 0 unchanged, 1 doubled, 0 differing, 0 rejected" in said
    assert "with 2.55 of 17.85 GBP" in said
    assert "the same id as an earlier row: row 2" in said
    mapping.write_text(told.replace('"sku"]', '"sku", "#"]'))
    said, _ = imported(store, file, mapping)
    assert "3 read, 1 added, 2 unchanged, 0 doubled" in said
    assert set(stored_events(store)) == {"900001/85123A", "900001/85123A/#2", "900001/22423"}


def test_rows_with_the_same_id_are_found_far_apart(store: Store, tmp_path: Path) -> None:
    ids = [*range(45_000), 7, 20_001, 8]
    prices = [*[1.0] * 45_000, 1.0, 1.0, 2.0]
    days = pa.array(["2024-05-02"] * len(ids))
    table = pa.table({"id": ids, "who": ids, "at": days, "price": prices})
    pq.write_table(table, tmp_path / "orders.parquet")
    mapping = write(tmp_path / "m.toml", ORDERS)
    said, _ = imported(store, tmp_path / "orders.parquet", mapping, exit_code=2)
    assert "45,003 read, 45,000 added, 0 unchanged, 2 doubled, 1 differing, 0 rejected" in said
    assert "the same id as an earlier row: rows 45001, 45002" in said
    assert "another event is stored by the same id, and stays: 8" in said


def test_rows_that_differ_are_not_counted_as_doubled(store: Store, tmp_path: Path) -> None:
    rows = [*((n, 1.0) for n in range(80)), *((n, 1.0 + n % 2) for n in range(80))]
    ids, prices = zip(*rows, strict=True)
    table = pa.table({"id": ids, "who": ids, "at": ["2024-05-02"] * 160, "price": prices})
    pq.write_table(table, tmp_path / "orders.parquet")
    mapping = write(tmp_path / "m.toml", ORDERS)
    said, _ = imported(store, tmp_path / "orders.parquet", mapping, exit_code=2)
    assert "160 read, 80 added, 0 unchanged, 40 doubled, 40 differing, 0 rejected" in said
    assert "an earlier row is the same, with 40.00 of 200.00 (" in said
    assert "rows 81, 83, 85, 87, 89 and 35 more" in said


@pytest.mark.sqlite_alone
def test_amounts_that_lack_a_part_are_named(store: Store, tmp_path: Path) -> None:
    lines = [f"2024-05-02,{one}" for one in ("2,5.5,1", "2,5.5,", "2,,1", ",,", "0,0,0")]
    file = write(tmp_path / "lines.csv", "\n".join(["at,n,price,off", *lines]))
    mapping = write(
        tmp_path / "m.toml",
        '[events]\nid = { row = true }\ncustomer = "at"\ntype = { always = "bought" }\n'
        'time = "at"\namount = "n * price - off"\n',
    )
    said, _ = imported(store, file, mapping)
    assert (
        "n * price - off cannot be worked out, as something in it is missing; stored without an "
        "amount: rows 2, 3" in said
    )
    assert [one.amount for one in stored_events(store).values()] == [10.0, None, None, None, 0.0]


def test_several_tables_of_events_share_no_ids(store: Store, tmp_path: Path) -> None:
    write(tmp_path / "orders.csv", "id,who,at,price\n1,u1,2024-05-02,7\n2,u2,2024-05-03,8\n")
    write(tmp_path / "visits.csv", "id,who,at\n1,u1,2024-05-01\n")
    several = ORDERS.replace("[events]", '[[events]]\ntable = "orders"')
    visits = several.replace("orders", "visits").replace('amount = "price"\n', "")
    mapping = write(tmp_path / "m.toml", several + visits)
    _, error = imported(store, tmp_path, mapping, "--source", "shop", exit_code=2)
    assert "orders and visits have 1 ids in common" in error
    assert stored_events(store) == {}
    mapping.write_text(several + visits + 'prefix = "visit-"\n[customers]\nfrom = "events"\n')
    said, _ = imported(store, tmp_path, mapping, "--source", "shop")
    assert "events of orders of shop: 2 read, 2 added" in said
    assert "events of visits of shop: 1 read, 1 added" in said
    assert set(stored_events(store)) == {"1", "2", "visit-1"}
    created = {one.id: str(one.created.date()) for one in stored_customers(store).values()}
    assert created == {"u1": "2024-05-01", "u2": "2024-05-03"}


@pytest.mark.parametrize(("told", "country"), [("first", "FR"), ("last", "DE")])
@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_customers_from_events_do_not_depend_on_the_order_of_imports(
    store: Store, tmp_path: Path, told: str, country: str, order: tuple[int, int]
) -> None:
    months = ["id,who,at,country\n1,u1,2024-01-05,FR\n", "id,who,at,country\n2,u1,2024-02-05,DE\n"]
    mapping = write(
        tmp_path / "m.toml",
        f'source = "shop"\n[customers]\nfrom = "events"\ntold = "{told}"\n'
        'attributes = { country = "country" }\n' + ORDERS.replace('amount = "price"\n', ""),
    )
    for month in order:
        imported(store, write(tmp_path / f"m{month}.csv", months[month]), mapping)
    customer = stored_customers(store)["u1"]
    assert (str(customer.created.date()), customer.attributes) == (
        "2024-01-05",
        {"country": country},
    )


@pytest.mark.sqlite_alone
def test_customers_in_several_campaigns_are_a_group_of_their_own(
    store: Store, tmp_path: Path
) -> None:
    write(tmp_path / "people.csv", "id\n1\n2\n3\n")
    write(tmp_path / "members.csv", "person,campaign\n1,10\n1,11\n2,10\n")
    write(tmp_path / "campaigns.csv", "id,name\n10,TW\n11,FB\n")
    mapping = write(
        tmp_path / "m.toml",
        '[customers]\ntable = "people"\nid = "id"\n'
        'attributes = { campaign = "in.campaign.name" }\n'
        '[customers.lookups.in]\ntable = "members"\nkey = "person"\nby = "id"\nseveral = "all"\n'
        "[customers.lookups.in.lookups.campaign]\n"
        'table = "campaigns"\nkey = "id"\nby = "campaign"\n',
    )
    imported(store, tmp_path, mapping)
    found = {one.id: one.attributes for one in stored_customers(store).values()}
    assert found == {"1": {"campaign": "FB + TW"}, "2": {"campaign": "TW"}, "3": None}


@pytest.mark.sqlite_alone
def test_rows_that_are_not_meant_are_left_out_and_unclear_ones_refused(
    store: Store, tmp_path: Path
) -> None:
    lines = [
        "1,u,2024-05-02,2,5",
        "2,u,2024-05-02,0,5",
        "3,u,2024-05-02,some,5",
        "4,u,2024-05-02,,5",
    ]
    file = write(tmp_path / "orders.csv", "\n".join(["id,who,at,n,unit price", *lines]))
    mapping = write(
        tmp_path / "m.toml",
        ORDERS.replace('"price"', '"n * `unit price`"') + 'where = "n > 0 or missing(n)"\n',
    )
    said, _ = imported(store, file, mapping, exit_code=2)
    assert "4 read, 2 added, 0 unchanged, 0 doubled, 0 differing, 1 left out, 1 rejected" in said
    assert "n is no number: row 3" in said
    assert {one.id: one.amount for one in stored_events(store).values()} == {"1": 10.0, "4": None}


def test_two_mappings_in_turn_tell_of_the_same_customers(store: Store, tmp_path: Path) -> None:
    file = write(tmp_path / "people.csv", "id,campaign,plan\n1,TW,gold\n")
    for attribute in ("campaign", "plan"):
        mapping = write(
            tmp_path / f"{attribute}.toml",
            f'[customers]\nid = "id"\nattributes = {{ {attribute} = "{attribute}" }}\n',
        )
        imported(store, file, mapping)
    assert stored_customers(store)["1"].attributes == {"campaign": "TW", "plan": "gold"}


def test_odd_names_and_years_of_a_postgresql(
    store: Store, postgres: Postgres, tmp_path: Path
) -> None:
    other = create_engine(postgres.new_database())
    with other.begin() as connection:
        connection.execute(text('CREATE SCHEMA "Sales 2024"'))
        connection.execute(
            text(
                'CREATE TABLE "Sales 2024"."order" ("Order ID" bytea, "user" int, at timestamptz, '
                '"select" numeric(9, 2))'
            )
        )
        for row in (
            "('\\x0001', 7, '2024-05-02 10:00+02', 5.10)",
            "('\\x0002', 7, '20240-05-02', 5)",
            "('\\x0003', 7, 'infinity', 5)",
            "('\\x0004', 7, '0044-03-15 BC', 5)",
        ):
            connection.execute(text(f'INSERT INTO "Sales 2024"."order" VALUES {row}'))
    mapping = write(
        tmp_path / "m.toml",
        '[events]\ntable = "Sales 2024.order"\nid = "Order ID"\ncustomer = "user"\n'
        'type = { always = "bought" }\ntime = "at"\namount = "select"\n',
    )
    url = other.url.render_as_string(hide_password=False)
    other.dispose()
    said, _ = imported(store, url, mapping, "--source", "sales", exit_code=2)
    assert "4 read, 1 added, 0 unchanged, 0 doubled, 0 differing, 3 rejected" in said
    assert "at is no moment such as 2013-05-02 18:20:13: rows 2, 3, 4" in said
    (event,) = stored_events(store).values()
    assert (event.id, event.amount, event.time.hour) == ("0001", 5.1, 8)
    mapping.write_text(mapping.read_text().replace('id = "Order ID"', "id = { row = true }"))
    _, error = imported(store, url, mapping, "--source", "sales", exit_code=2)
    assert "a query with ORDER BY" in error
