"""The columns of the score tables, one row each: files, store, API, CRM exports and documents read them here."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from functools import partial

from features.accounts.behaviours import BEHAVIOURS
from features.accounts.loyalty import LOYALTIES, PHASES
from features.tables import BONDS, RUNGS, TRIGGER_FAMILIES
from training.model.reasons import OUTCOMES


class Kind(Enum):
    """What a column holds: a category is a text out of `values`, a date one such as 2026-03-14, reasons are a list.

    A list holds some of `values`; in files and in the store it is JSON.
    """

    TEXT = "text"
    CATEGORY = "category"
    NUMBER = "number"
    WHOLE = "whole number"
    INSTANT = "instant"
    DATE = "date"
    FLAG = "yes or no"
    REASONS = "reasons"
    LIST = "list"


class Unit(Enum):
    """What a number is measured in: money in the source's currency, chances in 0..1, changes of chances in -1..1."""

    NONE = ""
    CHANCE = "chance"
    SHARE = "share"
    MONEY = "money"
    DAYS = "days"
    RATIO = "ratio"
    ERRORS = "standard errors"
    YEARS = "years"


class Direction(Enum):
    """What a higher value means for us."""

    NONE = ""
    GOOD = "higher is better"
    BAD = "higher is worse"


@dataclass(frozen=True)
class ScoreColumn:
    """A column of a score table.

    nullable : whether it can be missing.  values : of a category.  of_run : the same in every row of a scoring run, so
    that the store keeps it once.  since : the edition of the contract that brought it.
    """

    name: str
    meaning: str
    kind: Kind
    unit: Unit = Unit.NONE
    direction: Direction = Direction.NONE
    nullable: bool = False
    values: tuple[str, ...] = ()
    of_run: bool = False
    since: int = 1

    @property
    def is_number(self) -> bool:
        """Whether it is a number with decimals."""
        return self.kind is Kind.NUMBER


GOOD, BAD = Direction.GOOD, Direction.BAD
_text = partial(ScoreColumn, kind=Kind.TEXT)
_category = partial(ScoreColumn, kind=Kind.CATEGORY)
_rung = partial(ScoreColumn, kind=Kind.CATEGORY, values=RUNGS)
_told = partial(ScoreColumn, kind=Kind.CATEGORY, values=RUNGS, nullable=True, since=2)
_chance = partial(ScoreColumn, kind=Kind.NUMBER, unit=Unit.CHANCE)
_share = partial(ScoreColumn, kind=Kind.NUMBER, unit=Unit.SHARE)
_money = partial(ScoreColumn, kind=Kind.NUMBER, unit=Unit.MONEY)
_date = partial(ScoreColumn, kind=Kind.DATE, nullable=True, since=2)
_ratio = partial(ScoreColumn, kind=Kind.NUMBER, unit=Unit.RATIO)

EDITION = 2
"""Of the contract: the latest that a column says it came with."""

CUSTOMER_TYPES = ("commodity_buyer", "underperformer", "partner", "most_valuable")
UPGRADE_BASES = ("adjusted", "discontinuity", "insufficient")
BASES = ("randomised", "adjusted", "insufficient")
ADVICE = ("invest", "test", "talk", "leave_alone", "not_enough_data")
"""See `serving.scoring.advice.advice`."""
ACT_BY_CAUSES = ("open_ticket", "contract_end", "overdue", "next_order", "playbook")
"""See `serving.scoring.advice.act_by`."""

ACCOUNT = _text("account_id", "Whose row this is.")
AS_OF = ScoreColumn("as_of", "The instant looked from, UTC; a date is its midnight.", Kind.INSTANT, of_run=True)
MODEL = _text("model_version", "Which model made it; see `GET /version`.", of_run=True)
RUNG_CHANCES = (
    _chance("p_suspect", "Chance of being a suspect at as_of + horizon; the seven sum to 1."),
    *(
        _chance(f"p_{rung}", f"Chance of being {'an' if rung[0] in 'aeiou' else 'a'} {rung.replace('_', ' ')} then.")
        for rung in RUNGS[1:]
    ),
)
NEXT = _rung("next_rung", "The most probable rung then.")
MOVES = (
    _chance("p_upgrade", "Chance of standing above today's rung then.", direction=GOOD),
    _chance("p_downgrade", "Chance of standing below today's rung then.", direction=BAD),
)

SCORES: tuple[ScoreColumn, ...] = (
    ACCOUNT,
    AS_OF,
    ScoreColumn("horizon_days", "Days.", Kind.WHOLE, Unit.DAYS, of_run=True),
    MODEL,
    _rung("rung", "Where it stands now."),
    *RUNG_CHANCES,
    NEXT,
    _rung("rung_low", "Lowest rung of the set, rung_low up to rung_high without gaps, that holds the realised rung of "
          "nine accounts in ten, unless the model was trained for another share."),
    _rung("rung_high", "Highest rung of that set."),
    *MOVES,
    _chance("p_switch", "Chance of switching within the horizon; null where it cannot switch.", direction=BAD,
            nullable=True),
    _category("switch_trigger", "The main trigger; null with p_switch.", values=TRIGGER_FAMILIES, nullable=True),
    _share("trigger_situational", "Share of what changed at the customer; the three sum to 1.", nullable=True),
    _share("trigger_reactional", "Share of what we failed.", nullable=True),
    _share("trigger_influential", "Share of what the market pulls.", nullable=True),
    _money("expected_revenue", "Revenue expected over the horizon without any investment, money.", direction=GOOD),
    _money("expected_revenue_low", "Lower end of the interval that holds the realised revenue of nine accounts in ten, "
           "unless the model was trained for another share, money."),
    _money("expected_revenue_high", "Upper end of it, money."),
    _chance("p_no_order", "Chance of no order over the horizon.", direction=BAD, nullable=True, since=2),
    _money("revenue_if_order_low", "If there is an order: lower end of the range that holds the realised revenue of "
           "eight accounts in ten, money.", nullable=True, since=2),
    _money("revenue_if_order_high", "Upper end of it, money.", nullable=True, since=2),
    _date("next_order_on", "The day by which the next order is as likely to have come as not; null without two order "
          "days. A day three years ahead also stands for later, and for never."),
    _date("next_order_from", "First day of the window that holds the next order day of eight accounts in ten."),
    _date("next_order_until", "Last day of it."),
    ScoreColumn("overdue_days", "By how many days as_of lies beyond the window that held right after the last order "
                "day; 0 within it, null without two order days.", Kind.WHOLE, Unit.DAYS, BAD, nullable=True, since=2),
    _chance("p_renew", "Chance that the contract renews, be it smaller, of an account whose contract ends within the "
            "horizon; of several, their mean by value; null otherwise.", direction=GOOD, nullable=True,
            since=2),
    _money("value_at_risk", "Gross margin at stake: p_switch x expected_revenue x the account's margin rate, money; "
           "null with p_switch.", direction=BAD, nullable=True),
    _ratio("service_load", "Contacts and tickets of the last 365 days per thousand of revenue: higher = dearer to "
           "serve; null without revenue.", direction=BAD, nullable=True),
    _category("customer_type", "Loyalty against what serving takes: partner (loyal, dear), most_valuable (loyal, "
              "cheap), underperformer (not loyal, dear), commodity_buyer (not loyal, cheap).", values=CUSTOMER_TYPES,
              nullable=True),
    _money("upgrade_uplift", "Causal extra revenue over the horizon of one rung more, money.", direction=GOOD,
           nullable=True),
    _money("upgrade_uplift_low", "Lower end of its interval (90 %, unless `uplift.level` was set), money.",
           nullable=True),
    _money("upgrade_uplift_high", "Upper end of it, money.", nullable=True),
    _category("upgrade_basis", "What the uplift rests on; null on the top rung.", values=UPGRADE_BASES, nullable=True),
    _money("upgrade_value_gap", "How much more comparable accounts one rung higher bring over the horizon, money. NOT "
           "causal.", nullable=True),
    _money("manager_forecast", "The account manager's estimate, calibrated on that manager's record, money.",
           nullable=True),
    _text("forecast_by", "Who made that estimate; null where none, or nobody is named.", nullable=True),
    _money("history_estimate", "History's own estimate beside it: the value gap times what a unit of it has been worth "
           "where accounts climbed, money; null where there is no estimate to stand beside. NOT causal.",
           nullable=True),
    _money("upgrade_expectation", "The two blended, the manager's followed only as far as managers have been right, "
           "money over the horizon. It is about accounts that climb: NOT causal.", nullable=True),
    ScoreColumn("forecast_disagreement", "The manager's estimate less history's, in standard errors of what the two "
                "usually miss by; above 0 = the manager expects more. null where too few forecasts are resolved.",
                Kind.NUMBER, Unit.ERRORS, nullable=True),
    _text("recommended_investment", "The option with the highest expected net gain, or none.", nullable=True),
    _money("expected_gain", "Of that option: uplift x margin - cost, money.", direction=GOOD, nullable=True),
    _ratio("roi", "Of that option: gain / cost.", direction=GOOD, nullable=True),
    ScoreColumn("rank", "1 = do this first, among the accounts of this request, or of the batch run where they are "
                "looked up; null where no option pays.", Kind.WHOLE, direction=BAD, nullable=True),
    _category("advice", "What to do, by the evidence: invest (the recommended option pays, and surely: the chance of a "
              "gain is at least `advice.sure`), test (it pays on average only, or raises the chance of switching: give "
              "it to some, by lot), talk (at risk, and no option pays), leave_alone, not_enough_data (of no option the "
              "effect is known here).", values=ADVICE, nullable=True, since=2),
    ScoreColumn("former", "Whether it was a customer and has gone: by a recorded switch, or silent for longer than its "
                "own rhythm explains. It stands beside the ladder; `rung` is still what the rules say.", Kind.FLAG,
                direction=BAD, nullable=True, since=2),
    _chance("p_win_back", "Chance of an order within the horizon of a former customer, 1 less p_no_order; null where "
            "it is none, and where too few came back to learn from.", direction=GOOD, nullable=True, since=2),
    _money("win_back_value", "What a former customer brings over `outcome.lifetime_years` if it orders within the "
           "horizon: gross margin, discounted, money; null of others.", direction=GOOD, nullable=True, since=2),
    _money("lifetime_value", "Gross margin expected over `outcome.lifetime_years` (5) without further investment, "
           "discounted by `outcome.discount_rate` a year, money; null of accounts that never ordered where too few of "
           "such began to.", direction=GOOD, nullable=True, since=2),
    _money("lifetime_value_low", "Lower end of the interval that holds what nine accounts in ten come to bring, money.",
           nullable=True, since=2),
    _money("lifetime_value_high", "Upper end of it, money.", nullable=True, since=2),
    ScoreColumn("payback_years", "After how many years from as_of the expected margin equals what winning the account "
                "cost; null where that is not known, or not within the lifetime.", Kind.NUMBER, Unit.YEARS, BAD,
                nullable=True, since=2),
    _text("playbook", "Key of the play that says what to do and what to say: docs/playbook.md; null where none fits.",
          nullable=True, since=2),
    _date("act_by", "The day by which to act; null where nothing asks for one."),
    _category("act_by_cause", "Why that day: open_ticket, contract_end (less the days of notice), overdue (the "
              "expected order has not come), next_order (they usually order then), playbook (the play's own days).",
              values=ACT_BY_CAUSES, nullable=True, since=2),
    _share("attitude", "What it thinks of us, 0..1: surveys of the last 365 days where extremes count, who begins the "
           "contact, recommendations, silence when asked; null where nothing is known.", direction=GOOD, nullable=True,
           since=2),
    _category("loyalty", "Attitude x behaviour, against what is usual: true (both), latent (attitude alone), spurious "
              "(buys steadily without it), none; null where its attitude is not known.", values=LOYALTIES,
              nullable=True, since=2),
    _category("phase", "How far the tie has come: rational, emotional, intentional, behavioural; null before the "
              "first.", values=PHASES, nullable=True, since=2),
    _told("rung_by_manager", "Where its account manager sees it: the latest assessment of the last 365 days; null "
          "where there is none."),
    _told("rung_by_surveys", "Where surveys and referrals of the last 365 days put it, by advocacy, trust and value "
          "for money; null where nobody told."),
    _told("rung_by_service", "Where service sees it, by csat, ces and tickets of the last 365 days, a member at most; "
          "null where service saw nothing of it."),
    ScoreColumn("behaviours", "Those that hold, of six of a loyal customer; each has its evidence on the account's "
                "page.", Kind.LIST, values=BEHAVIOURS, nullable=True, since=2),
    _share("support", "Share of the people there, weighted by role, with whom somebody spoke in the last 365 days "
           "about what they care about; null where no interest is known, or no topic was written down.",
           direction=GOOD, nullable=True, since=2),
    ScoreColumn("reasons", "The strongest reasons for and against in words: what nobody can change, then what can be "
                "acted on, each strongest first; empty without explain.", Kind.REASONS),
)  # fmt: skip
"""One row an account."""

INVESTMENT_SCORES: tuple[ScoreColumn, ...] = (
    ACCOUNT,
    ScoreColumn("as_of", "The instant looked from, UTC.", Kind.INSTANT, of_run=True),
    _text("investment", "Name of the option."),
    _category("bond", "What it ties with.", values=BONDS, nullable=True),
    _money("cost", "Planned, with the option's share of the expected revenue where it has one, money.", direction=BAD),
    _money("uplift", "Causal extra revenue over the horizon, money.", direction=GOOD, nullable=True),
    _money("uplift_low", "Lower end of its interval (90 %, unless `uplift.level` was set), money.", nullable=True),
    _money("uplift_high", "Upper end of it, money.", nullable=True),
    _money("gain", "uplift x margin - cost - serving_cost_change, money.", direction=GOOD, nullable=True),
    _money("gain_low", "The same at the lower end of the uplift's interval, money.", nullable=True),
    _money("gain_high", "The same at its upper end, money.", nullable=True),
    _ratio("roi", "gain / cost.", direction=GOOD, nullable=True),
    _chance("p_upgrade_change", "Change in the chance of climbing, -1..1; null where it cannot be told from zero over "
            "the option's trials.", direction=GOOD, nullable=True),
    _chance("p_switch_change", "Change in the chance of switching, -1..1; null where it cannot be told from zero over "
            "the option's trials.", direction=BAD, nullable=True),
    _money("serving_cost_change", "Change in what serving the account costs over the horizon, money; null where "
           "serving has no price.", direction=BAD, nullable=True),
    _category("basis", "What it rests on; with insufficient the uplift is null and the option is never recommended.",
              values=BASES),
    _chance("p_gain", "Chance that the gain is above zero.", direction=GOOD, nullable=True, since=2),
    _chance("p_switch_change_low", "Lower end of the interval of p_switch_change; above zero the option raises the "
            "chance of switching beyond noise.", nullable=True, since=2),
    _chance("p_switch_change_high", "Upper end of it.", nullable=True, since=2),
    _category("advice", "On this option alone: invest, test, leave_alone or not_enough_data; an account's advice is "
              "that of the option it is recommended.", values=ADVICE, nullable=True, since=2),
)  # fmt: skip
"""One row an account and option."""

HORIZONS: tuple[ScoreColumn, ...] = (
    ACCOUNT,
    ScoreColumn("as_of", "The instant looked from, UTC.", Kind.INSTANT, of_run=True),
    ScoreColumn("horizon_days", "How far this looks ahead, days.", Kind.WHOLE, Unit.DAYS),
    MODEL,
    *RUNG_CHANCES,
    NEXT,
    *MOVES,
    _chance("p_switch", "Chance of switching within this horizon; never falls with the horizon where switching is "
            "recorded, never rises where it is silence, may do either where a rhythm breaks; null where the account "
            "cannot switch, or too few did so far ahead.", direction=BAD, nullable=True),
    _money("expected_revenue", "Revenue expected over this horizon without any investment, money; never falls with the "
           "horizon.", direction=GOOD),
)  # fmt: skip
"""One row an account and horizon, the main one among them."""

REASONS: tuple[ScoreColumn, ...] = (
    ACCOUNT,
    ScoreColumn("as_of", "The instant looked from, UTC.", Kind.INSTANT, of_run=True),
    ScoreColumn("position", "Its place among the account's reasons, from 1, as in the scores' `reasons`.", Kind.WHOLE),
    _category("outcome", "What it speaks of.", values=OUTCOMES),
    _text("feature", "Name of the feature, see [the features](features.md)."),
    ScoreColumn("value", "The account's value of it, in the feature's unit; of a category without a name in the model "
                "its code; null where it has a name, and where the value is missing.", Kind.NUMBER, nullable=True),
    _text("value_text", "Name of the category, of a feature that is one.", nullable=True),
    ScoreColumn("peer", "Median of similar accounts, those on the same rung; null where it is not known, and of a "
                "category.", Kind.NUMBER, nullable=True),
    ScoreColumn("direction", "1 speaks for the outcome, -1 against it.", Kind.WHOLE),
    ScoreColumn("strength", "Log odds that the features of its topic add together; its sign is the direction.",
                Kind.NUMBER),
)  # fmt: skip
"""One row an account and reason, for programs: what the scores' `reasons` say in words."""

TABLES: Mapping[str, tuple[ScoreColumn, ...]] = {
    "scores": SCORES,
    "investment_scores": INVESTMENT_SCORES,
    "horizons": HORIZONS,
    "reasons": REASONS,
}
"""What a scoring run writes, by name."""
TABLE_NAMES = tuple(TABLES)


LISTS = tuple(column.name for column in SCORES if column.kind is Kind.LIST)
"""The columns of the scores that hold a list of names."""


def names(columns: tuple[ScoreColumn, ...]) -> tuple[str, ...]:
    """Return the columns' names, in their order."""
    return tuple(column.name for column in columns)


SCORE_COLUMNS, INVESTMENT_COLUMNS, HORIZON_COLUMNS, REASON_COLUMNS = map(names, TABLES.values())
