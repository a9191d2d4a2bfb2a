import subprocess
import sys

SERVING = """
import sys
sys.orig_argv = ["python", "/somewhere/bin/bentoml", "serve"]
from valuebox.models.boosters import xgb
assert not {"sklearn", "scipy.special"} & set(sys.modules)
booster = xgb.train({"max_depth": 1}, xgb.DMatrix([[0.0], [1.0]], [0.0, 1.0]), 2)
print(booster.num_boosted_rounds())
import sklearn, xgboost.plotting
"""


def test_a_server_predicts_without_estimators_and_leaves_them_to_others() -> None:
    done = subprocess.run([sys.executable, "-c", SERVING], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "2\n"), done.stderr


def test_whoever_trains_has_the_estimators_of_xgboost() -> None:
    code = "from valuebox.models.boosters import xgb; print(xgb.XGBRegressor(n_estimators=3))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert "n_estimators=3" in done.stdout, done.stderr
