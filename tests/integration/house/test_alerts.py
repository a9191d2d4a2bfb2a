"""Alerts fire on made-up weeks of a service, each in time."""

import pytest
from support.promtool import RULES, promtool


@pytest.mark.slow("ops/prometheus")
def test_alerts_fire_when_they_should_and_no_earlier() -> None:
    promtool("test", "rules", RULES.with_name("alerts.test.yml"))
