"""The columns of the exports for CRMs: one row a field, one column a CRM."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from serving.scoring.score_columns import SCORES, Kind, ScoreColumn, Unit


class Form(Enum):
    """What a field holds."""

    KEY = "external id"
    TEXT = "text"
    LONG = "long text"
    CHOICE = "choice"
    DATE = "date"
    MONEY = "money"
    SHARE = "percentage"
    NUMBER = "number"
    WHOLE = "whole number"
    FLAG = "yes or no"


@dataclass(frozen=True)
class Field:
    """A column of the scores as a CRM has it.  choices : the values of a choice, which the CRM must know."""

    name: str
    form: Form
    meaning: str
    choices: tuple[str, ...] = ()


def _form(column: ScoreColumn) -> Form:
    """Return what a CRM's field must hold to take a column of the scores."""
    by_kind = {
        Kind.TEXT: Form.TEXT,
        Kind.CATEGORY: Form.CHOICE,
        Kind.WHOLE: Form.WHOLE,
        Kind.INSTANT: Form.DATE,
        Kind.DATE: Form.DATE,
        Kind.FLAG: Form.FLAG,
        Kind.REASONS: Form.LONG,
        Kind.LIST: Form.TEXT,
    }
    by_unit = {Unit.CHANCE: Form.SHARE, Unit.SHARE: Form.SHARE, Unit.MONEY: Form.MONEY}
    return by_kind.get(column.kind) or by_unit.get(column.unit, Form.NUMBER)


def _field(name: str) -> Field:
    column = next(column for column in SCORES if column.name == name)
    return Field(name, _form(column), column.meaning.rstrip("."), column.values)


FIELDS = (
    Field("account_id", Form.KEY, "The account's id in your source; a repeated import finds the record by it"),
    *map(_field, "as_of rung next_rung p_upgrade p_downgrade".split()),
    Field("can_switch", Form.FLAG, "Whether it can leave us at all: a shopper or above that has not left"),
    *map(
        _field,
        "p_switch switch_trigger expected_revenue p_no_order revenue_if_order_low revenue_if_order_high next_order_on "
        "next_order_from next_order_until overdue_days p_renew value_at_risk customer_type advice "
        "former p_win_back lifetime_value playbook act_by "
        "recommended_investment expected_gain roi rank reasons model_version".split(),
    ),
)
"""The columns of the scores that a CRM gets, and whether the account can leave at all."""


@dataclass(frozen=True)
class Crm:
    """How a CRM's importer wants its files.

    percent : what 12.5 % is, 12.5 or 0.125.  decimals : of a percentage.  yes, no : of a checkbox.
    most_rows, most_bytes : of one file; more are split.  types : the CRM's own word for each form.
    """

    name: str
    label: str
    percent: float
    decimals: int
    yes: str
    no: str
    most_rows: int
    most_bytes: int
    types: Mapping[Form, str]

    def field_name(self, field: Field) -> str:
        """Return the field's name in the CRM, which is the column's heading."""
        if self.name == "salesforce":
            words = "_".join(word.capitalize() for word in field.name.split("_"))
            return f"Loyalty_{words}__c"
        return f"ladder_{field.name}" if self.name == "hubspot" else f"new_ladder_{field.name}"


CRMS = {
    crm.name: crm
    for crm in (
        Crm("salesforce", "Salesforce", 100, 2, "1", "0", 50_000, 90_000_000, {
            Form.KEY: "Text(255), External ID, Unique", Form.TEXT: "Text(255)", Form.LONG: "Long Text Area(32768)",
            Form.CHOICE: "Picklist", Form.DATE: "Date", Form.MONEY: "Currency(16, 2)", Form.SHARE: "Percent(5, 2)",
            Form.NUMBER: "Number(12, 4)", Form.WHOLE: "Number(9, 0)", Form.FLAG: "Checkbox",
        }),
        Crm("dynamics", "Dynamics 365", 100, 2, "Yes", "No", 50_000, 7_500_000, {
            Form.KEY: "Single line of text(256), alternate key", Form.TEXT: "Single line of text(256)",
            Form.LONG: "Multiple lines of text(10000)", Form.CHOICE: "Choice", Form.DATE: "Date only",
            Form.MONEY: "Currency, 2 decimals", Form.SHARE: "Decimal, 2 decimals", Form.NUMBER: "Decimal, 4 decimals",
            Form.WHOLE: "Whole number", Form.FLAG: "Yes/no",
        }),
        Crm("hubspot", "HubSpot", 1, 4, "true", "false", 1_000_000, 19_000_000, {
            Form.KEY: "Single-line text, unique values", Form.TEXT: "Single-line text", Form.LONG: "Multi-line text",
            Form.CHOICE: "Dropdown select", Form.DATE: "Date picker", Form.MONEY: "Number, currency",
            Form.SHARE: "Number, percentage", Form.NUMBER: "Number", Form.WHOLE: "Number", Form.FLAG: "Single checkbox",
        }),
    )
}  # fmt: skip


def table_of_columns() -> str:
    """Return the table of columns in docs/crm.md, as Markdown."""
    lines = ["| score | holds | Salesforce | Dynamics 365 | HubSpot |", "| --- | --- | --- | --- | --- |"]
    for field in FIELDS:
        choices = f": {', '.join(f'`{choice}`' for choice in field.choices)}" if field.choices else ""
        cells = [f"`{crm.field_name(field)}`<br>{crm.types[field.form]}" for crm in CRMS.values()]
        lines.append(f"| `{field.name}` | {field.meaning}{choices} | {' | '.join(cells)} |")
    return "\n".join(lines)
