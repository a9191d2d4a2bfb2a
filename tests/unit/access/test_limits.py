import multiprocessing
import os
import sqlite3
import time
from contextlib import closing

import pytest
from support.racing import use_all

from valuebox.access.callers import Caller
from valuebox.access.keys import ApiKey
from valuebox.access.limits import CountersBusy, Limits, NeverAllowed, RateLimited
from valuebox.worker import shared_folder


@pytest.fixture
def minute(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The running minute; another value makes it another one."""
    now = [29_000_000]
    monkeypatch.setattr(time, "time", lambda: now[0] * 60 + 12.0)
    return now


def test_a_minute_holds_as_much_as_the_limit_and_the_next_as_much_again(minute: list[int]) -> None:
    counted = Limits()
    for _ in range(2):
        for _ in range(3):
            counted.use("key", "rows", 10, 30)
        with pytest.raises(RateLimited) as refused:
            counted.use("key", "rows", 1, 30)
        assert refused.value.retry_after == 48
        minute[0] += 1
    counted.close()


def test_what_does_not_fit_is_not_counted(minute: list[int]) -> None:
    counted = Limits()
    counted.use("key", "rows", 20, 30)
    with pytest.raises(RateLimited):
        counted.use("key", "rows", 11, 30)
    counted.use("key", "rows", 10, 30)


def test_keys_and_kinds_are_counted_apart(minute: list[int]) -> None:
    counted = Limits()
    counted.use("one", "rows", 30, 30)
    counted.use("other", "rows", 30, 30)
    counted.use("one", "requests", 1, 30)
    counted.use("one", "rows", 1_000_000, None)


def test_more_than_any_minute_allows_is_no_matter_of_waiting(minute: list[int]) -> None:
    with pytest.raises(NeverAllowed, match="at most 30 rows"):
        Limits().use("key", "rows", 31, 30)


def test_processes_share_one_limit(monkeypatch: pytest.MonkeyPatch, minute: list[int]) -> None:
    monkeypatch.delenv(shared_folder.FOLDER_VARIABLE, raising=False)
    shared_folder.prepare()
    spawned = multiprocessing.get_context("spawn")
    granted = spawned.Queue()
    racing = [spawned.Process(target=use_all, args=(granted, time.time())) for _ in range(3)]
    for one in racing:
        one.start()
    total = sum(granted.get(timeout=60) for _ in racing)
    for one in racing:
        one.join(timeout=60)
    assert total == 700
    os.environ.pop(shared_folder.FOLDER_VARIABLE)


def test_whoever_cannot_count_in_time_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(shared_folder.FOLDER_VARIABLE, raising=False)
    shared_folder.prepare()
    counted = Limits()
    folder = os.environ.pop(shared_folder.FOLDER_VARIABLE)
    with closing(sqlite3.connect(f"{folder}/counters.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(CountersBusy):
            counted.use("key", "requests", 1, 10)
    counted.use("key", "requests", 1, 10)
    counted.close()


def test_few_rows_may_not_be_as_much_as_many(minute: list[int]) -> None:
    key = ApiKey(id="0123456789ab", rows_per_minute=30)
    caller = Caller(key, Limits())
    for _ in range(2):
        caller.use_rows(1, 60_000)
        caller.use_rows(1, 60_000)
        with pytest.raises(RateLimited, match="122,880 bytes a minute"):
            caller.use_rows(1, 10_000)
        # Bytes that were refused have used up no rows.
        caller.use_rows(28, 2_880)
        with pytest.raises(RateLimited, match="30 rows a minute"):
            caller.use_rows(1, 0)
        minute[0] += 1
    with pytest.raises(NeverAllowed, match="at most 122,880 bytes"):
        caller.use_rows(1, 122_881)
    Caller(ApiKey(id="ba9876543210"), caller.limits).use_rows(1, 10**9)
    caller.limits.close()
