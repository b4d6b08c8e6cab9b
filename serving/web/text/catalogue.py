"""TEXTS: every word of the page in English and Dutch, by key: the one table. `say` fills a text's holes.

Keys are named by the view and by what they say; what stands under `rung.`, `trigger.` and the like is looked up by the
machine's names. A test holds templates and table together: no key is missing, none is left over.
"""

from collections.abc import Mapping

from serving.web.text.account import ACCOUNT_TEXTS
from serving.web.text.governance import GOVERNANCE
from serving.web.text.ladder import LADDER_TEXTS
from serving.web.text.start import START_TEXTS
from serving.web.text.trust import TRUST_TEXTS

LANGUAGE_NAMES = {"en": "English", "nl": "Nederlands"}
_PLACE = {"en": 0, "nl": 1}
TEXTS: Mapping[str, tuple[str, str]] = {
    "site.name": ("Loyalty ladder", "Loyaliteitsladder"),
    "site.skip": ("Skip to the content", "Naar de inhoud"),
    "site.views": ("Views", "Onderdelen"),
    "site.language": ("Language", "Taal"),
    "site.find": ("Find an account by name or number", "Zoek een account op naam of nummer"),
    "site.find.do": ("Find", "Zoek"),
    "site.signed_in": ("Signed in as {name}", "Aangemeld als {name}"),
    "site.open": ("Open on this machine", "Open op deze computer"),
    "site.scored": (
        "Scores of {date}, looking {days} days ahead. Model {version}.",
        "Scores van {date}, {days} dagen vooruit. Model {version}.",
    ),
    "nav.priorities": ("Priorities", "Prioriteiten"),
    "nav.plan": ("Plan", "Plan"),
    "nav.ladder": ("Ladder", "Ladder"),
    "nav.trust": ("Trust", "Vertrouwen"),
    "rung.suspect": ("Suspect", "Suspect"),
    "rung.prospect": ("Prospect", "Prospect"),
    "rung.shopper": ("Shopper", "Shopper"),
    "rung.customer": ("Customer", "Klant"),
    "rung.member": ("Member", "Lid"),
    "rung.advocate": ("Advocate", "Pleitbezorger"),
    "rung.raving_fan": ("Raving fan", "Enthousiaste fan"),
    "trigger.situational": ("a change at the customer", "een verandering bij de klant"),
    "trigger.reactional": ("a failure of ours", "een fout van ons"),
    "trigger.influential": ("the pull of the market", "de trek van de markt"),
    "bond.financial": ("financial", "financieel"),
    "bond.social": ("social", "sociaal"),
    "bond.structural": ("structural", "structureel"),
    "state.pays": ("Something pays", "Iets loont"),
    "state.alone": ("Nothing pays", "Niets loont"),
    "state.unknown": ("Cannot tell", "Niet te zeggen"),
    "sign_in.title": ("Sign in", "Aanmelden"),
    "sign_in.key": ("Your key", "Uw sleutel"),
    "sign_in.hint": (
        "A key with the scope page. Whoever runs this service makes one: ladder keys create --name NAME --scopes page.",
        "Een sleutel met het bereik page. Wie deze dienst beheert maakt er een: "
        "ladder keys create --name NAAM --scopes page.",
    ),
    "sign_in.do": ("Sign in", "Aanmelden"),
    "sign_in.out": ("Sign out", "Afmelden"),
    "sign_in.key_refused": (
        "This key is not good: it is unknown, mistyped or revoked.",
        "Deze sleutel werkt niet: onbekend, verkeerd getypt of ingetrokken.",
    ),
    "sign_in.scope_missing": (
        "This key opens something else: it lacks the scope page.",
        "Deze sleutel is voor iets anders: het bereik page ontbreekt.",
    ),
    "sign_in.not_meant": (
        "The form came from another site. Open this page again and sign in here.",
        "Het formulier kwam van een andere site. Open deze pagina opnieuw en meld u hier aan.",
    ),
    "error.title": ("This did not work", "Dit is niet gelukt"),
    "error.back": ("Back to the priorities", "Terug naar de prioriteiten"),
    "error.not_meant": (
        "This form was not sent from this page, or is too old. Nothing was changed. Open the page again.",
        "Dit formulier kwam niet van deze pagina, of is te oud. Er is niets veranderd. Open de pagina opnieuw.",
    ),
    "error.scope_missing": (
        "Your key may look but not do this. Ask for a key with a wider scope.",
        "Met uw sleutel mag u kijken, maar dit niet doen. Vraag een sleutel met een ruimer bereik.",
    ),
    "error.keys_needed": (
        "Without keys this page opens only on the machine that serves it.",
        "Zonder sleutels opent deze pagina alleen op de computer waarop ze draait.",
    ),
    "error.store_unavailable": (
        "The store cannot be used at the moment. Nothing was changed. Try again later.",
        "De opslag is nu niet bereikbaar. Er is niets veranderd. Probeer het later opnieuw.",
    ),
    "error.storage_full": (
        "There is no room left where the store stands. Nothing was changed. Tell whoever runs the service.",
        "De opslag is vol. Er is niets veranderd. Zeg het degene die de dienst beheert.",
    ),
    "error.other": ("The service says: {message}", "De dienst zegt: {message}"),
    "gain.between": ("between {low} and {high}", "tussen {low} en {high}"),
    "gain.between.level": ("between {low} and {high}, {times}", "tussen {low} en {high}, {times}"),
    "priorities.title": ("Whom to invest in first", "In wie eerst investeren"),
    "priorities.intro": (
        "What each account should earn over the next {days} days if you make the recommended investment: the extra "
        "margin it causes, less its cost.",
        "Wat elk account de komende {days} dagen zou opleveren als u de aanbevolen investering doet: de extra marge "
        "die ze veroorzaakt, min de kosten.",
    ),
    "priorities.filters": ("Filter", "Filter"),
    "priorities.all": ("all", "alle"),
    "priorities.q": ("Name or number holds", "Naam of nummer bevat"),
    "priorities.owner": ("Account manager", "Accountmanager"),
    "priorities.rung": ("Rung", "Trede"),
    "priorities.bond": ("Kind of tie", "Soort binding"),
    "priorities.trigger": ("Would leave because of", "Zou vertrekken door"),
    "priorities.country": ("Country", "Land"),
    "priorities.industry": ("Industry", "Branche"),
    "priorities.state": ("Whether something pays", "Of iets loont"),
    "priorities.by_evidence": ("Advice", "Advies"),
    "priorities.renewal": ("Contract ends within (days)", "Contract loopt af binnen (dagen)"),
    "priorities.sort": ("Sort by", "Sorteer op"),
    "priorities.sort.gain": ("expected gain", "verwachte opbrengst"),
    "priorities.sort.roi": ("return on investment", "rendement"),
    "priorities.sort.leaving": ("chance of leaving", "kans op vertrek"),
    "priorities.sort.climbing": ("chance of climbing", "kans op stijgen"),
    "priorities.sort.cost": ("cost", "kosten"),
    "priorities.sort.name": ("name", "naam"),
    "priorities.sort.owner": ("account manager", "accountmanager"),
    "priorities.sort.rung": ("rung", "trede"),
    "priorities.apply": ("Show", "Toon"),
    "priorities.clear": ("Clear the filter", "Wis het filter"),
    "priorities.csv": ("Download this list (CSV)", "Download deze lijst (CSV)"),
    "priorities.plan": ("Plan a budget for these", "Plan een budget voor deze"),
    "priorities.accounts": ("Accounts", "Accounts"),
    "priorities.total.cost": ("Cost of all that pays", "Kosten van alles wat loont"),
    "priorities.total.gain": ("Expected gain of all that pays", "Verwachte opbrengst van alles wat loont"),
    "priorities.total.note": (
        "These sums add up the best of many uncertain estimates, and the best are partly lucky. The plan says what to "
        "claim.",
        "Deze sommen tellen de beste van veel onzekere schattingen op, en de beste hebben deels geluk. Het plan zegt "
        "wat u mag beloven.",
    ),
    "priorities.caption": (
        "Accounts {first} to {last} of {all}, sorted by {sort}",
        "Accounts {first} tot en met {last} van {all}, gesorteerd op {sort}",
    ),
    "priorities.none": ("No account fits this filter.", "Geen account past bij dit filter."),
    "priorities.account": ("Account", "Account"),
    "priorities.now": ("Rung, and where it is heading", "Trede, en waar het heen gaat"),
    "priorities.up": ("up {chance}", "omhoog {chance}"),
    "priorities.down": ("down {chance}", "omlaag {chance}"),
    "priorities.stays": ("most likely stays", "blijft waarschijnlijk"),
    "priorities.to": ("most likely {rung}", "waarschijnlijk {rung}"),
    "priorities.leaving": ("Chance of leaving", "Kans op vertrek"),
    "priorities.because": ("mainly {trigger}", "vooral {trigger}"),
    "priorities.cannot_leave": ("nothing to lose yet", "nog niets te verliezen"),
    "priorities.advice": ("Investment", "Investering"),
    "priorities.cost": ("Cost", "Kosten"),
    "priorities.gain": ("Expected gain", "Verwachte opbrengst"),
    "priorities.roi": ("Return per {unit}", "Rendement per {unit}"),
    "priorities.reason": ("First reason", "Eerste reden"),
    "priorities.alone.why": (
        "nothing is expected to earn more than it costs; the best, {option}, would lose {loss}",
        "niets levert naar verwachting meer op dan het kost; het beste, {option}, zou {loss} verliezen",
    ),
    "priorities.unknown.why": (
        "too few comparable accounts for any investment here", "te weinig vergelijkbare accounts voor een investering",
    ),
    "priorities.wanted": ("{who} wants instead: {what}", "{who} wil in plaats daarvan: {what}"),
    "priorities.wanted.none": ("nothing", "niets"),
    "priorities.someone": ("An account manager", "Een accountmanager"),
    "priorities.reasons_language": (
        "Reasons stand in the language in which the scores were made (ladder score --language).",
        "Redenen staan in de taal waarin de scores zijn gemaakt (ladder score --language).",
    ),
    "pages.label": ("Pages", "Pagina's"),
    "pages.previous": ("Previous", "Vorige"),
    "pages.next": ("Next", "Volgende"),
    "pages.of": ("Page {page} of {pages}", "Pagina {page} van {pages}"),
    "none.owner": ("no manager", "geen manager"),
    **ACCOUNT_TEXTS, **LADDER_TEXTS, **TRUST_TEXTS, **START_TEXTS, **GOVERNANCE,
    "plan.title": ("What a budget buys", "Wat een budget oplevert"),
    "plan.intro": (
        "The choice of accounts and investments that should earn most within the budget over the next {days} days: at "
        "most one investment an account, and none that is not expected to pay.",
        "De keuze van accounts en investeringen die binnen het budget de komende {days} dagen het meeste zou opleveren: "
        "hooguit één investering per account, en geen die naar verwachting niet loont.",
    ),
    "plan.budget": ("Budget", "Budget"),
    "plan.budget.amount": ("Amount ({currency})", "Bedrag ({currency})"),
    "plan.budget.slide": ("Slide to an amount", "Schuif naar een bedrag"),
    "plan.holdout": ("Held back by lot (%)", "Door loting achtergehouden (%)"),
    "plan.holdout.hint": (
        "Held back: these accounts get nothing although they were chosen. Against them the plan is measured afterwards; "
        "10 is usual, 50 the most.",
        "Achtergehouden: deze accounts krijgen niets, hoewel ze gekozen zijn. Daaraan wordt het plan later afgemeten; "
        "10 is gewoon, 50 het meeste.",
    ),
    "plan.explore": ("Tried out by lot (%)", "Door loting uitgeprobeerd (%)"),
    "plan.explore.hint": (
        "Tried out: these get another investment that pays, so that all of them stay known. 0 is usual.",
        "Uitgeprobeerd: deze krijgen een andere investering die loont, zodat van alle bekend blijft wat ze doen. "
        "0 is gewoon.",
    ),
    "plan.on": ("Choose by", "Kies op"),
    "plan.on.expected": ("expected gain", "verwachte opbrengst"),
    "plan.on.low": ("gain if things go badly", "opbrengst als het tegenzit"),
    "plan.only": ("Only some rungs or investments", "Alleen sommige treden of investeringen"),
    "plan.only.rungs": ("Rungs (none ticked = all)", "Treden (niets aangevinkt = alle)"),
    "plan.only.options": ("Investments (none ticked = all)", "Investeringen (niets aangevinkt = alle)"),
    "plan.make": ("Make the plan", "Maak het plan"),
    "plan.limits": ("Limits beside the budget", "Grenzen naast het budget"),
    "plan.limits.hint": ("Amounts in {currency}; empty = no limit.", "Bedragen in {currency}; leeg = geen grens."),
    "plan.limits.owner_budget": ("For each account manager", "Voor elke accountmanager"),
    "plan.limits.financial_budget": ("For financial ties", "Voor financiële banden"),
    "plan.limits.social_budget": ("For social ties", "Voor sociale banden"),
    "plan.limits.structural_budget": ("For structural ties", "Voor structurele banden"),
    "plan.wrong.limits": ("A limit is no amount: give one such as 5000, or nothing.", "Een grens is geen bedrag: geef er een als 5000, of niets."),
    "plan.wrong.budget": ("The budget is no amount: give one such as 20000.", "Het budget is geen bedrag: geef er een als 20000."),
    "plan.wrong.holdout": ("Hold back between 0 and 50 percent.", "Houd tussen 0 en 50 procent achter."),
    "plan.wrong.explore": ("Try out between 0 and 50 percent.", "Probeer tussen 0 en 50 procent uit."),
    "plan.whole": ("The whole", "Het geheel"),
    "plan.whole.title": ("The plan for {budget}", "Het plan voor {budget}"),
    "plan.sum.budget": ("Budget", "Budget"),
    "plan.sum.spent": ("Spent", "Besteed"),
    "plan.sum.treated": ("Accounts invested in", "Accounts met investering"),
    "plan.sum.held_out": ("Held back", "Achtergehouden"),
    "plan.sum.expected_gain": ("Expected gain", "Verwachte opbrengst"),
    "plan.sum.gain_low": ("Gain, low end", "Opbrengst, ondergrens"),
    "plan.sum.gain_high": ("Gain, high end", "Opbrengst, bovengrens"),
    "plan.sum.claimed_gain": ("What to promise", "Wat u mag beloven"),
    "plan.sum.roi": ("Return per unit spent", "Rendement per bestede eenheid"),
    "plan.sum.horizon_days": ("Within days", "Binnen dagen"),
    "plan.sum.as_of": ("Scores of", "Scores van"),
    "plan.column.account_id": ("Account", "Account"),
    "plan.column.owner": ("Account manager", "Accountmanager"),
    "plan.column.investment": ("Investment", "Investering"),
    "plan.column.cost": ("Cost", "Kosten"),
    "plan.column.expected_gain": ("Expected gain", "Verwachte opbrengst"),
    "plan.column.gain_low": ("Low end", "Ondergrens"),
    "plan.column.gain_high": ("High end", "Bovengrens"),
    "plan.column.roi": ("Return per unit", "Rendement per eenheid"),
    "plan.column.arm": ("treat = do it, holdout = do nothing", "treat = doen, holdout = niets doen"),
    "plan.column.propensity": ("Chance of that by lot", "Kans daarop bij de loting"),
    "plan.column.advice": ("Advice", "Advies"),
    "plan.column.instead_of": ("Instead of", "In plaats van"),
    "plan.column.why": ("Why another", "Waarom een andere"),
    "plan.instead": ("instead of {option}. {why}", "in plaats van {option}. {why}"),
    "plan.range": ("{low} to {high} if all errors point one way", "{low} tot {high} als alle fouten één kant op wijzen"),
    "plan.picture": (
        "{spent} is spent; the extra margin should be {margin}, between {low} and {high}",
        "{spent} wordt besteed; de extra marge zou {margin} zijn, tussen {low} en {high}",
    ),
    "plan.picture.spent": ("spent", "besteed"),
    "plan.picture.margin": ("extra margin", "extra marge"),
    "plan.nothing": (
        "Nothing is bought: nothing that pays fits this budget and these limits.",
        "Er wordt niets gekocht: niets wat loont past binnen dit budget en deze grenzen.",
    ),
    "plan.caption": (
        "Accounts {first} to {last} of {all} on the plan; best return first, those held back at the end",
        "Accounts {first} tot en met {last} van {all} op het plan; beste rendement eerst, achtergehouden accounts "
        "achteraan",
    ),
    "plan.hold": ("Held back: do nothing", "Achtergehouden: niets doen"),
    "plan.hold.why": ("would have got {option}", "zou {option} hebben gekregen"),
    "plan.xlsx": ("Download (Excel)", "Download (Excel)"),
    "plan.csv": ("Download (CSV)", "Download (CSV)"),
    "plan.zip": ("Download for ladder monitor (ZIP)", "Download voor ladder monitor (ZIP)"),
    "plan.accept": ("Accept this plan", "Accepteer dit plan"),
    "plan.accept.hint": (
        "It is kept as it stands, with who is held back, so that what it earned can be measured.",
        "Het wordt bewaard zoals het is, met wie is achtergehouden, zodat te meten is wat het opbracht.",
    ),
    "plan.already": ("This plan is accepted.", "Dit plan is geaccepteerd."),
    "plan.open": ("Open it", "Open het"),
    "plan.accepted.title": ("Accepted plan {id}", "Geaccepteerd plan {id}"),
    "plan.accepted.done": (
        "The plan is accepted. Download it and carry it out; leave those held back alone.",
        "Het plan is geaccepteerd. Download het en voer het uit; laat de achtergehouden accounts met rust.",
    ),
    "plan.accepted.by": ("Accepted {time}, by: {who}.", "Geaccepteerd {time}, door: {who}."),
    "plan.another": ("Make another plan", "Maak een ander plan"),
    "plan.list": ("Accepted plans", "Geaccepteerde plannen"),
    "plan.list.caption": ("Latest first", "Nieuwste eerst"),
    "plan.list.plan": ("Plan", "Plan"),
    "plan.list.when": ("Accepted", "Geaccepteerd"),
    "plan.list.who": ("By", "Door"),
    "plan.list.carried_out": ("Carried out", "Uitgevoerd"),
    "plan.list.so_far": ("{low} to {high}; {share} of the horizon", "{low} tot {high}; {share} van de looptijd"),
    "plan.list.not_yet": ("not judged yet", "nog niet beoordeeld"),
    "plan.brought": ("What became of it", "Wat ervan is geworden"),
    "plan.brought.not_yet": (
        "Not judged yet: ladder monitor compares those treated with those held back.",
        "Nog niet beoordeeld: ladder monitor vergelijkt wie de investering kreeg met wie is achtergehouden.",
    ),
    "plan.list.files": ("Files", "Bestanden"),
    "plan.list.none": ("No plan has been accepted yet.", "Er is nog geen plan geaccepteerd."),
    "error.plan_changed": (
        "The scores or a manager's decision changed since you saw the plan. Nothing was accepted: make the plan again.",
        "De scores of een besluit van een manager zijn veranderd sinds u het plan zag. Er is niets geaccepteerd: maak "
        "het plan opnieuw.",
    ),
    "error.not_found": ("There is no such thing here.", "Dit bestaat hier niet."),
}  # fmt: skip


def say(language: str, key: str, **values: object) -> str:
    """Return the text in that language, its holes filled.  Raises KeyError where there is no such text."""
    text = TEXTS[key][_PLACE[language]]
    return text.format(**values) if values else text
