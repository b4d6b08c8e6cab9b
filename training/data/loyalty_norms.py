"""What is usual among the accounts that a model learns from, against which loyalty and behaviours are told."""

from features.accounts.loyalty import measure_norms
from features.histories.views import View
from training.data.dataset import Dataset


def latest_norms(data: Dataset) -> dict[str, tuple[float | None, ...]]:
    """Return the norms of the latest slice, by rung, as `features.accounts.loyalty.Norms.of` takes them."""
    snapshots = data.snapshots
    latest = snapshots.as_of == snapshots.as_of.max()
    return measure_norms(View(data.histories, snapshots.take(latest.nonzero()[0])), data.context.rules)
