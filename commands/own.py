"""What features, members and estimators of one's own are built with, as `ladder.own`; see docs/extend.md."""

from features.catalog.catalog import FEATURES
from features.catalog.declarations import Family, Feature
from features.catalog.families.orders import FAMILY as ORDERS
from features.errors import LadderError
from features.histories.order_days import order_days
from features.histories.streams import ratio
from training.data.training_task import present
from training.estimators import (
    HistoryFeatures,
    RevenueRegressor,
    RungClassifier,
    SetCalibrator,
    SwitchingClassifier,
    UpliftRegressor,
)
from training.evaluation.evaluation import OURS
from training.model.terms import Term
from training.models.baselines import NEXT_RUNG as BASELINES
from training.models.baselines import single_member
from training.models.fitting import fit_classes
from training.models.next_rung import LONG_AGO, MEMBERS

__all__ = [
    "BASELINES", "FEATURES", "LONG_AGO", "MEMBERS", "ORDERS", "OURS", "Family", "Feature", "HistoryFeatures",
    "LadderError", "RevenueRegressor", "RungClassifier", "SetCalibrator", "SwitchingClassifier", "Term",
    "UpliftRegressor", "fit_classes", "order_days", "present", "ratio", "single_member",
]  # fmt: skip
