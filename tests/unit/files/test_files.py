from pathlib import Path

import pandas as pd
import pytest
from pydantic import ValidationError

from valuebox.compartments.ltv.files import BadFile, columns_of, read_users
from valuebox.compartments.ltv.schemas import User

HEADER = (
    "user_id,join_date,hidden,STV,credit_card_level,is_lp,aff_type,is_cancelled,country_segment"
)
GOOD = "7,2019-08-01 00:00:21,1,0.3975,prepaid,0,PPL,1,US"


@pytest.fixture
def write(tmp_path: Path):
    def write(*lines: str) -> Path:
        path = tmp_path / "users.csv"
        path.write_text("\n".join(lines) + "\n")
        return path

    return write


def test_values_have_their_types(write) -> None:
    users = read_users(write(HEADER, GOOD))
    row = users.iloc[0]
    assert row["user_id"] == 7
    assert row["join_date"] == pd.Timestamp("2019-08-01 00:00:21")
    assert (row["hidden"], row["STV"], row["country_segment"]) == (1.0, 0.3975, "US")


def test_na_and_nothing_mean_missing(write) -> None:
    users = read_users(write(HEADER, "7,2019-08-01,NA,,NA,NA,,NA,NA"))
    assert users.drop(columns=["user_id", "join_date"]).isna().all(axis=None)
    assert all(values.shape == (1,) for values in columns_of(users).values())


def test_columns_may_be_absent_quoted_in_any_order_and_more(write) -> None:
    users = read_users(write('"join_date","note","user_id"', '"2019-08-01","007","7"'))
    assert users.loc[0, "note"] == "007"
    absent = users.drop(columns=["join_date", "note", "user_id"])
    assert list(absent.columns) == HEADER.split(",")[2:]
    assert absent.isna().all(axis=None)


@pytest.mark.parametrize(("mark", "line_end"), [("\ufeff", "\n"), ("", "\r\n"), ("\ufeff", "\r\n")])
def test_files_from_spreadsheets(tmp_path: Path, mark: str, line_end: str) -> None:
    path = tmp_path / "users.csv"
    path.write_bytes((mark + line_end.join([HEADER, GOOD, ""])).encode())
    assert read_users(path).loc[0, "country_segment"] == "US"


def test_a_comma_at_the_end_of_rows_shifts_nothing(write) -> None:
    assert read_users(write(HEADER + ",", GOOD + ",")).loc[0, "user_id"] == 7


def test_what_requests_refuse_in_other_columns_is_refused_too(write) -> None:
    with pytest.raises(BadFile, match="note holds NUL: row 1"):
        read_users(write("user_id,join_date,note", "7,2019-08-01,a\0b"))


def test_large_ids_keep_every_digit(write) -> None:
    ids = ["9007199254740993", "9223372036854775807"]
    users = read_users(write("user_id,join_date", *(f"{one},2019-08-01" for one in ids)))
    assert users["user_id"].astype(str).tolist() == ids


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        ("user_id", "x", "user_id is no whole number"),
        ("user_id", "-1", "user_id is no whole number"),
        ("user_id", "1.5", "user_id is no whole number"),
        ("user_id", "9223372036854775808", "user_id is no whole number"),
        ("user_id", "NA", "user_id is missing"),
        ("join_date", "2019-13-01", "join_date is no date"),
        ("join_date", "yesterday", "join_date is no date"),
        ("join_date", "1564617621", "join_date is no date"),
        ("join_date", "2019", "join_date is no date"),
        ("join_date", "2019-08", "join_date is no date"),
        ("join_date", "1969-12-31", "join_date is no date"),
        ("join_date", "", "join_date is missing"),
        ("hidden", "2", "hidden is neither 0 nor 1"),
        ("is_cancelled", "yes", "is_cancelled is neither 0 nor 1"),
        ("STV", "-0.5", "STV is no amount"),
        ("STV", "inf", "STV is no amount"),
        ("STV", "a lot", "STV is no amount"),
        ("STV", "1e9", "STV is no amount"),
        ("country_segment", "U" * 101, "country_segment is longer than 100"),
    ],
)
def test_bad_values_are_named_with_their_rows(write, column: str, value: str, message: str) -> None:
    cells = dict(zip(HEADER.split(","), GOOD.split(","), strict=True)) | {column: value}
    path = write(HEADER, GOOD, ",".join(cells.values()), GOOD)
    with pytest.raises(BadFile, match=rf"{message}.*: row 2$"):
        read_users(path)


def test_all_problems_are_listed_at_once_and_rows_are_counted(write) -> None:
    bad = GOOD.replace("0.3975", "much")
    path = write(HEADER, *[bad] * 7, GOOD.replace("2019-08-01", "2019-08-32"))
    with pytest.raises(BadFile) as caught:
        read_users(path)
    message = str(caught.value)
    assert "STV is no amount from 0 to 1,000,000: rows 1, 2, 3, 4, 5 and 2 more" in message
    assert "join_date is no date such as 2019-08-01 00:00:21: row 8" in message


def test_duplicates_are_refused_where_a_user_must_be_unique(write) -> None:
    path = write(HEADER, GOOD, GOOD.replace("7,", "8,", 1), GOOD)
    assert len(read_users(path)) == 3
    with pytest.raises(BadFile, match="user_id appears more than once: rows 1, 3"):
        read_users(path, unique=True)


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (["user_id", "1"], "lacks the column join_date"),
        (["a,b", "1,2"], "lacks the columns user_id, join_date; it has a, b"),
        ([HEADER], "holds no users"),
        ([""], "no CSV file"),
        ([HEADER, GOOD + ",1,2,3", GOOD + ',"'], "quote out of place in field 10, .* row 2"),
        ([HEADER, GOOD + ",1,2,3", GOOD], "more fields than the 9 of the header .*: row 1"),
    ],
)
def test_files_that_are_no_users_are_refused(write, lines: list[str], message: str) -> None:
    with pytest.raises(BadFile, match=message):
        read_users(write(*lines))


def test_a_file_that_is_not_there_or_not_text(tmp_path: Path) -> None:
    with pytest.raises(BadFile, match="no such file"):
        read_users(tmp_path / "nowhere.csv")
    binary = tmp_path / "users.csv"
    binary.write_bytes(b"user_id,join_date\n\xff\xfe,1\n")
    with pytest.raises(BadFile, match=r"user_id is no UTF-8 \(byte 0xff\): row 1"):
        read_users(binary)
    with pytest.raises(BadFile, match="is a folder without Parquet files"):
        read_users(tmp_path)


@pytest.mark.parametrize(
    ("column", "text", "value"),
    [
        ("hidden", "1", 1),
        ("hidden", "2", 2),
        ("STV", "0", 0.0),
        ("STV", "1000000", 1e6),
        ("STV", "1000001", 1_000_001.0),
        ("STV", "-0.01", -0.01),
        ("user_id", "0", 0),
        ("user_id", str(2**63 - 1), 2**63 - 1),
        ("user_id", str(2**63), 2**63),
        ("join_date", "2019-08-01", "2019-08-01"),
        ("join_date", "2019-08-01T00:00:21Z", "2019-08-01T00:00:21Z"),
        ("join_date", "2019-08-01 02:00:21+02:00", "2019-08-01 02:00:21+02:00"),
        ("join_date", "2200-01-01", "2200-01-01"),
        ("join_date", "1970-01-01", "1970-01-01"),
        ("join_date", "2019-02-29", "2019-02-29"),
        ("target", "-3.5", -3.5),
        ("target", "-1000001", -1_000_001.0),
        ("aff_type", "x" * 100, "x" * 100),
        ("aff_type", "x" * 101, "x" * 101),
    ],
)
def test_a_file_accepts_what_a_request_accepts(
    write, column: str, text: str, value: object
) -> None:
    row = {"user_id": "7", "join_date": "2019-08-01"} | {column: text}
    body = {"user_id": 7, "join_date": "2019-08-01"} | {column: value}
    try:
        accepted = getattr(User.model_validate(body), column)
    except ValidationError:
        accepted = None
    path = write(",".join(row), ",".join(row.values()))
    if accepted is None:
        with pytest.raises(BadFile, match=column):
            read_users(path)
    else:
        assert read_users(path).loc[0, column] == accepted
