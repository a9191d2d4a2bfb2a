"""The chart for Kubernetes as Helm renders it: `make test-chart`, in an environment of its own."""

from pathlib import Path
from typing import Any

import helm_python
import kubernetes_validate
import pytest
import yaml

CHART = Path(__file__).parents[2] / "ops" / "chart"
VERSIONS = ("1.27", "1.31", "1.37")
EVERYTHING: dict[str, Any] = {
    "pullSecrets": ["registry"],
    "settings": {"VALUEBOX_HANDLE_FEED": "https://feed.example.com/events"},
    "autoscaling": {"requests": 300},
    "ingress": {
        "enabled": True,
        "className": "nginx",
        "annotations": {"nginx.ingress.kubernetes.io/proxy-body-size": "32m"},
        "tls": "certificate",
    },
    "database": {"to": [{"ipBlock": {"cidr": "10.0.0.0/8"}}]},
    "network": {
        "callers": [{"namespaceSelector": {"matchLabels": {"team": "growth"}}}],
        "reaches": [{"ports": [{"port": 443}]}],
    },
    "models": {"claim": "models"},
    "jobs": {
        **{name: {"enabled": True} for name in ("monitor", "check", "prune", "settle", "learn")},
        "lists": {
            "enabled": True,
            "schedule": "@daily",
            "command": ["recommend", "train"],
            "learns": True,
        },
    },
    "nodeSelector": {"disk": "fast"},
    "tolerations": [{"key": "models", "operator": "Exists"}],
    "podAnnotations": {"prometheus.io/scrape": "true"},
}
ALONE: dict[str, Any] = {
    "autoscaling": {"enabled": False},
    "network": {"enabled": False},
    "replicas": 1,
}
CASES = {"as it is": {}, "with everything": EVERYTHING, "alone": ALONE}


def rendered(values: dict[str, Any], name: str = "valuebox") -> list[dict[str, Any]]:
    """All objects of the chart, with these values over its own."""
    with helm_python.Chart.load(str(CHART)) as chart:
        files = chart.render(values, name=name, namespace="models")
    texts = [text for file, text in sorted(files.items()) if file.endswith(".yaml")]
    return [one for text in texts for one in yaml.safe_load_all(text) if one]


@pytest.fixture(scope="module", params=CASES)
def objects(request: pytest.FixtureRequest) -> list[dict[str, Any]]:
    return rendered(CASES[request.param])


def of_kind(objects: list[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    return [one for one in objects if one["kind"] == kind]


def pods(objects: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Templates of all pods, by the name of what makes them."""
    found = {}
    for one in objects:
        spec = one["spec"]
        spec = spec["jobTemplate"]["spec"] if one["kind"] == "CronJob" else spec
        if one["kind"] in ("Deployment", "Job", "CronJob"):
            found[one["metadata"]["name"]] = spec["template"]
    return found


@pytest.mark.parametrize("version", VERSIONS)
def test_the_api_of_kubernetes_takes_every_object(
    objects: list[dict[str, Any]], version: str
) -> None:
    for one in objects:
        kubernetes_validate.validate(one, version, strict=True)


def test_helm_finds_nothing_to_complain_about() -> None:
    for message in helm_python.lint(str(CHART))["messages"]:
        # An icon is for a shop window of charts.
        assert "icon" in str(message), message


def test_it_brings_what_a_service_needs(objects: list[dict[str, Any]]) -> None:
    kinds = {one["kind"] for one in objects}
    assert {"Deployment", "Service", "PodDisruptionBudget", "Job", "CronJob"} <= kinds
    (migration,) = of_kind(objects, "Job")
    assert migration["metadata"]["annotations"]["helm.sh/hook"] == "pre-install,pre-upgrade"


def test_pods_run_as_nobody_and_write_nowhere(objects: list[dict[str, Any]]) -> None:
    for name, pod in pods(objects).items():
        spec = pod["spec"]
        (container,) = spec["containers"]
        assert spec["securityContext"]["runAsNonRoot"], name
        assert not spec["automountServiceAccountToken"], name
        assert container["securityContext"]["readOnlyRootFilesystem"], name
        assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}, name
        assert container["resources"]["limits"]["memory"], name


def test_no_object_holds_a_password(objects: list[dict[str, Any]]) -> None:
    assert not of_kind(objects, "Secret")
    for name, pod in pods(objects).items():
        (container,) = pod["spec"]["containers"]
        (password,) = [one for one in container["env"] if one["name"] == "PGPASSWORD"]
        assert password["valueFrom"]["secretKeyRef"] == {"name": "valuebox", "key": "password"}, (
            name
        )


def test_a_stopping_pod_has_time_for_what_is_under_way(objects: list[dict[str, Any]]) -> None:
    (service,) = of_kind(objects, "Deployment")
    pod = service["spec"]["template"]["spec"]
    environment = {one["name"]: one.get("value") for one in pod["containers"][0]["env"]}
    drain = int(environment["VALUEBOX_DRAIN_SECONDS"])
    probe = pod["containers"][0]["readinessProbe"]
    # Until a proxy notices, and then 50 s for the last request.
    assert drain > probe["periodSeconds"] * probe["failureThreshold"]
    assert pod["terminationGracePeriodSeconds"] >= drain + 50


def test_what_is_selected_is_there(objects: list[dict[str, Any]]) -> None:
    (service,) = of_kind(objects, "Deployment")
    labels = service["spec"]["template"]["metadata"]["labels"].items()
    (found,) = of_kind(objects, "Service")
    (budget,) = of_kind(objects, "PodDisruptionBudget")
    assert found["spec"]["selector"].items() <= labels
    assert budget["spec"]["selector"]["matchLabels"].items() <= labels
    for policy in of_kind(objects, "NetworkPolicy"):
        for name, pod in pods(objects).items():
            chosen = policy["spec"]["podSelector"]["matchLabels"].items()
            assert chosen <= pod["metadata"]["labels"].items(), name
    for other in [one for name, one in pods(objects).items() if name != "valuebox"]:
        # Commands answer no requests.
        assert not found["spec"]["selector"].items() <= other["metadata"]["labels"].items()


def test_replicas_are_counted_by_one_of_two() -> None:
    (service,) = of_kind(rendered({}), "Deployment")
    assert "replicas" not in service["spec"]
    (scaled,) = of_kind(rendered(EVERYTHING), "HorizontalPodAutoscaler")
    assert [one["type"] for one in scaled["spec"]["metrics"]] == ["Resource", "Pods"]
    assert not of_kind(rendered(ALONE), "HorizontalPodAutoscaler")
    (service,) = of_kind(rendered(ALONE), "Deployment")
    assert service["spec"]["replicas"] == 1


def test_a_volume_of_models_is_shared_with_jobs_that_learn() -> None:
    found = pods(rendered(EVERYTHING))
    with_models = {
        name
        for name, pod in found.items()
        if {"name": "models", "persistentVolumeClaim": {"claimName": "models"}}
        in pod["spec"]["volumes"]
    }
    assert with_models == {"valuebox", "valuebox-learn", "valuebox-lists"}
    for name in with_models:
        (container,) = found[name]["spec"]["containers"]
        assert {"name": "BENTOML_HOME", "value": "/models"} in container["env"]


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"jobs": {"learn": {"enabled": True}}}, "jobs.learn learns a model, which needs models"),
        ({"replica": 3}, "replica"),
        ({"database": {"url": "sqlite:///valuebox.db"}}, "url"),
        ({"database": {"url": "postgresql://valuebox:secret@db/valuebox"}}, "url"),
        ({"database": {"url": "postgresql://valuebox@db/valuebox?password=secret"}}, "url"),
        ({"settings": {"VALUEBOX_READ_URL": "postgresql://me:secret@db/valuebox"}}, "READ_URL"),
        ({"settings": {"VALUEBOX_SESSION_SECRET": "x"}}, "VALUEBOX_SESSION_SECRET"),
        ({"settings": {"VALUEBOX_WORKERS": 2}}, "VALUEBOX_WORKERS"),
        ({"jobs": {"monitor": {"schedule": "daily"}}}, "schedule"),
        ({"secret": {"name": ""}}, "name"),
    ],
)
def test_values_that_cannot_be_meant_are_refused(values: dict[str, Any], told: str) -> None:
    with pytest.raises(helm_python.HelmError, match=told):
        rendered(values)


def test_long_names_of_releases_stay_names() -> None:
    for one in rendered(EVERYTHING, name="a" * 53):
        assert len(one["metadata"]["name"]) <= 63
        if one["kind"] == "CronJob":
            # Kubernetes adds eleven letters to the name of each of its jobs.
            assert len(one["metadata"]["name"]) <= 52
