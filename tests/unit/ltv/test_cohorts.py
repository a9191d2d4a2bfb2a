import pandas as pd
import pytest

from valuebox_training.ltv import cohorts

USERS = pd.DataFrame(
    [
        ("US", "2019-07-01 00:00:00", 10.0, 8.0, 0.0),
        ("US", "2019-07-01 23:59:59", 20.0, 16.0, 0.0),
        ("US", "2019-07-02 00:00:00", 6.0, 9.0, 0.0),
        ("CA", "2019-07-31 12:00:00", 5.0, 4.0, 5.0),
        (None, "2019-07-31 12:00:00", 1.0, 3.0, 0.0),
    ],
    columns=["country_segment", "join_date", "target", "prediction", "baseline"],
).astype({"join_date": "datetime64[us]"})


def test_cohorts_are_users_of_a_segment_who_joined_in_a_period() -> None:
    means = cohorts.cohort_means(USERS, "day", ["prediction"])
    found = means[["country_segment", "users", "target", "prediction"]].values.tolist()
    assert found == [
        ["(missing)", 1, 1.0, 3.0],
        ["CA", 1, 5.0, 4.0],
        ["US", 2, 15.0, 12.0],
        ["US", 1, 6.0, 9.0],
    ]


def test_the_error_is_that_of_the_mean_and_cohorts_weigh_equally() -> None:
    report = cohorts.report(USERS)
    by_day = {row.country_segment: row for row in report.day.segments}
    by_month = {row.country_segment: row for row in report.month.segments}
    assert (by_day["US"].users, by_day["US"].cohorts) == (3, 2)
    assert by_day["US"].error == pytest.approx((3.0 + 3.0) / 2)
    # Over the month the errors of the two days cancel, all but a third.
    assert by_month["US"].cohorts == 1
    assert by_month["US"].error == pytest.approx(1.0)
    assert by_day["US"].baseline_error == pytest.approx((15.0 + 6.0) / 2)


def test_averages_weigh_segments_equally_or_by_users() -> None:
    day = cohorts.report(USERS).day
    assert day.macro == pytest.approx((3 + 1 + 2) / 3)
    assert day.weighted == pytest.approx((3 * 3 + 1 * 1 + 1 * 2) / 5)
    assert day.macro_baseline == pytest.approx((10.5 + 0 + 1) / 3)
    assert day.weighted_baseline == pytest.approx((3 * 10.5 + 0 + 1) / 5)


def test_users_without_a_target_are_not_judged() -> None:
    unknown = USERS.assign(target=USERS["target"].where(USERS["country_segment"] == "CA"))
    report = cohorts.report(unknown)
    assert report.users == 1
    assert [row.country_segment for row in report.day.segments] == ["CA"]
    with pytest.raises(ValueError, match="no user has a target"):
        cohorts.report(USERS.assign(target=float("nan")))


def test_segments_with_most_users_come_first() -> None:
    assert cohorts.report(USERS).day.segments[0].country_segment == "US"


def test_cohorts_carry_their_interval_and_whether_it_holds() -> None:
    def five_wide(members: pd.DataFrame) -> tuple[float, float]:
        middle = members["prediction"].mean()
        return middle - 2.5, middle + 2.5

    report = cohorts.report(USERS, five_wide)
    found = [(c.country_segment, c.period, c.lower, c.upper) for c in report.day.cohorts]
    assert found == [
        ("(missing)", "2019-07-31", 0.5, 5.5),
        ("CA", "2019-07-31", 1.5, 6.5),
        ("US", "2019-07-01", 9.5, 14.5),
        ("US", "2019-07-02", 6.5, 11.5),
    ]
    inside = {row.country_segment: row.inside for row in report.day.segments}
    assert inside == {"US": 0.0, "CA": 1.0, "(missing)": 1.0}
    assert report.day.inside == 0.5
    assert [c.period for c in report.month.cohorts] == ["2019-07"] * 3


def test_without_an_interval_nothing_is_said_about_it() -> None:
    report = cohorts.report(USERS)
    assert report.day.inside is None
    assert {c.lower for c in report.day.cohorts} == {None}
