"""The blocks of docs/python.md do what it says."""

import re
from pathlib import Path
from typing import Any

import pytest
from support.services import ROOT, Service

GUIDE = ROOT / "docs" / "python.md"
ADDRESS = "http://127.0.0.1:3000"


def test_every_block_runs_after_the_one_before(
    service: Service, data_dir: Path, model_tag: str, capsys: pytest.CaptureFixture[str]
) -> None:
    blocks = re.findall(r"^```python\n(.*?)^```$", GUIDE.read_text(), re.MULTILINE | re.DOTALL)
    assert len(blocks) == 7
    known: dict[str, Any] = {}
    for block in blocks:
        here = block.replace(ADDRESS, service.url).replace(
            "data/valid.csv", f"{data_dir}/valid.csv"
        )
        exec(compile(here, GUIDE.name, "exec"), known)
    said = capsys.readouterr().out
    assert len(known["predicted"]) == len(known["users"])
    assert {one.target for one in known["stored"]} == {32.15775, 0.3975}
    assert "invalid_input [(0, 'STV', 'Input should be greater than or equal to 0')]" in said
    assert "\n3 3\n" in said
    assert known["model"].tag == model_tag
    assert "'question': 'ltv'" in said
