"""An estimator in the place of valuebox's trees: `valuebox train --pipeline mine:two_stages`."""

import numpy as np
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.utils.validation import check_is_fitted

LEAF = 50


class TwoStages(RegressorMixin, BaseEstimator):
    """How likely somebody is to be worth more than nothing, times how much they then are."""

    def fit(self, rows, target):
        """Learn of rows, `(n_users, n_columns)` with NaN for what is missing."""
        pays = target > 0
        settings = {"min_samples_leaf": LEAF, "random_state": 0, "max_iter": 60}
        self.how_likely_ = HistGradientBoostingClassifier(**settings).fit(rows, pays)
        self.how_much_ = HistGradientBoostingRegressor(**settings).fit(rows[pays], target[pays])
        return self

    def predict(self, rows):
        """An amount for each row, `(n_users,)`."""
        check_is_fitted(self)
        return self.how_likely_.predict_proba(rows)[:, 1] * np.maximum(
            self.how_much_.predict(rows), 0
        )


def two_stages():
    """What `--pipeline` names: called without arguments, it returns an unfitted estimator."""
    return TwoStages()
