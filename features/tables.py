"""The seventeen tables that a source may hold: columns, types, time column, fields filled in later.

Everything that depends on the shape of a table reads it from here: the reader and its report of rows set aside, the
histories, the HTTP schema, the simulator's tests and the documentation.
"""

from features.schema import MONEY_LIMIT, Column, Kind, Missing, Table

RUNGS = ("suspect", "prospect", "shopper", "customer", "member", "advocate", "raving_fan")
RUNG_LABELS_NL = ("Suspect", "Prospect", "Shopper", "Klant", "Lid", "Pleitbezorger", "Enthousiaste fan")
BONDS = ("financial", "social", "structural")
TRIGGER_FAMILIES = ("situational", "reactional", "influential")
INSTRUMENT_SCALES = {"nps": (0, 10), "csat": (1, 5), "ces": (1, 7), "trust": (1, 5), "value": (1, 5)}
"""Lowest and highest answer of each survey instrument; value is value for money."""
INTERESTS = ("price", "quality", "service", "innovation", "risk")
ROLES = ("initiator", "user", "influencer", "decider", "buyer", "gatekeeper")
COLLABORATIONS = ("co_development", "joint_investment", "data_sharing")
NO_INVESTMENT = "none"
OF_THE_SUPPLIER = ("investment_options", "benefits")
"""Tables that tell of us, of no account: whoever works on part of the accounts needs the whole of them."""


ACCOUNT = Column("account_id", Kind.TEXT, "whose row this is", required=True)
RECORDED_AT = Column("recorded_at", Kind.TIME, "when we came to know the row; its own time if absent")


def _text(name: str, meaning: str, required: bool = False) -> Column:
    return Column(name, Kind.TEXT, meaning, required)


def _category(name: str, values: tuple[str, ...], meaning: str, required: bool = False) -> Column:
    return Column(name, Kind.CATEGORY, meaning, required, values)


def _event_time(name: str, meaning: str) -> Column:
    return Column(name, Kind.TIME, meaning, required=True, missing=Missing.BAD)


def _later(name: str, meaning: str) -> Column:
    return Column(name, Kind.TIME, meaning, known_from=name)


def _money(name: str, meaning: str, required: bool = False, low: float = -MONEY_LIMIT) -> Column:
    return Column(name, Kind.MONEY, meaning, required, low=low, high=MONEY_LIMIT)


def _number(name: str, low: float, high: float, meaning: str, required: bool = False) -> Column:
    return Column(name, Kind.NUMBER, meaning, required, low=low, high=high)


_CONTACT = _text("contact_id", "the person concerned")

TABLES: tuple[Table, ...] = (
    Table(
        "accounts",
        "the businesses that we sell to, or want to sell to",
        (
            ACCOUNT,
            _text("name", "what people call it; never used by a model"),
            _text("industry", "sector"),
            _text("country", "country"),
            _number("employees", 0, 1e8, "headcount, persons"),
            _text("segment", "our own commercial segment"),
            _text("owner", "account manager"),
            Column("created_at", Kind.TIME, "when we came to know it", missing=Missing.ALWAYS),
            _text("acquisition_channel", "how it came to us"),
            _money("acquisition_cost", "what winning it cost, money", low=0),
            _text("parent_account_id", "the account that it belongs to, of a group of companies"),
            RECORDED_AT,
        ),
        time="created_at",
        key="account_id",
    ),
    Table(
        "contacts",
        "the persons of an account: its decision-making unit",
        (
            _text("contact_id", "the person", required=True),
            ACCOUNT,
            _category("role", ROLES, "part played in the decision"),
            _category("interest", INTERESTS, "what this person cares about most"),
            Column("active_from", Kind.TIME, "first day at the account", missing=Missing.ALWAYS),
            _later("active_until", "last day at the account"),
            RECORDED_AT,
        ),
        time="active_from",
        key="contact_id",
    ),
    Table(
        "inquiries",
        "requests for an offer, and how they ended",
        (
            ACCOUNT,
            _event_time("inquired_at", "when they asked"),
            _text("inquiry_id", "key"),
            Column(
                "outcome",
                Kind.CATEGORY,
                "how it ended, known from closed_at",
                values=("open", "won", "lost"),
                known_from="closed_at",
            ),
            _later("closed_at", "when it ended"),
            _text("competitor", "who won it instead"),
            RECORDED_AT,
        ),
        time="inquired_at",
        key="inquiry_id",
    ),
    Table(
        "orders",
        "what they bought; negative revenue is a credit note",
        (
            ACCOUNT,
            _event_time("ordered_at", "when they ordered"),
            _money("revenue", "net revenue, money; negative = credit note", required=True),
            _text("order_id", "key"),
            _money("cost", "cost of goods, money"),
            _number("discount", 0, 1, "share of the list price, 0..1"),
            _text("product_line", "what kind of product"),
            _CONTACT,
            _text("currency", "of revenue and cost; more than one needs exchange rates"),
            RECORDED_AT,
        ),
        time="ordered_at",
        key="order_id",
    ),
    Table(
        "contracts",
        "agreements in force over a span of time",
        (
            ACCOUNT,
            _event_time("starts_on", "first day in force"),
            Column("ends_on", Kind.TIME, "first day no longer in force; empty = until cancelled"),
            _text("contract_id", "key"),
            _category("kind", ("subscription", "framework", "service", "membership"), "what is agreed"),
            _money("value", "agreed value over the whole term, money"),
            _later("cancelled_at", "when it was cancelled"),
            RECORDED_AT,
        ),
        time="starts_on",
        key="contract_id",
        may_precede=True,
    ),
    Table(
        "interactions",
        "visits, calls, messages: who spoke to whom",
        (
            ACCOUNT,
            _event_time("happened_at", "when"),
            _CONTACT,
            _category("channel", ("visit", "call", "email", "event", "portal"), "by what way"),
            _category("initiated_by", ("us", "them"), "who began"),
            _number("minutes", 0, 1e5, "how long, minutes"),
            _category("topic", INTERESTS, "what it was about most, as the interests of contacts"),
            RECORDED_AT,
        ),
        time="happened_at",
    ),
    Table(
        "tickets",
        "requests for service and complaints",
        (
            ACCOUNT,
            _event_time("opened_at", "when it was raised"),
            _text("ticket_id", "key"),
            _CONTACT,
            _later("first_response_at", "our first answer"),
            _later("resolved_at", "when it was solved"),
            _number("severity", 1, 4, "1 = critical .. 4 = small"),
            Column("sla_breached", Kind.FLAG, "whether the agreed service level was broken", known_from="resolved_at"),
            RECORDED_AT,
        ),
        time="opened_at",
        key="ticket_id",
    ),
    Table(
        "surveys",
        "answers to satisfaction questions",
        (
            ACCOUNT,
            _event_time("answered_at", "when"),
            _number("score", 0, 10, "nps 0..10, csat 1..5, ces 1..7, trust 1..5, value 1..5", required=True),
            _CONTACT,
            _category("instrument", tuple(INSTRUMENT_SCALES), "which question; nps if absent"),
            RECORDED_AT,
        ),
        time="answered_at",
    ),
    Table(
        "referrals",
        "recommendations that the account gave us",
        (
            ACCOUNT,
            _event_time("made_at", "when"),
            _category("kind", ("testimonial", "referral", "reference_call", "case_study"), "in what form"),
            _text("referred_account_id", "to whom"),
            _later("converted_at", "when the referred account first bought"),
            RECORDED_AT,
        ),
        time="made_at",
    ),
    Table(
        "triggers",
        "recorded reasons for an account to think of leaving (Roos 1999)",
        (
            ACCOUNT,
            _event_time("occurred_at", "when"),
            _category("kind", TRIGGER_FAMILIES, "a change on its side, a failure of ours, the market's pull", True),
            _text("detail", "in words; never used by a model"),
            RECORDED_AT,
        ),
        time="occurred_at",
    ),
    Table(
        "switches",
        "accounts that left us for a competitor",
        (
            ACCOUNT,
            _event_time("switched_at", "when"),
            _text("competitor", "for whom"),
            _category("trigger", TRIGGER_FAMILIES, "what set it in motion"),
            RECORDED_AT,
        ),
        time="switched_at",
    ),
    Table(
        "investments",
        "dated, costed acts meant to move an account up",
        (
            ACCOUNT,
            _event_time("made_at", "when"),
            _text("investment", "a name in investment_options, or none for a recorded control", required=True),
            _money("cost", "what it cost, money", low=0),
            _category("assignment", ("random", "chosen"), "how the account was picked"),
            _number("propensity", 0, 1, "probability of the row's own arm, known only when random"),
            RECORDED_AT,
        ),
        time="made_at",
    ),
    Table(
        "investment_options",
        "what can be done, and what it costs",
        (
            _text("investment", "name", required=True),
            _category("bond", BONDS, "what it ties with", required=True),
            _money("cost", "planned, per account, money", required=True, low=0),
            _money("customer_benefit", "planned, what it is worth to the customer, money"),
            _text("label_en", "what people call it, in English"),
            _text("label_nl", "what people call it, in Dutch"),
        ),
        key="investment",
    ),
    Table(
        "forecasts",
        "account managers' own estimates of what one rung more would bring",
        (
            ACCOUNT,
            _event_time("made_at", "when"),
            _money("extra_revenue", "extra revenue over horizon_days, one rung higher, money", required=True),
            _text("made_by", "account manager"),
            _number("horizon_days", 1, 3660, "span of the estimate, days; 180 if absent"),
            RECORDED_AT,
        ),
        time="made_at",
    ),
    Table(
        "benefits",
        "what we have to offer, and to whom it matters",
        (
            _text("benefit", "name", required=True),
            _category("interest", INTERESTS, "the interest that it speaks to", True),
            _text("investment", "the option of investment_options that gives it, if any"),
            _category("role", ROLES, "for whom it is meant; empty = whoever has the interest"),
            _text("text_en", "what to say, in English"),
            _text("text_nl", "what to say, in Dutch"),
        ),
        key="benefit",
    ),
    Table(
        "assessments",
        "account managers' own view of where an account stands on the ladder",
        (
            ACCOUNT,
            _event_time("assessed_at", "when"),
            _category("rung", RUNGS, "where it stands, in the manager's view", True),
            _text("made_by", "account manager"),
            _text("note", "in words; never used by a model"),
            RECORDED_AT,
        ),
        time="assessed_at",
    ),
    Table(
        "collaborations",
        "what the account does together with us beyond buying",
        (
            ACCOUNT,
            _event_time("happened_at", "when"),
            _category("kind", COLLABORATIONS, "a product developed, money put in, data shared, together", True),
            RECORDED_AT,
        ),
        time="happened_at",
    ),
)

TABLE: dict[str, Table] = {table.name: table for table in TABLES}

REFERENCE_TABLES: tuple[Table, ...] = (
    Table(
        "exchange_rates",
        "what the currencies of orders are worth in the one of `[source] currency`",
        (
            _text("currency", "code, as in orders", required=True),
            _number("rate", 1e-9, 1e9, "what one unit of it is worth", required=True),
            Column("valid_from", Kind.TIME, "first day of the rate", missing=Missing.ALWAYS),
        ),
    ),
)
"""Tables that tell how to read the others: nothing is learnt from them by themselves."""
KNOWN_TABLES: dict[str, Table] = {**TABLE, **{table.name: table for table in REFERENCE_TABLES}}
