import pytest
from sqlalchemy import delete
from support.commands import valuebox
from support.users import add_predictions, estimates, received, user

from valuebox.compartments.ltv.tables import LtvFeatures, LtvPrediction
from valuebox.store.engine import Store
from valuebox.store.ids import new_id


def test_rows_without_the_rows_that_they_need_are_told(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Several batches.
    monkeypatch.setattr("valuebox.store.pruning.BATCH", 3)
    with store.writing() as session:
        some = received([user(number) for number in range(10)])
        ids = add_predictions(session, new_id(), some, estimates(*[1.0] * 10), "ltv:a")
    url = store.engine.url.render_as_string(hide_password=False)
    said, _ = valuebox("db", "check", "--database-url", url)
    assert said.splitlines() == [
        "ltv_predictions: every row has its row in ltv_features",
        "ltv_features: every row has its row in ltv_predictions",
    ]
    with store.writing() as session:
        session.execute(delete(LtvPrediction).where(LtvPrediction.id.in_(ids[4:6])))
        session.execute(delete(LtvFeatures).where(LtvFeatures.id == ids[9]))
    said, _ = valuebox("db", "check", "--database-url", url, exit_code=1)
    assert said.splitlines() == [
        "ltv_predictions: 1 rows lack their row in ltv_features",
        "ltv_features: 2 rows lack their row in ltv_predictions",
    ]
