from dataclasses import dataclass

import httpx
import pytest
from support.corpus import CORPUS, PREDICT, Bad, in_chunks, too_large
from support.footprint import unharmed
from support.services import MAX_BODY_MB, Service
from support.users import user

from valuebox.serving.errors import MAX_PROBLEMS, STATUS_OF, Error, ErrorAnswer

JSON = {"Content-Type": "application/json"}


def send(service: Service, bad: Bad) -> httpx.Response:
    return service.http.request(
        bad.method, bad.path, content=bad.body, headers={"Content-Type": bad.content_type}
    )


def error_of(answer: httpx.Response) -> Error:
    """The error in the one shape, which it must have to the letter."""
    error = ErrorAnswer.model_validate_json(answer.content).error
    assert answer.status_code == STATUS_OF[error.code]
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["X-Request-Id"] == error.request_id
    return error


@dataclass(frozen=True)
class Answered:
    """What came of all bad requests, sent one after the other."""

    answers: dict[Bad, httpx.Response]
    log: str


@pytest.fixture(scope="module")
def answered(service: Service) -> Answered:
    """They are sent once, and none of them harms the service or is stored."""
    with unharmed(service):
        already = len(service.log())
        answers = {bad: send(service, bad) for bad in CORPUS}
        return Answered(answers, service.log()[already:])


@pytest.mark.parametrize("bad", CORPUS, ids=str)
@pytest.mark.sqlite_alone
def test_bad_requests_are_refused_and_not_stored(answered: Answered, bad: Bad) -> None:
    answer = answered.answers[bad]
    error = error_of(answer)
    assert error.code == bad.code
    where = [(problem.row, problem.field) for problem in error.problems]
    if bad.code == "invalid_input":
        assert error.problem_count == len(error.problems) > 0
        assert where[0] == (bad.row, bad.field)
        assert {row for row, _ in where} == {bad.row}
        assert all(problem.message for problem in error.problems)
    else:
        assert where == []
    if bad.value is not None:
        told = answer.text.replace(error.request_id, "")
        assert bad.value not in told


@pytest.mark.sqlite_alone
def test_the_log_holds_nothing_of_what_was_sent(answered: Answered) -> None:
    codes = [error_of(answer).code for answer in answered.answers.values()]
    logged = answered.log
    # Of addresses where there is nothing a few a minute are written.
    sure = sum(code != "not_found" for code in codes)
    assert 0 < sure <= logged.count('"status": 4') <= len(CORPUS)
    assert "Traceback" not in logged
    assert "hunter2" not in logged
    values = {bad.value for bad in CORPUS if bad.value and len(bad.value) > 5}
    assert [value for value in values if value in logged] == []


@pytest.mark.sqlite_alone
def test_the_service_goes_on_after_all_of_them(service: Service, answered: Answered) -> None:
    assert {answer.is_error for answer in answered.answers.values()} == {True}
    assert service.predict([user()])[0]["user_id"] == user()["user_id"]


@pytest.mark.sqlite_alone
def test_a_body_over_the_limit_is_refused(service: Service) -> None:
    before = service.count_rows()
    body = too_large(MAX_BODY_MB)
    assert error_of(service.http.post(PREDICT, content=body, headers=JSON)).code == "body_too_large"
    chunked = service.http.post(PREDICT, content=in_chunks(body), headers=JSON)
    assert "Content-Length" not in chunked.request.headers
    assert error_of(chunked).code == "body_too_large"
    assert service.count_rows() == before


@pytest.mark.sqlite_alone
def test_a_body_in_chunks_is_taken(service: Service) -> None:
    body = too_large(MAX_BODY_MB - 1)
    answer = service.http.post(PREDICT, content=in_chunks(body), headers=JSON)
    assert answer.status_code == 200
    assert [one["user_id"] for one in answer.json()] == [1]


@pytest.mark.sqlite_alone
def test_every_problem_is_counted_and_the_first_are_listed(service: Service) -> None:
    sent = [user(n, STV=-1.0, hidden=2) for n in range(1_000)]
    error = error_of(service.http.post(PREDICT, json=[user(), *sent]))
    assert error.problem_count == 2_000
    assert len(error.problems) == MAX_PROBLEMS
    assert {(p.row, p.field) for p in error.problems[:2]} == {(1, "STV"), (1, "hidden")}
    assert "2000 problems" in error.message


def test_a_bad_row_keeps_the_good_ones_and_their_targets_out(service: Service) -> None:
    before = service.count_rows()
    sent = [user(4_000_001, target=5.0), user(4_000_002, STV=-1.0)]
    assert error_of(service.http.post(PREDICT, json=sent)).problems[0].row == 1
    assert service.count_rows() == before
