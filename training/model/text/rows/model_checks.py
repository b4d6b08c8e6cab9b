"""What checks of a candidate by itself found (`training.promotion.model_checks`): a heading, and its figures."""

from training.model.text.row import Row

_BEHAVIOUR = (
    "{expectation:expectation}: asked of {accounts:count} accounts, it moves by {change:points} on average "
    "({noise:points} are noise)",
    "{expectation:expectation}: gevraagd voor {accounts:count} accounts verandert het gemiddeld {change:points} "
    "({noise:points} is ruis)",
)
_LATE = (
    "with everything known {days:a day|# days} later the model loses {lost:%} of its skill "
    "[{level:%}: {low:%} to {high:%}]; up to {limit:%} is acceptable",
    "met alles {days:een dag|# dagen} later bekend verliest het model {lost:%} van zijn voorspelkracht "
    "[{level:%}: {low:%} tot {high:%}]; tot {limit:%} is aanvaardbaar",
)
_BASELINE = (
    "{metric:metric} {ours:.4}; the best baseline, {baseline:baseline}, {theirs:.4}",
    "{metric:metric} {ours:.4}; de beste simpele regel, {baseline:baseline}, {theirs:.4}",
)
_CALIBRATION = (
    "chances are off by {error:.3} on average; {limit:.3} is the limit",
    "kansen zitten er gemiddeld {error:.3} naast; {limit:.3} is de grens",
)


def _counts(code: str, title: tuple[str, str], found: tuple[str, str]) -> tuple[Row, Row]:
    """Enough of something, and too few of it."""
    return (
        Row(f"{code}_enough", found, (f"Enough: {title[0]}", f"Genoeg: {title[1]}")),
        Row(
            f"{code}_few",
            (
                f"{found[0]}; {{needed:count}} are needed for figures to lean on",
                f"{found[1]}; {{needed:count}} zijn nodig voor cijfers om op te leunen",
            ),
            (f"Few: {title[0]}", f"Weinig: {title[1]}"),
        ),
    )


ROWS = (
    *_counts(
        "accounts", ("accounts", "accounts"),
        ("{accounts:count} accounts were learnt from", "van {accounts:count} accounts is geleerd"),
    ),
    *_counts(
        "leavers", ("accounts that left", "vertrokken accounts"),
        ("{accounts:count} accounts are known to have left", "van {accounts:count} accounts is bekend dat ze vertrokken"),
    ),
    *_counts(
        "investments", ("investments", "investeringen"),
        (
            "{accounts:count} accounts were invested in, or by lot not",
            "in {accounts:count} accounts is geïnvesteerd, of door loting juist niet",
        ),
    ),
    Row(
        "investments_none",
        (
            "the source holds no investments: nothing is recommended",
            "de bron bevat geen investeringen: er wordt niets aanbevolen",
        ),
        ("No investments recorded", "Geen investeringen vastgelegd"),
    ),
    Row(
        "judged_out_of_time",
        ("on {origins:one later period|# later periods}", "op {origins:één latere periode|# latere perioden}"),
        ("Judged out of time", "Op latere tijd beoordeeld"),
    ),
    Row(
        "judged_never",
        (
            "the history is too short for a later period to judge on; look at the scores with that in mind",
            "de historie is te kort voor een latere periode om op te beoordelen; houd daar rekening mee bij de scores",
        ),
        ("Not judged out of time", "Niet op latere tijd beoordeeld"),
    ),
    Row(
        "judged_never_by_wish",
        (
            "that was not asked for (--fast, or no folds): train without it before anything rests on the scores",
            "dat was niet gevraagd (--fast, of zonder folds): train zonder dat voordat er iets op de scores rust",
        ),
        ("Not judged out of time", "Niet op latere tijd beoordeeld"),
    ),
    Row("baseline_better", _BASELINE, ("A baseline is better: {task:task}", "Een simpele regel is beter: {task:task}")),
    Row(
        "baselines_not_better", _BASELINE,
        ("Not worse than any baseline: {task:task}", "Niet slechter dan een simpele regel: {task:task}"),
    ),
    Row("calibration_fine", _CALIBRATION, ("Calibration: {task:task}", "Kalibratie: {task:task}")),
    Row("calibration_off", _CALIBRATION, ("Chances are off: {task:task}", "Kansen kloppen niet: {task:task}")),
    Row(
        "feature_too_good",
        (
            "{features:alone_features} alone tells who {outcomes:happenings} (AUC {auc:.3}; {limit:.3} is the limit): it "
            "may hold what was only known afterwards. See when those rows are recorded",
            "{features:alone_features} zegt alleen al wie {outcomes:happenings} (AUC {auc:.3}; {limit:.3} is de grens): "
            "misschien staat erin wat pas achteraf bekend was. Kijk wanneer die rijen zijn vastgelegd",
        ),
        ("A feature is too good to be true", "Een kenmerk is te mooi om waar te zijn"),
    ),
    Row(
        "features_plausible",
        (
            "the strongest, {feature}, tells who {outcome:happened} with an AUC of {auc:.3}; {limit:.3} is the limit",
            "het sterkste, {feature}, zegt wie {outcome:happened} met een AUC van {auc:.3}; {limit:.3} is de grens",
        ),
        ("No feature is too good to be true", "Geen kenmerk is te mooi om waar te zijn"),
    ),
    Row("late_survives", _LATE, ("Survives late recording: {task:task}", "Bestand tegen late vastlegging: {task:task}")),
    Row(
        "late_loses",
        (
            f"{_LATE[0]}; rows may be written afterwards with an earlier date, or feeds must never be late",
            f"{_LATE[1]}; misschien worden rijen achteraf met een eerdere datum vastgelegd, of gegevens mogen nooit te "
            "laat zijn",
        ),
        ("Lives by the last days: {task:task}", "Leeft van de laatste dagen: {task:task}"),
    ),
    Row("behaves", _BEHAVIOUR, ("Behaves as it must", "Gedraagt zich zoals het moet")),
    Row("misbehaves", _BEHAVIOUR, ("Behaves the wrong way", "Gedraagt zich verkeerd")),
    *(
        Row(
            f"bundle_{code}",
            ("{megabytes:.1} MB; {limit:short} MB is the limit", "{megabytes:.1} MB; {limit:short} MB is de grens"), title,
        )
        for code, title in (("small", ("Small enough", "Klein genoeg")), ("large", ("A large bundle", "Een grote bundel")))
    ),
    *(
        Row(
            f"scoring_{code}",
            (
                "{milliseconds:.1} ms an account, {accounts:count} of them together, with reasons; {limit:short} ms is the "
                "limit",
                "{milliseconds:.1} ms per account, {accounts:count} tegelijk, met redenen; {limit:short} ms is de grens",
            ),
            title,
        )
        for code, title in (("quick", ("Quick enough", "Snel genoeg")), ("slow", ("Slow to score", "Traag met scoren")))
    ),
    Row("added_check", ("{said}", "{said}"), ("{check}", "{check}")),
    Row(
        "added_check_failed",
        (
            "the check of the {origin} says nothing, for it failed: {failure}; mend it, or overrule it by `ladder promote`",
            "de controle van {origin} zegt niets, want zij liep vast: {failure}; herstel haar, of ga eraan voorbij met "
            "`ladder promote`",
        ),
        ("A check failed: {check}", "Een controle liep vast: {check}"),
    ),
)  # fmt: skip
