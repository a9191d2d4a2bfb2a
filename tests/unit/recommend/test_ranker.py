"""A ranker learns what neighbours cannot say, and is saved and loaded; tuning is careful."""

import numpy as np
import pytest
from support.clicks import MONDAY, index_of, visit

from valuebox.compartments.recommend import model as models
from valuebox.compartments.recommend.ranking.attributes import Attributes
from valuebox.compartments.recommend.ranking.index import Index
from valuebox.compartments.recommend.ranking.ranker_columns import COLUMNS
from valuebox.compartments.recommend.ranking.recommender import Recommender
from valuebox.compartments.recommend.ranking.setting import Setting
from valuebox.models import registry
from valuebox_training.recommend.evaluating import NothingToAsk, evaluate
from valuebox_training.recommend.measuring import gain, measured
from valuebox_training.recommend.questions import Log
from valuebox_training.recommend.ranking import Learned, Learning, NothingToRank, learn_ranker
from valuebox_training.recommend.tuning import Tuning, tune

SETTING = Setting()
IDS = [f"item {place}" for place in range(200)]
SOME = Learning(folds=2, share=0.15, rounds=30)


def made(sessions: int, seed: int = 0, turned: float = 0.0) -> Log:
    """Visitors walk up a shelf of ten items; some turn round after a few."""
    random = np.random.default_rng(seed)
    shelf = random.integers(0, 20, sessions)
    down = random.random(sessions) < turned
    keys, items, times = [], [], []
    for session in range(sessions):
        length = int(random.integers(2, 7))
        at = int(random.integers(0, 10))
        for click in range(length):
            keys.append(session)
            items.append(int(shelf[session]) * 10 + at)
            times.append(MONDAY + session * 60.0 + click * 5)
            step = int(random.choice([1, 1, 1, 2]))
            at = (at + (-step if down[session] else step)) % 10
    return Log.of(np.array(keys), np.array(items), np.array(times), IDS, SETTING)


@pytest.fixture(scope="module")
def learned() -> Learned:
    return learn_ranker(made(1_500), SETTING, SOME)


@pytest.mark.slow
def test_a_ranker_is_better_at_sessions_that_it_has_not_seen(learned: Learned) -> None:
    assert learned.is_better
    log = made(2_000, seed=1)
    border = log.stretches(1, 0.2, 10_000)[0]
    questions = log.questions(border, np.inf, 10_000, 0)
    plain = Recommender(log.before(border, SETTING))
    ranked = Recommender(plain.merged.index, None, learned.ranker)
    found = gain(measured(ranked, questions), measured(plain, questions))
    assert found.mean > 3 * found.error
    assert {one.session for one in questions}.isdisjoint(
        {one.session for one in log.questions(0.0, border, 10**9, 0)}
    )


def test_a_saved_model_answers_as_before_in_every_shop(learned: Learned) -> None:
    log = made(300, seed=2)
    index = log.before(np.inf, SETTING)
    own = Setting(rules=0.3)
    shops = {"shop": models.Learned(SETTING, learned.ranker), "other": models.Learned(own)}
    tag = models.RecommendModel(shops).save("recommend-of-a-shop", {}, {"sessions": 1_500})
    loaded = models.load(tag)
    assert (loaded.tag, list(loaded.shops)) == (tag, ["shop", "other"])
    assert loaded.shops["other"] == models.Learned(own)
    found = loaded.shops["shop"]
    assert (found.setting, found.repeating) == (SETTING, None)
    assert found.fresh is not None
    assert found.fresh.fresh
    one, other = (Recommender(index, None, ranker) for ranker in (learned.ranker, found.fresh))
    for seen in (["item 3"], ["item 4", "item 5"], ["nothing"]):
        assert other.answer(seen, 5, explain=True) == one.answer(seen, 5, explain=True)
    assert one.answer(["item 3"], 5).generator == "ranker"
    assert one.ranked_by(None).answer(["item 3"], 5).generator == "neighbours"
    assert one.answer(["nothing"], 5).generator == "popular"


def test_a_model_of_other_columns_is_outdated(
    learned: Learned, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(models, "COLUMNS", (*COLUMNS[:-1], "other"))
        tag = models.RecommendModel({"shop": models.Learned(SETTING, learned.ranker)}).save(
            "recommend-old", {}, {}
        )
    with pytest.raises(registry.ArtifactOutdated, match="other columns"):
        models.load(tag)


def test_too_few_sessions_are_nothing_to_rank() -> None:
    for sessions in (0, 1, 30):
        with pytest.raises(NothingToRank):
            learn_ranker(made(sessions), SETTING, SOME)


def test_columns_say_what_they_are_called(learned: Learned) -> None:
    index = made(300).before(np.inf, SETTING)
    attributes = Attributes.of(index, IDS, [place // 10 for place in range(200)], [2.0] * 200)
    recommender = Recommender(index, None, learned.ranker, attributes)
    codes, matrix = recommender.candidates([33, 32, 33])
    column = dict(zip(COLUMNS, matrix.T, strict=True))
    assert len(codes) == len(matrix) <= 120
    assert (np.diff(column["score"]) <= 0).all()
    assert column["rank"].tolist() == list(range(len(codes)))
    at = codes.tolist().index(32)
    assert (column["clicks ago"][at], column["times seen"][at]) == (1.0, 1.0)
    assert np.isnan(column["clicks ago"][codes != 32]).all()
    assert set(column["clicks of the visitor"]) == {3.0}
    assert set(column["price to that of the last item"]) == {0.0}
    assert column["category of the last item"].tolist() == [float(one // 10 == 3) for one in codes]
    assert column["neighbours"].max() == 1.0
    assert column["follows the last item"].sum() <= 1.0
    no_catalogue = Recommender(index).candidates([33, 32, 33])[1]
    assert np.isnan(no_catalogue[:, -3:]).all()
    assert np.array_equal(no_catalogue[:, :-3], matrix[:, :-3], equal_nan=True)


@pytest.mark.slow
def test_a_ranker_learns_what_the_catalogue_tells() -> None:
    """Visitors of a department look at any of its items, and look elsewhere one time in three."""
    random = np.random.default_rng(4)
    sessions = np.repeat(np.arange(700), 4)
    department = np.where(random.random(2_800) < 0.33, random.integers(0, 10, 2_800), sessions % 10)
    items = department * 20 + random.integers(0, 20, 2_800)
    log = Log.of(sessions, items, MONDAY + np.arange(2_800) * 20.0, IDS, SETTING)
    categories = np.arange(200) // 20

    def known(index: Index) -> Attributes:
        return Attributes.of(index, IDS, categories)

    how = Learning(folds=2, share=0.15, rounds=10, fewest=50)
    told, untold = (learn_ranker(log, SETTING, how, catalogue=one) for one in (known, None))
    assert told.gain.mean > untold.gain.mean + 2 * told.gain.error


@pytest.mark.slow
def test_tuning_keeps_what_is_there_where_nothing_is_surely_better() -> None:
    how = Tuning(share=0.4, most=600, fewest=100)
    log = made(600, turned=0.5)
    for place, start in enumerate((SETTING, Setting(fading=1000.0, nearness=1000.0, rules=0.0))):
        tuned = tune(log, start, how)
        assert tuned.questions >= 100
        better = tuned.gain.mean > how.sure * tuned.gain.error
        assert tuned.setting == (tuned.tried if better else start)
        if place:
            assert better, "a setting that forgets the order of clicks is not hard to beat"


def test_a_short_log_is_not_tuned() -> None:
    for sessions in (0, 1, 50):
        assert tune(made(sessions), SETTING).setting == SETTING


def test_what_is_a_step_further_is_a_candidate_too() -> None:
    clicks = [one for n in range(3) for one in (*visit(n, "a b"), *visit(n + 9, "b c", 99.0))]
    recommender = Recommender(index_of(clicks, SETTING))
    a, b, c = map(recommender.code_of, "abc")
    codes, matrix = recommender.candidates([a])
    assert codes.tolist() == [b, c]
    column = dict(zip(COLUMNS, matrix.T, strict=True))
    assert column["score"][0] > column["score"][1] == 0.0
    assert column["walked"].tolist() == pytest.approx([0.0, column["score"][0]])
    assert recommender.answer(["a"], 1).items == ("b",)
    assert a not in recommender.candidates([c, a])[0]


def test_ways_to_recommend_learn_from_what_came_before_the_sessions_asked_about() -> None:
    found = evaluate(made(1_500), SETTING, most=300, ranked=SOME)
    assert list(found.ways)[:7] == [
        *("popular", "popular of the last day", "AR", "SR", "SKNN", "V-SKNN", "STAN")
    ]
    assert (found.best_reference, found.ours) == ("SR", "valuebox, tuned and ranked")
    ours, popular = found.ways[found.ours], found.ways["popular"]
    assert ours.hit_rate.mean > popular.hit_rate.mean + 5 * popular.hit_rate.spread
    assert 0 < ours.reciprocal.spread < 0.1
    assert (popular.coverage, ours.bias) == (21 / 200, pytest.approx(1.0, abs=0.2))
    with pytest.raises(NothingToAsk):
        evaluate(made(1), SETTING)
