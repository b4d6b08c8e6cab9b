"""TEXTS: every word of the page in English and Dutch, by key: the one table. `say` fills a text's holes.

Keys are named by the view and by what they say; what stands under `rung.`, `trigger.` and the like is looked up by the
machine's names. A test holds templates and table together: no key is missing, none is left over.
"""

from collections.abc import Mapping

from serving.page.account_texts import ACCOUNT_TEXTS
from serving.page.ladder_texts import LADDER_TEXTS
from serving.page.trust_texts import TRUST_TEXTS

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
    "state.pays": ("Invest", "Investeren"),
    "state.alone": ("Leave alone", "Met rust laten"),
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
    "error.not_ready": (
        "There are no scores yet. Run ladder score --to with the address of the store.",
        "Er zijn nog geen scores. Draai ladder score --to met het adres van de opslag.",
    ),
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
    "error.other": ("The service says: {message}", "De dienst zegt: {message}"),
    "gain.between": (
        "between {low} and {high}, nine times out of ten", "tussen {low} en {high}, negen van de tien keer",
    ),
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
    "priorities.state": ("Advice", "Advies"),
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
    "priorities.advice": ("What to do", "Wat te doen"),
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
    "sorted.down": ("highest first", "hoogste eerst"),
    "sorted.up": ("lowest first", "laagste eerst"),
    "none.owner": ("no manager", "geen manager"),
    **ACCOUNT_TEXTS, **LADDER_TEXTS, **TRUST_TEXTS,
}  # fmt: skip


def say(language: str, key: str, **values: object) -> str:
    """The text in that language, its holes filled; a key that is not there is a mistake of ours and raises KeyError."""
    text = TEXTS[key][_PLACE[language]]
    return text.format(**values) if values else text
