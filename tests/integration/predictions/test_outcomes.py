from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from sqlalchemy import select

from valuebox.compartments.ltv import repository
from valuebox.compartments.ltv.schemas import OutcomesStored
from valuebox.compartments.ltv.tables import LtvOutcome
from valuebox.store.engine import Store


def put(store: Store, targets: dict[int, float]) -> OutcomesStored:
    with store.writing() as session:
        return repository.put_outcomes(session, targets)


def outcomes(store: Store) -> dict[int, LtvOutcome]:
    with store.reading() as session:
        return {outcome.user_id: outcome for outcome in session.scalars(select(LtvOutcome))}


def test_outcomes_are_added_corrected_and_left_alone(store: Store) -> None:
    assert put(store, {1: 10.0, 2: 20.0}) == OutcomesStored(
        received=2, added=2, corrected=0, unchanged=0
    )
    first = outcomes(store)
    assert put(store, {1: 10.0, 2: -20.5, 3: 0.1}) == OutcomesStored(
        received=3, added=1, corrected=1, unchanged=1
    )
    then = outcomes(store)
    assert {user: outcome.target for user, outcome in then.items()} == {1: 10.0, 2: -20.5, 3: 0.1}
    assert then[1].changed_at == then[1].first_reported_at == first[1].changed_at
    assert then[2].first_reported_at == first[2].first_reported_at
    assert then[2].changed_at > first[2].changed_at


def test_the_same_again_changes_nothing(store: Store) -> None:
    targets = {user_id: user_id / 3 for user_id in range(1, 10_001)}
    assert put(store, targets).added == 10_000
    assert put(store, targets) == OutcomesStored(
        received=10_000, added=0, corrected=0, unchanged=10_000
    )
    assert {user: outcome.target for user, outcome in outcomes(store).items()} == targets


def test_threads_with_the_same_users_do_not_deadlock(postgres_store: Store) -> None:
    rounds, threads, users = 15, 4, 300
    gate = Barrier(threads, timeout=30)

    def race(thread: int) -> None:
        for turn in range(rounds):
            ids = range(turn * 100, turn * 100 + users)
            # Two threads have the users one way round, two the other.
            order = ids if thread % 2 else reversed(ids)
            gate.wait()
            put(postgres_store, {user_id: float(thread) for user_id in order})

    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(race, range(threads)))
    stored = outcomes(postgres_store)
    assert sorted(stored) == list(range((rounds - 1) * 100 + users))
    assert {outcome.target for outcome in stored.values()} <= {0.0, 1.0, 2.0, 3.0}


def test_writers_wait_for_each_other(store: Store) -> None:
    gate = Barrier(4, timeout=30)

    def write(thread: int) -> int:
        gate.wait()
        return sum(put(store, {100 * thread + n: 1.0}).added for n in range(10))

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(write, range(4))) == [10] * 4
    assert len(outcomes(store)) == 40
