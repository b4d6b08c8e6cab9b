"""What a plan says when it is made (`serving.planning.plan_findings`)."""

from training.model.text.row import Row

_GAIN = (
    "expected gain {gain:money} [{low:money} to {high:money} if all errors point the same way] over {days:count} days"
    "{roi:roi}",
    "verwachte opbrengst {gain:money} [{low:money} tot {high:money} als alle fouten dezelfde kant op wijzen] over "
    "{days:count} dagen{roi:roi}",
)

ROWS = (
    Row(
        "plan_treated",
        (
            "{treated:no account gets an investment|one account gets an investment|# accounts get an investment}, for "
            "{spent:money} of the budget of {budget:money}",
            "{treated:geen account krijgt een investering|één account krijgt een investering|"
            "# accounts krijgen een investering}, voor {spent:money} van het budget van {budget:money}",
        ),
    ),
    Row("plan_empty", ("so nothing is expected to be gained", "dus wordt er geen opbrengst verwacht")),
    Row("plan_gain", _GAIN),
    Row(
        "plan_gain_open",
        (
            "expected gain {gain:money} over {days:count} days{roi:roi}; of part of it no interval is known",
            "verwachte opbrengst {gain:money} over {days:count} dagen{roi:roi}; van een deel is geen interval bekend",
        ),
    ),
    Row(
        "plan_interval",
        (
            "each account's own gain lies within its interval {level:times}",
            "de opbrengst van elk afzonderlijk account ligt {level:times} binnen zijn interval",
        ),
    ),
    Row(
        "plan_break_even",
        (
            "it breaks even if {share:%} of the promised extra margin comes true",
            "het verdient zichzelf terug als {share:%} van de beloofde extra marge uitkomt",
        ),
    ),
    Row(
        "plan_unclaimed",
        (
            "this gain flatters: it adds up the best of many uncertain estimates, and the best are partly lucky; hold it "
            "against the hold-out with ladder monitor",
            "deze opbrengst is geflatteerd: ze telt de gunstigste van veel onzekere schattingen op, en dat is deels geluk; toets haar aan de controlegroep met ladder monitor",
        ),
        (
            "nobody has checked yet what such sums are worth",
            "nog niemand heeft nagegaan wat zulke bedragen waard zijn",
        ),
    ),
    Row(
        "plan_claim",
        (
            "claim {claim:money}: judged on accounts that had no part in the estimates, our best estimate is that such a "
            "sum is worth {ratio:%} of itself (drawn towards the full sum as far as that is uncertain)",
            "beloof {claim:money}: beoordeeld op accounts die geen deel hadden aan de schattingen is onze beste schatting "
            "dat zo'n som {ratio:%} van zichzelf waard is (naar de volle som getrokken voor zover dat onzeker is)",
        ),
        (
            "our best estimate is that such sums are worth {ratio:%} of themselves",
            "onze beste schatting is dat zulke sommen {ratio:%} van zichzelf waard zijn",
        ),
    ),
    Row(
        "plan_claim_judged",
        (
            "promise {claim:money}, the lower of two sums: of these estimates, and of what such recommendations brought "
            "on accounts that had no part in the estimates, {low:money} to {high:money} [{level:%}]",
            "beloof {claim:money}, het laagste van twee bedragen: van deze schattingen, en van wat zulke adviezen opleverden bij accounts die in de schattingen niet meetelden, {low:money} tot {high:money} [{level:%}]",
        ),
        (
            "{low:money} to {high:money} by accounts that had no part in the estimates",
            "{low:money} tot {high:money} bij accounts die in de schattingen niet meetelden",
        ),
    ),
    Row(
        "plan_claim_open",
        (
            "not proven yet: judged on accounts that had no part in the estimates, such recommendations bring {low:money} to "
            "{high:money} [{level:%}], which holds nothing at all; if you must promise, then {claim:money} at most",
            "nog niet bewezen: bij accounts die in de schattingen niet meetelden leveren zulke adviezen {low:money} tot {high:money} [{level:%}] op, dus misschien niets; moet u iets beloven, dan hooguit {claim:money}",
        ),
        (
            "not proven yet: {low:money} to {high:money} by accounts that had no part in the estimates",
            "nog niet bewezen: {low:money} tot {high:money} bij accounts die in de schattingen niet meetelden",
        ),
    ),
    Row(
        "plan_claim_lost",
        (
            "promise {claim:money}: on accounts that had no part in the estimates such recommendations lost money, "
            "{low:money} to {high:money} [{level:%}]",
            "beloof {claim:money}: bij accounts die in de schattingen niet meetelden kostten zulke adviezen geld, "
            "{low:money} tot {high:money} [{level:%}]",
        ),
        (
            "such recommendations lost money: {low:money} to {high:money} by accounts that had no part in the estimates",
            "zulke adviezen kostten geld: {low:money} tot {high:money} bij accounts die in de schattingen niet meetelden",
        ),
    ),
    Row(
        "plan_tested",
        (
            "{accounts:one account has|# accounts have} the advice to test first, since the investment pays on average only: "
            "by lot {share:%} get it, so that the next training knows",
            "{accounts:één account heeft|# accounts hebben} het advies eerst te testen, omdat de investering alleen gemiddeld loont: door loting krijgt {share:%} haar, zodat de volgende training ervan leert",
        ),
    ),
    Row(
        "plan_raises_leaving",
        (
            "{accounts:one account gets|# accounts get} an investment that raises the chance of leaving beyond its interval, "
            "as a test",
            "{accounts:één account krijgt|# accounts krijgen} een investering die de kans op vertrek aantoonbaar verhoogt, als proef",
        ),
    ),
    Row(
        "plan_not_the_best",
        (
            "{accounts:one account is|# accounts are} given another investment than its best: {reason:not_the_best}",
            "{accounts:één account krijgt|# accounts krijgen} een andere investering dan de beste: {reason:not_the_best}",
        ),
    ),
    Row(
        "plan_no_holdout",
        (
            "nobody is held out: what this plan was worth can never be measured",
            "er is geen controlegroep: wat dit plan oplevert is nooit te meten",
        ),
    ),
    Row(
        "plan_held_out",
        (
            "{held_out:no further account is|one more account is|# more accounts are} held out by lot ({share:%} of those "
            "selected; seed {seed}): give them nothing. Their {cost:money} is not added to what is spent",
            "{held_out:geen ander account zit|nog één account zit|nog # accounts zitten} door loting in de controlegroep ({share:%} van de gekozen accounts; startgetal {seed}): geef ze niets. Hun {cost:money} telt niet als "
            "besteed",
        ),
    ),
    Row(
        "plan_explored",
        (
            "{explored:one account gets|# accounts get} another option than the best by lot, to keep learning",
            "{explored:één account krijgt|# accounts krijgen} door loting een andere investering dan de beste, om te "
            "blijven leren",
        ),
    ),
    Row(
        "plan_next_nothing",
        (
            "the next {money:money} buys nothing: what pays is on the plan already, or another limit stands in the way",
            "de volgende {money:money} levert niets op: wat loont staat al in het plan, of een andere grens houdt het tegen",
        ),
    ),
    Row(
        "plan_next",
        (
            "the next {money:money} buys {gain:money} of expected gain: {first:accounts}"
            "{more:| and one other| and # others}",
            "de volgende {money:money} geeft {gain:money} meer verwachte opbrengst: {first:accounts}"
            "{more:| en nog één| en nog #}",
        ),
    ),
    Row(
        "plan_next_part",
        (
            "the next {money:money}, of which {spent:money} would be spent, buys {gain:money} of expected gain: "
            "{first:accounts}{more:| and one other| and # others}",
            "de volgende {money:money}, waarvan {spent:money} besteed zou worden, geeft {gain:money} meer verwachte "
            "opbrengst: {first:accounts}{more:| en nog één| en nog #}",
        ),
    ),
    Row(
        "plan_first_to_go",
        (
            "if the budget is cut, {account:account} ({investment:option}) drops out first: that saves {saves:money} and "
            "loses {loses:money} of gain",
            "als het budget krimpt, valt {account:account} ({investment:option}) als eerste weg: dat bespaart "
            "{saves:money} en kost {loses:money} opbrengst",
        ),
    ),
    Row(
        "plan_first_to_shrink",
        (
            "if the budget is cut, {account:account} ({investment:option}) falls back to {instead:option} first: that "
            "saves {saves:money} and loses {loses:money} of gain",
            "als het budget krimpt, gaat {account:account} ({investment:option}) als eerste terug naar "
            "{instead:option}: dat bespaart {saves:money} en kost {loses:money} opbrengst",
        ),
    ),
    Row(
        "plan_overridden",
        (
            "for {accounts:one account|# accounts} a manager's decision left fewer choices",
            "voor {accounts:één account|# accounts} liet een besluit van een accountmanager minder keus",
        ),
    ),
    Row(
        "plan_left_alone",
        (
            "left alone: {accounts:one account|# accounts}; {reason:alone}",
            "geen investering: {accounts:één account|# accounts}; {reason:alone}",
        ),
    ),
    Row(
        "plan_optimal",
        (
            "no other choice within these limits is worth more",
            "geen andere keuze binnen deze grenzen is meer waard",
        ),
    ),
    Row(
        "plan_gap",
        (
            "no other choice within these limits can be worth more than {gap:%3} above this one",
            "geen andere keuze binnen deze grenzen kan meer dan {gap:%3} meer waard zijn dan deze",
        ),
    ),
)  # fmt: skip
