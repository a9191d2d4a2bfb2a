"""docs/schemas: JSON schemas of what programs read, which `make docs` writes."""

import json
from pathlib import Path
from typing import Final

from pydantic import BaseModel

from valuebox.compartments.register import published
from valuebox.serving.errors import ErrorAnswer
from valuebox_cli.ltv.evaluate import EvaluationReport

FOLDER: Final = Path(__file__).parent / "schemas"
_OURS: Final[dict[str, type[BaseModel]]] = {
    "error.schema.json": ErrorAnswer,
    "evaluation-report.schema.json": EvaluationReport,
}
"""Models of no compartment, or of what a command alone prints, by file name."""


def documents() -> dict[str, str]:
    """The text of every published schema, by file name."""
    return {
        name: json.dumps(model.model_json_schema(mode="serialization"), indent=2) + "\n"
        for name, model in (_OURS | published()).items()
    }


if __name__ == "__main__":
    for name, text in documents().items():
        (FOLDER / name).write_text(text, encoding="utf-8")
