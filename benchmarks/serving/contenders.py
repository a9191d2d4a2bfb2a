"""Who is compared, and how each is started."""

import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal

from benchmarks.serving.bodies import Form
from benchmarks.serving.cells import CELLS, MANY, Cell

ROOT: Final = Path(__file__).parents[2]
PEERS: Final = Path(__file__).parent / "peers"
ENVIRONMENTS: Final = ROOT / ".contenders"

Tables = Literal["ours", "own", "usual"]
"""Tables of the service, those of `peers/own.sql`, or those that `peers/usual.py` declares."""

LIMIT: Final = "the limit"
IN_OURS: Final = "the limit, in our tables"
LIST: Final = "valuebox"
BULK: Final = "valuebox, bulk"
TUNED: Final = "FastAPI, tuned by hand"
USUAL: Final = "FastAPI + ORM + scikit-learn"
OURS_DURABLE: Final = (LIST, BULK)
STORE_NOTHING: Final = ("LitServe", "MLServer", "MLflow")
NOTHING: Final = "the client alone"


@dataclass(frozen=True)
class Contender:
    """One way to serve the model. `{port}` and `{folder}` stand for what it is given."""

    name: str
    command: tuple[str, ...]
    """A Python module or script and its arguments."""
    path: str = "/predict"
    """Where it takes predictions; empty where it has no HTTP."""
    ready: str = "/ready"
    """Answers 200 when it has started."""
    form: Form = "rows"
    stores: Literal["PostgreSQL", "SQLite", ""] = ""
    tables: Tables = "ours"
    """Which tables, where it stores."""
    cells: tuple[Cell, ...] = CELLS
    """What it is measured with."""
    environment: str = ""
    """Folder of `.contenders`; empty for the project's own environment."""
    settings: dict[str, str] = field(default_factory=dict)
    prepare: tuple[str, ...] = ()
    """Run once, before it is first started."""
    counted: bool = True
    """Whether it does the work at all."""

    @property
    def python(self) -> Path:
        """The interpreter that runs it."""
        if not self.environment:
            return Path(sys.executable)
        return ENVIRONMENTS / self.environment / "bin" / "python"

    @property
    def is_installed(self) -> bool:
        """Whether its virtual environment is complete."""
        return not self.environment or (ENVIRONMENTS / self.environment / "installed").exists()


_BENTOML = ("-m", "bentoml", "serve", str(ROOT), "--host", "127.0.0.1", "--port", "{port}")
_UVICORN = ("--host", "127.0.0.1", "--port", "{port}", "--no-access-log", "--log-level", "warning")
_OURS = {"VALUEBOX_WORKERS": "1"}

CONTENDERS: Final = (
    Contender(LIMIT, (str(PEERS / "limit.py"),), path="", stores="PostgreSQL", tables="own"),
    Contender(
        IN_OURS,
        (str(PEERS / "limit.py"),),
        path="",
        stores="PostgreSQL",
        settings={"TABLES": "ours"},
    ),
    Contender(LIST, _BENTOML, "/v1/ltv/predict", "/readyz", stores="PostgreSQL", settings=_OURS),
    Contender(
        BULK,
        _BENTOML,
        "/v1/ltv/predict/bulk",
        "/readyz",
        form="columns",
        stores="PostgreSQL",
        cells=(MANY,),
        settings=_OURS,
    ),
    Contender(
        "valuebox on SQLite",
        _BENTOML,
        "/v1/ltv/predict",
        "/readyz",
        stores="SQLite",
        settings=_OURS,
    ),
    Contender(
        TUNED,
        ("-m", "uvicorn", "tuned:app", *_UVICORN),
        stores="PostgreSQL",
        tables="own",
        environment="fastapi",
    ),
    Contender(
        USUAL,
        ("-m", "uvicorn", "usual:app", *_UVICORN),
        stores="PostgreSQL",
        tables="usual",
        environment="fastapi",
    ),
    Contender(
        "LitServe", (str(PEERS / "lit.py"), "{port}"), ready="/health", environment="litserve"
    ),
    Contender(
        "MLServer",
        ("-m", "mlserver.cli.main", "start", "{folder}"),
        "/v2/models/ltv/infer",
        "/v2/models/ltv/ready",
        form="tensors",
        environment="mlserver",
        settings={
            "MLSERVER_HOST": "127.0.0.1",
            "MLSERVER_HTTP_PORT": "{port}",
            "MLSERVER_GRPC_PORT": "{port1}",
            "MLSERVER_METRICS_PORT": "{port2}",
            # In the process that answers: one worker.
            "MLSERVER_PARALLEL_WORKERS": "0",
            "MLSERVER_DEBUG": "false",
            "MLSERVER_MODEL_NAME": "ltv",
            "MLSERVER_MODEL_IMPLEMENTATION": "tensors.Ltv",
        },
    ),
    Contender(
        "MLflow",
        (
            *("-m", "mlflow", "models", "serve", "--model-uri", "{folder}/mlflow"),
            *("--env-manager", "local", "--host", "127.0.0.1", "--port", "{port}"),
            *("--workers", "1"),
        ),
        "/invocations",
        "/ping",
        form="split",
        environment="mlflow",
        prepare=(str(PEERS / "flow.py"), "{folder}/mlflow"),
    ),
    Contender(NOTHING, (str(PEERS / "nothing.py"), "{port}"), counted=False),
)


def named(names: list[str]) -> list[Contender]:
    """The contenders of these names, or all.

    Raises:
        LookupError: when there is none of a name, or it is not installed.
    """
    by_name = {one.name: one for one in CONTENDERS}
    if unknown := [name for name in names if name not in by_name]:
        raise LookupError(f"{unknown[0]!r} is none of {', '.join(by_name)}")
    chosen = [by_name[name] for name in names] or list(CONTENDERS)
    if missing := [one.name for one in chosen if not one.is_installed]:
        raise LookupError(f"not installed: {', '.join(missing)}; `make bench-contenders` does")
    return chosen
