"""The random numbers that drive thirty days of every account, and what happens in them.

Every array has shape (n,), one element per account, unless stated.
"""

from dataclasses import dataclass
from enum import IntEnum, auto

import numpy as np

from training.simulator.population import BoolArray, FloatArray, IntArray


class Draw(IntEnum):
    """The rows of the uniform random numbers of a step: one for each thing that may happen."""

    SWITCH = 0
    FAMILY = auto()
    LAPSE = auto()
    INQUIRY = auto()
    DECISION = auto()
    WON = auto()
    TRIAL = auto()
    ORDERS = auto()
    TICKETS = auto()
    BREACHES = auto()
    CRITICAL = auto()
    CREDIT = auto()
    CONTACT_LEFT = auto()
    CONTACT_KEY = auto()
    MERGER = auto()
    OFFER = auto()
    CONTRACT = auto()
    CONTRACT_DAY = auto()
    CANCEL = auto()
    REFERRALS = auto()
    BY_US = auto()
    BY_THEM = auto()


class Shock(IntEnum):
    """The rows of the standard normal random numbers of a step."""

    ATTITUDE = 0
    SATISFACTION = auto()
    COMPETITION = auto()


@dataclass(frozen=True)
class Noise:
    """The random numbers of one step.

    uniform : shape (len(Draw), n).
    normal : shape (len(Shock), n).
    """

    uniform: FloatArray
    normal: FloatArray


def draw_noise(n: int, rng: np.random.Generator) -> Noise:
    """Draw new random numbers for one step of n accounts."""
    return Noise(rng.random((len(Draw), n)), rng.standard_normal((len(Shock), n)))


@dataclass(frozen=True)
class Leaving:
    """Who leaves in a step.

    hazard : shape (3, n), probability of a recorded switch in this step by trigger family, given the state.
    family : of those who switched or went silent.
    stage : of all, after the leaving, before the rest of the step.
    """

    hazard: FloatArray
    switched: BoolArray
    silent: BoolArray
    family: IntArray
    stage: IntArray


@dataclass(frozen=True)
class Courting:
    """Inquiries and their outcomes in a step.

    tried : a prospect decides for us and places its first order. Buyers' own inquiries may be won or lost too.
    """

    inquired: BoolArray
    deciding: BoolArray
    won: BoolArray
    lost: BoolArray
    tried: BoolArray


@dataclass(frozen=True)
class Trade:
    """Orders in a step.

    basket : mean revenue of one order, money.
    expected : revenue of the step, money, before credit notes.
    """

    basket: FloatArray
    orders: IntArray
    expected: FloatArray


@dataclass(frozen=True)
class Service:
    """Tickets in a step.

    breaches : tickets with a broken service level.
    failed : whether something went wrong.
    credit : whether there is a credit note.
    """

    tickets: IntArray
    breaches: IntArray
    critical: BoolArray
    failed: BoolArray
    credit: BoolArray


@dataclass(frozen=True)
class Changes:
    """What changes around an account in a step.

    contract : whether one starts, on `contract_day` (day number).
    contract_ends : the new state.
    """

    contact_left: BoolArray
    contact_key: BoolArray
    merger: BoolArray
    offer: BoolArray
    contract: BoolArray
    contract_day: FloatArray
    contract_ended: BoolArray
    cancelled: BoolArray
    contract_ends: FloatArray


@dataclass(frozen=True)
class Talk:
    """The counts of recommendations and of interactions begun by us and by them."""

    referrals: IntArray
    by_us: IntArray
    by_them: IntArray


@dataclass(frozen=True)
class Events:
    """Everything that happened in a step.

    expected_revenue : money, given the state and no recorded switch in this step.
    """

    leaving: Leaving
    courting: Courting
    trade: Trade
    service: Service
    changes: Changes
    talk: Talk
    expected_revenue: FloatArray
