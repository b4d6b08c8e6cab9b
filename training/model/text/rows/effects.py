"""What is said of effects: of each investment, of climbing, of what recommending was worth, of winning accounts."""

from training.model.text.row import Row


def _uplift(code: str, english: str, dutch: str) -> Row:
    return Row(
        f"uplift_{code}",
        (f"uplift of {{investment:option}}: {english}", f"effect van {{investment:option}}: {dutch}"),
    )


def _upgrade(code: str, english: str, dutch: str, basis: tuple[str, str] = ("insufficient", "onvoldoende")) -> Row:
    return Row(
        f"upgrade_{code}",
        (f"climbing from {{rung:rung}}: {english} ({basis[0]})",
         f"stijgen vanaf {{rung:rung}}: {dutch} ({basis[1]})"),
    )  # fmt: skip


def _claim(code: str, english: str, dutch: str) -> Row:
    return Row(
        f"claim_{code}",
        (
            "recommendations judged on {trials:count} trials of accounts that had no part in them: promised "
            f"{{promised:money}} per account, realised {{value:money}} [{{level:%}}: {{low:money}} to {{high:money}}]; "
            f"{english}",
            "aanbevelingen beoordeeld op {trials:count} proeven met accounts die er geen deel aan hadden: beloofd "
            f"{{promised:money}} per account, gebracht {{value:money}} [{{level:%}}: {{low:money}} tot "
            f"{{high:money}}]; {dutch}",
        ),
    )


_CLIMBED = (
    "{climbed:count} climbed, {controls:count} comparable; mean effect {mean:money} (SE {error:money})",
    "{climbed:count} stegen, {controls:count} vergelijkbaar; gemiddeld effect {mean:money} (standaardfout {error:money})",
)

ROWS = (
    _claim("too_high", "the promise is too high", "de belofte is te hoog"),
    _claim("above_zero", "the interval leaves out zero", "nul ligt buiten het interval"),
    _claim("uncertain", "too uncertain to tell from zero", "te onzeker om van nul te onderscheiden"),
    Row(
        "uplift_left_out",
        (
            "uplift: left out; no investment is recorded. Bring the tables investments (who got what, and when) and "
            "investment_options (bond, cost), with {needed:count} accounts or more for each",
            "effect: weggelaten; er is geen investering vastgelegd. Breng de tabellen investments (wie kreeg wat, en "
            "wanneer) en investment_options (binding, kosten) mee, met elk {needed:count} accounts of meer",
        ),
    ),
    _uplift("never_recorded", "never recorded", "nooit vastgelegd"),
    _uplift(
        "by_lot", "by lot: {exposed:count} exposed, {controls:count} comparable controls",
        "door loting: {exposed:count} met de investering, {controls:count} vergelijkbare zonder",
    ),
    _uplift(
        "by_choice",
        "by choice: {exposed:count} exposed, {controls:count} comparable controls, {overlap:%} in overlap, told apart "
        "by what was known {separation:100} times in 100",
        "door keuze: {exposed:count} met de investering, {controls:count} vergelijkbare zonder, {overlap:%} overlap, aan wat bekend was "
        "{separation:100} van de 100 keer te onderscheiden",
    ),
    _uplift(
        "too_few",
        "not enough comparable accounts: {least_exposed:count} exposed and {least_controls:count} comparable controls "
        "are needed",
        "te weinig vergelijkbare accounts: nodig zijn er {least_exposed:count} met en {least_controls:count} "
        "vergelijkbare zonder",
    ),
    _uplift(
        "alone_at_date",
        "{exposed:count} exposed accounts are left out: at their date nobody was not exposed, so that whatever else "
        "happened then cannot be told from the effect",
        "{exposed:count} accounts met investering tellen niet mee: op hun datum was er niemand zonder, zodat wat er toen "
        "nog meer gebeurde niet van het effect te onderscheiden is",
    ),
    _uplift(
        "choice_against_lot",
        "by choice the effect comes out {delta:of_revenue} than by lot (SE {error:%1})",
        "door keuze komt het effect {delta:of_revenue} uit dan door loting (standaardfout {error:%1})",
    ),
    _uplift(
        "choice_misleads",
        "they disagree beyond their intervals: the managers' choice hides a cause, and counts less than the lots",
        "ze verschillen meer dan hun intervallen toelaten: achter de keuze van de accountmanagers zit een verborgen "
        "oorzaak, en telt minder dan de loting",
    ),
    _uplift(
        "average",
        "average effect {mean:money} [{level:%}: {low:money} to {high:money}] over {days:count} days, {basis:basis}; "
        "drawn to what the evidence supports, {drawn:money}",
        "gemiddeld effect {mean:money} [{level:%}: {low:money} tot {high:money}] over {days:count} dagen, {basis:basis}; "
        "getrokken naar wat de gegevens dragen, {drawn:money}",
    ),
    _uplift(
        "power",
        "with {exposed:count} exposed trials only average effects above {least:money} can be told from nothing",
        "met {exposed:count} proeven zijn alleen gemiddelde effecten boven {least:money} van niets te onderscheiden",
    ),
    _uplift(
        "cost_differs",
        "it cost {actual:money} on average where it was made ({times:once|# times}), planned are {planned:money}: gains "
        "count the planned cost; correct investment_options if the future is like the past",
        "het kostte gemiddeld {actual:money} waar het is gedaan ({times:één keer|# keer}), gepland is {planned:money}: "
        "opbrengsten rekenen met de geplande kosten; verbeter investment_options als de toekomst op het verleden lijkt",
    ),
    _uplift(
        "explained_away",
        "a hidden cause must explain {needed:%1} of both who was chosen and what they brought to leave no effect; one "
        "as strong as the strongest known one ({strength:%1}) would explain it away",
        "een verborgen oorzaak moet {needed:%1} verklaren van zowel de keuze als de opbrengst om geen effect over te "
        "laten; één zo sterk als de sterkste bekende ({strength:%1}) zou het wegverklaren",
    ),
    _uplift(
        "holds",
        "a hidden cause must explain {needed:%1} of both who was chosen and what they brought to leave no effect; one "
        "as strong as the strongest known one ({strength:%1}) would not explain it away",
        "een verborgen oorzaak moet {needed:%1} verklaren van zowel de keuze als de opbrengst om geen effect over te "
        "laten; één zo sterk als de sterkste bekende ({strength:%1}) zou het niet wegverklaren",
    ),
    _uplift(
        "sensitivity",
        "with a hidden cause as strong as the strongest known one ({chosen:%1} of the choice, {outcome:%1} of the "
        "outcome) the average effect lies between {low:money} and {high:money}",
        "met een verborgen oorzaak zo sterk als de sterkste bekende ({chosen:%1} van de keuze, {outcome:%1} van de "
        "opbrengst) ligt het gemiddelde effect tussen {low:money} en {high:money}",
    ),
    _uplift(
        "chance",
        "it changes the chance of {outcome:chance_changed} by {mean:+100.1} points on average [{level:%}: {low:+100.1} to "
        "{high:+100.1}]; predictions of it count for {factor:%}, as on accounts that had no part in them",
        "het verandert de kans op {outcome:chance_changed} met gemiddeld {mean:+100.1} punt [{level:%}: {low:+100.1} tot "
        "{high:+100.1}]; voorspellingen ervan tellen voor {factor:%}, zoals bij accounts die er geen deel aan hadden",
    ),
    _uplift(
        "chance_untold",
        "no difference in the chance of {outcome:chance_changed} can be told: {mean:+100.1} points on average [{level:%}: "
        "{low:+100.1} to {high:+100.1}]; none is shown",
        "geen verschil in de kans op {outcome:chance_changed} aan te tonen: gemiddeld {mean:+100.1} punt [{level:%}: "
        "{low:+100.1} tot {high:+100.1}]; er wordt geen getoond",
    ),
    _uplift(
        "chance_too_few",
        "too few trials to tell a difference in the chance of {outcome:chance_changed}; none is shown",
        "te weinig proeven om een verschil in de kans op {outcome:chance_changed} aan te tonen; er wordt geen getoond",
    ),
    _uplift(
        "raises_leaving",
        "it raises the chance of leaving beyond its interval: at most worth a test, never advised outright",
        "het verhoogt de kans op vertrek, buiten het interval: hooguit een proef waard, nooit zonder meer geadviseerd",
    ),
    _uplift(
        "lots_fair",
        "negative control: before the lots those drawn had brought {mean:+money} (SE {error:money}) a year, as lots "
        "should have it",
        "negatieve controle: vóór de loting hadden de ingelote accounts {mean:+money} (standaardfout {error:money}) per jaar "
        "gebracht, zoals het bij een loting hoort",
    ),
    _uplift(
        "lots_suspect",
        "negative control: before the lots those drawn had brought {mean:+money} (SE {error:money}) a year, more than "
        "chance: ask how the lots were drawn",
        "negatieve controle: vóór de loting hadden de ingelote accounts {mean:+money} (standaardfout {error:money}) per jaar "
        "gebracht, meer dan toeval: vraag hoe er is geloot",
    ),
    _uplift(
        "choices_comparable",
        "placebo date: over the horizon before, those chosen differed from comparable accounts by {mean:+%1} of "
        "expected revenue (SE {error:%1}): nothing that chance does not explain",
        "placebodatum: over de looptijd ervoor verschilden de gekozen accounts {mean:+%1} van de verwachte omzet "
        "(standaardfout {error:%1}) van vergelijkbare: niets dat toeval niet verklaart",
    ),
    _uplift(
        "choices_differed",
        "placebo date: over the horizon before, those chosen differed from comparable accounts by {mean:+%1} of "
        "expected revenue (SE {error:%1}): managers choose by what revenue has done since; the effect rests on knowing "
        "all that they looked at",
        "placebodatum: over de looptijd ervoor verschilden de gekozen accounts {mean:+%1} van de verwachte omzet "
        "(standaardfout {error:%1}) van vergelijkbare: accountmanagers kiezen naar wat de omzet sindsdien deed; het effect rust op "
        "kennis van alles waar zij naar keken",
    ),
    _uplift(
        "coherence",
        "coherence: the climbs it adds times the gaps between rungs come to {climbing:money} an account, the uplift is "
        "{whole:money}; the gaps are not causal, the uplift rules",
        "samenhang: de stijgingen die het toevoegt maal de verschillen tussen treden zijn {climbing:money} per account, "
        "het effect is {whole:money}; die verschillen zijn niet oorzakelijk, het effect geldt",
    ),
    _upgrade(
        "circular", "climbing is, or announces, the very orders that would be counted",
        "stijgen is, of kondigt aan, juist de orders die geteld zouden worden",
    ),
    _upgrade("landmark", "the landmark lies beyond the horizon", "het ijkpunt ligt voorbij de looptijd"),
    _upgrade(
        "few", "{climbed:count} climbed by an act of their own, {needed:count} are needed",
        "{climbed:count} stegen door een eigen daad, {needed:count} zijn nodig",
    ),
    _upgrade(
        "few_controls", "{climbed:count} climbed, but only {controls:count} comparable accounts did not",
        "{climbed:count} stegen, maar slechts {controls:count} vergelijkbare accounts niet",
    ),
    _upgrade(
        "unchecked",
        f"{_CLIMBED[0]}, not given: too few are known long enough to see how they differed before they climbed",
        f"{_CLIMBED[1]}, niet gegeven: te weinig zijn lang genoeg bekend om te zien hoe ze vóór het stijgen verschilden",
    ),
    _upgrade(
        "differed_before",
        f"{_CLIMBED[0]}, not given: those who climbed may have brought up to {{most:money}} more than comparable "
        "accounts before they did (negative control {before:money}, SE {before_error:money})",
        f"{_CLIMBED[1]}, niet gegeven: wie steeg bracht daarvóór misschien tot {{most:money}} meer dan vergelijkbare "
        "accounts (negatieve controle {before:money}, standaardfout {before_error:money})",
    ),
    _upgrade(
        "estimated",
        f"{_CLIMBED[0]}; before they climbed they differed by {{before:money}} (SE {{before_error:money}})",
        f"{_CLIMBED[1]}; vóór het stijgen verschilden ze {{before:money}} (standaardfout {{before_error:money}})",
        ("adjusted", "door vergelijking"),
    ),
    Row(
        "acquisition_left_out",
        (
            "acquisition: left out; fewer than {needed:count} accounts were entered (accounts.created_at) after the "
            "first order and {days:count} days before the end of the data, not traded with before",
            "werving: weggelaten; minder dan {needed:count} accounts zijn ingevoerd (accounts.created_at) na de eerste "
            "order en {days:count} dagen voor het einde van de gegevens, zonder eerdere handel",
        ),
    ),
    Row(
        "acquisition_brought",
        (
            "acquisition: {accounts:count} new accounts, {ordered:%} ordered within {days:count} days; margin "
            "{margin:money} (SE {error:money}) each in that time",
            "werving: {accounts:count} nieuwe accounts, {ordered:%} bestelde binnen {days:count} dagen; marge "
            "{margin:money} (standaardfout {error:money}) per stuk in die tijd",
        ),
    ),
    Row(
        "acquisition_cost_unknown",
        (
            "acquisition: what winning them cost is not known (accounts.acquisition_cost)",
            "werving: wat het winnen kostte is niet bekend (accounts.acquisition_cost)",
        ),
    ),
    Row("acquisition_free", ("acquisition: winning them cost nothing", "werving: het winnen kostte niets")),
    Row(
        "acquisition_paid_back",
        (
            "acquisition: winning them cost {cost:money} each, paid back {times:.1} times in {days:count} days",
            "werving: het winnen kostte {cost:money} per stuk, {times:.1} keer terugverdiend in {days:count} dagen",
        ),
    ),
    Row(
        "acquisition_worth",
        (
            "acquisition: {what:worth} is worth {margin:money} (SE {error:money}) of margin over {days:count} days: "
            "{ordered:%} of {accounts:count} ordered, and those brought {each:money}",
            "werving: {what:worth} is over {days:count} dagen {margin:money} (standaardfout {error:money}) marge waard: {ordered:%} "
            "van {accounts:count} bestelde, en die brachten {each:money}",
        ),
    ),
    Row(
        "acquisition_compared",
        (
            "one unit of money brought {won:.2} net in winning accounts ({won_days:count} days) and {moved:.2} in "
            "recommended investments in customers ({moved_days:count} days). The former is an average of what was "
            "done, no effect: compare them where the next accounts are like the last",
            "één eenheid geld bracht netto {won:.2} bij het winnen van accounts ({won_days:count} dagen) en {moved:.2} "
            "bij aanbevolen investeringen in klanten ({moved_days:count} dagen). Het eerste is een gemiddelde van wat "
            "is gedaan, geen effect: vergelijk ze waar de volgende accounts op de vorige lijken",
        ),
    ),
)  # fmt: skip
