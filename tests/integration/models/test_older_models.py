from pathlib import Path

import numpy as np
import pytest
from support.released import saved_then

from valuebox.compartments.ltv.files import columns_of, read_users
from valuebox.compartments.ltv.ledger import LEDGER, note
from valuebox.compartments.ltv.model import LtvModel
from valuebox.predictions.sums.models import known_model
from valuebox.store.engine import Store


@pytest.mark.parametrize("format_", [2, 3])
def test_a_model_of_an_older_format_predicts_what_it_did(
    model: LtvModel, data_dir: Path, format_: int, store: Store
) -> None:
    old = saved_then(model, format_)
    loaded = LtvModel.load(old.tag)
    columns = columns_of(read_users(data_dir / "valid.csv").head(100).assign(STV=1_000.0))
    for said, expected in zip(loaded.estimate(columns), old.estimate(columns), strict=True):
        np.testing.assert_array_equal(said, expected)
    assert loaded.warnings(columns) == []
    with store.writing() as session:
        note(session, loaded)
    with store.reading() as session:
        known = known_model(session, LEDGER, old.tag)
    assert (known.reference is None) == (format_ == 2)
    assert known.learned.model_dump() == old.uncertainty.model_dump()
    again = LtvModel.load(loaded.save("old", {}, {}))
    np.testing.assert_array_equal(again.predict(columns), old.predict(columns))
