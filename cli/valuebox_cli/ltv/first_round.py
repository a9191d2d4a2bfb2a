"""A first round of lifetime values, all at once: train, serve, evaluate, stop."""

from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

from valuebox_cli.ltv.command import evaluate, print_trained
from valuebox_cli.terminal.console import err, out


def first_round(data: Path) -> None:
    """Learn from the users of a folder, serve on a throw-away database, and judge by later ones.

    Args:
        data: Folder with train.csv and valid.csv.
    """
    from valuebox_cli.server import serving
    from valuebox_training.ltv.train import train as learn

    with TemporaryDirectory() as folder, ExitStack() as running:
        with err.status("learning …"):
            trained = learn(data / "train.csv", data / "valid.csv", "ltv")
        # How good it is shows below, as the service answers.
        print_trained(trained)
        settings = {
            "DATABASE_URL": f"sqlite:///{folder}/valuebox.db",
            "VALUEBOX_MODEL": trained.tag,
        }
        with err.status("starting the service …"):
            url = running.enter_context(serving(".", Path.cwd(), settings))
        out.print(f"serving at {url}")
        evaluate(data / "valid.csv", url=url)
    out.print("the service has stopped; start your own with `bentoml serve`")
