"""Names of groups: numbers that are names, and values that read like names of ours."""

import pytest
from support.growth import named

from valuebox.compartments.growth.loaded.attributes import by_name
from valuebox.compartments.growth.loaded.frames import crossed, grouped, labels
from valuebox.features.attributes import Attributes
from valuebox.schemas.names import NOBODY, OTHERS, UNKNOWN, meant, name_of, shown


@pytest.mark.parametrize(
    ("value", "name"),
    [
        (20190801.0, "20190801"),
        (23842650001, "23842650001"),
        (1.0, "1"),
        (-0.0, "0"),
        (0.1, "0.1"),
        (3.14159265, "3.14159265"),
        (2**60, "1152921504606846976"),
        (10**20, "100000000000000000000"),
        (1e22, "1e+22"),
        (True, "true"),
        ("  x", "  x"),
        (float("nan"), None),
        (None, None),
        ([1], None),
        ({"a": 1}, None),
    ],
)
def test_values_are_written_out(value: object, name: str | None) -> None:
    assert name_of(value) == name


def test_values_that_read_like_names_of_ours_are_quoted() -> None:
    same = [UNKNOWN, OTHERS, NOBODY, "(missing)", "(Unknown)", "", " ", '"(unknown)"', '""', '"']
    names = [shown(text) for text in same]
    assert names[0] == '"(unknown)"'
    assert names[5] == '""'
    assert len({*names, UNKNOWN, OTHERS, NOBODY, "(missing)"}) == len(same) + 4
    assert shown("(unknown) brand") == "(unknown) brand"
    assert shown("caf\u00e9") == shown("cafe\u0301")


def test_a_question_may_name_a_group_either_way() -> None:
    groups = ['"(others)"', "TW", UNKNOWN]
    assert meant("(others)", groups) == meant('"(others)"', groups) == '"(others)"'
    assert meant(UNKNOWN, groups) == UNKNOWN


def test_campaigns_that_are_numbers_are_names() -> None:
    rows = [{"campaign": 23842650000 + n % 15} for n in range(60)]
    (found,) = by_name(rows, 5, "campaign").values()
    assert len(found.names) == 15
    assert named(found)[:2] == ["23842650000", "23842650001"]
    days = [{"campaign": 20190800.0 + n % 5} for n in range(60)]
    (found,) = by_name(days, 5, "campaign").values()
    assert sorted(found.names) == [f"2019080{n}" for n in range(5)]


def test_numbers_are_ranges_where_they_are_measurements_or_are_said_to_be() -> None:
    ages = [{"age": n} for n in range(18, 58)]
    assert len(by_name(ages, 5)["age"].names) == 4
    assert len(by_name(ages, 5, "age")["age"].names) == 40
    assert len(by_name(ages, 5, "age", "ranges")["age"].names) == 4
    many = [{"age": n / 7} for n in range(200)]
    assert len(by_name(many, 5, "age")["age"].names) == 4
    # Long whole numbers that are all as long name something, however many they are.
    ids = [{"ad": 23842650000 + n % 80} for n in range(800)]
    assert "23842650000" in by_name(ids, 5)["ad"].names
    assert by_name(many, 5, "age", "name")["age"].names[-1] == OTHERS


def test_ranges_hold_numbers_of_any_size() -> None:
    rows = [{"big": 10**400}, {"big": -(10**400)}, *({"big": n * 1e5} for n in range(98))]
    found = by_name(rows, 5, "big", "ranges")["big"]
    assert len(found.names) == 4
    assert not any("e+" in name for name in found.names)


def test_the_attribute_that_is_asked_for_is_there_however_rare() -> None:
    rows = [{f"a{n}": "x" for n in range(30)} for _ in range(9)] + [{"campaign": "TW"}]
    assert "campaign" in by_name(rows, 20, "campaign")


def test_names_of_two_things_are_told_apart() -> None:
    first, second = grouped(labels(["A", "A · B"])), grouped(labels(["B · C", "C"]))
    names = crossed(first, second).names
    assert len(set(names)) == 4
    assert "A · C" in names


def test_what_predicts_responses_tells_campaigns_apart_that_are_numbers() -> None:
    told = [{"campaign": 23842650000 + n % 3} for n in range(60)]
    found = Attributes.fit(told, 10)
    assert found.values == {"campaign": ("23842650000", "23842650001", "23842650002")}
    assert found.transform(told[:2])[:, :2].tolist() == [[1.0, 0.0], [0.0, 1.0]]
