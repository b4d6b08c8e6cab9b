"""What ties members to an organisation beyond their fees: people and their interests, assessments, joint work, groups.

All of it is drawn from a generator of its own, so that the other tables of a seed stay what they are. It tells of the
attitude, part of which no other table shows, and moves nothing.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.tables import COLLABORATIONS, INSTRUMENT_SCALES, INTERESTS, ROLES, RUNGS
from training.simulator.laws import sigmoid
from training.simulator.population import STEP_DAYS, IntArray
from training.simulator.text_columns import TextArray, ids, owners, pick

if TYPE_CHECKING:
    from training.simulator.membership import Members, Standing

Numbers = NDArray[np.floating[Any]]
ASSESSED, ASKED, JOINT = 0.15, 0.03, 0.01
"""Shares of the members that are assessed, answer about trust or value, and begin something together, in a step."""
IN_GROUPS, NO_TOPIC = 0.15, 0.15
MOST_PEOPLE = 3
INSTRUMENTS = tuple(INSTRUMENT_SCALES)
BENEFITS = (
    ("member_rate", "price", "buyer", "Members pay less for courses and events.",
     "Leden betalen minder voor cursussen en bijeenkomsten."),
    ("quality_mark", "quality", None, "The mark shows your customers that you meet the standard.",
     "Het keurmerk laat uw klanten zien dat u aan de norm voldoet."),
    ("help_desk", "service", "user", "Whoever calls speaks with a specialist the same day.",
     "Wie belt, spreekt dezelfde dag een specialist."),
    ("working_groups", "innovation", None, "You try out with others what is coming.",
     "U probeert met anderen uit wat eraan komt."),
    ("legal_cover", "risk", "decider", "In a dispute a lawyer is there, at no cost.",
     "Bij een geschil staat er een jurist klaar, zonder kosten."),
)  # fmt: skip
"""Name, interest, role, what to say in English and in Dutch."""


class MemberPartners:
    """Writes down, step by step, what ties the members.  Times in days since the data begin."""

    def __init__(self, members: "Members", seed: np.random.SeedSequence) -> None:
        self.members, self.rng = members, np.random.default_rng(seed)
        self._rows: dict[str, list[dict[str, Numbers]]] = {"assessments": [], "collaborations": [], "surveys": []}

    def record(self, before: "Standing") -> None:
        """Write down the assessments, joint work and answers of a step."""
        rng, n = self.rng, len(before.end)
        feels = before.engagement - self.members.hidden - 0.8 * before.trouble  # what is hidden drives away
        active = np.isfinite(before.end).any(axis=1)
        assessed = active & (rng.random(n) < ASSESSED)
        seen = np.clip(np.rint(4.0 + 0.7 * feels + rng.normal(0, 0.6, n)), 2, len(RUNGS) - 1)
        self._add("assessments", before.day, np.flatnonzero(assessed), seen)
        joint = active & (rng.random(n) < JOINT * np.exp(0.8 * np.minimum(feels, 2.0)))
        self._add("collaborations", before.day, np.flatnonzero(joint), rng.integers(0, len(COLLABORATIONS), n) * 1.0)
        for instrument in ("trust", "value"):
            answers = active & (rng.random(n) < ASKED)
            score = np.clip(np.rint(3.4 + 0.6 * feels + rng.normal(0, 0.7, n)), 1, 5)
            which = np.full(n, float(INSTRUMENTS.index(instrument)))
            self._add("surveys", before.day, np.flatnonzero(answers), score, which)

    def _add(self, table: str, day: float, account: IntArray, value: Numbers, which: Numbers | None = None) -> None:
        time = day + self.rng.uniform(0.1, STEP_DAYS - 0.1, len(account))
        rows = {"account": account * 1.0, "time": time, "value": value[account]}
        self._rows[table].append(rows if which is None else rows | {"which": which[account]})

    def complete(self, frames: Mapping[str, pd.DataFrame], end: float) -> dict[str, pd.DataFrame]:
        """Return the tables with what ties the members, as it stood at a day."""
        found, accounts = dict(frames), frames["accounts"]
        names = accounts["account_id"].to_numpy(object)
        people = self._people(names)
        found["contacts"] = people.drop(columns="place")
        found["benefits"] = pd.DataFrame(
            [dict(zip(("benefit", "interest", "role", "text_en", "text_nl"), row, strict=True)) for row in BENEFITS]
        )
        found["accounts"] = accounts.assign(parent_account_id=self._parents(names))
        found["interactions"] = self._talks(frames["interactions"], people, names)
        told = {table: self._known(table, end) for table in self._rows}
        rows = told["assessments"]
        found["assessments"] = pd.DataFrame({
            "account_id": names[rows["account"].astype(np.int64)], "assessed_at": rows["time"],
            "rung": pick(RUNGS, rows["value"]), "made_by": owners(self.members.owner)[rows["account"].astype(np.int64)],
            "recorded_at": rows["time"] + 0.1,
        })  # fmt: skip
        rows = told["collaborations"]
        found["collaborations"] = pd.DataFrame({
            "account_id": names[rows["account"].astype(np.int64)], "happened_at": rows["time"],
            "kind": pick(COLLABORATIONS, rows["value"]), "recorded_at": rows["time"] + 0.1,
        })  # fmt: skip
        rows = told["surveys"]
        answers = pd.DataFrame({
            "account_id": names[rows["account"].astype(np.int64)], "answered_at": rows["time"], "score": rows["value"],
            "instrument": pick(INSTRUMENTS, rows["which"]), "recorded_at": rows["time"] + 0.1,
        })  # fmt: skip
        both = pd.concat([frames["surveys"], answers], ignore_index=True)
        found["surveys"] = both.sort_values("answered_at", kind="stable", ignore_index=True)
        return found

    def _known(self, table: str, end: float) -> dict[str, Numbers]:
        blocks = self._rows[table]
        rows = {name: np.concatenate([block[name] for block in blocks]) for name in blocks[0]}
        kept = (rows["time"] >= 0) & (rows["time"] + 0.1 < end)
        order = np.flatnonzero(kept)[np.argsort(rows["time"][kept], kind="stable")]
        return {name: values[order] for name, values in rows.items()}

    def _people(self, names: TextArray) -> pd.DataFrame:
        rng = self.rng
        count = rng.integers(1, MOST_PEOPLE + 1, len(names))
        place = np.repeat(np.arange(len(names)), count)
        size = len(place)
        first = np.r_[True, place[1:] != place[:-1]] if size else np.zeros(0, bool)
        role = np.where(first, ROLES.index("decider"), rng.integers(0, len(ROLES), size))
        since = np.maximum(self.members.joined, 0.0)[place]
        return pd.DataFrame({
            "contact_id": ids("P", np.arange(size), 6), "account_id": names[place], "role": pick(ROLES, role),
            "interest": pick(INTERESTS, rng.integers(0, len(INTERESTS), size)), "active_from": since, "place": place,
        })  # fmt: skip

    def _talks(self, talks: pd.DataFrame, people: pd.DataFrame, names: TextArray) -> pd.DataFrame:
        """Return the interactions with whom, and about what: who is content speaks of what they care about."""
        rng, size = self.rng, len(talks)
        account = pd.Index(names).get_indexer(pd.Index(talks["account_id"]))
        count = np.bincount(people["place"], minlength=len(names))
        whom = (np.cumsum(count) - count)[account] + (rng.random(size) * count[account]).astype(np.int64)
        theirs = pd.Index(INTERESTS).get_indexer(pd.Index(people["interest"]))[whom]
        met = rng.random(size) < sigmoid(-0.3 - 0.9 * self.members.hidden[account])
        topic = np.where(met, theirs, rng.integers(0, len(INTERESTS), size))
        topic = np.where(rng.random(size) < NO_TOPIC, -1, topic)
        contact = people["contact_id"].to_numpy(object)[whom]
        return talks.assign(contact_id=contact, topic=pick(INTERESTS, topic))

    def _parents(self, names: TextArray) -> TextArray:
        """Return the parent of each member, None where it has none: one of a lower number, so there is no circle."""
        rng, n = self.rng, len(names)
        heads = np.flatnonzero(rng.random(n) < IN_GROUPS / 2)
        parent = np.full(n, None, object)
        if len(heads):
            above = heads[rng.integers(0, len(heads), n)]
            below = np.flatnonzero((rng.random(n) < IN_GROUPS) & (above < np.arange(n)))
            parent[below] = names[above[below]]
        return parent
