"""Files as people have them: each row comes out, or the file is refused, by all readers alike."""

import bz2
import gzip
import io
import lzma
import zipfile
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from support.readers import read

from valuebox.compartments.ltv.files import BadFile, open_users, read_users

FEWER = "fewer fields than the 5 of the header: row"
HEADER = "user_id,join_date,STV,country_segment,note"
ONE = "1,2019-08-01 00:00:21,16.277625,US,x"
TWO = "2,2019-08-02,0.3975,NZ,y"
GOOD = f"{HEADER}\n{ONE}\n{TWO}\n".encode()


@pytest.fixture
def file(tmp_path: Path):
    def write(content: bytes | str, name: str = "users.csv") -> Path:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


def zipped(**files: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return packed.getvalue()


GOOD_WAYS = {
    "plain": GOOD,
    "no line end at the end": GOOD.rstrip(),
    "CRLF": GOOD.replace(b"\n", b"\r\n"),
    "CR": GOOD.replace(b"\n", b"\r"),
    "mixed": GOOD.replace(b"\n", b"\r\n", 2),
    "BOM": b"\xef\xbb\xbf" + GOOD,
    "BOM and quotes": b'\xef\xbb\xbf"user_id"' + GOOD.removeprefix(b"user_id"),
    "blank lines": GOOD.replace(b"\n", b"\n\n  \n \t\r\n"),
    "blank lines above": b"\n\r\n" + GOOD,
    "line end in quotes": GOOD.replace(b",x\n", b',"two\nlines, ""quoted"""\n'),
    "CR in quotes": GOOD.replace(b",x\n", b',"two\rlines"\n'),
    "everything in quotes": b"".join(
        b",".join(b'"%s"' % field for field in line.split(b",")) + b"\n"
        for line in GOOD.splitlines()
    ),
    "comma at the end": GOOD.replace(b"\n", b",\n"),
    "column without a name": GOOD.replace(b"user_id", b",user_id")
    .replace(b"1,2019", b"0,1,2019", 1)
    .replace(b"2,2019", b"1,2,2019", 1),
    "ids written as floats": GOOD.replace(b"\n1,", b"\n1.0,").replace(b"\n2,", b"\n2.00,"),
    "moments of BigQuery": GOOD.replace(b"00:00:21", b"00:00:21 UTC"),
    "gzip": gzip.compress(GOOD),
    "gzip of several members": gzip.compress(GOOD[:70]) + gzip.compress(GOOD[70:]),
    "bzip2": bz2.compress(GOOD),
    "xz": lzma.compress(GOOD),
    "Zstandard": bytes(pa.Codec("zstd").compress(GOOD)),
    "zip": zipped(users=GOOD),
    "zip of a Mac": zipped(**{"users.csv": GOOD, "__MACOSX/._users.csv": b"\0"}),
}


@pytest.mark.parametrize("way", GOOD_WAYS)
@pytest.mark.parametrize("name", ["users.csv", "users.csv.gz"])
def test_what_is_unambiguous_is_read(file, way: str, name: str) -> None:
    found = read(file(GOOD_WAYS[way], name))
    assert isinstance(found, dict), found
    assert found["user_id"] == [1, 2]
    assert found["STV"] == [16.277625, 0.3975]
    assert found["country_segment"] == ["US", "NZ"]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (
            f"{HEADER}\n{ONE}\n2,2019-08-02,0.3975,N\n",
            "fewer fields than the 5 of the header: row 2",
        ),
        (f"{HEADER}\n{ONE}\n2,2019-08-02,0.3", f"{FEWER} 2"),
        (
            f"{HEADER}\n{ONE}\n\n{TWO.replace('0.3975', '0,3975')}\n",
            "more fields than the 5 of the header (a comma in a field needs quotes): row 2",
        ),
        (f"{HEADER}\n{ONE}\n{TWO},\n", "more fields than the 5 of the header"),
        (f"{HEADER}\n{ONE},,\n2,2019-08-02,0.3\n", f"{FEWER} 2"),
        (f'{HEADER}\n{ONE}\n{TWO[:-1]}"y\n3,2019-08-01,1,US,z\n', "never closed"),
        (f'{HEADER}\n{ONE}\n{TWO[:-1]}"y\n3,2019-08-01,1,US,"z"\n', "quote out of place in note"),
        (f'{HEADER}\n{ONE}\n{TWO}5" pipe\n3,2019-08-01,1,US,6" pipe\n', "in note, or never"),
        (f'{HEADER}\n{ONE}\n{TWO[:-1]}"say \\"hi\\", ok"\n', "quote out of place in note"),
        (f'{HEADER}\n{ONE}\n{TWO[:-1]}"y" \n', "quote out of place in note"),
        (f'{HEADER}\n{ONE}\n{TWO[:-1]}y""\n', "quote out of place in note"),
        (f"{HEADER}\n{ONE}\n{HEADER}\n{TWO}\n", "user_id is no whole number"),
        (GOOD.replace(b"NZ", b"N\0Z"), "country_segment holds NUL: row 2"),
        (GOOD + b"\0" * 100, "user_id holds NUL: row 3"),
        (GOOD + b"\x1a", f"{FEWER} 3"),
        (GOOD.replace(b"NZ", b"Cura\xe7ao"), "country_segment is no UTF-8 (byte 0xe7): row 2"),
        (GOOD.replace(b"note", b"n\xf8te"), "the header is no UTF-8 (byte 0xf8)"),
        (GOOD.replace(b"note", b"STV"), "has more than one column STV"),
        (GOOD.replace(b"note", b'no"te'), "the header has a quote out of place"),
        (GOOD.replace(b",", b";"), "its fields are separated by semicolons, and not by commas"),
        (GOOD.replace(b",", b"\t"), "its fields are separated by tabs, and not by commas"),
        (GOOD.partition(b"\n")[2], "lacks the columns user_id, join_date"),
        (b"sep=,\n" + GOOD, "lacks the columns user_id, join_date; it has sep="),
        (b"# export\n" + GOOD, "lacks the columns user_id, join_date; it has # export"),
        (GOOD.decode().encode("utf-16"), "is UTF-16; save it as UTF-8"),
        (f"{HEADER}\n", "holds no users, only a header"),
        (b"\xef\xbb\xbf", "is no CSV file with a header: it is empty"),
        (b" \n", "is no CSV file with a header: it is empty"),
        (gzip.compress(GOOD)[:-9], "cannot be read: Compressed file ended before"),
        (bz2.compress(GOOD)[:-9], "cannot be read"),
        (lzma.compress(GOOD)[:-9], "cannot be read: Compressed file ended before"),
        (bytes(pa.Codec("zstd").compress(GOOD))[:-3], "cannot be read: Truncated"),
        (gzip.compress(GOOD) + b"garbage", "cannot be read: Not a gzipped file"),
        (zipped(a=GOOD, b=GOOD), "holds 2 files instead of one; unpack it"),
        (zipped(**{"[Content_Types].xml": b""}), "is a workbook; save it as CSV"),
        (zipped(users=GOOD)[:-30], "cannot be read: File is not a zip file"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1", "is a workbook; save it as CSV"),
        (b"PAR1 and nothing else", "cannot be read: Parquet magic bytes not found"),
        (GOOD.replace(b"\n1,", b"\n1.5,"), "user_id is no whole number"),
        (GOOD.replace(b"\n1,", b"\n1.36958E+06,"), "user_id is no whole number"),
        (GOOD.replace(b"\n1,", b"\n9007199254740993.0,"), "user_id is no whole number"),
    ],
)
def test_what_would_lose_rows_or_change_values_is_refused(file, content, told: str) -> None:
    found = read(file(content))
    assert isinstance(found, str)
    assert told in found
    assert "Traceback" not in found


def test_a_quote_that_is_never_closed_swallows_no_rows(file) -> None:
    rows = [f"{user},2019-08-01,1.5,US,ok" for user in range(150_000)]
    rows[50_000] = rows[50_000].replace("ok", '"ok')
    found = read(file("\n".join([HEADER, *rows])))
    assert found == (
        "some rows cannot be used (they count from 1):\n  - quote out of place in note, or never "
        "closed (within quotes it is doubled): row 50001"
    )


def test_all_rows_that_are_torn_are_counted(file) -> None:
    rows = [
        f"{user},2019-08-01" + ",1.5,US,ok" * (user % 10 != 5) + "x" * 80 for user in range(60_000)
    ]
    found = read(file("\n".join([HEADER, *rows])))
    assert "fewer fields than the 5 of the header: rows 6, 16, 26, 36, 46 and 5,995 more" in found


def test_every_block_of_a_file_is_read_to_its_end(file) -> None:
    rows = [f'{user},2019-08-01,1.5,"U\nS","{"é" * (user % 90)}"' for user in range(90_000)]
    found = read(file("\r\n".join([HEADER, *rows])))
    assert isinstance(found, dict), found
    assert found["user_id"] == list(range(90_000))
    assert set(found["country_segment"]) == {"U\nS"}


TABLE = pa.table(
    {
        "user_id": [1, 2],
        "join_date": ["2019-08-01 00:00:21", "2019-08-02"],
        "STV": [16.277625, 0.3975],
        "country_segment": ["US", "NZ"],
    }
)


@pytest.mark.parametrize(
    "ids",
    [
        pa.array([1.0, 2.0]),
        pa.array([1.0, 2.0], pa.float32()),
        pa.array(["1", "2"]).dictionary_encode(),
        pa.array(["1.0", "2.0"], pa.string_view()),
        pa.array([1, 2]).cast(pa.decimal128(21, 2)),
        pa.array([b"1", b"2"]),
        pa.array([1, 2], pa.uint64()),
    ],
    ids=lambda ids: str(ids.type),
)
def test_ids_in_parquet_are_read_where_they_are_whole(tmp_path: Path, ids: pa.Array) -> None:
    pq.write_table(TABLE.set_column(0, "user_id", ids), tmp_path / "users.parquet")
    found = read(tmp_path / "users.parquet")
    assert isinstance(found, dict), found
    assert found["user_id"] == [1, 2]


@pytest.mark.parametrize(
    "ids",
    [
        pa.array([1.0, 2.5]),
        pa.array([1.0, 2.0**53]),
        pa.array([1.0, 2.0**24], pa.float32()),
        pa.array([1.0, float("inf")]),
        pa.array([1, -2]),
        pa.array([1, 2**63], pa.uint64()),
    ],
    ids=str,
)
def test_ids_in_parquet_that_may_be_others_are_refused(tmp_path: Path, ids: pa.Array) -> None:
    pq.write_table(TABLE.set_column(0, "user_id", ids), tmp_path / "users.parquet")
    assert "user_id is no whole number from 0 to 9223372036854775807: row 2" in read(
        tmp_path / "users.parquet"
    )


def test_folders_of_parquet_are_read_with_what_their_names_say(tmp_path: Path) -> None:
    rest = TABLE.drop_columns("country_segment")
    for at, segment in enumerate(["NZ", "US", "a%2Fb", "__HIVE_DEFAULT_PARTITION__"]):
        folder = tmp_path / "users" / f"country_segment={segment}"
        folder.mkdir(parents=True)
        pq.write_table(rest.slice(at % 2, 1), folder / "part-0.parquet")
    (tmp_path / "users" / "_SUCCESS.parquet").write_bytes(b"")
    found = read(tmp_path / "users")
    assert isinstance(found, dict), found
    assert found["country_segment"] == ["NZ", "US", None, "a/b"]
    assert found["user_id"] == [1, 2, 2, 1]
    alone = read(tmp_path / "users" / "country_segment=NZ" / "part-0.parquet")
    assert alone["country_segment"] == ["NZ"]


def test_files_of_a_folder_have_the_same_columns(tmp_path: Path) -> None:
    pq.write_table(TABLE, tmp_path / "a.parquet")
    pq.write_table(TABLE.drop_columns("STV"), tmp_path / "b.parquet")
    with pytest.raises(BadFile, match=r"b\.parquet: has other columns than a\.parquet: STV"):
        read_users(tmp_path)


def test_a_parquet_file_that_names_a_column_twice_is_refused(tmp_path: Path) -> None:
    pq.write_table(TABLE.append_column("STV", pa.array([1.0, 2.0])), tmp_path / "users.parquet")
    assert read(tmp_path / "users.parquet") == "has more than one column STV"


def test_columns_that_are_not_known_are_kept_as_text(tmp_path: Path) -> None:
    more = TABLE.append_column("seen", pa.array([None, 7])).append_column("deep", [[[1], [2]]])
    pq.write_table(more, tmp_path / "users.parquet")
    users = read_users(tmp_path / "users.parquet")
    assert users["seen"].tolist() == [None, "7"]
    assert "deep" not in users
    assert users["join_date"].tolist() == [
        pd.Timestamp("2019-08-01 00:00:21"),
        pd.Timestamp("2019-08-02"),
    ]


def test_a_pipe_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadFile, match="is no file that can be read twice"):
        open_users(Path("/dev/null"))
