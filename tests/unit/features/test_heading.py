import pytest

from valuebox.compartments.ltv.user import COLUMNS, FEATURES, NAMES, TARGET


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("stv", "STV"),
        (" STV", "STV"),
        ("\ufeffSTV ", "STV"),
        ("S.T.V.", "STV"),
        ("Country_Segment", "country_segment"),
        ("country segment", "country_segment"),
        ("countrySegment", "country_segment"),
        ("country-segement", "country_segment"),
        ("cuontry_segmnt", "country_segment"),
        ("IS_LP", "is_lp"),
        ("islp", "is_lp"),
        ("hiden", "hidden"),
        ("UserId", "user_id"),
        ("join date", "join_date"),
        ("credit_card_lvl", "credit_card_level"),
        ("Targets", "target"),
        ("is_canceled", "is_cancelled"),
    ],
)
def test_names_that_are_nearly_right_are_told(name: str, meant: str) -> None:
    assert NAMES.meant_by(name) == meant


@pytest.mark.parametrize(
    "name",
    [*COLUMNS, TARGET, "", "SLV", "TV", "STV2", "note", "country", "type", "is_hp", "x" * 10_000],
)
def test_other_names_are_others(name: str) -> None:
    assert NAMES.meant_by(name) is None


def test_what_is_absent_and_what_is_near_is_told_once() -> None:
    heading = NAMES.heading(["user_id", "join_date", "stv", "Hidden", "hidden", "note"])
    assert heading.absent == [name for name in FEATURES if name != "hidden"]
    assert heading.near == {"stv": "STV"}
    near, absent = heading.warnings()
    assert near == 'The column "stv" is not used: is STV meant?'
    assert absent.startswith("No column is called STV or is_lp or ")


def test_nothing_is_told_of_users_who_have_it_all() -> None:
    assert NAMES.heading([*COLUMNS, "note", "stv"]).warnings() == []


def test_names_are_told_in_a_line_of_ascii() -> None:
    heading = NAMES.heading([*COLUMNS[:3], "ST\u00adV\u202e\r\nX-Evil: 1", "S\r\nT\u202eV"])
    assert heading.warnings()[0] == ('The column "S\\r\\nT\\u202eV" is not used: is STV meant?')
