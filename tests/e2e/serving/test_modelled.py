from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test
from support.killable import KillableServer
from support.model_of_service import Kills, ServiceMachine

pytestmark = pytest.mark.slow("src/valuebox/compartments/ltv")


def test_whatever_a_caller_does_everything_is_stored_once_and_found_as_answered(
    database_url: str, model_tag: str, tmp_path: Path, fuzz_examples: int
) -> None:
    kills = Kills(fuzz_examples // 50)
    budget = kills.left
    served = {"DATABASE_URL": database_url, "VALUEBOX_MODEL": model_tag}
    server = KillableServer(served, tmp_path / "serve.log")
    try:
        run_state_machine_as_test(
            lambda: ServiceMachine(server, kills),
            settings=settings(
                max_examples=fuzz_examples // 5,
                stateful_step_count=25,
                # What was killed cannot be played back, so that nothing is to be shrunk.
                phases=[Phase.generate],
                derandomize=True,
                deadline=None,
                database=None,
                suppress_health_check=list(HealthCheck),
            ),
        )
    finally:
        server.end()
    assert kills.left < budget
