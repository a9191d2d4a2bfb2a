import pytest

from valuebox.pages import readable


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Москва 🛒", "Москва 🛒"),
        ("evil\u202egnp.exe", "evil⟨U+202E⟩gnp.exe"),
        ("\x1b[31mred\x07", "⟨U+001B⟩[31mred⟨U+0007⟩"),
        ("two\nlines\tand a tab", "two⟨U+000A⟩lines⟨U+0009⟩and a tab"),
        ("no\u200broom\ufeff", "no⟨U+200B⟩room⟨U+FEFF⟩"),
        ("TW ", "TW␣"),
        ("  ", "␣␣"),
        ("a  b c", "a␣␣b c"),
        ("👩\u200d👧", "👩\u200d👧"),
        ("می\u200cنم", "می\u200cنم"),
        ("a\u200db", "a⟨U+200D⟩b"),
        ("東京\u200d", "東京⟨U+200D⟩"),
    ],
)
def test_names_that_differ_look_different(text: str, shown: str) -> None:
    assert readable.visible(text) == shown


@pytest.mark.parametrize(
    ("value", "figure", "compact"),
    [
        (None, "—", None),
        (0.0, "0.00", "0"),
        (1093.12, "1,093.12", "1,093"),
        (-2.5, "-2.50", "-2.5"),
        (0.0123, "0.01", "0.0123"),
        (0.00123, "0.0012", "0.00123"),
        (-0.000012, "-0.000012", "-0.000012"),
        (1e-9, "< 0.000001", "0.000000001"),
        (-1e-9, "> -0.000001", "-0.000000001"),
        (200_000.0, "200,000.00", "200,000"),
        (1_093_120.0, "1,093,120.00", "1.093\xa0M"),
        (-1_200_000.0, "-1,200,000.00", "-1.2\xa0M"),
        (999_999.6, "999,999.60", "1\xa0M"),
        (1.5e10, "15\xa0B", "15\xa0B"),
        (2.5e15, "2,500\xa0T", "2,500\xa0T"),
    ],
)
def test_amounts_have_as_many_digits_as_can_be_read(
    value: float | None, figure: str, compact: str | None
) -> None:
    assert readable.figure(value) == figure
    assert value is None or readable.compact(value) == compact


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "—"), (0.0, "0\xa0%"), (1.0, "100\xa0%"), (0.274, "27\xa0%"), (0.0345, "3.5\xa0%"),
        (0.00012, "0.012\xa0%"), (1e-7, "< 0.001\xa0%"), (0.9971, "99.7\xa0%"),
        (0.99999, "> 99.9\xa0%"), (1.24, "124\xa0%"), (-0.02, "-2.0\xa0%"),
    ],
)  # fmt: skip
def test_shares_are_neither_nothing_nor_all_unless_they_are(
    value: float | None, shown: str
) -> None:
    assert readable.percent(value) == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [(None, "—"), (0.1234, "12.3\xa0pp"), (-0.051, "-5.1\xa0pp"), (0.0005, "0.050\xa0pp")],
)
def test_differences_of_shares_are_points(value: float | None, shown: str) -> None:
    assert readable.points(value) == shown


def test_shares_have_the_decimals_that_are_asked_for() -> None:
    assert readable.percent(0.2743, decimals=1) == "27.4\xa0%"


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "—"), (0.0, "0%"), (0.124, "+12%"), (-0.0034, "-0.3%"), (0.0046, "+0.5%"),
        (25.0, "+2,500%"), (123_456.0, "+12.35\xa0M%"),
    ],
)  # fmt: skip
def test_changes_say_their_direction(value: float | None, shown: str) -> None:
    assert readable.change(value) == shown


@pytest.mark.parametrize(
    ("value", "shown"), [(None, "—"), (1e-47, "< 0.001"), (0.001, "0.001"), (1.0, "1.000")]
)
def test_a_p_value_is_never_nothing(value: float | None, shown: str) -> None:
    assert readable.p_value(value) == shown


@pytest.mark.parametrize(
    ("value", "shown"), [(None, "—"), (0.0, "0.000"), (2.5, "2.500"), (0.00012, "0.00012"),
                         (123_456.7, "123,457")],
)  # fmt: skip
def test_numbers_without_a_unit(value: float | None, shown: str) -> None:
    assert readable.index(value) == shown


def test_intervals_may_lack_an_end() -> None:
    ends = [(1.0, 2.0), (1.0, None), (None, 2.0), (None, None)]
    assert [readable.interval(*one, readable.figure) for one in ends] == [
        *("1.00 to 2.00", "from 1.00", "up to 2.00", "—")
    ]
