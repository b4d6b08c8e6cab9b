"""The same accounts looked at farther ahead, or less far: what a fitter needs to learn another horizon.

A further horizon sees the features and outcomes that it would see if it were the main one. Few features depend on the
horizon, and only they are computed again: `rung_if_nothing_happens` above all, to which the members of the next rung's
pool are held. That of the main horizon would be too high a floor for a longer one wherever orders leave the ladder's
window in between, and data shorter than that window would not show it in training.
"""

from dataclasses import dataclass, replace

from features.catalog import catalog
from features.catalog.catalog import Context
from features.histories.views import View
from features.instants import FloatArray
from training.data.labels import Labels, label
from training.settings import Settings


@dataclass(frozen=True)
class Further:
    """What n snapshots look like at another horizon.

    columns : shape (n, len(catalog.HORIZON_NAMES)), the features that depend on the horizon.
    labels : outcomes; `complete` says where time has run out.
    """

    days: int
    columns: FloatArray
    labels: Labels


def look_further(view: View, context: Context, settings: Settings, definition: str, end: int) -> tuple[Further, ...]:
    """All further horizons of the settings, ascending."""
    found = []
    for days in settings.outcome.further:
        columns = catalog.compute(view, replace(context, horizon_days=days), catalog.HORIZON_NAMES)
        ahead = replace(settings, outcome=settings.outcome.ahead(days))
        found.append(Further(days, columns, label(view, ahead, definition, end)))
    return tuple(found)
