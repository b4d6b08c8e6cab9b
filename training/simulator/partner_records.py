"""What makes a customer a partner: topics that meet interests, managers' assessments, joint work, groups of companies.

Everything here is drawn from generators of its own, one for each table, so that the other tables of a seed stay what
they are. Topics only tell of the attitude, unless the scenario's `persuasion` lets them move it.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from features.tables import COLLABORATIONS, INSTRUMENT_SCALES, INTERESTS
from training.simulator.laws import sigmoid, status
from training.simulator.population import FloatArray, IntArray, Stage, State, Traits
from training.simulator.record_book import RecordBook, Values
from training.simulator.text_columns import TextArray, pick

STREAMS = ("match", "assessments", "collaborations", "surveys", "topics", "groups")
"""What has a generator of its own."""
Generators = Mapping[str, np.random.Generator]
ASSESSED = 0.5
"""The share of the accounts that their manager assesses when it is their turn, once a quarter."""
TRUST_ASKED = 0.05
"""The share of the buying accounts that answer about trust, or about value for money, in a step."""
IN_GROUPS = 0.15
"""The share of the accounts that have a parent."""
STRANGERS = 0.1
"""The share of the parents that are no account of ours."""
NO_TOPIC = 0.15
BENEFITS = (
    ("volume_rebate", "price", "rebate", None, "The more you order, the less each order costs.",
     "Hoe meer u bestelt, hoe minder elke bestelling kost."),
    ("fixed_prices", "price", None, "buyer", "Prices that are fixed for a year make your budget certain.",
     "Prijzen die een jaar vaststaan, maken uw begroting zeker."),
    ("batch_reports", "quality", None, None, "Every batch comes with its measurements.",
     "Elke levering komt met haar meetwaarden."),
    ("own_engineer", "service", "visit_programme", None, "An engineer who knows your plant visits every quarter.",
     "Een technicus die uw bedrijf kent, komt elk kwartaal langs."),
    ("linked_ordering", "service", "integration", "user", "Orders from your own system, without typing.",
     "Bestellen uit uw eigen systeem, zonder overtypen."),
    ("joint_trials", "innovation", None, None, "New products are tried with you before others get them.",
     "Nieuwe producten worden met u beproefd voordat anderen ze krijgen."),
    ("reserved_stock", "risk", "integration", None, "A stock is reserved for you, whatever the market does.",
     "Er ligt voorraad voor u apart, wat de markt ook doet."),
)  # fmt: skip
"""Name, interest, option, role, what to say in English and in Dutch."""
LABELS = {
    "rebate": ("Rebate", "Korting", 450.0),
    "visit_programme": ("Visit programme", "Bezoekprogramma", 900.0),
    "integration": ("Integration of ordering", "Koppeling van het bestellen", 5_000.0),
}
"""Option -> what people call it in English and Dutch, and what it is planned to be worth to the customer, money."""


def generators(seed: np.random.SeedSequence) -> Generators:
    """Return the generators of STREAMS."""
    return dict(zip(STREAMS, map(np.random.default_rng, seed.spawn(len(STREAMS))), strict=True))


def draw_match(persuasion: float, traits: Traits, rng: np.random.Generator) -> FloatArray:
    """Draw how likely a talk with somebody of each account is about what that person cares about, shape (n,).

    It shows the attitude: those who are content speak of what they care about. Where talks persuade it is drawn at
    random, so that what they do can be told from what they show.
    """
    noise = rng.normal(0.0, 1.0, len(traits.attitude_mean))
    return sigmoid(-0.3 + 1.2 * noise if persuasion else -0.3 + 0.9 * traits.attitude_mean + 0.5 * noise)


def record_partnership(book: RecordBook, before: State) -> None:
    """Write down the assessments, collaborations, and answers about trust and value of a step."""
    _assessments(book, before)
    _collaborations(book, before)
    _answers(book, before)


def _moments(rng: np.random.Generator, step: int, count: int) -> tuple[FloatArray, FloatArray]:
    """Draw when something happened in a step, and when it was written down, days; a few are written down late."""
    time = step * 30 + rng.integers(0, 30, count) + rng.uniform(7 / 24, 17 / 24, count)
    late = rng.random(count) < 0.03
    return time, time + np.where(late, 1 + rng.exponential(9.0, count), rng.uniform(0, 5 / 24, count))


def _assessments(book: RecordBook, before: State) -> None:
    """Managers see the standing, and some of what no other table shows: where the attitude is going."""
    rng, traits = book.own["assessments"], book.traits
    n = len(traits.arrival)
    turn = ((before.step + traits.phase) % 3 == 1) & (before.stage != Stage.ABSENT) & (before.stage != Stage.SWITCHED)
    account = np.flatnonzero(turn & (rng.random(n) < ASSESSED))
    standing = status(before)
    seen = np.where(standing > 0, standing + 1, before.stage == Stage.PROSPECT).astype(np.float64)
    known = 0.7 * before.attitude - 0.8 * before.damage - 0.3 * before.competition
    owner = traits.owner[account]
    noise = rng.normal(0.0, 1.0, len(account)) * 0.8 * book.owner_noise[owner]
    rung = np.rint(seen[account] + known[account] + np.log(book.owner_scale[owner]) + noise)
    time, recorded = _moments(rng, before.step, len(account))
    book.rows["assessments"].add(
        account=account, time=time, recorded=recorded, rung=np.clip(rung, 0, 6).astype(np.int64)
    )


def _collaborations(book: RecordBook, before: State) -> None:
    rng = book.own["collaborations"]
    close = (before.stage == Stage.BUYER) & (status(before) >= 3)
    hazard = 0.012 * np.exp(0.9 * np.minimum(before.attitude, 2.0)) * close
    account = np.flatnonzero(rng.random(len(hazard)) < hazard)
    time, recorded = _moments(rng, before.step, len(account))
    kind = rng.choice(len(COLLABORATIONS), len(account), p=(0.45, 0.2, 0.35))
    book.rows["collaborations"].add(account=account, time=time, recorded=recorded, kind=kind)


def _answers(book: RecordBook, before: State) -> None:
    rng = book.own["surveys"]
    n = len(before.attitude)
    buying = (before.stage == Stage.BUYER) | (before.stage == Stage.OCCASIONAL)
    felt = {
        "trust": 3.4 + 0.6 * before.attitude - 0.9 * before.damage,
        "value": 3.4 + 0.35 * before.attitude - 0.45 * before.competition,
    }
    for name, level in felt.items():
        account = np.flatnonzero(buying & (rng.random(n) < TRUST_ASKED))
        score = np.clip(np.rint(level[account] + rng.normal(0.0, 0.7, len(account))), 1, 5)
        time, recorded = _moments(rng, before.step, len(account))
        book.rows["partner_surveys"].add(
            account=account, time=time, recorded=recorded, score=score,
            instrument=np.full(len(account), list(INSTRUMENT_SCALES).index(name)),
            contact=book.contact[account, 0],
        )  # fmt: skip


def topics(book: RecordBook, rows: Mapping[str, Values]) -> TextArray:
    """Return what each interaction was about, shape (n,); None where nobody wrote it down."""
    rng, contacts = book.own["topics"], book.rows["contacts"].columns()
    interest = np.full(book.contacts_made, -1)
    interest[contacts["number"]] = contacts["interest"]
    theirs = interest[rows["contact"]]
    size = len(theirs)
    met = (rng.random(size) < book.traits.match[rows["account"].astype(np.int64)]) & (theirs >= 0)
    topic = np.where(met, theirs, rng.integers(0, len(INTERESTS), size))
    return pick(INTERESTS, np.where(rng.random(size) < NO_TOPIC, -1, topic))


def parents(book: RecordBook, ids: TextArray) -> TextArray:
    """Return the parent of each account, shape (n,); None where it has none. Some parents are no account of ours."""
    rng = book.own["groups"]
    n = len(ids)
    heads: IntArray = np.flatnonzero(rng.random(n) < IN_GROUPS / 2)
    parent = np.full(n, None, object)
    below = np.flatnonzero(rng.random(n) < IN_GROUPS)
    if len(heads):
        above = heads[rng.integers(0, len(heads), len(below))]
        parent[below] = np.where(rng.random(len(below)) < STRANGERS, "HOLDING-1", ids[above])
        higher = above < below  # a parent has a lower number: no chain of parents comes back to its beginning
        parent[below[~higher]] = None
    return parent


def benefits() -> pd.DataFrame:
    """Return the table `benefits`."""
    names = ["benefit", "interest", "investment", "role", "text_en", "text_nl"]
    return pd.DataFrame(dict(zip(names, map(list, zip(*BENEFITS, strict=True)), strict=True)))


def labels(options: list[str]) -> dict[str, list[object]]:
    """Return the further columns of the table `investment_options`."""
    known = [LABELS.get(name, (name.replace("_", " "), name.replace("_", " "), np.nan)) for name in options]
    return {
        "customer_benefit": [benefit for *_, benefit in known],
        "label_en": [english for english, *_ in known],
        "label_nl": [dutch for _, dutch, _ in known],
    }
