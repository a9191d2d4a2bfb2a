"""The house: which room may know which, how much lies at the root, and how long a module is."""

import ast
from collections import defaultdict
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

import pytest
from support.documents import generator

ROOT = Path(__file__).parents[3]
SOURCE = ROOT / "src" / "valuebox"

FLOORS = (
    "errors",
    "bento",
    "schemas",
    "settings",
    "statistics",
    "features",
    "files",
    "models",
    "pages",
    "store",
    "worker",
    "access",
    "serving",
    "facts",
    "predictions",
    "compartments.briefs",
    "compartments.contract",
    "compartments.claims",
    "compartments.register",
    "compartments.people",
    "compartments.lookups",
    "compartments.customers",
    "compartments.api",
    "compartments.facts",
    "compartments.features",
    "compartments.ltv",
    "compartments.growth",
    "compartments.response",
    "compartments.handle",
    "compartments.offers",
    "compartments.recommend",
    "compartments.questions",
    "compartments.served_models",
    "compartments.loading",
    "client",
    "front",
    "dashboard",
    "service",
    "__init__",
)
"""From the ground up: a room imports from those before it alone."""

APART = tuple(
    f"compartments.{name}"
    for name in ("ltv", "growth", "response", "handle", "offers", "recommend")
)
"""Compartments know the rooms below them, and not each other."""

MOST_AT_THE_ROOT = 5
MOST_LINES = 300
MOST_LINES_OF_LTV = 1_800


def module_of(file: Path) -> str:
    parts = file.relative_to(SOURCE).with_suffix("").parts
    return ".".join(parts).removesuffix(".__init__")


def room_of(module: str) -> str:
    parts = module.split(".")
    return ".".join(parts[:2]) if parts[0] == "compartments" else parts[0]


@cache
def modules_known_to() -> dict[str, set[str]]:
    """Which modules each module imports, be it only for its types."""
    modules = {module_of(file): file for file in SOURCE.rglob("*.py")}
    found: dict[str, set[str]] = {module: set() for module in modules}
    for module, file in modules.items():
        for node in ast.walk(ast.parse(file.read_text())):
            if not isinstance(node, ast.ImportFrom) or node.module is None:
                continue
            top, _, inside = node.module.partition(".")
            assert top not in ("valuebox_cli", "valuebox_training"), module
            if top != "valuebox":
                continue
            for alias in node.names:
                nearer = f"{inside}.{alias.name}".removeprefix(".")
                # What the package itself holds is there before any module of it.
                if known := nearer if nearer in modules else inside:
                    found[module].add(known)
    return found


def imports() -> dict[tuple[str, str], set[str]]:
    """From which room to which, and which modules need it."""
    found: dict[tuple[str, str], set[str]] = defaultdict(set)
    for module, known in modules_known_to().items():
        for other in known:
            if room_of(other) != room_of(module):
                found[room_of(module), room_of(other)].add(module)
    return found


def test_no_module_imports_itself_by_way_of_others() -> None:
    TopologicalSorter(modules_known_to()).prepare()


def test_rooms_import_from_those_below_them_alone() -> None:
    upwards = {
        (here, there): sorted(modules)
        for (here, there), modules in imports().items()
        if FLOORS.index(there) > FLOORS.index(here)
    }
    assert upwards == {}


def test_compartments_do_not_know_each_other() -> None:
    known = {pair: modules for pair, modules in imports().items() if set(pair) <= set(APART)}
    assert known == {}


def test_few_modules_lie_at_the_root() -> None:
    assert len(list(SOURCE.glob("*.py"))) <= MOST_AT_THE_ROOT


@pytest.mark.parametrize("folder", ["src", "cli", "training", "benchmarks"])
def test_no_module_is_long(folder: str) -> None:
    lengths = {file: len(file.read_text().splitlines()) for file in (ROOT / folder).rglob("*.py")}
    assert {file for file, lines in lengths.items() if lines > MOST_LINES} == set()


def test_lifetime_value_is_left_with_its_own_question() -> None:
    modules = (SOURCE / "compartments" / "ltv").glob("*.py")
    assert sum(len(file.read_text().splitlines()) for file in modules) < MOST_LINES_OF_LTV


def test_the_list_of_modules_is_that_of_the_code() -> None:
    modules = generator("modules")
    assert modules.DOCUMENT.read_text() == modules.document(), "`make docs` writes it anew"


def test_what_bentoml_has_promised_nobody_is_used_in_one_module() -> None:
    private = ("_bentoml", "bentoml._internal", "uvicorn", "circus")
    using = {
        str(file.relative_to(ROOT))
        for folder in ("src", "cli", "training")
        for file in (ROOT / folder).rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text()))
        for name in _imported(node)
        if name.startswith(private)
    }
    assert using == {"src/valuebox/bento.py", "src/valuebox/serving/bounded_protocol.py"}


def _imported(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    return [node.module or ""] if isinstance(node, ast.ImportFrom) else []
