"""Every kind of answer gets an A+ for its headers."""

import pytest
from support.observatory import grade
from support.services import Service

pytestmark = pytest.mark.sqlite_alone

A_PLUS = 100
HTML = {"Accept": "text/html"}


def test_the_grades_are_those_of_the_observatory() -> None:
    assert grade({}, []) == (45, ["no policy", "no nosniff", "framing", "referrer"])
    open_to_all = {
        "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
        "x-content-type-options": "nosniff",
        "referrer-policy": "same-origin",
    }
    assert grade(open_to_all, []) == (120, [])
    assert grade(open_to_all, ["session=1; HttpOnly"]) == (80, ["cookie of other sites"])
    inline = "script-src 'unsafe-inline'; style-src 'none'; frame-ancestors 'none'"
    assert grade({**open_to_all, "content-security-policy": inline}, [])[1] == ["unsafe scripts"]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        *(("GET", path) for path in ("/", "/api", "/docs.json", "/livez", "/readyz", "/metrics")),
        *(("GET", path) for path in ("/dashboard", "/dashboard?from=x", "/dashboard/sign-in")),
        ("GET", "/dashboard/worst.csv"),
        ("GET", "/nothing"),
        ("POST", "/dashboard/sign-in"),
        ("POST", "/dashboard/sign-out"),
        ("POST", "/v1/ltv/predict"),
        ("POST", "/v1/ltv/model"),
        ("TRACE", "/"),
    ],
)
def test_headers_are_an_a_plus(service: Service, method: str, path: str) -> None:
    answer = service.http.request(method, path, headers=HTML, follow_redirects=False)
    score, lost = grade(answer.headers, answer.headers.get_list("set-cookie"))
    assert lost == []
    assert score >= A_PLUS
