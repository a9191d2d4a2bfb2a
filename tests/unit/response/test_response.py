import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from hashlib import sha256
from pathlib import Path

import bentoml
import numpy as np
import pytest
from support.released import first_response_model
from support.responses import AT, CATEGORIES, TYPES, made, world

from valuebox.compartments.response.features import Encoder
from valuebox.compartments.response.judging import CannotJudge, judge
from valuebox.compartments.response.kind import NEWEST
from valuebox.compartments.response.level import expected_between, forecast
from valuebox.compartments.response.model import Pair, ResponseModel, load
from valuebox.facts.labels import Labels
from valuebox.facts.reading import CustomerColumns, EventColumns, FactColumns
from valuebox.facts.windows import there
from valuebox.features.attributes import Attributes
from valuebox.models import registry
from valuebox.models.registry import ArtifactMissing, ArtifactRefused
from valuebox_training.customers import NothingToLearn
from valuebox_training.response.levelling import levelled
from valuebox_training.response.train import train

served = partial(registry.served, load, NEWEST)

TAG = "reply"


@pytest.fixture(scope="module")
def model() -> ResponseModel:
    trained = train(world(1), ["bought", "like", "share"], "category", 30, None, TAG)
    assert trained.rounds == 4
    assert trained.validation is not None
    return ResponseModel.load(trained.tag)


def test_features_are_as_counted_by_hand() -> None:
    encoder = Encoder(
        responses=("bought", "like"),
        types=("bought", "like", "nothing"),
        categories=("thai",),
        attributes=Attributes(numbers=("age",), values={"campaign": ("TW",)}),
    )
    facts = made(
        [
            (0, "bought", "thai", 10.25), (0, "bought", "french", 40), (0, "nothing", None, 5),
            (0, "like", "thai", 50), (0, "bought", "thai", 0), (0, "bought", "thai", -3),
            (1, "like", "thai", 1), (-1, "bought", "thai", 1), (0, "bought", None, 10.5),
        ],
        [{"campaign": "TW", "age": 31}, None, {"campaign": "XX", "age": "old"}],
        [100, None, -1],
    )  # fmt: skip
    assert there(facts, AT, 4).tolist() == [0, 1]
    # Of the days after the last event nobody knows anything.
    assert not len(there(facts, AT, 30))
    history, chosen = encoder.history(facts, AT), np.array([2, 0])
    found = np.expm1(encoder.of_responses(history, AT, chosen, 30).astype(float))
    bought = dict(zip(encoder.names, found[1, 0].tolist(), strict=True))
    # What happens at the moment itself is already what is to be predicted.
    assert (bought["events"], bought["events 30"], bought["events 90"]) == pytest.approx((3, 2, 3))
    assert (bought["days"], bought["days 30"]) == pytest.approx((2, 1))
    assert (bought["recency"], bought["known"]) == pytest.approx((10.25, 100), rel=1e-5)
    assert bought["any event: events"] == pytest.approx(5)
    assert bought["any event: recency"] == pytest.approx(5)
    assert bought["like: recency"] == pytest.approx(50, rel=1e-5)
    assert np.log1p(bought["age"]) == pytest.approx(31)
    assert (np.log1p(bought["campaign=TW"]), np.log1p(bought["campaign=?"])) == pytest.approx(
        (1, 0)
    )
    nobody = dict(zip(encoder.names, found[0, 0].tolist(), strict=True))
    assert (nobody["events"], np.log1p(nobody["never"])) == pytest.approx((0, 1))
    each = np.expm1(encoder.of_categories(history, AT, chosen, 30).astype(float))
    thai = dict(zip(encoder.category_names, each[1, 0, 0].tolist(), strict=True))
    assert (thai["events"], thai["category: events"]) == pytest.approx((1, 2))
    assert thai["response: events"] == pytest.approx(3)
    happened = encoder.happened(history, AT, 30, np.array([0, 1]))
    assert happened.tolist() == [[True, True, False, False], [False] * 4]
    later = AT + np.timedelta64(4, "D")
    assert not encoder.happened(history, later, 30, np.array([0])).any()


def test_those_who_respond_are_found_and_counted(model: ResponseModel) -> None:
    facts = world(2)
    start = AT - np.timedelta64(30, "D")
    chosen = there(facts, start, 30)
    said = model.predict(facts, start, chosen)
    happened = model.encoder.happened(model.encoder.history(facts, start), start, 30, chosen)
    assert [cell.response for cell in model.cells] == ["bought"] * 3 + ["like"] * 3
    assert said.sum() == pytest.approx(happened.sum(), rel=0.2)
    bought = happened[:, 0]
    assert said[bought, 0].mean() > 1.5 * said[~bought, 0].mean()
    assert (said[:, 0] >= said[:, 1:3].max(axis=1)).all()
    # Whoever else is asked about changes nothing.
    some = chosen[[400, 3, 77]]
    assert model.predict(facts, start, some) == pytest.approx(said[[400, 3, 77]], abs=1e-7)
    assert model.predict(facts, start, chosen[:0]).shape == (0, 6)


def test_categories_are_expected_as_often_as_they_came(model: ResponseModel) -> None:
    facts = world(3, 3_000)
    starts = [AT - np.timedelta64(30 * month, "D") for month in (1, 2, 3)]
    off = [
        Pair(pair.any, replace(pair.categories, regressions=pair.categories.regressions.model_copy(
            update={"cells": (1.2, -1.2)}
        )))
        for pair in model.pairs
    ]  # fmt: skip
    wrong = replace(model, pairs=tuple(off))
    right = levelled(wrong, facts, starts)
    chosen = there(facts, starts[0], 30)
    happened = model.encoder.happened(
        model.encoder.history(facts, starts[0]), starts[0], 30, chosen
    )
    came = happened.sum(axis=0)
    for said, holds in ((wrong, False), (right, True)):
        expected = said.predict(facts, starts[0], chosen).sum(axis=0)
        near = [
            abs(expected[place] - came[place]) < 3 * np.sqrt(came[place]) + 0.1 * came[place]
            for place, cell in enumerate(model.cells)
            if cell.category is not None
        ]
        assert all(near) == holds


def test_customers_who_have_done_nothing_are_predicted_by_themselves(model: ResponseModel) -> None:
    told: list[dict[str, object] | None] = [{"keen": True, "age": 30}, None]
    nobody = made([(-1, "nothing", None, 5.0)], told, [100.0, None])
    chances = model.predict(nobody, AT, np.array([0, 1]))
    assert chances.shape == (2, len(model.cells))
    assert ((chances > 0) & (chances < 0.5)).all()


def test_a_changed_model_is_refused(model: ResponseModel) -> None:
    file = Path(bentoml.models.get(model.tag).path) / "model.json"
    content = file.read_text()
    file.write_text(content.replace('"days": 30', '"days": 90'))
    with pytest.raises(ArtifactRefused, match="changed after it was saved"):
        ResponseModel.load(model.tag)
    file.write_text(content)
    assert ResponseModel.load(TAG).tag == model.tag


@pytest.fixture
def first_layout() -> Iterator[tuple[str, list[list[float]]]]:
    """The newest `response`, as a version of November 2026 has saved it, and what that said.

    It learned from `world(1)`, and was asked for 40 customers of `world(2)`.
    """
    tag, said = first_response_model("response")
    yield tag, said
    bentoml.models.delete(tag)


def test_a_model_of_the_first_layout_predicts_what_it_did(
    first_layout: tuple[str, list[list[float]]], model: ResponseModel
) -> None:
    tag, said = first_layout
    old = served(None)
    assert old is not None
    assert old.tag == served(tag).tag == tag
    facts = world(2)
    np.testing.assert_allclose(old.predict(facts, AT, np.arange(40)), said, rtol=1e-4)
    assert old.predict(facts, AT, np.zeros(0, dtype=np.intp)).shape == (0, len(old.cells))
    # A newer one is judged beside it; it is not judged itself.
    start = AT - np.timedelta64(30, "D")
    beside = judge(model, facts, start, old)
    assert beside.older == tag
    assert all(one.older is not None for one in beside.responses if one.model is not None)
    with pytest.raises(ArtifactRefused, match="`valuebox growth train` makes a new one"):
        ResponseModel.load(tag)


def test_a_changed_model_of_the_first_layout_is_refused(
    first_layout: tuple[str, list[list[float]]],
) -> None:
    folder = Path(bentoml.models.get(first_layout[0]).path)
    manifest = json.loads((folder / registry.MANIFEST).read_text())
    rest = json.loads((folder / "model.json").read_text())
    rest["usual"] = [one + 0.1 for one in rest["usual"]]
    content = json.dumps(rest).encode()
    (folder / "model.json").write_bytes(content)
    manifest["digests"]["model.json"] = sha256(content).hexdigest()
    (folder / registry.MANIFEST).write_text(json.dumps(manifest))
    with pytest.raises(ArtifactRefused, match="does not predict here what it did"):
        served(None)


def test_a_service_starts_beside_a_model_of_a_newer_layout_and_says_so(
    caplog: pytest.LogCaptureFixture,
) -> None:
    files = {"model.json": b'{"layout": 99, "days": 30, "category": "category"}'}
    tag = registry.save("response", "response", 3, files, {}, {})
    assert served(None) is None
    assert f"{tag} was saved by another version" in caplog.text
    with pytest.raises(ArtifactRefused, match="layout 99"):
        served("response")
    bentoml.models.delete(tag)


def test_a_service_needs_no_model_unless_one_is_named(model: ResponseModel) -> None:
    assert served(None) is None
    assert served(TAG).tag == model.tag
    with pytest.raises(ArtifactMissing):
        served("nothing-of-that-name")


def test_what_cannot_be_learned_is_said() -> None:
    with pytest.raises(NothingToLearn, match="nobody has done any of share"):
        train(world(1, 50), ["share"], "category", 30, None, TAG)
    with pytest.raises(NothingToLearn, match="less than twice 100 days"):
        train(world(1, 50), ["bought"], "category", 100, None, TAG)


def beside(first: FactColumns, second: FactColumns) -> FactColumns:
    """Two sources, of which the second one came a year later."""
    (mine, done), (theirs, later) = first, second
    year, n = np.timedelta64(365, "D"), len(mine)
    return FactColumns(
        CustomerColumns(
            Labels(np.repeat(np.array([0, 1], dtype="i4"), (n, len(theirs))), ["shop", "later"]),
            np.concatenate([mine.id, theirs.id]),
            np.concatenate([mine.created, theirs.created + year]),
            [*mine.attributes, *theirs.attributes],
        ),
        EventColumns(
            np.concatenate([done.customer, later.customer + n]).astype("i4"),
            Labels(np.concatenate([done.type.codes, later.type.codes]), TYPES),
            np.concatenate([done.time, later.time + year]),
            np.concatenate([done.amount, later.amount]),
            Labels(np.concatenate([done.category.codes, later.category.codes]), CATEGORIES),
        ),
    )


def test_sources_that_have_ended_are_not_taken_for_silent_customers(model: ResponseModel) -> None:
    facts = beside(world(1), world(2))
    # The last month of the later one, in which nobody has watched the first one for a year.
    start = AT + np.timedelta64(335, "D")
    judged, alone = judge(model, facts, start), judge(model, world(2), AT - np.timedelta64(30, "D"))
    assert (judged.customers, judged.sources) == (600, ["later"])
    assert judged.responses[0].model.auc == pytest.approx(alone.responses[0].model.auc, abs=0.02)
    both = train(facts, ["bought"], "category", 30, None, TAG)
    found = ResponseModel.load(both.tag)
    assert (both.customers, both.validation.customers) == (1200, 600)
    expected = found.predict(world(2), AT - np.timedelta64(30, "D"), np.arange(600))[:, 0].sum()
    assert expected == pytest.approx(judged.responses[0].responders, rel=0.2)


def test_customers_of_whom_it_is_not_known_when_they_joined_come_with_their_first_event() -> None:
    facts = made([(0, "bought", "thai", 50), (1, "bought", "thai", 10)], [None] * 3, [None] * 3)
    start = AT - np.timedelta64(40, "D")
    assert there(facts, start, 30).tolist() == [0]


def test_months_unlike_each_other_widen_what_is_expected() -> None:
    few = np.full(6, 0.01)
    calm = forecast(np.array([0.02, -0.03, 0.01, 0.0, -0.02, 0.03]), few)
    moved = forecast(np.array([0.5, -0.6, 0.7, -0.4, 0.6, -0.5]), few)
    risen = forecast(np.array([-0.4, -0.2, -0.1, 0.1, 0.3, 0.5]), few)
    assert calm.moves < 0.12 < 0.3 < moved.moves
    assert abs(calm.shift) < 0.05 < 0.3 < risen.shift
    chances = np.full(1_000, 0.08)
    lower, upper = expected_between(chances, 0.0)
    # By chance alone: 80 give or take 1.645 times 8.6.
    assert (lower, upper) == pytest.approx((67, 95), abs=1.5)
    assert expected_between(chances, 0.6)[1] > 180


def test_a_month_that_is_not_over_is_not_judged(model: ResponseModel) -> None:
    with pytest.raises(CannotJudge, match="end sooner"):
        judge(model, world(2), AT - np.timedelta64(20, "D"))


def test_nothing_is_learned_from_months_after_the_last_event() -> None:
    whole = train(world(1), ["bought"], "category", 30, None, "whole")
    later = train(world(1), ["bought"], "category", 30, datetime(2025, 6, 1, tzinfo=UTC), "later")
    assert (later.rounds, later.customers) == (whole.rounds, whole.customers)
    assert later.validation.responses == whole.validation.responses


def test_numbers_may_be_larger_than_a_tree_can_hold() -> None:
    facts = world(1)
    for place, one in enumerate(facts.customers.attributes):
        one["huge"] = 10 ** (place % 400)
    trained = train(facts, ["bought"], "category", 30, None, "huge")
    assert ResponseModel.load(trained.tag).encoder.attributes.numbers == ("age", "huge")
