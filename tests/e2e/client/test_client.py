"""The public clients against a real service."""

import asyncio
from datetime import timedelta
from uuid import uuid4

import pandas as pd
import pytest
from support.offers import FIRST, question
from support.services import Service
from support.users import user, users

from valuebox import AsyncClient, Client, ServiceError

SOURCE = f"clients-{uuid4().hex}"


def test_a_frame_is_predicted_stored_found_and_judged(service: Service) -> None:
    sent = pd.DataFrame(users(30, first_id=880_000, missing=0.3)).set_index("user_id", drop=False)
    before = service.count_rows()
    with Client(service.url) as client:
        found = client.predict_bulk(sent, key="of-the-client")
        assert client.predict_bulk(sent, key="of-the-client").equals(found)
        assert found.index.equals(sent.index)
        assert (found["lower"] <= found["prediction"]).all()
        assert client.outcomes({880_000: 12.5}).added == 1
        assert client.outcomes(pd.DataFrame({"user_id": [880_000], "target": 12.5})).unchanged == 1
        (stored,) = client.search(user_ids=[880_000]).predictions
        ids = sent["user_id"].tolist()
        every = list(client.search_all(user_ids=ids, page_size=7))
        card = client.model_card()
    assert stored.target == 12.5
    assert stored.prediction == found.loc[880_000, "prediction"]
    assert {one.prediction_id for one in every} == set(found["prediction_id"])
    assert card.model == found["model"].iloc[0]
    assert service.count_rows()["ltv_predictions"] == before["ltv_predictions"] + 30


def test_rows_are_refused_by_row_and_field(service: Service) -> None:
    with Client(service.url) as client, pytest.raises(ServiceError) as caught:
        client.predict([user(), user(STV=float("inf"))])
    error = caught.value
    assert (error.code, error.status, error.problem_count) == ("invalid_input", 400, 1)
    assert [(one.row, one.field) for one in error.problems] == [(1, "STV")]
    assert "Input should be a finite number" in str(error)


def test_facts_are_stored_and_reported_on_by_coroutines(service: Service) -> None:
    customers = [{"source": SOURCE, "id": f"{place}"} for place in range(20)]
    events = pd.DataFrame(
        {
            "source": SOURCE,
            "id": [f"e{place}" for place in range(40)],
            "customer": [f"{place % 20}" for place in range(40)],
            "type": "bought",
            "time": pd.date_range("2024-01-01", periods=40, tz="UTC"),
            "amount": 2.5,
            "currency": "EUR",
        }
    )

    async def ask() -> None:
        async with AsyncClient(service.url) as client:
            stored = await asyncio.gather(client.customers(customers), client.events(events))
            assert [one.added for one in stored] == [20, 40]
            report = await client.growth_report(sources=[SOURCE])
            assert report.span.customers == 20
            served = {one.question: one.model for one in (await client.models()).questions}
            assert served.keys() == {"ltv", "response", "handle", "offers", "recommend"}
            assert served["ltv"]
            with pytest.raises(ServiceError) as caught:
                await client.response(customers)
            assert caught.value.code == "not_found"

    asyncio.run(ask())


def test_an_offer_is_decided_told_of_and_explained(service: Service) -> None:
    at = FIRST + timedelta(days=400)
    asked = question(f"player {uuid4().hex}", "monday", at)
    with Client(service.url) as client:
        decided = client.offers_decide(**asked)
        assert client.offers_decide(**asked) == decided
        what = [{"decision_id": decided.decision_id, "what": one} for one in ("shown", "purchased")]
        assert client.offers_feedback(what).added == 2
        told = client.offers_decision(decided.decision_id)
    assert told.customer == asked["customer"]
    assert (told.choice, told.propensity) == (decided.choice, decided.propensity)

    async def again() -> None:
        async with AsyncClient(service.url) as client:
            assert await client.offers_decide(**asked) == decided
            assert (await client.offers_feedback(what)).added == 0
            assert await client.offers_decision(decided.decision_id) == told

    asyncio.run(again())


def test_items_are_stored_and_lists_asked_for(service: Service) -> None:
    shop, key = f"gallery {uuid4().hex}", uuid4().hex
    items = [{"source": shop, "id": f"{number:03}", "price": 9.5} for number in range(3)]
    asked = {"source": shop, "session": "s", "items": ["001"], "variant": "personal"}
    with Client(service.url) as client:
        assert client.items(items).added == 3
        found = client.recommend(key=key, **asked)
        assert client.recommend(key=key, **asked) == found
        assert found.arm == "personal"
        with pytest.raises(ServiceError, match="count"):
            client.recommend(source=shop, session="s", count=0)

    async def again() -> None:
        async with AsyncClient(service.url) as client:
            assert (await client.items(items)).added == 0
            assert await client.recommend(key=key, **asked) == found

    asyncio.run(again())
