"""The predictor of renewals: of a contract that is about to end, whether it renews, renews smaller, or ends."""

from dataclasses import dataclass

import numpy as np

from features.instants import FloatArray
from features.ladder.contract_ends import CONTRACT_COLUMNS, EndingContracts
from training.model.predictors import FLOOR
from training.model.serialization import Predictor, served


@served
@dataclass(frozen=True)
class Sharpened:
    """A probability with its log odds stretched and moved: a mean of several chances is less sure than any of them.

    Source: Ranjan & Gneiting (2010), "Combining probability forecasts", JRSS B 72.
    """

    of: Predictor
    slope: float
    intercept: float

    def predict(self, matrix: FloatArray) -> FloatArray:
        """Return probabilities, shape (n, 1)."""
        chance = np.clip(self.of.predict(matrix), FLOOR, 1 - FLOOR)
        moved = 1.0 / (1.0 + np.exp(-(self.slope * np.log(chance / (1 - chance)) + self.intercept)))
        return np.clip(moved, FLOOR, 1 - FLOOR)


@served
@dataclass(frozen=True)
class RenewalModel:
    """The chances of one contract, from its own columns beside the features of its account.

    renews : the chance that it renews, smaller or not.
    smaller : the chance that it renews smaller, given that it renews.
    followed : the chance that one whose following contract is known already does renew.
    features : number of columns of an account; those of the contract come after them.
    """

    renews: Predictor
    smaller: Predictor
    followed: float
    features: int

    def predict(self, matrix: FloatArray) -> FloatArray:
        """Return the chances that the contract ends, renews smaller and renews, shape (k, 3).

        matrix : shape (k, features), or wider by CONTRACT_COLUMNS; without them nothing is known of the contract.
        """
        missing = self.features + len(CONTRACT_COLUMNS) - matrix.shape[1]
        if missing:
            matrix = np.column_stack([matrix, np.full((len(matrix), missing), np.nan)])
        renews = self.renews.predict(matrix)[:, 0]
        return _three(renews, self.smaller.predict(matrix)[:, 0])

    def by_account(self, matrix: FloatArray, ending: EndingContracts) -> FloatArray:
        """Return the chances of each account, shape (n, 3); NaN where no contract of it ends.

        Of several contracts they are means weighted by value, equal where a value is unknown: the shares of what is
        at stake that are expected to end, to renew smaller and to renew.

        matrix : shape (n, features), of the snapshots of `ending`.
        """
        found = np.full((len(matrix), 3), np.nan)
        if not len(ending):
            return found
        wide = with_contracts(matrix, ending)
        chances = self.predict(wide)
        sure = _three(np.full(len(wide), self.followed), self.smaller.predict(wide)[:, 0])
        chances = np.where(ending.followed[:, None], sure, chances)
        least = np.full(len(matrix), np.inf)
        np.minimum.at(least, ending.snapshot, ending.value)
        weight = np.where(least[ending.snapshot] > 0, ending.value, 1.0)
        total = np.bincount(ending.snapshot, weights=weight, minlength=len(matrix))
        rows = np.unique(ending.snapshot)
        for outcome in range(3):
            of_all = np.bincount(ending.snapshot, weights=weight * chances[:, outcome], minlength=len(matrix))
            found[rows, outcome] = of_all[rows] / total[rows]
        return found


def with_contracts(matrix: FloatArray, ending: EndingContracts) -> FloatArray:
    """Return one row a contract: the features of its account, then what is known of itself."""
    return np.column_stack([matrix[ending.snapshot], ending.columns])


def _three(renews: FloatArray, smaller: FloatArray) -> FloatArray:
    return np.column_stack([1.0 - renews, renews * smaller, renews * (1.0 - smaller)])
