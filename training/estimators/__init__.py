"""Our models as scikit-learn estimators: the same functions that `ladder train` learns with, on anybody's arrays.

    RungClassifier      where an account will stand: the pool of boosters, logit and table; sets of rungs
    SwitchingClassifier whether it is about to leave: a pool of a booster and two logits
    RevenueRegressor    expected revenue, and its interval
    UpliftRegressor     the effect of an exposure, with intervals: the R-learner with averaged prior variances
    SetCalibrator       sets of classes of any classifier that hold the stated share
    HistoryFeatures     from histories and (account, as_of) to the features of the catalogue

Columns are recognised by the catalogue's names (give a DataFrame, as `HistoryFeatures` does with pandas output); on
other columns the linear members take the logarithm of each. The service loads none of them: it loads a bundle.
`docs/estimators.md` shows each at work.
"""

from training.estimators.features import HistoryFeatures
from training.estimators.revenue import RevenueRegressor
from training.estimators.rungs import RungClassifier
from training.estimators.sets import SetCalibrator
from training.estimators.switching import SwitchingClassifier
from training.estimators.uplift import UpliftRegressor

__all__ = [
    "HistoryFeatures",
    "RevenueRegressor",
    "RungClassifier",
    "SetCalibrator",
    "SwitchingClassifier",
    "UpliftRegressor",
]
