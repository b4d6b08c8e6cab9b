"""Words of the page before there are scores, English and Dutch; part of `serving.web.text.catalogue.TEXTS`."""

START_TEXTS: dict[str, tuple[str, str]] = {
    "start.title": ("No scores yet", "Nog geen scores"),
    "start.intro": (
        "Four commands lead to the first scores. Type them where this service was started, one after the other; then reload "
        "this page.",
        "Vier opdrachten leiden naar de eerste scores. Typ ze waar deze dienst is gestart, een voor een; laad daarna deze "
        "pagina opnieuw.",
    ),
    "start.read": ("Read", "Lezen"),
    "start.about.read": (
        "Looks at an export of your CRM, shop or accounts, and writes how it is read.",
        "Bekijkt een export van uw CRM, winkel of boekhouding, en schrijft op hoe die wordt gelezen.",
    ),
    "start.check": ("Check", "Nakijken"),
    "start.about.check": (
        "Shows what was understood, where the accounts stand, and what can be learnt from it.",
        "Toont wat begrepen is, waar de klanten staan, en wat ervan te leren valt.",
    ),
    "start.train": ("Train", "Trainen"),
    "start.about.train": (
        "Learns from the history. The first model that no check refuses serves; this service takes it over by itself.",
        "Leert van de geschiedenis. Het eerste model dat geen controle weigert, gaat werken; deze dienst neemt het zelf over.",
    ),
    "start.score": ("Score", "Scoren"),
    "start.about.score": (
        "Scores every account and puts the scores where this page reads them.",
        "Scoort elke klant en zet de scores waar deze pagina ze leest.",
    ),
    "start.state.done": ("done", "gedaan"),
    "start.state.next": ("next", "volgende"),
    "start.state.later": ("later", "later"),
    "start.copy": ("Copy", "Kopieer"),
    "start.copied": ("Copied", "Gekopieerd"),
}
