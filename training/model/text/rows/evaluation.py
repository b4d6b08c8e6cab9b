"""What grades, reliability and coverage say (`training.evaluation.grading`)."""

from training.model.text.row import Row

_FOUND = (
    "; its {metric:metric} is {share:less} [{level:%}: {low:less} to {high:less}], on {snapshots:count} snapshots",
    "; de {metric:metric} is {share:less} [{level:%}: {low:less} tot {high:less}], op {snapshots:count} momentopnamen",
)


def _grade(code: str, english: str, dutch: str, short: tuple[str, str]) -> Row:
    texts = (f"grade of {{task:task}}: {english}{_FOUND[0]}", f"oordeel over {{task:task}}: {dutch}{_FOUND[1]}")
    return Row(f"grade_{code}", texts, short)


ROWS = (
    _grade(
        "clearly_better", "clearly better than {task:simplest}", "duidelijk beter dan {task:simplest}",
        ("clearly better than the simplest rule", "duidelijk beter dan de simpelste regel"),
    ),
    _grade(
        "a_little_better", "a little better than {task:simplest}", "iets beter dan {task:simplest}",
        ("a little better than the simplest rule", "iets beter dan de simpelste regel"),
    ),
    _grade(
        "no_better", "no better than {task:simplest}", "niet beter dan {task:simplest}",
        ("no better than the simplest rule", "niet beter dan de simpelste regel"),
    ),
    _grade(
        "worse", "worse than {task:simplest}", "slechter dan {task:simplest}",
        ("worse than the simplest rule", "slechter dan de simpelste regel"),
    ),
    _grade(
        "cannot_tell", "cannot tell whether it is better than {task:simplest}: too few accounts so far",
        "nog niet te zeggen of het beter is dan {task:simplest}: te weinig accounts tot nu toe",
        ("cannot tell yet: too few accounts", "nog niet te zeggen: te weinig accounts"),
    ),
    Row(
        "fair_all",
        (
            "chances are as right for every country, industry, segment and size as for all: {parts:count} parts asked, "
            "none off beyond chance",
            "kansen kloppen voor elk land, elke bedrijfstak, elk segment en elke grootte zoals voor allen: {parts:count} "
            "delen bekeken, geen verder ernaast dan toeval verklaart",
        ),
    ),
    Row(
        "fair_off",
        (
            "{kind:segment} {name}: {task:task} happened to {observed:%1} where {expected:%1} was expected, "
            "{surplus:+%1} [{level:%}: {low:+%1} to {high:+%1}], on {accounts:count} accounts",
            "{kind:segment} {name}: {task:task} gebeurde bij {observed:%1} waar {expected:%1} verwacht was, "
            "{surplus:+%1} [{level:%}: {low:+%1} tot {high:+%1}], op {accounts:count} accounts",
        ),
    ),
    Row(
        "rule_serves",
        (
            "{task:task} comes from a rule, {rule:baseline}: on {periods:one later period|# later periods} it did better "
            "than what was learnt",
            "{task:task} komt van een simpele regel, {rule:baseline}: die deed het op {periods:één latere periode|# "
            "latere perioden} beter dan wat geleerd was",
        ),
        ("from a rule: {rule:baseline}", "van een simpele regel: {rule:baseline}"),
    ),
    Row(
        "rule_serves_meanwhile",
        (
            "{task:task} comes from a rule, {rule:baseline}: your history is too short for more; "
            "{months:about a month|about # months} to go",
            "{task:task} komt van een simpele regel, {rule:baseline}: uw historie is te kort voor meer; nog "
            "{months:ongeveer een maand|ongeveer # maanden}",
        ),
        ("from a rule: {rule:baseline}", "van een simpele regel: {rule:baseline}"),
    ),
    Row(
        "grade_none",
        (
            "grade of {task:task}: none, not judged out of time",
            "oordeel over {task:task}: geen, niet op latere tijd beoordeeld",
        ),
        ("not judged", "niet beoordeeld"),
    ),
    Row(
        "reliability",
        (
            "of the accounts that we gave {low:100}–{high:%}, {seen:%} {outcome:happened} "
            "[{level:%}: {seen_low:%} to {seen_high:%}] ({snapshots:count} snapshots)",
            "van de accounts die we {low:100}–{high:%} gaven, {outcome:happened} {seen:%} "
            "[{level:%}: {seen_low:%} tot {seen_high:%}] ({snapshots:count} momentopnamen)",
        ),
        (
            "of the accounts that we gave {low:100}–{high:%}, {seen:%} {outcome:happened} (between {seen_low:%} and "
            "{seen_high:%}, {level:times})",
            "van de accounts die we {low:100}–{high:%} gaven, {outcome:happened} {seen:%} (tussen {seen_low:%} en "
            "{seen_high:%}, {level:times})",
        ),
    ),
    Row(
        "reliability_few",
        (
            "of the accounts that we gave {low:100}–{high:%}, too few to tell how many {outcome:happened}: it was "
            "given {snapshots:once|# times}",
            "van de accounts die we {low:100}–{high:%} kans op {outcome:chance_of} gaven, te weinig om iets te zeggen: "
            "die kans is {snapshots:één keer|# keer} gegeven",
        ),
        (
            "we gave {low:100}–{high:%} too seldom to tell ({snapshots:once|# times})",
            "we gaven {low:100}–{high:%} te zelden om iets te zeggen ({snapshots:één keer|# keer})",
        ),
    ),
    Row(
        "coverage_rungs",
        (
            "out of time {share:%1} [{level:%}: {low:%1} to {high:%1}] of the realised rungs lay in their sets, on "
            "{snapshots:count} snapshots; a set holds {size:.2} rungs on average",
            "op latere tijd lag {share:%1} [{level:%}: {low:%1} tot {high:%1}] van de uitgekomen treden in de opgegeven "
            "verzameling, op {snapshots:count} momentopnamen; zo'n verzameling telt gemiddeld {size:.2} treden",
        ),
        (
            "{share:%1} of the rungs came out as predicted",
            "{share:%1} van de treden kwam uit zoals voorspeld",
        ),
    ),
    Row(
        "coverage_revenue",
        (
            "out of time {share:%1} [{level:%}: {low:%1} to {high:%1}] of the realised revenues lay in their intervals, "
            "on {snapshots:count} snapshots, and {above:%1} above them",
            "op latere tijd lag {share:%1} [{level:%}: {low:%1} tot {high:%1}] van de omzetten binnen het opgegeven "
            "interval, op {snapshots:count} momentopnamen, en {above:%1} erboven",
        ),
        (
            "{share:%1} of the revenues came out within the range that was given",
            "{share:%1} van de omzetten viel binnen de opgegeven grenzen",
        ),
    ),
    Row(
        "coverage_next_order",
        (
            "out of time {share:%1} [{level:%}: {low:%1} to {high:%1}] of the windows of the next order that ended "
            "within the horizon held it, {stated:%} stated, on {snapshots:count} snapshots; {late:%1} had no order by "
            "their end, and of all windows {early:%1} saw one before; the pinball loss is {less:less} than that of the "
            "last gap",
            "op latere tijd viel de volgende order bij {share:%1} [{level:%}: {low:%1} tot {high:%1}] van de vensters "
            "die binnen de horizon afliepen erin, {stated:%} opgegeven, op {snapshots:count} momentopnamen; bij "
            "{late:%1} was er aan het eind nog geen, en van alle vensters kwam bij {early:%1} de order eerder; de "
            "pinball loss is {less:less} dan die van de laatste tussentijd",
        ),
        (
            "out of time, {share:%1} of the windows of the next order held it ({stated:%} stated)",
            "op latere tijd viel de volgende order bij {share:%1} van de vensters erin ({stated:%} opgegeven)",
        ),
    ),
)  # fmt: skip
