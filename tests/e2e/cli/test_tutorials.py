"""Tutorials, command by command, as somebody types them who reads them."""

import os
import re
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

import pytest
from support import churn, warm
from support.guides import WALKED, Command, commands, left_out
from support.services import ROOT

from valuebox_cli.demo.walk import Walk
from valuebox_cli.server import free_port, serving

ADDRESS: Final = "http://127.0.0.1:3000"
FEED: Final = "http://127.0.0.1:8100"
PROGRAMS: Final = Path(sys.executable).parent
SMALLER: Final = {
    "valuebox handle simulate": "--bets 10000",
    "valuebox offers simulate": "--players 300",
    "valuebox recommend simulate": "--sessions 50",
}
"""What tests type besides, by how commands begin: as much as in the tutorials takes minutes."""
CODES: Final = {
    "valuebox monitor": (0, 1, 3),
    "valuebox offers learn": (0, 3),
    "valuebox offers evaluate": (0, 3),
}
"""Exit codes that are answers as well."""
SAID: Final = {
    "docs/ltv.md": [("valuebox train", "base"), ("curl", '"prediction"')],
    "docs/growth.md": [
        ("valuebox growth report", "Put more on PI"),
        ("valuebox growth whom", "buyers"),
    ],
    "docs/response.md": [("valuebox growth evaluate", "lift"), ("curl", '"by_category"')],
    "docs/handle.md": [("valuebox handle forecast", one) for one in ("fresh", "degraded")],
    "docs/features.md": [
        ("valuebox features build", "3 rows of 14 columns"),
        ("curl", '"last_session.games_played":1'),
    ],
    "docs/offers.md": [("curl", '"propensity"'), ("valuebox offers evaluate", "best-fixed")],
    "docs/recommend.md": [("curl", '"boot"'), ("valuebox recommend report", "personal")],
    "examples/churn/README.md": [("curl", '"prediction"'), ("valuebox models list", "churn:")],
}
"""What commands have printed, by how they begin."""


class Reader:
    """Somebody with a shell, in the working directory; the service runs in another terminal."""

    def __init__(self, folder: Path, stack: ExitStack, environment: dict[str, str]) -> None:
        self.printed: list[tuple[str, str]] = []
        self._folder, self._stack, self._settings = folder, stack, environment
        self._address, self._feed = ADDRESS, FEED
        self._beside: dict[str, ExitStack] = {}
        (folder / ".curlrc").write_text("fail-with-body\nsilent\nshow-error\n")
        self._in_shell = {"PATH": f"{PROGRAMS}:{os.environ['PATH']}", "CURL_HOME": str(folder)}

    def types(self, command: Command) -> None:
        """Do what the command says, as far as what it leaves running is concerned as well."""
        if stopped := re.search(r"once the (\w+) has been stopped", command.text):
            self._beside.pop(stopped[1]).close()
        text = command.text.replace(ADDRESS, self._address).replace(FEED, self._feed)
        for beginning, more in SMALLER.items():
            text = text.replace(beginning, f"{beginning} {more}")
        words = command._replace(text=text).words
        if command.program == "bentoml":
            settings = dict(one.split("=", 1) for one in words if "=" in one)
            self._address = self._begin("service", self._service(settings))
            self._settings["VALUEBOX_URL"] = self._address
        elif words[:3] == ["valuebox", "handle", "feed"]:
            self._feed = f"http://127.0.0.1:{free_port()}"
            walk = Walk(self._folder, self._folder, self._settings, warm.Popen)
            port = self._feed.rpartition(":")[2]
            self._begin("feed", walk.beside(f"{self._feed}/events", *words[1:], "--port", port))
        else:
            self._run(command, text, words)

    def _service(self, settings: dict[str, str]) -> Any:
        return serving(".", ROOT, {**self._settings, **settings}, start=warm.Popen)

    def _begin(self, name: str, running: Any) -> Any:
        if name in self._beside:
            self._beside.pop(name).close()
        self._beside[name] = self._stack.enter_context(ExitStack())
        return self._beside[name].enter_context(running)

    def _run(self, command: Command, text: str, words: list[str]) -> None:
        options: Any = {"cwd": self._folder, "timeout": 300}
        environment = {**os.environ, **self._settings}
        if words[0] == "valuebox" and "$" not in text:
            typed = [str(PROGRAMS / "valuebox"), *words[1:]]
            done = warm.run(typed, env=environment, **options)
        else:
            shell = {**environment, **self._in_shell}
            options |= {"env": shell, "capture_output": True, "text": True}
            done = subprocess.run(["sh", "-ec", text], check=False, **options)
        codes = [codes for one, codes in CODES.items() if text.startswith(one)]
        assert done.returncode in (codes[0] if codes else (0,)), (text, done.stdout, done.stderr)
        self.printed.append((command.text, done.stdout))


@pytest.mark.slow(
    "cli/valuebox_cli", "training", "examples", "docs/ltv.md", "docs/growth.md", "docs/response.md",
    "docs/handle.md", "docs/features.md", "docs/offers.md", "docs/recommend.md",
)  # fmt: skip
@pytest.mark.parametrize("document", WALKED)
def test_every_command_does_what_the_tutorial_says(
    document: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "valuebox"
    folder.mkdir()
    monkeypatch.chdir(folder)
    for name in ("data", "examples"):
        (folder / name).symlink_to(ROOT / name)
    settings = {
        "DATABASE_URL": f"sqlite:///{folder}/valuebox.db",
        "BENTOML_HOME": str(tmp_path / "bentoml"),
    }
    if document == "examples/churn/README.md":
        settings |= churn.install(tmp_path)
    with ExitStack() as stack:
        reader = Reader(folder, stack, settings)
        typed = set()
        for command in commands(document):
            # What is shown once more further down has been done.
            if left_out(command) is None and command.text not in typed:
                reader.types(command)
                typed |= {command.text} if command.program != "bentoml" else set()
    for beginning, what in SAID[document]:
        printed = [text for of, text in reader.printed if of.startswith(beginning)]
        assert any(what in text for text in printed), printed


def test_what_is_typed_besides_is_needed() -> None:
    texts = [command.text for document in WALKED for command in commands(document)]
    for beginning in (*SMALLER, *CODES):
        assert any(text.startswith(beginning) for text in texts), beginning
