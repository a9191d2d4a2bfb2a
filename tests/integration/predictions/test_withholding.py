"""What would tell of few users is not shown, nor what it could be worked out from."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest
from support.dashboards import Site, site_on
from support.sums import fold, report, send, stored_sums
from support.users import user

from valuebox.compartments.ltv import privacy
from valuebox.compartments.ltv.expiry import prune_features
from valuebox.compartments.ltv.ledger import LEDGER
from valuebox.compartments.ltv.model import LtvModel
from valuebox.dashboard.panels import PANELS
from valuebox.predictions.monitoring.checks import monitor
from valuebox.predictions.monitoring.results import Thresholds
from valuebox.predictions.sums.cohort_means import cohort_means, judged_cohorts, withheld_cohorts
from valuebox.predictions.sums.selection import Selection
from valuebox.store.engine import Store

LEAST = 5
ALL = Selection()


@pytest.fixture
def site(postgres_store: Store, model: LtvModel) -> Iterator[Site]:
    with site_on(postgres_store, model) as found:
        yield found


def joined(store: Store, model: LtvModel, counts: dict[tuple[str, int], int], known: int) -> None:
    """Store users by segment and day of July; of each such cohort so many have an outcome."""
    sent, targets = [], {}
    for (segment, day), users in counts.items():
        for number in range(users):
            one = user(len(sent), country_segment=segment, join_date=f"2019-07-{day:02d} 12:00:00")
            one["STV"] = 1.5 + len(sent) % 7
            if number < known:
                targets[len(sent)] = 4.0 + len(sent) % 11
            sent.append(one)
    send(store, sent, model)
    report(store, targets)
    fold(store)


def shown(store: Store, least: int = LEAST, known: bool = False) -> dict[tuple[str, int], int]:
    with store.reading() as session:
        found = cohort_means(session, LEDGER, ALL, "day", least)
    return {
        (one.segment, int(one.period[-2:])): one.known_users if known else one.users
        for one in found
        if not known or one.actual is not None
    }


@pytest.mark.parametrize(
    ("users", "left"),
    [
        ([1, 5, 7, 9], [7, 9]),
        ([2, 2, 9, 12], [12]),
        ([3, 3, 7], [7]),
        ([5, 6], [5, 6]),
        ([1, 9], []),
        ([4], []),
    ],
)
def test_a_small_cohort_takes_the_next_one_along(
    store: Store, model: LtvModel, users: list[int], left: list[int]
) -> None:
    counts = {("US", day): count for day, count in enumerate(users, 1)}
    joined(store, model, counts, known=99)
    assert sorted(shown(store).values()) == left
    with store.reading() as session:
        assert withheld_cohorts(session, LEDGER, ALL, "day", LEAST) == len(users) - len(left)
        judged = judged_cohorts(session, LEDGER, ALL, ["day"], 9, LEAST)
        assert {one.users for one in judged} <= set(left)
    assert len(shown(store, least=1)) == len(users)


def test_no_whole_less_what_is_shown_is_of_few(store: Store, model: LtvModel) -> None:
    rng = np.random.default_rng(3)
    counts = {
        (segment, day): int(rng.integers(1, 14)) for segment in "ABCDE" for day in range(1, 9)
    }
    joined(store, model, counts, known=6)
    for known, every in ((False, counts), (True, {k: min(6, n) for k, n in counts.items()})):
        told = shown(store, known=known)
        assert len(told) > 8
        assert all(every[key] == users >= LEAST for key, users in told.items())
        hidden = {key: users for key, users in every.items() if key not in told}
        for whole in (lambda key: key[0], lambda key: key[1]):
            for name in {whole(key) for key in hidden}:
                assert sum(users for key, users in hidden.items() if whole(key) == name) >= LEAST


def test_outcomes_of_few_are_told_of_nobody(store: Store, model: LtvModel) -> None:
    joined(store, model, {("US", 1): 20}, known=4)
    with store.reading() as session:
        (all_of_them,) = cohort_means(session, LEDGER, ALL, "month", 1)
        (cohort,) = cohort_means(session, LEDGER, ALL, "month", LEAST)
        assert judged_cohorts(session, LEDGER, ALL, ["month"], 9, LEAST) == []
    assert (cohort.users, cohort.known_users) == (20, 4)
    assert (cohort.actual, cohort.floor) == (None, None)
    assert cohort.predicted != all_of_them.predicted
    assert cohort.lower <= cohort.predicted <= cohort.upper


def test_views_name_no_segment_of_few(site: Site, model: LtvModel) -> None:
    joined(site.store, model, {("Atlantis-7", 3): 1, ("US", 3): 30, ("GB", 3): 9}, known=99)
    page = site.get()
    assert "1 segment has fewer than 5 users in these days and is not named." in page.text
    texts = [page.text, *(site.http.get(f"/dashboard/{name}.csv").text for name in PANELS)]
    assert not any("Atlantis-7" in one for one in texts)
    # The next one would tell of it, beside the mean of all three.
    assert [row[0] for row in site.csv("segments")[1:]] == ["US"]
    # Nor does it help to know the name.
    head, *rows = site.csv("cohorts", "segment=Atlantis-7")
    assert (head[0], rows) == ("segment", [])
    for name in ("segments", "worst", "predictions"):
        assert len(site.csv(name, "segment=Atlantis-7")) == 1
    (arrived,) = site.csv("arrivals", "segment=Atlantis-7")[1:]
    assert arrived[2:] == ["1", ""]
    picked = site.page("segment=Atlantis-7")
    tiles = dict(zip(picked.texts("dt"), picked.texts("dd")[::2], strict=True))
    assert (tiles["Users of Atlantis-7"], tiles["Predicted mean"]) == ("1", "—")
    assert "actual," not in " ".join(picked.texts("dd"))
    assert "1 day of few users is not shown." in site.get("segment=Atlantis-7").text


def test_a_month_of_few_has_no_drift_and_a_tail_no_lone_user(site: Site, model: LtvModel) -> None:
    joined(site.store, model, {("US", 3): 40}, known=0)
    send(site.store, [user(99, join_date="2019-06-03 12:00:00", STV=900.0)], model)
    fold(site.store)
    everything = "from=2019-06-01&to=2019-07-31"
    assert {row[1] for row in site.csv("drift", everything)[1:]} == {"", "2019-07"}
    head, *bins = site.csv("predictions", everything)
    rows = [int(row[head.index("rows")]) for row in bins]
    assert sum(rows) == 41
    assert rows[-1] >= LEAST
    assert bins[-1][head.index("upper")] != "" or rows[-1] == 41


def test_monitoring_tells_of_nobody_alone(store: Store, model: LtvModel) -> None:
    joined(store, model, {("Atlantis-7", 3): 3, ("US", 3): 30, ("GB", 3): 9}, known=99)
    with store.reading() as session:
        found = monitor(session, LEDGER, Thresholds())
        of_all = monitor(session, LEDGER, Thresholds(), least=1)
        of_nobody = monitor(session, LEDGER, Thresholds(), least=50)
    assert found.matured is not None
    assert of_all.matured is not None
    assert [one.segment for one in of_all.matured.segments] == ["US", "GB", "Atlantis-7"]
    # What is told of all holds everybody, so that the next smallest is not named either.
    assert [one.segment for one in found.matured.segments] == ["US"]
    assert (found.matured.users, found.matured.error) == (42, of_all.matured.error)
    assert of_nobody.matured is None


def test_whoever_was_pruned_before_they_were_forgotten_is_in_no_view(
    site: Site, model: LtvModel
) -> None:
    joined(site.store, model, {("Atlantis-7", 3): 1, ("US", 3): 30}, known=99)
    with site.store.writing() as session:
        prune_features(session, datetime.now(UTC) + timedelta(days=1))
        privacy.forget_users(session, [0])
    assert stored_sums(site.store)["cohorts"]["users"].sum() == 31
    texts = [site.get().text, *(site.http.get(f"/dashboard/{name}.csv").text for name in PANELS)]
    assert not any("Atlantis-7" in one for one in texts)
    with site.store.reading() as session:
        assert cohort_means(session, LEDGER, Selection(last=date(2019, 7, 31)), "day", LEAST) == []
