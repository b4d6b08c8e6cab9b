"""Names of the things that findings speak of, in English and Dutch: kind -> machine name -> words.

`german_names.GERMAN_NAMES` has them in German.

A template asks for one by its kind: `{task:task}`. What is in no table (a baseline of somebody's own, an industry) is
written as it is.
"""

from collections.abc import Mapping

from features.tables import RUNGS
from training.model.text.german_names import GERMAN_NAMES
from training.model.text.words import LANGUAGES, PAGE_LANGUAGES, WORDS

Words = tuple[str, str]

NAMES: Mapping[str, Mapping[str, Words]] = {
    "task": {
        "next_rung": ("the next rung", "de volgende trede"),
        "switching": ("leaving", "vertrek"),
        "revenue": ("expected revenue", "verwachte omzet"),
        "renewal": ("renewals", "verlengingen"),
        "win_back": ("winning back", "terugwinnen"),
    },
    "metric": {
        "log_loss": ("log loss", "log loss"),
        "rps": ("ranked probability score", "ranked probability score"),
        "brier": ("Brier score", "Brier-score"),
        "deviance": ("deviance", "deviantie"),
        "mae": ("mean absolute error, money", "gemiddelde absolute fout, geld"),
    },
    "simplest": {
        "next_rung": ("persistence (everybody stays on its rung)", "persistentie (iedereen blijft op de eigen trede)"),
        "switching": ("recency alone (who has been silent longest leaves)", "recentheid alleen (wie het langst stil is, vertrekt)"),
        "renewal": (
            "the renewal rate by age and size of the contract", "het verlengpercentage naar leeftijd en omvang van het contract",
        ),
        "win_back": ("recency alone (who left last comes back)", "recentheid alleen (wie het laatst vertrok, komt terug)"),
        "revenue": ("last year's pace (everybody spends what it spent)", "het tempo van vorig jaar (iedereen besteedt wat hij besteedde)"),
    },
    "chance_of": {"climbed": ("climbing", "stijgen"), "left": ("leaving", "vertrek"), "renewed": ("renewing", "verlengen"),
                  "came_back": ("coming back", "terugkomen")},
    "chance_changed": {"climbed": ("climbing", "stijgen"), "switched": ("leaving", "vertrek")},
    "happened": {"climbed": ("climbed", "steeg"), "left": ("left", "vertrok"), "renewed": ("renewed", "verlengde"),
                 "came_back": ("came back", "kwam terug")},
    "outcome": {
        "switching": ("leaving", "vertrek"),
        "next_rung": ("the next rung", "de volgende trede"),
        "climbing": ("a climb", "een stijging"),
        "falling": ("a fall", "een daling"),
    },
    "rung": dict(zip(RUNGS, zip(*(WORDS[language].rungs for language in LANGUAGES), strict=True), strict=True)),
    "basis": {
        "randomised": ("randomised", "door loting"),
        "adjusted": ("adjusted", "door vergelijking"),
        "insufficient": ("insufficient", "onvoldoende"),
    },
    "trigger": {
        "situational": ("what changed at theirs", "wat er bij hen veranderde"),
        "reactional": ("where we failed them", "waar wij tekortschoten"),
        "influential": ("competition", "concurrentie"),
    },
    "definition": {"recorded": ("recorded", "vastgelegd"), "silence": ("silence", "stilte"),
                   "rhythm": ("silence beyond its own rhythm", "stilte langer dan het eigen ritme")},
    "newcomers": {"estimated": ("estimated", "geschat"), "too_few": ("too few began", "te weinig begonnen")},
    "calibrated_by": {
        "earlier_models": ("models that learnt before it", "modellen die eerder leerden"),
        "other_accounts": ("models of earlier slices and other accounts", "modellen van eerdere peilingen en andere accounts"),
    },
    "spending": {
        "no_limit": ("no limit on spending", "geen grens aan de uitgaven"),
        "half": ("half of what the new model would spend", "de helft van wat het nieuwe model zou uitgeven"),
    },
    "trials": {
        "later": ("trials after its training", "proeven van na de training"),
        "all": ("all trials, in its favour", "alle proeven, in het voordeel van het huidige model"),
    },
    "recipe": {
        "as_it_stands": ("as it stands", "zoals het is"),
        "its_recipe": ("its recipe", "zijn recept"),
    },
    "segment": {
        "rung": ("rung", "trede"), "industry": ("industry", "branche"), "country": ("country", "land"),
        "segment": ("segment", "segment"), "size": ("size", "grootte"),
    },
    "size": {
        "under_10": ("under 10 employees", "minder dan 10 medewerkers"),
        "10_to_49": ("10 to 49 employees", "10 tot 49 medewerkers"),
        "50_to_249": ("50 to 249 employees", "50 tot 249 medewerkers"),
        "250_and_more": ("250 employees and more", "250 medewerkers of meer"),
    },
    "expectation": {
        "critical_ticket": (
            "a critical ticket opened yesterday must not lower the chance of leaving",
            "een kritieke melding van gisteren mag de kans op vertrek niet verlagen",
        ),
        "rival_s_offer": (
            "a rival's offer yesterday must not lower the chance of leaving",
            "een aanbod van een concurrent van gisteren mag de kans op vertrek niet verlagen",
        ),
        "unhappy_answer": (
            "the worst answer to a survey must not give a lower chance of leaving than the best",
            "het slechtste antwoord op een enquête mag geen lagere kans op vertrek geven dan het beste",
        ),
        "order_climbs": (
            "an order yesterday must not lower the chance that a prospect or shopper becomes a customer",
            "een order van gisteren mag de kans niet verlagen dat een prospect of shopper klant wordt",
        ),
        "order_pays": (
            "an order yesterday must not lower expected revenue",
            "een order van gisteren mag de verwachte omzet niet verlagen",
        ),
    },
    "question": {
        "horizon": ("horizon", "looptijd"),
        "definition": ("definition of switching", "definitie van vertrek"),
        "rules": ("rules of the ladder", "regels van de ladder"),
        "silence_days": ("days of silence", "dagen stilte"),
    },
    "baseline": {
        "class frequencies": ("class frequencies", "klassefrequenties"),
        "persistence": ("persistence", "persistentie"),
        "mechanical roll-forward": ("mechanical roll-forward", "mechanisch doorrekenen"),
        "Markov matrix": ("Markov matrix", "Markov-matrix"),
        "Markov by recency": ("Markov by recency", "Markov naar recentheid"),
        "count-process forecast": ("count-process forecast", "telproces"),
        "multinomial logit": ("multinomial logit", "multinomiale logit"),
        "default LightGBM, one slice": ("default LightGBM, one slice", "standaard-LightGBM, één peiling"),
        "base rate": ("base rate", "gemiddelde kans"),
        "recency": ("recency", "recentheid"),
        "log-RFM logit": ("log-RFM logit", "log-RFM-logit"),
        "BG/NBD expected purchases": ("BG/NBD expected purchases", "BG/NBD, verwachte aankopen"),
        "MBG/CNBD-k expected purchases": ("MBG/CNBD-k expected purchases", "MBG/CNBD-k, verwachte aankopen"),
        "mean": ("mean", "gemiddelde"),
        "the last horizon again": ("the revenue of the last horizon", "de omzet van de laatste looptijd"),
        "the same season a year ago": ("the same season a year ago", "hetzelfde seizoen een jaar geleden"),
        "BG/NBD x gamma-gamma": ("BG/NBD x gamma-gamma", "BG/NBD x gamma-gamma"),
        "MBG/CNBD-k x gamma-gamma": ("MBG/CNBD-k x gamma-gamma", "MBG/CNBD-k x gamma-gamma"),
        "last year's pace": ("last year's pace", "het tempo van vorig jaar"),
        "the pool, which does not serve": (
            "the pool, which does not serve", "het geleerde model, dat niet wordt gebruikt",
        ),
        "champion": ("the champion", "het huidige model"),
    },
    "uplift_cause": {
        "few": ("too few got it with a complete horizon since", "te weinig kregen haar met sindsdien een volledige looptijd"),
        "history": ("the history is too short", "de geschiedenis is te kort"),
        "washout": (
            "most got it soon after another investment, whose effect would be credited to it (uplift.washout_days)",
            "de meeste kregen haar kort na een andere investering, waarvan het effect haar zou worden toegerekend "
            "(uplift.washout_days)",
        ),
        "controls": (
            "too few accounts got nothing meanwhile: there is nobody to compare with",
            "te weinig accounts kregen in die tijd niets: er is niemand om mee te vergelijken",
        ),
        "propensity": (
            "the lots lack their propensity: the chance of each row's own arm",
            "bij de lotingen ontbreekt de propensity: de kans van elke rij op haar eigen arm",
        ),
        "rule": (
            "who got it follows a rule: rung or revenue alone tells them apart, so nobody is comparable",
            "wie haar kreeg volgt een regel: trede of omzet alleen scheidt ze, dus is niemand vergelijkbaar",
        ),
    },
    "not_the_best": {
        "budget": (
            "the budget earns more with a cheaper one there",
            "het budget levert meer op met een goedkopere",
        ),
        "limits": (
            "a limit beside the budget does not allow the best",
            "een grens naast het budget laat de beste niet toe",
        ),
        "low_end": (
            "its interval's low end is worth more",
            "de onderkant van haar interval is meer waard",
        ),
        "narrowed": (
            "the request or a manager's decision leaves no other",
            "de vraag of een besluit van een accountmanager laat geen andere over",
        ),
        "by_lot": (
            "by lot, to keep learning",
            "door loting, om te blijven leren",
        ),
    },
    "alone": {
        "unknown": (
            "of no investment the data can tell what it does there",
            "van geen investering kunnen de gegevens zeggen wat ze daar doet",
        ),
        "loses": (
            "no investment is expected to earn more than it costs",
            "geen investering levert naar verwachting meer op dan ze kost",
        ),
        "unsure": (
            "an investment is expected to pay, but not at the low end of its interval",
            "een investering loont naar verwachting, maar niet aan de onderkant van haar interval",
        ),
        "beaten": (
            "an investment would pay, but the money or another limit is better used elsewhere",
            "een investering zou lonen, maar het geld of een andere grens is elders beter benut",
        ),
    },
    "promise": {
        "more": (": more than promised", ": meer dan beloofd"),
        "less": (": less than promised", ": minder dan beloofd"),
        "as": ("", ""),
    },
    "kept": {
        "more": (" More than promised.", " Meer dan beloofd."),
        "less": (" Less than promised.", " Minder dan beloofd."),
        "as": (" In line with the promise.", " In lijn met de belofte."),
    },
    "score_change": {
        "new": ("new since the earlier run", "nieuw sinds de vorige run"),
        "unknown": ("no longer known", "niet meer bekend"),
        "removed": (
            "not known at the earlier as_of any more: its rows were moved or removed",
            "op de eerdere as_of niet meer bekend: de rijen werden verplaatst of verwijderd",
        ),
        "could_not_switch": ("could not switch before", "kon eerder niet vertrekken"),
        "never_could_switch": ("could not switch in either run", "kon in geen van beide runs vertrekken"),
        "cannot_switch": ("cannot switch any more", "kan niet meer vertrekken"),
        "corrected_cannot_switch": (
            "by the corrected data it could not switch",
            "volgens de verbeterde gegevens kon het niet vertrekken",
        ),
    },
    "worth": {
        "inquiry": ("an open inquiry of a prospect", "een open aanvraag van een prospect"),
        "suspect": ("a suspect", "een suspect"),
    },
    "acquired": {
        "new_account": ("a new account", "een nieuw account"),
        "inquiry": ("an open inquiry of a prospect", "een open aanvraag van een prospect"),
        "suspect": ("a suspect", "een suspect"),
        "recommended": ("a recommended investment in a customer", "een aanbevolen investering in een klant"),
    },
    "forecaster": {
        "managers": ("all managers", "alle accountmanagers"),
        "history": ("history (value gap)", "historie (waardeverschil)"),
    },
}  # fmt: skip
NOBODY = ("(nobody named)", "(niemand genoemd)", "(niemand genannt)")
UNKNOWN_CHANNEL = ("channel unknown", "kanaal onbekend", "Kanal unbekannt")
WON_BY = (
    "a new account, won by {channel}", "een nieuw account, gewonnen via {channel}",
    "ein neuer Kunde, gewonnen über {channel}",
)  # fmt: skip


def name(kind: str, value: str, language: str) -> str:
    """Return the words of a machine name; the name itself where the table has none."""
    if language in LANGUAGES:
        words = NAMES[kind].get(value)
        return value if words is None else words[LANGUAGES.index(language)]
    return GERMAN_NAMES[kind].get(value, value)


def manager_name(manager: str | None, language: str) -> str:
    """Return an account manager's name, or words that say that nobody was named."""
    return manager or NOBODY[PAGE_LANGUAGES.index(language)]


def forecaster_name(row: Mapping[str, object], language: str) -> str:
    """Return whose forecasts a row of `Facts.track_record` is about."""
    who = str(row["who"])
    return name("forecaster", who, language) if who != "manager" else manager_name(_text(row["manager"]), language)


def acquired_name(row: Mapping[str, object], language: str, channel: str | None = None) -> str:
    """Return what the money of a row of `Facts.acquisition` went to.  channel : as people call it; None = as it is."""
    known, place = row.get("channel"), PAGE_LANGUAGES.index(language)
    if known is None:
        return name("acquired", str(row["what"]), language)
    return WON_BY[place].format(channel=channel or known or UNKNOWN_CHANNEL[place])


def _text(value: object) -> str | None:
    return None if value is None else str(value)
