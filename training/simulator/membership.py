"""A simulated organisation that lives by yearly fees: contracts of a year, one invoice for each at its beginning.

About one account in five leaves in a year. Most do so at the end of a contract, some of them with a notice some weeks
before it, some without a word; a few cancel in the middle of a term. How likely that is depends on what tables show
(how much the account takes part, its tickets, its answers to surveys, how long it has been with us) and on a part of
its attitude that no table shows. One account in four has more contracts than one, each with an end of its own.

`_move` is the motion of thirty days; the history and the replays of the truth both use it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.tables import TRIGGER_FAMILIES
from training.simulator.laws import sigmoid
from training.simulator.member_partners import MemberPartners
from training.simulator.population import COUNTRIES, INDUSTRIES, STEP_DAYS, BoolArray, FloatArray, IntArray
from training.simulator.scenarios import Scenario
from training.simulator.text_columns import declared_values, ids, owners, pick

SLOTS = 3
"""Contracts that an account may have at a time."""
TERM_DAYS = 365.0
NOTICE_STEPS = 3
"""Notice is given in the last steps before the end, so many."""
NOTICE_SHARE = 0.55
"""Of those who leave at an end, so many say so before it."""
LAPSES = -1.75
"""Log odds of not renewing, of an account that is average in everything."""
GONE_ODDS = 2.5
"""Added to them once another contract of the account was given up."""
EARLY_HAZARD = 0.0025
"""Hazard per 30 days of cancelling everything in the middle of a term."""
LATE_SHARE, LATE_DAYS = 0.12, 35.0
"""So many renewals begin late, by at most so many days."""
SMALLER_SHARE = 0.12
HORIZON_DAYS = 180
BURN_IN_DAYS = 360.0
"""Days that run before the data begin."""
LARGE = 0.75
"""Size above which several contracts are usual, standard deviations."""
KIND = 3
"""Membership, in the order of the kinds of contracts; further contracts are subscriptions or services."""


@dataclass(frozen=True)
class Members:
    """What does not change of n accounts.

    joined : day, before the data begin for those who were there already.
    """

    joined: FloatArray
    engagement_mean: FloatArray
    hidden: FloatArray
    ticket_rate: FloatArray
    size: FloatArray
    industry: IntArray
    country: IntArray
    owner: IntArray


@dataclass(frozen=True)
class Standing:
    """Where the accounts stand at the beginning of a step, shape (n,) or (n, SLOTS).

    end : the day on which a contract ends, NaN where there is none.
    noticed : whether it is cancelled, to run out.
    given_up : how many contracts the account did not renew.
    """

    day: float
    engagement: FloatArray
    trouble: FloatArray
    end: FloatArray
    value: FloatArray
    noticed: BoolArray
    given_up: FloatArray


@dataclass(frozen=True)
class Month:
    """What happened in a step; masks and days of shape (n, SLOTS).

    started : contracts that begin, on `start`, of `value`.
    notice : cancelled to the end.  dropped : cancelled at once.  ended : ended without another.
    """

    started: BoolArray
    start: FloatArray
    value: FloatArray
    notice: BoolArray
    dropped: BoolArray
    ended: BoolArray
    tickets: IntArray
    severe: IntArray
    visits: IntArray


def _move(members: Members, now: Standing, rng: np.random.Generator) -> tuple[Standing, Month]:
    """Return where the accounts stand thirty days on, and what happened."""
    n, day, after = len(members.joined), now.day, now.day + STEP_DAYS
    there = np.isfinite(now.end)
    active = there.any(axis=1)
    tickets = rng.poisson(members.ticket_rate * active)
    severe = rng.binomial(tickets, 0.3)
    visits = rng.poisson(0.9 * np.exp(0.8 * now.engagement) * active)
    tenure = np.log1p(np.maximum(day - members.joined, 0) / 365)
    odds = LAPSES - 1.0 * now.engagement + 1.1 * now.trouble - 0.45 * (tenure - 1.2) + 0.6 * members.hidden
    odds = odds + GONE_ODDS * np.minimum(now.given_up, 1)
    leaves = np.repeat(sigmoid(odds)[:, None], SLOTS, axis=1)
    ends = there & (now.end < after)
    nears = there & ~ends & (now.end < day + (NOTICE_STEPS + 1) * STEP_DAYS) & ~now.noticed
    notice = nears & (rng.random((n, SLOTS)) < NOTICE_SHARE * leaves / NOTICE_STEPS)
    early = active & (rng.random(n) < EARLY_HAZARD * np.exp(-0.5 * now.engagement + 0.8 * now.trouble))
    dropped = there & ~ends & early[:, None]
    silent = (1 - NOTICE_SHARE) * leaves / (1 - NOTICE_SHARE * leaves)
    stays = ends & ~now.noticed & (rng.random((n, SLOTS)) >= silent)
    late = np.where(rng.random((n, SLOTS)) < LATE_SHARE, np.floor(rng.uniform(3, LATE_DAYS, (n, SLOTS))), 0.0)
    smaller = rng.random((n, SLOTS)) < SMALLER_SHARE
    factor = np.where(smaller, rng.uniform(0.5, 0.85, (n, SLOTS)), 1 + rng.uniform(0.0, 0.05, (n, SLOTS)))
    joins = (members.joined >= day) & (members.joined < after)
    first = np.zeros((n, SLOTS), bool)
    first[:, 0] = joins
    more = np.where(members.size > LARGE, 0.4, 0.12)[:, None] * np.array([1.0, 0.4])
    first[:, 1:] |= joins[:, None] & (rng.random((n, SLOTS - 1)) < more)
    start = np.where(stays, now.end + late, members.joined[:, None])
    value = np.where(stays, np.round(now.value * factor, 0), _fees(members, rng))
    started = stays | first
    gone = dropped | (ends & ~stays)
    end = np.where(started, start + TERM_DAYS, np.where(gone, np.nan, now.end))
    standing = Standing(
        day=after,
        engagement=now.engagement + 0.12 * (members.engagement_mean - now.engagement) + 0.22 * rng.standard_normal(n),
        trouble=0.82 * now.trouble + 0.35 * severe + 0.12 * (tickets - severe),
        end=end,
        value=np.where(started, value, now.value),
        noticed=(now.noticed | notice) & ~started & ~gone,
        given_up=now.given_up + gone.sum(axis=1) + notice.sum(axis=1),
    )
    month = Month(
        started=started, start=start, value=value, notice=notice & ~dropped, dropped=dropped, ended=ends & ~stays,
        tickets=tickets, severe=severe, visits=visits,
    )  # fmt: skip
    return standing, month


def _draw(scenario: Scenario, n: int, months: int, rng: np.random.Generator) -> tuple[Members, Standing]:
    """Return the accounts, half of whom are there already, up to nine years, and where they stand on day 0."""
    there = rng.random(n) < 0.6
    joined = np.floor(np.where(there, -rng.exponential(1100, n) - 5, rng.uniform(0, months * STEP_DAYS, n)))
    engagement = rng.normal(0.0, 0.7, n)
    members = Members(
        joined=np.maximum(joined, -3300.0), engagement_mean=engagement,
        hidden=rng.normal(0.0, scenario.hidden_response, n),
        ticket_rate=0.13 * np.exp(rng.normal(0, 0.6, n)), size=rng.normal(0.0, 1.0, n),
        industry=rng.integers(0, len(INDUSTRIES), n), country=rng.integers(0, len(COUNTRIES), n),
        owner=rng.integers(0, 8, n),
    )  # fmt: skip
    day = -BURN_IN_DAYS
    # Those who joined before the run begins hold contracts that end on an anniversary in its first year.
    more = np.where(members.size > LARGE, 0.4, 0.12)[:, None] * np.array([0.0, 1.0, 0.4])
    has = (members.joined < day)[:, None] & ((rng.random((n, SLOTS)) < more) | (np.arange(SLOTS) == 0))
    end = day + (members.joined[:, None] + np.array([0.0, 40.0, 290.0]) - day) % TERM_DAYS
    standing = Standing(
        day=day, engagement=engagement + rng.normal(0, 0.3, n), trouble=np.zeros(n), end=np.where(has, end, np.nan),
        value=_fees(members, rng), noticed=np.zeros((n, SLOTS), bool), given_up=np.zeros(n),
    )  # fmt: skip
    return members, standing


def _fees(members: Members, rng: np.random.Generator) -> FloatArray:
    """Draw the fees of new contracts, money, shape (n, SLOTS)."""
    noise = rng.normal(0, 0.25, (len(members.size), SLOTS))
    fees: FloatArray = np.round(np.exp(6.9 + 0.5 * members.size[:, None] + noise) * np.array([1.0, 0.6, 0.4]), 0)
    return fees


def simulate_members(
    scenario: Scenario, n: int, months: int, seed: np.random.SeedSequence, progress: Callable[[float], None]
) -> tuple[dict[str, pd.DataFrame], pd.DataFrame]:
    """Return the tables, their times in days since the first, and the truth at the end.

    The truth of an account: p_switch (all its contracts cancelled or ended within the horizon), expected_revenue, and
    p_renew (the share, by value, of the contracts that end within the horizon that are renewed; NaN without one), all
    given everything that moves the account, also what no table shows, but without what is still to happen.
    """
    *first, further = seed.spawn(4)
    motion, writing, replays = map(np.random.default_rng, first)
    members, now = _draw(scenario, n, months, motion)
    book, partners = _Book(members, now, writing), MemberPartners(members, further)
    while now.day < months * STEP_DAYS:
        before = now
        now, month = _move(members, now, motion)
        book.record(before, month)
        partners.record(before)
        progress(0.5 * (now.day + BURN_IN_DAYS) / (months * STEP_DAYS + BURN_IN_DAYS))
    truth = _truth(scenario, members, now, replays)
    progress(1.0)
    end = float(months * STEP_DAYS)
    return partners.complete(book.tables(end, scenario.records_switches), end), truth


def _truth(scenario: Scenario, members: Members, now: Standing, rng: np.random.Generator) -> pd.DataFrame:
    until = now.day + HORIZON_DAYS
    there = np.isfinite(now.end)
    asked = there & (now.end < until)
    weight = np.where(asked, now.value, 0.0)
    renewed, left, revenue = np.zeros(asked.shape), np.zeros(len(asked)), np.zeros(len(asked))
    for _ in range(scenario.replicates):
        after, goes_on = now, np.zeros(asked.shape, bool)
        while after.day < until:
            after, month = _move(members, after, rng)
            goes_on |= asked & month.started
            revenue += (month.started * month.value).sum(axis=1)
        renewed += goes_on
        bound = np.isfinite(after.end) & ~after.noticed
        left += there.any(axis=1) & ~bound.any(axis=1)
    total = weight.sum(axis=1)
    share = (weight * renewed / scenario.replicates).sum(axis=1) / np.where(total > 0, total, np.nan)
    return pd.DataFrame({
        "account_id": ids("A", np.arange(len(asked)), 5), "p_renew": share,
        "p_switch": np.where(there.any(axis=1), left / scenario.replicates, np.nan),
        "expected_revenue": revenue / scenario.replicates,
    })  # fmt: skip


class _Book:
    """The rows written down so far, as blocks of columns by table; times in days."""

    def __init__(self, members: Members, now: Standing, rng: np.random.Generator) -> None:
        self.members, self.rng = members, rng
        self.blocks: dict[str, list[dict[str, NDArray[Any]]]] = {name: [] for name in COLUMNS}
        self.number = np.full(now.end.shape, -1)
        self.contracts = 0
        self.left = np.full(len(now.end), np.nan)

    def add(self, table: str, **columns: NDArray[Any]) -> None:
        self.blocks[table].append(columns)

    def record(self, before: Standing, month: Month) -> None:
        """Write down what happened in a step."""
        rng, n = self.rng, len(before.end)
        within = before.day + rng.uniform(0.3, STEP_DAYS - 0.3, (n, SLOTS))
        for mask, latest in ((month.notice, before.end - 5), (month.dropped, np.inf)):
            at = np.minimum(within, latest)[mask & (self.number >= 0)]
            self.add("cancellations", number=self.number[mask & (self.number >= 0)], time=at)
        account, slot = np.nonzero(month.started)
        start = month.start[account, slot]
        number = self.contracts + np.arange(len(account))
        self.contracts += len(account)
        self.number[account, slot] = number
        ahead = np.where(
            rng.random(len(account)) < 0.5, rng.uniform(1, 15, len(account)), -rng.uniform(0, 1, len(account))
        )
        self.add(
            "contracts", account=account, time=start, recorded=start - ahead, number=number,
            kind=np.where(slot == 0, KIND, np.where(slot == 1, 2, 0)), value=month.value[account, slot],
        )  # fmt: skip
        billed = start + np.floor(rng.exponential(4.0, len(account))) + 0.4
        self.add("orders", account=account, time=billed, recorded=billed + 0.1, revenue=month.value[account, slot])
        gone = (month.ended | month.dropped).any(axis=1) & ~np.isfinite(self._ends(before, month)).any(axis=1)
        self.add("switches", account=np.flatnonzero(gone), time=before.day + np.full(int(gone.sum()), STEP_DAYS - 0.5))
        self._contacts(before.day, month)
        active = np.isfinite(before.end).any(axis=1)
        asked = np.flatnonzero(active & (rng.random(n) < 0.1))
        felt = 7.2 + 1.2 * before.engagement[asked] - 1.8 * before.trouble[asked] + rng.normal(0, 1.3, len(asked))
        at = before.day + rng.uniform(0, STEP_DAYS, len(asked))
        self.add("surveys", account=asked, time=at, recorded=at + 0.1, score=np.clip(np.rint(felt), 0, 10))

    def _ends(self, before: Standing, month: Month) -> FloatArray:
        ended: FloatArray = np.where(month.ended | month.dropped, np.nan, np.where(month.started, 0.0, before.end))
        return ended

    def _contacts(self, day: float, month: Month) -> None:
        rng = self.rng
        account = np.repeat(np.arange(len(month.tickets)), month.tickets)
        nth = np.arange(len(account)) - (np.cumsum(month.tickets) - month.tickets)[account]
        at = day + rng.uniform(0, STEP_DAYS, len(account))
        self.add(
            "tickets", account=account, time=at, recorded=at + 0.1, resolved=at + rng.exponential(5.0, len(account)),
            severity=np.where(nth < month.severe[account], 1.0, 3.0),
        )  # fmt: skip
        account = np.repeat(np.arange(len(month.visits)), month.visits)
        at = day + rng.uniform(0, STEP_DAYS, len(account))
        self.add(
            "interactions", account=account, time=at, recorded=at + 0.1, us=rng.random(len(account)) < 0.25,
            channel=rng.choice(5, len(account), p=(0.05, 0.1, 0.25, 0.2, 0.4)),
        )  # fmt: skip

    def tables(self, end: float, records_switches: bool) -> dict[str, pd.DataFrame]:
        """Return the tables as they stood at a day, times still as days; NaN where a time was not known then."""
        members = self.members
        known = {
            name: {
                column: np.concatenate([block[column] for block in blocks]) for column in blocks[0]
            } for name, blocks in self.blocks.items()
        }  # fmt: skip
        cancelled = np.full(self.contracts, np.nan)
        cancelled[known["cancellations"]["number"]] = known["cancellations"]["time"]
        ids_of = ids("A", np.arange(len(members.joined)), 5)
        frames = {"accounts": pd.DataFrame({
            "account_id": ids_of, "name": [f"Member {k:05d}" for k in range(len(ids_of))],
            "industry": pick(INDUSTRIES, members.industry), "country": pick(COUNTRIES, members.country),
            "owner": owners(members.owner), "created_at": np.maximum(members.joined, 0.0),
        })}  # fmt: skip
        for name, of in COLUMNS.items():
            rows = known[name]
            if name == "cancellations" or (name == "switches" and not records_switches):
                continue
            rows.setdefault("recorded", rows["time"] + 0.1)
            kept = (rows["recorded"] < end) & (rows["time"] >= (-BURN_IN_DAYS if name == "contracts" else 0))
            kept &= (rows["time"] < end) | (name == "contracts")
            order = np.flatnonzero(kept)[np.argsort(rows["time"][kept], kind="stable")]
            rows = {column: values[order] for column, values in rows.items()}
            frames[name] = pd.DataFrame(
                {"account_id": ids_of[rows["account"]], **of(rows), "recorded_at": rows["recorded"]}
            )
        contracts = frames["contracts"]
        number = contracts.pop("number").to_numpy()
        contracts["cancelled_at"] = np.where(cancelled[number] < end, cancelled[number], np.nan)
        tickets = frames["tickets"]
        tickets["resolved_at"] = tickets["resolved_at"].where(tickets["resolved_at"] < end)
        return frames


Rows = Mapping[str, NDArray[Any]]


def _orders(rows: Rows) -> dict[str, Any]:
    number = ids("O", np.arange(len(rows["time"])), 7)
    return {"ordered_at": rows["time"], "revenue": rows["revenue"], "order_id": number}


def _contracts(rows: Rows) -> dict[str, Any]:
    return {
        "starts_on": rows["time"], "ends_on": rows["time"] + TERM_DAYS, "contract_id": ids("K", rows["number"], 6),
        "kind": declared_values("contracts", "kind", rows["kind"]), "value": rows["value"], "number": rows["number"],
    }  # fmt: skip


def _tickets(rows: Rows) -> dict[str, Any]:
    number = ids("T", np.arange(len(rows["time"])), 7)
    return {
        "opened_at": rows["time"], "ticket_id": number, "resolved_at": rows["resolved"], "severity": rows["severity"],
    }  # fmt: skip


def _surveys(rows: Rows) -> dict[str, Any]:
    nps = declared_values("surveys", "instrument", np.zeros(len(rows["time"])))
    return {"answered_at": rows["time"], "score": rows["score"], "instrument": nps}


def _interactions(rows: Rows) -> dict[str, Any]:
    return {
        "happened_at": rows["time"], "channel": declared_values("interactions", "channel", rows["channel"]),
        "initiated_by": pick(("them", "us"), rows["us"].astype(np.int64)),
    }  # fmt: skip


def _switches(rows: Rows) -> dict[str, Any]:
    return {"switched_at": rows["time"], "trigger": pick(TRIGGER_FAMILIES, np.full(len(rows["time"]), -1))}


COLUMNS: Mapping[str, Callable[[Rows], dict[str, Any]]] = {
    "orders": _orders, "contracts": _contracts, "interactions": _interactions, "tickets": _tickets,
    "surveys": _surveys, "switches": _switches, "cancellations": dict,
}  # fmt: skip
"""Table -> its columns beside the account and recorded_at; cancellations become a column of the contracts."""
