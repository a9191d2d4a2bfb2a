"""Stored predictions of responses, looked up page by page."""

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from valuebox.compartments.response.schemas import ResponsePage, ResponseSearch, StoredResponse
from valuebox.compartments.response.tables import ResponseOutcome, ResponsePrediction
from valuebox.facts.reading import Choice
from valuebox.store.paging import page_of


def find_responses(session: Session, search: ResponseSearch) -> ResponsePage:
    """One page of stored predictions, newest first."""
    said = ResponsePrediction
    query = select(said, ResponseOutcome.target).outerjoin(
        ResponseOutcome, ResponseOutcome.id == said.id
    )
    if search.customers is not None:
        choice = Choice(customers=[(one.source, one.id) for one in search.customers])
        query = query.where(choice.whom(said.source, said.customer))
    if search.request_id is not None:
        query = query.where(said.request_id == search.request_id)
    if search.starts_from is not None:
        query = query.where(said.starts_at >= search.starts_from)
    if search.starts_before is not None:
        query = query.where(said.starts_at < search.starts_before)
    if search.responses is not None:
        query = query.where(said.response.in_(set(search.responses)))
    if search.categories is not None:
        named = {one for one in search.categories if one is not None}
        in_any = [said.category.is_(None)] if None in search.categories else []
        query = query.where(or_(said.category.in_(named), *in_any))
    page, next_page = page_of(session, query, said.id, search.page_size, search.after, _told)
    return ResponsePage.model_construct(predictions=page, next_page=next_page)


def _told(said: ResponsePrediction, target: float | None) -> StoredResponse:
    return StoredResponse.model_construct(
        source=said.source,
        id=said.customer,
        response=said.response,
        category=said.category,
        probability=said.probability,
        model=said.model,
        prediction_id=said.id,
        request_id=said.request_id,
        predicted_at=said.predicted_at,
        start=said.starts_at,
        end=said.ends_at,
        target=target,
    )
