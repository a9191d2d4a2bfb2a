"""Typed rows are decoded as their models would have it, or left to these."""

import json
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Annotated, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import Field, RootModel, ValidationError, field_validator
from support.odd_bodies import (
    GOOD_TEXTS,
    MOMENTS,
    NUMBERS,
    SPELLINGS,
    TEXTS,
    damaged,
    one_in,
    text_of,
)

from valuebox.compartments.ltv.bulk import UserTable
from valuebox.compartments.ltv.columns import UserColumns, outcomes_of
from valuebox.compartments.ltv.schemas import Users
from valuebox.compartments.ltv.user import KNOWN
from valuebox.schemas import decoding
from valuebox.schemas.by_column import RowsByColumn, by_column
from valuebox.schemas.by_row import Row, RowsByRow
from valuebox.schemas.columns import Id, Joined, Kind, Many

DAY = '"2019-08-01"'
PLAIN = {"user_id": "7", "join_date": '"2019-08-01 00:00:21"', "hidden": "1", "STV": "16.277625"}
"""A user: what stands in JSON by the name of the column."""


def outcome(read: Callable[[bytes], Any], body: bytes) -> Any:
    """The verdict on a body with all that a service makes of the users in it, to the last bit."""
    try:
        users = read(body)
    except ValidationError as error:
        return error.errors(include_url=False, include_context=False, include_input=False)
    return facts(users)


def facts(users: Users | UserTable) -> str:
    """What is counted, predicted, stored and warned of."""
    columns = UserColumns.of([users])
    assert len(columns) == users.n_rows
    return repr(
        (
            users.n_rows,
            [list(columns.user_id), list(columns.join_date), list(columns.extra)],
            {name: list(values) for name, values in columns.features.items()},
            {name: list(users.column(name)) for name in KNOWN},
            outcomes_of(users),
            sorted(users.names),
        )
    )


def columnwise(values: Sequence[Any] | None) -> list[Any] | None:
    """A column of a table as pydantic takes it."""
    return None if values is None else list(values)


def table_of_rows(model: type[RowsByRow], body: bytes) -> RowsByColumn | None:
    table = model.table
    return table and table.row and decoding.of_rows(model, table, table.row, body)


def table_of_columns(table: type[RowsByColumn], body: bytes) -> RowsByColumn | None:
    return table.row and decoding.of_columns(table, table.row, body)


def same(body: bytes) -> str:
    """How a body is read: `decoded` or `refused`, or else by the `model`, and always as by it."""
    decoders: list[tuple[Any, Any]] = [(Users, table_of_rows), (UserTable, table_of_columns)]
    how = ""
    for model, decode in decoders:
        wanted = outcome(model.model_validate_json, body)
        found = decode(model, body)
        if found is not None:
            assert facts(found) == wanted, body
            # Pydantic itself would find nothing to change.
            again = UserTable.model_validate(
                {name: columnwise(getattr(found, name)) for name in found.names}, strict=False
            )
            assert facts(again) == wanted
            return "decoded"
        assert outcome(model.read, body) == wanted, body
        how = how or ("model" if isinstance(wanted, str) else "")
    return how or "refused"


@st.composite
def values(draw: st.DrawFn, name: str, spelling: str) -> str:
    """What stands for a value: mostly one that fits, else any."""
    if one_in(60, draw):
        return draw(st.sampled_from(NUMBERS))
    if one_in(60, draw):
        return text_of(draw, draw(st.sampled_from(MOMENTS + TEXTS)))
    if one_in(60, draw):
        return "null"
    if name == "user_id":
        return str(draw(st.integers(0, 2**63 - 1)))
    if name == "join_date":
        if one_in(40, draw):
            return json.dumps(draw(st.sampled_from(MOMENTS)))
        return json.dumps(
            draw(st.datetimes(datetime(1969, 12, 1), datetime(2200, 1, 31))).strftime(spelling)
        )
    if name in ("STV", "target"):
        return repr(draw(st.floats(0, 1e6) | st.sampled_from([0, 5, 0.3975])))
    if name in ("hidden", "is_lp", "is_cancelled"):
        return draw(st.sampled_from(["0", "1", "0", "1", "true", "false"]))
    return text_of(draw, draw(st.sampled_from(GOOD_TEXTS) | st.text(max_size=4)))


@st.composite
def bodies(draw: st.DrawFn) -> bytes:
    """Users by row or by column, as they are sent, or after a bad day."""
    names = ["user_id", "join_date", *draw(st.sets(st.sampled_from([*KNOWN][2:])))]
    if one_in(10, draw):
        names += draw(
            st.lists(st.sampled_from([*KNOWN, "stv", "campaign", "a\0b", "é"]), max_size=2)
        )
    keys = [text_of(draw, name) if one_in(20, draw) else f'"{name}"' for name in names]
    comma, colon = draw(st.sampled_from([(",", ":"), (", ", ": "), (" ,\n", ":\t"), (",", " :")]))
    spelling = draw(st.sampled_from(SPELLINGS))
    rows = [
        [draw(values(name, spelling)) for name in names]
        for _ in range(draw(st.sampled_from([1, 1, 2, 2, 3, 0])))
    ]
    if draw(st.booleans()):
        lines = []
        for row in rows:
            kept = [one for one in zip(keys, row, strict=True) if not one_in(40, draw)]
            lines.append("{" + comma.join(f"{key}{colon}{value}" for key, value in kept) + "}")
        content = f"[{comma.join(lines)}]"
    else:
        columns = [f"[{comma.join(column)}]" for column in zip(*rows, strict=True)] or ["[]"] * 2
        pairs = zip(keys, columns, strict=False)
        content = "{" + comma.join(f"{key}{colon}{column}" for key, column in pairs) + "}"
    return damaged(draw, content)


def test_no_odd_body_is_read_otherwise_than_by_the_models(fuzz_examples: int) -> None:
    seen: Counter[str] = Counter()

    @settings(
        max_examples=3 * fuzz_examples,
        deadline=None,
        database=None,
        suppress_health_check=[HealthCheck.too_slow],
    )
    @given(bodies())
    def check(body: bytes) -> None:
        seen[same(body)] += 1

    check()
    sys.stdout.write(f"bodies of users: {dict(seen)}\n")
    assert all(seen[how] for how in ("decoded", "model", "refused"))


@pytest.mark.parametrize("name", ["user_id", "join_date", "hidden", "STV", "aff_type", "target"])
def test_each_odd_value_is_read_as_by_the_models(name: str) -> None:
    texts = [json.dumps(one) for one in MOMENTS + TEXTS]
    raw = [f'"{one}"' for one in MOMENTS + TEXTS]
    for value in NUMBERS + texts + raw:
        row = PLAIN | {name: value}
        line = "{" + ",".join(f'"{key}":{one}' for key, one in row.items()) + "}"
        table = "{" + ",".join(f'"{key}":[{one}]' for key, one in row.items()) + "}"
        for body in (f"[{line}]", table):
            same(body.encode("utf-8", "surrogatepass"))


def rows_of(count: int, **columns: Any) -> bytes:
    user = {"user_id": 7, "join_date": "2019-08-01 00:00:21"} | columns
    return json.dumps([user] * count).encode()


@pytest.mark.parametrize(
    ("body", "how"),
    [
        (rows_of(1), "decoded"),
        (rows_of(2, join_date="2019-08-01"), "decoded"),
        (rows_of(2, join_date="2019-08-01T10:20:30.000001"), "decoded"),
        (rows_of(2, join_date="2019-08-01T10:20:30.001Z"), "decoded"),
        (rows_of(2, hidden=True, is_lp=False), "decoded"),
        (rows_of(2, aff_type=None, target=-1.5, country_segment="É:{}"), "decoded"),
        (rows_of(10_000), "decoded"),
        (b" [ { %s } ] \n" % rows_of(1)[2:-2].replace(b'"STV"', b'"\\u0053TV"'), "decoded"),
        (rows_of(10_001), "refused"),
        (rows_of(3_000, aff_type="," * 100), "decoded"),
        (rows_of(5_000, aff_type="," * 101), "refused"),
        (rows_of(2, hidden=1.0), "model"),
        (rows_of(2, campaign="spring"), "model"),
        (rows_of(2, aff_type='":'), "model"),
        (rows_of(2, join_date="2019-08-01T00:00:21+00:00"), "decoded"),
        (rows_of(2, join_date="2019-08-01T00:00:21+02:00"), "model"),
        (b'[{"user_id":1,"join_date":%s,"STV":1,"STV":1}]' % DAY.encode(), "refused"),
        (b'[{"user_id":1,"join_date":%s,"STV":1,"S\\u0054V" :1}]' % DAY.encode(), "refused"),
        (b'[{"user_id":1,"join_date":%s,"STV":1,"STV":1},{"user_id":2,"join_date":%s}]'
         % (DAY.encode(), DAY.encode()), "refused"),
        (b"\xef\xbb\xbf" + rows_of(1), "refused"),
        (rows_of(1) + b"x", "refused"),
        (b"[" * 5_000, "refused"),
        (b"[]", "refused"),
        (b"", "refused"),
    ],
)  # fmt: skip
def test_what_is_decoded_and_what_is_left(body: bytes, how: str) -> None:
    assert same(body) == how


def test_many_rows_in_which_a_name_comes_twice_are_refused() -> None:
    rows = rows_of(1_000, STV=1.5)
    for twice in (b'"STV": 1.5, "STV": 1.5', b'"STV": 1.5, "STV" : 1.5'):
        at = rows.rindex(b'"STV"')
        body = rows[:at] + rows[at:].replace(b'"STV": 1.5', twice)
        # Another row lacks the column: there are as many names as if all were well.
        body = body.replace(b', "STV": 1.5', b"", 1)
        assert same(body) == "refused"


def test_a_short_list_is_read_too() -> None:
    users = Users.read(rows_of(1, join_date="2019-08-01T00:00:21"))
    assert users.n_rows == 1
    assert isinstance(Users.read(rows_of(20)), UserTable)


def test_users_of_both_kinds_can_be_answered_together() -> None:
    parts = [
        rows_of(1, STV=1.5, note="kept"),
        rows_of(9, STV=2, target=3.5, aff_type="PPS"),
        rows_of(2),
    ]
    read = [Users.read(part) for part in parts]
    assert [type(one) for one in read] == [Users, UserTable, Users]
    columns = UserColumns.of(read)
    assert columns.features["STV"] == [1.5, *[2.0] * 9, None, None]
    assert columns.join_date == [datetime(2019, 8, 1, 0, 0, 21)] * 12
    assert columns.extra == [{"note": "kept"}, *[None] * 11]
    assert [outcomes_of(one) for one in read] == [{}, {7: 3.5}, {}]


def test_moments_without_a_zone_are_on_the_sites_clock() -> None:
    table = Users.read(rows_of(20, join_date="2019-08-01T10:20:30"))
    assert isinstance(table, UserTable)
    assert list(table.column("join_date")) == [datetime(2019, 8, 1, 10, 20, 30)] * 20


def models(row: type[Row]) -> type[RowsByRow]:
    class Table(RowsByColumn):
        """Rows by column."""

        max_values = 100

    made = by_column("Made", Table, row, 10)

    class Rows(RowsByRow, RootModel[Annotated[list[row], Field(min_length=1, max_length=10)]]):  # type: ignore[valid-type]
        """Rows by row."""

        max_values = 100
        table = made

    return Rows


class Plain(Row):
    number: Annotated[int, Id(), Many("Numbers.", (1, 2))]


class Bounded(Row):
    number: Annotated[int, Id(), Many("Numbers.", (1, 2))] = Field(le=5)


class Checked(Row):
    number: Annotated[int, Id(), Many("Numbers.", (1, 2))]

    @field_validator("number")
    @classmethod
    def _small(cls, number: int) -> int:
        if number > 5:
            raise ValueError("too large")
        return number


class Filled(Row):
    number: Annotated[int, Id(), Many("Numbers.", (1, 2))] = 5


class Renamed(Row):
    number: Annotated[int, Id(), Many("Numbers.", (1, 2))] = Field(alias="No")


class Stripped(Row, str_strip_whitespace=True):
    number: Annotated[int, Id(), Many("Numbers.", (1, 2))]


class Late(Row):
    number: Annotated[int, Id(), Many("Numbers.", (1, 2))]
    since: Annotated[Annotated[datetime, Joined()] | None, Many("Since.", (None, None))] = None


class Odd(Kind):
    @property
    def accepts(self) -> Any:
        return Annotated[int, Field(multiple_of=3)]


class OfOddKind(Row):
    number: Annotated[int, Odd(), Many("Numbers.", (1, 2))]


@pytest.mark.parametrize("row", [Bounded, Checked, Filled, Renamed, Stripped, Late, OfOddKind])
def test_rows_with_bounds_that_would_not_be_found_are_left_to_their_models(
    row: type[Row],
) -> None:
    body = b'[{"number": 3}]'
    assert table_of_rows(models(Plain), body) is not None
    assert table_of_rows(models(row), body) is None
    table = models(row).table
    assert table is not None
    assert table_of_columns(table, b'{"number": [3]}') is None


def test_rows_without_a_table_are_left_to_their_models() -> None:
    class Rows(RowsByRow, RootModel[list[Plain]]):
        """Rows by row alone."""

        max_values = 100

    assert isinstance(Rows.read(b'[{"number": 3}' + b" " * 1_000 + b"]"), Rows)
