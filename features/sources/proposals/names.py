"""What columns are usually called, in seven languages: patterns of whole names, the likeliest first.

A name is compared in small letters without accents and signs (`sketches.plain_name`), and also without the small words
of Romance languages: `date de la commande` is `date commande`.
"""

import re
from collections.abc import Mapping

_WHO = (
    r"(customer|client|account|company|klant|debiteur(en)?|relatie|kunden?|debitor(en)?|buyer|partner|cust|business partner|"
    r"sold to|bill to|afnemer|member|organi[sz]ation|acheteur|tiers|cliente|potentiele klant|empresa|azienda|comprador|"
    r"debitore|tercero)"
)
_WHAT = (
    r"(sales )?(order|invoice|sale|transaction|bestelling|bestel|factuur|bon|receipt|document|doc|rechnung|rechnungs|beleg|"
    r"auftrag|auftrags|commande|facture|purchase|booking|deal|verkoop|inv|factura|fattura|fatura|pedido|ordine|venta|venda|"
    r"vendita|vente|documento|encomenda|piece)s?"
)
_NUMBER = r"(id|no|nr|num|number|code|nummer|key|ref|reference|#|uid|uuid|guid|numero|codigo|codice|cod|referencia|n)"
_DAY = r"(date|datum|timestamp|time|datetime|day|dag|dt|at|on|fecha|data|jour|dia|giorno)"
_EXCLUDING = (
    r"(ex|excl|excluding|exclusief|without|zonder|net of|ohne|hors|ht|sin|sem|senza|esclusa)( (vat|btw|tax|taxes|mwst|"
    r"tva|iva|impuestos))?"
)
_MONEY = (
    r"(amount|bedrag|total|totaal|totaalbedrag|omzet|sales|value|revenue|betrag|montant|subtotal|turnover|importe|importo|"
    r"valor|totale|montante|ventas|vendite|vendas|base imponible)"
)

ORDER_ROLES: Mapping[str, tuple[str, ...]] = {
    "account_id": (
        rf"(?!account (code|no|nr|number)){_WHO} {_NUMBER}", rf"{_NUMBER} {_WHO}", rf"{_WHO}{_NUMBER}", rf"{_WHO}( unique id)?", rf"{_WHO} ?(name|naam)",
        r"(customer |client |billing |bill to |buyer |contact )?e ?mail( address| adres)?( billing)?",
        r"bedrijf(snaam)?|firma|ragione sociale|razon social|nome|nombre|contact ?name|billing name|ship to name|bill to name|name of customer",
        r"account (code|no|nr|number)",
    ),
    "order_id": (
        rf"{_WHAT} {_NUMBER}", rf"{_NUMBER} {_WHAT}", rf"{_WHAT}{_NUMBER}", rf"{_WHAT}|order name|purchase order",
        r"id|number|nummer|nr|no|num|reference",
    ),
    "ordered_at": (
        rf"{_WHAT} (purchase )?{_DAY}", rf"{_DAY} (of )?{_WHAT}", rf"{_WHAT}{_DAY}",
        rf"{_WHAT} (created|creation|placed|completed|purchase)( {_DAY})?", r"purchase(d)? (date|at|timestamp)|besteldatum",
        rf"{_DAY}|datum/tijd|date time|txn date|boek(ings)?datum|posting date|boekdatum|belegdatum|buchungsdatum",
        r"(created|create|creation|placed|completed|closed?|won|paid|sold|processed|issued?)( (date|at|on|time|utc))*",
        rf"(date|datum) (created|placed|sold|paid|utc)|(aan)?gemaakt( op)?|{_DAY} utc|{_DAY} (emision|emissione|emissao|emission|registro|ordine|contable)",
    ),
    "revenue": (
        rf"net(to)? ?{_MONEY}( {_EXCLUDING})?|{_MONEY} ?({_EXCLUDING}|untaxed|net|netto)|untaxed amount|nettobetrag|netto|"
        r"amount untaxed|net|(importe|importo|montante|valor|montant|total) (neto|netto|net|liquido)|imponibile|base imponible|"
        r"subtotal sin iva",
        r"sub ?total( amount)?|line ?(total|amount|value|revenue)|regel ?(bedrag|totaal|omzet)|extended (price|amount)|"
        r"revenue|omzet|umsatz|turnover|sales( amount| value| eur| usd)?|(total |order )?revenue|total sales|chiffre d affaires",
        rf"({_WHAT} )?{_MONEY}( (paid|eur|usd|gbp|base|in eur))?|grand total( base)?|{_WHAT} total|total{_MONEY}|"
        r"payment value|montant total|gesamt(betrag|summe)|bedrag eur|total (price|order value)|order value|importe|sum|som",
    ),
    "quantity": (r"(order |ordered |sold |line ?item )?(quantity|qty)( ordered| sold| shipped)?|aantal( stuks)?|units?( sold)?|menge|qte|"
                 r"quantite|stuks|number of (units|items)|anzahl|pieces|cantidad|quantita|quantidade|unidades",),
    "unit_price": (r"(unit|item|piece|stuk|stuks|each|selling|sales|list|line ?item|verkoop|einzel|sales|artikel)? ?(price|prijs|preis)( each| per unit| excl btw)?|"
                   r"prix unitaire|precio( unitario)?|prezzo( unitario)?|preco( unitario)?|price unit|rate|unit (amount|cost|price ex)",),
    "line_discount": (r"discount( rate| pct| percent| %)?|korting( %| pct)?|rabatt|remise",),
    "status": (rf"({_WHAT} |financial |payment |sales )?(status|state|stage)|(order|invoice|deal)status|{_WHAT}status|statut|zustand|etat|estado|stato|situacao",),
    "cancelled": (r"(is )?(cancell?ed|geannuleerd|storno|storniert|anulad[oa]|annullat[oa]|cancelad[oa]|void(ed)?|deleted|verwijderd)( at| on| date)?|cancellation date",),
    "currency": (r"(.* )?(currency|valuta|munt|devise|wahrung|waehrung|moneda|divisa|moeda|cur|ccy)( code| iso| id)?",),
    "cost": (r"(total )?(cost of goods( sold)?|cogs)|totale kostprijs|inkoopwaarde|kostprijs ?(bedrag|totaal)|wareneinsatz|cost (amount|total)|"
             r"total cost|line cost",),
    "product_line": (r"(product |item |artikel ?)?(category|categorie|line|group|family|groep)|productgroep|warengruppe|product ?line|"
                     r"afdeling|department",),
}  # fmt: skip
"""Role of a column of orders or their lines -> what it may be called."""

ACCOUNT_ROLES: Mapping[str, tuple[str, ...]] = {
    "name": (rf"({_WHO} )?(name|naam)( 1)?|{_WHO}(name|naam)|company|bedrijf(snaam)?|firma|raison sociale|display name",),
    "industry": (r"(.* )?(industry|sector|branche|vertical|market)( code| name| description)?|sbi( code)?|secteur",),
    "country": (r"(billing |shipping |customer |bill to |address )?(country|land|pays)( code| name| region)?|landcode",),
    "employees": (r"(number of |no of |num |nr of )?employees|(aantal )?(medewerkers|werknemers)|headcount|fte|mitarbeiter",),
    "segment": (rf"({_WHO} )?(segment|group|tier|class|classification|type|classificatie)|klantgroep|kundengruppe",),
    "owner": (rf"({_WHO} |record |sales )?(owner|manager|rep|representative|person)( name| full name)?|accountmanager|"
              r"vertegenwoordiger|sales ?(person|rep|man)|verkoper|assigned to|responsible",),
    "created_at": (rf"({_WHO} )?(created|create|creation|signup|sign up|registered|since|registration|opened|aangemaakt)( {_DAY})?( utc)?|"
                   rf"{_DAY} (created|registered|joined|added)|{_WHO} since|klant sinds|relatie sinds|first seen|join date|angelegt am",),
    "acquisition_channel": (r"(lead |original |acquisition |marketing )?(source|channel|kanaal)|herkomst",),
}  # fmt: skip
"""Column of accounts -> what it may be called."""

_OPENED = rf"(opened|created|reported|submitted|raised|logged|create|aangemaakt|gemeld)( {_DAY})?|{_DAY} (opened|created|reported)|{_DAY}"
OTHER_TABLES: Mapping[str, tuple[str, Mapping[str, tuple[str, ...]]]] = {
    "tickets": (
        r".*(ticket|case|complaint|klacht|incident|support|issue|storing|melding).*",
        {"opened_at": (_OPENED,), "ticket_id": (r"(ticket|case|incident|complaint|klacht|melding) ?(id|no|nr|number|nummer)|id|number",),
         "resolved_at": (r"(resolved|closed|solved|close|opgelost|afgesloten)( (date|at|on|op))?|date closed",)},
    ),
    "interactions": (
        r".*(activit|interaction|visit|call|contact ?(log|moment)|bezoek|meeting|appointment|touchpoint).*",
        {"happened_at": (rf"(activity |visit |call |meeting |bezoek)?{_DAY}|(happened|start|started|begin)( (at|on|date|time))?|{_OPENED}",),
         "minutes": (r"(duration |call )?(minutes|minuten)|duration min",)},
    ),
    "surveys": (
        r".*(survey|nps|csat|satisfaction|tevredenheid|feedback|enquete).*",
        {"answered_at": (rf"(answered|response|responded|completed|submitted|survey)( {_DAY})?|{_OPENED}",),
         "score": (r"(nps |csat |survey )?(score|rating|answer|cijfer|nps)",)},
    ),
}  # fmt: skip
"""Table of the contract -> what it may be called, and what its columns may be called. `account_id` is found by its ids."""

LINES = r".*(line|item|detail|regel|position|posten|ligne|row).*"
"""What tables with the lines of orders are called."""
ORDERS = r".*(order|invoice|sale|factu|transaction|verkoop|omzet|rechnung|auftr|bestel|purchase|revenue|deal|commande|inv|pedido|venta|venda|vendit|fattur|fatur|ordin).*"
"""What tables of orders are called."""
NOT_SOLD = (
    r".*(cancel|annul|void|draft|concept|storno|fail|abandon|declin|reject|lost|verloren|quot|offerte|pro ?forma|expired|"
    r"verlopen|delete|verwijder|trash|spam|unavailable|entwurf|brouillon|geweigerd).*"
)
"""What a status says of a row that never became revenue."""
CLOSED = r"(won|closed?|closing|gesloten|afgesloten)( (date|time|at|on|op))*"
"""What the day of a deal's end is called."""
WON = r".*(\bwon\b|gewonnen|closedwon).*"
"""What a stage says of a deal that did."""
YES = frozenset({"y", "yes", "true", "1", "t", "ja", "j", "x", "oui", "wahr", "si", "sim", "vero"})


def likeness(plain: str, patterns: tuple[str, ...]) -> int | None:
    """Return which of the patterns a name fits, 0 = the likeliest; None where none does.

    >>> likeness("factuur nummer", ORDER_ROLES["order_id"])
    0
    """
    short = re.sub(_SMALL, "", plain)
    return next(
        (at for at, pattern in enumerate(patterns) for name in {plain, short} if re.fullmatch(pattern, name)), None
    )


_SMALL = r"\b(de|la|le|les|du|des|del|della|dell|di|do|da|el|los|las) "
"""Words between the others in Romance languages."""
