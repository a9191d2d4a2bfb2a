from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise

import numpy as np
import pytest
from pydantic import ValidationError
from support.responses import AT, made, world

from valuebox.compartments.response import model as models
from valuebox.compartments.response.known import NUMBERS, known_of
from valuebox.compartments.response.model import ResponseModel, load
from valuebox.facts.reading import FactColumns
from valuebox.features.attributes import Attributes
from valuebox.features.bins import (
    PREDICTION,
    PREDICTION_EDGES,
    SHARE_EDGES,
    Reference,
    prediction_codes,
)
from valuebox.statistics.psi import merged, shift
from valuebox_training.response.train import train

ATTRIBUTES = Attributes(
    numbers=("age",), values={"campaign": ("TW", "7"), "keen": ("true",), "days known": ("old",)}
)


def test_what_is_known_of_customers_is_as_counted_by_hand() -> None:
    facts = made(
        [
            (0, "bought", "thai", 10.25), (0, "like", None, 10.5), (0, "nothing", None, 29.9),
            (0, "bought", "french", 40), (0, "bought", "thai", 364.9), (0, "bought", "thai", 365.1),
            (0, "bought", "thai", 0), (0, "bought", "thai", -3), (-1, "bought", "thai", 1),
            (2, "like", "thai", 1),
        ],
        [{"campaign": "TW", "age": 31}, None, {"campaign": 7.0, "age": "old", "keen": False}],
        [100, None, -1],
    )  # fmt: skip
    first, nobody, last = known_of(ATTRIBUTES, facts, AT, np.array([0, 1, 2]))
    assert first == {
        "age": 31, "campaign": "TW", "keen": None,
        "days since the last event": 10.25,
        "events in 30 days": 3, "events in 90 days": 4, "events in 365 days": 5,
        "days with an event in 30": 2, "days with an event in 90": 3,
        "days with an event in 365": 4, "days known": 100,
    }  # fmt: skip
    assert nobody == {
        **dict.fromkeys(("age", "campaign", "keen", NUMBERS[0], NUMBERS[-1])),
        **dict.fromkeys(NUMBERS[1:-1], 0),
    }
    # Whoever joins later is not known yet; what was not learned is not kept.
    assert (last["campaign"], last["age"], last["keen"]) == ("7", None, "(others)")
    assert (last["days known"], last["days since the last event"]) == (None, 1)
    assert known_of(ATTRIBUTES, facts, AT, np.array([2, 0])) == [last, first]
    assert known_of(ATTRIBUTES, facts, AT, np.zeros(0, dtype=np.intp)) == []


@pytest.fixture(scope="module")
def model() -> ResponseModel:
    return ResponseModel.load(train(world(1), ["bought"], "category", 30, None, "refer").tag)


def _actual(model: ResponseModel, facts: FactColumns) -> dict[str, float]:
    """The index of each feature, and of the predictions, of customers of today."""
    reference, chosen = model.reference, np.arange(len(facts.customers))
    assert reference is not None
    known = known_of(model.encoder.attributes, facts, AT, chosen)
    found = {}
    for name, bins in reference.features.items():
        codes = bins.codes([one[name] for one in known])
        result = shift(bins.users, np.bincount(codes, minlength=len(bins.users)).tolist())
        assert result is not None
        found[name] = result.psi - result.noise
    said = model.predict(facts, AT, chosen).ravel()
    codes = prediction_codes(said, reference.prediction_edges)
    counts = np.bincount(codes, minlength=len(reference.predictions)).tolist()
    assert sum(counts) == len(chosen) * len(model.cells)
    moved = shift(*merged(reference.predictions, counts))
    assert moved is not None
    return found | {PREDICTION: moved.psi - moved.noise}


def test_customers_alike_are_like_the_reference_and_others_are_not(model: ResponseModel) -> None:
    assert model.reference is not None
    assert {*model.reference.numbers} == {"age", *NUMBERS}
    assert model.reference.categories["keen"].values == ["false", "true"]
    assert sum(model.reference.categories["keen"].users) == 600
    assert sum(model.reference.predictions) == 600 * len(model.cells)
    assert model.reference.prediction_edges == SHARE_EDGES
    assert max(_actual(model, world(2)).values()) <= 0
    # Nobody did anything for a hundred days.
    facts = world(2)
    events = facts.events
    before = events.time < AT - np.timedelta64(100, "D")
    events = replace(events, customer=np.where(before, events.customer, -1).astype("i4"))
    moved = _actual(model, FactColumns(facts.customers, events))
    assert moved["events in 90 days"] > 0.25
    assert moved["days since the last event"] > 0.25
    assert moved[PREDICTION] > 0.1
    assert moved["keen"] < 0


def test_a_model_of_the_second_layout_predicts_and_has_no_reference(
    model: ResponseModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(models, "_LAYOUT", 2)
    old = load(replace(model, reference=None).save("second", {}, model.metadata))
    assert old.reference is None
    who = np.arange(9)
    np.testing.assert_allclose(
        old.predict(world(2), AT, who), model.predict(world(2), AT, who), rtol=1e-6
    )
    assert old.created_at < datetime.now(UTC)


def test_edges_of_shares_are_fine_near_both_ends() -> None:
    assert (SHARE_EDGES[0], SHARE_EDGES[-1]) == (0.0001, 0.9999)
    assert all(before < after for before, after in pairwise(SHARE_EDGES))
    assert len(SHARE_EDGES) != len(PREDICTION_EDGES)
    codes = prediction_codes(np.array([0, 0.00011, 0.5, 1]), SHARE_EDGES)
    assert codes.tolist() == [0, 1, len(SHARE_EDGES) // 2 + 1, len(SHARE_EDGES)]
    for edges in (SHARE_EDGES, PREDICTION_EDGES):
        reference = Reference(numbers={}, categories={}, predictions=[0] * (len(edges) + 1))
        assert reference.prediction_edges == edges
    with pytest.raises(ValidationError, match="every bin of predictions"):
        Reference(numbers={}, categories={}, predictions=[0, 1])
