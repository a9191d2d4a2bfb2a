"""A service starts with whatever models there are, and says what it cannot answer."""

import json
from pathlib import Path

from support.commands import valuebox
from support.responses import world
from support.services import Service, running
from support.users import user, users

from valuebox_training.ltv.train import train
from valuebox_training.response.train import train as learn

PREDICT, RESPONSE = "/v1/ltv/predict", "/v1/growth/response"


def answering(service: Service) -> dict[str, str | None]:
    """Tag of the model by question, as the service lists it."""
    answer = service.http.post("/v1/models", json={})
    assert answer.status_code == 200, answer.text
    found = answer.json()["questions"]
    assert all((one["model"] is None) == ("valuebox" in (one["how"] or "")) for one in found)
    return {one["question"]: one["model"] for one in found}


def is_told(service: Service, path: str, body: object, command: str) -> bool:
    answer = service.http.post(path, json=body)
    error = answer.json()["error"]
    return (answer.status_code, error["code"]) == (404, "not_found") and command in error["message"]


def messages(service: Service) -> list[str]:
    return [json.loads(line)["message"] for line in service.log().splitlines()]


def test_a_service_without_any_model_is_ready_and_says_what_it_lacks(
    tmp_path: Path, data_dir: Path
) -> None:
    environment = {"BENTOML_HOME": str(tmp_path / "bentoml")}
    url = f"sqlite:///{tmp_path}/valuebox.db"
    with running(url, tmp_path, environment) as service:
        assert service.http.get("/readyz").status_code == 200
        assert answering(service) == dict.fromkeys(
            ("ltv", "response", "handle", "offers", "recommend")
        )
        sent, many = [user()], users(30)
        columns = {name: [one.get(name) for one in many] for name in many[0]}
        for path, body in (
            *((PREDICT, body) for body in (sent, many)),
            ("/v1/ltv/predict/bulk", columns),
            ("/v1/ltv/model", {}),
        ):
            assert is_told(service, path, body, "`valuebox train`")
        customers = {"customers": [{"source": "a", "id": "b"}]}
        assert is_told(service, RESPONSE, customers, "`valuebox growth train`")
        assert is_told(service, "/v1/handle/forecast", {}, "`valuebox handle train`")
        assert not any(service.count_rows().values())
        # What takes no model is answered, pages included.
        assert service.http.post("/v1/ltv/outcomes", json=[{"user_id": 1, "target": 2}]).json() == {
            "received": 1,
            "added": 1,
            "corrected": 0,
            "unchanged": 0,
        }
        for page in ("/", "/api", "/dashboard", "/metrics"):
            assert service.http.get(page).status_code == 200
        said = messages(service)
        for question in ("ltv", "response", "handle"):
            assert sum(one.startswith(f"{question} is not answered: ") for one in said) == 1
        _, told = valuebox("evaluate", data_dir / "valid.csv", "--url", service.url, exit_code=1)
        assert "`valuebox train` makes one" in told


def test_a_service_with_a_response_model_alone_answers_it(tmp_path: Path, data_dir: Path) -> None:
    tag = learn(world(1), ["bought"], "category", 30, None, "alone").tag
    url = f"sqlite:///{tmp_path}/valuebox.db"
    settings = {"VALUEBOX_MODEL": "-", "VALUEBOX_RESPONSE_MODEL": tag}
    with running(url, tmp_path, settings) as service:
        assert service.http.get("/readyz").status_code == 200
        assert answering(service) == {
            **dict.fromkeys(("ltv", "handle", "offers", "recommend")),
            "response": tag,
        }
        somebody = {"source": "shop", "id": "1"}
        service.http.post("/v1/customers", json=[somebody]).raise_for_status()
        answer = service.http.post(RESPONSE, json={"customers": [somebody]})
        assert answer.status_code == 200, answer.text
        assert answer.json()["model"] == tag
        assert is_told(service, PREDICT, [user()], "`valuebox train`")
        # One that is made later is taken at the next start.
        later = train(data_dir / "train.csv", None, "later").tag
        assert is_told(service, PREDICT, [user()], "`valuebox train`")
        output, _ = valuebox("models", "list", "--url", service.url)
        marks = {line.split()[0]: line for line in output.splitlines() if ":" in line.split(" ")[0]}
        assert marks[tag].rstrip().endswith("answers")
        assert "answers" not in marks[later]
