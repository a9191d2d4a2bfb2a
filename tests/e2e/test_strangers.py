"""Requests that a page in somebody's browser, or somebody on the network, can make."""

from support.footprint import unharmed
from support.services import Service

REPORT = b'[{"user_id": 23000001, "target": 1}]'


def test_a_body_without_a_type_is_refused(service: Service) -> None:
    """Any page may send one to this machine without asking; not one that is called JSON."""
    with unharmed(service):
        refused = service.http.post("/v1/ltv/outcomes", content=REPORT)
        assert "Content-Type" not in refused.request.headers
        assert refused.json()["error"]["code"] == "unsupported_media_type"


def test_a_slash_at_the_end_leads_nowhere(service: Service) -> None:
    """And never to the host that the caller named."""
    with unharmed(service):
        answer = service.http.post("/v1/ltv/predict/", json=[], headers={"Host": "else.where"})
        assert answer.json()["error"]["code"] == "not_found"
