from pathlib import Path

import bentoml
import numpy as np
import pytest

from valuebox.facts.reading import Coded, CustomerRows, EventRows, FactRows
from valuebox.growth.response.features import Encoder
from valuebox.growth.response.history import there
from valuebox.growth.response.model import ResponseModel, served
from valuebox.growth.response.told import Attributes
from valuebox.registry import ArtifactMissing, ArtifactRefused
from valuebox_training.response import NothingToLearn, train

AT = np.datetime64("2024-06-01", "us")
TYPES, CATEGORIES = ["bought", "like", "nothing"], ["thai", "french"]
TAG = "reply"


def coded(texts: list[str | None], names: list[str]) -> Coded:
    return Coded(np.array([-1 if t is None else names.index(t) for t in texts], "i4"), names)


def made(
    happened: list[tuple[int, str, str | None, float]],
    told: list[dict[str, object] | None],
    joined: list[float | None],
) -> FactRows:
    """Events as customer, type, category and days before `AT`; customers joined so long before."""
    who, types, categories, days = zip(*happened, strict=True)
    n = len(told)
    day = np.timedelta64(1, "D")
    created = np.array(
        [np.datetime64("NaT") if j is None else AT - np.timedelta64(int(j), "D") for j in joined]
    )
    return FactRows(
        CustomerRows(
            Coded(np.zeros(n, dtype="i4"), ["shop"]),
            np.array([str(one) for one in range(n)], dtype=object),
            created.astype("datetime64[us]"),
            told,
        ),
        EventRows(
            np.array(who, dtype="i4"),
            coded(list(types), TYPES),
            AT - (np.array(days) * (day / np.timedelta64(1, "us"))).astype("timedelta64[us]"),
            np.full(len(who), np.nan),
            coded(list(categories), CATEGORIES),
        ),
    )


def world(seed: int, n: int = 600) -> FactRows:
    """Half a year in which customers who told `keen` buy thai food, and others do little."""
    rng = np.random.default_rng(seed)
    keen = rng.random(n) < 0.3
    events = []
    for who in range(n):
        for _ in range(rng.poisson(4 if keen[who] else 0.7)):
            kind = str(rng.choice(TYPES[:2], p=[0.7, 0.3] if keen[who] else [0.2, 0.8]))
            dish = "thai" if rng.random() < (0.9 if keen[who] else 0.5) else "french"
            events.append((who, kind, dish, float(rng.uniform(0, 180))))
    shared = ({"keen": True, "age": 30}, {"keen": False, "age": 30})
    told = [{**shared[not one], "age": int(rng.integers(20, 60))} for one in keen]
    return made(events, told, [200.0] * n)


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
            (0, "bought", "thai", 10), (0, "bought", "french", 40), (0, "nothing", None, 5),
            (0, "like", "thai", 50), (0, "bought", "thai", 0), (0, "bought", "thai", -3),
            (1, "like", "thai", 1), (-1, "bought", "thai", 1),
        ],
        [{"campaign": "TW", "age": 31}, None, {"campaign": "XX", "age": "old"}],
        [100, None, -1],
    )  # fmt: skip
    assert there(facts, AT).tolist() == [0, 1]
    chosen = np.array([2, 0])
    found = encoder.transform(facts, AT, chosen).reshape(2, 4, -1)
    table = [dict(zip(encoder.names, cell, strict=True)) for cell in found[1].tolist()]
    # What happens at the moment itself is already what is to be predicted.
    assert [cell["times"] for cell in table] == [2, 2, 1, 1]
    assert [cell["times lately"] for cell in table] == [1, 1, 0, 0]
    assert [cell["both times"] for cell in table[1::2]] == [1, 1]
    assert [cell["both days since"] for cell in table[1::2]] == [10, 50]
    assert table[1]["category times"] == 2
    assert np.isnan(table[0]["both times"])
    for cell in table:
        assert (cell["days known"], cell["events"], cell["events lately"]) == (100, 4, 2)
        assert (cell["days since any"], cell["days active"]) == (5, 50)
        assert (cell["nothing times"], cell["age"]) == (1, 31)
        assert (cell["campaign=TW"], cell["campaign=?"]) == (1, 0)
    nobody = dict(zip(encoder.names, found[0, 0].tolist(), strict=True))
    assert (nobody["events"], nobody["campaign=?"]) == (0, 1)
    assert np.isnan([nobody["days known"], nobody["days since any"], nobody["age"]]).all()
    assert encoder.happened(facts, AT, 30, np.array([0, 1])).tolist() == [
        [True, True, False, False],
        [False] * 4,
    ]
    assert not encoder.happened(facts, AT + np.timedelta64(4, "D"), 30, np.array([0])).any()


def test_those_who_respond_are_found_and_counted(model: ResponseModel) -> None:
    facts = world(2)
    start = AT - np.timedelta64(30, "D")
    chosen = there(facts, start)
    said = model.predict(facts, start, chosen)
    happened = model.encoder.happened(facts, start, 30, chosen)
    assert [cell.response for cell in model.cells] == ["bought"] * 3 + ["like"] * 3
    assert said.sum() == pytest.approx(happened.sum(), rel=0.2)
    bought = happened[:, 0]
    assert said[bought, 0].mean() > 1.5 * said[~bought, 0].mean()
    assert (said[:, 0] >= said[:, 1:3].max(axis=1)).all()
    # Whoever else is asked about changes nothing.
    some = chosen[[400, 3, 77]]
    assert model.predict(facts, start, some) == pytest.approx(said[[400, 3, 77]], abs=1e-7)
    assert model.predict(facts, start, chosen[:0]).shape == (0, 6)


def test_a_changed_model_is_refused(model: ResponseModel) -> None:
    file = Path(bentoml.models.get(model.tag).path) / "model.json"
    content = file.read_text()
    file.write_text(content.replace('"days": 30', '"days": 90'))
    with pytest.raises(ArtifactRefused, match="changed after it was saved"):
        ResponseModel.load(model.tag)
    file.write_text(content)
    assert ResponseModel.load(TAG).tag == model.tag


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
