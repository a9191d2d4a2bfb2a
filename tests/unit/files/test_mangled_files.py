"""Files that were mangled on their way: each row comes out as it went in, or none does."""

import csv
import io
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.readers import read

from valuebox.files.problems import BadFile
from valuebox.files.source import open_source
from valuebox.files.text import CsvFile, open_csv

TEXTS = st.text(st.sampled_from('ab1 ,;"\n\r\t\\é€🛒\u2028'), max_size=6)
ROWS = st.lists(st.tuples(st.integers(0, 2**63 - 1), TEXTS, TEXTS), min_size=1, max_size=8)
NAMES = ["user_id", "join_date", "country_segment", "note"]
HOSTILE = [b'"', b",", b"\n", b"\r", b"\r\n", b"\n\n", b'""', b'","', b"\0", b";", b"\\", b"\x1a"]
HOSTILE += [b"\xff", b"\xc3", b"\xef\xbb\xbf", b" ", b"  \n", b"1,2019-08-01,US,x\n", b"," * 3]


@st.composite
def written(draw: st.DrawFn) -> tuple[bytes, list[list[str]]]:
    """A good file, and its rows."""
    rows = [[str(user), "2019-08-01", *texts] for user, *texts in draw(ROWS)]
    text = io.StringIO()
    end = draw(st.sampled_from(["\n", "\r\n", "\r"]))
    # With other line ends this writer leaves CR or LF without quotes.
    quoting = csv.QUOTE_MINIMAL if end == "\r\n" else csv.QUOTE_ALL
    csv.writer(text, quoting=quoting, lineterminator=end).writerows([NAMES, *rows])
    content = text.getvalue().encode(draw(st.sampled_from(["utf-8", "utf-8-sig"])))
    return content, rows


@st.composite
def mangled(draw: st.DrawFn) -> bytes:
    """What a bad day makes of a good file."""
    content, _ = draw(written())
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, len(content)))
        other = draw(st.integers(0, len(content)))
        match draw(st.integers(0, 6)):
            case 0:
                content = content[:at] + draw(st.sampled_from(HOSTILE)) + content[at:]
            case 1:
                content = content[: min(at, other)] + content[max(at, other) :]
            case 2:
                content = content[:at]
            case 3:
                content = content[:at] + content[min(at, other) : max(at, other)] + content[at:]
            case 4:
                lines = content.splitlines(keepends=True)
                line = draw(st.integers(0, len(lines)))
                content = b"".join([*lines[:line], *lines[:1], *lines[line:]])
            case 5:
                swapped = draw(st.sampled_from([b";", b"\t", b"\n", b'"']))
                content = content.replace(b",", swapped)
            case 6:
                text = content.decode("utf-8", "replace")
                codec = draw(st.sampled_from(["latin-1", "utf-16", "cp1252", "utf-8-sig"]))
                content = text.encode(codec, "replace")
    return content


def records_of(content: bytes) -> list[list[str]]:
    """What another parser makes of the same bytes, without lines that are blank.

    Raises:
        csv.Error, UnicodeDecodeError: where it is strict too.
    """
    lines = io.StringIO(content.decode("utf-8-sig"), newline="")
    found = csv.reader(lines, strict=True)
    return [one for one in found if len(one) > 1 or "".join(one).strip(" \t")]


def columns_in(path: Path, block: int) -> tuple[list[str], dict[str, list[str]]]:
    """The names of all columns and the values of those that have one, read in small blocks."""
    open_source(path).check_twice()
    names = open_csv(path).names
    wanted = [name for name in names if name]
    found: dict[str, list[str]] = {name: [] for name in wanted}
    for batch in CsvFile(path, names, block=block).batches(wanted):
        for name in wanted:
            found[name] += batch[name].to_pylist()
    return names, found


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "users.csv"


def test_good_files_come_out_as_they_went_in(file: Path, fuzz_examples: int) -> None:
    @settings(max_examples=fuzz_examples, deadline=None, database=None)
    @given(written(), st.sampled_from([1, 7, 100, 1 << 20]))
    def check(good: tuple[bytes, list[list[str]]], block: int) -> None:
        content, rows = good
        file.write_bytes(content)
        names, found = columns_in(file, block)
        assert names == NAMES
        assert [list(row) for row in zip(*found.values(), strict=True)] == rows

    check()


def test_a_mark_within_a_file_is_a_letter(file: Path) -> None:
    file.write_text("\ufeffuser_id,join_date\n\ufeff1,x\n\ufeff2,y\n", "utf-8")
    for block in (1, 1 << 20):
        assert columns_in(file, block)[1]["user_id"] == ["\ufeff1", "\ufeff2"]


def test_mangled_files_lose_no_row(file: Path, fuzz_examples: int) -> None:
    seen = {True: 0, False: 0}

    @settings(
        max_examples=fuzz_examples,
        deadline=None,
        database=None,
        suppress_health_check=[HealthCheck.too_slow],
    )
    @given(mangled(), st.sampled_from([1, 7, 100, 1 << 20]))
    def check(content: bytes, block: int) -> None:
        file.write_bytes(content)
        try:
            names, found = columns_in(file, block)
        except BadFile:
            seen[False] += 1
            return
        seen[True] += 1
        # Users have two columns at least; of one, a line may be blank or an empty value.
        if len(names) < 2:
            return
        header, *rows = records_of(content)
        assert names == header
        assert all(len(row) == len(header) for row in rows)
        for position, name in enumerate(names):
            assert not name or found[name] == [row[position] for row in rows]

    check()
    sys.stdout.write(f"{seen[True]:,} mangled files read whole, {seen[False]:,} refused\n")
    assert all(seen.values())


def test_all_readers_agree_on_mangled_files(file: Path, fuzz_examples: int) -> None:
    @settings(
        max_examples=max(20, fuzz_examples // 50),
        deadline=None,
        database=None,
        suppress_health_check=[HealthCheck.too_slow],
    )
    @given(mangled() | written().map(lambda good: good[0]))
    def check(content: bytes) -> None:
        file.write_bytes(content)
        found = read(file, batch_size=3)
        if isinstance(found, dict):
            header, *rows = records_of(content)
            position = header.index("user_id")
            assert found["user_id"] == [int(row[position].split(".")[0]) for row in rows]

    check()
