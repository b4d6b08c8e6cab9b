"""When the next complete set of labels is due, in figures and in words."""

from dataclasses import dataclass

from features.instants import MICROSECONDS_PER_DAY, iso


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
        """When the horizon of the first snapshot that the model did not learn from is complete."""
        return self.trained_until + int(self.horizon_days * MICROSECONDS_PER_DAY)

    @property
    def age_days(self) -> float:
        """Days of data since training; below zero if the model has seen more than is looked at."""
        return (self.as_of - self.trained_until) / MICROSECONDS_PER_DAY

    @property
    def share_seen(self) -> float:
        """How much of that horizon lies behind us, 0 .. 1."""
        return min(max(self.age_days / self.horizon_days, 0.0), 1.0)

    @property
    def complete(self) -> bool:
        """Whether a whole set of labels is there that the model did not learn from."""
        return self.as_of >= self.due

    def words(self) -> str:
        """One sentence.

        >>> day = MICROSECONDS_PER_DAY
        >>> LabelClock(0, 45 * day, 180).words()
        'the next complete set of labels is due on 1970-06-30, in 135 days; 25% of its 180 days have been seen'
        """
        if self.complete:
            late = (self.as_of - self.due) / MICROSECONDS_PER_DAY
            return (
                f"a complete set of labels is there since {iso(self.due)}, {late:,.0f} days ago: a model trained now "
                "learns from it"
            )
        left = (self.due - self.as_of) / MICROSECONDS_PER_DAY
        return (
            f"the next complete set of labels is due on {iso(self.due)}, in {left:,.0f} days; {self.share_seen:.0%} of "
            f"its {self.horizon_days:,.0f} days have been seen"
        )
