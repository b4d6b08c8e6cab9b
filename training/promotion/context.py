"""The input and output of promotion checks: plain values, so that a test can write each by hand."""

from dataclasses import dataclass, field

from training.evaluation.evaluation import Comparison
from training.model.bundle import Facts
from training.model.findings import Finding
from training.model.footprint import Changes, Footprint
from training.promotion.behavioural_tests import Response
from training.promotion.leakage_checks import Late, SingleFeature
from training.promotion.paired_comparison import PairedComparison
from training.promotion.policy_value import PolicyValue
from training.promotion.segments import Segment
from training.settings import PromotionSettings


@dataclass(frozen=True)
class Counts:
    """accounts, snapshots : learnt from.  events : of their histories.  switched, exposed : accounts that left, and
    that were invested in; None where the source does not say.  dated, streams : kinds of events that hold late
    recordings, of all kinds that hold anything."""

    accounts: int
    snapshots: int
    events: int
    switched: int
    exposed: int | None
    dated: int = 0
    streams: int = 0


@dataclass(frozen=True)
class Evidence:
    """Everything that was measured for the checks; None or empty where it was not, and then nothing is found.

    unreadable : why the champion cannot be asked at all; None where it can, or there is none.
    drifted : columns that drifted since the champion was trained, of how many that were looked at.
    """

    counts: Counts | None = None
    alone: tuple[SingleFeature, ...] = ()
    late: tuple[Late, ...] = ()
    segments: tuple[Segment, ...] = ()
    responses: tuple[Response, ...] = ()
    footprint: Footprint | None = None
    paired: PairedComparison | None = None
    money: PolicyValue | None = None
    changes: Changes | None = None
    unreadable: Finding | None = None
    drifted: tuple[tuple[str, ...], int] | None = None


@dataclass(frozen=True)
class PromotionContext:
    """Everything that a check may look at: what the candidate is, how it did, and what the champion is, if any.

    comparisons : of what is predicted of every account.
    about_some : of chances that only some accounts have (renewal, winning back), where they were judged.
    """

    facts: Facts
    comparisons: tuple[Comparison, ...]
    champion: Facts | None
    settings: PromotionSettings
    evidence: Evidence = field(default_factory=Evidence)
    about_some: tuple[Comparison, ...] = ()

    @property
    def tables(self) -> tuple[Comparison, ...]:
        """Return every table in which a model stands beside its baselines."""
        return (*self.comparisons, *self.about_some)
