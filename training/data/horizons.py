"""The same snapshots at further horizons: the features and outcomes that another horizon has.

A model of a further horizon sees the features and outcomes that it would see if that horizon were the main one. Few
features depend on the horizon, and only they are computed again: above all `rung_if_nothing_happens`, the floor of the
members of the next rung's pool. That of the main horizon would be too high a floor for a longer one wherever orders
leave the ladder's window in between, and data shorter than that window would not show it in training.
"""

from dataclasses import dataclass, replace

from features.catalog import catalog
from features.catalog.catalog import Context
from features.histories.views import View
from features.instants import FloatArray
from training.data.labels import Labels, label
from training.settings import Settings


@dataclass(frozen=True)
class FurtherHorizon:
    """The features and outcomes of n snapshots at another horizon.

    columns : shape (n, len(catalog.HORIZON_NAMES)), the features that depend on the horizon.
    labels : outcomes; `complete` says for which snapshots the horizon is over.
    """

    days: int
    columns: FloatArray
    labels: Labels


def further_horizons(
    view: View, context: Context, settings: Settings, definition: str, end: int
) -> tuple[FurtherHorizon, ...]:
    """Compute all further horizons of the settings, ascending."""
    horizons = []
    for days in settings.outcome.further:
        columns = catalog.compute(view, replace(context, horizon_days=days), catalog.HORIZON_NAMES)
        ahead = replace(settings, outcome=settings.outcome.ahead(days))
        horizons.append(FurtherHorizon(days, columns, label(view, ahead, definition, end)))
    return tuple(horizons)
