"""JSON schemas of what programs read, which `make docs` writes into `docs/schemas`."""

import json
import sys
from pathlib import Path
from typing import Final

from pydantic import BaseModel

from valuebox.compartments.growth.experiments.schemas import ExperimentReport
from valuebox.compartments.growth.report import GrowthReport
from valuebox.compartments.growth.uplift.schemas import UpliftReport
from valuebox.compartments.response.judging import ResponseReport
from valuebox.predictions.monitoring.results import MonitorResult
from valuebox.serving.errors import ErrorAnswer
from valuebox_cli.ltv.evaluate import EvaluationReport

PUBLISHED: Final[dict[str, type[BaseModel]]] = {
    "error.schema.json": ErrorAnswer,
    "evaluation-report.schema.json": EvaluationReport,
    "growth-report.schema.json": GrowthReport,
    "experiment-report.schema.json": ExperimentReport,
    "uplift-report.schema.json": UpliftReport,
    "response-report.schema.json": ResponseReport,
    "monitor-result.schema.json": MonitorResult,
}


def documents() -> dict[str, str]:
    """The text of every published schema, by file name."""
    return {
        name: json.dumps(model.model_json_schema(mode="serialization"), indent=2) + "\n"
        for name, model in PUBLISHED.items()
    }


if __name__ == "__main__":
    for name, text in documents().items():
        (Path(sys.argv[1]) / name).write_text(text)
