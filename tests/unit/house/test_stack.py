"""What of docker-compose.yml can be told without a container engine."""

from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[3]
CONFIG = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = CONFIG["services"]


@pytest.mark.parametrize("name", SERVICES)
def test_what_it_mounts_is_there(name: str) -> None:
    for volume in SERVICES[name].get("volumes", []):
        source = volume.split(":")[0]
        if source.startswith("./"):
            assert (ROOT / source).exists()
        else:
            assert source in CONFIG["volumes"]


def test_an_empty_file_stands_for_the_key_that_prometheus_reads() -> None:
    scraping = yaml.safe_load((ROOT / "ops/prometheus/prometheus.yml").read_text())
    (job,) = scraping["scrape_configs"]
    read_from = Path(job["authorization"]["credentials_file"])
    (secret,) = SERVICES["prometheus"]["secrets"]
    assert read_from == Path("/run/secrets") / secret
    default = CONFIG["secrets"][secret]["file"].split(":-")[1].rstrip("}")
    assert (ROOT / default).read_bytes() == b""


def test_prometheus_and_grafana_find_what_they_look_for() -> None:
    scraping = yaml.safe_load((ROOT / "ops/prometheus/prometheus.yml").read_text())
    (job,) = scraping["scrape_configs"]
    (found,) = job["dns_sd_configs"]
    assert [*found["names"], found["port"]] == ["valuebox", 3000]
    provisioning = ROOT / "ops/grafana/provisioning"
    (source,) = yaml.safe_load((provisioning / "datasources/prometheus.yml").read_text())[
        "datasources"
    ]
    assert source["url"] == "http://prometheus:9090"
    (provider,) = yaml.safe_load((provisioning / "dashboards/valuebox.yml").read_text())[
        "providers"
    ]
    mounted = [volume.split(":")[1] for volume in SERVICES["grafana"]["volumes"]]
    assert provider["options"]["path"] in mounted


@pytest.mark.parametrize("name", SERVICES)
def test_nothing_is_published_beyond_this_machine(name: str) -> None:
    assert all(port.startswith("127.0.0.1:") for port in SERVICES[name].get("ports", []))


def test_the_database_is_not_published() -> None:
    assert "ports" not in SERVICES["postgres"]
