"""Known exports, one row each: by which columns an export is recognised, and what its columns are in the contract.

The columns of the programs as their exports and their interfaces name them, in every edition that is known. A name may be
a choice, `Email|E-mail`: the first that is there counts. What begins with `=` is SQL in which `[Column]` stands for a
column and `[#Column]` for the amount in it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

FILLED = "*"
"""Whatever is in it."""


@dataclass(frozen=True)
class Recipe:
    """One kind of export.

    program, export : what people call them.
    table : of the contract, that it becomes.
    needs : columns, all of which must be there.
    columns : of the contract, and of a line (`quantity`, `unit_price`, `line_discount`) -> column of the export.
    only, without : column -> values of the rows that alone count, or that do not, in small letters.
    named : words, one of which must stand in the table's name, where the columns alone do not tell exports apart.
    rank : where several become one table of the contract, only those of the lowest rank count.
    sign : -1 for credit notes, whose amounts are written as positive.
    """

    program: str
    export: str
    table: str
    needs: tuple[str, ...]
    columns: Mapping[str, str]
    only: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    without: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    named: tuple[str, ...] = ()
    rank: int = 1
    sign: int = 1


_NO = {"IsDeleted": ("true", "1")}
_DEAL = "=case when lower([{0}]) like '%won%' then 'won' when lower([{0}]) like '%lost%' then 'lost' else 'open' end"
_ENDED = "=case when lower([{0}]) like '%won%' or lower([{0}]) like '%lost%' then [{1}] end"
_GONE = ("cancelled", "canceled", "failed", "pending", "pending payment", "draft", "trash", "refunded", "checkout-draft",
         "wc-cancelled", "wc-failed", "wc-pending", "wc-refunded", "wc-checkout-draft")  # fmt: skip

RECIPES: tuple[Recipe, ...] = (
    Recipe(
        "Salesforce", "Account", "accounts", ("Id", "Name", "OwnerId", "CreatedDate", "BillingCountry|Industry|NumberOfEmployees"),
        {"account_id": "Id", "name": "Name", "industry": "Industry", "country": "BillingCountry", "employees": "NumberOfEmployees", "segment": "Type", "owner": "OwnerId", "created_at": "CreatedDate", "acquisition_channel": "AccountSource"},
        without=_NO,
    ),
    Recipe(
        "Salesforce", "report on accounts", "accounts", ("Account ID", "Account Name", "Account Owner"),
        {"account_id": "Account ID", "name": "Account Name", "industry": "Industry", "country": "Billing Country", "employees": "Employees", "segment": "Type", "owner": "Account Owner", "created_at": "Created Date", "acquisition_channel": "Account Source"},
    ),
    Recipe(
        "Salesforce", "Order", "orders", ("Id", "AccountId", "EffectiveDate", "TotalAmount"),
        {"account_id": "AccountId", "order_id": "Id", "ordered_at": "EffectiveDate", "revenue": "TotalAmount", "currency": "CurrencyIsoCode"},
        without={**_NO, "Status": ("draft", "cancelled", "canceled")},
    ),
    Recipe(
        "Salesforce", "Opportunity, those that were won", "orders", ("Id", "AccountId", "StageName", "Amount", "CloseDate"),
        {"account_id": "AccountId", "order_id": "Id", "ordered_at": "CloseDate", "revenue": "Amount", "product_line": "Type", "currency": "CurrencyIsoCode"},
        only={"StageName": ("closed won",)}, without=_NO, rank=2,
    ),
    Recipe(
        "Salesforce", "report on opportunities, those that were won", "orders", ("Account ID|Account Name", "Opportunity Name", "Stage", "Amount", "Close Date"),
        {"account_id": "Account ID|Account Name", "order_id": "Opportunity ID", "ordered_at": "Close Date", "revenue": "Amount", "currency": "Amount Currency"},
        only={"Stage": ("closed won",)}, rank=2,
    ),
    Recipe(
        "Salesforce", "Opportunity", "inquiries", ("Id", "AccountId", "StageName", "CreatedDate", "CloseDate"),
        {"account_id": "AccountId", "inquiry_id": "Id", "inquired_at": "CreatedDate", "outcome": _DEAL.format("StageName"), "closed_at": _ENDED.format("StageName", "CloseDate")},
        without=_NO,
    ),
    Recipe(
        "Salesforce", "Contact", "contacts", ("Id", "AccountId", "LastName", "CreatedDate"),
        {"contact_id": "Id", "account_id": "AccountId", "active_from": "CreatedDate"}, without=_NO,
    ),
    Recipe(
        "Salesforce", "Case", "tickets", ("Id", "CaseNumber", "AccountId", "CreatedDate", "ClosedDate"),
        {"ticket_id": "Id", "account_id": "AccountId", "contact_id": "ContactId", "opened_at": "CreatedDate", "resolved_at": "ClosedDate", "severity": "=case lower([Priority]) when 'critical' then '1' when 'high' then '2' when 'medium' then '3' when 'low' then '4' end"},
        without=_NO,
    ),
    Recipe(
        "Salesforce", "Task", "interactions", ("Id", "AccountId", "ActivityDate", "TaskSubtype|Type"),
        {"account_id": "AccountId", "contact_id": "WhoId", "happened_at": "ActivityDate", "channel": "=case lower([TaskSubtype|Type]) when 'call' then 'call' when 'email' then 'email' when 'listemail' then 'email' when 'meeting' then 'visit' end"},
        without=_NO,
    ),
    Recipe(
        "HubSpot", "companies", "accounts", ("Record ID", "Company name", "Create Date"),
        {"account_id": "Record ID", "name": "Company name", "industry": "Industry", "country": "Country/Region", "employees": "Number of Employees", "segment": "Type|Lifecycle Stage", "owner": "Company owner", "created_at": "Create Date", "acquisition_channel": "Original Traffic Source|Original Source Type|Original Source"},
    ),
    Recipe(
        "HubSpot", "deals, those that were won", "orders", ("Record ID", "Deal Name", "Deal Stage", "Amount", "Close Date"),
        {"account_id": "Associated Company IDs (Primary)|Associated Company IDs|Associated Company ID|Associated Company (Primary)|Associated Company", "order_id": "Record ID", "ordered_at": "Close Date", "revenue": "Amount in company currency|Amount", "currency": "=case when [Amount in company currency] is null then [Currency] end|Currency", "product_line": "Deal Type"},
        only={"Deal Stage": ("closed won", "closed won (sales pipeline)", "closedwon", "gesloten gewonnen", "gewonnen")},
    ),
    Recipe(
        "HubSpot", "deals", "inquiries", ("Record ID", "Deal Name", "Deal Stage", "Create Date", "Close Date"),
        {"account_id": "Associated Company IDs (Primary)|Associated Company IDs|Associated Company ID|Associated Company (Primary)|Associated Company", "inquiry_id": "Record ID", "inquired_at": "Create Date", "outcome": _DEAL.format("Deal Stage"), "closed_at": _ENDED.format("Deal Stage", "Close Date")},
    ),
    Recipe(
        "HubSpot", "tickets", "tickets", ("Ticket ID", "Ticket status", "Create date", "Associated Company IDs (Primary)|Associated Company IDs|Associated Company"),
        {"ticket_id": "Ticket ID", "account_id": "Associated Company IDs (Primary)|Associated Company IDs|Associated Company", "opened_at": "Create date", "resolved_at": "Close date", "severity": "=case lower([Priority]) when 'urgent' then '1' when 'high' then '2' when 'medium' then '3' when 'low' then '4' end"},
    ),
    Recipe(
        "Dynamics 365", "accounts", "accounts", ("accountid|(Do Not Modify) Account", "name|Account Name", "createdon|Created On"),
        {"account_id": "accountid|(Do Not Modify) Account", "name": "name|Account Name", "industry": "industrycodename|industrycode|Industry", "country": "address1_country|Address 1: Country/Region", "employees": "numberofemployees|No. of Employees", "segment": "customertypecodename|customertypecode|Relationship Type", "owner": "owneridname|_ownerid_value|ownerid|Owner", "created_at": "createdon|Created On"},
    ),
    Recipe(
        "Dynamics 365", "sales orders", "orders", ("salesorderid|ordernumber|(Do Not Modify) Order", "customerid|_customerid_value|Customer|Potential Customer", "totallineitemamount|totalamount|Total Amount"),
        {"account_id": "_customerid_value|customerid|Customer|Potential Customer", "order_id": "salesorderid|(Do Not Modify) Order|ordernumber|Order ID", "ordered_at": "submitdate|datefulfilled|createdon|Created On", "revenue": "totallineitemamount|totalamountlessfreight|totalamount|Total Amount", "currency": "transactioncurrencyidname|_transactioncurrencyid_value|Currency"},
        without={"statecode|statecodename|Status": ("2", "canceled", "cancelled")}, rank=2,
    ),
    Recipe(
        "Dynamics 365", "invoices", "orders", ("invoiceid|(Do Not Modify) Invoice", "customerid|_customerid_value|Customer", "totallineitemamount|totalamount|Total Amount"),
        {"account_id": "_customerid_value|customerid|Customer", "order_id": "invoiceid|(Do Not Modify) Invoice", "ordered_at": "datedelivered|createdon|Created On", "revenue": "totallineitemamount|totalamountlessfreight|totalamount|Total Amount", "currency": "transactioncurrencyidname|_transactioncurrencyid_value|Currency"},
        without={"statecode|statecodename|Status": ("3", "canceled", "cancelled")},
    ),
    Recipe(
        "Dynamics 365", "cases", "tickets", ("incidentid|(Do Not Modify) Case", "customerid|_customerid_value|Customer", "createdon|Created On"),
        {"ticket_id": "incidentid|(Do Not Modify) Case", "account_id": "_customerid_value|customerid|Customer", "opened_at": "createdon|Created On"},
    ),
    Recipe(
        "Exact Online", "sales invoices, as the interface names them", "orders", ("InvoiceNumber", "InvoiceDate", "InvoiceTo|InvoiceToName|OrderedBy", "AmountDC"),
        {"account_id": "OrderedBy|InvoiceTo|OrderedByName|InvoiceToName", "order_id": "InvoiceNumber", "ordered_at": "InvoiceDate", "revenue": "AmountDCExclusive|AmountDCExclVat|=[#AmountDC] - [#VATAmountDC]|AmountDC"},
        without={"StatusDescription|Status": ("10", "draft", "concept")},
    ),
    Recipe(
        "Exact Online", "verkoopfacturen", "orders", ("Factuurnummer|Factuur: Nummer", "Factuurdatum|Factuur: Datum", "Besteld door: Code|Besteld door|Klant: Code|Klantcode|Relatie: Code|Factuur aan: Code", "Bedrag: Excl. btw|Bedrag excl. btw|Nettobedrag|Netto bedrag"),
        {"account_id": "Besteld door: Code|Klant: Code|Klantcode|Relatie: Code|Factuur aan: Code|Besteld door", "order_id": "Factuurnummer|Factuur: Nummer", "ordered_at": "Factuurdatum|Factuur: Datum", "revenue": "Bedrag: Excl. btw|Bedrag excl. btw|Nettobedrag|Netto bedrag", "currency": "Valuta", "product_line": "Artikelgroep"},
        without={"Status": ("concept", "openstaand concept", "draft")},
    ),
    Recipe(
        "Exact Online", "accounts, as the interface names them", "accounts", ("ID", "Code", "Name", "AccountManagerFullName|ActivitySectorDescription|StartDate|Created"),
        {"account_id": "ID", "name": "Name", "industry": "ActivitySectorDescription", "country": "CountryName|Country", "segment": "Classification1|StatusDescription", "owner": "AccountManagerFullName|AccountManager", "created_at": "Created|StartDate", "acquisition_channel": "LeadSourceDescription"},
    ),
    Recipe(
        "Exact Online", "relaties", "accounts", ("Code", "Naam", "Accountmanager|Land|Relatie sinds|Klant sinds"),
        {"account_id": "Code", "name": "Naam", "industry": "Sector|Branche", "country": "Land", "segment": "Classificatie|Classificatie 1", "owner": "Accountmanager", "created_at": "Relatie sinds|Klant sinds|Aangemaakt"},
    ),
    Recipe(
        "AFAS", "verkoopfacturen", "orders", ("Factuurnummer", "Factuurdatum", "Verkooprelatie|Debiteur|Debiteurnummer|Nummer debiteur", "Bedrag excl. btw|Bedrag exclusief btw|Regelbedrag excl. btw|Factuurbedrag excl. btw"),
        {"account_id": "Verkooprelatie|Debiteurnummer|Nummer debiteur|Debiteur", "order_id": "Factuurnummer", "ordered_at": "Factuurdatum", "revenue": "Regelbedrag excl. btw|Bedrag excl. btw|Bedrag exclusief btw|Factuurbedrag excl. btw", "cost": "Kostprijsbedrag|Totale kostprijs", "product_line": "Artikelgroep", "currency": "Valuta"},
        without={"Status": ("concept", "vervallen")},
    ),
    Recipe(
        "AFAS", "invoices, as connectors name them", "orders", ("DebtorId", "InvoiceNumber|InvoiceId|InvoiceNr", "InvoiceDate|DateInvoice", "AmountExcl|AmountExclVAT|NetAmount|Amount_excl_VAT"),
        {"account_id": "DebtorId", "order_id": "InvoiceNumber|InvoiceId|InvoiceNr", "ordered_at": "InvoiceDate|DateInvoice", "revenue": "AmountExcl|AmountExclVAT|NetAmount|Amount_excl_VAT", "currency": "CurrencyId"},
    ),
    Recipe(
        "AFAS", "verkooprelaties", "accounts", ("Verkooprelatie|Debiteurnummer|Nummer debiteur", "Naam", "Aangemaakt op|Land|Vertegenwoordiger"),
        {"account_id": "Verkooprelatie|Debiteurnummer|Nummer debiteur", "name": "Naam", "industry": "Branche", "country": "Land", "employees": "Aantal medewerkers", "segment": "Klantgroep|Verkooprelatiegroep", "owner": "Vertegenwoordiger|Accountmanager", "created_at": "Aangemaakt op|Datum aangemaakt"},
    ),
    Recipe(
        "AFAS", "debtors, as connectors name them", "accounts", ("DebtorId", "DebtorName|Name", "CreateDate|CountryId|Country"),
        {"account_id": "DebtorId", "name": "DebtorName|Name", "country": "Country|CountryId", "segment": "DebtorGroup", "created_at": "CreateDate"},
    ),
    Recipe(
        "Odoo", "sales orders", "orders", ("Order Reference|Number", "Customer", "Order Date|Creation Date", "Untaxed Amount|Total"),
        {"account_id": "Customer/ID|Customer ID|Customer", "order_id": "Order Reference|Number", "ordered_at": "Order Date|Creation Date", "revenue": "Untaxed Amount|Total", "currency": "Currency"},
        only={"Status": ("sales order", "locked", "sale", "done")},
    ),
    Recipe(
        "Odoo", "sale.order, as the database names it", "orders", ("partner_id", "date_order", "amount_untaxed", "state"),
        {"account_id": "partner_id/id|partner_id", "order_id": "name|id", "ordered_at": "date_order", "revenue": "amount_untaxed", "currency": "currency_id"},
        only={"state": ("sale", "done", "sales order", "locked")},
    ),
    Recipe(
        "Odoo", "contacts", "accounts", ("Name|Display Name", "Salesperson", "Country", "Created on|Company Type|Tags|Email"),
        {"account_id": "External ID|ID|Display Name|Name", "name": "Display Name|Name", "industry": "Industry", "country": "Country", "owner": "Salesperson", "created_at": "Created on"},
    ),
    Recipe(
        "Odoo", "res.partner, as the database names it", "accounts", ("id", "name", "create_date", "commercial_partner_id|is_company|partner_share"),
        {"account_id": "id", "name": "name", "industry": "industry_id", "country": "country_id", "owner": "user_id", "created_at": "create_date"},
    ),
    Recipe(
        "SAP Business One", "OINV, invoices", "orders", ("DocEntry", "DocNum", "CardCode", "DocDate", "DocTotal"),
        {"account_id": "CardCode", "order_id": "DocNum", "ordered_at": "DocDate", "revenue": "=[#DocTotal] - [#VatSum]|DocTotal", "cost": "=[#DocTotal] - [#VatSum] - [#GrosProfit]", "currency": "DocCur"},
        without={"CANCELED": ("y", "c")}, named=("oinv", "invoice", "factu", "rechnung"),
    ),
    Recipe(
        "SAP Business One", "ORIN, credit notes", "orders", ("DocEntry", "DocNum", "CardCode", "DocDate", "DocTotal"),
        {"account_id": "CardCode", "order_id": "='CN-' || [DocNum]", "ordered_at": "DocDate", "revenue": "=[#DocTotal] - [#VatSum]|DocTotal", "currency": "DocCur"},
        without={"CANCELED": ("y", "c")}, named=("orin", "credit", "gutschrift"), sign=-1,
    ),
    Recipe(
        "SAP Business One", "ORDR, orders", "orders", ("DocEntry", "DocNum", "CardCode", "DocDate", "DocTotal"),
        {"account_id": "CardCode", "order_id": "DocNum", "ordered_at": "DocDate", "revenue": "=[#DocTotal] - [#VatSum]|DocTotal", "currency": "DocCur"},
        without={"CANCELED": ("y", "c")}, named=("ordr", "order"), rank=2,
    ),
    Recipe(
        "SAP Business One", "OCRD, business partners", "accounts", ("CardCode", "CardName", "CardType|GroupCode|SlpCode"),
        {"account_id": "CardCode", "name": "CardName", "industry": "IndustryC", "country": "Country", "segment": "GroupCode", "owner": "SlpCode", "created_at": "CreateDate"},
        only={"CardType": ("c", "l", "customer", "lead")},
    ),
    Recipe(
        "Shopify", "orders", "orders", ("Name", "Financial Status", "Lineitem name", "Lineitem quantity", "Email|Billing Name"),
        {"account_id": "Email|Billing Company|Billing Name", "order_id": "Name", "ordered_at": "Created at|Paid at", "revenue": "=[#Subtotal] - coalesce([#Refunded Amount], 0)|Subtotal|=[#Lineitem quantity] * [#Lineitem price]", "currency": "Currency"},
        without={"Cancelled at": (FILLED,), "Financial Status": ("voided", "refunded", "pending", "expired")},
    ),
    Recipe(
        "Shopify", "customers", "accounts", ("First Name", "Last Name", "Email", "Total Spent", "Total Orders"),
        {"account_id": "Email", "name": "Default Address Company|Company|Last Name", "country": "Default Address Country Code|Country Code|Country"},
    ),
    Recipe(
        "WooCommerce", "orders of Analytics", "orders", ("Date", "Order #", "Status", "Customer", "Net Sales|N. Revenue|N. Revenue (formatted)|Net Revenue"),
        {"account_id": "Customer", "order_id": "Order #", "ordered_at": "Date", "revenue": "Net Sales|N. Revenue|Net Revenue|N. Revenue (formatted)"},
        without={"Status": _GONE},
    ),
    Recipe(
        "WooCommerce", "orders of its export plugins", "orders", ("Order Number|order_number|order_id", "Order Status|status", "Order Date|date|date_created", "Email (Billing)|Billing Email|billing_email|customer_id|customer_email", "Order Total Amount|Order Total|order_total|total|Order Subtotal Amount|order_subtotal"),
        {"account_id": "Customer User ID|customer_id|Email (Billing)|Billing Email|billing_email|customer_email", "order_id": "Order Number|order_number|order_id", "ordered_at": "Order Date|date|date_created", "revenue": "Order Subtotal Amount|order_subtotal|=[#Order Total Amount] - [#Order Total Tax Amount]|Order Total Amount|Order Total|order_total|total", "currency": "Order Currency|currency|order_currency"},
        without={"Order Status|status": _GONE},
    ),
    Recipe(
        "Stripe", "payments", "orders", ("id", "Created date (UTC)|Created (UTC)|Created", "Amount", "Amount Refunded", "Currency", "Customer ID|Customer Email"),
        {"account_id": "Customer ID|Customer Email", "order_id": "id", "ordered_at": "Created date (UTC)|Created (UTC)|Created", "revenue": "=[#Converted Amount] - coalesce([#Converted Amount Refunded], 0)|=[#Amount] - coalesce([#Amount Refunded], 0)", "currency": "Converted Currency|Currency"},
        without={"Status": ("failed", "refunded", "canceled", "cancelled", "requires_payment_method", "requires payment method", "blocked", "incomplete")},
    ),
    Recipe(
        "Stripe", "invoices", "orders", ("id", "Customer|Customer ID", "Date (UTC)|Created (UTC)", "Subtotal|Total|Amount Due", "Status", "Currency"),
        {"account_id": "Customer|Customer ID", "order_id": "id", "ordered_at": "Date (UTC)|Created (UTC)", "revenue": "Subtotal|Total|Amount Due", "currency": "Currency"},
        without={"Status": ("draft", "void", "uncollectible", "deleted")}, rank=2,
    ),
    Recipe(
        "Stripe", "customers", "accounts", ("id", "Email", "Name|Description", "Created (UTC)", "Total Spend|Payment Count|Delinquent"),
        {"account_id": "id", "name": "Name|Description", "country": "Card Address Country|Address Country", "created_at": "Created (UTC)"},
    ),
    Recipe(
        "Lightspeed", "sales history", "orders", ("Date|Sale Date", "Receipt Number|Receipt", "Line Type", "Customer Code|Customer Name", "Subtotal"),
        {"account_id": "Customer Code|Customer Name", "order_id": "Receipt Number|Receipt", "ordered_at": "Date|Sale Date", "revenue": "Subtotal"},
        only={"Line Type": ("sale",)}, without={"Status": ("voided", "void", "saved", "layby", "parked", "on account - open")},
    ),
    Recipe(
        "Lightspeed", "customers", "accounts", ("customer_code|Customer Code", "company_name|Company Name|Company", "customer_group_name|Customer Group|first_name|First Name"),
        {"account_id": "customer_code|Customer Code", "name": "company_name|Company Name|Company", "country": "physical_country_id|physical_country|Country", "segment": "customer_group_name|Customer Group", "created_at": "created_at|Created At"},
    ),
    Recipe(
        "Superstore", "order lines", "orders", ("Order ID", "Order Date", "Customer ID", "Sales", "Ship Date|Ship Mode"),
        {"account_id": "Customer ID", "order_id": "Order ID", "ordered_at": "Order Date", "revenue": "Sales", "cost": "=[#Sales] - [#Profit]", "product_line": "Category"},
    ),
    Recipe(
        "Superstore", "customers of the order lines", "accounts", ("Order ID", "Order Date", "Customer ID", "Customer Name", "Sales"),
        {"account_id": "Customer ID", "name": "Customer Name", "segment": "Segment", "country": "Country|Country/Region", "created_at": "Order Date"}, rank=9,
    ),
    Recipe(
        "Online Retail", "invoice lines", "orders", ("InvoiceNo|Invoice", "StockCode", "Quantity", "InvoiceDate", "UnitPrice|Price", "CustomerID|Customer ID"),
        {"account_id": "CustomerID|Customer ID", "order_id": "InvoiceNo|Invoice", "ordered_at": "InvoiceDate", "quantity": "Quantity", "unit_price": "UnitPrice|Price"},
    ),
    Recipe(
        "Online Retail", "customers of the invoice lines", "accounts", ("InvoiceNo|Invoice", "StockCode", "InvoiceDate", "CustomerID|Customer ID", "Country"),
        {"account_id": "CustomerID|Customer ID", "country": "Country", "created_at": "InvoiceDate"}, rank=9,
    ),
)  # fmt: skip
"""A row for each kind of export."""
