"""Prometheus as Debian packages it, and what is asked of it."""

import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import yaml
from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families

from support.programs import find
from support.promtool import RULES
from support.services import ROOT
from valuebox_cli.server import becomes_ready, free_port

CONFIG = ROOT / "ops" / "prometheus" / "prometheus.yml"
_SELECTOR = re.compile(r"\b(up|valuebox_\w+)(\{[^}]*\})?")
_MATCHER = re.compile(r'(\w+)(=~|!~|!=|=)"([^"]*)"')
_GROUPING = re.compile(r"\bby \(([^)]*)\)")
# Of every series: Prometheus itself adds them.
_ADDED = {"instance", "job"}


@dataclass(frozen=True)
class Selector:
    """A part of a query that names a metric: `valuebox_rows_total{path="/v1/ltv/predict"}`."""

    metric: str
    text: str
    matchers: tuple[tuple[str, str, str], ...]
    """Label, operator and value."""


def selectors(query: str) -> list[Selector]:
    """All that a query reads."""
    return [
        Selector(found[1], found[0], tuple(_MATCHER.findall(found[2] or "")))
        for found in _SELECTOR.finditer(query)
    ]


def parse(exposition: str) -> dict[str, Metric]:
    """The families of an exposition, as its `# TYPE` lines name them."""
    return {
        f"{family.name}_total" if family.type == "counter" else family.name: family
        for family in text_string_to_metric_families(exposition)
    }


def labels_of(family: Metric) -> set[str]:
    """All labels that its samples have, but for the bounds of buckets."""
    return {label for sample in family.samples for label in sample.labels} - {"le"}


def check_query(query: str, exposition: str) -> None:
    """Every metric, label and value that a query names is there."""
    samples: dict[str, list[dict[str, str]]] = {"up": [{}]}
    for family in parse(exposition).values():
        for sample in family.samples:
            samples.setdefault(sample.name, []).append(sample.labels)
    known = set(_ADDED)
    for selector in selectors(query):
        found = samples.get(selector.metric)
        assert found, f"nothing exposes {selector.metric}"
        of_metric = {label for labels in found for label in labels}
        for label, operator, value in selector.matchers:
            assert label in of_metric | _ADDED, f"{selector.metric} has no label {label}"
            if label in of_metric and operator in {"=", "=~"}:
                values = {labels.get(label, "") for labels in found}
                fits = {one for one in values if re.fullmatch(value, one)}
                assert fits, f"no {label} of {selector.metric} fits {value}"
        known |= of_metric
    for grouping in _GROUPING.findall(query):
        assert {label.strip() for label in grouping.split(",")} <= known, grouping


class Prometheus:
    """A running Prometheus."""

    def __init__(self, url: str):
        self._http = httpx.Client(base_url=url, timeout=30)

    def ask(self, path: str, **parameters: str) -> Any:
        """The data of an answer of its API."""
        answer = self._http.get(f"/api/v1/{path}", params=parameters).json()
        assert answer["status"] == "success", answer
        return answer["data"]

    def values(self, query: str) -> list[float]:
        """What a query evaluates to at this moment, one number for each series."""
        data = self.ask("query", query=query)
        if data["resultType"] == "scalar":
            return [float(data["result"][1])]
        return [float(series["value"][1]) for series in data["result"]]

    def scrapes(self) -> float:
        """How often it has read the service so far."""
        return sum(self.values('count_over_time(up{job="valuebox"}[5m])'))

    def close(self) -> None:
        """Ask no more."""
        self._http.close()


@contextmanager
def scraping(url: str, api_key: str, folder: Path) -> Iterator[Prometheus]:
    """Prometheus as the project sets it up, reading `url` every second."""
    key_file = folder / "api-key"
    key_file.write_text(api_key)
    config = yaml.safe_load(CONFIG.read_text())
    config["global"] = {"scrape_interval": "1s", "evaluation_interval": "1s"}
    config["rule_files"] = [str(RULES)]
    (job,) = config["scrape_configs"]
    job["authorization"]["credentials_file"] = str(key_file)
    (dns,) = job.pop("dns_sd_configs")
    assert dns["names"] == ["valuebox"]
    job["static_configs"] = [{"targets": [url.removeprefix("http://")]}]
    (folder / "prometheus.yml").write_text(yaml.safe_dump(config))
    port = free_port()
    command = [
        find("prometheus", "prometheus"),
        f"--config.file={folder / 'prometheus.yml'}",
        f"--storage.tsdb.path={folder / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}",
    ]
    with (folder / "prometheus.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)
        try:
            address = f"http://127.0.0.1:{port}"
            assert becomes_ready(process, f"{address}/-/ready", 30)
            prometheus = Prometheus(address)
            yield prometheus
            prometheus.close()
        finally:
            process.terminate()
            process.wait(30)
