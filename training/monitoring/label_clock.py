"""When the next complete set of labels is due."""

from dataclasses import dataclass

from features.instants import MICROSECONDS_PER_DAY, iso
from training.model.findings import NOTE, Finding


@dataclass(frozen=True)
class LabelClock:
    """Of the accounts as they stood at trained_until, whose outcomes nobody knew when the model was trained.

    trained_until, due, as_of : microseconds; due = trained_until + horizon.
    """

    trained_until: int
    as_of: int
    horizon_days: float

    @property
    def due(self) -> int:
        """Return when the horizon of the first snapshot that the model did not learn from is complete."""
        return self.trained_until + int(self.horizon_days * MICROSECONDS_PER_DAY)

    @property
    def age_days(self) -> float:
        """Return the days of data since training; negative if the model has seen more than is looked at."""
        return (self.as_of - self.trained_until) / MICROSECONDS_PER_DAY

    @property
    def share_seen(self) -> float:
        """Return the share of that horizon that has passed, 0 .. 1."""
        return min(max(self.age_days / self.horizon_days, 0.0), 1.0)

    @property
    def complete(self) -> bool:
        """Return whether there is a complete set of labels that the model did not learn from."""
        return self.as_of >= self.due

    @property
    def days_late(self) -> int:
        """Return the whole days since the labels are complete; negative before."""
        return round((self.as_of - self.due) / MICROSECONDS_PER_DAY)

    def finding(self) -> Finding:
        """Return when labels are due, or since when they are there.

        >>> day = MICROSECONDS_PER_DAY
        >>> LabelClock(0, 45 * day, 180).finding().params
        {'due': '1970-06-30', 'left': 135, 'seen': 0.25, 'days': 180}
        """
        if self.complete:
            return Finding.of("labels_there", NOTE, due=iso(self.due), late=self.days_late)
        left = round((self.due - self.as_of) / MICROSECONDS_PER_DAY)
        return Finding.of(
            "labels_due", NOTE, due=iso(self.due), left=left, seen=self.share_seen, days=round(self.horizon_days)
        )
