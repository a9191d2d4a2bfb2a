"""A server that is killed under load, and clients that send again until they are answered."""

import random
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import uuid4

import httpx
from sqlalchemy import func, select
from support.killable import KillableServer
from support.users import users

from valuebox.ltv.tables import LtvFeatures, LtvPrediction
from valuebox.store import migrate
from valuebox.store.engine import Store, make_engine

KILLS, CLIENTS, REQUESTS, ROWS = 3, 4, 15, 20


def insist(url: str, key: str, body: list[dict]) -> list[dict]:
    """Send with a key until there is an answer."""
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        try:
            headers = {"Idempotency-Key": key}
            answer = httpx.post(f"{url}/v1/ltv/predict", json=body, headers=headers, timeout=20)
        except httpx.HTTPError:
            time.sleep(0.1)
            continue
        if answer.status_code == 200:
            return answer.json()
        assert answer.status_code == 503, answer.text
        time.sleep(0.1)
    raise AssertionError("no answer in time")


def test_every_request_is_stored_once_however_often_the_server_is_killed(
    database_url: str, model_tag: str, tmp_path: Path
) -> None:
    store = Store(make_engine(database_url))
    migrate.upgrade(store.engine)
    settings = {"DATABASE_URL": database_url, "VALUEBOX_MODEL": model_tag}
    server = KillableServer(settings, tmp_path / "serve.log")
    stop = time.monotonic() + 90
    killed: list[float] = []

    def client(number: int) -> dict[str, list[dict]]:
        answers = {}
        # Until the last kill, so that each of them finds requests under way.
        while len(answers) < REQUESTS or (len(killed) < KILLS and time.monotonic() < stop):
            key = uuid4().hex
            body = users(ROWS, first_id=1_000_000 * number, seed=len(answers))
            answers[key] = insist(server.url, key, body)
        return answers

    chance = random.Random(database_url.split(":")[0])
    try:
        with ThreadPoolExecutor(CLIENTS) as pool:
            running = [pool.submit(client, number) for number in range(1, CLIENTS + 1)]
            for _ in range(KILLS):
                time.sleep(chance.uniform(0.2, 1.0))
                server.kill()
                server.start()
                killed.append(time.monotonic())
            answers = {key: answer for one in running for key, answer in one.result().items()}
    finally:
        server.end()
    rows = ROWS * len(answers)
    with store.reading() as session:
        found = session.execute(select(LtvPrediction.id, LtvPrediction.prediction))
        stored = {str(row_id): prediction for row_id, prediction in found}
        features = session.scalar(select(func.count()).select_from(LtvFeatures))
    assert features == len(stored) == rows
    answered = {
        one["prediction_id"]: one["prediction"] for answer in answers.values() for one in answer
    }
    assert answered == stored
    store.close()
