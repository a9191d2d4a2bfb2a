"""What is built twice is the same; `make image-check` asks the Bento and the images, too."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from support.documents import generator

from valuebox import __version__

ROOT = Path(__file__).parents[3]
pack, bento, compare = (
    generator(f"../ops/release/{name}") for name in ("pack", "bento", "compare")
)


def pages(folder: Path, names: list[str]) -> Path:
    """Files that were written in this order, a while ago or now."""
    for number, name in enumerate(names):
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(name)
        file.chmod(0o600 if number else 0o644)
        os.utime(file, (number, number))
    return folder


def test_documents_are_packed_the_same_whenever_and_by_whomever_they_were_written(
    tmp_path: Path,
) -> None:
    names = ["index.html", "api/index.html", "a.js", "images/one.png"]
    for number, order in enumerate((names, names[::-1])):
        pack.pack(pages(tmp_path / f"{number}", order), tmp_path / f"{number}.zip", 1_700_000_000)
    one, other = ((tmp_path / f"{number}.zip").read_bytes() for number in (0, 1))
    assert one == other
    shutil.unpack_archive(tmp_path / "0.zip", tmp_path / "unpacked")
    assert (tmp_path / "unpacked" / "api" / "index.html").read_text() == "api/index.html"


def test_a_wheel_is_the_same_in_any_folder(tmp_path: Path) -> None:
    wheels = []
    for name in ("one", "another one"):
        sources = tmp_path / name
        for folder in ("src", "training", "cli", "examples/churn"):
            left_out = shutil.ignore_patterns("__pycache__", "documents.zip")
            # The time of every file is that of its copy.
            shutil.copytree(
                ROOT / folder, sources / folder, ignore=left_out, copy_function=shutil.copyfile
            )
        for file in ("pyproject.toml", "README.md", "LICENSE"):
            shutil.copyfile(ROOT / file, sources / file)
        build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel"]
        environment = os.environ | {"SOURCE_DATE_EPOCH": "1700000000"}
        subprocess.run(build, cwd=sources, check=True, env=environment, capture_output=True)
        (wheel,) = (sources / "dist").glob("*.whl")
        wheels.append(wheel.read_bytes())
    assert wheels[0] == wheels[1]


def test_a_bento_tells_of_the_commit_and_not_when_it_was_built(tmp_path: Path) -> None:
    described = tmp_path / "bento.yaml"
    models = "models:\n- tag: ltv:abc\n  creation_time: '2026-01-01T00:00:00+00:00'\n"
    for moment in ("2026-11-30T20:21:04.024591+00:00", "2026-12-01T00:00:00+00:00"):
        described.write_text(f"name: it\ncreation_time: '{moment}'\n{models}")
        bento.settle(tmp_path, 0)
        dated = "creation_time: '1970-01-01T00:00:00+00:00'"
        assert described.read_text() == f"name: it\n{dated}\n{models}"
    commit = "3985cdc839d6f00d"
    versions = {
        bento.version_of(commit, changes, models)
        for changes in (b"", b"+")
        for models in (b"a", b"b")
    }
    assert len(versions) == 4
    assert all(one.startswith(f"{__version__}-3985cdc839d6-") for one in versions)


def test_whatever_differs_is_named(tmp_path: Path) -> None:
    folders = []
    for name in ("one", "other"):
        folders.append(folder := tmp_path / name)
        pages(folder, ["same", "content", "mode", "link to"])
        (folder / "link").symlink_to("same" if name == "one" else "content")
    (folders[1] / "content").write_text("else")
    (folders[1] / "mode").chmod(0o700)
    (folders[1] / "more").write_text("")
    archives = [shutil.make_archive(f"{folder}", "tar", folder) for folder in folders]
    for both in (folders, map(Path, archives)):
        found = compare.differences(*(compare.entries(path) for path in both))
        assert [line.partition(":")[0].removeprefix("./") for line in found] == [
            *("content", "link", "mode", "more"),
        ]
    os.utime(folders[0] / "same", (99, 99))
    late = [compare.entries(folder, ("sa",)) for folder in folders]
    assert any("same: changed 99 and 0" in line for line in compare.differences(*late))
