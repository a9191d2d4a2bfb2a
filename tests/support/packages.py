"""Packages that are installed beside valuebox, each of one module."""

from collections.abc import Mapping
from pathlib import Path


def package(folder: Path, name: str, code: str, points: Mapping[str, str]) -> dict[str, str]:
    """Install a package below a folder.

    Args:
        folder: Empty, or with other packages.
        name: Of the package and of its module.
        code: The module.
        points: By group, the line of an entry point: `name = module:object`.

    Returns:
        The environment in which Python finds the packages of the folder.
    """
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.py").write_text(code)
    about = folder / f"{name}-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    lines = [f"[{group}]\n{line}\n" for group, line in points.items()]
    (about / "entry_points.txt").write_text("".join(lines))
    return {"PYTHONPATH": str(folder)}
