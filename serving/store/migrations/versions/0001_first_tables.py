"""The tables as they were before there were migrations.

A store of that time has no number, and only those tables that the programs which opened it knew: the others are made.
"""

import sqlalchemy as sa
from alembic import op

from features.errors import StoreError

revision = "0001"
down_revision = None

TABLES = sa.MetaData()


def _text(name: str, null: bool = True) -> "sa.Column[str]":
    return sa.Column(name, sa.Text, nullable=null)


def _doubles(names: str) -> list["sa.Column[float]"]:
    return [sa.Column(name, sa.Double) for name in names.split()]


def _texts(names: str) -> list["sa.Column[str]"]:
    return [_text(name) for name in names.split()]


def _number(name: str) -> "sa.Column[int]":
    return sa.Column(name, sa.Integer, primary_key=True, autoincrement=False)


_RUNGS = "p_suspect p_prospect p_shopper p_customer p_member p_advocate p_raving_fan"

LAYOUT = sa.Table("ladder_store", TABLES, _number("version"))
sa.Table(
    "runs", TABLES,
    sa.Column("run_id", sa.Integer, primary_key=True),
    sa.Column("as_of", sa.DateTime, nullable=False),
    sa.Column("horizon_days", sa.Integer, nullable=False),
    _text("model_version", null=False),
    sa.Column("trained_until", sa.DateTime),
    *_doubles("claim_ratio"),
    _text("options", null=False),
    sa.Column("written_at", sa.DateTime, nullable=False),
    sa.Column("accounts", sa.Integer, nullable=False),
    sa.Column("changed", sa.Integer, nullable=False),
    sa.Column("removed", sa.Integer, nullable=False),
)  # fmt: skip
sa.Table(
    "scores", TABLES,
    sa.Column("account_id", sa.Text, primary_key=True),
    _text("rung"),
    *_doubles(_RUNGS),
    *_texts("next_rung rung_low rung_high"),
    *_doubles("p_upgrade p_downgrade p_switch"),
    _text("switch_trigger"),
    *_doubles("trigger_situational trigger_reactional trigger_influential expected_revenue expected_revenue_low"),
    *_doubles("expected_revenue_high value_at_risk service_load"),
    _text("customer_type"),
    *_doubles("upgrade_uplift upgrade_uplift_low upgrade_uplift_high"),
    _text("upgrade_basis"),
    *_doubles("upgrade_value_gap manager_forecast"),
    _text("forecast_by"),
    *_doubles("history_estimate upgrade_expectation forecast_disagreement"),
    _text("recommended_investment"),
    *_doubles("expected_gain roi"),
    sa.Column("rank", sa.Integer),
    _text("reasons"),
    sa.Column("digest", sa.BigInteger, nullable=False),
    sa.Column("changed_run", sa.Integer, nullable=False),
    sa.Index("scores_rank", "rank"),
    sa.Index("scores_rung", "rung"),
    sa.Index("scores_p_switch", "p_switch"),
    sa.Index("scores_gain", "expected_gain", "account_id", "recommended_investment", "roi"),
    sa.Index("scores_advice", "recommended_investment", "account_id"),
)  # fmt: skip
sa.Table(
    "investment_scores", TABLES,
    sa.Column("account_id", sa.Text, primary_key=True),
    sa.Column("investment", sa.Text, primary_key=True),
    _text("bond"),
    *_doubles("cost uplift uplift_low uplift_high gain gain_low gain_high roi p_upgrade_change p_switch_change"),
    *_doubles("serving_cost_change"),
    _text("basis"),
)  # fmt: skip
sa.Table(
    "horizons", TABLES,
    sa.Column("account_id", sa.Text, primary_key=True),
    _number("horizon_days"),
    *_doubles(_RUNGS),
    _text("next_rung"),
    *_doubles("p_upgrade p_downgrade p_switch expected_revenue"),
)  # fmt: skip
sa.Table(
    "accounts", TABLES,
    sa.Column("account_id", sa.Text, primary_key=True),
    *_texts("name owner industry country segment"),
    *_doubles("employees"),
    sa.Column("digest", sa.BigInteger, nullable=False),
    *(sa.Index(f"accounts_{name}", name) for name in ("name", "owner", "country", "industry")),
)  # fmt: skip
sa.Table(
    "previous", TABLES,
    sa.Column("account_id", sa.Text, primary_key=True),
    sa.Column("run_id", sa.Integer, nullable=False),
    _text("rung"),
    *_doubles("p_switch expected_revenue expected_gain"),
    *_texts("recommended_investment reasons"),
)  # fmt: skip
sa.Table(
    "timelines", TABLES,
    sa.Column("account_id", sa.Text, primary_key=True),
    sa.Column("content", sa.LargeBinary, nullable=False),
    sa.Column("digest", sa.BigInteger, nullable=False),
)  # fmt: skip
sa.Table(
    "standings", TABLES,
    sa.Column("account_id", sa.Text, primary_key=True),
    _text("rung_a_year_ago"),
    sa.Column("contract_ends", sa.Integer),
    sa.Column("days_to_contract_end", sa.Integer, index=True),
    sa.Column("still_days", sa.Integer, nullable=False),
    sa.Column("revenue_365d", sa.Double, nullable=False),
    sa.Column("revenue_before", sa.Double, nullable=False),
    sa.Column("margin_365d", sa.Double, nullable=False),
    _text("similar", null=False),
)  # fmt: skip
sa.Table("summaries", TABLES, _number("run_id"), _text("content", null=False))
sa.Table(
    "feedback", TABLES,
    _number("seq"),
    sa.Column("event_id", sa.Text, nullable=False, unique=True),
    _text("kind", null=False),
    _text("account_id", null=False),
    _text("content", null=False),
    sa.Column("received_at", sa.DateTime, nullable=False),
)  # fmt: skip
sa.Table(
    "overrides", TABLES,
    _number("seq"),
    sa.Column("field", sa.Text, primary_key=True),
    sa.Column("account_id", sa.Text, nullable=False, index=True),
    _text("value", null=False),
    _text("reason", null=False),
    _text("made_by"),
    sa.Column("made_at", sa.DateTime, nullable=False),
    sa.Column("until", sa.DateTime, nullable=False),
    sa.Column("run_id", sa.Integer),
    _text("model_version"),
    *_doubles("p_switch"),
    _text("recommended_investment"),
)  # fmt: skip
sa.Table(
    "verdicts", TABLES,
    sa.Column("kind", sa.String(12), primary_key=True),
    sa.Column("name", sa.String(200), primary_key=True),
    sa.Column("judged_as_of", sa.DateTime, nullable=False),
    _text("content", null=False),
)  # fmt: skip
sa.Table(
    "plans", TABLES,
    sa.Column("plan_id", sa.String(12), primary_key=True),
    sa.Column("accepted_at", sa.DateTime, nullable=False),
    _text("accepted_by", null=False),
    _text("record", null=False),
)  # fmt: skip
sa.Table(
    "plan_rows", TABLES,
    sa.Column("plan_id", sa.String(12), primary_key=True),
    _number("position"),
    *_texts("account_id owner investment"),
    *_doubles("cost expected_gain gain_low gain_high roi"),
    _text("arm"),
    *_doubles("propensity"),
    sa.Index("plan_rows_account", "account_id"),
)  # fmt: skip
sa.Table(
    "keys", TABLES,
    sa.Column("id", sa.String(8), primary_key=True),
    sa.Column("name", sa.String(100), nullable=False),
    sa.Column("scopes", sa.String(100), nullable=False),
    sa.Column("digest", sa.String(64), nullable=False),
    sa.Column("created_at", sa.String(32), nullable=False),
    sa.Column("revoked_at", sa.String(32)),
)  # fmt: skip
sa.Table(
    "page_secrets", TABLES,
    _number("id"),
    sa.Column("secret", sa.String(64), nullable=False),
)  # fmt: skip
sa.Table(
    "page_changes", TABLES,
    _number("seq"),
    sa.Column("at", sa.DateTime, nullable=False),
    _text("who", null=False),
    sa.Column("key_id", sa.String(8)),
    sa.Column("what", sa.String(40), nullable=False),
    _text("about", null=False),
    _text("detail", null=False),
)  # fmt: skip


def upgrade() -> None:
    """Make the tables that are not there.

    Raises
    ------
    StoreError
        If one that is there lacks a column: it is of a program older than any that was given away.
    """
    connection = op.get_bind()
    schema = None if connection.dialect.name == "sqlite" else connection.execute(sa.func.current_schema()).scalar()
    inspector = sa.inspect(connection)
    for name in sorted(TABLES.tables.keys() & set(inspector.get_table_names(schema))):
        there = {column["name"] for column in inspector.get_columns(name, schema)}
        lacking = [column.name for column in TABLES.tables[name].columns if column.name not in there]
        if lacking:
            raise StoreError(
                f"The store cannot be upgraded: its table {name} lacks the column {lacking[0]}. Make a new one with "
                "`ladder score --to URL`."
            )
    TABLES.create_all(connection)
    if connection.execute(sa.select(LAYOUT)).first() is None:
        connection.execute(LAYOUT.insert().values(version=1))
