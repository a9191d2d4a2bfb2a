from collections.abc import Iterator
from pathlib import Path

import pytest
from support.containers import Stack, build_image
from support.services import ROOT

from valuebox_training.ltv.train import train


@pytest.fixture(scope="session")
def built_model(data_dir: Path) -> str:
    """Tag of the model in the image: not the newest one of the store."""
    tag = train(ROOT / "data" / "train.csv", None, "ltv").tag
    assert train(data_dir / "train.csv", None, "ltv").tag != tag
    build_image(tag)
    return tag


@pytest.fixture(scope="module")
def stack(built_model: str) -> Iterator[Stack]:
    """A running stack of the image."""
    started = Stack()
    try:
        started.up()
        yield started
    finally:
        started.compose("down", "--volumes", "--timeout", "20")
