"""Stored predictions of responses, looked up."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from pydantic import ValidationError
from support.facts import event, put_events

from valuebox.compartments.response import repository
from valuebox.compartments.response.features import Cell
from valuebox.compartments.response.schemas import ResponsePage, ResponseSearch, StoredResponse
from valuebox.compartments.response.search import find_responses
from valuebox.compartments.response.settling import settle
from valuebox.store.engine import Store
from valuebox.store.ids import new_id
from valuebox.store.writing import write

OCTOBER = datetime(2025, 10, 1, tzinfo=UTC)
CELLS = [Cell("bought", None), Cell("bought", "thai"), Cell("like", None), Cell("like", "thai")]


def found(store: Store, **conditions: object) -> ResponsePage:
    with store.reading() as session:
        page = find_responses(session, ResponseSearch.model_validate(conditions))
    return ResponsePage.model_validate_json(page.model_dump_json())


def told(page: ResponsePage) -> list[tuple[str, str, str | None]]:
    return [(one.id, one.response, one.category) for one in page.predictions]


def test_predictions_are_found_by_what_they_are_of(store: Store) -> None:
    requests = sorted([new_id(), new_id()])
    for request, months, keys in (
        (requests[0], 0, [("shop", "a"), ("shop", "b")]),
        (requests[1], 1, [("web", "a"), ("shop", "b")]),
    ):
        chances = np.arange(8).reshape(2, 4) / 10 + months / 20
        start = OCTOBER + timedelta(days=31 * months)
        said = repository.answer(keys, CELLS, chances, "response:a", start, 30)
        known = [{"days known": 3.0}] * 2
        with store.writing() as session:
            write(session, repository.new_rows(request, said, CELLS, chances, known, "category"))
    times = {"x": "2025-09-01", "y": "2025-12-01", "a": "2025-10-09"}
    put_events(
        store,
        *(event(who, customer=who, time=f"{day}T00:00:00Z") for who, day in times.items()),
    )
    with store.writing() as session:
        assert settle(session, datetime(2025, 11, 3, tzinfo=UTC)) == 0
    put_events(store, event("z", customer="x", time="2025-11-02T00:00:00Z"))
    with store.writing() as session:
        assert settle(session, datetime(2025, 11, 4, tzinfo=UTC)) == 8

    every = found(store).predictions
    assert len(every) == 16
    assert every[-1] == StoredResponse(
        source="shop", id="a", response="bought", category=None, probability=0.0,
        model="response:a", prediction_id=every[-1].prediction_id, request_id=requests[0],
        predicted_at=every[-1].predicted_at, start=OCTOBER, end=OCTOBER + timedelta(days=30),
        target=1.0,
    )  # fmt: skip
    assert [one.target for one in every] == [None] * 8 + [0, 0, 0, 0, 0, 0, 1, 1]
    assert [one.probability for one in every[:2]] == pytest.approx([0.75, 0.65])
    both = [{"source": "web", "id": "a"}, {"source": "shop", "id": "a"}]
    assert told(found(store, customers=both, categories=[None])) == [
        ("a", "like", None), ("a", "bought", None), ("a", "like", None), ("a", "bought", None)
    ]  # fmt: skip
    assert len(found(store, customers=both[:1]).predictions) == 4
    assert found(store, customers=[]).predictions == []
    assert len(found(store, request_id=str(requests[1])).predictions) == 8
    assert {one.request_id for one in found(store, starts_before="2025-11-01").predictions} == {
        requests[0]
    }
    assert found(store, starts_from="2025-11-01", starts_before="2025-11-01").predictions == []
    assert len(found(store, starts_from="2025-11-01").predictions) == 8
    thai = found(store, responses=["like", "share"], categories=["thai", "french"])
    assert told(thai) == [("b", "like", "thai"), ("a", "like", "thai")] * 2
    assert len(found(store, categories=["thai", None]).predictions) == 16

    pages = [found(store, page_size=6)]
    while pages[-1].next_page:
        pages.append(found(store, page_size=6, after=str(pages[-1].next_page)))
    assert [len(page.predictions) for page in pages] == [6, 6, 4]
    assert [one for page in pages for one in page.predictions] == every


@pytest.mark.parametrize(
    "wrong",
    [
        {"page_size": 0}, {"page_size": 10_001}, {"responses": [""]}, {"categories": ["\0"]},
        {"customers": [{"source": "shop"}]}, {"starts_from": 1}, {"customer": []},
        {"responses": ["a"] * 101},
    ],
)  # fmt: skip
def test_a_search_that_means_nothing_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        ResponseSearch.model_validate(wrong)
