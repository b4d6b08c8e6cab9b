"""Requests and answers over HTTP that concern the store: lookups, plans, feedback."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from serving.api.schemas import Documented, Finding, Result, Rung

MOST_LOOKUPS = 1_000
MOST_EVENTS = 1_000
MOST_CHANGES, USUAL_CHANGES = 1_000, 200


class LookupRequest(BaseModel):
    """Accounts whose last batch scores are wanted."""

    model_config = ConfigDict(extra="forbid", strict=True)

    account_ids: list[Any] = Field(description=f"At most {MOST_LOOKUPS:,}, texts or whole numbers.")
    language: Literal["en", "nl"] = Field("en", description="Of the reasons: English or Dutch.")
    horizons: bool = Field(False, description="Also what is expected at the model's other horizons.")


class LookupModel(Documented):
    """Which model made the batch scores."""

    name: str = Field(description="Always loyalty-ladder.")
    version: str = Field(description="Of the model that scored, which may be older than the one that serves /score.")
    trained_until: str | None = Field(
        description="Nothing that happened later was learnt from; UTC; null where the scores were read from a folder "
        "and their model is not at hand."
    )
    horizon_days: int = Field(description="Span that the predictions are about, days from as_of.")


class InvestmentDecision(Documented):
    """What a manager wants to be done instead of what the model recommends."""

    value: str = Field(description="Name of the option, or none.")
    reason: str = Field(description="In words.")
    made_by: str | None = Field(description="Who decided.")
    made_at: str = Field(description="When, UTC.")
    until: str = Field(description="It stands until then, UTC.")


class SwitchDecision(Documented):
    """What a manager says of switching."""

    value: bool = Field(description="true = it will switch before `until`.")
    reason: str = Field(description="In words.")
    made_by: str | None = Field(description="Who said so.")
    made_at: str = Field(description="When, UTC.")
    until: str = Field(description="It stands until then, UTC.")


class Override(Documented):
    """The managers' decisions that stand about an account; the scores beside them stay the model's own."""

    recommended_investment: InvestmentDecision | None = Field(description="null where nobody decided.")
    will_switch: SwitchDecision | None = Field(description="null where nobody decided.")


class LookupResult(Result):
    """One account, in the order asked, as the last batch run scored it."""

    override: Override | None = Field(description="null where no manager's decision stands.")


class LookupAnswer(Documented):
    """The model that scored, and a result for every account."""

    model: LookupModel
    results: list[LookupResult]


class Gone(Documented):
    """An account whose scores are there no more."""

    account_id: str
    gone_at: str = Field(description="When the first run without it was written, UTC.")


class ChangesAnswer(Documented):
    """A page of what changed, oldest change first."""

    model: LookupModel
    changed: list[LookupResult] = Field(description="Accounts whose scores changed, as /lookup tells them.")
    gone: list[Gone] = Field(description="Accounts that are no more.")
    next_cursor: str = Field(description="`since` of the next page, or of the next time.")
    more: bool = Field(description="Whether the next page has anything already.")


Share = Annotated[float, Field(ge=0, le=0.5)]


class BondBudgets(BaseModel):
    """Money for all options of a bond; null = no limit beyond the budget."""

    model_config = ConfigDict(extra="forbid", strict=True)

    financial: float | None = Field(None, ge=0, le=1e15, description="Discounts, rewards, guarantees, money.")
    social: float | None = Field(None, ge=0, le=1e15, description="Attention, people, recognition, money.")
    structural: float | None = Field(None, ge=0, le=1e15, description="Integration, made to measure, contract, money.")


class PlanRequest(BaseModel):
    """What may be spent, and on whom."""

    model_config = ConfigDict(extra="forbid", strict=True)

    budget: float = Field(ge=0, le=1e15, description="Money for investments; never exceeded by those treated.")
    owner: str | None = Field(None, description="Only this account manager's accounts; null = all.")
    rungs: list[Rung] | None = Field(None, description="Only accounts that stand on these rungs; null = all.")
    investments: list[str] | None = Field(None, description="Only these options; null = all.")
    owner_budget: float | None = Field(
        None, ge=0, le=1e15, description="Money for the accounts of each account manager; null = no such limit."
    )
    group_budget: float | None = Field(
        None, ge=0, le=1e15,
        description="Money for each group of companies (`accounts.parent_account_id`); null = no such limit.",
    )  # fmt: skip
    bond_budgets: BondBudgets | None = Field(None, description="Money for each kind of bond; null = no such limit.")
    holdout: Share = Field(0.1, description="Share of the selected, held out by lot, 0..0.5.")
    explore: Share = Field(0.0, description="Share of the selected, given another option that pays by lot, 0..0.5.")
    on: Literal["expected", "low"] = Field(
        "expected", description="Weigh the expected gain, or its interval's low end."
    )
    seed: int = Field(0, ge=-(2**53), le=2**53, description="Of the lots: the same seed draws the same accounts.")


class PlanRow(Documented):
    """An account on the plan."""

    account_id: str
    owner: str | None = Field(description="Account manager; null where unknown.")
    investment: str = Field(description="What to do; for a held-out account, what is not done.")
    cost: float = Field(description="Planned, money.")
    expected_gain: float = Field(description="Uplift x margin - cost, money.")
    gain_low: float | None = Field(description="Lower end of its interval (`uplift.level`, 90 % unless set), money.")
    gain_high: float | None = Field(description="Upper end of its interval (`uplift.level`, 90 % unless set), money.")
    roi: float | None = Field(description="Gain / cost; higher = more for the money; null where it costs nothing.")
    arm: Literal["treat", "holdout"] = Field(description="treat: do it. holdout: do not, so that the plan is measured.")
    propensity: float = Field(
        description="Chance of the row's own arm, 0..1, among the accounts of this plan; it says nothing of others."
    )
    advice: str | None = Field(
        description="The account's advice, as in its scores: `invest`, or `test`, which the lot gives to a part only; "
        "null where the scores have none."
    )
    instead_of: str | None = Field(description="The recommended option, where another is planned.")
    why: str | None = Field(
        description="Why another: `budget`, `limits` (beside it), `low_end` (of the interval), `narrowed` (by the "
        "request or a manager's decision), `by_lot` (to keep learning)."
    )


class NotTheBest(Documented):
    """Accounts with another option than the recommended one, by why."""

    by_lot: int = Field(description="Accounts: by lot, to keep learning.")
    narrowed: int = Field(description="Accounts: the request or a manager's decision leaves no other.")
    low_end: int = Field(description="Accounts: the low end of its interval is worth more.")
    limits: int = Field(description="Accounts: a limit beside the budget does not allow the recommended one.")
    budget: int = Field(description="Accounts: the budget earns more with a cheaper one there.")


class PlanTotals(Documented):
    """The plan as a whole; money is that of the treated."""

    plan_id: str = Field(
        description="Of this plan: the same scores, decisions and request give the same, anything else another."
    )
    as_of: str = Field(description="Of the scores, UTC.")
    model_version: str
    horizon_days: int = Field(description="Within which the gain is expected, days.")
    budget: float = Field(description="As asked, money.")
    spent: float = Field(description="Cost of the treated, money.")
    treated: int = Field(description="Accounts.")
    held_out: int = Field(description="Accounts.")
    held_out_cost: float = Field(description="What the held-out would have cost, money.")
    expected_gain: float = Field(description="Money.")
    gain_low: float | None = Field(description="If all errors point the same way, money.")
    gain_high: float | None = Field(description="If all errors point the same way, money.")
    roi: float | None = Field(description="Gain / cost; null where nothing is spent.")
    claim_ratio: float | None = Field(
        description="What a promised unit of gain was worth on accounts that had no part in the estimates; null where "
        "nobody knows."
    )
    claimed_gain: float = Field(
        description="What to promise others, money: the expected gain, or that times the ratio where it is less; never "
        "less than nothing."
    )
    claimed_low: float | None = Field(
        description="The expected gain times the lower end of the ratio's interval, money: while it is not above zero, "
        "the gain is not proven; null where nobody knows."
    )
    claimed_high: float | None = Field(description="The same at the upper end, money.")
    tested: int = Field(description="Accounts on the plan with the advice `test`, those held out among them.")
    not_the_best: NotTheBest
    gap: float = Field(description="How far the best possible plan can be ahead of this one, share of its gain, 0..1.")
    overridden: int = Field(description="Accounts whose options a manager's decision narrowed.")


class PlanAnswer(Documented):
    """The rows, treated first and best return first, and their sums."""

    plan: list[PlanRow]
    totals: PlanTotals


class FeedbackRequest(BaseModel):
    """What happened, from the CRM."""

    model_config = ConfigDict(extra="forbid", strict=True)

    events: list[Any] = Field(description=f"At most {MOST_EVENTS:,}; one bad event never loses the others.")


class FeedbackResult(Documented):
    """What became of an event, in the order given."""

    event_id: str | None = Field(description="As sent, else made from the content; null where it could not be read.")
    status: Literal["stored", "kept_aside", "already_there", "error"] = Field(
        description="stored: on the disk. kept_aside: on the disk too, but of an account or an option that nobody "
        "knows, so that it does not count yet. already_there: it was before. error: not kept; mend it, send it again."
    )
    errors: list[Finding] = Field(description="Why it was not kept; empty otherwise.")
    warnings: list[Finding] = Field(description="Why it is kept aside; empty otherwise.")


class FeedbackAnswer(Documented):
    """What became of every event."""

    stored: int = Field(description="Events that are new.")
    kept_aside: int = Field(description="Events that are new and do not count yet.")
    already_there: int = Field(description="Events that were stored before.")
    failed: int = Field(description="Events that were not kept.")
    results: list[FeedbackResult]
