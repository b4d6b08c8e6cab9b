"""Loyalty as attitude x behaviour, and the phase that it has come to.

    true       thinks more of us than most buying accounts do, and buys as steadily as most, or more so
    latent     thinks so, and does not buy so steadily: something stands in its way
    spurious   buys so, and does not think so: habit, a contract, or no choice
    none       neither

The lines between high and low are the medians of the accounts that can leave (shopper and above), as the model was
trained on them: `Norms`. Attitude and patronage are those of `features.catalog.families.loyalty`.

Phases follow one another, and each asks for those below it:

    rational      it ordered in the last 365 days, and called no value for money very low
    emotional     its attitude is at least WARM
    intentional   it showed an intention within 365 days: recommended us, signed or renewed a contract, worked together
                  with us; or it asked for an offer within 180
    behavioural   it buys as a member does

Source: Dick & Basu (1994), relative attitude and repeat patronage; Oliver (1997, 1999), cognitive, affective, conative
and action loyalty.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from features.catalog.families.loyalty import attitude, patronage
from features.histories.views import View
from features.instants import BoolArray, FloatArray, IntArray
from features.ladder.rules import MEMBER, SHOPPER, LadderRules, rule_counts
from features.tables import RUNGS

LOYALTIES = ("true", "latent", "spurious", "none")
PHASES = ("rational", "emotional", "intentional", "behavioural")
NORMS = ("attitude", "patronage", "growth", "discount")
WARM = 0.6
"""Attitude from which on it is an emotional tie: more than the one half of whoever has no opinion."""
INTENTION_DAYS, INQUIRY_DAYS = 365, 180
Names = NDArray[np.object_]


@dataclass(frozen=True)
class Norms:
    """Usual values, by rung, shape (7,) each; NaN where nobody knows.

    attitude, patronage : medians of the accounts that can leave, the same on every rung.
    growth : median change of a year's revenue against the year before.  discount : median of the year's mean discounts.
    """

    attitude: FloatArray
    patronage: FloatArray
    growth: FloatArray
    discount: FloatArray

    @classmethod
    def of(cls, content: Mapping[str, Sequence[float | None]]) -> "Norms":
        """Return what a bundle holds; nothing is known where it holds nothing."""
        unknown: Sequence[float | None] = [None] * len(RUNGS)
        return cls(*(np.array([np.nan if x is None else x for x in content.get(n, unknown)]) for n in NORMS))


def measure_norms(view: View, rules: LadderRules) -> dict[str, tuple[float | None, ...]]:
    """Return what is usual among some accounts, as `Norms.of` takes it."""
    found: dict[str, list[FloatArray]] = {name: [] for name in NORMS}
    rung: list[IntArray] = []
    for _, part in view.blocks():
        rung.append(rule_counts(part, rules).rung)
        for name, values in signals(part, rules).items():
            found[name].append(values)
    if not rung:
        return {}
    where = np.concatenate(rung)
    values_of = {name: np.concatenate(parts) for name, parts in found.items()}
    norms: dict[str, tuple[float | None, ...]] = {}
    for name, values in values_of.items():
        if name in ("attitude", "patronage"):
            norms[name] = (_median(values[where >= SHOPPER]),) * len(RUNGS)
        else:
            norms[name] = tuple(_median(values[where == level]) for level in range(len(RUNGS)))
    return norms


def _median(values: FloatArray) -> float | None:
    known = values[~np.isnan(values)]
    return float(np.median(known)) if len(known) else None


def signals(view: View, rules: LadderRules) -> dict[str, FloatArray]:
    """Return what NORMS speak of, of every snapshot, shape (n,) each; NaN = not known."""
    orders = view.stream("orders")
    now, before = orders.amount("revenue", 365), orders.amount("revenue", 730, 365)
    whole_year = np.nan_to_num(orders.days_since_first()) >= 730
    known = orders.total("discount_known", 365)
    discount = orders.amount("discount", 365) / np.where(known > 0, known, np.nan)
    return {
        "attitude": attitude(view),
        "patronage": patronage(view, rules),
        "growth": np.where(whole_year & (before > 0), now / np.where(before > 0, before, 1.0) - 1.0, np.nan),
        "discount": discount,
    }


def loyalties(view: View, rules: LadderRules, norms: Norms) -> Names:
    """Return one of LOYALTIES for every snapshot, shape (n,); None where its attitude, or what is usual, is unknown."""
    rung = rule_counts(view, rules).rung
    felt, bought = attitude(view), patronage(view, rules)
    high, steady = felt >= norms.attitude[rung], (bought >= norms.patronage[rung]) & (bought > 0)
    cell = np.where(high, np.where(steady, 0, 1), np.where(steady, 2, 3))
    unknown = np.isnan(felt) | np.isnan(norms.attitude[rung]) | np.isnan(norms.patronage[rung])
    return _named(LOYALTIES, np.where(unknown, -1, cell))


def phases(view: View, rules: LadderRules) -> Names:
    """Return one of PHASES for every snapshot, shape (n,); None where even the first does not hold."""
    counts = rule_counts(view, rules)
    buys = (counts.rung >= SHOPPER) & (view.stream("orders").count(365) > 0)  # since it last left us
    rational = buys & (view.stream("surveys_value").total("very_low", 365) == 0)
    emotional = rational & (attitude(view) >= WARM)
    intentional = emotional & _intends(view)
    behavioural = intentional & (counts.rung >= MEMBER)
    reached = sum(step.astype(np.int64) for step in (rational, emotional, intentional, behavioural))
    return _named(PHASES, np.asarray(reached) - 1)


def _intends(view: View) -> BoolArray:
    signs: tuple[tuple[str, int], ...] = (
        ("referrals", INTENTION_DAYS), ("contracts", INTENTION_DAYS), ("collaborations", INTENTION_DAYS),
        ("inquiries", INQUIRY_DAYS),
    )  # fmt: skip
    shown: BoolArray = np.any([view.stream(name).count(days) > 0 for name, days in signs], axis=0)
    return shown


def _named(names: Sequence[str], code: Any) -> Names:
    named: Names = np.array([*names, None], object)[code]
    return named
