"""Two rankings in one list, and which of them visitors click more."""

from collections.abc import Sequence

import numpy as np
import pytest

from valuebox.compartments.recommend.proof.coding import ListRow, ViewRow, coded
from valuebox.compartments.recommend.proof.interleaving import (
    FIRST,
    INTERLEAVED,
    NOBODY,
    SECOND,
    draft,
)
from valuebox.compartments.recommend.proof.rendering import page
from valuebox.compartments.recommend.proof.report import report
from valuebox.compartments.recommend.proof.schemas import Experiment, Preference, ProofReport
from valuebox.compartments.recommend.proof.sessions import CAPS, Sessions, Watched, watched
from valuebox_cli.recommend.telling import tell

LAID = Experiment(
    name="first",
    kind="interleaved",
    shares={"popular": 0.5, "personal": 0.5},
    primary="clicks",
    holdback=0.0,
)
DAY = 86_400.0
A_DAY = 200


def test_each_ranking_picks_its_best_that_is_left() -> None:
    found = draft(["a", "b", "c", "d"], ["x", "a", "b", "y"], 4, "s")
    assert len(found.items) == len(set(found.items)) == 4
    assert abs(found.team.count(FIRST) - found.team.count(SECOND)) <= 1
    for team, ranking in ((FIRST, "abcd"), (SECOND, "xaby")):
        picked = [item for item, who in zip(*found, strict=True) if who == team]
        assert picked == sorted(picked, key=ranking.index)
    assert draft(["a", "b", "c", "d"], ["x", "a", "b", "y"], 4, "s") == found


def test_either_begins_in_half_of_the_lists() -> None:
    begins = [draft(["a", "b"], ["b", "a"], 2, str(seed)).team[0] for seed in range(1_000)]
    assert 430 < sum(begins) < 570


def test_the_other_fills_up_where_one_has_nothing_left() -> None:
    found = draft(["a"], ["x", "y", "z"], 10, "s")
    assert sorted(found.items) == ["a", "x", "y", "z"]
    assert found.team[found.items.index("a")] == FIRST
    # What one had to leave to the other says nothing of which is better.
    assert sorted(found.team) == [NOBODY, NOBODY, FIRST, SECOND]
    assert draft([], [], 5, "s").items == []
    assert draft([], ["x"], 5, "s").items == ["x"]


def test_both_pick_as_many_of_a_bounded_category() -> None:
    groups = dict.fromkeys("abcd", "shoes")
    found = draft("abcdwxuv", "ywxzabuv", 6, "s", groups, 2)
    assert sum(one in groups for one in found.items) == 2
    assert found.team.count(FIRST) == found.team.count(SECOND) == 3
    assert len(draft("abcd", "abcd", 9, "s", groups, 2).items) == 2


def credits_of(views: Sequence[ViewRow], *teams: Sequence[int]) -> tuple[list[list[float]], bool]:
    """What both rankings are credited with, of a session with lists of the items a, b and c."""
    lists = [
        ListRow(f"list-{n}", "s", 100.0 * n, INTERLEAVED, "abc", team)
        for n, team in enumerate(teams)
    ]
    found = watched(*coded(views, lists, None, (INTERLEAVED,)))
    assert found.sessions.credits is not None
    return found.sessions.credits.tolist(), found.credits_are_told


def test_clicks_are_credited_once_to_whoever_picked_the_item() -> None:
    team = FIRST, SECOND, NOBODY
    told = [ViewRow("s", item, 10.0, "list-0") for item in ("a", "a", "b", "c", "elsewhere", None)]
    assert credits_of(told, team) == ([[1.0, 1.0]], True)
    # The same item on another list is another click, and who picked it there is another question.
    assert credits_of(
        [*told, ViewRow("s", "a", 110.0, "list-1")], team, (SECOND, FIRST, NOBODY)
    ) == (
        [[1.0, 2.0]],
        True,
    )
    assert credits_of([], team) == ([[0.0, 0.0]], False)


def test_clicks_are_inferred_only_where_a_shop_tells_none() -> None:
    team = FIRST, SECOND, NOBODY
    silent = [ViewRow("s", item, 110.0) for item in ("b", "b", "elsewhere")]
    assert credits_of(silent, team) == ([[0.0, 1.0]], False)
    # An item that was looked at later counts for the latest list that has it.
    assert credits_of(silent, team, (SECOND, FIRST, FIRST)) == ([[1.0, 0.0]], False)
    # Popular items are looked at anyway: once a single click is told, what is inferred is not one.
    assert credits_of([*silent, ViewRow("s", "a", 10.0, "list-0")], team) == ([[1.0, 0.0]], True)


def lived(first: float, second: float, days: int, seed: int, began: float = 0.5) -> Watched:
    """Sessions of some days that click items of either ranking with some probability."""
    draw = np.random.default_rng(seed)
    n = days * A_DAY
    nothing = np.zeros(n)
    clicks = np.stack([draw.binomial(3, chance, n) for chance in (first, second)], axis=1)
    return Watched(
        Sessions(
            session=np.arange(n),
            arm=np.zeros(n, dtype=np.intp),
            first=np.sort(draw.uniform(0, days * DAY, n)),
            views=nothing + 2,
            lists=nothing + 1,
            clicked=clicks.any(axis=1).astype(np.float64),
            inferred=nothing,
            seconds=nothing,
            bounced=nothing,
            orders=None,
            priced=None,
            revenue=None,
            credits=clicks.astype(np.float64),
            began=draw.binomial(1, began, n),
        ),
        (INTERLEAVED,),
        np.zeros(1, dtype=np.intp),
        *(0, CAPS, None, 0, True),
    )


def told(*lived_as: float, days: int = 14, seed: int = 0) -> tuple[ProofReport, Preference]:
    found = report(lived(*lived_as[:2], days, seed, *lived_as[2:]), LAID)
    assert found.preference is not None
    return found, found.preference


def test_rankings_that_are_alike_are_not_told_apart_however_often_somebody_looks() -> None:
    states = [told(0.1, 0.1, seed=seed)[1].state for seed in range(100)]
    assert states.count("open") >= 98


def test_a_better_ranking_is_found_by_a_fraction_of_the_sessions_of_two_arms() -> None:
    found, better = told(0.05, 0.08)
    verdict = found.verdicts[0]
    assert (verdict.arm, verdict.kind) == ("personal", "clicked more")
    assert "Visitors prefer personal to popular lists" in verdict.headline
    assert "nothing of conversion" in verdict.headline
    assert better.share == pytest.approx(
        0.5 + (better.for_second - better.for_first) / 2 / better.sessions
    )
    for low, high in (
        (better.lower, better.upper),
        (better.always_lower, better.always_upper),
    ):
        assert low is not None
        assert high is not None
        assert 0.5 < low < better.share < high
    # The interval of all looks is the wider one, and narrows day by day.
    assert better.always_lower < better.lower
    assert better.looks[-1].lower == better.always_lower
    assert better.since is not None
    assert better.since <= better.looks[-1].day
    other_way = told(0.08, 0.05)[0].verdicts[0]
    assert other_way.kind == "clicked less"
    assert "Visitors prefer popular to personal lists" in other_way.headline


def test_few_clicks_say_nothing() -> None:
    found, few = told(0.0, 0.0, days=2)
    assert (few.sessions, few.share, few.looks) == (0, None, [])
    assert found.verdicts[0].headline.startswith("Too few sessions with a click")
    _, none = told(0.05, 0.08, days=1)
    assert (none.state, none.always_lower) == ("too few", None)


def test_lists_that_are_lost_leave_no_verdict() -> None:
    lost, _ = told(0.05, 0.08, 0.4)
    assert lost.verdicts[0].kind == "no verdict"
    assert "one ranking began more lists" in lost.verdicts[0].headline
    held = LAID.model_copy(update={"holdback": 0.5})
    found = lived(0.05, 0.08, 14, 0)
    arm = (np.arange(len(found.sessions.arm)) % 4 == 0).astype(np.intp)
    both = Watched(
        found.sessions._replace(arm=arm),
        *((INTERLEAVED, "holdback"), np.zeros(2, dtype=np.intp), 0, CAPS, None, 0, True),
    )
    assert "as chance was meant" in report(both, held).verdicts[0].headline


def test_the_page_and_the_terminal_say_which_is_preferred(
    capsys: pytest.CaptureFixture[str],
) -> None:
    found, _ = told(0.05, 0.08)
    html = page(found)
    assert found.verdicts[0].headline in html
    assert "Sessions that prefer personal" in html
    assert "<polyline" in html
    assert not any(f">{one}<" in html for one in ("None", "nan", "inf"))
    assert "Too few sessions" in page(told(0.0, 0.0, days=1)[0])
    tell(found)
    said = capsys.readouterr().out
    assert found.verdicts[0].headline in said
    assert "at all looks" not in said


@pytest.mark.parametrize(
    ("more", "wrong"),
    [
        ({"primary": "views"}, "clicks alone"),
        ({"margins": {"views": 0.1}}, "clicks alone"),
        ({"planned": 900}, "clicks alone"),
        ({"shares": {"popular": 0.4, "personal": 0.6}}, "half each"),
    ],
)
def test_an_interleaved_experiment_is_laid_down_for_clicks_alone(
    more: dict[str, object], wrong: str
) -> None:
    with pytest.raises(ValueError, match=wrong):
        Experiment.model_validate({**LAID.model_dump(), **more})
