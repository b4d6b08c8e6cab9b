"""The table of columns that the exports for CRMs have: one row a field, one column a CRM."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from features.tables import RUNGS, TRIGGER_FAMILIES


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


FIELDS = (
    Field("account_id", Form.KEY, "the account's id in your source; a repeated import finds the record by it"),
    Field("as_of", Form.DATE, "the day from which the scores look ahead"),
    Field("rung", Form.CHOICE, "where it stands on the ladder now", RUNGS),
    Field("next_rung", Form.CHOICE, "where it most probably stands at the horizon", RUNGS),
    Field("p_upgrade", Form.SHARE, "chance of standing higher at the horizon"),
    Field("p_downgrade", Form.SHARE, "chance of standing lower at the horizon"),
    Field("can_switch", Form.FLAG, "whether it can leave us at all: a shopper or above that has not left"),
    Field("p_switch", Form.SHARE, "chance of leaving within the horizon; higher = more likely to leave; empty where it "
          "cannot"),
    Field("switch_trigger", Form.CHOICE, "what would most likely set leaving in motion", TRIGGER_FAMILIES),
    Field("expected_revenue", Form.MONEY, "revenue expected over the horizon, without any investment"),
    Field("value_at_risk", Form.MONEY, "gross margin at stake if it leaves, times the chance that it does"),
    Field("customer_type", Form.CHOICE, "loyalty against what serving takes",
          ("commodity_buyer", "underperformer", "partner", "most_valuable")),
    Field("recommended_investment", Form.TEXT, "the option with the highest expected net gain, or none"),
    Field("expected_gain", Form.MONEY, "of that option: margin brought less cost; higher = better"),
    Field("roi", Form.NUMBER, "of that option: gain over cost; 1.5 = 1.50 earned for each 1.00"),
    Field("rank", Form.WHOLE, "1 = do this first; empty where no option pays"),
    Field("reasons", Form.LONG, "the strongest reasons in words, with | between them"),
    Field("model_version", Form.TEXT, "which model said so"),
)  # fmt: skip


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
        """The name of the field in the CRM, which is the heading of the column."""
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
    """The table in docs/crm.md, in Markdown."""
    lines = ["| score | holds | Salesforce | Dynamics 365 | HubSpot |", "| --- | --- | --- | --- | --- |"]
    for field in FIELDS:
        choices = f": {', '.join(f'`{choice}`' for choice in field.choices)}" if field.choices else ""
        cells = [f"`{crm.field_name(field)}`<br>{crm.types[field.form]}" for crm in CRMS.values()]
        lines.append(f"| `{field.name}` | {field.meaning}{choices} | {' | '.join(cells)} |")
    return "\n".join(lines)
