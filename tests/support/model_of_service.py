"""What the service promises, as a Hypothesis state machine that compares it with a few dicts."""

import itertools
import json
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, precondition, rule

from support.killable import KillableServer
from support.users import user

PREDICT, SEARCH, OUTCOMES = "/v1/ltv/predict", "/v1/ltv/predictions/search", "/v1/ltv/outcomes"
# Few, so that the same ones come again.
PEOPLE = 4

numbers = st.integers(0, PEOPLE - 1)
amounts = st.floats(-1e6, 1e6)
columns = st.fixed_dictionaries(
    {"join_date": st.sampled_from(["2019-08-01", "2019-08-02 10:00:00"])},
    optional={
        "STV": st.none() | st.floats(0, 1e6),
        "hidden": st.sampled_from([None, 0, 1]),
        "country_segment": st.none()
        | st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=9),
        "x": st.recursive(st.none() | st.booleans() | st.integers(), st.lists, max_leaves=3),
        "target": st.none() | amounts,
    },
)
people = st.lists(st.tuples(numbers, columns), min_size=1, max_size=3)
outcomes = st.lists(st.tuples(numbers, amounts), min_size=1, max_size=3)


class Kills:
    """How often servers may still be killed: every start takes seconds."""

    def __init__(self, left: int):
        self.left = left


class ServiceMachine(RuleBasedStateMachine):
    """One caller who posts, sends again, asks, and pulls the plug.

    Every run has users of its own, so that runs share a database and do not see each other.
    """

    keys = Bundle("keys")
    _runs = itertools.count(1)

    def __init__(self, server: KillableServer, kills: Kills):
        super().__init__()
        self.server, self.kills = server, kills
        self.run = next(self._runs)
        self.killed = False
        self.made = 0
        self.http = httpx.Client(base_url=server.url, timeout=30)
        self.sent: dict[str, tuple[str, bytes, httpx.Response]] = {}
        """By key: where to, what, and the first answer."""
        self.stored: list[dict[str, Any]] = []
        """Predictions as a search has to return them, oldest first; without `target`."""
        self.targets: dict[int, float] = {}

    @rule(people=people)
    def post(self, people: list[tuple[int, dict[str, Any]]]) -> None:
        body = self._users(people)
        self._take_predictions(body, self._send(PREDICT, body))

    @rule(target=keys, people=people)
    def post_with_key(self, people: list[tuple[int, dict[str, Any]]]) -> str:
        key, body = self._new_key(), self._users(people)
        answer = self._send(PREDICT, body, key)
        self._take_predictions(body, answer)
        return self._remember(key, PREDICT, body, answer)

    @rule(outcomes=outcomes)
    def report(self, outcomes: list[tuple[int, float]]) -> None:
        body = self._outcomes(outcomes)
        self._take_outcomes(body, self._send(OUTCOMES, body))

    @rule(target=keys, outcomes=outcomes)
    def report_with_key(self, outcomes: list[tuple[int, float]]) -> str:
        key, body = self._new_key(), self._outcomes(outcomes)
        answer = self._send(OUTCOMES, body, key)
        self._take_outcomes(body, answer)
        return self._remember(key, OUTCOMES, body, answer)

    @rule(key=keys)
    def send_again(self, key: str) -> None:
        path, body, first = self.sent[key]
        again = self._send(path, body, key)
        assert again.content == first.content
        assert again.headers["X-Request-Id"] == first.headers["X-Request-Id"]
        assert again.headers["Idempotent-Replayed"] == "true"

    @rule(key=keys, people=people)
    def send_something_else(self, key: str, people: list[tuple[int, dict[str, Any]]]) -> None:
        # One more space makes it another body, whatever the first one was.
        refused = self._send(PREDICT, self._users(people) + b" ", key, status=409)
        assert refused.json()["error"]["code"] == "key_reused"

    @rule(numbers=st.sets(numbers), page_size=st.integers(1, 5))
    def search(self, numbers: set[int], page_size: int) -> None:
        self._check({self._user_id(number) for number in numbers}, page_size)

    @precondition(lambda self: self.kills.left and self.sent and not self.killed)
    @rule(target=keys, people=people, seconds=st.floats(0, 0.02))
    def kill_while_posting(self, people: list[tuple[int, dict[str, Any]]], seconds: float) -> str:
        """Nobody knows whether it was stored; sent again, it is stored once."""
        self.killed = True
        self.kills.left -= 1
        key, body = self._new_key(), self._users(people)
        with ThreadPoolExecutor(1) as pool:
            lost = pool.submit(self._send, PREDICT, body, key)
            time.sleep(seconds)
            self.server.kill()
            told = lost.result() if lost.exception() is None else None
        self.server.start()
        answer = self._send(PREDICT, body, key)
        if told is not None:
            assert answer.content == told.content
        self._take_predictions(body, answer)
        return self._remember(key, PREDICT, body, answer)

    def teardown(self) -> None:
        """Everything of this run, read back."""
        self._check({self._user_id(number) for number in range(PEOPLE)}, page_size=1_000)
        self.http.close()

    def _user_id(self, number: int) -> int:
        return self.run * 1_000 + number

    def _users(self, people: list[tuple[int, dict[str, Any]]]) -> bytes:
        sent = [user(self._user_id(number), **columns) for number, columns in people]
        return json.dumps(sent).encode()

    def _outcomes(self, outcomes: list[tuple[int, float]]) -> bytes:
        sent = [{"user_id": self._user_id(number), "target": value} for number, value in outcomes]
        return json.dumps(sent).encode()

    def _new_key(self) -> str:
        self.made += 1
        return f"run-{self.run}-{self.made}"

    def _send(
        self, path: str, body: bytes, key: str | None = None, status: int = 200
    ) -> httpx.Response:
        headers = {"Content-Type": "application/json"}
        if key is not None:
            headers["Idempotency-Key"] = key
        answer = self.http.post(path, content=body, headers=headers)
        assert answer.status_code == status, answer.text
        return answer

    def _remember(self, key: str, path: str, body: bytes, answer: httpx.Response) -> str:
        self.sent[key] = (path, body, answer)
        return key

    def _take_predictions(self, body: bytes, answer: httpx.Response) -> None:
        sent, told = json.loads(body), answer.json()
        assert [one["user_id"] for one in told] == [one["user_id"] for one in sent]
        for one, prediction in zip(sent, told, strict=True):
            day, _, hour = one["join_date"].partition(" ")
            self.stored.append(
                {
                    **prediction,
                    "request_id": answer.headers["X-Request-Id"],
                    "join_date": f"{day}T{hour or '00:00:00'}",
                    "country_segment": one["country_segment"],
                }
            )
            if one.get("target") is not None:
                self.targets[one["user_id"]] = one["target"]

    def _take_outcomes(self, body: bytes, answer: httpx.Response) -> None:
        sent = {one["user_id"]: one["target"] for one in json.loads(body)}
        known = {user_id: self.targets[user_id] for user_id in sent if user_id in self.targets}
        unchanged = sum(sent[user_id] == target for user_id, target in known.items())
        assert answer.json() == {
            "received": len(sent),
            "added": len(sent) - len(known),
            "corrected": len(known) - unchanged,
            "unchanged": unchanged,
        }
        self.targets |= sent

    def _check(self, user_ids: set[int], page_size: int) -> None:
        """A search returns what was answered and nothing else, newest first."""
        found: list[dict[str, Any]] = []
        after = None
        while True:
            conditions = {"user_ids": sorted(user_ids), "page_size": page_size, "after": after}
            page = self._send(SEARCH, json.dumps(conditions).encode()).json()
            found += page["predictions"]
            after = page["next_page"]
            if after is None:
                break
        for one in found:
            del one["predicted_at"]
        assert found == [
            {**one, "target": self.targets.get(one["user_id"])}
            for one in reversed(self.stored)
            if one["user_id"] in user_ids
        ]
