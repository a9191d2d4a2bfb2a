"""An estimator in the place of valuebox's trees: `valuebox train --pipeline mine:two_stages`."""

import numpy as np
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.utils.validation import check_is_fitted

LEAF = 50
STV = 1
"""Place of the column that says what was spent in the first four days."""


class TwoStages(RegressorMixin, BaseEstimator):
    """What was spent already, and how likely somebody is to spend more, times how much that is."""

    def fit(self, rows, target):
        """Learn of rows, `(n_users, n_columns)` with NaN for what is missing."""
        later = target - np.nan_to_num(rows[:, STV])
        again = later > 0.01
        settings = {"min_samples_leaf": LEAF, "random_state": 0, "max_iter": 100}
        self.how_likely_ = HistGradientBoostingClassifier(**settings).fit(rows, again)
        self.how_much_ = HistGradientBoostingRegressor(**settings).fit(rows[again], later[again])
        return self

    def predict(self, rows):
        """An amount for each row, `(n_users,)`."""
        check_is_fitted(self)
        how_likely = self.how_likely_.predict_proba(rows)[:, -1]
        return np.nan_to_num(rows[:, STV]) + how_likely * self.how_much_.predict(rows)


def two_stages():
    """What `--pipeline` names: called without arguments, it returns an unfitted estimator."""
    return TwoStages()
