"""Files of other layouts that were mangled on their way: an import accounts for each row."""

import csv
import io
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from valuebox.errors import ValueboxError
from valuebox_cli.importing.events import EventTable
from valuebox_cli.importing.mapping import Mapping
from valuebox_cli.importing.sources import open_source

NAMES = ["id", "who", "at", "price"]
HOSTILE = ['"', ",", ";", "\t", "|", "\n", "\r\n", "\n\n", '""', '";"', " ", "é", "\\", "x;y;z\n"]
DELIMITERS = [",", ";", "\t", "|"]
ENCODINGS = ["utf-8", "utf-8-sig", "cp1252", "utf-16"]
TEXTS = st.text(st.sampled_from('ab1 ,;|"\n\té'), min_size=1, max_size=5)


@st.composite
def mangled(draw: st.DrawFn) -> tuple[str, str, bytes]:
    """The delimiter and the encoding that a mapping names, and what a bad day left of the file."""
    delimiter = draw(st.sampled_from(DELIMITERS))
    encoding = draw(st.sampled_from(ENCODINGS))
    text = io.StringIO()
    out = csv.writer(text, delimiter=delimiter, lineterminator="\r\n")
    out.writerow(NAMES)
    for number, who in enumerate(draw(st.lists(TEXTS, min_size=1, max_size=8))):
        out.writerow([number % 5, who, "2024-05-02", number])
    content = text.getvalue()
    for _ in range(draw(st.integers(0, 2))):
        at = draw(st.integers(0, len(content)))
        until = at + draw(st.integers(0, 9))
        match draw(st.integers(0, 2)):
            case 0:
                content = content[:at] + draw(st.sampled_from(HOSTILE)) + content[at:]
            case 1:
                content = content[:at] + content[until:]
            case 2:
                content = content[:until] + content[at:]
    octets = content.encode(encoding, "replace")
    cut = draw(st.integers(0, 3))
    return delimiter, encoding, octets[: len(octets) - cut]


def mapping(delimiter: str, encoding: str) -> Mapping:
    layout = {"delimiter": delimiter, "encoding": encoding}
    columns = {"id": "id", "customer": "who", "time": "at", "amount": "price"}
    return Mapping.model_validate({"events": {**layout, **columns, "type": {"always": "bought"}}})


def records_of(content: bytes, delimiter: str, encoding: str) -> list[dict[str, str]]:
    """What another parser makes of the same bytes, without lines that are blank."""
    lines = io.StringIO(content.decode(encoding).removeprefix("\ufeff"), newline="")
    header, *rows = [
        one
        for one in csv.reader(lines, delimiter=delimiter, strict=True)
        if len(one) > 1 or "".join(one).strip(" \t")
    ]
    return [dict(zip(header, row, strict=True)) for row in rows]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "orders.csv"


def test_an_import_accounts_for_each_row_of_a_mangled_file(file: Path, fuzz_examples: int) -> None:
    read = {True: 0, False: 0}

    @settings(
        max_examples=fuzz_examples,
        deadline=None,
        database=None,
        suppress_health_check=[HealthCheck.too_slow],
    )
    @given(mangled())
    def check(given_file: tuple[str, str, bytes]) -> None:
        delimiter, encoding, content = given_file
        file.write_bytes(content)
        told = mapping(delimiter, encoding)
        assert told.events
        events = EventTable(open_source(str(file)), told.events[0], told)
        try:
            events.table.first_reading(lambda _: None)
            ids = [
                one
                for batch in events.events("shop")
                for one in batch.some(batch.batch.rows.good).id
            ]
        except ValueboxError:
            read[False] += 1
            return
        finally:
            events.table.close()
        read[True] += 1
        rows = records_of(content, delimiter, encoding)
        refused = {row for row, _ in events.table.found.rejected}
        assert events.table.found.rows == len(rows) == len(ids) + len(refused)
        kept = [row["id"].strip() for at, row in enumerate(rows, 1) if at not in refused]
        assert ids == kept

    check()
    assert all(read.values())
