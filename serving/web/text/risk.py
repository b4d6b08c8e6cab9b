"""Words of value at risk and of the glossary, English and Dutch; part of `serving.web.text.catalogue.TEXTS`."""

RISK_TEXTS: dict[str, tuple[str, str]] = {
    "risk.intro": (
        "Margin at risk is the chance of leaving times the margin that we expect of an account in {days} days.",
        "Marge op het spel is de kans op vertrek maal de marge die we in {days} dagen van een account verwachten.",
    ),
    "risk.cut": ("How to cut it", "Indeling"),
    "risk.by": ("By", "Per"),
    "risk.across": ("and", "en"),
    "risk.caption": (
        "{margin} of margin is at risk at {accounts} accounts", "{margin} marge staat op het spel bij {accounts} accounts",
    ),
    "risk.share": ("Share of the margin at risk", "Aandeel in de marge op het spel"),
    "risk.accounts": ("Accounts", "Accounts"),
    "risk.at_risk": ("Of these at risk", "Daarvan met risico"),
    "risk.line": ("Over the last runs", "In de laatste scorerondes"),
    "risk.mark": (
        "At risk is an account whose chance of leaving is {mark} or more.",
        "Risico loopt een account met een kans op vertrek van {mark} of meer.",
    ),
    "risk.small": ("Small figures are accounts.", "De kleine cijfers zijn aantallen accounts."),
    "risk.unknown": ("not known", "niet bekend"),
    "glossary.title": ("What the words mean", "Wat de woorden betekenen"),
    "glossary.rung": (
        "Rungs of the ladder: suspect (might buy), prospect (asked us something), shopper (bought), customer (buys "
        "regularly), member (bound to us, such as by a contract), advocate (recommends us), raving fan (does so again and "
        "again).",
        "Treden van de ladder: suspect (zou kunnen kopen), prospect (vroeg ons iets), shopper (kocht), klant (koopt "
        "regelmatig), lid (aan ons verbonden, bijvoorbeeld met een contract), pleitbezorger (beveelt ons aan), enthousiaste "
        "fan (doet dat telkens weer).",
    ),
    "glossary.leaving": (
        "Chance of leaving: how likely the account goes to a competitor within the horizon. Of 100 accounts with 20%, about "
        "20 leave.",
        "Kans op vertrek: hoe waarschijnlijk het is dat het account binnen de looptijd naar een concurrent gaat. Van 100 accounts met 20% vertrekken er ongeveer 20.",
    ),
    "glossary.risk": (
        "Risk: high risk is 20% or more; some risk: 10% to 20%; low risk: less.",
        "Risico: hoog risico is 20% of meer; enig risico: 10% tot 20%; laag risico: minder.",
    ),
    "glossary.margin": (
        "Margin at risk: chance of leaving times expected margin. Ten accounts with €1,000 at stake and 10% together have "
        "€1,000 at risk. Former customers do not count.",
        "Marge op het spel: kans op vertrek maal verwachte marge. Bij tien accounts met elk € 1.000 marge en 10% kans op vertrek staat samen € 1.000 op het spel. Oud-klanten tellen niet mee.",
    ),
    "glossary.gain": (
        "Expected gain: the extra margin that an investment causes within the horizon, less its cost. The bar beside it is "
        "where it lies nine times out of ten, unless the model was trained for another share.",
        "Verwachte opbrengst: de extra marge die een investering binnen de looptijd veroorzaakt, min de kosten. De balk "
        "ernaast is waar ze negen van de tien keer ligt, tenzij het model met een ander aandeel is getraind.",
    ),
    "glossary.back": (
        "What 1 brings back: 1.99 means that you get your 1 back and 0.99 more; less than 1 is a loss.",
        "Wat 1 oplevert: 1,99 betekent dat u uw 1 terugkrijgt en 0,99 extra; minder dan 1 is verlies.",
    ),
    "glossary.advice": (
        "Advice: Invest (pays, and surely enough), Test first (pays on average: give it to a part, by lot), Talk (much at "
        "risk, nothing pays), No paid action (little at risk; a call is free), Not enough data.",
        "Advies: Investeren (loont, en zeker genoeg), Eerst testen (loont gemiddeld: geef het door loting aan een deel), In "
        "gesprek gaan (veel op het spel, niets loont), Geen investering (weinig op het spel; bellen is gratis), Te weinig "
        "gegevens.",
    ),
    "glossary.control": (
        "Control group: accounts on a plan that by lot get nothing. What the others do more than these is what the plan "
        "earned.",
        "Controlegroep: accounts in een plan die door loting niets krijgen. Wat de andere accounts meer doen dan deze, heeft het plan opgebracht.",
    ),
    "glossary.bonds": (
        "Type of action: financial (a rebate), social (visits), structural (systems that work together).",
        "Soort actie: financieel (korting), sociaal (bezoek), structureel (systemen die samenwerken).",
    ),
    "glossary.trigger": (
        "What makes accounts leave: a change at the customer, a failure of ours, or competition.",
        "Wat accounts doet vertrekken: een verandering bij de klant, een fout van ons, of concurrentie.",
    ),
    "glossary.loyalty": (
        "Loyalty: what the account thinks of us and what it does, taken together.",
        "Loyaliteit: wat het account van ons vindt en wat het doet, samengenomen.",
    ),
    "glossary.reasons": (
        "Why at risk: what speaks most for leaving, first of all what can be acted on.",
        "Reden van risico: wat het meest op vertrek wijst, te beginnen met waar iets aan te doen is.",
    ),
    "glossary.revenue": (
        "Expected revenue: on average, within the horizon. The account's page has the range.",
        "Verwachte omzet: gemiddeld, binnen de looptijd. Op de pagina van het account staat hoe ver het uiteen kan lopen.",
    ),
    "glossary.lifetime": (
        "Lifetime value: gross margin over the years to come without further investment; later money counts less.",
        "Klantwaarde: brutomarge over de komende jaren zonder verdere investering; later geld telt minder.",
    ),
    "glossary.evidence": (
        "Why this action: how often it pays, and how we know: by lot, or by comparison with similar accounts.",
        "Waarom deze actie: hoe vaak ze loont, en hoe we dat weten: door loting, of door vergelijking met soortgelijke "
        "accounts.",
    ),
    "glossary.act_by": (
        "Act by: the day that an open ticket, the end of a contract, the next order or the playbook asks for.",
        "Actie vóór: de dag waar een openstaande melding, het einde van een contract, de volgende bestelling of het draaiboek om vraagt.",
    ),
    "glossary.next": (
        "Next order: when it most likely comes; red where it is later than the account's own rhythm.",
        "Volgende bestelling: wanneer die waarschijnlijk komt; rood als ze later is dan het eigen ritme van het account.",
    ),
    "glossary.win_back": (
        "To win back: of a former customer, the chance of a new order times what it brings then.",
        "Terug te winnen: van een oud-klant, de kans op een nieuwe bestelling maal wat die dan oplevert.",
    ),
    "glossary.run": (
        "Run: scores are made in runs, weekly or so; news is what differs from the run before.",
        "Scoreronde: scores worden in rondes gemaakt, bijvoorbeeld wekelijks; nieuws is wat anders is dan in de ronde ervoor.",
    ),
}  # fmt: skip
