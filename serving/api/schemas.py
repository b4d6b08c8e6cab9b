"""What comes in and goes out over HTTP, as pydantic models: the request is checked by them, the answer documented.

An account's rows are not checked here: that is the cleaning's work, the same for HTTP as for a batch.
"""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

MOST_ACCOUNTS = 200

Rung = Literal["suspect", "prospect", "shopper", "customer", "member", "advocate", "raving_fan"]
Trigger = Literal["situational", "reactional", "influential"]
CustomerType = Literal["commodity_buyer", "underperformer", "partner", "most_valuable"]


class ScoreRequest(BaseModel):
    """Accounts to score, each with its own rows."""

    model_config = ConfigDict(extra="forbid", strict=True)

    as_of: str | None = Field(
        None,
        description="The instant to look from, ISO 8601, UTC where no zone is given; a date is its midnight. What was "
        "recorded at or after it is not used. Default: the midnight after the last event of the request.",
    )
    explain: bool = Field(True, description="Also write the reasons, which takes longer.")
    language: Literal["en", "nl"] = Field("en", description="Of the reasons: English or Dutch.")
    horizons: bool = Field(False, description="Also predict as far ahead as the model's other horizons look.")
    accounts: list[Any] = Field(description=f"At most {MOST_ACCOUNTS}; one bad account never fails the others.")


class Documented(BaseModel):
    """Every field of an answer is always there; what is not known is null."""

    model_config = ConfigDict(json_schema_serialization_defaults_required=True)


class Model(Documented):
    """Which model answers."""

    name: str = Field(description="Always loyalty-ladder.")
    version: str = Field(description="Twelve hexadecimal digits that change with any byte of the model.")
    trained_until: str = Field(description="Nothing that happened later was learnt from; UTC.")
    horizon_days: int = Field(description="Span that the predictions are about, days from as_of.")


class Version(Model):
    """Which model and which program answer."""

    catalog: str = Field(description="Fingerprint of the features.")
    tables: list[str] = Field(description="The tables that the model learnt from.")
    refused: bool = Field(description="Whether a newer champion is there that cannot be used; the log says why.")
    program: str = Field(description="Version of the program.")


class Reloaded(Documented):
    """What answers after another champion was looked for."""

    version: str | None = Field(description="Of the model that answers in this process; null where none is loaded.")
    refused: str | None = Field(description="Why what is there cannot be used; null where all is well.")
    swapped: bool = Field(description="Whether it is another model than before.")


class Finding(Documented):
    """Something to know about an account's data."""

    code: str = Field(description="A fixed word, for programs.")
    field: str | None = Field(description="Where within the account, as orders[3].revenue; null = the whole of it.")
    message: str = Field(description="In words, for people.")


class Scores(Documented):
    """What is expected of one account over the horizon. Chances lie in 0..1, money is in the source's currency."""

    account_id: str
    as_of: str = Field(description="The instant looked from, UTC; a date is its midnight.")
    horizon_days: int = Field(description="Days.")
    model_version: str
    rung: Rung = Field(description="Where it stands now.")
    p_suspect: float = Field(description="Chance of being a suspect at as_of + horizon; the seven sum to 1.")
    p_prospect: float = Field(description="Chance of being a prospect then.")
    p_shopper: float = Field(description="Chance of being a shopper then.")
    p_customer: float = Field(description="Chance of being a customer then.")
    p_member: float = Field(description="Chance of being a member then.")
    p_advocate: float = Field(description="Chance of being an advocate then.")
    p_raving_fan: float = Field(description="Chance of being a raving fan then.")
    next_rung: Rung = Field(description="The most probable rung then.")
    rung_low: Rung = Field(
        description="Lowest rung of the set, rung_low up to rung_high without gaps, that holds the realised rung of "
        "nine accounts in ten, unless the model was trained for another share."
    )
    rung_high: Rung = Field(description="Highest rung of that set.")
    p_upgrade: float = Field(description="Chance of standing above today's rung then.")
    p_downgrade: float = Field(description="Chance of standing below today's rung then.")
    p_switch: float | None = Field(description="Chance of switching within the horizon; null where it cannot switch.")
    switch_trigger: Trigger | None = Field(description="The main trigger; null with p_switch.")
    trigger_situational: float | None = Field(description="Share of what changed at the customer; the three sum to 1.")
    trigger_reactional: float | None = Field(description="Share of what we failed.")
    trigger_influential: float | None = Field(description="Share of what the market pulls.")
    expected_revenue: float = Field(description="Revenue expected over the horizon without any investment, money.")
    expected_revenue_low: float = Field(
        description="Lower end of the interval that holds the realised revenue of nine accounts in ten, unless the "
        "model was trained for another share, money."
    )
    expected_revenue_high: float = Field(description="Upper end of it, money.")
    value_at_risk: float | None = Field(
        description="Gross margin at stake: p_switch x expected_revenue x the account's margin rate, money; null with "
        "p_switch."
    )
    service_load: float | None = Field(
        description="Contacts and tickets of the last 365 days per thousand of revenue: higher = dearer to serve; null "
        "without revenue."
    )
    customer_type: CustomerType | None = Field(
        description="Loyalty against what serving takes: partner (loyal, dear), most_valuable (loyal, cheap), "
        "underperformer (not loyal, dear), commodity_buyer (not loyal, cheap)."
    )
    upgrade_uplift: float | None = Field(description="Causal extra revenue over the horizon of one rung more, money.")
    upgrade_uplift_low: float | None = Field(description="Lower end of its 90 % interval, money.")
    upgrade_uplift_high: float | None = Field(description="Upper end of its 90 % interval, money.")
    upgrade_basis: Literal["adjusted", "discontinuity", "insufficient"] | None = Field(
        description="What the uplift rests on; null on the top rung."
    )
    upgrade_value_gap: float | None = Field(
        description="How much more comparable accounts one rung higher bring over the horizon, money. NOT causal."
    )
    manager_forecast: float | None = Field(
        description="The account manager's estimate, calibrated on that manager's record, money."
    )
    forecast_by: str | None = Field(description="Who made that estimate; null where none, or nobody is named.")
    history_estimate: float | None = Field(
        description="History's own estimate beside it: the value gap times what a unit of it has been worth where "
        "accounts climbed, money; null where there is no estimate to stand beside. NOT causal."
    )
    upgrade_expectation: float | None = Field(
        description="The two blended, the manager's followed only as far as managers have been right, money over the "
        "horizon. It is about accounts that climb: NOT causal."
    )
    forecast_disagreement: float | None = Field(
        description="The manager's estimate less history's, in standard errors of what the two usually miss by; above "
        "0 = the manager expects more. null where too few forecasts are resolved."
    )
    recommended_investment: str | None = Field(description="The option with the highest expected net gain, or none.")
    expected_gain: float | None = Field(description="Of that option: uplift x margin - cost, money.")
    roi: float | None = Field(description="Of that option: gain / cost.")
    rank: int | None = Field(
        description="1 = do this first, among the accounts of this request, or of the batch run where they are looked "
        "up; null where no option pays."
    )
    reasons: list[str] = Field(
        description="The strongest reasons for and against in words: what nobody can change, then what can be acted "
        "on, each strongest first; empty without explain."
    )


class InvestmentScores(Documented):
    """What one option is expected to do for one account."""

    account_id: str
    as_of: str = Field(description="The instant looked from, UTC.")
    investment: str = Field(description="Name of the option.")
    bond: Literal["financial", "social", "structural"] | None = Field(description="What it ties with.")
    cost: float = Field(description="Planned, with the option's share of the expected revenue where it has one, money.")
    uplift: float | None = Field(description="Causal extra revenue over the horizon, money.")
    uplift_low: float | None = Field(description="Lower end of its 90 % interval, money.")
    uplift_high: float | None = Field(description="Upper end of its 90 % interval, money.")
    gain: float | None = Field(description="uplift x margin - cost - serving_cost_change, money.")
    gain_low: float | None = Field(description="The same at the lower end of the uplift's interval, money.")
    gain_high: float | None = Field(description="The same at its upper end, money.")
    roi: float | None = Field(description="gain / cost.")
    p_upgrade_change: float | None = Field(description="Change in the chance of climbing, -1..1.")
    p_switch_change: float | None = Field(description="Change in the chance of switching, -1..1.")
    serving_cost_change: float | None = Field(
        description="Change in what serving the account costs over the horizon, money; null where serving has no price."
    )
    basis: Literal["randomised", "adjusted", "insufficient"] = Field(
        description="What it rests on; with insufficient the uplift is null and the option is never recommended."
    )


class HorizonScores(Documented):
    """What is expected of one account over one horizon; the main one's figures are those of the scores."""

    account_id: str
    as_of: str = Field(description="The instant looked from, UTC.")
    horizon_days: int = Field(description="How far this looks ahead, days.")
    model_version: str
    p_suspect: float = Field(description="Chance of being a suspect at as_of + horizon; the seven sum to 1.")
    p_prospect: float = Field(description="Chance of being a prospect then.")
    p_shopper: float = Field(description="Chance of being a shopper then.")
    p_customer: float = Field(description="Chance of being a customer then.")
    p_member: float = Field(description="Chance of being a member then.")
    p_advocate: float = Field(description="Chance of being an advocate then.")
    p_raving_fan: float = Field(description="Chance of being a raving fan then.")
    next_rung: Rung = Field(description="The most probable rung then.")
    p_upgrade: float = Field(description="Chance of standing above today's rung then.")
    p_downgrade: float = Field(description="Chance of standing below today's rung then.")
    p_switch: float | None = Field(
        description="Chance of switching within this horizon; never falls with the horizon where switching is "
        "recorded, never rises where it is silence; null where the account cannot switch, or too few did so far ahead."
    )
    expected_revenue: float = Field(
        description="Revenue expected over this horizon without any investment, money; never falls with the horizon."
    )


class Result(Documented):
    """One account, in the order asked."""

    account_id: str | None = Field(description="As text; null where it could not be read.")
    status: Literal["ok", "warning", "error"] = Field(
        description="error: not scored. warning: scored, without something that was sent. Warnings with the codes "
        "table_missing, unused_table and note cost nothing and leave the status ok."
    )
    errors: list[Finding]
    warnings: list[Finding]
    scores: Scores | None = Field(description="null where the status is error.")
    investments: list[InvestmentScores] = Field(description="One for every option of the model.")
    horizons: list[HorizonScores] = Field(
        description="One for every horizon of the model, the nearest first; empty unless asked for."
    )


class ScoreAnswer(Documented):
    """The model that answered, and a result for every account."""

    model: Model
    results: list[Result]


class Problem(Documented):
    """Why a request was not answered."""

    code: str = Field(description="A fixed word, for programs.")
    message: str = Field(description="What is wrong and what to do.")
    field: str = Field("", description="Where in the body; left out where it is none.")


class ErrorAnswer(Documented):
    """The one shape of every error."""

    error: Problem
