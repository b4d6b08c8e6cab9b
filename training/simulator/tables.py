"""The recorded rows as the seventeen tables of the contract, as they stood at the end of the data."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.tables import NO_INVESTMENT, TABLE, TRIGGER_FAMILIES
from training.simulator.decision_records import DETAILS
from training.simulator.partner_records import benefits, labels, parents, topics
from training.simulator.population import CHANNELS, COUNTRIES, INDUSTRIES, IntArray
from training.simulator.record_book import Values
from training.simulator.records import Recorder
from training.simulator.text_columns import TextArray, declared_values, ids, owners, pick, take

DUPLICATE_SHARE = 0.004
"""The share of the rows of tables with a key that arrive twice; far below the 5 % that stops a run."""
DUPLICATED = ("orders", "tickets", "inquiries")
COMPETITORS = ("Northwind", "Brightline", "Delta Supply", "Kestrel", "Omnia")
ACQUISITION_COST = np.array([900.0, 250.0, 150.0, 1_200.0, 500.0])
"""The mean cost of winning an account by channel, money, in the order of CHANNELS."""
SECONDS_PER_DAY = 86_400


def account_ids(n: int) -> TextArray:
    """Return A00000, A00001, ..., shape (n,)."""
    return ids("A", np.arange(n), 5)


def build_tables(
    recorder: Recorder, origin: pd.Timestamp, end_day: int, rng: np.random.Generator
) -> Mapping[str, pd.DataFrame]:
    """Build all seventeen tables.

    end_day : days from `origin` to the end of the data. Rows that were written down at or after it are withheld, and
        fields that were filled in at or after it are empty.
    """
    builder = _Builder(recorder, origin, end_day, rng)
    tables = {name: builder.table(name) for name in TABLE}
    return {name: _with_duplicates(frame, rng) if name in DUPLICATED else frame for name, frame in tables.items()}


def recorded_rows(recorder: Recorder, name: str) -> dict[str, Values]:
    """Return every row that was ever written down in a table, late ones too; time in days."""
    return recorder.rows[name].columns()


class _Builder:
    def __init__(self, recorder: Recorder, origin: pd.Timestamp, end_day: int, rng: np.random.Generator) -> None:
        self.recorder, self.traits, self.end, self.rng = recorder, recorder.traits, float(end_day), rng
        self.origin = origin.to_datetime64().astype("datetime64[us]")
        self.ids = account_ids(len(recorder.traits.arrival))

    def table(self, name: str) -> pd.DataFrame:
        if name == "accounts":
            return self._accounts()
        if name == "investment_options":
            return self._options()
        if name == "benefits":
            return benefits()
        if name == "surveys":
            return self._with_partners(self._recorded(name, name))
        return self._recorded(name, name)

    def _with_partners(self, surveys: pd.DataFrame) -> pd.DataFrame:
        """Return the answers with those about trust and value for money, in the order of their times."""
        if "partner_surveys" not in self.recorder.rows:
            return surveys
        both = pd.concat([surveys, self._recorded("partner_surveys", "surveys")], ignore_index=True)
        return both.sort_values("answered_at", kind="stable", ignore_index=True)

    def _recorded(self, of: str, name: str) -> pd.DataFrame:
        """Return the rows of one kind as a table."""
        rows = recorded_rows(self.recorder, of)
        kept = (rows["recorded"] < self.end) & (rows["time"] < self.end)
        rows = {column: values[kept] for column, values in rows.items()}
        if name == "interactions":
            _touch_last_day(rows, self.end)
        order = np.argsort(rows["time"], kind="stable")
        rows = {column: values[order] for column, values in rows.items()}
        columns: dict[str, object] = {"account_id": self.ids[rows["account"].astype(np.int64)]}
        columns |= getattr(self, f"_{of}")(rows)
        columns["recorded_at"] = self._time(rows["recorded"])
        return pd.DataFrame(columns)

    def _time(self, days: Values) -> NDArray[np.datetime64]:
        """Convert days into times; not a number, or not yet at the end of the data, is empty."""
        known = np.isfinite(days) & (days < self.end)
        seconds = np.floor(np.where(known, days, 0.0) * SECONDS_PER_DAY).astype(np.int64)
        times: NDArray[np.datetime64] = self.origin + seconds * np.timedelta64(1_000_000, "us")
        times[~known] = np.datetime64("NaT")
        return times

    def _date(self, days: Values) -> NDArray[np.datetime64]:
        """Convert days into times that are known in advance."""
        dates: NDArray[np.datetime64] = self.origin + np.round(days).astype(np.int64) * np.timedelta64(1, "D")
        return dates

    def _accounts(self) -> pd.DataFrame:
        rng, traits = self.rng, self.traits
        n = len(self.ids)
        employees = np.where(rng.random(n) < 0.08, np.nan, traits.employees)
        cost = np.round(ACQUISITION_COST[traits.channel] * rng.gamma(2, 0.5, n), 2)
        segment = np.digitize(traits.employees, (50, 250))
        return pd.DataFrame(
            {
                "account_id": self.ids,
                "name": np.array([f"Account {i:05d} BV" for i in range(n)], dtype=object),
                "industry": pick(INDUSTRIES, np.where(rng.random(n) < 0.03, -1, traits.industry)),
                "country": pick(COUNTRIES, traits.country),
                "employees": employees,
                "segment": pick(("small", "middle", "large"), segment),
                "owner": owners(traits.owner),
                "created_at": self._time(self.recorder.created),
                "acquisition_channel": pick(CHANNELS, traits.channel),
                "acquisition_cost": np.where(rng.random(n) < 0.15, np.nan, cost),
                "parent_account_id": parents(self.recorder, self.ids),
                "recorded_at": self._time(self.recorder.created),
            }
        )

    def _options(self) -> pd.DataFrame:
        options = self.recorder.scenario.options
        return pd.DataFrame(
            {
                "investment": [option.name for option in options],
                "bond": [option.bond for option in options],
                "cost": [option.cost for option in options],
                **labels([option.name for option in options]),
            }
        )

    def _contacts(self, rows: dict[str, Values]) -> dict[str, object]:
        gone = recorded_rows(self.recorder, "departures")
        until = np.full(self.recorder.contacts_made, np.nan)
        until[gone["number"]] = gone["time"]
        return {
            "contact_id": ids("C", rows["number"], 6),
            "role": declared_values("contacts", "role", rows["role"]),
            "interest": declared_values("contacts", "interest", rows["interest"]),
            "active_from": self._time(rows["time"]),
            "active_until": self._time(until[rows["number"]]),
        }

    def _inquiries(self, rows: dict[str, Values]) -> dict[str, object]:
        closings = recorded_rows(self.recorder, "closings")
        closed = np.full(self.recorder.inquiries_made, np.nan)
        won = np.zeros(self.recorder.inquiries_made, dtype=bool)
        competitor = np.full(self.recorder.inquiries_made, -1)
        closed[closings["number"]] = closings["closed"]
        won[closings["number"]] = closings["won"]
        competitor[closings["number"]] = closings["competitor"]
        number = rows["number"]
        ended = closed[number] < self.end
        lost = ended & ~won[number]
        return {
            "inquired_at": self._time(rows["time"]),
            "inquiry_id": ids("Q", number, 6),
            "outcome": pick(("open", "won", "lost"), np.where(ended, np.where(won[number], 1, 2), 0)),
            "closed_at": self._time(closed[number]),
            "competitor": pick(COMPETITORS, np.where(lost, competitor[number], -1)),
        }

    def _orders(self, rows: dict[str, Values]) -> dict[str, object]:
        return {
            "ordered_at": self._time(rows["time"]),
            "revenue": rows["revenue"],
            "order_id": ids("O", np.arange(len(rows["time"])), 7),
            "cost": rows["cost"],
            "discount": rows["discount"],
            "product_line": pick(("systems", "components", "consumables"), rows["line"]),
            "contact_id": self._contact(rows["contact"]),
        }

    def _contracts(self, rows: dict[str, Values]) -> dict[str, object]:
        # Contracts are numbered in the order of their rows.
        cancelled = self.recorder.cancelled()[rows["number"]]
        return {
            "starts_on": self._date(rows["time"]),
            "ends_on": self._date(rows["ends"]),
            "contract_id": ids("K", rows["number"], 6),
            "kind": declared_values("contracts", "kind", rows["kind"]),
            "value": rows["value"],
            "cancelled_at": self._time(cancelled),
        }

    def _interactions(self, rows: dict[str, Values]) -> dict[str, object]:
        return {
            "happened_at": self._time(rows["time"]),
            "contact_id": self._contact(rows["contact"]),
            "channel": declared_values("interactions", "channel", rows["channel"]),
            "initiated_by": pick(("them", "us"), rows["us"].astype(np.int64)),
            "minutes": rows["minutes"],
            "topic": topics(self.recorder, rows),
        }

    def _tickets(self, rows: dict[str, Values]) -> dict[str, object]:
        solved = rows["resolved"] < self.end
        return {
            "opened_at": self._time(rows["time"]),
            "ticket_id": ids("T", np.arange(len(rows["time"])), 7),
            "contact_id": self._contact(rows["contact"]),
            "first_response_at": self._time(rows["answered"]),
            "resolved_at": self._time(rows["resolved"]),
            "severity": rows["severity"].astype(np.float64),
            "sla_breached": pd.arrays.BooleanArray(rows["breached"] > 0, ~solved),
        }

    def _surveys(self, rows: dict[str, Values]) -> dict[str, object]:
        return {
            "answered_at": self._time(rows["time"]),
            "score": rows["score"],
            "contact_id": self._contact(rows["contact"]),
            "instrument": declared_values("surveys", "instrument", rows["instrument"]),
        }

    def _partner_surveys(self, rows: dict[str, Values]) -> dict[str, object]:
        return {
            "answered_at": self._time(rows["time"]),
            "score": rows["score"],
            "contact_id": ids("C", rows["contact"], 6),
            "instrument": declared_values("surveys", "instrument", rows["instrument"]),
        }

    def _assessments(self, rows: dict[str, Values]) -> dict[str, object]:
        return {
            "assessed_at": self._time(rows["time"]),
            "rung": declared_values("assessments", "rung", rows["rung"]),
            "made_by": owners(self.traits.owner[rows["account"].astype(np.int64)]),
            "note": np.full(len(rows["time"]), None, object),
        }

    def _collaborations(self, rows: dict[str, Values]) -> dict[str, object]:
        return {
            "happened_at": self._time(rows["time"]),
            "kind": declared_values("collaborations", "kind", rows["kind"]),
        }

    def _referrals(self, rows: dict[str, Values]) -> dict[str, object]:
        to = self._referred(rows)
        orders = recorded_rows(self.recorder, "orders")
        first_order = np.full(len(self.ids), np.inf)
        np.minimum.at(first_order, orders["account"].astype(np.int64), orders["time"].astype(np.float64))
        bought = np.where(to >= 0, first_order[to], np.inf)
        return {
            "made_at": self._time(rows["time"]),
            "kind": declared_values("referrals", "kind", rows["kind"]),
            "referred_account_id": take(self.ids, to),
            "converted_at": self._time(np.where(bought > rows["time"], bought, np.inf)),
        }

    def _referred(self, rows: dict[str, Values]) -> IntArray:
        """Return whom each referral named: an account that we came to know shortly before; -1 = nobody by name."""
        size = len(rows["time"])
        newest = np.argsort(self.recorder.created, kind="stable")
        known = np.searchsorted(self.recorder.created[newest], rows["time"])
        place = known - 1 - self.rng.integers(0, 15, size)
        to = np.where(place >= 0, newest[np.maximum(place, 0)], -1)
        named = (rows["kind"] == 1) & (self.rng.random(size) < 0.8) & (to != rows["account"])
        return np.where(named, to, -1)

    def _triggers(self, rows: dict[str, Values]) -> dict[str, object]:
        return {
            "occurred_at": self._time(rows["time"]),
            "kind": pick(TRIGGER_FAMILIES, rows["family"]),
            "detail": pick(DETAILS, rows["detail"]),
        }

    def _switches(self, rows: dict[str, Values]) -> dict[str, object]:
        return {
            "switched_at": self._time(rows["time"]),
            "competitor": pick(COMPETITORS, rows["competitor"]),
            "trigger": pick(TRIGGER_FAMILIES, rows["family"]),
        }

    def _investments(self, rows: dict[str, Values]) -> dict[str, object]:
        names = (NO_INVESTMENT, *(option.name for option in self.recorder.scenario.options))
        return {
            "made_at": self._time(rows["time"]),
            "investment": pick(names, rows["arm"]),
            "cost": rows["cost"],
            "assignment": pick(("chosen", "random"), rows["random"].astype(np.int64)),
            "propensity": rows["propensity"],
        }

    def _forecasts(self, rows: dict[str, Values]) -> dict[str, object]:
        return {
            "made_at": self._time(rows["time"]),
            "extra_revenue": rows["extra"],
            "made_by": owners(self.traits.owner[rows["account"].astype(np.int64)]),
            "horizon_days": np.full(len(rows["time"]), 180.0),
        }

    def _contact(self, number: Values) -> TextArray:
        names = ids("C", number, 6)
        names[self.rng.random(len(number)) < 0.05] = None
        return names


def _touch_last_day(rows: dict[str, Values], end: float) -> None:
    """Move the last interaction to the last day, so that the midnight after it is the end of the data."""
    if len(rows["time"]):
        last = int(np.argmax(rows["time"]))
        if rows["time"][last] < end - 1:
            rows["time"][last], rows["recorded"][last] = end - 0.5, end - 0.4


def _with_duplicates(frame: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    again = np.flatnonzero(rng.random(len(frame)) < DUPLICATE_SHARE)
    place = np.sort(np.concatenate([np.arange(len(frame)), again]))
    return frame.take(place).reset_index(drop=True)
