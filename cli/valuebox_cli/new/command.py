"""`valuebox new compartment`: a package of one's own that answers one more question."""

import re
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Final

import typer

from valuebox.compartments.claims import refuse_name, refuse_taken
from valuebox.compartments.register import compartments
from valuebox.errors import ValueboxError
from valuebox_cli.terminal.commands import COMMANDS
from valuebox_cli.terminal.console import exit_codes, out, writing

app = typer.Typer(help="Begin a package of your own.", no_args_is_help=True)

_COPIED: Final = "churn"
"""Name of the compartment that others begin as a copy of."""
_PACKED: Final = Path(__file__).parent / "template"
"""Where a wheel has that package."""
_CLONED: Final = Path(__file__).parents[3] / "examples" / _COPIED
"""Where a clone of the repository has it."""
_LEFT_OUT: Final = {"__pycache__", ".pytest_cache", ".ruff_cache", ".mypy_cache"}

_README: Final = """# {project}

A compartment of valuebox. It answers whether a customer
will still buy within the next 60 days, until it is changed.

    uv pip install --no-build-isolation --no-deps --editable .
    python -m pytest tests
    valuebox db upgrade        # makes its tables, too
    valuebox {name} train      # from stored customers and events
    bentoml serve

`POST /v1/{name}/predict` takes `customers`, each a `source` and an `id`, and answers how likely
each of them is to buy. `compartment.py` says what the package offers, `model.py` what it knows of
a customer, `tables.py` what comes true. The suite that every compartment passes takes it, too, in
a clone of valuebox:

    python -m pytest tests/conformance -k {name} --case=PATH/TO/{project}/case.py

The guide is `examples/churn/README.md` of that clone.
"""


@app.callback()
def new() -> None:
    """Begin a package of your own."""


@app.command()
def compartment(
    name: Annotated[
        str, typer.Argument(help="What its paths, its tables and its commands begin with.")
    ],
    into: Annotated[
        Path | None,
        typer.Option(help="Folder to write; it must not be there.", show_default="valuebox-NAME"),
    ] = None,
) -> None:
    """Write a package with a compartment that works: trained, served, stored, judged, forgotten.

    The compartment answers whether a customer will buy within 60 days, until it is changed; its
    README says how, and how to have it tested.
    """
    with exit_codes():
        refuse_name(name)
        for one in compartments():
            refuse_taken(name, one)
        if name == _COPIED or name in COMMANDS or find_spec(f"valuebox_{name}"):
            raise ValueboxError(f"the name {name} is taken")
        folder = into or Path(f"valuebox-{name.replace('_', '-')}")
        if folder.exists():
            raise ValueboxError(f"{folder}: is there already")
        with writing(folder):
            _copy(_PACKED if _PACKED.exists() else _CLONED, folder, name)
            (folder / "README.md").write_text(_README.format(name=name, project=folder.name))
        out.print(f"written to {folder}; {folder / 'README.md'} says how to go on", soft_wrap=True)


def _copy(source: Path, folder: Path, name: str) -> None:
    for file in sorted(source.rglob("*")):
        inner = file.relative_to(source)
        if file.is_dir() or _LEFT_OUT & {*inner.parts} or inner == Path("README.md"):
            continue
        to = folder / _renamed(f"{inner}", name)
        to.parent.mkdir(parents=True, exist_ok=True)
        to.write_text(_renamed(file.read_text("utf-8"), name), "utf-8")


def _renamed(text: str, name: str) -> str:
    """A text with another name of the compartment, of its classes, and of its project."""
    text = text.replace(f"valuebox-{_COPIED}", f"valuebox-{name.replace('_', '-')}")
    text = text.replace(_COPIED.capitalize(), "".join(map(str.capitalize, name.split("_"))))
    return re.sub(_COPIED, name, text)
