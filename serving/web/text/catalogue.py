"""TEXTS: every word of the page in English and Dutch, by key; `german.GERMAN` has the same keys in German. `say` fills a text's holes.

Keys are named by the view and by what they say; what stands under `rung.`, `trigger.` and the like is looked up by the
machine's names. A test holds templates and table together: no key is missing, none is left over.
"""

from collections.abc import Mapping

from serving.web.text.account import ACCOUNT_TEXTS
from serving.web.text.german import GERMAN
from serving.web.text.governance import GOVERNANCE
from serving.web.text.home import HOME_TEXTS
from serving.web.text.ladder import LADDER_TEXTS
from serving.web.text.list import LIST_TEXTS
from serving.web.text.loyalty import LOYALTY_TEXTS
from serving.web.text.risk import RISK_TEXTS
from serving.web.text.start import START_TEXTS
from serving.web.text.trust import TRUST_TEXTS
from serving.web.text.work import WORK_TEXTS

LANGUAGE_NAMES = {"en": "English", "nl": "Nederlands", "de": "Deutsch"}
PAGE_LANGUAGES = tuple(LANGUAGE_NAMES)
_PLACE = {"en": 0, "nl": 1}
"""Of languages in TEXTS. German is a catalogue of its own; what it lacks is said in English."""
TEXTS: Mapping[str, tuple[str, str]] = {
    "site.name": ("Loyalty ladder", "Loyaliteitsladder"),
    "site.skip": ("Skip to the content", "Naar de inhoud"),
    "site.views": ("Views", "Onderdelen"),
    "site.language": ("Language", "Taal"),
    "site.find": ("Find a name, number or role", "Zoek op naam, nummer of rol"),
    "site.find.do": ("Find", "Zoek"),
    "site.signed_in": ("Signed in as {name}", "Aangemeld als {name}"),
    "site.open": ("somebody on this machine", "iemand op deze computer"),
    "site.scored": (
        "Scores of {date}, looking {days} days ahead. Model {version}.",
        "Scores van {date}, {days} dagen vooruit. Model {version}.",
    ),
    "site.stale": (
        "These scores are of {date}, {days} days old. Ask for new ones before you decide on them.",
        "Deze scores zijn van {date} en dus {days} dagen oud. Vraag nieuwe aan voordat u erop besluit.",
    ),
    "nav.home": ("Home", "Start"),
    "nav.accounts": ("Accounts", "Accounts"),
    "nav.work": ("Work list", "Werklijst"),
    "nav.risk": ("Value at risk", "Waarde op het spel"),
    "nav.glossary": ("What the words mean", "Wat de woorden betekenen"),
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
    "trigger.influential": ("competition", "concurrentie"),
    "bond.financial": ("financial", "financieel"),
    "bond.social": ("social", "sociaal"),
    "bond.structural": ("structural", "structureel"),
    "state.pays": ("An investment pays", "Een investering loont"),
    "state.alone": ("No paid action", "Geen investering"),
    "state.unknown": ("Not enough data", "Te weinig gegevens"),
    "sign_in.title": ("Sign in", "Aanmelden"),
    "sign_in.key": ("Your key", "Uw sleutel"),
    "sign_in.hint": (
        "A key that opens this page. Whoever runs this service makes one for you.",
        "Een sleutel waarmee deze pagina opengaat. De beheerder van deze dienst maakt er een voor u.",
    ),
    "sign_in.do": ("Sign in", "Aanmelden"),
    "sign_in.out": ("Sign out", "Afmelden"),
    "sign_in.key_refused": (
        "This key is not good: it is unknown, mistyped or revoked.",
        "Deze sleutel werkt niet: onbekend, verkeerd getypt of ingetrokken.",
    ),
    "sign_in.scope_missing": (
        "This key opens something else: it lacks the scope page.",
        "Deze sleutel is voor iets anders: het recht page ontbreekt.",
    ),
    "sign_in.not_meant": (
        "The form came from another site. Open this page again and sign in here.",
        "Het formulier kwam van een andere site. Open deze pagina opnieuw en meld u hier aan.",
    ),
    "error.title": ("This did not work", "Dit is niet gelukt"),
    "error.back": ("To the start", "Naar de startpagina"),
    "error.not_meant": (
        "This form was not sent from this page, or is too old. Nothing was changed. Open the page again.",
        "Dit formulier kwam niet van deze pagina, of is te oud. Er is niets veranderd. Open de pagina opnieuw.",
    ),
    "error.scope_missing": (
        "Your key may look but not do this. Ask for a key with a wider scope.",
        "Met uw sleutel mag u kijken, maar dit niet doen. Vraag een sleutel met meer rechten.",
    ),
    "error.keys_needed": (
        "Without keys this page opens only on the machine that serves it.",
        "Zonder sleutels is deze pagina alleen te openen op de computer waarop ze draait.",
    ),
    "error.store_unavailable": (
        "The store cannot be used at the moment. Nothing was changed. Try again later.",
        "De opslag is nu niet bereikbaar. Er is niets veranderd. Probeer het later opnieuw.",
    ),
    "error.storage_full": (
        "There is no room left where the store stands. Nothing was changed. Tell whoever runs the service.",
        "De opslag is vol. Er is niets veranderd. Meld het bij de beheerder van deze dienst.",
    ),
    "error.internal": (
        "A mistake of ours; it has been noted. Nothing was changed.",
        "Er ging bij ons iets mis; de fout is vastgelegd. Er is niets veranderd.",
    ),
    "error.other": ("The service says: {message}", "Melding van de dienst: {message}"),
    "gain.between": ("between {low} and {high}", "tussen {low} en {high}"),
    "gain.between.level": ("between {low} and {high}, {times}", "tussen {low} en {high}, {times}"),
    "pages.label": ("Pages", "Pagina's"),
    "pages.previous": ("Previous", "Vorige"),
    "pages.next": ("Next", "Volgende"),
    "pages.of": ("Page {page} of {pages}", "Pagina {page} van {pages}"),
    "none.owner": ("no manager", "geen accountmanager"),
    **ACCOUNT_TEXTS, **HOME_TEXTS, **LOYALTY_TEXTS, **LADDER_TEXTS, **LIST_TEXTS, **RISK_TEXTS, **START_TEXTS, **TRUST_TEXTS, **WORK_TEXTS,
    **GOVERNANCE,
    "plan.title": ("What a budget buys", "Wat een budget oplevert"),
    "plan.intro": (
        "The choice of accounts and investments that should earn most within the budget over the next {days} days: at "
        "most one investment an account, and none that is not expected to pay.",
        "De keuze van accounts en investeringen die binnen het budget de komende {days} dagen het meeste zou opleveren: hooguit één investering per account, en alleen wat naar verwachting loont.",
    ),
    "plan.for": ("Only for accounts with", "Alleen voor accounts met"),
    "plan.budget": ("Budget", "Budget"),
    "plan.budget.amount": ("Amount ({currency})", "Bedrag ({currency})"),
    "plan.budget.slide": ("Slide to an amount", "Schuif naar een bedrag"),
    "plan.holdout": ("Control group (%)", "Controlegroep (%)"),
    "plan.holdout.hint": (
        "Control group: these accounts get nothing although they were chosen, by lot. Against them the plan is measured; "
        "10 is usual, 50 the most.",
        "Controlegroep: deze accounts zijn wel gekozen, maar krijgen door loting niets. Daarmee wordt het plan vergeleken; 10 is gebruikelijk, 50 het maximum.",
    ),
    "plan.explore": ("Tried out by lot (%)", "Door loting uitgeprobeerd (%)"),
    "plan.explore.hint": (
        "Tried out: these get another investment that pays, so that all of them stay known. 0 is usual.",
        "Uitgeprobeerd: deze accounts krijgen een andere investering die loont, zodat van elke investering bekend blijft wat ze doet. 0 is gebruikelijk.",
    ),
    "plan.on": ("Choose by", "Kies op"),
    "plan.on.expected": ("expected gain", "verwachte opbrengst"),
    "plan.on.low": ("gain if things go badly", "opbrengst als het tegenzit"),
    "plan.only": ("Only some rungs or investments", "Alleen bepaalde treden of investeringen"),
    "plan.only.rungs": ("Rungs (none ticked = all)", "Treden (niets aangevinkt = alle)"),
    "plan.only.options": ("Investments (none ticked = all)", "Investeringen (niets aangevinkt = alle)"),
    "plan.make": ("Make the plan", "Maak het plan"),
    "plan.limits": ("Limits beside the budget", "Grenzen naast het budget"),
    "plan.limits.hint": (
        "Amounts in {currency}; empty = no limit. A limit of visits counts every social action as one, unless you say below how "
        "many visits or hours each action takes.",
        "Bedragen in {currency}; leeg = geen grens. Een grens aan bezoeken telt elke sociale actie als één, tenzij u hieronder "
        "zegt hoeveel bezoeken of uren een actie kost.",
    ),
    "plan.limits.owner_budget": ("For each account manager", "Voor elke accountmanager"),
    "plan.limits.owner_hours": ("Visits or hours of each account manager", "Bezoeken of uren van elke accountmanager"),
    "plan.limits.group_budget": ("For each group of companies", "Voor elke groep bedrijven"),
    "plan.hours": ("{option} takes", "{option} kost"),
    "plan.limits.financial_budget": ("For financial actions", "Voor financiële acties"),
    "plan.limits.social_budget": ("For social actions", "Voor sociale acties"),
    "plan.limits.structural_budget": ("For structural actions", "Voor structurele acties"),
    "plan.wrong.limits": ("A limit is no amount: give one such as 5000, or nothing.", "Een van de grenzen is geen bedrag: vul bijvoorbeeld 5000 in, of niets."),
    "plan.wrong.hours": (
        "A limit of visits or hours needs how many an action takes: say it of at least one action.",
        "Voor een grens aan bezoeken of uren moet bekend zijn wat een actie kost: vul dat bij minstens één actie in.",
    ),
    "plan.wrong.budget": ("The budget is no amount: give one such as 20000.", "Het budget is geen bedrag: vul bijvoorbeeld 20000 in."),
    "plan.wrong.holdout": ("The control group is 0 to 50 percent.", "De controlegroep is 0 tot 50 procent."),
    "plan.wrong.explore": ("Try out between 0 and 50 percent.", "Probeer tussen 0 en 50 procent uit."),
    "plan.whole": ("The whole", "Het geheel"),
    "plan.whole.title": ("The plan for {budget}", "Het plan voor {budget}"),
    "plan.sum.budget": ("Budget", "Budget"),
    "plan.sum.spent": ("Spent", "Besteed"),
    "plan.sum.treated": ("Accounts invested in", "Accounts met investering"),
    "plan.sum.held_out": ("Control group", "Controlegroep"),
    "plan.sum.expected_gain": ("Expected gain", "Verwachte opbrengst"),
    "plan.sum.gain_low": ("Gain, low end", "Opbrengst, ondergrens"),
    "plan.sum.gain_high": ("Gain, high end", "Opbrengst, bovengrens"),
    "plan.sum.claimed_gain": ("What to promise", "Wat u kunt beloven"),
    "plan.sum.roi": ("Gain per unit spent", "Opbrengst per bestede eenheid"),
    "plan.sum.horizon_days": ("Within days", "Looptijd in dagen"),
    "plan.sum.as_of": ("Scores of", "Scores van"),
    "plan.column.account_id": ("Account", "Account"),
    "plan.column.owner": ("Account manager", "Accountmanager"),
    "plan.column.investment": ("Investment", "Investering"),
    "plan.column.cost": ("Cost", "Kosten"),
    "plan.column.expected_gain": ("Expected gain", "Verwachte opbrengst"),
    "plan.column.gain_low": ("Low end", "Ondergrens"),
    "plan.column.gain_high": ("High end", "Bovengrens"),
    "plan.column.roi": ("Gain per unit spent", "Opbrengst per bestede eenheid"),
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
        "Het plan is leeg: niets wat loont past binnen dit budget en deze grenzen.",
    ),
    "plan.caption": (
        "Accounts {first} to {last} of {all} on the plan; best return first, the control group at the end",
        "Accounts {first} tot en met {last} van {all} in het plan; beste rendement eerst, de controlegroep achteraan",
    ),
    "plan.hold": ("Control group: do nothing", "Controlegroep: niets doen"),
    "plan.hold.why": ("would have got {option}", "zou {option} hebben gekregen"),
    "plan.xlsx": ("Download (Excel)", "Download (Excel)"),
    "plan.csv": ("Download (CSV)", "Download (CSV)"),
    "plan.zip": ("Download for the measurement (ZIP)", "Download voor de meting (ZIP)"),
    "plan.accept": ("Accept this plan", "Accepteer dit plan"),
    "plan.accept.hint": (
        "It is kept as it stands, with its control group, so that what it earned can be measured.",
        "Het wordt bewaard zoals het is, met de controlegroep, zodat te meten is wat het opbracht.",
    ),
    "plan.already": ("This plan is accepted.", "Dit plan is geaccepteerd."),
    "plan.open": ("Open it", "Open het"),
    "plan.accepted.title": ("Accepted plan {id}", "Geaccepteerd plan {id}"),
    "plan.accepted.done": (
        "The plan is accepted. Download it and carry it out; leave the control group alone.",
        "Het plan is geaccepteerd. Download het en voer het uit; laat de controlegroep met rust.",
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
        "Running: nobody has compared those treated with the control group yet.",
        "Loopt nog: de accounts met een investering zijn nog niet met de controlegroep vergeleken.",
    ),
    "plan.beside": ("Beside the plan accepted last", "Naast het laatst geaccepteerde plan"),
    "plan.beside.this": ("This plan", "Dit plan"),
    "plan.progress": ("How far it is carried out", "Hoe ver het is uitgevoerd"),
    "plan.progress.told": (
        "{done} of {all} done, {doing} being done; {listed} on the work list.",
        "{done} van {all} gedaan, aan {doing} wordt gewerkt; {listed} op de werklijst.",
    ),
    "plan.to_work": ("Put it on the work list", "Zet alles op de werklijst"),
    "plan.name": ("Name of the plan", "Naam van het plan"),
    "plan.handout": ("Hand-out per account manager (Excel)", "Per accountmanager (Excel)"),
    "hand_out.account": ("Account", "Account"),
    "hand_out.rung": ("Rung", "Trede"),
    "hand_out.action": ("What to do", "Aanpak"),
    "hand_out.cost": ("Cost", "Kosten"),
    "hand_out.gain": ("Expected gain", "Verwachte opbrengst"),
    "hand_out.arm": ("By the plan", "Volgens het plan"),
    "hand_out.do": ("do it", "doen"),
    "hand_out.leave": ("control group: do nothing", "controlegroep: niets doen"),
    "hand_out.seen": ("What we saw", "Wat we zagen"),
    "hand_out.opening": ("How to begin", "Openingszin"),
    "hand_out.due": ("Due", "Vóór"),
    "hand_out.note": ("Note", "Notitie"),
    "plan.list.files": ("Files", "Bestanden"),
    "plan.list.none": ("No plan has been accepted yet.", "Er is nog geen plan geaccepteerd."),
    "error.plan_changed": (
        "The scores or a manager's decision changed since you saw the plan. Nothing was accepted: make the plan again.",
        "De scores of een besluit van een accountmanager zijn veranderd sinds u het plan zag. Er is niets geaccepteerd: maak het plan opnieuw.",
    ),
    "error.not_found": ("There is no such thing here.", "Dit bestaat hier niet."),
}  # fmt: skip


def say(language: str, key: str, **values: object) -> str:
    """Return the text in that language, its holes filled.  Raises KeyError where there is no such text."""
    text = TEXTS[key][_PLACE.get(language, 0)]
    if language == "de":
        text = GERMAN.get(key, text)
    return text.format(**values) if values else text
