"""Population totals: counts and sums over all accounts, which add up over the parts of a source."""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from features.catalog import catalog
from features.histories.column_profiles import Profiles, add_profiles
from features.histories.histories import Histories
from features.tables import TRIGGER_FAMILIES
from training.data.acquired_accounts import AcquiredTotals, acquired_totals, add_acquired
from training.data.resolved_assessments import ResolvedAssessments, add_assessments, resolve_assessments
from training.data.resolved_forecasts import ResolvedForecasts, add_resolved, resolve_forecasts
from training.data.splits import candidate_instants, first_event
from training.model.margins import LineSums, add_line_sums, line_sums
from training.settings import OutcomeSettings, Settings


@dataclass(frozen=True)
class PopulationTotals:
    """Counts and sums over accounts, of what was known at `end` (microseconds).

    first_order : microseconds, the earliest order; NEVER where there is none.
    known : instant of a possible slice -> number of accounts known then.
    values : column of `accounts` -> value -> number of accounts that have it, among those known at the latest instant.
    switches : how many are recorded.
    triggers : how many of each trigger family caused a switch.
    costed_revenue, cost : over orders whose cost is known, ten-thousandths of money.
    lines : the same by product line.
    checksums : stream -> sum over its rows, modulo 2**64, of a hash of each.
    profiles : counts of the raw columns, by week.
    """

    end: int
    first_order: int
    known: Mapping[int, int]
    values: Mapping[str, Mapping[str, int]]
    tables: frozenset[str]
    switches: int
    triggers: tuple[int, ...]
    costed_revenue: int
    cost: int
    lines: LineSums
    forecasts: ResolvedForecasts | None
    acquired: AcquiredTotals
    assessments: ResolvedAssessments | None
    checksums: Mapping[str, int]
    profiles: Profiles = field(default_factory=dict)

    @property
    def digest(self) -> str:
        """Return twelve hexadecimal digits of all that is known before `end`.

        They are the same in any order of rows and in any parts.
        """
        text = "\n".join(f"{name} {value}" for name, value in sorted(self.checksums.items()))
        return hashlib.sha256(text.encode()).hexdigest()[:12]

    def definition(self, settings: OutcomeSettings) -> str:
        """Return the definition of switching, `recorded`, `rhythm` or `silence`.

        It is as set, or with `auto` by what the source has enough of.
        """
        return settings.definition(self.switches)

    def margin_rate(self, default: float) -> float:
        """Return the gross margin over all orders whose cost is known, 0 .. 1; `default` where none is."""
        sound = self.costed_revenue > 0 and 0 <= self.cost <= self.costed_revenue
        return round(1 - self.cost / self.costed_revenue, 4) if sound else default

    def trigger_shares(self) -> tuple[float, ...]:
        """Return the shares of the three trigger families among the recorded reasons of switches, each never zero."""
        counts = np.array(self.triggers, np.float64) + 5.0
        return tuple(round(float(share), 4) for share in counts / counts.sum())


def population_totals(histories: Histories, settings: Settings, end: int) -> PopulationTotals:
    """Return the totals of some accounts.

    histories : as they stood at `end`.
    end : microseconds.
    """
    instants = candidate_instants(settings, end)
    orders, switches = histories.streams["orders"], histories.streams.get("switches")
    codes = np.empty(0, np.int64) if switches is None else switches.values["trigger"]
    return PopulationTotals(
        end=end,
        first_order=first_event(histories),
        known=dict(zip(instants, np.searchsorted(np.sort(histories.known_since), instants).tolist(), strict=True)),
        values=catalog.count_values(histories, histories.known_at(instants[-1] if instants else end)),
        tables=histories.tables,
        switches=0 if switches is None else len(switches),
        triggers=tuple(np.bincount(codes[codes >= 0], minlength=len(TRIGGER_FAMILIES)).tolist()),
        costed_revenue=int(orders.value("costed_revenue").sum()),
        cost=int(orders.value("cost").sum()),
        lines=line_sums(histories),
        forecasts=resolve_forecasts(histories, settings.ladder, end),
        acquired=acquired_totals(histories, end),
        assessments=resolve_assessments(histories, settings.ladder, settings.outcome.horizon_days, end),
        checksums=checksums(histories, end),
        profiles=histories.profiles,
    )


def add_population_totals(parts: Sequence[PopulationTotals]) -> PopulationTotals:
    """Add the totals of all parts."""

    def added(field: Callable[[PopulationTotals], Mapping[str, int]]) -> dict[str, int]:
        total: Counter[str] = Counter()
        for part in parts:
            total.update(field(part))
        return dict(total)

    first = parts[0]
    columns = sorted({column for part in parts for column in part.values})
    return PopulationTotals(
        end=first.end,
        first_order=min(part.first_order for part in parts),
        known={at: sum(part.known[at] for part in parts) for at in first.known},
        values={column: added(lambda part, column=column: part.values.get(column, {})) for column in columns},  # type: ignore[misc]
        tables=frozenset().union(*(part.tables for part in parts)),
        switches=sum(part.switches for part in parts),
        triggers=tuple(sum(counts) for counts in zip(*(part.triggers for part in parts), strict=True)),
        costed_revenue=sum(part.costed_revenue for part in parts),
        cost=sum(part.cost for part in parts),
        lines=add_line_sums([part.lines for part in parts]),
        forecasts=add_resolved([part.forecasts for part in parts]),
        acquired=add_acquired([part.acquired for part in parts]),
        assessments=add_assessments([part.assessments for part in parts]),
        checksums={name: value % 2**64 for name, value in added(lambda part: part.checksums).items()},
        profiles=add_profiles(part.profiles for part in parts),
    )


def checksums(histories: Histories, end: int) -> dict[str, int]:
    """Return the sum of its rows' hashes modulo 2**64, for every stream and for the accounts known before `end`.

    A value of zero adds nothing to a row's hash, so a stream may leave out a value that is zero throughout.
    """
    accounts = _hashed(histories.account_ids)
    sums = {"accounts": accounts[histories.known_since < end]}
    names = {"option": _hashed(histories.options.names, 1), "author": _hashed(histories.authors, 1)}
    for name, stream in histories.streams.items():
        rows = accounts[stream.account]
        for column in (stream.time, stream.recorded):
            rows = _mixed(rows ^ column.view(np.uint64))
        values_mixed = np.zeros(len(rows), np.uint64)
        for (value, column), salt in zip(stream.values.items(), _hashed(stream.values), strict=True):
            bits = names[value][column] if value in names else column.astype(np.int64).view(np.uint64)
            values_mixed ^= np.where(bits == 0, np.uint64(0), _mixed(bits ^ salt))
        sums[name] = _mixed(rows ^ values_mixed)
    return {name: int(rows.sum(dtype=np.uint64)) for name, rows in sums.items()}


def _hashed(names: Iterable[str], spare: int = 0) -> NDArray[np.uint64]:
    """Return 64 bits of each name, then `spare` zeros for codes of -1."""
    digests = [hashlib.blake2b(str(name).encode(), digest_size=8, key=b"digest").digest() for name in names]
    return np.array([int.from_bytes(digest, "big") for digest in digests] + [0] * spare, np.uint64)


def _mixed(bits: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Mix bits so that every bit of the result depends on every bit of the input.

    Source: the finaliser of SplitMix64; Steele, Lea & Flood (2014).
    """
    bits = bits + np.uint64(0x9E3779B97F4A7C15)
    bits = (bits ^ (bits >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    bits = (bits ^ (bits >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return bits ^ (bits >> np.uint64(31))
