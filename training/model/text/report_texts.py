"""What the page about a model's promotion says beside its findings, and headings of tables of results: English, Dutch.

Holes are filled by `str.format`; numbers and dates in them are written before, in the reader's language.
"""

from collections.abc import Mapping

from training.model.text.names import Words
from training.model.text.words import LANGUAGES

REPORT_TEXTS: Mapping[str, Words] = {
    "title": ("May this model serve?", "Mag dit model in gebruik?"),
    "subtitle": ("Loyalty ladder, {name}, data until {until}", "Loyaliteitsladder, {name}, gegevens tot {until}"),
    "name.version": ("version {version} ({bundle})", "versie {version} ({bundle})"),
    "name.bundle": ("bundle {bundle}", "bundel {bundle}"),
    "warnings.one": ("1 point to mind.", "1 aandachtspunt."),
    "warnings.many": ("{count} points to mind.", "{count} aandachtspunten."),
    "interval": ("{level} interval", "interval van {level}"),
    "range": ("{low} to {high}", "{low} tot {high}"),
    "new_model": ("new model", "nieuw model"),
    "champion": ("champion", "huidig model"),
    "difference": ("difference", "verschil"),
    "not_compared": ("Not compared.", "Niet vergeleken."),
    "changes": ("What changes, and for whom", "Wat er verandert, en voor wie"),
    "changes.first": (
        "There is no champion to compare with: every score is new.",
        "Er is geen huidig model om mee te vergelijken: elke score is nieuw.",
    ),
    "changes.share": (
        "Of {accounts} accounts, {changed} ({share}) are recommended something else.",
        "Van {accounts} accounts krijgen er {changed} ({share}) een andere aanbeveling.",
    ),
    "changes.share.sample": (
        "Of {accounts} accounts (a sample of {sample} of all), {changed} ({share}) are recommended something else.",
        "Van {accounts} accounts (een steekproef van {sample} van alle) krijgen er {changed} ({share}) een andere "
        "aanbeveling.",
    ),
    "changes.caption": (
        "Accounts whose recommendation changes, by today's rung",
        "Accounts waarvan de aanbeveling verandert, naar de trede van vandaag",
    ),
    "changes.rung": ("rung", "trede"),
    "changes.accounts": ("accounts", "accounts"),
    "changes.change": ("change", "veranderen"),
    "changes.part": ("share", "aandeel"),
    "changes.newly": ("from nothing to something", "van niets naar iets"),
    "changes.dropped": ("from something to nothing", "van iets naar niets"),
    "example.none": ("Neither model would spend anything.", "Geen van beide modellen zou iets uitgeven."),
    "example": (
        "For example, with {budget} to spend on these accounts, the new model would choose {ours} of them and the "
        "champion {theirs}; {both} are the same. By its own estimate the new choice is worth {promised}, margin less "
        "cost; see below what such promises have been worth.",
        "Bijvoorbeeld: met {budget} te besteden aan deze accounts zou het nieuwe model er {ours} kiezen en het huidige "
        "{theirs}; {both} zijn dezelfde. Naar eigen schatting is de nieuwe keuze {promised} waard, marge min kosten; "
        "zie hieronder wat zulke beloften waard zijn geweest.",
    ),
    "money": ("Money", "Geld"),
    "money.unknown": (
        "No trials bear an estimate of effects: what recommending brings cannot be judged.",
        "Geen proeven dragen een schatting van effecten: wat aanbevelen oplevert, is niet te beoordelen.",
    ),
    "money.nothing": (
        "Nothing is recommended: no effect promises more than it costs.",
        "Niets wordt aanbevolen: geen effect belooft meer dan het kost.",
    ),
    "money.value": (
        "On accounts that had no part in the estimates, recommending by this model brought {value} per account more "
        "than doing nothing, margin less cost, {level} interval {low} to {high}; promised were {promised}.",
        "Bij accounts die niet aan de schattingen bijdroegen, bracht aanbevelen met dit model {value} per account meer "
        "op dan niets doen, marge min kosten, interval van {level}: {low} tot {high}; beloofd was {promised}.",
    ),
    "money.not_compared": (
        "Not compared with the champion: {why}.",
        "Niet vergeleken met het huidige model: {why}.",
    ),
    "money.caption": (
        "What recommending brings per account, margin less cost, on the same trials",
        "Wat aanbevelen per account oplevert, marge min kosten, op dezelfde proeven",
    ),
    "money.spending": ("spending", "uitgaven"),
    "money.chosen": ("accounts chosen", "gekozen accounts"),
    "money.shared": ("of them also by the champion", "daarvan ook door het huidige model"),
    "money.drawn": (
        "{trials} trials, {exposed} of them with an investment, drawn by lot.",
        "{trials} proeven, {exposed} daarvan met een investering, door loting toegewezen.",
    ),
    "money.adjusted": (
        "{trials} trials, {exposed} of them with an investment, chosen by managers, adjusted for what was known.",
        "{trials} proeven, {exposed} daarvan met een investering, gekozen door accountmanagers, gecorrigeerd voor wat "
        "bekend was.",
    ),
    "money.fair": (
        "The champion has learnt from none of them.",
        "Het huidige model heeft van geen ervan geleerd.",
    ),
    "money.unfair": (
        "The champion has learnt from some of them, which is to its favour: that it is ahead shows nothing.",
        "Het huidige model heeft van sommige geleerd, wat in zijn voordeel is: dat het voorligt, zegt niets.",
    ),
    "checks": ("The checks", "De controles"),
    "checks.caption": ("What was checked, the gravest first", "Wat is gecontroleerd, het ernstigste eerst"),
    "checks.verdict": ("verdict", "oordeel"),
    "checks.check": ("check", "controle"),
    "checks.found": ("found", "gevonden"),
    "severity.ok": ("in order", "in orde"),
    "severity.note": ("told", "ter kennis"),
    "severity.warning": ("mind", "let op"),
    "severity.blocker": ("stands in the way", "staat in de weg"),
    "comparison": ("Champion against challenger", "Huidig model tegen nieuw model"),
    "comparison.none": ("Not compared: {why}.", "Niet vergeleken: {why}."),
    "comparison.not_asked": ("it was not asked", "er is niet om gevraagd"),
    "comparison.caption": (
        "Version {version} {how}, on the same snapshots; above zero the new model is better",
        "Versie {version} {how}, op dezelfde peilingen; boven nul is het nieuwe model beter",
    ),
    "comparison.prediction": ("prediction", "voorspelling"),
    "comparison.score": ("score (lower is better)", "score (lager is beter)"),
    "comparison.snapshots": ("{snapshots} snapshots at {origins}.", "{snapshots} peilingen op {origins}."),
    "baselines": ("Beside simple rules, out of time", "Naast eenvoudige regels, buiten de leertijd"),
    "baselines.none": (
        "Not judged out of time: the history is too short.",
        "Niet buiten de leertijd beoordeeld: de geschiedenis is te kort.",
    ),
    "baselines.title": ("{task}: {snapshots} snapshots at {origins}", "{task}: {snapshots} peilingen op {origins}"),
    "baselines.model": ("model", "model"),
    "baselines.difference": ("{metric} - ours [{level}]", "{metric} - het onze [{level}]"),
    "data": ("The data it rests on", "De gegevens waarop het rust"),
    "data.caption": ("What was learnt from", "Waarvan is geleerd"),
    "data.what": ("what", "wat"),
    "data.found": ("found", "gevonden"),
    "data.until": ("data until", "gegevens tot"),
    "data.accounts": ("accounts learnt from", "accounts waarvan is geleerd"),
    "data.accounts.found": ("{accounts}, seen {snapshots} times", "{accounts}, {snapshots} keer gezien"),
    "data.events": ("events", "gebeurtenissen"),
    "data.left": ("accounts that left", "vertrokken accounts"),
    "data.exposed": ("accounts with investments", "accounts met investeringen"),
    "data.exposed.unknown": ("not recorded", "niet vastgelegd"),
    "data.late": ("kinds of events with late recordings", "soorten gebeurtenissen die te laat zijn vastgelegd"),
    "data.late.found": ("{dated} of {streams}", "{dated} van {streams}"),
    "data.horizon": ("looks ahead", "kijkt vooruit"),
    "data.horizon.found": ("{days} days", "{days} dagen"),
    "data.definition": ("leaving means", "vertrek betekent"),
    "definition.recorded": ("a recorded switch", "een vastgelegd vertrek"),
    "definition.silence": ("no order in that time", "geen order in die tijd"),
    "definition.rhythm": (
        "no order in that time, and silent beyond its own rhythm",
        "geen order in die tijd, en stiller dan het eigen ritme",
    ),
    "data.tables": ("tables", "tabellen"),
    "data.digests": ("data, settings, features", "gegevens, instellingen, kenmerken"),
    "data.report": ("All findings of the training", "Alle bevindingen van de training"),
    "back": ("How to go back", "Hoe u teruggaat"),
    "back.first": (
        "There is no champion before this one, so nothing to go back to; {promote} makes any other version champion.",
        "Er is geen eerder model in gebruik geweest, dus niets om naar terug te gaan; {promote} neemt een andere "
        "versie in gebruik.",
    ),
    "back.rollback": (
        "{rollback} makes the champion before it champion again (version {version}, as long as none came in between) "
        "and publishes its bundle into the champion's folder in one step; the service takes it up without a restart. "
        "Nothing is lost: {promote} brings any version back. Scores that were written stay until {score} runs again.",
        "{rollback} neemt het vorige model weer in gebruik (versie {version}, zolang er geen tussen kwam) en zet zijn "
        "bundel in één stap in de map van het huidige model; de dienst neemt het over zonder herstart. Er gaat niets "
        "verloren: {promote} haalt elke versie terug. Geschreven scores blijven staan tot {score} opnieuw loopt.",
    ),
    "task.next_rung": ("Next rung", "Volgende trede"),
    "task.switching": ("Switching", "Vertrek"),
    "task.revenue": ("Expected revenue", "Verwachte omzet"),
    "task.renewal": ("Renewal of contracts", "Verlenging van contracten"),
    "task.win_back": ("Winning back former customers", "Terugwinnen van vroegere klanten"),
    "task.lifetime": ("Lifetime value: gross margin of a year", "Klantwaarde: brutomarge van een jaar"),
    "task.next_order": ("Next order day, 80% windows", "Volgende besteldag, vensters van 80%"),
}  # fmt: skip


def report_text(key: str, language: str) -> str:
    """Return a text with its holes.

    Raises
    ------
    KeyError
        If there is no such text.
    """
    return REPORT_TEXTS[key][LANGUAGES.index(language)]
