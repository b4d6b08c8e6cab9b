"""How many left and how many stayed on the days that training learns from: whether leaving can be learnt."""

from features.errors import NotEnoughData
from features.histories.histories import Histories
from features.histories.views import View
from training.data.labels import label
from training.data.splits import first_event, slice_instants
from training.settings import Settings

MIN_EVENTS = 30
"""The number of snapshots that left, and of those that stayed, without which a model of leaving is not worth having."""


def count_leavers(histories: Histories, settings: Settings, as_of: int) -> tuple[int, int]:
    """Return how many snapshots left and how many stayed, from the latest slice back until there are enough of both.

    as_of : microseconds, the end of what is known.
    """
    known, left, stayed = histories.as_it_stood(as_of), 0, 0
    switches = known.streams.get("switches")
    definition = settings.outcome.definition(0 if switches is None else len(switches))
    try:
        instants = slice_instants(first_event(known), settings, as_of)
    except NotEnoughData:
        return 0, 0
    for at in reversed(instants):
        found = label(View(known, known.known_at(at)), settings, definition, as_of)
        gone = int(found.switched.sum())
        left, stayed = left + gone, stayed + int(found.can_switch.sum()) - gone
        if min(left, stayed) >= MIN_EVENTS:
            break
    return left, stayed
