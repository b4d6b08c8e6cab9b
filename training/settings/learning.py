"""The sections about what is learnt: the source, the outcome, the slices, the boosters, the pools, the effects."""

import codecs
from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, ClassVar, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np
from pydantic import Field, model_validator
from pydantic.dataclasses import dataclass

from features.errors import SettingsError
from features.instants import instant, midnight_after
from features.sources.cleaning.rules import SourceRules
from features.sources.readings.dates import wall_clock
from training.settings.section import FORBID, MOST, Count, Days, Money, Number, Section, Share


@dataclass(frozen=True, config=FORBID)
class SourceSettings(Section):
    """What a source must be to be used at all."""

    heading: ClassVar = "source"

    max_bad_share: Share = Field(
        default=0.05,
        description="share of a table's rows that may be set aside: beyond one in twenty it is the export that is "
        "broken, not a few rows",
    )
    exported_at: str = Field(
        default="",
        description='day of the export, as "2026-01-31"; "" = today. What is dated later is set aside as in the '
        "future: a call-off or a slip of the pen would move the default as_of, and every account would look silent",
    )
    time_zone: str = Field(
        default="UTC",
        description='whose midnight a day is, as "Europe/Amsterdam": two orders of one evening in New York are two '
        "days in UTC. A time without an offset is on that zone's clock",
    )
    encoding: str = Field(
        default="", description='of text files, as "cp850"; "" = UTF-8 or UTF-16 where they are, else Windows-1252'
    )
    currency: str = Field(
        default="",
        description='of the money that is learnt and told, as "EUR", where `orders.currency` holds several: amounts in '
        "different currencies do not add up",
    )
    exchange_rates: Mapping[str, Annotated[Number, Field(ge=1e-6, le=1e6)]] = Field(
        default_factory=dict,
        description="what one unit of each other currency is worth in `currency`, as { USD = 0.92 }; a table "
        "`exchange_rates` (currency, rate, valid_from) says so by date, and comes first",
    )
    deflator: Mapping[str, Annotated[Number, Field(gt=0, le=1e6)]] = Field(
        default_factory=dict,
        description='a price index, from which day on it has which value, as { "2024-01-01" = 92.5, "2025-01-01" = 100 '
        "}: where prices rose in steps, amounts of several years do not compare. Money is then in the prices of 100",
    )
    leave_out: tuple[tuple[str, str], ...] = Field(
        default=(),
        description='periods that teach and judge nothing, as [["2020-03-15", "2020-06-01"]], the last day excluded: a '
        "lockdown or a strike says little of what comes. No slice whose horizon touches one is used; the events stay "
        "in the histories",
    )
    drop_copies: Literal["ask", "yes", "no"] = Field(
        default="ask",
        description='of events without a key, rows that are the same in every cell: "yes" leaves them out, "no" keeps '
        'them, "ask" keeps up to one in a hundred and refuses more: an export that was appended twice doubles revenue',
    )

    @model_validator(mode="after")
    def _exist(self) -> Self:
        """Refuse a day, a zone or an encoding that there is not."""
        if self.exported_at:
            instant(self.exported_at)
        for day in self.deflator:
            instant(day)
        for begin, end in self.leave_out:
            if instant(begin) >= instant(end):
                raise SettingsError(f"source.leave_out has a period from {begin} to {end}; its end must lie after it.")
        own = self.exchange_rates.get(self.currency, 1.0)
        if own != 1:
            raise SettingsError(
                f"source.exchange_rates says one {self.currency} is worth {own:g} {self.currency}, and that is the "
                "currency of source.currency. Leave it out, or set the other currency."
            )
        try:
            ZoneInfo(self.time_zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise SettingsError(
                f'source.time_zone = {self.time_zone!r} is no time zone; write it as "Europe/Amsterdam".'
            ) from None
        try:
            codecs.lookup(self.encoding or "utf-8")
        except LookupError:
            raise SettingsError(f'source.encoding = {self.encoding!r} is none; write it as "cp1252".') from None
        return self

    @property
    def periods_left_out(self) -> tuple[tuple[int, int], ...]:
        """Return the periods that teach nothing, as microseconds [from, until)."""
        return tuple((instant(begin), instant(end)) for begin, end in self.leave_out)

    def rules(self, now: int) -> SourceRules:
        """How a source is to be understood.  now : microseconds, which count where no day of the export is set."""
        today = int(wall_clock(np.array([now]), self.time_zone)[0])
        day = instant(self.exported_at) if self.exported_at else today
        return SourceRules(
            until=midnight_after(day), time_zone=self.time_zone, encoding=self.encoding or None,
            currency=self.currency, exchange_rates=dict(self.exchange_rates), drop_copies=self.drop_copies,
            deflator={instant(day): value for day, value in self.deflator.items()},
        )  # fmt: skip


@dataclass(frozen=True, config=FORBID)
class OutcomeSettings(Section):
    """What is predicted, and how sure its ranges are."""

    heading: ClassVar = "outcome"

    horizon_days: Days = Field(
        default=180, ge=7, le=1095,
        description="how far ahead every prediction looks: half a year is long enough for a business account to order "
        "again, short enough to act within",
    )  # fmt: skip
    switching: Literal["auto", "recorded", "rhythm", "silence"] = Field(
        default="auto",
        description='"recorded" = a row in `switches`; "rhythm" = no order in the horizon, and by its end silent for '
        "longer than its own gaps explain, or no contract left, of an account that orders nothing but the fees of its "
        'contracts; "silence" = no order in the horizon; "auto" = recorded where the source has enough of them, else '
        "rhythm",
    )
    recorded_at_least: Count = Field(
        default=50, ge=1, le=MOST,
        description='recorded switches that "auto" asks for: fewer cannot carry a model of their own',
    )  # fmt: skip
    silence_days: Days = Field(
        default=180, ge=1, le=3650,
        description="an account can only fall silent if it ordered in so many days before as_of: one that did not is "
        "silent already",
    )  # fmt: skip
    renewal_grace_days: Days = Field(
        default=60, ge=0, le=365,
        description="a contract that begins within so many days before or after another's end, of the same account and "
        "kind, renews it: fees that are paid late are still paid within two months",
    )  # fmt: skip
    further_horizons_days: tuple[Annotated[Days, Field(ge=7, le=1095)], ...] = Field(
        default=(90, 365),
        description="also predicted: a quarter, for this quarter's plan, and a year, for contracts; [] = none. Each "
        "costs training and scoring about as much again",
    )  # fmt: skip
    set_coverage: Number = Field(
        default=0.9, ge=0.5, le=0.99,
        description="share of accounts whose rung at the horizon lies within rung_low .. rung_high: one surprise in "
        "ten is what people take in their stride",
    )  # fmt: skip
    interval: Number = Field(
        default=0.9, ge=0.5, le=0.99,
        description="share of accounts whose revenue lies within its interval: for the same reason",
    )  # fmt: skip

    lifetime_years: Count = Field(
        default=5, ge=1, le=20,
        description="how far ahead a lifetime value counts: later money is worth little today, and nobody knows it",
    )  # fmt: skip
    discount_rate: Share = Field(
        default=0.1,
        description="by which money of a year later is worth less in a lifetime value: about what a business asks of "
        "its own investments",
    )

    @property
    def further(self) -> tuple[int, ...]:
        """The further horizons, ascending, each once, without the main one."""
        return tuple(sorted(set(self.further_horizons_days) - {self.horizon_days}))

    def definition(self, switches: int) -> str:
        """Return what switching means: as set, or with `auto` by whether so many recorded switches are enough."""
        if self.switching != "auto":
            return self.switching
        return "recorded" if switches >= self.recorded_at_least else "rhythm"

    def ahead(self, days: int) -> "OutcomeSettings":
        """The same with that main horizon."""
        return replace(self, horizon_days=days)


@dataclass(frozen=True, config=FORBID)
class SliceSettings(Section):
    """The dates from which training looks at the accounts."""

    heading: ClassVar = "slices"

    every_days: Days = Field(
        default=30, ge=1, le=365,
        description="days between two looks at every account: learning from many dates, not one, gains .014 to .019 in "
        "AUC; monthly suits orders that come a few times a year",
    )  # fmt: skip
    most: Count = Field(
        default=24, ge=2, le=1000,
        description="looks at most: of two years all, so that every season is seen twice; of a longer record the "
        "earlier ones are twice as far apart, up to four years back",
    )  # fmt: skip
    least_history_days: Days = Field(
        default=90, ge=0, le=3650,
        description="days of data before the first look: earlier, every account looks new",
    )  # fmt: skip
    most_snapshots: Count = Field(
        default=200_000, ge=1000, le=10**8,
        description="rows to learn from; beyond it accounts are sampled and weighted. More of them hardly help small "
        "models, and training takes time in proportion",
    )  # fmt: skip
    held_out_share: Number = Field(
        default=0.2, ge=0, le=0.5,
        description="share of accounts kept apart while a model is judged: how it does on accounts that it never saw "
        "is a question of its own",
    )  # fmt: skip


MOST_ROUNDS, LEAST_RATE, LEAST_SHARE = 10_000, 1e-4, 0.05
"""The limits of a booster's trees, rate and shares, also where a model of ours asks for more than its settings say."""


@dataclass(frozen=True, config=FORBID)
class BoosterSettings(Section):
    """LightGBM's parameters; `ladder train --tune MINUTES` searches all but bins, threads and seed."""

    heading: ClassVar = "booster"

    rounds: Count = Field(
        default=85, ge=1, le=MOST_ROUNDS,
        description="trees; for leaving twice as many at half the rate. LightGBM's own defaults lose on small panels; "
        "this is a small, regularised one",
    )  # fmt: skip
    learning_rate: Number = Field(
        default=0.07, ge=LEAST_RATE, le=1,
        description="shrinkage of every tree: with 85 trees neither stops short nor runs on",
    )  # fmt: skip
    leaves: Count = Field(
        default=8, ge=2, le=1024,
        description="leaves of a tree: interactions of about three features are all that a few thousand accounts bear",
    )  # fmt: skip
    least_in_leaf: Count = Field(
        default=60, ge=1, le=10**6, description="snapshots in a leaf; with few rows, a twentieth of them"
    )  # fmt: skip
    l2: Number = Field(
        default=10.0, ge=0, le=1e6, description="ridge on the leaves' values: a leaf of 60 says little by itself"
    )  # fmt: skip
    row_share: Number = Field(
        default=0.5, ge=LEAST_SHARE, le=1,
        description="share of the rows that each tree sees: slices overlap, so half of them say nearly all",
    )  # fmt: skip
    column_share: Number = Field(
        default=0.3, ge=LEAST_SHARE, le=1,
        description="share of the features that each tree sees: many of them say nearly the same",
    )  # fmt: skip
    bins: Count = Field(
        default=127, ge=2, le=255,
        description="values at most that a feature is rounded to: LightGBM's 255 say no more of some thousand accounts",
    )  # fmt: skip
    threads: Count = Field(
        default=1, ge=1, le=256,
        description="while learning. Two on two quiet cores are 1.7 times as quick; on a shared core they wait for "
        "each other, and up to twenty times as slow was seen",
    )  # fmt: skip
    seed: Count = Field(
        default=0, ge=0, le=2**31 - 1,
        description="of the sampling of rows and features: the same seed and data give the same bytes",
    )  # fmt: skip

    def with_rounds(self, rounds: int, learning_rate: float | None = None) -> "BoosterSettings":
        """The same with another number of trees, and another rate if one is given."""
        rate = self.learning_rate if learning_rate is None else learning_rate
        return replace(self, rounds=rounds, learning_rate=rate)

    def patient(self) -> "BoosterSettings":
        """Twice as many trees at half the rate, each of two thirds as many features, as far as the limits allow."""
        return replace(self._slower(), column_share=max(self.column_share * 2 / 3, LEAST_SHARE))

    def thorough(self) -> "BoosterSettings":
        """Settings for a clear signal: many more trees, of few and small leaves, each of all features."""
        return replace(
            self, rounds=min(9 * self.rounds, MOST_ROUNDS), leaves=max(2, self.leaves // 2),
            least_in_leaf=max(1, self.least_in_leaf // 20), l2=self.l2 / 3, row_share=(1 + self.row_share) / 2,
            column_share=1.0,
        )  # fmt: skip

    def steady(self) -> "BoosterSettings":
        """Twice as many trees at half the rate, each of all features: over so many draws a seed decides less."""
        return replace(self._slower(), column_share=1.0)

    def _slower(self) -> "BoosterSettings":
        return self.with_rounds(min(2 * self.rounds, MOST_ROUNDS), max(self.learning_rate / 2, LEAST_RATE))

    def with_leaves(self, leaves: int) -> "BoosterSettings":
        """The same with at most so many leaves a tree."""
        return replace(self, leaves=min(leaves, self.leaves))


@dataclass(frozen=True, config=FORBID)
class PoolSettings(Section):
    """Members of a prediction's pool that are not to learn: to see what one is worth, or to train in less time."""

    heading: ClassVar = "pool"

    next_rung_without: tuple[str, ...] = Field(
        default=(), description="of booster, ordinal, logit and table, and what you add (docs/extend.md)"
    )
    switching_without: tuple[str, ...] = Field(default=(), description="of booster, logit and rfm, and what you add")


@dataclass(frozen=True, config=FORBID)
class UpliftSettings(Section):
    """Sequential target trials: whom an investment is compared with, and when a comparison is not to be believed."""

    heading: ClassVar = "uplift"

    exposure_days: Days = Field(
        default=30, ge=1, le=365,
        description="an investment within so many days after as_of makes an account exposed: the weeks in which a "
        "manager acts on a list",
    )  # fmt: skip
    washout_days: Days = Field(
        default=90, ge=0, le=3650,
        description="days without an investment before as_of, so that an earlier one's effect is not credited to the "
        "next",
    )  # fmt: skip
    folds: Count = Field(
        default=5, ge=2, le=20,
        description="parts of the accounts; each account's nuisances are learnt on the other parts",
    )  # fmt: skip
    clip: Number = Field(
        default=0.01, ge=1e-6, le=0.2,
        description="smallest estimated propensity: one account may stand for at most a hundred others",
    )  # fmt: skip
    least_treated: Count = Field(
        default=60, ge=2, le=MOST,
        description="exposed accounts that an option needs: with fewer the interval says nothing",
    )  # fmt: skip
    least_effective: Count = Field(
        default=60, ge=2, le=MOST,
        description="comparable unexposed accounts that it needs, counted by their weights",
    )  # fmt: skip
    least_overlap: Share = Field(
        default=0.5,
        description="share of the exposed with a chance of exposure of at most 19 in 20: else nobody is comparable",
    )
    most_separation: Number = Field(
        default=0.95, ge=0.5, le=1,
        description="how well exposed and unexposed may be told apart by what was known: beyond, the choice follows a "
        "rule and nobody is comparable",
    )  # fmt: skip
    level: Number = Field(default=0.9, ge=0.5, le=0.999, description="coverage of every interval of an effect")
    margin_rate: Share = Field(
        default=0.3, description="gross margin, share of revenue, where no order's cost is known: set your own"
    )
    landmark_days: Days = Field(
        default=60, ge=1, le=1000,
        description="a climb within so many days after as_of counts; its effect is measured after them, so that the "
        "climb's own orders are not credited to it",
    )  # fmt: skip
    revenue_share: Mapping[str, Share] = Field(
        default_factory=dict,
        description="what an option costs besides its planned cost, as a share of the account's revenue over the "
        "horizon, as { rebate = 0.05 }; only where orders.revenue is booked before the discount, else it counts twice",
    )
    cost_per_interaction: Money = Field(
        default=0.0,
        description="money for a visit, call or mail: with a price, what an investment changes in serving the account "
        "counts in its gain",
    )
    cost_per_ticket: Money = Field(
        default=0.0,
        description="money for a ticket: likewise",
    )  # fmt: skip

    @property
    def prices_serving(self) -> bool:
        """Whether what serving takes has a price."""
        return self.cost_per_interaction > 0 or self.cost_per_ticket > 0
