"""The texts of signing in and of the audit log, in English and Dutch."""

GOVERNANCE: dict[str, tuple[str, str]] = {
    "nav.audit": ("Audit log", "Logboek"),
    "audit.title": ("Audit log", "Logboek"),
    "audit.intro": (
        "Every change by a person or a program, latest first. Each row is sealed with the row before it.",
        "Elke wijziging door een persoon of programma, nieuwste eerst. Elke regel is verzegeld met de regel ervoor.",
    ),
    "audit.whole": (
        "The log is whole; rows: {count}. Each follows the one before it.",
        "Het logboek is compleet; regels: {count}. Elke regel volgt op de vorige.",
    ),
    "audit.broken": (
        "The log is not what was written: {count} faults, the first at row {seq}. Tell whoever runs this service.",
        "Het logboek wijkt af van wat erin geschreven is: {count} fouten, de eerste bij regel {seq}. Meld het bij de beheerder van deze dienst.",
    ),
    "audit.seq": ("Row", "Regel"),
    "audit.at": ("When", "Wanneer"),
    "audit.who": ("Who", "Wie"),
    "audit.what": ("What", "Wat"),
    "audit.about": ("Account, plan or key", "Account, plan of sleutel"),
    "audit.before": ("Before", "Ervoor"),
    "audit.after": ("After", "Erna"),
    "audit.detail": ("More", "Meer"),
    "audit.nobody": ("not signed in", "niet aangemeld"),
    "audit.show": ("Show", "Toon"),
    "audit.more": ("Earlier changes", "Eerdere wijzigingen"),
    "audit.none": ("Nothing was changed yet.", "Er is nog niets gewijzigd."),
    "sign_in.provider": ("Sign in with your organisation", "Aanmelden met uw organisatie"),
    "sign_in.go_on": ("You are signed in. Go on", "U bent aangemeld. Ga verder"),
    "sign_in.no_role": (
        "You have no role here yet. Ask an admin for one.",
        "U heeft hier nog geen rol. Vraag er een aan de beheerder.",
    ),
    "sign_in.no_name": (
        "The identity provider did not say who you are, or not with certainty.",
        "De identiteitsprovider zei niet wie u bent, of niet met zekerheid.",
    ),
    "sign_in.provider_refused": (
        "The identity provider's answer was not good. Try again.",
        "Het antwoord van de identiteitsprovider klopte niet. Probeer het nog eens.",
    ),
    "sign_in.provider_away": (
        "The identity provider cannot be reached. Try again later, or use a key.",
        "De identiteitsprovider is niet bereikbaar. Probeer het later, of gebruik een sleutel.",
    ),
    "sign_in.not_found": (
        "There is no identity provider here. Use a key.",
        "Er is hier geen identiteitsprovider. Gebruik een sleutel.",
    ),
    "error.no_role": (
        "You have no role here. Ask an admin for one.",
        "U heeft hier geen rol. Vraag er een aan de beheerder.",
    ),
    "trust.records.off": (
        "What came true of single account managers' forecasts and decisions is not shown: whoever runs this service has not switched it on.",
        "Wat er uitkwam van de prognoses en besluiten van afzonderlijke accountmanagers wordt niet getoond: de beheerder van deze dienst heeft dat niet aangezet.",
    ),
}
"""By key: English, Dutch."""
