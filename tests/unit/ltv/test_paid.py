from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from valuebox.compartments.ltv.files import columns_of, read_users
from valuebox.compartments.ltv.model import LtvModel
from valuebox.statistics.paid import Paid
from valuebox.statistics.reach import Beyond
from valuebox_training.ltv import pipeline
from valuebox_training.ltv.paid import fit_paid

ALL_KEPT = Paid(lowest=1.0, highest=50.0, kept=1.0)
REFUNDED = Paid(lowest=1.0, highest=50.0, kept=0.5)


@pytest.fixture(scope="module")
def users(data_dir: Path) -> pd.DataFrame:
    return read_users(data_dir / "train.csv")


def test_what_was_paid_stays_where_refunds_are_not_likely() -> None:
    predictions = np.array([9.0, 12.0, 7.0, 7.0])
    stv = [10.0, 10.0, None, float("nan")]
    assert ALL_KEPT.bounded(predictions, stv).tolist() == [10.0, 12.0, 7.0, 7.0]
    assert REFUNDED.bounded(predictions, stv).tolist() == [9.0, 12.0, 7.0, 7.0]
    assert ALL_KEPT.bounded(predictions, None).tolist() == predictions.tolist()


def test_beyond_what_was_learned_from_every_further_unit_counts() -> None:
    # As much as those before it: one for one, or what refunds leave of it.
    assert ALL_KEPT.bounded(np.array([60.0, 38.0]), [1_000.0, 1_000.0]).tolist() == [1_010, 1_000]
    assert REFUNDED.bounded(np.array([40.0, 10.0]), [1_000.0, 1_000.0]).tolist() == [800, 500]
    nobody_has_paid = Paid(lowest=0.0, highest=0.0, kept=1.0)
    assert nobody_has_paid.bounded(np.array([3.0]), [10.0]).tolist() == [13.0]
    nothing_is_known = Paid(kept=1.0)
    assert nothing_is_known.bounded(np.array([3.0, 3.0]), [10.0, 1.0]).tolist() == [10.0, 3.0]


def test_what_an_older_model_says_stays_as_it_was() -> None:
    assert Paid().bounded(np.array([38.0]), [1_000.0]).tolist() == [38.0]
    assert Paid().stretch([1_000.0]) is None


def test_no_refunds_and_few_refunds_leave_users_with_all_that_they_paid(
    users: pd.DataFrame,
) -> None:
    learned = fit_paid(users)
    assert (learned.lowest, learned.highest) == (users["STV"].min(), users["STV"].max())
    # The imaginary site pays back 3 of 100 months.
    assert learned.kept == 1.0
    assert fit_paid(users.assign(target=users["STV"])).kept == 1.0
    assert fit_paid(users.assign(STV=np.nan)) == Paid(kept=1.0)


@pytest.mark.parametrize("segment", ["US", "NG", None])
def test_likely_refunds_of_one_kind_of_users_are_learned(
    users: pd.DataFrame, segment: str | None
) -> None:
    users = users.assign(target=users["STV"] * 1.2)
    if segment is None:
        users.loc[users.index[::10], "country_segment"] = None
    of_segment = (
        users["country_segment"].isna()
        if segment is None
        else (users["country_segment"] == segment)
    )
    users.loc[of_segment, "target"] = users["STV"] * 0.6
    assert fit_paid(users).kept == pytest.approx(0.6)


def test_nobody_is_predicted_below_what_was_paid(users: pd.DataFrame, model: LtvModel) -> None:
    predicted = model.predict(columns_of(users))
    assert (predicted >= users["STV"] - 1e-9).all()
    more = [60.0, 1_000.0, 1_000_000.0]
    far = columns_of(pd.concat([users.head(1)] * 3).assign(STV=more))
    predictions, lower, upper = model.estimate(far)
    assert (predictions >= more).all()
    assert (predictions <= np.array(more) * 3).all()
    # Nobody was seen who had paid as much: more may come, in proportion.
    assert (upper - predictions > 0.1 * np.array(more)).all()
    assert (lower <= predictions).all()


def test_where_refunds_are_likely_they_are_predicted(users: pd.DataFrame) -> None:
    users = users.assign(target=users["STV"] * np.where(users["country_segment"] == "US", 0.6, 1.5))
    model = pipeline.to_model(pipeline.fit(users), users)
    payers = users[users["STV"] > 11]
    predicted = model.predict(columns_of(payers)) / payers["STV"]
    assert predicted[payers["country_segment"] == "US"].mean() == pytest.approx(0.6, abs=0.1)
    far = columns_of(payers[payers["country_segment"] == "US"].head(1).assign(STV=1_000.0))
    assert 500 < model.predict(far)[0] < 900


def test_amounts_outside_of_what_was_learned_from_are_told() -> None:
    stv = [1.0, None, 50.1, 50.0, 0.5]
    reach = ALL_KEPT.reach
    assert reach.beyond(stv) == (2, 2)
    assert reach.warnings(reach.beyond(stv), counted_from=0) == [
        "The model has learned from STV between 1 and 50; that of 2 users, the first one in row 2 "
        "is outside, where less is known."
    ]
    (one,) = reach.warnings(Beyond(1, 2), counted_from=1)
    assert "that of 1 user in row 3 is outside" in one
    for inside in ([1.0, 50.0, None], [None], [], None):
        assert reach.warnings(reach.beyond(inside), counted_from=0) == []
    assert Beyond(0, 99).and_then(Beyond(2, 107)).and_then(Beyond(0, 199)) == (2, 107)
